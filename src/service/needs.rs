//! What waits for a human, as one list: the most urgent first, then the oldest, each with the command that deals with it.
//!
//! `quitus status` and the reviewers' digest tell the same list (C8). A case stands in it once, with everything that it
//! waits for. Nothing here names a person: cases by their reference, messages by where they lie. Deliberately absent: what
//! waits by design and for nobody, a pause of a letter, an answer that a person owes us.

mod brought;
mod cases;
mod why;

pub use why::Why;

use crate::record::{
    About, CaseId, ContentKey, Damaged, EscalationStep, Fate, Flag, FlagRow, RequestKind, State,
    Timestamp, ToldRow, Waiting, hex,
};
use cases::Cases;
use serde::Serialize;

/// Rows of one kind that are looked at.
const LOOKED_AT: usize = 1_000;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// One thing that waits for a human.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Need {
    /// What for, the most urgent first; never empty.
    pub why: Vec<Why>,
    /// Which: a case's reference, a mailbox's name, where a message lies.
    pub subject: Option<String>,
    /// What a case asks; empty where nothing is certain, and for what is no case.
    pub asks: Vec<RequestKind>,
    /// How many things it stands for.
    pub count: u64,
    /// Since when, or since when the oldest of them (RFC 3339).
    pub since: Option<String>,
    /// The legal end that comes first (RFC 3339).
    pub due: Option<String>,
    /// Whole days until then; negative once it is past.
    pub days_left: Option<i64>,
    /// To whom a case was brought because nobody acted, the farthest.
    pub escalated: Option<EscalationStep>,
    /// What to type, or what to do.
    pub command: String,
    /// The key of a message that belongs to no open case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Need {
    /// One thing, of which only the reason and the command are known.
    pub fn of(why: Why, command: impl Into<String>) -> Self {
        Self {
            why: vec![why],
            subject: None,
            asks: Vec::new(),
            count: 1,
            since: None,
            due: None,
            days_left: None,
            escalated: None,
            command: command.into(),
            message: None,
        }
    }

    /// Named.
    pub fn about(self, subject: impl Into<String>) -> Self {
        Self {
            subject: Some(subject.into()),
            ..self
        }
    }

    /// Since then.
    pub fn since(self, since: impl ToString) -> Self {
        Self {
            since: Some(since.to_string()),
            ..self
        }
    }

    /// So many.
    pub fn times(self, count: u64) -> Self {
        Self { count, ..self }
    }

    /// Whether the house is ill by it, or the law hurt.
    pub fn is_urgent(&self) -> bool {
        self.why.iter().any(|w| w.is_urgent())
    }

    /// In a line: what, which, how long.
    pub fn line(&self) -> String {
        let why: Vec<&str> = self.why.iter().map(|w| w.words()).collect();
        let mut line = match &self.subject {
            Some(subject) => format!("{subject}: {}", why.join(", ")),
            None => why.join(", "),
        };
        if let Some(step) = self.escalated {
            line += &format!(", brought to the {}", step.word());
        }
        if self.count > 1 {
            line = format!("{} × {line}", self.count);
        }
        match (self.days_left, &self.due) {
            (Some(days), Some(due)) if days < 0 => line += &format!(" since {due}"),
            (Some(days), Some(due)) => line += &format!(", {days} days left (until {due})"),
            _ => {
                if let Some(since) = &self.since {
                    line += &format!(" (since {since})");
                }
            }
        }
        line
    }
}

/// The most urgent first, then what ends first, then the oldest.
pub fn in_order(needs: &mut [Need]) {
    needs.sort_by(|a, b| {
        let key = |n: &Need| (n.why.first().copied(), n.days_left.unwrap_or(i64::MAX));
        let since = (&a.since, &a.subject).cmp(&(&b.since, &b.subject));
        key(a).cmp(&key(b)).then(since)
    });
}

/// What the state alone knows of. A legal end within `soon` days counts as near.
pub fn of_state(state: &State<'_>, now: Timestamp, soon: u32) -> Result<Vec<Need>, Damaged> {
    let mut needs: Vec<Need> = state.flags()?.iter().map(flag).collect();
    let incidents = state.incidents()?;
    let open = incidents.iter().filter(|(_, row)| row.seen_by.is_none());
    if let Some(oldest) = open.clone().map(|(_, row)| row.at).min() {
        let need = Need::of(Why::Incident, "quitus incidents list");
        needs.push(need.times(open.count() as u64).since(oldest));
    }
    let told = state.every_told()?;
    // The next digest that arrives says so; after that nobody waits for the lost one.
    let repaired = |lost: &ToldRow| {
        let mut later = told.iter().filter(|row| row.at > lost.at);
        later.any(|row| {
            (row.reviewer, row.fate) == (lost.reviewer, Fate::Sent)
                && matches!(row.about, About::Digest(_))
        })
    };
    let lost =
        |row: &&ToldRow| matches!(row.fate, Fate::Uncertain | Fate::Refused) && !repaired(row);
    let lost = told.iter().filter(lost);
    if let Some(oldest) = lost.clone().map(|row| row.at).min() {
        let need = Need::of(Why::UncertainDigest, "quitus log, and [review] reviewers");
        needs.push(need.times(lost.count() as u64).since(oldest));
    }
    let mut held = Vec::new();
    for (class, why) in [
        (Waiting::DeadMessage, Why::DeadMessage),
        (Waiting::HeldMessage, Why::HeldMessage),
    ] {
        held.extend(messages(state, class, why, &mut needs)?);
    }
    let mut cases = Cases::gathered(state, now, soon, held)?.needs();
    brought::mark(&mut cases, &told);
    needs.extend(cases);
    let paused = state.counts()?.suppressed[0];
    if paused > 0 {
        let need = Need::of(Why::Paused, "quitus suppression list");
        needs.push(need.times(paused));
    }
    in_order(&mut needs);
    Ok(needs)
}

/// What these cases wait for, those that wait for anything: however many wait before them.
pub fn of_cases(
    state: &State<'_>,
    cases: &[CaseId],
    now: Timestamp,
    soon: u32,
) -> Result<Vec<Need>, Damaged> {
    let mut needs = Vec::new();
    for case in cases {
        needs.extend(Cases::one(state, now, soon, *case)?.needs());
    }
    brought::mark(&mut needs, &state.every_told()?);
    Ok(needs)
}

fn flag(row: &FlagRow) -> Need {
    let why = match row.flag {
        Flag::Damage => Why::Damage,
        Flag::ForeignInstance => Why::ForeignInstance,
    };
    let command = match row.flag {
        Flag::Damage => "quitus store verify, then quitus store acknowledge --reason …",
        Flag::ForeignInstance => "quitus store acknowledge --reason …",
    };
    Need::of(why, command).since(row.since)
}

/// Messages that belong to no open case: where each lies. Gives the open cases of the others.
fn messages(
    state: &State<'_>,
    class: Waiting,
    why: Why,
    needs: &mut Vec<Need>,
) -> Result<Vec<(CaseId, Timestamp)>, Damaged> {
    let mut held = Vec::new();
    for (since, id) in state.waiting(class, LOOKED_AT)? {
        let Ok(key) = <[u8; 16]>::try_from(id.as_slice()).map(ContentKey) else {
            continue;
        };
        let Some(row) = state.message(key)? else {
            continue;
        };
        if let Some(id) = row.case
            && state.case(id)?.is_some_and(|c| c.closed.is_none())
        {
            held.push((id, since));
            continue;
        }
        let folder = state.folder(row.location.folder)?;
        let place = folder.map(|f| format!("{} {} ", f.mailbox, f.name));
        let uid = row.location.uid;
        let need = Need::of(why, "look at it there; a request: quitus requests new …");
        let message = Some(hex(&key.0));
        let need = Need { message, ..need };
        let place = format!("{}UID {uid}", place.unwrap_or_default());
        needs.push(need.about(place).since(since));
    }
    Ok(held)
}

/// Whole days from one moment to another.
fn days(now: Timestamp, then: Timestamp) -> i64 {
    (then.millis() - now.millis()).div_euclid(DAY * 1000)
}
