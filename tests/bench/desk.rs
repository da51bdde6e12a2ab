//! How long the pages of the review desk take on the server, in a store with very much in it.
//!
//! `cargo bench --bench desk [-- CASES [TIMES]]`: 100,000 cases (some 1,400,000 log entries) unless another number is said, each page asked
//! 30 times. Every page is asked over HTTP by somebody who is signed in, on a connection of its own, from the
//! first octet sent to the last received. Each page is asked twice before it counts: the index then has what it keeps in memory.

#[path = "../support/alone.rs"]
mod alone;
mod past;

use futures::stream::{self, StreamExt};
use quitus::api::{Client, Desk, router};
use quitus::guard::Listen;
use quitus::record::{RequestKind, Timestamp};
use quitus::service::{Clock, Committed, Proposal};
use quitus::store::Store;
use quitus::web::{DeskSettings, Pages, Role, User, Users, hash_password};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No page may take longer.
const MOST: Duration = Duration::from_millis(50);

/// Cases of a round that come in while somebody looks.
const MORE: u64 = 2_000;

/// Somebody at a browser.
struct Browser {
    at: SocketAddr,
    cookie: String,
    csrf: String,
}

impl Browser {
    async fn raw(&self, method: &str, path: &str, form: &str) -> String {
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: {}\r\nOrigin: null\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.at,
            self.cookie,
            form.len()
        );
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut got = Vec::new();
        stream.read_to_end(&mut got).await.unwrap();
        String::from_utf8_lossy(&got).into_owned()
    }

    /// A page, which must be there.
    async fn page(&self, ask: &Ask) -> String {
        let page = match &ask.form {
            None => self.raw("GET", &ask.path, "").await,
            Some(form) => {
                let form = format!("{form}&csrf={}", self.csrf);
                self.raw("POST", &ask.path, &form).await
            }
        };
        let status = page.lines().next().unwrap_or_default();
        assert!(status.contains(" 200"), "{}: {status}", ask.path);
        page
    }
}

/// What is asked.
struct Ask {
    name: &'static str,
    path: String,
    form: Option<String>,
}

fn ask(name: &'static str, path: impl Into<String>) -> Ask {
    let (path, form) = (path.into(), None);
    Ask { name, path, form }
}

fn fill(config: &quitus::config::Config, cases: u64) {
    let began = Instant::now();
    let now = Clock::system().now();
    let (mut store, _) = Store::open(&config.store.path, &config.store.options(now)).unwrap();
    let told = past::write(&mut store, cases, now);
    println!(
        "{cases} cases ({} open), {} log entries in {} commits, written in {:.0?}",
        told.open,
        told.events,
        told.frames,
        began.elapsed()
    );
}

#[tokio::main]
async fn main() {
    let mut numbers = std::env::args().filter_map(|a| a.parse().ok());
    let cases: u64 = numbers.next().unwrap_or(100_000);
    let times = numbers.next().unwrap_or(30) as usize;
    let folder = tempfile::tempdir_in(".").unwrap();
    let config = alone::config(folder.path());
    fill(&config, cases);
    let began = Instant::now();
    let (office, _running) = alone::office(&config);
    println!("opened in {:.1?}", began.elapsed());
    let desk = Desk::alone(office);
    let browser = sign_in(&config, desk.clone()).await;
    let (client, now) = (Client::within(router(desk.clone())), Clock::system().now());
    let mut slow = 0;
    for one in asks(&browser, &client, cases).await {
        let mut took = Vec::new();
        let mut octets = 0;
        for n in 0..times + 2 {
            let began = Instant::now();
            octets = browser.page(&one).await.len();
            if n > 1 {
                took.push(began.elapsed());
            }
        }
        let path: String = one.path.chars().take(34).collect();
        let name = format!("{}: {path}", one.name);
        slow += usize::from(!told(&name, took, &format!("{} KB", octets / 1024)));
    }
    for path in [
        "/status",
        "/letters",
        "/requests?limit=50",
        "/incidents",
        "/senders",
    ] {
        let mut took = Vec::new();
        for n in 0..times + 2 {
            let began = Instant::now();
            client.get(path).await.unwrap();
            if n > 1 {
                took.push(began.elapsed());
            }
        }
        slow += usize::from(!told(&format!("api {path}"), took, ""));
    }
    println!("{slow} slower than {MOST:?}");
    beside(&desk, browser, cases, now).await;
}

/// What somebody has open while commits are counted.
#[derive(Clone, Copy)]
enum Open {
    Nothing,
    /// The page of the log, which is live: the only page that asks by itself.
    Log,
    /// And Today, loaded anew every second.
    LogAndToday,
}

impl Open {
    const ALL: [Self; 3] = [Self::Nothing, Self::Log, Self::LogAndToday];
}

/// How many commits a second the sequencer takes while nobody looks, and while somebody does, by turns that begin with another
/// each time, since an index that grows is slower.
async fn beside(desk: &Desk, browser: Browser, cases: u64, now: Timestamp) {
    let (browser, sequencer) = (Arc::new(browser), &desk.office.sequencer);
    let (mut live, mut today) = (Vec::new(), Vec::new());
    for round in 0..9 {
        let mut rates = [0.0; 3];
        for turn in 0..3 {
            let which = (round + turn) % 3;
            let first = cases + (3 * round + turn) as u64 * MORE;
            let all = past::more(sequencer.reader(), first..first + MORE, now);
            let commits = all.len() as f64;
            let looking = looks(&browser, Open::ALL[which]);
            tokio::time::sleep(Duration::from_secs(1)).await;
            let began = Instant::now();
            let commits_done = stream::iter(all).map(|e| sequencer.commit(Proposal::new(e)));
            let mut done = commits_done.buffered(64);
            while let Some(committed) = done.next().await {
                assert!(matches!(committed, Committed::Frame(_)));
            }
            rates[which] = commits / began.elapsed().as_secs_f64();
            looking.iter().for_each(tokio::task::JoinHandle::abort);
        }
        let [alone, log, both] = rates;
        println!(
            "commits a second: {alone:.0} alone, {log:.0} beside the live log, {both:.0} with today every second"
        );
        live.push(log / alone);
        today.push(both / alone);
    }
    for (what, mut ratios) in [("the live log", live), ("it and today", today)] {
        ratios.sort_by(f64::total_cmp);
        let [least, median, most] = [ratios[0], ratios[4], ratios[8]];
        println!("beside {what} {median:.3} of the commits (median; {least:.2} to {most:.2})");
    }
}

/// Somebody who follows the log, and somebody who looks at today.
fn looks(browser: &Arc<Browser>, open: Open) -> Vec<tokio::task::JoinHandle<()>> {
    let other = browser.clone();
    let follows = async move {
        // Read as it comes, until it is cut off.
        other.raw("GET", "/log/live", "").await;
    };
    let other = browser.clone();
    let today = async move {
        loop {
            other.page(&ask("", "/")).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    match open {
        Open::Nothing => Vec::new(),
        Open::Log => vec![tokio::spawn(follows)],
        Open::LogAndToday => vec![tokio::spawn(follows), tokio::spawn(today)],
    }
}

/// A line for one page; whether its median is short enough.
fn told(name: &str, mut took: Vec<Duration>, more: &str) -> bool {
    took.sort();
    let (median, worst) = (took[took.len() / 2], took[took.len() - 1]);
    let mark = if median > MOST { "  SLOW" } else { "" };
    println!("{name:<56} {median:>9.1?} median {worst:>9.1?} worst  {more}{mark}");
    median <= MOST
}

/// The pages, served; and somebody who was let in by a link.
async fn sign_in(config: &quitus::config::Config, desk: Desk) -> Browser {
    let odile = User {
        name: "odile".into(),
        role: Role::Reviewer,
        password: hash_password("correct horse battery").unwrap(),
        language: None,
        token: String::new(),
    };
    let users = Users::of_store(&config.store.path);
    users.change(|all| all.push(odile)).unwrap();
    let settings = DeskSettings::at(Listen::Tcp("127.0.0.1:0".parse().unwrap()));
    let pages = Pages::open_at(desk, settings).await.unwrap();
    let Listen::Tcp(at) = *pages.listen() else {
        panic!("not on a port");
    };
    let link = pages.invite("odile").unwrap();
    let mut browser = Browser {
        at,
        cookie: String::new(),
        csrf: String::new(),
    };
    let page = browser.raw("GET", &link, "").await;
    let cookie = page.lines().find_map(|l| {
        let (name, value) = l.split_once(": ")?;
        name.eq_ignore_ascii_case("set-cookie").then_some(value)
    });
    browser.cookie = cookie.unwrap().split(';').next().unwrap().to_owned();
    let page = browser.page(&ask("", "/suppression")).await;
    let token = page.split("name=\"csrf\" value=\"").nth(1).unwrap();
    browser.csrf = token.split('"').next().unwrap().to_owned();
    // They are served until the process ends.
    std::mem::forget(pages);
    browser
}

/// Follows the link to the next page so many times.
async fn deep(browser: &Browser, path: &str, pages: usize) -> String {
    let mut path = path.to_owned();
    for _ in 0..pages {
        let page = browser.page(&ask("", &*path)).await;
        let links = page.split("href=\"").skip(1);
        let mut links = links.filter_map(|l| l.split('"').next());
        match links.find(|l| l.contains("after=")) {
            Some(next) => path = next.replace("&amp;", "&").replace("&#x2F;", "/"),
            None => break,
        }
    }
    path
}

async fn asks(browser: &Browser, client: &Client, cases: u64) -> Vec<Ask> {
    let first_open = cases - cases / 20;
    // Drafts stand in open cases with a number that leaves 2, 3 or 4 of 5; a seventh of them is French.
    let draft = |kind: RequestKind| {
        let is = |n: &u64| past::asks(*n) == kind && n % 5 > 1 && n.is_multiple_of(7);
        (first_open..cases).find(is).map(past::case).unwrap()
    };
    let mut all = vec![ask("today", "/")];
    for state in quitus::api::CASE_STATES {
        all.push(ask("cases", format!("/cases?state={state}")));
    }
    for filter in [
        "kind=erasure",
        "kind=complaint&state=closed",
        "language=pt",
        "language=bg&state=all",
        "mailbox=sales",
        "mailbox=none&state=all",
        "owner=nobody@us.example",
        "owner=nobody@us.example&state=all",
        "due=overdue",
        "due=7",
        "due=14",
        "find=@client7.example",
        "find=@client7.example&state=all",
    ] {
        all.push(ask("cases", format!("/cases?{filter}")));
    }
    for state in ["open", "all", "closed"] {
        let path = deep(browser, &format!("/cases?state={state}"), 40).await;
        all.push(ask("cases, 40 pages on", path));
    }
    let closed = past::case(cases / 2);
    all.push(ask("a closed case", format!("/cases/{closed}")));
    let stop = draft(RequestKind::Stop);
    all.push(ask("a draft of a stop", format!("/cases/{stop}")));
    let access = draft(RequestKind::Access);
    all.push(ask("a draft of an access", format!("/cases/{access}")));
    all.push(ask("correct a case", format!("/cases/{stop}/correct")));
    let letter = format!("/requests/{access}/letters/1");
    let letter = client.get(&letter).await.unwrap().data;
    assert!(letter["hash"].is_string(), "not written: {letter}");
    all.push(ask(
        "edit a draft",
        format!("/cases/{access}/letters/1/edit"),
    ));
    for to in [None, Some(cases), Some(100)] {
        let to = to.map_or_else(String::new, |n| format!("?to={n}"));
        all.push(ask("log", format!("/log{to}")));
    }
    all.push(ask("suppression", "/suppression"));
    let path = deep(browser, "/suppression", 40).await;
    all.push(ask("suppression, 40 pages on", path));
    let known = past::address(cases / 3).as_str().replace('@', "%40");
    for (name, path, field) in [
        ("suppression, one checked", "/suppression/check", "list"),
        ("register, one person", "/search", "find"),
    ] {
        let form = Some(format!("{field}={known}"));
        let path = path.to_owned();
        all.push(Ask { name, path, form });
    }
    let domain = Some("find=%40client7.example".to_owned());
    let (name, path) = ("register, one firm", "/search".to_owned());
    let form = domain;
    all.push(Ask { name, path, form });
    for (name, path) in [
        ("register", "/register"),
        ("register, coverage", "/register/coverage"),
        ("templates", "/templates"),
        ("figures", "/figures"),
        ("figures", "/figures?weeks=104"),
    ] {
        all.push(ask(name, path));
    }
    all
}
