//! The connections of a running daemon in words: each mailbox and the SMTP server, what is wrong, what to do, when it is tried again.

use super::needs::{Need, Why};
use super::notices::SenderReport;
use crate::delivery::{BreakerState, Problem};
use crate::mailbox::{MailboxState, MailboxStatus};
use serde::Serialize;
use std::fmt;

/// The way to the SMTP server.
#[derive(Clone, Debug, Serialize)]
pub struct SmtpReport {
    /// `good`, `failing` (some tries failed), `left_alone` (until the pause is over), `trying` (one careful try is due).
    pub state: &'static str,
    /// Failures in a row.
    pub failures: u32,
    /// What happened last.
    pub why: Option<String>,
    /// Seconds until the next try.
    pub wait_s: Option<u64>,
}

impl SmtpReport {
    /// From what the courier tells.
    pub fn of(breaker: &BreakerState) -> Self {
        let report = |state, failures, why: Option<&Problem>, wait_s| Self {
            state,
            failures,
            why: why.map(ToString::to_string),
            wait_s,
        };
        match breaker {
            BreakerState::Closed { failures: 0 } => report("good", 0, None, None),
            BreakerState::Closed { failures } => report("failing", *failures, None, None),
            BreakerState::Open {
                wait,
                failures,
                why,
            } => report("left_alone", *failures, Some(why), Some(wait.as_secs())),
            BreakerState::HalfOpen { why } => report("trying", 0, Some(why), None),
        }
    }
}

impl fmt::Display for SmtpReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = self.failures;
        match (&self.why, self.wait_s) {
            (Some(why), Some(wait)) => write!(
                f,
                "left alone for {wait} s after {failures} failures: {why}; letters wait"
            ),
            (Some(why), None) => write!(f, "tried again after: {why}; letters wait"),
            _ if failures > 0 => write!(f, "the last {failures} tries failed"),
            _ => f.write_str("good"),
        }
    }
}

/// One listener of the guard.
#[derive(Clone, Debug, Serialize)]
pub struct GuardReport {
    /// Which: `policy`, `milter`, `http`, `one_click`.
    pub name: &'static str,
    /// Where it listens.
    pub listen: String,
    /// Whether it does.
    pub up: bool,
    /// How many addresses it was asked about since the start; of `one_click`, how many clicks.
    pub asked: u64,
    /// How many of them were not to be written to; of `one_click`, clicks that were none of ours.
    pub refused: u64,
    /// How many could not be answered.
    pub failed: u64,
}

impl fmt::Display for GuardReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            listen,
            asked,
            refused,
            failed,
            ..
        } = self;
        let up = if self.up { "listens on" } else { "DOWN:" };
        writeln!(
            f,
            "guard      {name} {up} {listen}; asked {asked}, refused {refused}, failed {failed}"
        )
    }
}

/// One mailbox.
#[derive(Clone, Debug, Serialize)]
pub struct MailboxReport {
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub state: String,
    /// The last good look at every folder (RFC 3339).
    pub last_poll: Option<String>,
    /// What went wrong last, and when.
    pub last_error: Option<(String, String)>,
    /// What a person must do before it can get better, if somebody must.
    pub fix: Option<&'static str>,
    /// When it is tried again (RFC 3339).
    pub next_try: Option<String>,
    /// Folder, messages still to be read, gone before they were read.
    pub folders: Vec<(String, u64, u64)>,
    /// Folders that cannot be read, and why.
    pub folder_errors: Vec<(String, String)>,
    /// Its last day, if it closes.
    pub closing: Option<String>,
}

impl MailboxReport {
    /// From what the watcher tells, and its last day, if it closes.
    pub fn of(status: &MailboxStatus, closing: Option<jiff::civil::Date>) -> Self {
        Self {
            closing: closing.map(|day| day.to_string()),
            name: status.name.clone(),
            state: status.state.to_string(),
            last_poll: status.last_poll.map(|t| t.to_string()),
            last_error: status
                .last_error
                .as_ref()
                .map(|(at, why)| (at.to_string(), why.clone())),
            fix: fix(status.state),
            next_try: status.next_try.map(|t| t.to_string()),
            folder_errors: status
                .folders
                .iter()
                .filter_map(|f| Some((f.name.clone(), f.error.clone()?)))
                .collect(),
            folders: status
                .folders
                .iter()
                .map(|f| (f.name.clone(), f.waiting, f.gone))
                .collect(),
        }
    }
}

impl MailboxReport {
    /// Whether its last day is over, so that it is not watched and need not be.
    pub fn is_closed(&self) -> bool {
        self.state == MailboxState::Closed.word()
    }
}

/// What a person must do; `None` where waiting is enough.
fn fix(state: MailboxState) -> Option<&'static str> {
    match state {
        MailboxState::LoginRefused => Some(
            "correct `username` or the password where [mailbox.imap] says it is kept; a password is read again at the next try; a log-in by token: `quitus oauth status`",
        ),
        MailboxState::Untrusted => Some(
            "have the certificate renewed, or correct `host` or `ca_file` and start again; nothing was said in clear text",
        ),
        MailboxState::StoreRefuses => Some("make room on the disk of the store"),
        _ => None,
    }
}

impl fmt::Display for MailboxReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let poll = self.last_poll.as_deref().unwrap_or("never");
        let (name, state) = (&self.name, &self.state);
        if let (true, Some(day)) = (self.is_closed(), &self.closing) {
            return writeln!(
                f,
                "mailbox    {name}: closed since the end of {day}, no longer connected; letters of its people go out from privacy_email"
            );
        }
        writeln!(f, "mailbox    {name}: {state}, last looked at {poll}")?;
        if let Some(day) = &self.closing {
            writeln!(
                f,
                "           closes at the end of {day}; until then it is read, and letters go out from privacy_email"
            )?;
        }
        if let Some((at, why)) = &self.last_error {
            writeln!(f, "           {at} {why}")?;
        }
        if let (Some(next), Some(_)) = (&self.next_try, &self.last_error) {
            writeln!(f, "           tried again at {next}")?;
        }
        for (folder, waiting, _) in self.folders.iter().filter(|(_, waiting, _)| *waiting > 0) {
            writeln!(
                f,
                "           folder {folder}: {waiting} messages are still to be read"
            )?;
        }
        for (folder, why) in &self.folder_errors {
            writeln!(f, "           folder {folder}: {why}")?;
        }
        Ok(())
    }
}

/// A sender that did not obey within the hour, and what must be done there by hand.
pub(super) fn sender_needs(sender: &SenderReport) -> Vec<Need> {
    let mut needs = Vec::new();
    if sender.late > 0 {
        let fix = format!("quitus senders test {}", sender.name);
        let need = Need::of(Why::Sender, fix).about(&sender.name);
        let since = sender.oldest.clone();
        needs.push(Need { since, ..need }.times(sender.late));
    }
    if sender.stuck > 0 {
        let fix = format!("quitus senders waiting {}", sender.name);
        let need = Need::of(Why::SenderStuck, fix).about(&sender.name);
        needs.push(need.times(sender.stuck));
    }
    needs
}
