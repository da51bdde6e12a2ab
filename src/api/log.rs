//! The processing log in a reviewer's words: a stretch of it, what comes next, the whole as a table, and whether its chain holds.
//!
//! Whoever follows waits for the next commit, and reads only then. An export is read and written frame by frame, so a log
//! of any length takes no memory. Nobody is named in it: people are short keyed ids.

use super::words;
use super::{Answer, Desk, Refusal};
use crate::proof;
use crate::record::{ContentKey, Event, hex};
use crate::store::{ReadError, Reader};
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::borrow::Cow;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// Frames shown at once unless somebody asks for more.
const FRAMES: usize = 100;
/// How long whoever follows is kept waiting for the next frame before they are told that there is none: not so long that the
/// daemon's end would wait for them.
const WAIT: Duration = Duration::from_secs(1);

/// Which stretch of the log.
#[derive(Deserialize)]
pub struct Stretch {
    /// First frame; absent: the last ones.
    from: Option<u64>,
    /// How many frames.
    limit: Option<usize>,
    /// Behind this frame: the next page.
    after: Option<u64>,
    /// Somebody goes on by themselves, and needs no word about how.
    #[serde(default)]
    follow: bool,
}

/// One event, in words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogEntry {
    /// When (RFC 3339).
    pub at: String,
    /// The frame that it stands in.
    pub frame: u64,
    /// What kind of event.
    pub event: Cow<'static, str>,
    /// What happened.
    pub what: String,
    /// The rule that decided it.
    pub rule: Option<String>,
    /// The rule's sentence.
    pub because: Option<Cow<'static, str>>,
    /// The message that it is about, by its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The message that an event is about, if there is something to see of it.
fn message_of(event: &Event) -> Option<ContentKey> {
    match event {
        Event::Received { message, .. }
        | Event::Joined { message, .. }
        | Event::Decided { message, .. }
        | Event::MessageAdded { message, .. }
        | Event::Died { message, .. } => Some(*message),
        Event::Corrected(c) => Some(c.message),
        Event::CorrectedAlone(c) => Some(c.message),
        _ => None,
    }
}

impl LogEntry {
    /// An event of this frame, in words.
    pub(crate) fn of(frame: u64, at: &str, event: &Event) -> Self {
        let told = words::tell(event);
        let because = told.rule.as_ref().and_then(crate::request::rule::explain);
        Self {
            at: at.to_owned(),
            frame,
            event: told.event.into(),
            what: told.what,
            rule: told.rule.map(|r| r.to_string()),
            because: because.map(Cow::Borrowed),
            message: message_of(event).map(|key| hex(&key.0)),
        }
    }

    /// What happened, with the rule behind it.
    pub fn said(&self) -> String {
        let why = self.because.as_deref().unwrap_or("see the rules");
        match &self.rule {
            Some(rule) => format!("{} [{rule}: {why}]", self.what),
            None => self.what.clone(),
        }
    }
}

/// The entries of so many frames, from this one on.
pub fn entries(reader: &Reader, from: u64, frames: usize) -> Result<Vec<LogEntry>, ReadError> {
    let mut all = Vec::new();
    for placed in reader.frames(from)?.take(frames) {
        let placed = placed?;
        let at = placed.frame.at.to_string();
        let events = placed.frame.events.iter();
        all.extend(events.map(|e| LogEntry::of(placed.link.number, &at, e)));
    }
    Ok(all)
}

/// `quitus log`.
pub async fn show(
    State(desk): State<Desk>,
    Query(stretch): Query<Stretch>,
) -> Result<Answer, Refusal> {
    let reader = desk.office.sequencer.reader().clone();
    let limit = stretch.limit.unwrap_or(FRAMES).max(1);
    let mut last = reader.head()?.number;
    let recent = last.saturating_sub(limit as u64 - 1).max(1);
    let after = stretch.after.map(|n| n.saturating_add(1));
    let from = after.or(stretch.from).unwrap_or(recent).max(1);
    if stretch.follow && from > last {
        let mut committed = desk.office.sequencer.committed();
        // Nothing happened, or the daemon ends: either way there is nothing to tell.
        let _ = timeout(WAIT, committed.wait_for(|head| *head >= from)).await;
        last = reader.head()?.number;
    }
    let lines = match from > last {
        true => Vec::new(),
        false => {
            let read = tokio::task::spawn_blocking(move || entries(&reader, from, limit));
            read.await.map_err(|e| Refusal::broken(e.to_string()))??
        }
    };
    let mut text = String::new();
    for line in &lines {
        let (at, frame, event) = (&line.at, line.frame, &line.event);
        // Writing to a string has no way to fail.
        let _ = writeln!(text, "{at} {frame:>6} {event:<16} {}", line.said());
    }
    let next = lines.last().map_or(from, |l| l.frame + 1);
    let more = next <= last && !lines.is_empty();
    if more && !stretch.follow {
        text += &format!("more: quitus log --limit {limit} --after {}\n", next - 1);
    }
    Ok(Answer::good(
        json!({"events": lines, "last": last, "next": next, "more": more}),
        text,
    ))
}

/// One reader of the whole log at a time: it takes as long as the log is.
static VERIFYING: AtomicBool = AtomicBool::new(false);

/// Whether every frame follows from the one before it, read without any key; wrong (exit code 1) if one does not.
pub async fn verify(State(desk): State<Desk>) -> Result<Answer, Refusal> {
    if VERIFYING.swap(true, Ordering::AcqRel) {
        return Err(Refusal::not_now(
            "the log is being verified already",
            "wait for the end of that",
        ));
    }
    let folder = desk.office.house.load().config.store.path.clone();
    let read = tokio::task::spawn_blocking(move || {
        let report = proof::verify_log(&folder);
        VERIFYING.store(false, Ordering::Release);
        report
    });
    let report = read.await.map_err(|e| Refusal::broken(e.to_string()))?;
    let report = report.map_err(|e| Refusal::broken(e.to_string()))?;
    let bad = report.bad.as_ref();
    let bad = bad.map(|b| json!({"segment": b.segment, "offset": b.offset, "what": b.what}));
    let wrong = bad.is_some();
    let data = json!({
        "frames": report.frames, "first": report.first, "last": report.last.number,
        "hash": hex(&report.last.hash), "bad": bad,
    });
    Ok(Answer::good(data, format!("{report}\n")).wrong_if(wrong))
}

/// The form of an export.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogForm {
    /// A table with a header (RFC 4180).
    Csv,
    /// One JSON object on each line.
    Json,
}

impl LogForm {
    /// What stands before the first entry.
    pub fn head(self) -> &'static str {
        match self {
            Self::Csv => "at,frame,event,what,rule,because\r\n",
            Self::Json => "",
        }
    }

    /// One entry.
    pub fn line(self, entry: &LogEntry) -> String {
        match self {
            // Strings and a number have no way to fail.
            Self::Json => serde_json::to_string(entry).unwrap_or_default() + "\n",
            Self::Csv => {
                let frame = entry.frame.to_string();
                let rule = entry.rule.as_deref().unwrap_or_default();
                let because = entry.because.as_deref().unwrap_or_default();
                let cells = [&entry.at, &frame, &*entry.event, &entry.what, rule, because];
                cells.map(cell).join(",") + "\r\n"
            }
        }
    }
}

/// A cell that a spreadsheet reads as text, whatever stands in it.
fn cell(text: &str) -> String {
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if runs { "'" } else { "" };
    match runs || text.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{guard}{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(what: &str) -> LogEntry {
        LogEntry {
            at: "2026-11-29T02:00:00Z".into(),
            frame: 7,
            event: "folder".into(),
            what: what.into(),
            rule: Some("A2".into()),
            because: None,
            message: None,
        }
    }

    #[test]
    fn a_table_keeps_commas_and_quotes_and_runs_no_formula() {
        let line = |what| LogForm::Csv.line(&entry(what));
        let row = |what: &str| format!("2026-11-29T02:00:00Z,7,folder,{what},A2,\r\n");
        assert_eq!(line("plain"), row("plain"));
        assert_eq!(line("a, \"b\""), row("\"a, \"\"b\"\"\""));
        assert_eq!(line("=1+1"), row("\"'=1+1\""));
        assert_eq!(line("a\nb"), row("\"a\nb\""));
    }

    #[test]
    fn a_line_of_json_is_read_back_as_it_was() {
        let line = LogForm::Json.line(&entry("a\nb"));
        assert_eq!(line.lines().count(), 1);
        let read: LogEntry = serde_json::from_str(&line).unwrap();
        assert_eq!((read.what.as_str(), read.frame), ("a\nb", 7));
    }
}
