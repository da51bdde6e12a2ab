//! Who is looking: from the session's cookie, a token of the HTTP API, or the word of a trusted proxy.

use super::said::Said;
use super::sessions::{Flash, Session};
use super::users::{Role, User, same};
use super::words::{self, Words};
use super::{Inner, Web};
use crate::record::{Language, Timestamp};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;

/// Somebody whom the house knows.
#[derive(Clone)]
pub struct Visitor {
    /// Their name, as the log writes it.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// What every order of theirs must carry; empty if they came with a token.
    pub csrf: String,
    /// In which language they read.
    pub words: Arc<Words>,
    session: String,
    /// The hash of the token that they came with; empty if they came with a session.
    token: String,
}

/// What a page asks for by itself, again and again, whether anybody sits before it or not.
const BY_ITSELF: &str = "/log/live";

/// How somebody came in.
pub(super) enum Came {
    /// Signed in here.
    ByCookie(Visitor),
    /// With a token, so that no browser sent it by itself.
    ByToken(Visitor),
    /// Let in by the proxy just now: the cookie of their new session.
    ByProxy(Visitor, String),
    /// Nobody.
    Unknown,
}

impl Visitor {
    /// Whether they may do this.
    pub fn may(&self, role: Role) -> bool {
        self.role >= role
    }

    /// A word of the pages in their language.
    pub fn word<'a>(&'a self, section: &str, key: &'a str) -> &'a str {
        self.words.of(section, key)
    }

    /// Their language.
    pub fn language(&self) -> Language {
        self.words.language
    }

    /// What the house answered, in its own words: English.
    pub fn house_says(&self, text: String) -> Option<Said> {
        Some(Said::english(text, self.words.language))
    }

    /// Leaves a word for their next page.
    pub fn say(&self, web: &Web, good: bool, text: impl Into<String>, detail: Option<Said>) {
        let text = text.into();
        web.sessions
            .say(&self.session, Flash { good, text, detail });
    }

    /// The word that was left for them.
    pub(super) fn hear(&self, web: &Inner) -> Option<Flash> {
        web.sessions.hear(&self.session)
    }

    /// Their pages are in this language from now on.
    pub(super) fn speak(&self, web: &Inner, language: Language) {
        web.sessions.speak(&self.session, language);
    }

    /// They have left.
    pub(super) fn leave(&self, web: &Inner) {
        web.sessions.end(&self.session);
    }

    /// Whether they are let in still, for whoever goes on answering them: not signed out, with the same password or token. It
    /// is no look of theirs.
    pub(super) fn is_let_in(&self, web: &Inner) -> bool {
        let find = |name: &str| web.users.find(name).ok().flatten();
        match self.token.is_empty() {
            true => web.sessions.peek(&self.session, web.now(), find).is_some(),
            false => find(&self.name).is_some_and(|user| user.token == self.token),
        }
    }

    fn of(web: &Inner, (session, user): (Session, User), id: String, headers: &HeaderMap) -> Self {
        let language = session.language.or(user.language);
        let language = language.unwrap_or_else(|| wanted(headers));
        Self {
            name: user.name,
            role: user.role,
            csrf: session.csrf,
            words: web.words(language),
            session: id,
            token: String::new(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let known = parts.extensions.get::<Self>().cloned();
        known.ok_or_else(|| to_sign_in(parts))
    }
}

/// Whoever is not signed in is asked to, and then comes back to what they wanted to see.
fn to_sign_in(parts: &Parts) -> Response {
    let uri = &parts.uri;
    let wanted = uri.path_and_query().map_or("/", |p| p.as_str());
    match parts.method.is_safe() && wanted != "/" {
        true => {
            let next = query(&[("next", wanted)]);
            Redirect::to(&format!("/sign-in?{next}")).into_response()
        }
        false => Redirect::to("/sign-in").into_response(),
    }
}

/// The fields of a query, escaped.
pub fn query(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        let byte = |b: u8| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(b).to_string()
            }
            _ => format!("%{b:02X}"),
        };
        text.bytes().map(byte).collect()
    };
    let pair = |(k, v): &(&str, &str)| format!("{}={}", escape(k), escape(v));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// What the browser asks for.
pub(super) fn wanted(headers: &HeaderMap) -> Language {
    let asked = headers.get(header::ACCEPT_LANGUAGE);
    words::wanted(asked.and_then(|v| v.to_str().ok()).unwrap_or_default())
}

/// Who sent this request.
pub(super) fn recognise(web: &Inner, asked: &Parts, now: Timestamp) -> Came {
    let headers = &asked.headers;
    if let Some(token) = bearer(headers) {
        // A file that cannot be read lets nobody in.
        let Ok(Some(user)) = web.users.of_token(token) else {
            return Came::Unknown;
        };
        let words = web.words(user.language.unwrap_or_else(|| wanted(headers)));
        return Came::ByToken(Visitor {
            name: user.name,
            role: user.role,
            csrf: String::new(),
            words,
            session: String::new(),
            token: user.token,
        });
    }
    let named = named_by_proxy(web, headers);
    let find = |name: &str| web.users.find(name).ok().flatten();
    let known = cookie(headers, &web.cookie_names()).and_then(|id| {
        let known = match asked.uri.path() == BY_ITSELF {
            true => web.sessions.peek(&id, now, find)?,
            false => web.sessions.find(&id, now, find)?,
        };
        Some(Visitor::of(web, known, id, headers))
    });
    match (known, named) {
        (Some(visitor), None) => Came::ByCookie(visitor),
        (Some(visitor), Some(name)) if visitor.name == name => Came::ByCookie(visitor),
        (_, Some(name)) => by_proxy(web, &name, headers, now).unwrap_or(Came::Unknown),
        (None, None) => Came::Unknown,
    }
}

fn by_proxy(web: &Inner, name: &str, headers: &HeaderMap, now: Timestamp) -> Option<Came> {
    let user = web.users.find(name).ok().flatten()?;
    let id = web.sessions.begin(&user, now).ok()?;
    let known = web.sessions.find(&id, now, |_| Some(user))?;
    let visitor = Visitor::of(web, known, id.clone(), headers);
    Some(Came::ByProxy(visitor, id))
}

/// Whom the proxy has let in, if it is the proxy who says so.
fn named_by_proxy(web: &Inner, headers: &HeaderMap) -> Option<String> {
    let (name, secret) = (
        web.settings.proxy_user_header.as_ref()?,
        web.proxy.as_ref()?,
    );
    let said = headers.get("x-quitus-proxy")?;
    if !same(said.as_bytes(), secret.expose().as_bytes()) {
        return None;
    }
    let mut named = headers.get_all(name.as_str()).iter();
    match (named.next(), named.next()) {
        (Some(one), None) => Some(one.to_str().ok()?.to_owned()),
        _ => None,
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::trim)
}

/// The value of the first cookie of these names.
fn cookie(headers: &HeaderMap, names: &[String]) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter();
    let pairs = all
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'));
    let found = pairs.filter_map(|p| p.trim().split_once('='));
    let mut found = found.filter(|(name, _)| names.iter().any(|n| n == name));
    found.next().map(|(_, value)| value.to_owned())
}
