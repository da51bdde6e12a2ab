//! More time counts from when the person was told of it, within the first month (Art. 12(3) GDPR): when the letter that says so
//! has left, or a human told them another way.
//!
//! Until then the first legal end holds wherever a clock is looked at, and it holds again if the letter comes back.

use super::drafting::{CaseFile, is_open};
use super::house::{House, Office};
use crate::record::{
    CaseId, CaseRow, Clock, Damaged, Event, LetterHead, LetterId, LetterKind, LetterState,
    Timestamp,
};

/// How far an extension has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extension {
    /// The person was told, and the clocks go on.
    InForce,
    /// The letter that tells them waits, or is on its way.
    OnItsWay,
    /// There is none: nobody asked for one, or its letter came to nothing.
    None,
}

impl Extension {
    /// How it stands in this case.
    pub fn of(house: &House, case: &CaseFile) -> Self {
        let calendar = &house.config.policy.calendar;
        let goes_on = |r: &Clock| r.due > calendar.deadlines(r.received).due;
        if case.row.requests.iter().any(goes_on) {
            return Self::InForce;
        }
        use LetterState::{Bounced, Cancelled, Rejected, Sent};
        let alive = |state| !matches!(state, Bounced | Cancelled | Rejected | Sent);
        let mut letters = case.letters.iter();
        match letters.any(|l| l.head.kind == LetterKind::Extension && alive(l.state)) {
            true => Self::OnItsWay,
            false => Self::None,
        }
    }
}

/// Until when there is time once the person is told: what ends first of all that is open.
pub fn end(house: &House, row: &CaseRow) -> Option<Timestamp> {
    let calendar = &house.config.policy.calendar;
    let all = open(row).map(|r| calendar.extension(r.received));
    all.min()
}

/// The person was told at this moment: the clocks go on, those whose first month had not ended by then.
pub fn told(house: &House, case: CaseId, row: &CaseRow, at: Timestamp, by: &str) -> Vec<Event> {
    let calendar = &house.config.policy.calendar;
    let in_time = |r: &&Clock| at <= calendar.deadlines(r.received).due;
    let later = open(row).filter(in_time);
    let later = later.map(|r| (r, calendar.extension(r.received)));
    let later = later.filter(|(r, due)| r.due < *due);
    later.map(|(r, due)| moved(case, r, due, by)).collect()
}

/// The person was not told after all: the first end holds again.
pub fn undone(house: &House, case: CaseId, row: &CaseRow, by: &str) -> Vec<Event> {
    let calendar = &house.config.policy.calendar;
    let first = open(row).map(|r| (r, calendar.deadlines(r.received).due));
    let first = first.filter(|(r, due)| r.due > *due);
    first.map(|(r, due)| moved(case, r, due, by)).collect()
}

/// The events that belong to a letter that left for good at this moment.
pub(super) fn with_letter(
    office: &Office,
    head: &LetterHead,
    at: Timestamp,
    by: &str,
) -> Vec<Event> {
    if head.kind != LetterKind::Extension {
        return Vec::new();
    }
    let (case, house) = (head.letter.case, office.house.load());
    match office.sequencer.reader().state().case(case) {
        Ok(row) => row.map_or_else(Vec::new, |row| told(&house, case, &row, at, by)),
        Err(why) => {
            tracing::error!(%case, %why, "the clocks that the letter extends are left as they are");
            Vec::new()
        }
    }
}

/// The events that belong to letters that came back.
pub(super) fn came_back(
    office: &Office,
    letters: impl Iterator<Item = LetterId>,
) -> Result<Vec<Event>, Damaged> {
    let (house, state) = (office.house.load(), office.sequencer.reader().state());
    let mut events = Vec::new();
    for id in letters {
        let told = state.letter(id)?;
        if told.is_some_and(|l| l.head.kind == LetterKind::Extension)
            && let Some(row) = state.case(id.case)?
        {
            events.extend(undone(&house, id.case, &row, "auto"));
        }
    }
    Ok(events)
}

fn open(row: &CaseRow) -> impl Iterator<Item = &Clock> {
    row.requests.iter().filter(|r| is_open(r.state))
}

fn moved(case: CaseId, clock: &Clock, due: Timestamp, by: &str) -> Event {
    Event::RequestExtended {
        case,
        request: clock.request,
        due,
        by: by.to_owned(),
    }
}
