//! A mail went to somebody who must not be written to: a ready apology, held for a reviewer, in a case of its own.
//!
//! It is drafted with the incident and never leaves by itself. Several mails to one person within a day are one case and
//! one letter, as long as that letter is a draft. The tools that had obeyed are told again: what they said did not hold,
//! and the letter claims only what they say after it.

use super::gathering::{self, Trouble};
use super::house::{House, Office};
use super::notices::{self, InSight};
use crate::record::{
    Address, CaseId, CaseRow, Event, KeyKind, LetterHead, LetterId, LetterKind, LetterState,
    MailIdHash, PersonId, PersonRow, Proof, RequestKind, Review, State, SuppressionReason,
    Timestamp,
};
use crate::request::{Expectation, rule};
use crate::store::Reader;

/// Mails of one step of a campaign: they went out within so many milliseconds.
const ONE_STEP: i64 = 24 * 3_600_000;

/// A mail after a suppression.
pub(super) struct Incident<'a> {
    /// To whom.
    pub person: PersonId,
    /// Where it went.
    pub address: &'a Address,
    /// Its Message-ID.
    pub mail: MailIdHash,
    /// When it was sent.
    pub at: Timestamp,
}

/// The case of the apology, after the incident's own event; `before` and `events` are what stands in the frame already.
pub(super) fn apologise(
    reader: &Reader,
    incident: &Incident<'_>,
    before: &[Event],
    events: &[Event],
) -> Result<Vec<Event>, Trouble> {
    let state = reader.state();
    let row = state.person(incident.person)?;
    let known = match of_frame(before.iter().chain(events), incident) {
        Some((_, mails)) if mails.contains(&incident.mail) => return Ok(Vec::new()),
        Some((case, _)) => Some(case),
        None => match of_state(&state, &row, incident)? {
            Known::Told => return Ok(Vec::new()),
            Known::Open(case) => Some(case),
            Known::No => None,
        },
    };
    let (mut events, case) = match known {
        Some(case) => (Vec::new(), case),
        None => opened(reader, &row, incident)?,
    };
    events.push(Event::Reviewed(Review::MailAfterStop {
        case,
        mail: incident.mail,
        at: incident.at,
    }));
    Ok(events)
}

/// What the index knows of this incident.
enum Known {
    /// It stands in a case already: the mail was seen in another place.
    Told,
    /// A case of the same step, whose letter is still a draft.
    Open(CaseId),
    /// Nothing.
    No,
}

fn of_state(state: &State<'_>, row: &PersonRow, incident: &Incident<'_>) -> Result<Known, Trouble> {
    let mut found = Known::No;
    for id in row.open.iter().chain(&row.closed) {
        let Some(case) = state.case(*id)? else {
            continue;
        };
        let mails = &case.review.mails;
        if mails.iter().any(|(mail, _)| *mail == incident.mail) {
            return Ok(Known::Told);
        }
        let same_step = mails.iter().any(|(_, at)| is_near(*at, incident.at));
        if same_step && case.closed.is_none() && waits(state, *id)? {
            found = Known::Open(*id);
        }
    }
    Ok(found)
}

fn is_near(one: Timestamp, other: Timestamp) -> bool {
    one.millis_since(other).abs() < ONE_STEP
}

fn waits(state: &State<'_>, case: CaseId) -> Result<bool, Trouble> {
    let letters = state.letters(case)?;
    Ok(letters.iter().any(|(_, l)| l.state == LetterState::Draft))
}

/// The case that an earlier mail of the same frame opened, or joined, and its mails.
fn of_frame<'e>(
    before: impl Iterator<Item = &'e Event> + Clone,
    incident: &Incident<'_>,
) -> Option<(CaseId, Vec<MailIdHash>)> {
    let of_person = |event: &Event| match event {
        Event::CaseOpened { case, person, .. } if *person == Some(incident.person) => Some(*case),
        _ => None,
    };
    let case = before.clone().find_map(of_person)?;
    let mail = |event: &Event| match event {
        Event::Reviewed(Review::MailAfterStop { case: c, mail, at })
            if *c == case && is_near(*at, incident.at) =>
        {
            Some(*mail)
        }
        _ => None,
    };
    let mails: Vec<_> = before.filter_map(mail).collect();
    (!mails.is_empty()).then_some((case, mails))
}

/// A case without a clock: nobody asked for anything, but a human must answer.
fn opened(
    reader: &Reader,
    row: &PersonRow,
    incident: &Incident<'_>,
) -> Result<(Vec<Event>, CaseId), Trouble> {
    let case = gathering::fresh_case()?;
    let previous = row.open.last().or(row.closed.last()).copied();
    let last: Option<CaseRow> = previous
        .map(|c| reader.state().case(c))
        .transpose()?
        .flatten();
    let content_key = reader.allocate(KeyKind::Content)?;
    let proof_key = reader.allocate(KeyKind::Proof)?;
    let proof = Proof {
        from: Some(incident.address.clone()),
        evidence: Vec::new(),
        identity: "the address that was written to after the suppression".into(),
    };
    let head = head(case, incident.person);
    let rule = rule::MAIL_AFTER_STOP;
    let events = vec![
        Event::CaseOpened {
            case,
            person: Some(incident.person),
            message: None,
            received: incident.at,
            language: last.and_then(|c| c.language),
            content_key,
            proof_key,
            proof: Some(reader.seal(proof_key, &proof)?),
            previous,
        },
        Event::LetterDrafted {
            head,
            rule: rule.clone(),
        },
        Event::CaseHeld { case, rule },
    ];
    Ok((events, case))
}

/// The letter: it answers no request.
fn head(case: CaseId, person: PersonId) -> LetterHead {
    LetterHead {
        letter: LetterId {
            case,
            step: 0,
            series: 0,
        },
        kind: LetterKind::Apology,
        answers: Vec::new(),
        person: Some(person),
        domain: None,
        message: None,
        automatic: false,
    }
}

/// The persons to whom these events say that mail went, as they are now: of two mails at once one is looked at again.
pub(super) fn expected(reader: &Reader, events: &[Event]) -> Result<Vec<Expectation>, Trouble> {
    let mut all: Vec<Expectation> = Vec::new();
    for event in events {
        if let Event::MailAfterStop { person, .. } = event {
            let version = reader.state().person(*person)?.version;
            let unchanged = Expectation::Person {
                id: *person,
                version,
            };
            if !all.contains(&unchanged) {
                all.push(unchanged);
            }
        }
    }
    Ok(all)
}

/// The tools that send are told again: one of them did not obey, whatever it said.
pub(super) fn told_again(
    office: &Office,
    house: &House,
    events: &[Event],
    addresses: impl FnOnce() -> Vec<Address>,
) -> Result<Vec<Event>, Trouble> {
    let mut people: Vec<PersonId> = Vec::new();
    for event in events {
        if let Event::MailAfterStop { person, .. } = event
            && !people.contains(person)
        {
            people.push(*person);
        }
    }
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let sight = InSight {
        addresses: addresses(),
        ..InSight::default()
    };
    notices::ask_disproved(office, house, &people, &sight)
}

/// Whether whoever is suppressed so had asked not to be written to.
pub(super) fn asked(reason: SuppressionReason) -> bool {
    use RequestKind::{Erasure, Stop};
    use SuppressionReason::{NotInterested, OptedOut, Request};
    matches!(reason, Request(Stop | Erasure) | NotInterested | OptedOut)
}
