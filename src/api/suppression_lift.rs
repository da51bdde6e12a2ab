//! They may be written to again: one person, by everything that leads to them, or a whole domain; always for a reason.
//!
//! The reason is kept, sealed under a key of that person; for a person without any key, and for a domain, a proof key is made
//! for it. Nobody is told that they may be written to while their whole firm may not.

use super::suppression::{Order, Target, firm, person, target};
use super::{Answer, Desk, Refusal, incidents};
use crate::record::{Address, Event, KeyId, KeyKind, Noted, PersonId, Suppression, SuppressionRow};
use crate::service::InSight;
use axum::Json;
use axum::extract::State;
use serde_json::json;

/// They may be written to again, unless their whole firm may not.
pub async fn lift(State(desk): State<Desk>, Json(order): Json<Order>) -> Result<Answer, Refusal> {
    if order.reason.trim().is_empty() {
        return Err(Refusal::unclear(
            "a suppression is lifted for a reason",
            "say it with --reason, as an auditor should read it",
        ));
    }
    let (by, whom) = (order.by.clone(), order.address.trim());
    let nothing = || Refusal::unknown(format!("{whom} is not suppressed"), "nothing is to be done");
    let (mut sight, mut held) = (InSight::default(), None);
    let events = match target(&order.address)? {
        Target::Domain(name) => {
            let domain = desk.office.keys().of_domain(&name);
            sight.domains.push(name);
            let state = desk.office.sequencer.reader().state();
            state.domain(&domain)?.ok_or_else(nothing)?;
            let about = Noted::Domain(domain);
            let note = incidents::noted(&desk, about, &by, &order.reason)?;
            vec![Event::DomainLifted { domain, by }, note]
        }
        Target::One(address) => {
            let events = lifted(&desk, &address, &order)?;
            held = firm(&desk, &address)?;
            sight.addresses.push(address);
            if events.is_empty() {
                return Err(held.as_ref().map_or_else(nothing, of_firm));
            }
            events
        }
    };
    let frame = desk.write(desk.with_notices(events, sight).await?).await?;
    let text = match &held {
        None => format!("{whom}: may be written to again; the reason is kept, sealed\n"),
        Some((name, row)) => format!(
            "{whom}: lifted; the reason is kept, sealed\nthe whole firm @{name} is {}: lift @{name}, too\n",
            row.suppression
        ),
    };
    let domain = held.map(|(name, _)| name);
    Ok(Answer::good(
        json!({"lifted": true, "reason_kept": true, "frame": frame, "domain": domain}),
        text,
    ))
}

/// Whoever is not suppressed themselves is not written to before their firm is.
fn of_firm((name, row): &(String, SuppressionRow)) -> Refusal {
    let fix = format!("lift @{name}");
    match row.suppression {
        Suppression::Suppressed => {
            Refusal::not_now(format!("the whole firm @{name} is suppressed"), fix)
        }
        Suppression::Paused => Refusal::not_now(format!("the whole firm @{name} is paused"), fix),
    }
}

/// Everybody whom the address leads to, by either form, is lifted: else it would still be held.
fn lifted(desk: &Desk, address: &Address, order: &Order) -> Result<Vec<Event>, Refusal> {
    let reader = desk.office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let (mut people, mut events) = (Vec::new(), Vec::new());
    let (known, ..) = person(desk, address)?;
    let mut held = vec![(known, state.person(known)?.suppression)];
    for fingerprint in keys.of_address(address) {
        if let Some(person) = state.alias(&fingerprint)? {
            let row = state.suppression(&[fingerprint], None)?;
            held.push((state.standing(person)?, row));
        }
    }
    for (person, row) in held {
        if row.is_none() || people.contains(&person) {
            continue;
        }
        people.push(person);
        let key = match key_of(desk, person)? {
            Some(key) => key,
            None => reader.allocate(KeyKind::Proof)?,
        };
        events.push(Event::Lifted {
            person,
            by: order.by.clone(),
            note: Some(reader.seal(key, order.reason.trim())?),
        });
    }
    Ok(events)
}

/// A key under which something about a person can be sealed: their contact's, else that of their last case.
fn key_of(desk: &Desk, person: PersonId) -> Result<Option<KeyId>, Refusal> {
    let reader = desk.office.sequencer.reader();
    let state = reader.state();
    let mut keys: Vec<KeyId> = state.contact(person)?.iter().map(|c| c.key).collect();
    let row = state.person(person)?;
    for case in row.open.iter().chain(row.closed.iter().rev()) {
        keys.extend(state.case(*case)?.map(|c| c.proof_key));
    }
    for key in keys {
        if !reader.is_erased(key)? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}
