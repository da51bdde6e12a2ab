//! How everything is, in words that the operator and the reviewer understand; the same for the terminal and for programs.

use super::connections::{MailboxReport, SmtpReport};
use super::filing::FilingReport;
use super::health::DaemonReport;
use crate::record::{
    Damaged, Flag, FlagRow, LetterState, MessageState, Mode, State, Timestamp, Waiting,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// What `quitus status` tells.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// When this was so (RFC 3339).
    pub at: String,
    /// The daemon; `None` if the store was looked at without one.
    pub daemon: Option<DaemonReport>,
    /// Why nothing new is begun, if the disk of the store is full.
    pub disk: Option<String>,
    /// What leaves.
    pub mode: Mode,
    /// Since when (RFC 3339), once somebody activated it.
    pub active_since: Option<String>,
    /// Messages by how they ended.
    pub messages: BTreeMap<&'static str, u64>,
    /// Letters by state.
    pub letters: BTreeMap<&'static str, u64>,
    /// What waits for a human: how many, and since when the oldest.
    pub waiting: BTreeMap<String, (u64, Option<String>)>,
    /// Persons suppressed.
    pub suppressed: u64,
    /// Persons paused.
    pub paused: u64,
    /// Contacts of the register.
    pub contacts: u64,
    /// Open cases.
    pub open_cases: u64,
    /// Mails known from Sent.
    pub sent_mails: u64,
    /// Mails to people after they had asked to be left alone.
    pub mails_after_stop: u64,
    /// Messages that were gone before they were read.
    pub gone: u64,
    /// The next request that must be answered: reference, kind, internal target.
    pub next_due: Option<(String, &'static str, String)>,
    /// What waits to be filed.
    pub filing: Option<FilingReport>,
    /// Flags that are up: nothing is sent until a human has acknowledged them.
    pub flags: Vec<FlagRow>,
    /// The mailboxes, if a daemon runs.
    pub mailboxes: Vec<MailboxReport>,
    /// The way to the SMTP server, if a daemon runs.
    pub smtp: Option<SmtpReport>,
}

impl Status {
    /// From the state alone.
    pub fn of_state(state: &State<'_>, now: Timestamp) -> Result<Self, Damaged> {
        let (counts, mode) = (state.counts()?, state.mode()?);
        let mut waiting = BTreeMap::new();
        for class in Waiting::ALL {
            let all = state.waiting(class, 10_000)?;
            if let Some((oldest, _)) = all.first() {
                waiting.insert(
                    name(class).to_owned(),
                    (all.len() as u64, Some(oldest.to_string())),
                );
            }
        }
        let due = state.due(1)?;
        Ok(Self {
            at: now.to_string(),
            daemon: None,
            disk: None,
            mode: mode.as_ref().map_or(Mode::Shadow, |m| m.mode),
            active_since: mode
                .filter(|m| m.mode != Mode::Shadow)
                .map(|m| m.since.to_string()),
            messages: MessageState::ALL
                .iter()
                .map(|s| (s.word(), counts.messages[*s as usize]))
                .collect(),
            letters: LetterState::ALL
                .iter()
                .map(|s| (s.word(), counts.letters[*s as usize]))
                .collect(),
            waiting,
            suppressed: counts.suppressed[1],
            paused: counts.suppressed[0],
            contacts: counts.contacts,
            open_cases: counts.open_cases,
            sent_mails: counts.sent_mails,
            mails_after_stop: counts.after_stop,
            gone: counts.gone,
            next_due: due
                .first()
                .map(|(at, case, kind)| (case.to_string(), kind.word(), at.to_string())),
            filing: FilingReport::of(state)?,
            flags: state.flags()?,
            mailboxes: Vec::new(),
            smtp: None,
        })
    }

    /// Whether the operator should look: something is ill, or a human is awaited too long by nobody's choice.
    pub fn is_ill(&self) -> bool {
        let dead = self
            .waiting
            .keys()
            .any(|k| k == "dead messages" || k == "uncertain letters");
        let mailbox = self.mailboxes.iter().any(|m| m.last_error.is_some());
        let filing = self.filing.as_ref().is_some_and(|f| f.failing > 0);
        let daemon = self.daemon.as_ref().is_some_and(|d| d.edits.is_some());
        let smtp = self.smtp.as_ref().is_some_and(|s| s.why.is_some());
        let stopped = self.disk.is_some() || !self.flags.is_empty();
        dead || filing || mailbox || daemon || smtp || stopped
    }
}

/// What waits, in words.
fn name(class: Waiting) -> &'static str {
    match class {
        Waiting::HeldMessage => "held messages",
        Waiting::DeadMessage => "dead messages",
        Waiting::HeldCase => "held cases",
        Waiting::Draft => "letters to approve",
        Waiting::Sending => "letters being sent",
        Waiting::Rejected => "rejected letters",
        Waiting::Uncertain => "uncertain letters",
        Waiting::Bounced => "bounced letters",
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.daemon {
            Some(daemon) => write!(f, "{daemon}")?,
            None => writeln!(f, "daemon     none runs: `quitus run` starts one")?,
        }
        match &self.active_since {
            Some(since) => writeln!(f, "mode       {} since {since}", self.mode)?,
            None => writeln!(f, "mode       {}: nothing leaves the house", self.mode)?,
        }
        let list = |all: &BTreeMap<&'static str, u64>| {
            let some: Vec<String> = all
                .iter()
                .filter(|(_, n)| **n > 0)
                .map(|(w, n)| format!("{n} {w}"))
                .collect();
            if some.is_empty() {
                "none yet".to_owned()
            } else {
                some.join(", ")
            }
        };
        writeln!(f, "messages   {}", list(&self.messages))?;
        writeln!(f, "letters    {}", list(&self.letters))?;
        writeln!(
            f,
            "people     {} suppressed, {} paused; {} in the register",
            self.suppressed, self.paused, self.contacts
        )?;
        self.what_waits(f)?;
        self.connections(f)
    }
}

impl Status {
    fn what_waits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, (count, oldest)) in &self.waiting {
            let since = oldest
                .as_deref()
                .map(|o| format!(", the oldest since {o}"))
                .unwrap_or_default();
            writeln!(f, "waiting    {count} {what}{since}")?;
        }
        if let Some(filing) = &self.filing {
            writeln!(f, "filing     {filing}")?;
        }
        if let Some((case, kind, at)) = &self.next_due {
            writeln!(f, "due        {kind} of {case} by {at}")?;
        }
        if self.mails_after_stop > 0 {
            writeln!(
                f,
                "INCIDENT   {} mails went out after a STOP: `quitus incidents list`",
                self.mails_after_stop
            )?;
        }
        if let Some(full) = &self.disk {
            writeln!(
                f,
                "STOPPED    {full}: nothing is fetched or sent until there is room"
            )?;
        }
        for FlagRow { flag, since, what } in &self.flags {
            let (why, first) = match flag {
                Flag::Damage => ("the store is damaged", "look with `quitus store verify`"),
                Flag::ForeignInstance => (
                    "another installation answers this mailbox",
                    "stop one of them",
                ),
            };
            writeln!(
                f,
                "STOPPED    {why} (seen {since}), nothing is sent: {first}, then `quitus store acknowledge --reason …`"
            )?;
            for place in what {
                writeln!(f, "           {place}")?;
            }
        }
        Ok(())
    }

    fn connections(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mailbox in &self.mailboxes {
            write!(f, "{mailbox}")?;
        }
        if let Some(smtp) = &self.smtp {
            writeln!(f, "smtp       {smtp}")?;
        }
        Ok(())
    }
}
