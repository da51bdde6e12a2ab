//! Which open case a message joins (design, Case life): that of its thread, or one of the person in which such a thing is asked.
//!
//! What was answered or refused has no clock any more, though its case may be open for something else. Asked again, it is no
//! reminder: it gets a clock, and so a case of its own, linked to the one before. What still runs in any open case of the
//! person is a reminder of that case, whichever one the message joins: nobody waits for two answers to one request.

use crate::record::{Clock, PersonId, RequestKind, RequestState};
use crate::request::situation::{Case, Situation};

/// The case that it joins; and the case that comes first, if that is passed over because it answered or refused what is asked
/// again.
pub(super) fn nearest<'a>(
    s: &'a Situation<'_>,
    person: Option<PersonId>,
    kinds: &[RequestKind],
) -> (Option<&'a Case>, Option<&'a Case>) {
    let ended = |c: &Case| {
        let mut clocks = kinds.iter().filter_map(|k| clock(c, *k));
        clocks.any(|r| !runs(r))
    };
    let near = near(s, person, kinds);
    let passed_over = near.first().copied().filter(|c| ended(c));
    let joins = near.iter().copied().find(|c| !ended(c));
    // C2: the same mail asks nothing anew, so what has ended opens nothing.
    if let Some(copy) = &s.history.same_mail {
        let mut open = all_open(s);
        let of_copy = open.find(|c| Some(c.id) == copy.case);
        return (of_copy.or(joins).or(passed_over), None);
    }
    // Where all of it runs somewhere, nothing is left that a case of its own would be for.
    let somewhere = |k: &RequestKind| near.iter().any(|c| runs_in(c, *k));
    let only_reminds = || {
        let all = kinds.iter().all(somewhere);
        let mut near = near.iter().copied().filter(|_| all);
        near.find(|c| kinds.iter().any(|k| runs_in(c, *k)))
    };
    (joins.or_else(only_reminds), passed_over)
}

/// What a message asks, beside what was asked before.
#[derive(Default)]
pub(super) struct Asked<'a> {
    /// It has a clock in the case that the message joins.
    pub repeated: Vec<RequestKind>,
    /// It still runs in another open case of the person: this one.
    pub beside: Vec<(&'a Case, RequestKind)>,
    /// It gets a clock.
    pub fresh: Vec<RequestKind>,
}

impl<'a> Asked<'a> {
    /// In a message that joins this case, or opens one.
    pub fn of(
        s: &'a Situation<'_>,
        person: Option<PersonId>,
        joins: Option<&Case>,
        kinds: &[RequestKind],
    ) -> Self {
        let joined = joins.map(|c| c.id);
        let mut others = near(s, person, kinds);
        others.retain(|c| Some(c.id) != joined);
        let mut asked = Self::default();
        for kind in kinds.iter().copied() {
            let here = joins.and_then(|c| clock(c, kind));
            let runs_here = here.is_some_and(runs);
            let elsewhere = others.iter().copied().find(|c| runs_in(c, kind));
            match elsewhere.filter(|_| !runs_here) {
                Some(other) => asked.beside.push((other, kind)),
                None if here.is_some() => asked.repeated.push(kind),
                None => asked.fresh.push(kind),
            }
        }
        asked
    }
}

/// The case of its thread, then those of the person in which such a thing was asked; all of them open.
fn near<'a>(
    s: &'a Situation<'_>,
    person: Option<PersonId>,
    kinds: &[RequestKind],
) -> Vec<&'a Case> {
    let in_thread = s.history.thread_case.as_ref().map(|c| c.id);
    let has = |c: &Case| kinds.iter().any(|k| clock(c, *k).is_some());
    let theirs = |c: &Case| c.row.person == person && has(c);
    let is_near = |c: &&Case| Some(c.id) == in_thread || theirs(c);
    all_open(s).filter(is_near).collect()
}

fn all_open<'a>(s: &'a Situation<'_>) -> impl Iterator<Item = &'a Case> {
    let all = s.history.thread_case.iter().chain(&s.history.open);
    all.filter(|c| c.row.closed.is_none())
}

fn runs_in(case: &Case, kind: RequestKind) -> bool {
    clock(case, kind).is_some_and(runs)
}

/// The clock of a request in a case.
fn clock(case: &Case, kind: RequestKind) -> Option<&Clock> {
    case.row.requests.iter().find(|r| r.request == kind)
}

/// Whether it waits for its answer.
fn runs(clock: &Clock) -> bool {
    matches!(
        clock.state,
        RequestState::Open | RequestState::AwaitingIdentity
    )
}
