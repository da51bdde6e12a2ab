//! What was sent, learned from Sent folders: whose reply is this, which lines are ours, was a colleague faster.
//!
//! Only keyed ids, people, dates and hashes of lines are kept. A mail to somebody who is suppressed is an incident.

use super::gathering::{self, Trouble};
use super::house::{House, LOOP_HEADER, Office};
use crate::mail::{self, Limits};
use crate::mailbox::Fetched;
use crate::record::{Event, MailIdHash, PersonId, Suppression, Timestamp};

/// Lines of one mail that are remembered.
const LINES: usize = 200;

/// What one mail in Sent teaches.
pub fn learn(office: &Office, house: &House, fetched: &Fetched) -> Result<Vec<Event>, Trouble> {
    let location = gathering::location(fetched);
    let passed = || Ok(vec![Event::Passed { location }]);
    let Ok(message) = mail::read(&fetched.raw, &Limits::default(), None, &()) else {
        return passed();
    };
    let Some(id) = &message.message_id else {
        return passed();
    };
    let reader = office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let mail = keys.mail_id(id);
    if state.letter_by_mail(mail)?.is_some() {
        // Our own letter, filed by the server or by us: it answers nothing by hand, and its lines are known.
        return passed();
    }
    if let Some(value) = message.signs.first(LOOP_HEADER) {
        let ours = (house.gate.is_our_loop)(value);
        return if ours {
            passed()
        } else {
            Ok(foreign(location, mail))
        };
    }
    let at = message
        .date
        .unwrap_or(fetched.internal_date)
        .min(fetched.internal_date);
    let mut events = Vec::new();
    let to = recipients(office, house, &message, (mail, at), &mut events)?;
    let mut answers: Vec<MailIdHash> = message
        .thread()
        .into_iter()
        .map(|id| keys.mail_id(id))
        .collect();
    answers.truncate(20);
    let text: Vec<&str> = std::iter::once(message.fresh.text.as_str())
        .chain(signature(&message))
        .collect();
    let mut lines = mail::line_hashes(&text.join("\n"));
    lines.truncate(LINES);
    events.push(Event::SentSeen {
        location: Some(location),
        mail,
        to,
        at,
        answers,
        lines,
    });
    Ok(events)
}

/// Whom it was sent to, colleagues apart; somebody who had asked to be left alone is an incident.
fn recipients(
    office: &Office,
    house: &House,
    message: &mail::InboundMessage,
    (mail, at): (MailIdHash, Timestamp),
    events: &mut Vec<Event>,
) -> Result<Vec<PersonId>, Trouble> {
    let reader = office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let mut to: Vec<PersonId> = Vec::new();
    for address in message.to.iter().chain(&message.cc) {
        if house.gate.own_domains.iter().any(|d| d == address.domain()) {
            continue;
        }
        let fingerprints = keys.of_address(address);
        let known = state.person_of(&fingerprints)?;
        let person = known.unwrap_or_else(|| keys.person(address));
        if known.is_none() {
            events.push(Event::Recognised {
                person,
                fingerprints,
            });
        }
        let held = state
            .person(person)?
            .suppression
            .filter(|s| s.suppression == Suppression::Suppressed);
        // An answer to what the person wrote is no prospecting.
        if held.is_some_and(|s| at > s.since) && message.in_reply_to.is_empty() {
            tracing::error!(to = %address.masked(), "a mail was sent to somebody who asked to be left alone");
            events.push(Event::MailAfterStop { person, mail, at });
        }
        if !to.contains(&person) {
            to.push(person);
        }
    }
    Ok(to)
}

/// What we sign and add under our own mails is ours as well, when somebody quotes it without a mark.
fn signature(message: &mail::InboundMessage) -> impl Iterator<Item = &str> {
    let own = |kind| {
        matches!(
            kind,
            mail::ElidedKind::Signature | mail::ElidedKind::Disclaimer
        )
    };
    message
        .fresh
        .elided
        .iter()
        .filter(move |e| own(e.kind))
        .map(|e| e.text.as_str())
}

/// A letter of a Quitus that is not this one: two answer the same mailbox.
fn foreign(location: crate::record::Location, mail: MailIdHash) -> Vec<Event> {
    tracing::error!(
        "another installation of Quitus answers this mailbox; no letter is sent until one of them is stopped"
    );
    vec![Event::Passed { location }, Event::ForeignInstance { mail }]
}
