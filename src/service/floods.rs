//! Floods of STOPs (B11): what of a decision is counted, which floods nobody has looked at, and whom a batch lift would lift.
//!
//! Anybody can write a From. A STOP holds whoever sent it, and what nothing proved is remembered, so that a human can take
//! a forged flood back in one batch. Deliberately absent: any lift by the machine.

use super::gathering::{Gathered, Trouble};
use super::house::{House, Office};
use super::needs::{Need, Why};
use super::people;
use crate::record::{
    CaseId, Damaged, Event, Flood, FloodOf, FloodRow, Noted, PersonId, PersonRow, State,
    Suppression, Timestamp, UnprovedRow,
};
use crate::request::{Calendar, Decision, Floods, Who};
use crate::store::Reader;

/// What is counted of a decision: everybody who was not suppressed before, and whoever proves an older STOP.
pub(super) fn counted(
    state: &State<'_>,
    house: &House,
    g: &Gathered,
    decision: &Decision,
) -> Result<Vec<Event>, Trouble> {
    let mut events = Vec::new();
    if decision.again {
        return Ok(events);
    }
    let mut seen: Vec<PersonId> = Vec::new();
    for one in &decision.suppressions {
        let person = one.person;
        if one.suppression != Suppression::Suppressed || seen.contains(&person) {
            continue;
        }
        seen.push(person);
        let proved = is_proved(&g.who, person);
        let row = state.person(person)?;
        let new = !is_suppressed(&row);
        if new {
            let campaign = state.contact(person)?.and_then(|c| c.facts.campaign);
            if !proved || campaign.is_some() {
                events.push(Event::Flood(Flood::Stopped {
                    person,
                    day: day(&house.config.policy.calendar, g.arrival.received),
                    proved,
                    campaign,
                }));
            }
        } else if proved && state.is_unproved(person)? {
            events.push(Event::Flood(Flood::Confirmed { person }));
        }
    }
    Ok(events)
}

/// Our token or our thread names them, a report names a letter of ours to them, or DMARC vouches for the sender.
fn is_proved(who: &Who, person: PersonId) -> bool {
    let ours = who.token.iter().chain(&who.thread);
    let from = who.from.as_ref().is_some_and(|k| k.person == person);
    let mut reported = who.reported.iter().filter(|r| r.letter.is_some());
    ours.map(|k| k.person).any(|p| p == person)
        || (from && who.dmarc_pass)
        || reported.any(|r| r.known.person == person)
}

fn is_suppressed(row: &PersonRow) -> bool {
    let holds = row.suppression.as_ref();
    holds.is_some_and(|s| s.suppression == Suppression::Suppressed)
}

/// The day of a moment, counted since 1970-01-01.
fn day(calendar: &Calendar, at: Timestamp) -> i32 {
    (calendar.day(at) - jiff::civil::date(1970, 1, 1)).get_days()
}

/// The floods that nobody has looked at, the newest first.
pub fn floods_unseen(
    state: &State<'_>,
    settings: &Floods,
) -> Result<Vec<(FloodOf, FloodRow)>, Damaged> {
    let mut all = state.floods()?;
    all.retain(|(of, row)| row.settled.is_none() && settings.is_flood(of, row));
    all.sort_by_key(|(_, row)| std::cmp::Reverse(row.seen));
    Ok(all)
}

/// Each of them, as a human is told of it.
pub fn flood_needs(state: &State<'_>, settings: &Floods) -> Result<Vec<Need>, Damaged> {
    let floods = floods_unseen(state, settings)?.into_iter();
    Ok(floods
        .map(|(of, row)| {
            let command = format!("quitus suppression flood {of}");
            let need = Need::of(Why::Flood, command).about(of.to_string());
            let since = row.seen.map(|(first, _)| first.to_string());
            Need { since, ..need }.times(row.stops)
        })
        .collect())
}

/// The campaign's name, through the row of the last of its people who was counted; nothing once that is erased.
pub fn flood_campaign(reader: &Reader, row: &FloodRow) -> Result<Option<String>, Trouble> {
    let Some(person) = row.person else {
        return Ok(None);
    };
    let contact = reader.state().contact(person)?;
    Ok(people::contact(reader, contact.as_ref())?.and_then(|c| c.campaign))
}

/// Somebody whom a batch lift would lift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Liftable {
    /// Whom.
    pub person: PersonId,
    /// Their row's version: what was shown is what is lifted.
    pub version: u32,
    /// Since when they are suppressed.
    pub since: Timestamp,
    /// Where it was asked.
    pub case: Option<CaseId>,
}

/// Whom a batch lift of this flood would lift, in a fixed order; and how many it leaves, because a human confirmed them.
pub fn liftable(office: &Office, of: &FloodOf) -> Result<(Vec<Liftable>, usize), Trouble> {
    let state = office.sequencer.reader().state();
    let (mut all, mut confirmed) = (Vec::new(), 0);
    for (person, unproved) in state.every_unproved()? {
        if !unproved.is_of(of) {
            continue;
        }
        let row = state.person(person)?;
        let Some(holds) = row.suppression.as_ref().filter(|_| is_suppressed(&row)) else {
            continue;
        };
        if is_confirmed(&state, person, &row, &unproved)? {
            confirmed += 1;
            continue;
        }
        all.push(Liftable {
            person,
            version: row.version,
            since: holds.since,
            case: holds.case,
        });
    }
    Ok((all, confirmed))
}

/// Whether a human has confirmed it: by an order about the person, by an erasure, or by a decision in the case.
fn is_confirmed(
    state: &State<'_>,
    person: PersonId,
    row: &PersonRow,
    unproved: &UnprovedRow,
) -> Result<bool, Damaged> {
    let ordered = state.note(Noted::Person(person))?;
    if row.erased.is_some() || ordered.is_some_and(|note| note.at >= unproved.at) {
        return Ok(true);
    }
    let Some(id) = row.suppression.as_ref().and_then(|s| s.case) else {
        return Ok(false);
    };
    let Some(case) = state.case(id)? else {
        return Ok(false);
    };
    let review = &case.review;
    if review.proved.is_some() || review.entered.is_some() || review.settled.iter().any(|s| s.1) {
        return Ok(true);
    }
    let letters = state.letters(id)?;
    let by = |who: &str| letters.iter().any(|(_, l)| l.by == who);
    let by_human = letters.iter().any(|(_, l)| !matches!(&*l.by, "" | "auto"));
    // A case that ended without a letter of the machine was ended by a human.
    Ok(by_human || (case.closed.is_some() && !by("auto")))
}
