//! The people and the open cases of a situation.

use super::Case;
use quitus::record::*;
use quitus::request::{self, Known};

pub const NOW: Timestamp = Timestamp::from_seconds(1_795_428_000); // Monday 2026-11-23 10:00 UTC

pub fn keys() -> Fingerprinter {
    Fingerprinter::new(vec![[1; 32]], [2; 32])
}

pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn clock(request: RequestKind) -> Vec<(RequestKind, RequestState)> {
    vec![(request, RequestState::Open)]
}

/// The clock of what was answered.
pub fn ended(request: RequestKind) -> Option<Clock> {
    let like = open_case(request, PersonId([0; 16]), false).row.requests;
    like.into_iter().next().map(|clock| Clock {
        state: RequestState::Answered,
        ..clock
    })
}

pub fn open_case(kind: RequestKind, person: PersonId, closed: bool) -> request::Case {
    let requests = clock(kind).into_iter().map(|(request, state)| Clock {
        request,
        state,
        received: NOW.plus_days(-2),
        target: NOW.plus_days(20),
        due: NOW.plus_days(28),
        reminders: 0,
    });
    let row = CaseRow {
        version: 3,
        person: Some(person),
        opened: NOW.plus_days(-2),
        language: Some(Language::Fr),
        requests: requests.collect(),
        messages: Vec::new(),
        steps: 1,
        held: None,
        closed: closed.then_some(NOW.plus_days(-1)),
        content_key: KeyId(70),
        proof_key: KeyId(71),
        legal_hold: false,
        previous: None,
        position: LogPosition::default(),
        proposals: Vec::new(),
        review: Default::default(),
    };
    request::Case {
        id: CaseId::from_bits(7),
        row,
        letters: Vec::new(),
    }
}

pub fn someone(at: &str) -> Known {
    let (keys, at) = (keys(), address(at));
    Known {
        person: keys.person(&at),
        row: PersonRow::default(),
        contact: None,
        opened: None,
        fingerprints: keys.of_address(&at),
        last_mailed: None,
    }
}

pub fn prospect(case: &Case, has: &dyn Fn(&str) -> bool) -> Known {
    let mut known = someone("jean@entreprise.com");
    let facts = ContactFacts {
        relation: if has("customer") {
            Relation::Customer
        } else if has("relation_unknown") {
            Relation::Unknown
        } else {
            Relation::Prospect
        },
        freemail: has("freemail"),
        sourced: !has("vague"),
        campaign: None,
        owner: None,
        digest: [0; 16],
    };
    known.contact = Some(ContactRow {
        facts,
        key: KeyId(5),
        position: LogPosition::default(),
        stored: NOW,
    });
    let country = case.facts.iter().find_map(|f| f.strip_prefix("country:"));
    known.opened = Some(Contact {
        addresses: vec![address("jean@entreprise.com")],
        country: if has("no_country") {
            None
        } else {
            Some(country.unwrap_or("FR").into())
        },
        ..Contact::default()
    });
    known.fingerprints.clear();
    let row = &mut known.row;
    row.version = 2;
    let ago = |s: i64| NOW.plus_seconds(-s);
    if has("suppressed") || has("mailed_after") {
        row.suppression = Some(SuppressionRow {
            suppression: Suppression::Suppressed,
            since: ago(9 * 86_400),
            reason: SuppressionReason::ByHand,
            case: None,
        });
    }
    if has("suppressed_later") {
        row.suppression = Some(SuppressionRow {
            suppression: Suppression::Suppressed,
            since: NOW.plus_days(1),
            reason: SuppressionReason::ByHand,
            case: None,
        });
    }
    known.last_mailed = Some(ago(if has("mailed_after") {
        86_400
    } else {
        20 * 86_400
    }));
    let row = &mut known.row;
    if has("cap_week") {
        row.letters.push((ago(3 * 86_400), 0xff));
    }
    if has("cap_day") {
        row.letters
            .extend([(ago(60), 0), (ago(70), 0), (ago(80), 0)]);
    }
    row.failing_until = has("failing").then(|| NOW.plus_days(3));
    if has("repeated") {
        row.spoke = Some((99, ago(100)));
        row.last_letter = Some(ago(30));
    }
    known
}
