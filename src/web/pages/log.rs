//! Log: what happened, in words, the last at the head; live, without looking at the disk; its chain, and the whole as a file.
//!
//! The server sends a frame when it is committed and at no other time; a reader that fell behind begins where it was. A log that
//! is left open keeps nobody signed in, and ends with whoever follows it. Nobody is named here: the log knows people by short
//! keyed ids.

use crate::api::{LogEntry, LogForm, log_entries};
use crate::record::hex;
use crate::store::Reader;
use crate::web::Web;
use crate::web::said::Said;
use crate::web::trouble::Trouble;
use crate::web::visitor::Visitor;
use crate::web::when::When;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// Frames of a page.
const PAGE: u64 = 100;
/// Frames sent at once to whoever fell behind.
const BEHIND: usize = 200;
/// Between two looks at what is new.
const PACE: Duration = Duration::from_millis(250);
/// The same while more is committed than is shown.
const BACKLOG_PACE: Duration = Duration::from_secs(1);
/// After so long the browser asks again, and shows who it is anew.
const LIVE: Duration = Duration::from_secs(300);
/// Between two looks whether whoever follows is let in still.
const LOOK: Duration = Duration::from_secs(1);
/// A word that nothing happened, so that a proxy does not take the line for dead.
const ALIVE: Duration = Duration::from_secs(20);
/// Frames of an export that are read before the next are asked for.
const AT_ONCE: usize = 500;

/// Which page.
#[derive(Deserialize)]
pub struct Stretch {
    /// The last frame shown; absent: the last of all.
    to: Option<u64>,
}

#[derive(Serialize)]
struct View {
    entries: Vec<Entry>,
    head: u64,
    hash: String,
    first: u64,
    newest: bool,
    older: Option<u64>,
    newer: Option<u64>,
}

/// An entry as a page or the script shows it.
#[derive(Serialize)]
struct Entry {
    frame: u64,
    when: Option<When>,
    event: Said,
    what: Said,
    rule: Option<String>,
    because: Option<String>,
    message: Option<String>,
    care: bool,
}

/// Events that somebody should see at a glance.
const CARE: [&str; 12] = [
    "case held",
    "letter held",
    "letter rejected",
    "letter uncertain",
    "letter bounced",
    "died",
    "foreign",
    "read failed",
    "mail after stop",
    "proposed",
    "keys erased",
    "contact erased",
];

fn entry(web: &Web, visitor: &Visitor, of: &LogEntry) -> Entry {
    let (event, what) = visitor.words.event(&of.event, &of.what);
    Entry {
        event,
        what,
        frame: of.frame,
        when: When::read(&of.at, &web.zone(), &visitor.words),
        care: CARE.contains(&&*of.event),
        rule: of.rule.clone(),
        because: (of.rule.as_ref()).map(|id| visitor.words.rule(id).said),
        message: of.message.clone(),
    }
}

fn reader(web: &Web) -> Reader {
    web.desk.office.sequencer.reader().clone()
}

/// Entries from a frame on; files are read, so not on a thread that others wait for.
async fn read(web: &Web, from: u64, frames: usize) -> Result<Vec<LogEntry>, Trouble> {
    let reader = reader(web);
    let read = tokio::task::spawn_blocking(move || log_entries(&reader, from, frames));
    let read = read.await.map_err(Trouble::broken)?;
    read.map_err(Trouble::broken)
}

/// The page.
pub async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Query(stretch): Query<Stretch>,
) -> Result<Response, Trouble> {
    let head = reader(&web).head().map_err(Trouble::broken)?;
    let to = stretch
        .to
        .unwrap_or(head.number)
        .clamp(1, head.number.max(1));
    let first = to.saturating_sub(PAGE - 1).max(1);
    let entries = read(&web, first, (to - first + 1) as usize).await?;
    let view = View {
        entries: (entries.iter().rev())
            .map(|e| entry(&web, &visitor, e))
            .collect(),
        head: head.number,
        hash: hex(&head.hash),
        first,
        newest: to >= head.number,
        older: (first > 1).then(|| first - 1),
        newer: (to < head.number).then(|| (to + PAGE).min(head.number)),
    };
    web.page(&visitor, "log", "log.html", &view)
}

/// Reads the whole chain, and says on the next page whether it holds.
pub async fn verify(State(web): State<Web>, visitor: Visitor) -> Result<Response, Trouble> {
    let answer = web.ask("/log/verify").await?;
    let key = if answer.wrong { "broken" } else { "intact" };
    let frames = answer.data["frames"].to_string();
    let said = visitor.words.fill("log", key, &[("n", &frames)]);
    visitor.say(&web, !answer.wrong, said, visitor.house_says(answer.text));
    Ok(Redirect::to("/log").into_response())
}

/// In which form.
#[derive(Deserialize)]
pub struct Wanted {
    form: String,
}

/// The whole log as a file, read while it is sent.
pub async fn export(
    State(web): State<Web>,
    _visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let (form, kind, name) = match wanted.form.as_str() {
        "csv" => (LogForm::Csv, "text/csv; charset=utf-8", "quitus-log.csv"),
        "json" => (LogForm::Json, "application/x-ndjson", "quitus-log.jsonl"),
        _ => return Err(Trouble::nowhere()),
    };
    let reader = reader(&web);
    let last = reader.head().map_err(Trouble::broken)?.number;
    let (send, receive) = mpsc::channel::<Result<Bytes, std::io::Error>>(2);
    tokio::task::spawn_blocking(move || {
        let mut from = 1;
        let mut head = form.head().to_owned();
        while from <= last {
            let piece = log_entries(&reader, from, AT_ONCE).map(|entries| {
                let within = entries.iter().filter(|e| e.frame <= last);
                let lines: String = within.map(|e| form.line(e)).collect();
                Bytes::from(std::mem::take(&mut head) + &lines)
            });
            from += AT_ONCE as u64;
            // Whoever asked may have gone; or the file ends here, broken off, so that it is not taken for whole.
            let piece = piece.map_err(std::io::Error::other);
            let broken = piece.is_err();
            if send.blocking_send(piece).is_err() || broken {
                return;
            }
        }
    });
    let body = stream::unfold(receive, async |mut receive| {
        receive.recv().await.map(|piece| (piece, receive))
    });
    let named = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, named),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// Where the browser is.
#[derive(Deserialize)]
pub struct After {
    #[serde(default)]
    after: u64,
}

/// Somebody who follows.
struct Follower {
    web: Web,
    visitor: Visitor,
    after: u64,
    committed: watch::Receiver<u64>,
    /// Not before: a backlog commits some thousand times a second, which nobody reads, and looking costs what it would take.
    next: Instant,
    until: Instant,
}

/// Frames as they are committed, each as one event: the list of its entries.
pub async fn live(
    State(web): State<Web>,
    visitor: Visitor,
    Query(after): Query<After>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    // Whoever lost the line says what they saw last.
    let seen = headers.get("last-event-id");
    let seen = seen.and_then(|v| v.to_str().ok()?.parse().ok());
    let follower = Follower {
        committed: web.desk.office.sequencer.committed(),
        next: Instant::now(),
        until: Instant::now() + LIVE,
        after: seen.unwrap_or(after.after),
        visitor,
        web,
    };
    let events = stream::unfold(follower, async |mut follower| {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE))
}

impl Follower {
    /// What is committed next; nothing, if they are let in no longer, if it is time to ask anew, or the daemon ends.
    async fn next(&mut self) -> Option<Event> {
        self.comes().await?;
        let after = self.after;
        let head = *self.committed.borrow();
        // Somebody who was away for long is shown the last; the page has the rest.
        let from = (after + 1).max(head.saturating_sub(BEHIND as u64 - 1));
        let races_by = from > after + 1;
        self.next = Instant::now() + if races_by { BACKLOG_PACE } else { PACE };
        let entries = read(&self.web, from, BEHIND).await.ok()?;
        self.after = entries.last()?.frame;
        let shown: Vec<Entry> = (entries.iter())
            .map(|e| entry(&self.web, &self.visitor, e))
            .collect();
        let event = Event::default().id(self.after.to_string());
        event.json_data(shown).ok()
    }

    /// Waits until there is more, as long as they may see it.
    async fn comes(&mut self) -> Option<()> {
        let after = self.after;
        while Instant::now() < self.until {
            let more = self.committed.wait_for(|head| *head > after);
            let came = match timeout(LOOK, more).await.map(|head| head.is_ok()) {
                Ok(true) => true,
                // The daemon ends.
                Ok(false) => return None,
                Err(_) => false,
            };
            if came {
                sleep_until(self.next).await;
            }
            if !self.visitor.is_let_in(&self.web) {
                return None;
            }
            if came {
                return Some(());
            }
        }
        None
    }
}
