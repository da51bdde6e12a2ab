//! The connections of a running daemon in words: each mailbox and the SMTP server, what is wrong, what to do, when it is tried again.

use super::needs::{Need, Why};
use super::notices::SenderReport;
use crate::delivery::{BreakerState, Problem};
use crate::mailbox::{MailboxState, MailboxStatus};
use crate::record::Timestamp;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// A mailbox may be silent for so long, however often it is to be looked at: a machine that is busy is no illness.
const SILENCE: Duration = Duration::from_secs(60);

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
    /// The same, and ill if it says nothing although it should have: it is looked at `every` so often, and whoever watched it
    /// may be `gone`. The machine's clock is asked, by which the watcher noted its last look.
    pub(super) fn unless_silent(
        mut self,
        status: &MailboxStatus,
        every: Option<Duration>,
        gone: bool,
    ) -> Self {
        let now = Timestamp::from(jiff::Timestamp::now());
        let ill = silence(status, every, gone, now);
        // What a watcher said last is no news once it is gone.
        if gone && ill.is_some() {
            (self.last_error, self.next_try) = (ill, None);
            self.fix = Some("start the daemon again; its log says where it fell");
        } else if self.last_error.is_none() {
            self.last_error = ill;
        }
        self
    }

    /// Whether its last day is over, so that it is not watched and need not be.
    pub fn is_closed(&self) -> bool {
        self.state == MailboxState::Closed.word()
    }
}

/// What is wrong with a mailbox of which nothing is said, and since when: whoever watches it is gone, or waits (everything was
/// read) and has missed three looks.
fn silence(
    status: &MailboxStatus,
    every: Option<Duration>,
    gone: bool,
    now: Timestamp,
) -> Option<(String, String)> {
    if matches!(status.state, MailboxState::Closed | MailboxState::Stopped) {
        return None;
    }
    let since = status.last_poll.unwrap_or(now);
    if gone {
        let why = "nobody watches it any more; start the daemon again";
        return Some((since.to_string(), why.to_owned()));
    }
    let waits = matches!(status.state, MailboxState::Watching | MailboxState::Polling);
    let reads = status.folders.iter().any(|f| f.waiting > 0);
    let patience = (every? * 3).max(SILENCE);
    let passed = u64::try_from(now.millis_since(since)).unwrap_or(0);
    (waits && !reads && Duration::from_millis(passed) > patience).then(|| {
        let why = "it was not looked at when it should have been, three times";
        (since.to_string(), why.to_owned())
    })
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

/// A sender that did not obey within the hour, what must be done there by hand, and one that is no longer configured.
pub(super) fn sender_needs(sender: &SenderReport) -> Vec<Need> {
    let mut needs = Vec::new();
    let name = &sender.name;
    if !sender.configured {
        let why = match sender.late {
            0 => Why::SenderStuck,
            _ => Why::Sender,
        };
        let fix = format!(
            "put the [[sender]] {name} back; or quitus senders waiting {name}, and when it is done there: quitus senders done {name} '*'"
        );
        let need = Need::of(why, fix).about(name).times(sender.waiting);
        let since = sender.oldest.clone();
        return vec![Need { since, ..need }];
    }
    if sender.late > 0 {
        // What is to be done there by hand is late, too.
        let what = match sender.stuck {
            0 => "test",
            _ => "waiting",
        };
        let need = Need::of(Why::Sender, format!("quitus senders {what} {name}")).about(name);
        let since = sender.oldest.clone();
        needs.push(Need { since, ..need }.times(sender.late));
    }
    if sender.stuck > 0 {
        let fix = format!("quitus senders waiting {name}");
        let need = Need::of(Why::SenderStuck, fix).about(name);
        needs.push(need.times(sender.stuck));
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::{FolderRole, FolderStatus};

    fn status(state: MailboxState, looked: Option<Timestamp>, waiting: u64) -> MailboxStatus {
        let folder = FolderStatus {
            name: "INBOX".into(),
            role: FolderRole::Inbox,
            uidvalidity: 1,
            uidnext: 1,
            exists: 0,
            read: 0,
            seen: 0,
            waiting,
            gone: 0,
            unreadable: 0,
            error: None,
        };
        MailboxStatus {
            state,
            last_poll: looked,
            folders: vec![folder],
            ..MailboxStatus::default()
        }
    }

    #[test]
    fn a_mailbox_that_is_silent_is_ill_and_one_that_reads_or_has_time_is_not() {
        use MailboxState::{Closed, LoginRefused, Polling, Stopped, Watching};
        let now = Timestamp::from_millis(1_800_000_000_000);
        let every = |seconds| Some(Duration::from_secs(seconds));
        for (state, ago, waiting, every, gone, ill) in [
            (Watching, Some(61), 0, every(5), false, true),
            (Polling, Some(61), 0, every(5), false, true),
            // However often it is to be looked at, a busy machine is no illness; nor are two looks that were missed.
            (Watching, Some(59), 0, every(5), false, false),
            (Watching, Some(179), 0, every(60), false, false),
            (Watching, Some(181), 0, every(60), false, true),
            (Watching, Some(10_800), 0, every(3600), false, false),
            (Watching, Some(10_860), 0, every(3600), false, true),
            // It is reading, or it is not known how often it is looked at, or it was never looked at yet.
            (Watching, Some(600), 1, every(5), false, false),
            (Watching, Some(600), 0, None, false, false),
            (Watching, None, 0, every(5), false, false),
            // A clock that was set back.
            (Watching, Some(-600), 0, every(5), false, false),
            // Another state has its own words.
            (LoginRefused, Some(600), 0, every(5), false, false),
            // Whoever watched it is gone.
            (Watching, Some(1), 0, every(5), true, true),
            (Watching, None, 1, None, true, true),
            (Closed, Some(600), 0, every(5), true, false),
            (Stopped, Some(600), 0, every(5), true, false),
        ] {
            let looked = ago.map(|ago: i64| now.plus_seconds(-ago));
            let said = silence(&status(state, looked, waiting), every, gone, now);
            let case = (state, ago, waiting, every, gone);
            assert_eq!(said.is_some(), ill, "{case:?}");
        }
    }

    #[test]
    fn a_mailbox_whose_watcher_fell_says_so_whatever_it_said_last() {
        let now = Timestamp::from(jiff::Timestamp::now());
        let mut fallen = status(MailboxState::Watching, Some(now), 0);
        fallen.last_error = Some((now, "the connection was cut".into()));
        let report = |gone| MailboxReport::of(&fallen, None).unless_silent(&fallen, None, gone);
        let why = |report: &MailboxReport| report.last_error.clone().unwrap().1;
        assert_eq!(why(&report(false)), "the connection was cut");
        assert_eq!(report(false).fix, None);
        assert!(why(&report(true)).starts_with("nobody watches it any more"));
        let fix = report(true).fix.unwrap();
        assert!(fix.starts_with("start the daemon again"), "{fix}");
    }
}
