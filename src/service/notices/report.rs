//! How the senders are, for status: how many notices wait, since when the oldest, and what is wrong.

use super::nightly::subject;
use crate::record::{Damaged, NoticeAct, QueuedNotice, State, Timestamp};
use crate::sender::{Connector, Trouble};
use crate::service::outbox::lock;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Notices of one sender that are counted.
const COUNTED: usize = 10_000;
/// After so many seconds a notice that is not obeyed is an alert (design, Where a STOP takes effect).
const LATE: i64 = 3_600;

/// What went wrong last, by sender.
#[derive(Default)]
pub struct Troubles(Mutex<BTreeMap<String, (String, Timestamp)>>);

impl Troubles {
    /// It could not be told.
    pub(super) fn ill(&self, sender: &str, trouble: &Trouble, now: Timestamp) {
        let words = trouble.words.clone();
        let mut all = lock(&self.0);
        let since = all.get(sender).map_or(now, |(_, since)| *since);
        all.insert(sender.to_owned(), (words, since));
    }

    /// It was told.
    pub(super) fn well(&self, sender: &str) {
        lock(&self.0).remove(sender);
    }

    /// It is no longer configured.
    pub(super) fn forget(&self, sender: &str) {
        self.well(sender);
    }

    /// What is wrong with a sender, and since when.
    pub fn of(&self, sender: &str) -> Option<(String, Timestamp)> {
        lock(&self.0).get(sender).cloned()
    }
}

/// How one sender is.
#[derive(Clone, Debug, Serialize)]
pub struct SenderReport {
    /// The `[[sender]]`'s name.
    pub name: String,
    /// People and domains that it has not yet obeyed.
    pub waiting: u64,
    /// Since when the oldest of them (RFC 3339).
    pub oldest: Option<String>,
    /// How many of them wait longer than an hour; of what a human must do there, no lifts.
    pub late: u64,
    /// How many a human must do there.
    pub stuck: u64,
    /// What is wrong with it, and since when (RFC 3339), if a daemon runs.
    pub trouble: Option<(String, String)>,
    /// Why its own opt-outs could not be taken over, and since when (RFC 3339), if a daemon runs.
    pub pull_trouble: Option<(String, String)>,
    /// Whether calls of its description were never confirmed.
    pub unverified: bool,
    /// Whether the configuration knows it: one that it knows no more is told nothing, and has left what it did not obey.
    pub configured: bool,
}

impl SenderReport {
    /// Of every sender of the configuration, in its order; then of those that are no longer in it and have not obeyed.
    pub(in crate::service) fn of_all(
        state: &State<'_>,
        senders: &[Connector],
        troubles: Option<&Troubles>,
        now: Timestamp,
    ) -> Result<Vec<Self>, Damaged> {
        let one = |s: &Connector| Self::of(state, s, troubles, now);
        let mut all: Vec<Self> = senders.iter().map(one).collect::<Result<_, _>>()?;
        for name in state.senders_with_notices()? {
            if senders.iter().all(|s| s.name() != name) {
                let gone = Self::counted(state, &name, now)?;
                all.extend((gone.waiting > 0).then_some(gone));
            }
        }
        Ok(all)
    }

    /// The same without a daemon, which alone knows what went wrong last.
    pub fn of_state(
        state: &State<'_>,
        senders: &[Connector],
        now: Timestamp,
    ) -> Result<Vec<Self>, Damaged> {
        Self::of_all(state, senders, None, now)
    }

    fn of(
        state: &State<'_>,
        sender: &Connector,
        troubles: Option<&Troubles>,
        now: Timestamp,
    ) -> Result<Self, Damaged> {
        let trouble = |of: &str| {
            let known = troubles.and_then(|t| t.of(of));
            known.map(|(words, since)| (words, since.to_string()))
        };
        Ok(Self {
            trouble: trouble(sender.name()),
            pull_trouble: trouble(&subject(sender.name())),
            unverified: !sender.unverified().is_empty(),
            configured: true,
            ..Self::counted(state, sender.name(), now)?
        })
    }

    /// What its queue says, whether it is told or not.
    fn counted(state: &State<'_>, name: &str, now: Timestamp) -> Result<Self, Damaged> {
        let queue = state.notices(name, COUNTED)?;
        let (mut open, mut late) = (Vec::new(), 0);
        for queued in &queue {
            let since = state.open_since(name, queued, now)?;
            open.extend(since.map(|since| (since, &queued.1)));
        }
        for (since, notice) in &open {
            let waits = now.millis_since(*since) > 1000 * LATE;
            late += u64::from(waits && !is_lift_by_hand(state, name, notice)?);
        }
        Ok(Self {
            name: name.to_owned(),
            waiting: open.len() as u64,
            oldest: open.iter().map(|(s, _)| *s).min().map(|s| s.to_string()),
            late,
            stuck: open.iter().filter(|(_, n)| n.stuck).count() as u64,
            trouble: None,
            pull_trouble: None,
            unverified: false,
            configured: false,
        })
    }
}

/// Whether somebody must be let in there by hand: that can wait. A STOP or a pause that the tool refuses cannot, since it
/// mails on meanwhile.
fn is_lift_by_hand(
    state: &State<'_>,
    sender: &str,
    notice: &QueuedNotice,
) -> Result<bool, Damaged> {
    if !notice.stuck {
        return Ok(false);
    }
    let row = state.senders_told(&notice.about)?;
    let mut told = row.told.iter().filter(|t| t.sender == sender);
    Ok(told.any(|t| t.act == NoticeAct::Lift))
}

impl std::fmt::Display for SenderReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", self.name)?;
        if !self.configured {
            write!(f, "NO LONGER CONFIGURED, and told nothing; ")?;
        }
        match (self.waiting, &self.oldest) {
            (0, _) | (_, None) => write!(f, "has obeyed everything")?,
            (many, Some(oldest)) => write!(f, "{many} not obeyed yet, the oldest since {oldest}")?,
        }
        if self.late > 0 {
            write!(f, "; {} of them for more than an hour", self.late)?;
        }
        if self.stuck > 0 {
            write!(f, "; {} must be done there by hand", self.stuck)?;
        }
        if let Some((words, since)) = &self.trouble {
            write!(f, "; since {since}: {words}")?;
        }
        if let Some((words, since)) = &self.pull_trouble {
            write!(
                f,
                "; its opt-outs could not be taken over since {since}: {words}"
            )?;
        }
        Ok(())
    }
}
