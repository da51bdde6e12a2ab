//! What a letter that has left answers, and what it does not.

use super::*;
use crate::record::{CaseId, KeyId, LogPosition, Timestamp};

fn case(requests: &[(RequestKind, RequestState)]) -> CaseRow {
    let at = Timestamp::from_millis(0);
    let clock = |(request, state): &(RequestKind, RequestState)| Clock {
        request: *request,
        state: *state,
        received: at,
        target: at,
        due: at,
        reminders: 0,
    };
    CaseRow {
        version: 1,
        person: None,
        opened: at,
        language: None,
        requests: requests.iter().map(clock).collect(),
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
    }
}

/// What follows when a letter left that answers these requests of such a case.
fn follows(requests: &[(RequestKind, RequestState)]) -> Vec<Event> {
    let letter = LetterId {
        case: CaseId::from_bits(1),
        step: 0,
        series: 0,
    };
    let head = LetterHead {
        letter,
        kind: LetterKind::Answer,
        answers: requests.iter().map(|(kind, _)| *kind).collect(),
        person: None,
        domain: None,
        message: None,
        automatic: false,
    };
    answered(letter, &head, Some(&case(requests)), false, "auto")
}

#[test]
fn an_erasure_that_waits_for_a_proof_is_not_answered_by_its_letter_and_holds_the_case() {
    use RequestKind::{Erasure, Stop};
    use RequestState::{Answered, AwaitingIdentity, Open};
    let events = follows(&[(Stop, Open), (Erasure, AwaitingIdentity)]);
    let [
        Event::RequestMoved { request, state, .. },
        Event::CaseHeld { rule: held, .. },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!((*request, *state), (Stop, Answered));
    assert_eq!(*held, rule::IDENTITY);
}

#[test]
fn a_letter_that_answers_all_of_it_closes_the_case() {
    use RequestKind::{Access, Erasure};
    use RequestState::{AwaitingIdentity, Open};
    for kinds in [[(Erasure, Open)], [(Access, AwaitingIdentity)]] {
        let events = follows(&kinds);
        let closes = |e: &Event| matches!(e, Event::CaseClosed { .. });
        assert!(events.len() == 2 && events.iter().any(closes), "{events:?}");
    }
}
