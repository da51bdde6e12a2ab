//! Puts what a sending tool says it has sent into the index of what was sent, as if it had lain in a Sent folder.
//!
//! Rows of one Message-ID are one mail, and what is known of it already stays: so the same export again, or a longer one,
//! adds only what is new. A mail that went to somebody after their STOP is an incident, as in a Sent folder. Only keyed
//! ids, people, times and hashes of lines are kept.

use super::{Handover, ImportFailure, Planned, Run, Tally};
use crate::record::{Address, Event, Fault, MailIdHash, Timestamp};
use crate::register::{ImportError, SentLine, Times, read_sent};
use crate::service::apologising::{expected, told_again};
use crate::service::gathering::Trouble;
use crate::service::house::{House, Office};
use crate::service::sent_index::{self, ANSWERS, Sent};
use crate::store::Reader;
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

/// Mails of one frame at most, so that mail is never kept waiting.
const CHUNK: usize = 1_000;
/// A clock of another machine may be so many hours ahead.
const AHEAD: i64 = 24;

/// What an import of sent mail did, or would do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SentSummary {
    /// Mails that were not known, or not to all of these recipients.
    pub stored: u64,
    /// Mails that were known, our own letters among them.
    pub unchanged: u64,
    /// Rows with a mistake.
    pub refused: u64,
    /// Of the stored: mails that went to somebody after their STOP.
    pub incidents: u64,
}

/// One mail, from all its rows.
#[derive(Clone)]
struct Mail {
    id: MailIdHash,
    to: Vec<Address>,
    /// The earliest of its rows.
    at: Timestamp,
    answers: Vec<MailIdHash>,
    lines: Vec<u32>,
}

/// Imports a list of sent mails, or says what it would do (`dry_run`). Returns the counts and each bad row with its line.
///
/// # Errors
/// If the list cannot be understood at all, or the store does not take it; single bad rows are no error.
pub async fn import_sent(
    office: &Office,
    handed: Handover<'_>,
    source: impl Read,
    dry_run: bool,
) -> Result<(SentSummary, Vec<Fault>), ImportFailure> {
    let list = super::whole(source)?;
    let house = office.house.load_full();
    let times = Times {
        zone: house.config.policy.calendar.zone.clone(),
        latest: office.clock.now().plus_seconds(AHEAD * 3600),
    };
    let mut run = Run::of(&office.sequencer, handed, &list, dry_run)?;
    let (own, name) = (office.clone(), handed.file.to_owned());
    // A long list takes seconds to read; mail goes on meanwhile.
    let reading = tokio::task::spawn_blocking(move || {
        let (rows, faults) = read_sent(&name, list.as_slice(), &times)?;
        Ok::<_, ImportError>((merged(&own, rows), faults))
    });
    let read = reading.await;
    let (mails, faults) = read.map_err(|e| ImportFailure::Refused(e.to_string()))??;
    let mut sum = SentSummary {
        refused: faults.len() as u64,
        ..SentSummary::default()
    };
    for mails in mails.chunks(CHUNK) {
        let (house, mails): (Arc<House>, Vec<Mail>) = (house.clone(), mails.to_vec());
        let office = office.clone();
        let told = run
            .frame(move |reader: &Reader, _| {
                let mut planned = plan(reader, &house, &mails)?;
                let to = || mails.iter().flat_map(|m| m.to.iter().cloned()).collect();
                let notices = told_again(&office, &house, &planned.events, to)?;
                planned.expectations = expected(reader, &planned.events)?;
                planned.events.extend(notices);
                Ok(planned)
            })
            .await?;
        sum.stored += told.stored;
        sum.unchanged += told.unchanged;
        sum.incidents += told.incidents;
    }
    run.end(Tally {
        stored: sum.stored,
        unchanged: sum.unchanged,
        refused: sum.refused,
    })
    .await?;
    Ok((sum, faults))
}

/// The mails, in the order in which the list first names them.
fn merged(office: &Office, rows: Vec<SentLine>) -> Vec<Mail> {
    let keys = office.keys();
    let mut mails: Vec<Mail> = Vec::new();
    let mut known: HashMap<MailIdHash, usize> = HashMap::new();
    for row in rows {
        let id = keys.mail_id(&row.message_id);
        let place = *known.entry(id).or_insert(mails.len());
        if place == mails.len() {
            mails.push(Mail {
                id,
                to: Vec::new(),
                at: row.at,
                answers: Vec::new(),
                lines: Vec::new(),
            });
        }
        let Some(mail) = mails.get_mut(place) else {
            continue;
        };
        mail.at = mail.at.min(row.at);
        add(&mut mail.to, row.to, usize::MAX);
        let answers = row.answers.iter().map(|id| keys.mail_id(id));
        add(&mut mail.answers, answers, ANSWERS);
        if mail.lines.is_empty() {
            mail.lines = sent_index::lines(&row.text);
        }
    }
    mails
}

/// Adds what is new, up to a number.
fn add<T: PartialEq>(all: &mut Vec<T>, more: impl IntoIterator<Item = T>, most: usize) {
    for one in more {
        if all.len() < most && !all.contains(&one) {
            all.push(one);
        }
    }
}

/// The events of some mails, as far as they say anything new.
fn plan(reader: &Reader, house: &House, mails: &[Mail]) -> Result<Planned<SentSummary>, Trouble> {
    let mut planned = Planned {
        events: Vec::new(),
        expectations: Vec::new(),
        told: SentSummary::default(),
    };
    for mail in mails {
        match news(reader, house, mail, &mut planned.events)? {
            None => planned.told.unchanged += 1,
            Some(incident) => {
                planned.told.stored += 1;
                planned.told.incidents += u64::from(incident);
            }
        }
    }
    Ok(planned)
}

/// The events of one mail, and whether it is an incident; nothing if all of it is known.
fn news(
    reader: &Reader,
    house: &House,
    mail: &Mail,
    events: &mut Vec<Event>,
) -> Result<Option<bool>, Trouble> {
    let state = reader.state();
    // Our own letter answers nothing by hand, and is known.
    if state.letter_by_mail(mail.id)?.is_some() {
        return Ok(None);
    }
    let known = state.sent(mail.id)?;
    let at = known.as_ref().map_or(mail.at, |row| row.at);
    let sent = Sent {
        mail: mail.id,
        at,
        is_answer: !mail.answers.is_empty(),
        before: events,
    };
    let mut own = Vec::new();
    let named = sent_index::recipients(reader, house, mail.to.iter(), &sent, &mut own)?;
    let mut to = known.as_ref().map(|row| row.to.clone()).unwrap_or_default();
    let before = to.len();
    add(&mut to, named, usize::MAX);
    if known.is_some() && to.len() == before {
        return Ok(None);
    }
    let incident = own.iter().any(|e| matches!(e, Event::MailAfterStop { .. }));
    // Somebody whom an earlier mail of the frame made known is not made known again.
    add(events, own, usize::MAX);
    events.push(Event::SentSeen {
        location: None,
        mail: mail.id,
        to,
        at,
        answers: mail.answers.clone(),
        lines: mail.lines.clone(),
    });
    Ok(Some(incident))
}
