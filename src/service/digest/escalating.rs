//! When a case is brought to more people, and to whom: from its clocks and who looked at it; without a clock of its own.
//!
//! The days are those of the month that ends with the legal end. They count from the arrival; after an extension, from 30
//! days before the new end; and where fewer than 30 days lie before the end (February), they shrink with it.

use crate::config::EscalationSettings;
use crate::record::{
    About, CaseId, CaseRow, Clock, Damaged, EscalationStep, RequestKind, State, Timestamp,
};
use crate::service::drafting::is_open;
use std::collections::BTreeSet;

const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;
/// The days of a month, as the settings count them.
const MONTH: i64 = 30;
/// More days than these from arrival to end: it was extended. A calendar month ends with a row of holidays at worst.
const LONGEST: i64 = 40;

/// Who hears of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Circle {
    /// Whoever reads.
    Readers,
    /// And the deputies.
    Deputies,
    /// And the controller.
    Everybody,
    /// The deputies alone.
    Others,
}

impl Circle {
    const fn of(step: EscalationStep) -> Self {
        match step {
            EscalationStep::Reviewer => Self::Readers,
            EscalationStep::Deputy => Self::Deputies,
            EscalationStep::Controller => Self::Everybody,
        }
    }
}

/// Everything that has come so far by now; whether it waits for a human is not asked here.
pub(super) fn reached(
    state: &State<'_>,
    settings: &EscalationSettings,
    now: Timestamp,
) -> Result<Vec<(About, Circle)>, Damaged> {
    let mut cases: BTreeSet<u64> = BTreeSet::new();
    let mut found = Vec::new();
    // All of them: a complaint is told at once however many clocks end before its own.
    for (_, case, _) in state.due(usize::MAX)? {
        if !cases.insert(case.bits()) {
            continue;
        }
        if let Some(row) = state.case(case)? {
            let seen = state.looked_at(case)?.map(|seen| seen.at);
            found.extend(of_case((case, &row), seen, settings, now));
        }
    }
    Ok(found)
}

/// The same of one case; `seen` is when somebody looked at it last.
fn of_case(
    (case, row): (CaseId, &CaseRow),
    seen: Option<Timestamp>,
    settings: &EscalationSettings,
    now: Timestamp,
) -> Vec<(About, Circle)> {
    let mut found = Vec::new();
    let open = || row.requests.iter().filter(|clock| is_open(clock.state));
    if let Some(first) = open().min_by_key(|clock| clock.due) {
        let end = first.due;
        let come = |step: &EscalationStep| moment(first, settings.day(*step)) <= now;
        for step in EscalationStep::ALL.into_iter().filter(come) {
            found.push((About::Escalation { case, step, end }, Circle::of(step)));
        }
    }
    let complaint = open().filter(|clock| clock.request == RequestKind::Complaint);
    if let Some(came) = complaint.map(|clock| clock.received).max() {
        found.push((About::Complaint(case), Circle::Readers));
        let patience = i64::from(settings.complaint_hours) * HOUR;
        let unseen = seen.is_none_or(|seen| seen < came);
        if unseen && now.millis_since(came) >= patience {
            found.push((About::Unseen(case), Circle::Others));
        }
    }
    found
}

/// When this day of a clock's month has come.
fn moment(clock: &Clock, day: u8) -> Timestamp {
    let whole = clock.due.millis_since(clock.received).max(0);
    let begins = match whole > LONGEST * DAY {
        true => clock.due.millis() - MONTH * DAY,
        false => clock.received.millis(),
    };
    let month = whole.min(MONTH * DAY);
    Timestamp::from_millis(begins + month * i64::from(day) / MONTH)
}

/// What a mail about this is called in its template.
pub(super) fn word(about: &[About]) -> Option<&'static str> {
    let of = |about: &About| match about {
        About::Escalation { step, .. } => Some((*step as u8, step.word())),
        About::Complaint(_) => Some((3, "complaint")),
        About::Unseen(_) => Some((4, "unseen")),
        About::Digest(_) | About::Flag(..) | About::Due(_) | About::Flood(_) => None,
    };
    about.iter().filter_map(of).max().map(|(_, word)| word)
}

#[cfg(test)]
mod tests;
