//! Whole lists of suppressions: reading one in, showing what holds, handing it to other systems.
//!
//! A list that comes in holds an address, the SHA-256 sum of a lower-case address, or `@domain` in each line. What goes
//! out are fingerprints, because nobody needs the addresses of people who asked to be forgotten.

use super::paging::{Page, no_cursor};
use super::suppression::{in_data, in_words};
use super::{Answer, Desk, Refusal};
use crate::record::{
    Address, Damaged, Event, Fingerprint, Note, Noted, PersonId, PersonRow, Suppression,
    SuppressionReason, SuppressionRow, Table, decode, domain_to_ascii, hex, unhex,
};
use crate::service::{Committed, InSight, Proposal};
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// Lines of one frame at most.
const CHUNK: usize = 1_000;

/// Rows that are read at a time.
const ROWS: usize = 1_000;

/// One suppression in force: the keyed fingerprint, whether of a domain, and what holds.
struct Held {
    fingerprint: String,
    domain: bool,
    row: SuppressionRow,
}

/// What a page begins behind: people by their ids and each by the order of their fingerprints, then domains.
#[derive(Clone, Copy)]
enum After {
    Person([u8; 16], usize),
    Domain([u8; 32]),
}

impl After {
    fn read(cursor: &str) -> Option<Self> {
        let (kind, rest) = cursor.split_once('.')?;
        match kind {
            "d" => unhex(rest).map(Self::Domain),
            "p" => {
                let (person, place) = rest.split_once('.')?;
                Some(Self::Person(unhex(person)?, place.parse().ok()?))
            }
            _ => None,
        }
    }

    fn written(self) -> String {
        match self {
            Self::Person(id, place) => format!("p.{}.{place}", hex(&id)),
            Self::Domain(id) => format!("d.{}", hex(&id)),
        }
    }
}

/// A page of what is held, and the cursor of the next.
fn held(desk: &Desk, page: &Page) -> Result<(Vec<Held>, Option<String>), Refusal> {
    let after = page.after.as_deref().map(|text| {
        let read = After::read(text);
        read.ok_or_else(|| no_cursor(text))
    });
    let after = after.transpose()?;
    // One more than is shown tells whether there is a next page.
    let wanted = page.limit().saturating_add(1);
    let mut all = Vec::new();
    if !matches!(after, Some(After::Domain(_))) {
        people(desk, after, wanted, &mut all)?;
    }
    domains(desk, after, wanted, &mut all)?;
    Ok(page.cut(all))
}

/// Calls `take` with each row behind `from` (included), until it says that it is enough.
fn rows(
    desk: &Desk,
    table: Table,
    from: &[u8],
    mut take: impl FnMut(&[u8], &[u8]) -> Result<bool, Damaged>,
) -> Result<(), Damaged> {
    let state = desk.office.sequencer.reader().state();
    let mut from = from.to_vec();
    loop {
        let found = state.0.scan(table, &[], &from, ROWS)?;
        for (key, value) in &found {
            if !take(key, value)? {
                return Ok(());
            }
        }
        match found.into_iter().next_back() {
            // The next key in the order of bytes.
            Some((last, _)) => from = [last.as_slice(), &[0]].concat(),
            None => return Ok(()),
        }
    }
}

fn people(
    desk: &Desk,
    after: Option<After>,
    wanted: usize,
    all: &mut Vec<(String, Held)>,
) -> Result<(), Damaged> {
    let (from, shown) = match after {
        Some(After::Person(id, place)) => (id.to_vec(), Some((id, place))),
        _ => (Vec::new(), None),
    };
    rows(desk, Table::Person, &from, |key, value| {
        let person: PersonRow = decode(value)?;
        let (Some(row), Ok(id)) = (person.suppression, <[u8; 16]>::try_from(key)) else {
            return Ok(true);
        };
        for (place, fingerprint) in person.fingerprints.iter().enumerate() {
            if shown.is_some_and(|(last, upto)| last == id && place <= upto) {
                continue;
            }
            let held = Held {
                fingerprint: hex(&fingerprint.0),
                domain: false,
                row: row.clone(),
            };
            all.push((After::Person(id, place).written(), held));
        }
        Ok(all.len() < wanted)
    })
}

fn domains(
    desk: &Desk,
    after: Option<After>,
    wanted: usize,
    all: &mut Vec<(String, Held)>,
) -> Result<(), Damaged> {
    if all.len() >= wanted {
        return Ok(());
    }
    let (from, shown) = match after {
        Some(After::Domain(id)) => (id.to_vec(), Some(id)),
        _ => (Vec::new(), None),
    };
    rows(desk, Table::Domain, &from, |key, value| {
        let id = <[u8; 32]>::try_from(key).ok();
        if let Some(id) = id.filter(|id| shown != Some(*id)) {
            let held = Held {
                fingerprint: hex(&id),
                domain: true,
                row: decode(value)?,
            };
            all.push((After::Domain(id).written(), held));
        }
        Ok(all.len() < wanted)
    })
}

/// What holds, with the short form of each fingerprint.
pub async fn list(State(desk): State<Desk>, Query(page): Query<Page>) -> Result<Answer, Refusal> {
    let (all, next) = held(&desk, &page)?;
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
    text += &page.line("suppression list", next.as_deref());
    let data = json!({"suppressions": data, "next": next});
    Ok(Answer::good(data, text))
}

/// The same as CSV; a further page is told in a comment, which `suppression import` reads over.
pub async fn export(State(desk): State<Desk>, Query(page): Query<Page>) -> Result<Answer, Refusal> {
    let (all, next) = held(&desk, &page)?;
    let mut text = String::from("fingerprint,of,suppression,since\n");
    for h in &all {
        let of = if h.domain { "domain" } else { "person" };
        let (what, since) = (h.row.suppression, h.row.since);
        text += &format!("{},{of},{what},{since}\n", h.fingerprint);
    }
    if next.is_some() {
        text += "# ";
        text += &page.line("suppression export", next.as_deref());
    }
    let data = json!({"fingerprints": all.len(), "next": next});
    Ok(Answer::good(data, text))
}

/// What a line of a list names.
enum Named {
    Address(Address),
    Sum([u8; 32]),
    Domain(String),
}

impl Named {
    /// A sum names nobody to a sender.
    fn seen(self, sight: &mut InSight) {
        match self {
            Self::Address(address) => sight.addresses.push(address),
            Self::Domain(domain) => sight.domains.push(domain),
            Self::Sum(_) => {}
        }
    }
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

/// Who hands a list over.
#[derive(Deserialize)]
pub struct HandedOver {
    #[serde(default)]
    by: String,
}

impl HandedOver {
    fn note(self, list: &str) -> Option<Event> {
        let mut short = [0; 16];
        short.copy_from_slice(&Sha256::digest(list)[..16]);
        let note = Note {
            about: Noted::Stops(short),
            by: self.by,
            why: None,
        };
        (!note.by.is_empty()).then_some(Event::Noted(note))
    }
}

/// What a list names, each line with its number from 0 on.
fn lines(list: &str) -> Vec<(usize, &str)> {
    let all = list.trim_start_matches('\u{feff}').lines().enumerate();
    let says = |l: &str| !l.trim().is_empty() && !l.trim_start().starts_with('#');
    all.filter(|(_, l)| says(l)).collect()
}

/// Reads a list in; a line that names nothing is told by its number, and the rest goes on.
pub async fn import(
    State(desk): State<Desk>,
    Query(handed): Query<HandedOver>,
    list: String,
) -> Result<Answer, Refusal> {
    let mut note = handed.note(&list);
    let (mut added, mut known) = (0u64, 0u64);
    let mut faults: Vec<usize> = Vec::new();
    let lines = lines(&list);
    for (block, part) in lines.chunks(CHUNK).enumerate() {
        let (mut events, mut fresh) = (Vec::new(), HashSet::new());
        let mut sight = InSight {
            backlog: true,
            ..InSight::default()
        };
        for (at, (number, line)) in part.iter().enumerate() {
            match named(line) {
                Some(named) => match events_for(&desk, &named)? {
                    Some((key, new)) if fresh.insert(key.clone()) => {
                        added += 1;
                        named.seen(&mut sight);
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
        let mut events = desk.with_notices(events, sight).await?;
        // Who did it stands beside the first that it changes.
        events.extend(note.take());
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
fn events_for(desk: &Desk, named: &Named) -> Result<Option<Fresh>, Refusal> {
    let reader = desk.office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let (suppression, reason, case) = (Suppression::Suppressed, SuppressionReason::Imported, None);
    let (fingerprints, born): (Vec<Fingerprint>, PersonId) = match named {
        Named::Domain(domain) => {
            let domain = keys.of_domain(domain);
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
        Named::Address(address) => (keys.of_address(address), keys.person(address)),
        Named::Sum(sum) => {
            let one = keys.of_sha256(*sum);
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
