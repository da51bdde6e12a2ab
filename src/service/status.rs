//! How everything is, in words that the operator and the reviewer understand; the same for the terminal and for programs.

mod waiting;

use super::canary::CanaryReport;
use super::connections::{GuardReport, MailboxReport, SmtpReport, sender_needs};
use super::filing::FilingReport;
use super::health::DaemonReport;
use super::logins;
use super::needs::{self, Need, Why};
use super::notices::SenderReport;
use super::owners::OwnersReport;
use super::wrong_letters::WrongLetters;
use crate::record::{Damaged, FlagRow, LetterState, MessageState, Mode, State, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Needs that are shown to people at once.
const SHOWN: usize = 30;

/// What is ill outside the state.
const OUTSIDE: [Why; 14] = [
    Why::DiskFull,
    Why::Part,
    Why::Mailbox,
    Why::Smtp,
    Why::Canary,
    Why::Oauth,
    Why::Guard,
    Why::Edits,
    Why::SentLog,
    Why::Filing,
    Why::Clock,
    Why::Sender,
    Why::SenderStuck,
    Why::Flood,
];

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
    /// Everything that waits for a human, the most urgent first, each with the command that deals with it.
    pub needs: Vec<Need>,
    /// How many wait in each class, and since when the oldest.
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
    /// Mails to people after they had asked to be left alone, all of them: the goal is 0.
    pub mails_after_stop_ever: u64,
    /// The same, which nobody has looked at yet.
    pub mails_after_stop: u64,
    /// Letters that humans found wrong, by kind.
    pub wrong_letters: WrongLetters,
    /// Orders to the tools that send which none of them has confirmed within an hour: the goal is 0.
    pub notices_late: u64,
    /// Notices to owners of contacts that a letter has left.
    pub owner_notices: OwnersReport,
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
    /// Floods of STOPs that nobody has looked at.
    pub floods: Vec<Need>,
    /// The tools that send and must obey.
    pub senders: Vec<SenderReport>,
    /// The way to the SMTP server, if a daemon runs.
    pub smtp: Option<SmtpReport>,
    /// The log-ins by token.
    pub logins: Vec<crate::oauth::Standing>,
    /// Who answers whether somebody may be written to, if a daemon runs.
    pub guard: Vec<GuardReport>,
    /// The canary, if one is configured: both requests.
    pub canary: Vec<CanaryReport>,
}

impl Status {
    /// From the state alone; a legal end within `soon` days counts as near.
    pub fn of_state(state: &State<'_>, now: Timestamp, soon: u32) -> Result<Self, Damaged> {
        let (counts, mode) = (state.counts()?, state.mode()?);
        let due = state.due(1)?;
        let incidents = state.incidents()?;
        let open = incidents.iter().filter(|(_, row)| row.seen_by.is_none());
        let mut status = Self {
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
            needs: needs::of_state(state, now, soon)?,
            waiting: waiting::of(state)?,
            suppressed: counts.suppressed[1],
            paused: counts.suppressed[0],
            contacts: counts.contacts,
            open_cases: counts.open_cases,
            sent_mails: counts.sent_mails,
            mails_after_stop_ever: counts.after_stop,
            mails_after_stop: open.count() as u64,
            wrong_letters: WrongLetters::of(state, now)?,
            notices_late: 0,
            owner_notices: OwnersReport::of(state)?,
            gone: counts.gone,
            next_due: due
                .first()
                .map(|(at, case, kind)| (case.to_string(), kind.word(), at.to_string())),
            filing: FilingReport::of(state)?,
            flags: state.flags()?,
            mailboxes: Vec::new(),
            floods: Vec::new(),
            senders: Vec::new(),
            smtp: None,
            logins: Vec::new(),
            guard: Vec::new(),
            canary: Vec::new(),
        };
        status.connections_need();
        Ok(status)
    }

    /// Adds how the tools that send are.
    pub fn with_senders(mut self, senders: Vec<SenderReport>) -> Self {
        self.notices_late = senders.iter().map(|s| s.late).sum();
        self.senders = senders;
        self.connections_need();
        self
    }

    /// Adds who answers whether somebody may be written to.
    pub fn with_guard(mut self, guard: Vec<GuardReport>) -> Self {
        self.guard = guard;
        self.connections_need();
        self
    }

    /// Adds whether the canary is answered.
    pub fn with_canary(mut self, canary: Vec<CanaryReport>) -> Self {
        self.canary = canary;
        self.connections_need();
        self
    }

    /// Adds how the log-ins by token are.
    pub fn with_logins(mut self, logins: Vec<crate::oauth::Standing>) -> Self {
        self.logins = logins;
        self.connections_need();
        self
    }

    /// Adds the floods that nobody has looked at.
    pub fn with_floods(mut self, floods: Vec<Need>) -> Self {
        self.floods = floods;
        self.connections_need();
        self
    }

    /// Adds what a running daemon knows of itself.
    pub fn with_daemon(
        mut self,
        daemon: DaemonReport,
        disk: Option<String>,
        smtp: SmtpReport,
        mailboxes: Vec<MailboxReport>,
    ) -> Self {
        (self.daemon, self.disk) = (Some(daemon), disk);
        (self.smtp, self.mailboxes) = (Some(smtp), mailboxes);
        self.connections_need();
        self
    }

    /// What is ill outside the state belongs on the same list.
    fn connections_need(&mut self) {
        self.needs.retain(|n| !OUTSIDE.contains(&n.why[0]));
        let mut more = Vec::new();
        if self.disk.is_some() {
            more.push(Need::of(
                Why::DiskFull,
                "make room on the disk of the store",
            ));
        }
        for mailbox in self.mailboxes.iter().filter(|m| m.last_error.is_some()) {
            let fix = mailbox
                .fix
                .unwrap_or("it is tried again by itself; look at the server");
            let since = mailbox.last_error.as_ref().map(|(at, _)| at.clone());
            let need = Need::of(Why::Mailbox, fix).about(&mailbox.name);
            more.push(Need { since, ..need });
        }
        if self.smtp.as_ref().is_some_and(|s| s.why.is_some()) {
            more.push(Need::of(Why::Smtp, "quitus check --online"));
        }
        for listener in self.guard.iter().filter(|l| !l.up) {
            let fix = "start the daemon again; its log says why the listener ended";
            let which = format!("{} on {}", listener.name, listener.listen);
            more.push(Need::of(Why::Guard, fix).about(which));
        }
        more.extend(self.daemon.iter().flat_map(DaemonReport::needs));
        if let Some(filing) = self.filing.as_ref().filter(|f| f.failing > 0) {
            let fix = "correct [mailbox.filing], or make the folder";
            more.push(Need::of(Why::Filing, fix).times(filing.failing));
        }
        more.extend(self.senders.iter().flat_map(sender_needs));
        more.extend(self.canary.iter().filter_map(CanaryReport::need));
        more.extend(self.logins.iter().filter_map(logins::need));
        more.extend(self.floods.iter().cloned());
        self.needs.extend(more);
        needs::in_order(&mut self.needs);
    }

    /// Every class of what waits, as `waiting` names those that do.
    pub fn classes() -> [&'static str; 9] {
        crate::record::Waiting::ALL.map(waiting::name)
    }

    /// Whether the operator should look: something is ill, or the law is hurt; not what waits by somebody's choice.
    pub fn is_ill(&self) -> bool {
        self.needs.iter().any(Need::is_urgent)
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
        writeln!(
            f,
            "after STOP {} mails went out after a STOP (goal 0), {} of them open",
            self.mails_after_stop_ever, self.mails_after_stop
        )?;
        writeln!(f, "wrong      {}", self.wrong_letters)?;
        if !self.senders.is_empty() {
            let late = self.notices_late;
            writeln!(
                f,
                "notices    {late} not confirmed by the tools that send after an hour (goal 0)"
            )?;
        }
        if self.owner_notices != OwnersReport::default() {
            writeln!(f, "owners     {}", self.owner_notices)?;
        }
        self.what_waits(f)?;
        self.connections(f)?;
        self.needs(f)
    }
}

impl Status {
    fn what_waits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(filing) = &self.filing {
            writeln!(f, "filing     {filing}")?;
        }
        if let Some((case, kind, at)) = &self.next_due {
            writeln!(f, "due        {kind} of {case} by {at}")?;
        }
        if let Some(full) = &self.disk {
            writeln!(
                f,
                "STOPPED    {full}: nothing is fetched or sent until there is room"
            )?;
        }
        for place in self.flags.iter().flat_map(|row| &row.what) {
            writeln!(f, "damaged    {place}")?;
        }
        Ok(())
    }

    /// The list, last, so that it stands where the eye is.
    fn needs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.needs.is_empty() {
            return writeln!(f, "needs you  nothing waits for a human");
        }
        for need in self.needs.iter().take(SHOWN) {
            writeln!(
                f,
                "needs you  {}\n           → {}",
                need.line(),
                need.command
            )?;
        }
        match self.needs.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => writeln!(
                f,
                "           and {more} more: quitus status --json, quitus requests list"
            ),
        }
    }

    fn connections(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mailbox in &self.mailboxes {
            write!(f, "{mailbox}")?;
        }
        for sender in &self.senders {
            writeln!(f, "sender     {sender}")?;
        }
        if let Some(smtp) = &self.smtp {
            writeln!(f, "smtp       {smtp}")?;
        }
        for login in &self.logins {
            writeln!(f, "log-in     {login}")?;
        }
        for canary in &self.canary {
            writeln!(f, "canary     {canary}")?;
        }
        for listener in &self.guard {
            write!(f, "{listener}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
