//! What was sent, learned from Sent folders: whose reply is this, which lines are ours, was a colleague faster.
//!
//! Only keyed ids, people, dates and hashes of lines are kept. A mail to somebody who is suppressed is an incident.

use super::apologising::{Incident, apologise, told_again};
use super::gathering::{self, Trouble};
use super::house::{House, LOOP_HEADER, Office};
use crate::mail::{self, Limits};
use crate::mailbox::Fetched;
use crate::record::{Address, Event, Location, MailIdHash, PersonId, Suppression, Timestamp};
use crate::store::Reader;

/// Lines of one mail that are remembered.
const LINES: usize = 200;
/// Mails that one mail answers, at most.
pub(super) const ANSWERS: usize = 20;

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
    let mut events = seen(reader, house, &message, (location, mail, fetched))?;
    let addresses = || message.to.iter().chain(&message.cc).cloned().collect();
    let notices = told_again(office, house, &events, addresses)?;
    events.extend(notices);
    Ok(events)
}

/// A mail that somebody sent: whom it reached, what it answers, and the hashes of its lines.
fn seen(
    reader: &Reader,
    house: &House,
    message: &mail::InboundMessage,
    (location, mail, fetched): (Location, MailIdHash, &Fetched),
) -> Result<Vec<Event>, Trouble> {
    let keys = reader.fingerprinter();
    let at = message
        .date
        .unwrap_or(fetched.internal_date)
        .min(fetched.internal_date);
    let sent = Sent {
        mail,
        at,
        is_answer: !message.in_reply_to.is_empty(),
        before: &[],
    };
    let addresses = message.to.iter().chain(&message.cc);
    let mut events = Vec::new();
    let to = recipients(reader, house, addresses, &sent, &mut events)?;
    let thread = message.thread().into_iter();
    let text: Vec<&str> = std::iter::once(message.fresh.text.as_str())
        .chain(signature(message))
        .collect();
    events.push(Event::SentSeen {
        location: Some(location),
        mail,
        to,
        at,
        answers: thread.map(|id| keys.mail_id(id)).take(ANSWERS).collect(),
        lines: lines(&text.join("\n")),
    });
    Ok(events)
}

/// The hashes by which the lines of a mail are known again.
pub(super) fn lines(text: &str) -> Vec<u32> {
    let mut lines = mail::line_hashes(text);
    lines.truncate(LINES);
    lines
}

/// One mail of ours, as far as it may be an incident.
pub(super) struct Sent<'a> {
    /// Its Message-ID.
    pub mail: MailIdHash,
    /// When it was sent.
    pub at: Timestamp,
    /// It answers a mail: an answer to what the person wrote is no prospecting.
    pub is_answer: bool,
    /// What stands in the same frame already, of other mails.
    pub before: &'a [Event],
}

/// Whom it was sent to, colleagues apart; somebody who had asked to be left alone is an incident.
pub(super) fn recipients<'a>(
    reader: &Reader,
    house: &House,
    addresses: impl Iterator<Item = &'a Address>,
    sent: &Sent<'_>,
    events: &mut Vec<Event>,
) -> Result<Vec<PersonId>, Trouble> {
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let mut to: Vec<PersonId> = Vec::new();
    for address in addresses {
        if house.gate.own_domains.iter().any(|d| d == address.domain()) {
            continue;
        }
        let fingerprints = keys.of_address(address);
        let known = state.person_of(&fingerprints)?;
        let person = known.unwrap_or_else(|| keys.person(address));
        if to.contains(&person) {
            continue;
        }
        let recognised = Event::Recognised {
            person,
            fingerprints,
        };
        if known.is_none() && !events.contains(&recognised) {
            events.push(recognised);
        }
        let held = state.person(person)?.suppression;
        let stopped = held.filter(|s| s.suppression == Suppression::Suppressed);
        if stopped.is_some_and(|s| sent.at > s.since) && !sent.is_answer {
            let (mail, at) = (sent.mail, sent.at);
            tracing::error!(to = %address.masked(), "a mail was sent to somebody who asked to be left alone");
            let incident = Incident {
                person,
                address,
                mail,
                at,
            };
            let drafted = apologise(reader, &incident, sent.before, events)?;
            events.push(Event::MailAfterStop { person, mail, at });
            events.extend(drafted);
        }
        to.push(person);
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
fn foreign(location: Location, mail: MailIdHash) -> Vec<Event> {
    tracing::error!(
        "another installation of Quitus answers this mailbox; no letter is sent until one of them is stopped"
    );
    vec![Event::Passed { location }, Event::ForeignInstance { mail }]
}
