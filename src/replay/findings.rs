//! What was found in a mailbox's past, as data: what `--json` prints, what the report says, what "apply" relies on.
//!
//! The keys are a promise to programs: a change is a new key at the end. Addresses stand here in full; `masked` makes a copy for
//! whoever need not know them.

use super::mask;
use super::note::Passed;
use crate::record::{Language, RequestKind, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// When it was told; "overdue" means on that day.
    pub told: Timestamp,
    /// The oldest and the newest message that was read.
    pub from: Option<Timestamp>,
    /// The newest.
    pub until: Option<Timestamp>,
    /// The mailboxes or files.
    pub sources: Vec<String>,
    /// What could not be read at all, and why.
    pub trouble: Vec<String>,
    /// How much was read, and what was not.
    pub counts: Counts,
    /// Who asked to be left alone, surely enough for the machine to obey.
    pub objections: Vec<Heard>,
    /// Who may have asked it: a human must look.
    pub doubtful: Vec<Heard>,
    /// Requests with a clock, the one that is overdue longest first; what was answered last.
    pub requests: Vec<Asked>,
    /// Who was mailed after they had asked to be left alone.
    pub mailed_after: Vec<MailedAfter>,
    /// Robots that repeat themselves.
    pub robots: Vec<Repeats>,
    /// Marks of warm-up tools.
    pub warm_up: Marks,
    /// What would wait for a human, by rule.
    pub held: Vec<Held>,
    /// Letters that would have left by themselves.
    pub letters: Vec<Letters>,
    /// Mail that came back.
    pub bounces: Vec<Bounced>,
    /// Who has left their firm.
    pub left: Vec<Heard>,
    /// Messages that only said that somebody is away.
    pub absent: u64,
    /// Whether there was any sent mail to compare with.
    pub knows_sent: bool,
}

/// How much was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Messages to us whose text was read.
    pub read: u64,
    /// Mails of ours.
    pub sent: u64,
    /// Messages that answer a mail of ours, or come from somebody whom we wrote to.
    pub replies: u64,
    /// What was passed over, and why.
    pub passed: BTreeMap<Passed, u64>,
    /// How messages would have ended, by the state's word.
    pub ended: BTreeMap<String, u64>,
}

/// Somebody said something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// Who.
    pub who: String,
    /// The address that was written to, if they answered from another one: it is meant as well.
    pub also: Option<String>,
    /// When.
    pub at: Timestamp,
    /// In which language, if that was told.
    pub language: Option<Language>,
    /// What was asked.
    pub kinds: Vec<RequestKind>,
    /// The words that decided.
    pub words: String,
    /// The rule by which it would have ended.
    pub rule: String,
    /// When a human answered in the thread.
    pub answered: Option<Timestamp>,
    /// Where it lies.
    pub folder: String,
}

/// A request with a clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Who.
    pub who: String,
    /// What.
    pub kind: RequestKind,
    /// When.
    pub at: Timestamp,
    /// The legal end: one calendar month.
    pub due: Timestamp,
    /// Days since then, if nobody answered.
    pub overdue: Option<i64>,
    /// When a human answered in the thread.
    pub answered: Option<Timestamp>,
    /// In which language.
    pub language: Option<Language>,
    /// The words that decided.
    pub words: String,
    /// The rule by which it would have ended.
    pub rule: String,
    /// Where it lies.
    pub folder: String,
}

/// Somebody was mailed after their STOP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MailedAfter {
    /// Who.
    pub who: String,
    /// When they asked.
    pub stopped: Timestamp,
    /// How many mails since, answers apart.
    pub mails: u64,
    /// The last of them.
    pub last: Timestamp,
    /// Whole days from the STOP to the last.
    pub days: i64,
}

/// A robot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repeats {
    /// Who.
    pub who: String,
    /// How often.
    pub times: u64,
    /// What said that it is one.
    pub sign: String,
}

/// Marks for `[house.warm_up]`, each with the number of messages that carry it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Marks {
    /// Words.
    pub tags: Vec<(String, usize)>,
    /// Header fields.
    pub headers: Vec<(String, usize)>,
}

/// Messages that would wait for a human.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Why.
    pub rule: String,
    /// How many.
    pub times: u64,
}

/// Letters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Letters {
    /// What they answer.
    pub answers: Vec<RequestKind>,
    /// They only say that it was received.
    pub acknowledgement: bool,
    /// In which language.
    pub language: Language,
    /// How many.
    pub times: u64,
}

/// An address that mail came back from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounced {
    /// Whose.
    pub who: String,
    /// When last.
    pub at: Timestamp,
    /// RFC 3463.
    pub status: String,
    /// It does not exist, as far as the server knows.
    pub hard: bool,
    /// How often.
    pub times: u64,
}

impl Findings {
    /// Requests that nobody answered in time.
    pub fn overdue(&self) -> impl Iterator<Item = &Asked> {
        self.requests.iter().filter(|r| r.overdue.is_some())
    }

    /// Whether a human should look: what `replay` ends with 1 for.
    pub fn is_grave(&self) -> bool {
        let unreadable = self.counts.passed.get(&Passed::Unreadable);
        !self.objections.is_empty()
            || !self.mailed_after.is_empty()
            || self.overdue().next().is_some()
            || !self.trouble.is_empty()
            || unreadable.is_some_and(|n| *n > 0)
    }

    /// The addresses to be suppressed, each once, with the message that asks it.
    pub fn stops(&self) -> Vec<(&str, &Heard)> {
        let mut stops: Vec<(&str, &Heard)> = Vec::new();
        for heard in &self.objections {
            for who in std::iter::once(&heard.who).chain(&heard.also) {
                if stops.iter().all(|(known, _)| known != who) {
                    stops.push((who, heard));
                }
            }
        }
        stops
    }

    /// A copy without full addresses, also in the words that people wrote.
    pub fn masked(&self) -> Self {
        let mut copy = self.clone();
        for heard in (copy.objections.iter_mut())
            .chain(&mut copy.doubtful)
            .chain(&mut copy.left)
        {
            mask::address(&mut heard.who);
            heard.also.iter_mut().for_each(mask::address);
            mask::words(&mut heard.words);
        }
        for asked in &mut copy.requests {
            mask::address(&mut asked.who);
            mask::words(&mut asked.words);
        }
        copy.mailed_after
            .iter_mut()
            .for_each(|m| mask::address(&mut m.who));
        copy.robots
            .iter_mut()
            .for_each(|r| mask::address(&mut r.who));
        copy.bounces
            .iter_mut()
            .for_each(|b| mask::address(&mut b.who));
        copy
    }
}
