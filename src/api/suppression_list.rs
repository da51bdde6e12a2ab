//! Whole lists of suppressions: reading one in, showing what holds, handing it to other systems.
//!
//! A list that comes in holds an address, the SHA-256 sum of a lower-case address, or `@domain` in each line. What goes
//! out are fingerprints, because nobody needs the addresses of people who asked to be forgotten.

use super::suppression::{in_data, in_words};
use super::{Answer, Desk, Refusal};
use crate::record::{
    Address, Damaged, Event, Fingerprint, PersonId, PersonRow, Suppression, SuppressionReason,
    SuppressionRow, Table, decode, domain_to_ascii, hex, unhex,
};
use crate::service::{Committed, Proposal};
use axum::extract::State;
use serde_json::json;
use std::collections::HashSet;

/// Lines of one frame at most.
const CHUNK: usize = 1_000;

/// One suppression in force: the keyed fingerprint, whether of a domain, and what holds.
struct Held {
    fingerprint: String,
    domain: bool,
    row: SuppressionRow,
}

fn held(desk: &Desk) -> Result<Vec<Held>, Damaged> {
    let state = desk.office.sequencer.reader().state();
    let mut all = Vec::new();
    for (_, value) in state.0.scan(Table::Person, &[], &[], usize::MAX)? {
        let person: PersonRow = decode(&value)?;
        let Some(row) = person.suppression else {
            continue;
        };
        all.extend(person.fingerprints.iter().map(|f| Held {
            fingerprint: hex(&f.0),
            domain: false,
            row: row.clone(),
        }));
    }
    for (key, value) in state.0.scan(Table::Domain, &[], &[], usize::MAX)? {
        all.push(Held {
            fingerprint: hex(&key),
            domain: true,
            row: decode(&value)?,
        });
    }
    Ok(all)
}

/// What holds, with the short form of each fingerprint.
pub async fn list(State(desk): State<Desk>) -> Result<Answer, Refusal> {
    let all = held(&desk)?;
    let mut text = String::new();
    let mut data = Vec::new();
    for h in &all {
        let what = if h.domain { "domain" } else { "person" };
        let short = h.fingerprint.get(..16).unwrap_or_default();
        text += &format!("{what} {short}  {}\n", in_words(&h.row));
        data.push(json!({
            "fingerprint": h.fingerprint, "domain": h.domain, "holds": in_data(&h.row),
        }));
    }
    text += &format!("{} fingerprints\n", all.len());
    Ok(Answer::good(json!(data), text))
}

/// The same as CSV.
pub async fn export(State(desk): State<Desk>) -> Result<Answer, Refusal> {
    let all = held(&desk)?;
    let mut text = String::from("fingerprint,of,suppression,since\n");
    for h in &all {
        let of = if h.domain { "domain" } else { "person" };
        let (what, since) = (h.row.suppression, h.row.since);
        text += &format!("{},{of},{what},{since}\n", h.fingerprint);
    }
    Ok(Answer::good(json!({"fingerprints": all.len()}), text))
}

/// What a line of a list names.
enum Named {
    Address(Address),
    Sum([u8; 32]),
    Domain(String),
}

/// The first field of the line that names something.
fn named(line: &str) -> Option<Named> {
    line.split([',', ';', '\t', ' ']).find_map(|field| {
        let field = field.trim().trim_matches('"');
        if let Some(domain) = field.strip_prefix('@') {
            let ascii = domain_to_ascii(domain).filter(|d| d.contains('.'))?;
            return Some(Named::Domain(ascii));
        }
        if let Ok(address) = Address::parse(field) {
            return Some(Named::Address(address));
        }
        unhex(&field.to_lowercase()).map(Named::Sum)
    })
}

/// Reads a list in; a line that names nothing is told by its number, and the rest goes on.
pub async fn import(State(desk): State<Desk>, list: String) -> Result<Answer, Refusal> {
    let (mut added, mut known) = (0u64, 0u64);
    let mut faults: Vec<usize> = Vec::new();
    let lines: Vec<(usize, &str)> = list
        .trim_start_matches('\u{feff}')
        .lines()
        .enumerate()
        .filter(|(_, l)| !l.trim().is_empty() && !l.trim_start().starts_with('#'))
        .collect();
    for (block, part) in lines.chunks(CHUNK).enumerate() {
        let (mut events, mut fresh) = (Vec::new(), HashSet::new());
        for (at, (number, line)) in part.iter().enumerate() {
            match named(line) {
                Some(named) => match events_for(&desk, named)? {
                    Some((key, new)) if fresh.insert(key.clone()) => {
                        added += 1;
                        events.extend(new);
                    }
                    _ => known += 1,
                },
                // The first line may be a header.
                None if block == 0 && at == 0 => {}
                None => faults.push(number + 1),
            }
        }
        if events.is_empty() {
            continue;
        }
        match desk.office.sequencer.commit(Proposal::new(events)).await {
            Committed::Frame(_) => {}
            Committed::Conflict => return Err(Refusal::broken("a conflict without expectations")),
            Committed::Full(why) | Committed::Failed(why) => return Err(Refusal::broken(why)),
        }
    }
    let mut text = format!("{added} added, {known} known already\n");
    for line in &faults {
        text += &format!("line {line}: no address, no SHA-256 sum, no @domain\n");
    }
    let data = json!({"added": added, "known": known, "refused_lines": faults});
    Ok(Answer::good(data, text).wrong_if(!faults.is_empty()))
}

/// What is new: the key that recognises it in the same list, and its events.
type Fresh = (Vec<u8>, Vec<Event>);

/// What suppresses this, with the key that recognises it in the same list; nothing if it holds already.
fn events_for(desk: &Desk, named: Named) -> Result<Option<Fresh>, Refusal> {
    let reader = desk.office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let (suppression, reason, case) = (Suppression::Suppressed, SuppressionReason::Imported, None);
    let (fingerprints, born): (Vec<Fingerprint>, PersonId) = match named {
        Named::Domain(domain) => {
            let domain = keys.of_domain(&domain);
            let holds = state.domain(&domain)?;
            if holds.is_some_and(|h| h.suppression == suppression) {
                return Ok(None);
            }
            let event = Event::DomainSuppressed {
                domain,
                suppression,
                reason,
                case,
            };
            return Ok(Some((domain.0.to_vec(), vec![event])));
        }
        Named::Address(address) => (keys.of_address(&address), keys.person(&address)),
        Named::Sum(sum) => {
            let one = keys.of_sha256(sum);
            (vec![one], PersonId::from_fingerprint(&one))
        }
    };
    let person = state.person_of(&fingerprints)?.unwrap_or(born);
    let row = state.person(person)?;
    if row
        .suppression
        .is_some_and(|s| s.suppression == suppression)
    {
        return Ok(None);
    }
    let recognised = Event::Recognised {
        person,
        fingerprints,
    };
    let suppressed = Event::Suppressed {
        person,
        suppression,
        reason,
        case,
    };
    Ok(Some((person.0.to_vec(), vec![recognised, suppressed])))
}
