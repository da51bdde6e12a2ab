//! More time counts from when the person was told of it, within the first month (Art. 12(3) GDPR): when the letter that says so
//! has left, or a human told them another way.
//!
//! Until then the first legal end holds wherever a clock is looked at, and it holds again if the letter comes back.

use super::drafting::{CaseFile, is_open};
use super::gathering::Trouble;
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
    /// The word that the API says.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::OnItsWay => "on_its_way",
            Self::None => "none",
        }
    }

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
    go_on(house, case, open(row), (at, by))
}

fn go_on<'r>(
    house: &House,
    case: CaseId,
    clocks: impl Iterator<Item = &'r Clock>,
    (at, by): (Timestamp, &str),
) -> Vec<Event> {
    let calendar = &house.config.policy.calendar;
    let in_time = |r: &&Clock| at <= calendar.deadlines(r.received).due;
    let later = clocks.filter(in_time);
    let later = later.map(|r| (r, calendar.extension(r.received)));
    let later = later.filter(|(r, due)| r.due < *due);
    later.map(|(r, due)| moved(case, r, due, by)).collect()
}

/// The person was not told after all: the first end holds again. The house's own target is the legal end from then on, since
/// `RequestExtended` moves both: what was extended is looked at late enough to be urgent anyway.
pub fn undone(house: &House, case: CaseId, row: &CaseRow, by: &str) -> Vec<Event> {
    let calendar = &house.config.policy.calendar;
    let first = open(row).map(|r| (r, calendar.deadlines(r.received).due));
    let first = first.filter(|(r, due)| r.due > *due);
    first.map(|(r, due)| moved(case, r, due, by)).collect()
}

/// The events that belong to a letter that left for good at this moment. It tells of nothing that was asked after it was
/// written.
pub(super) fn with_letter(
    office: &Office,
    head: &LetterHead,
    at: Timestamp,
    by: &str,
) -> Vec<Event> {
    if head.kind != LetterKind::Extension {
        return Vec::new();
    }
    let case = head.letter.case;
    by_letter(office, head.letter, at, by).unwrap_or_else(|why| {
        tracing::error!(%case, %why, "the clocks that the letter extends are left as they are");
        Vec::new()
    })
}

fn by_letter(
    office: &Office,
    letter: LetterId,
    at: Timestamp,
    by: &str,
) -> Result<Vec<Event>, Trouble> {
    let (house, reader) = (office.house.load(), office.sequencer.reader());
    let (state, case) = (reader.state(), letter.case);
    let Some(row) = state.case(case)? else {
        return Ok(Vec::new());
    };
    // Where it was frozen, or printed.
    let place = state.letter(letter)?.and_then(|l| l.position);
    let written = place.map(|place| reader.frame(place)).transpose()?;
    let written = written.map_or(at, |frame| frame.at);
    Ok(go_on(&house, case, named(&row, written), (at, by)))
}

/// What a letter speaks of that was written at this moment.
fn named(row: &CaseRow, written: Timestamp) -> impl Iterator<Item = &Clock> {
    open(row).filter(move |r| r.received <= written)
}

/// The events that belong to letters that came back.
pub(super) fn came_back(
    office: &Office,
    letters: impl Iterator<Item = LetterId>,
) -> Result<Vec<Event>, Damaged> {
    let (house, state) = (office.house.load(), office.sequencer.reader().state());
    let mut events = Vec::new();
    for id in letters {
        // A second report about it, or one about a letter that nobody took, says nothing new.
        let told = state.letter(id)?.filter(|l| l.state == LetterState::Sent);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyId, LogPosition, RequestKind, RequestState};

    #[test]
    fn a_letter_speaks_of_nothing_that_was_asked_after_it_was_written() {
        let at = Timestamp::from_millis;
        let clock = |(request, received): (RequestKind, i64)| Clock {
            request,
            state: RequestState::Open,
            received: at(received),
            target: at(0),
            due: at(0),
            reminders: 0,
        };
        let asked = [
            (RequestKind::Access, 10),
            (RequestKind::Rectification, 20),
            (RequestKind::Erasure, 30),
        ];
        let row = CaseRow {
            version: 1,
            person: None,
            opened: at(10),
            language: None,
            requests: asked.into_iter().map(clock).collect(),
            messages: Vec::new(),
            steps: 1,
            held: None,
            closed: None,
            content_key: KeyId(1),
            proof_key: KeyId(2),
            legal_hold: false,
            previous: None,
            position: LogPosition::default(),
            proposals: Vec::new(),
            review: Default::default(),
        };
        let kinds: Vec<RequestKind> = named(&row, at(20)).map(|c| c.request).collect();
        assert_eq!(kinds, [RequestKind::Access, RequestKind::Rectification]);
    }
}
