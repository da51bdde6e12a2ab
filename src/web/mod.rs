//! The review desk: pages in a browser, who may use them, and the same router for machines under `/api/v1`.
//!
//! Pages are written on the server and work without script. They ask the api's router inside this process, so that a page, a
//! command and a program see and do the same; what a page needs and the api lacks is added to the api's data. Every rule of
//! safety stands in `door`, in front of all pages. Nothing listens unless `[desk]` says so.
//!
//! # How a page is added
//!
//! 1. `pages/NAME.rs`: a handler `async fn name(State(web): State<Web>, visitor: Visitor, …) -> Result<Response, Trouble>`, and a small
//!    view struct (`serde::Serialize`). It asks the house by `web.ask("/requests")`, orders by `web.order(&visitor, "/requests/…", json!({…}))`,
//!    and paints by `web.page(&visitor, "name", "name.html", &view)`; the second word lights the entry of the menu.
//! 2. `html/NAME.html`, `{% extends "base.html" %}` with the blocks `title` and `main`, and its line in `paint::TEMPLATES`. In every form that
//!    orders something: `<input type="hidden" name="csrf" value="{{ frame.csrf }}">`. No inline script or style: the browser refuses both.
//! 3. Its words: a section `[NAME]` in `words/en.toml` and `words/fr.toml`, used as `{{ w.NAME.key }}`; tests hold them together.
//!    A rule is told by `words.rule(id)`, a refusal by `words.refusal(&refusal)`, an event by `words.event(name, what)`, a finding, a
//!    proposal and the like by `words.fact(about, said)`, shown by `{% set said = … %}{% include "said.html" %}`.
//! 4. Its routes, in `pages/mod.rs`, in the table of the role that may: `everybody`, `writers`, `reviewers`. The menu's line is in `html/base.html`.
//! 5. An order answers with `visitor.say(…)` (the next page says it once) and a redirect (303), so that a reload repeats nothing.
//!
//! Deliberately absent: a page that decides anything; any name in an order's form for who gave it; anything loaded from elsewhere.

mod approved;
mod attempts;
mod diary;
mod door;
mod machines;
mod open;
mod pages;
mod paint;
mod said;
mod sessions;
mod settings;
mod trouble;
mod users;
mod visitor;
mod when;
mod words;

pub use open::{NotOpened, Pages};
pub use settings::DeskSettings;
pub use users::{
    FILE as USERS_FILE, Role, User, Users, hash as hash_password, hash_of_token, is_name, secret,
    unfit as unfit_password,
};

use crate::api::{self, Answer, Client, Desk, NoAnswer};
use crate::config::Secret;
use crate::guard::Listen;
use crate::record::{Language, Timestamp};
use approved::Approved;
use attempts::Attempts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use diary::Diary;
use paint::Painter;
use serde::Serialize;
use serde_json::{Value, json};
use sessions::{Flash, Sessions};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use trouble::Trouble;
use visitor::Visitor;
use words::Words;

/// Passwords that are looked at at the same time: each takes 19 MiB.
const HASHING: usize = 2;

/// What pages work with; cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

/// Everything behind it.
pub struct Inner {
    settings: DeskSettings,
    desk: Desk,
    client: Client,
    painter: Painter,
    words: Vec<Arc<Words>>,
    users: Users,
    sessions: Sessions,
    attempts: Attempts,
    proxy: Option<Secret>,
    hashing: Semaphore,
    diary: Diary,
    approved: Approved,
    /// The hash of a link's token that lets somebody in once, and whom.
    invitation: Mutex<Option<(String, String)>>,
}

impl std::ops::Deref for Web {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// The frame around every page.
#[derive(Serialize)]
struct Frame<'a> {
    language: &'static str,
    languages: Vec<(&'static str, &'a str)>,
    menu: &'a str,
    firm: String,
    name: Option<&'a str>,
    role: &'a str,
    writes: bool,
    decides: bool,
    csrf: &'a str,
    flash: Option<Flash>,
}

impl Web {
    fn new(desk: Desk, settings: DeskSettings) -> Result<Self, NotOpened> {
        let broken = |e: String| NotOpened::of(format!("the pages cannot be written: {e}"));
        let words = Words::all().map_err(broken)?;
        let secret = settings.proxy_secret.as_ref().map(|s| s.read());
        let proxy = secret.transpose().map_err(|e| {
            NotOpened::of(format!(
                "proxy_secret: {e}\n  → write the secret there, or remove proxy_user_header"
            ))
        })?;
        let (hours, idle) = (settings.session_hours, settings.idle_minutes);
        let store = desk.office.house.load().config.store.path.clone();
        Ok(Self(Arc::new(Inner {
            client: Client::within(api::router(desk.clone())),
            desk,
            painter: Painter::new().map_err(broken)?,
            words: words.into_iter().map(Arc::new).collect(),
            users: Users::of_store(&store),
            sessions: Sessions::new(i64::from(hours) * 3600, i64::from(idle) * 60),
            attempts: Attempts::default(),
            proxy,
            hashing: Semaphore::new(HASHING),
            diary: Diary::default(),
            approved: Approved::default(),
            invitation: Mutex::default(),
            settings,
        })))
    }

    /// Asks the house.
    pub(crate) async fn ask(&self, path: &str) -> Result<Answer, NoAnswer> {
        self.client.get(path).await
    }

    /// Orders something in the name of whoever is signed in, whatever else the order says.
    pub(crate) async fn order(
        &self,
        visitor: &Visitor,
        path: &str,
        mut order: Value,
    ) -> Result<Answer, NoAnswer> {
        order["by"] = json!(visitor.name);
        self.client.post(path, &order).await
    }

    /// A page for somebody.
    pub(crate) fn page(
        &self,
        visitor: &Visitor,
        menu: &str,
        template: &str,
        view: &impl Serialize,
    ) -> Result<Response, Trouble> {
        let flash = visitor.hear(self);
        self.framed(Some(visitor), &visitor.words, flash, menu, template, view)
    }

    /// A page for somebody whom nobody knows yet.
    pub(crate) fn page_of_stranger(
        &self,
        headers: &HeaderMap,
        template: &str,
        view: &impl Serialize,
    ) -> Result<Response, Trouble> {
        let words = self.words(visitor::wanted(headers));
        self.framed(None, &words, None, "", template, view)
    }

    fn framed(
        &self,
        visitor: Option<&Visitor>,
        words: &Words,
        flash: Option<Flash>,
        menu: &str,
        template: &str,
        view: &impl Serialize,
    ) -> Result<Response, Trouble> {
        let frame = Frame {
            language: words.language.word(),
            languages: words::languages()
                .map(|l| (l.word(), words.of("languages", l.word())))
                .collect(),
            menu,
            firm: self.desk.office.house.load().config.controller.name.clone(),
            name: visitor.map(|v| v.name.as_str()),
            role: visitor.map_or("", |v| words.of("role", v.role.word())),
            writes: visitor.is_some_and(|v| v.may(Role::Writer)),
            decides: visitor.is_some_and(|v| v.may(Role::Reviewer)),
            csrf: visitor.map_or("", |v| &v.csrf),
            flash,
        };
        let painted = self.painter.paint(template, words, &frame, view);
        Ok(Html(painted.map_err(Trouble::broken)?).into_response())
    }
}

impl Inner {
    /// What time it is, by the daemon's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.desk.office.clock.now()
    }

    /// Remembers how everything is now; an index that cannot be read is told elsewhere.
    fn note(&self) {
        if let Ok(counts) = self.desk.office.sequencer.reader().state().counts() {
            self.diary.note(self.now(), &counts);
        }
    }

    /// The controller's time zone: all dates of the pages are in it.
    pub(crate) fn zone(&self) -> jiff::tz::TimeZone {
        let house = self.desk.office.house.load();
        house.config.policy.calendar.zone.clone()
    }

    /// Whole days until a moment as programs read it; negative once it is past.
    pub(crate) fn days_until(&self, moment: Option<&str>) -> Option<i64> {
        let at: jiff::Timestamp = moment?.parse().ok()?;
        let left = Timestamp::from(at).millis_since(self.now());
        Some(left.div_euclid(86_400_000))
    }

    /// The words of a language; English if there are none.
    pub(crate) fn words(&self, language: Language) -> Arc<Words> {
        let found = self.words.iter().find(|w| w.language == language);
        found.unwrap_or(&self.words[0]).clone()
    }

    /// Whether this request was meant for us: one `Host`, and one of our names.
    fn is_ours(&self, parts: &Parts) -> bool {
        let mut hosts = parts.headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return false;
        };
        let Ok(host) = host.to_str() else {
            return false;
        };
        // A request in the absolute form names the host twice.
        let named = parts.uri.authority().is_none_or(|a| a.as_str() == host);
        named && self.is_our_name(host)
    }

    fn is_our_name(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (name, Some(port)),
            _ => (host, None),
        };
        let name = name.to_ascii_lowercase();
        let ours = self.settings.hosts.iter();
        let ours = ours.map(|h| h.to_ascii_lowercase()).any(|h| h == name);
        let here = ["localhost", "127.0.0.1", "[::1]"].contains(&name.as_str());
        let at_our_port = match &self.settings.listen {
            Listen::Tcp(address) => port == Some(address.port().to_string().as_str()),
            Listen::Unix(_) => false,
        };
        // Behind a proxy the port is the proxy's.
        ours || here && (at_our_port || self.settings.behind_proxy)
    }

    /// The cookie's names: one that only TLS carries, and one for this machine. A port of its own has a name of its own, since
    /// browsers keep cookies by host alone.
    fn cookie_names(&self) -> Vec<String> {
        let plain = match &self.settings.listen {
            Listen::Tcp(address) => format!("quitus-{}", address.port()),
            Listen::Unix(_) => "quitus".to_owned(),
        };
        match self.settings.behind_proxy {
            true => vec![format!("__Host-{plain}"), plain],
            false => vec![plain],
        }
    }

    /// Whether the browser speaks TLS, to the proxy before us.
    fn is_secure(&self, headers: &HeaderMap) -> bool {
        let said = headers.get("x-forwarded-proto");
        self.settings.behind_proxy && said.is_some_and(|v| v == "https")
    }

    /// The cookie that opens this session; an empty one takes it away.
    fn cookie(&self, id: &str, headers: &HeaderMap) -> HeaderValue {
        let names = self.cookie_names();
        let (name, secure) = match self.is_secure(headers) {
            true => (names.first(), "; Secure"),
            false => (names.last(), ""),
        };
        let name = name.map_or("quitus", String::as_str);
        let age = match id.is_empty() {
            true => "; Max-Age=0",
            false => "",
        };
        let text = format!("{name}={id}; HttpOnly; SameSite=Strict; Path=/{secure}{age}");
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }

    /// Makes a link's token that lets this user in once.
    fn invite(&self, name: &str) -> std::io::Result<String> {
        let token = secret()?;
        let mut open = self
            .invitation
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *open = Some((hash_of_token(&token), name.to_owned()));
        Ok(token)
    }

    /// Whom this token lets in; then it lets in nobody any more.
    fn invited(&self, token: &str) -> Option<User> {
        let mut open = self
            .invitation
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (_, name) = open.take_if(|(hash, _)| *hash == hash_of_token(token))?;
        self.users.find(&name).ok().flatten()
    }
}

impl Web {
    /// A page that tells what went wrong; for machines, a line.
    fn show_trouble(
        &self,
        visitor: Option<&Visitor>,
        trouble: Trouble,
        headers: &HeaderMap,
    ) -> Response {
        let status = trouble.status;
        let painted = match visitor {
            Some(v) => {
                let view = trouble.view(&v.words);
                self.framed(Some(v), &v.words, None, "", "trouble.html", &view)
            }
            None => {
                let view = trouble.view(&self.words(visitor::wanted(headers)));
                self.page_of_stranger(headers, "trouble.html", &view)
            }
        };
        let response = match painted {
            Ok(page) => (status, page).into_response(),
            Err(worse) => {
                (worse.status, "the page cannot be made; the log says why\n").into_response()
            }
        };
        door::dressed(response)
    }
}
