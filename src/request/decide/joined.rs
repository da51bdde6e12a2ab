//! Which open case a message joins (design, Case life): that of its thread, or one of the person in which such a thing is asked.
//!
//! What was answered or refused has no clock any more, though its case may be open for something else. Asked again, it is no
//! reminder: it gets a clock, and so a case of its own, linked to the one before.

use crate::record::{Clock, PersonId, RequestKind, RequestState};
use crate::request::situation::{Case, Situation};

/// The case that it joins; and the case that comes first, if that is passed over because it answered or refused what is asked
/// again.
pub(super) fn nearest<'a>(
    s: &'a Situation<'_>,
    person: Option<PersonId>,
    kinds: &[RequestKind],
) -> (Option<&'a Case>, Option<&'a Case>) {
    let has = |c: &Case| kinds.iter().any(|k| clock(c, *k).is_some());
    let ended = |c: &Case| {
        let mut clocks = kinds.iter().filter_map(|k| clock(c, *k));
        clocks.any(|r| !runs(r))
    };
    let in_thread = s.history.thread_case.iter();
    let of_person = s.history.open.iter();
    let of_person = of_person.filter(|c| c.row.person == person && has(c));
    let near: Vec<&Case> = in_thread
        .chain(of_person)
        .filter(|c| c.row.closed.is_none())
        .collect();
    let joins = near.iter().copied().find(|c| !ended(c));
    let passed_over = near.first().copied().filter(|c| ended(c));
    (joins, passed_over)
}

/// The clock of a request in a case.
pub(super) fn clock(case: &Case, kind: RequestKind) -> Option<&Clock> {
    case.row.requests.iter().find(|r| r.request == kind)
}

/// Whether it waits for its answer.
pub(super) fn runs(clock: &Clock) -> bool {
    matches!(
        clock.state,
        RequestState::Open | RequestState::AwaitingIdentity
    )
}
