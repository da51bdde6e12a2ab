//! What people opted out of in the tools themselves comes in: once a night, and when a human asks for it.
//!
//! A suppression is never lost to a pull. What does not agree is told: somebody lifted here whom the tool still keeps out is
//! suppressed again, since they may have clicked meanwhile, but not before the tool has obeyed the lift: until then its list
//! says nothing new. Somebody whom the tool no longer keeps out is told to it again.

use super::asking::{InSight, ask, ask_again};
use crate::record::{
    Address, Concerned, Event, Notice, NoticeAct, NoticeEnd, PersonId, Suppression,
    SuppressionReason, Table, Timestamp, Told, decode,
};
use crate::sender::Connector;
use crate::service::gathering::Trouble;
use crate::service::house::{House, Office};
use crate::service::people;
use crate::service::sequencer::{Committed, Proposal};
use serde::Serialize;
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::timeout;

/// How long all pages of a list may take.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// People of one frame.
const CHUNK: usize = 200;
/// Rows of the index read at once.
const PAGE: usize = 10_000;

/// What a pull brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PullSummary {
    /// Addresses that the tool keeps out.
    pub listed: u64,
    /// Of these, suppressed here now.
    pub new: u64,
    /// Of these, lifted here before, and suppressed again: a human should look.
    pub lifted_here: u64,
    /// People who are suppressed here and no longer kept out there: told again.
    pub lost_there: u64,
    /// Of these, nobody knows the address any more: a human must do it there.
    pub untold: u64,
    /// Rows that hold no usable address.
    pub unreadable: u64,
}

/// Why nothing was pulled.
#[derive(Debug, thiserror::Error)]
pub enum PullFailure {
    /// The tool has trouble.
    #[error("{0}")]
    Sender(String),
    /// The store has.
    #[error(transparent)]
    Store(#[from] Trouble),
    /// The log did not take it.
    #[error("{0}")]
    Commit(String),
}

/// Asks the tool, and takes over what it knows.
pub async fn pull(
    office: &Office,
    house: &House,
    sender: &Connector,
    by: &str,
) -> Result<PullSummary, PullFailure> {
    let begun = office.clock.now();
    let pulled = timeout(PATIENCE, sender.pull()).await;
    let slow = |_| PullFailure::Sender("its list was not read to the end in half an hour".into());
    let pulled = pulled.map_err(slow)?;
    let pulled = pulled.map_err(|trouble| PullFailure::Sender(trouble.words))?;
    let mut summary = PullSummary {
        listed: pulled.addresses.len() as u64,
        unreadable: pulled.unreadable as u64,
        ..PullSummary::default()
    };
    let mut there = HashSet::new();
    for part in pulled.addresses.chunks(CHUNK) {
        let asked = (sender.name(), begun);
        let events = taken_over(office, house, asked, part, &mut there, &mut summary)?;
        commit(office, events).await?;
    }
    if pulled.complete {
        lost(office, house, sender.name(), &there, &mut summary).await?;
    }
    let event = Event::Notice(Notice::Pulled {
        sender: sender.name().to_owned(),
        listed: summary.listed,
        new: summary.new,
        conflicts: summary.lifted_here + summary.lost_there,
        by: by.to_owned(),
    });
    commit(office, vec![event]).await?;
    Ok(summary)
}

async fn commit(office: &Office, events: Vec<Event>) -> Result<(), PullFailure> {
    if events.is_empty() {
        return Ok(());
    }
    match office.sequencer.commit(Proposal::new(events)).await {
        Committed::Frame(_) => Ok(()),
        Committed::Conflict => Err(PullFailure::Commit("something came between".into())),
        Committed::Full(why) | Committed::Failed(why) => Err(PullFailure::Commit(why)),
    }
}

/// What is new of a part of the list: suppressed here, and told to every other sender.
fn taken_over(
    office: &Office,
    house: &House,
    (sender, begun): (&str, Timestamp),
    addresses: &[Address],
    there: &mut HashSet<PersonId>,
    summary: &mut PullSummary,
) -> Result<Vec<Event>, Trouble> {
    let reader = office.sequencer.reader();
    let mut events = Vec::new();
    for address in addresses {
        let known = people::known(reader, address)?;
        let (person, holds) = (known.person, known.row.suppression.as_ref());
        let suppressed = holds.is_some_and(|s| s.suppression == Suppression::Suppressed);
        if !there.insert(person) || suppressed {
            continue;
        }
        let told = reader.state().senders_told(&Concerned::Person(person))?;
        // It is there because we paused them, or because it has yet to let them in; nobody said STOP.
        let paused = holds.is_some() && told.told.iter().any(|t| was_paused(t, sender));
        if paused || told.told.iter().any(|t| is_lifted_since(t, sender, begun)) {
            continue;
        }
        let lifted = told.told.iter().any(|t| t.act == NoticeAct::Lift);
        summary.new += 1;
        summary.lifted_here += u64::from(lifted);
        if !known.fingerprints.is_empty() {
            events.push(Event::Recognised {
                person,
                fingerprints: known.fingerprints,
            });
        }
        events.push(Event::Suppressed {
            person,
            suppression: Suppression::Suppressed,
            reason: SuppressionReason::OptedOut,
            case: None,
        });
    }
    let sight = InSight {
        addresses: addresses.to_vec(),
        domains: Vec::new(),
        backlog: true,
    };
    let mut notices = ask(office, house, &events, &sight)?;
    let own: Vec<Event> = notices.iter().filter_map(|n| said_so(n, sender)).collect();
    notices.extend(own);
    events.extend(notices);
    Ok(events)
}

/// Whether this tool keeps somebody out because it was told of a pause.
fn was_paused(told: &Told, sender: &str) -> bool {
    let end = told.ended.as_ref().map(|(end, ..)| *end);
    told.sender == sender && told.act == NoticeAct::Pause && end == Some(NoticeEnd::Obeyed)
}

/// Whether this tool had yet to let somebody in when it was asked for its list.
fn is_lifted_since(told: &Told, sender: &str, begun: Timestamp) -> bool {
    let later = told.ended.as_ref().is_some_and(|(_, at, _)| *at > begun);
    told.sender == sender && told.act == NoticeAct::Lift && (told.is_open() || later)
}

/// The tool from which it comes need not be told.
fn said_so(notice: &Event, from: &str) -> Option<Event> {
    let Event::Notice(Notice::Due { sender, about, .. }) = notice else {
        return None;
    };
    (sender == from).then(|| {
        Event::Notice(Notice::Ended {
            sender: sender.clone(),
            about: *about,
            end: NoticeEnd::Obeyed,
            words: "it said so itself".into(),
            again: None,
        })
    })
}

/// People whom the tool once kept out and keeps out no more, though it should.
async fn lost(
    office: &Office,
    house: &House,
    sender: &str,
    there: &HashSet<PersonId>,
    summary: &mut PullSummary,
) -> Result<(), PullFailure> {
    let mut events = Vec::new();
    for person in should_be_there(office, sender)? {
        if there.contains(&person) {
            continue;
        }
        let state = office.sequencer.reader().state();
        let row = state.person(person).map_err(Trouble::from)?;
        let Some(holds) = row.suppression else {
            continue;
        };
        summary.lost_there += 1;
        match ask_again(office, house, person, holds.suppression, sender)? {
            notices if notices.is_empty() => summary.untold += 1,
            notices => events.extend(notices),
        }
        if events.len() >= CHUNK {
            commit(office, std::mem::take(&mut events)).await?;
        }
    }
    commit(office, events).await
}

/// Whom this sender said to have suppressed for good.
fn should_be_there(office: &Office, sender: &str) -> Result<Vec<PersonId>, Trouble> {
    let rows = office.sequencer.reader().state().0;
    let (mut people, mut from) = (Vec::new(), Vec::new());
    loop {
        let page = rows.scan(Table::Told, b"p", &from, PAGE)?;
        for (key, value) in &page {
            let row: crate::record::NoticeRow = decode(value)?;
            let obeys = |t: &Told| {
                let end = t.ended.as_ref().map(|(end, ..)| *end);
                t.sender == sender && t.act == NoticeAct::Suppress && end == Some(NoticeEnd::Obeyed)
            };
            if let (true, Ok(id)) = (row.told.iter().any(obeys), <[u8; 16]>::try_from(&key[1..])) {
                people.push(PersonId(id));
            }
        }
        let Some((last, _)) = page.last().filter(|_| page.len() == PAGE) else {
            return Ok(people);
        };
        from = [last.as_slice(), &[0]].concat();
    }
}
