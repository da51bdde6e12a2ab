//! All suppressions: showing what holds, handing it to other systems.
//!
//! What goes out are fingerprints, because nobody needs the addresses of people who asked to be forgotten. First come people
//! with rows of their own, then those whom only lists name, then domains; each in an order that does not move.

use super::paging::{Page, no_cursor};
use super::suppression::{in_data, in_words};
use super::{Answer, Desk, Refusal};
use crate::record::{
    Damaged, ListEntry, PersonId, PersonRow, State as Rows, SuppressionRow, Table, decode, hex,
    unhex,
};
use axum::extract::{Query, State};
use serde_json::json;

/// The columns of an export.
const COLUMNS: [&str; 4] = ["fingerprint", "of", "suppression", "since"];
/// Rows that are read at a time.
const ROWS: usize = 1_000;

/// One suppression in force: the keyed fingerprint, whether of a domain, and what holds.
struct Held {
    fingerprint: String,
    domain: bool,
    row: SuppressionRow,
}

/// What a page begins behind: people by their ids and each by the order of their fingerprints, lists by their digests and each
/// by the order of its entries, then domains.
#[derive(Clone, Copy)]
enum After {
    Person([u8; 16], usize),
    Listed([u8; 32], u64),
    Domain([u8; 32]),
}

impl After {
    fn read(cursor: &str) -> Option<Self> {
        let (kind, rest) = cursor.split_once('.')?;
        match kind {
            "d" => unhex(rest).map(Self::Domain),
            "l" => {
                let (list, place) = rest.split_once('.')?;
                Some(Self::Listed(unhex(list)?, place.parse().ok()?))
            }
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
            Self::Listed(list, place) => format!("l.{}.{place}", hex(&list)),
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
    if !matches!(after, Some(After::Domain(_) | After::Listed(..))) {
        people(desk, after, wanted, &mut all)?;
    }
    if !matches!(after, Some(After::Domain(_))) {
        listed(desk, after, wanted, &mut all)?;
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
    let state = desk.office.sequencer.reader().state();
    rows(desk, Table::Person, &from, |key, value| {
        let Ok(id) = <[u8; 16]>::try_from(key) else {
            return Ok(true);
        };
        let person = match state.0.has_lists() {
            true => state.person(PersonId(id))?,
            false => decode::<PersonRow>(value)?,
        };
        let Some(row) = person.suppression else {
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

/// Key forms of those whom only lists know.
fn listed(
    desk: &Desk,
    after: Option<After>,
    wanted: usize,
    all: &mut Vec<(String, Held)>,
) -> Result<(), Damaged> {
    let reader = desk.office.sequencer.reader();
    let state = reader.state();
    for (digest, _) in state.lists()? {
        let mut next = match after {
            Some(After::Listed(list, _)) if digest < list => continue,
            Some(After::Listed(list, place)) if digest == list => place + 1,
            _ => 0,
        };
        while all.len() < wanted {
            let entries = reader.list_entries(&digest, next, ROWS)?;
            if entries.is_empty() {
                break;
            }
            for (entry, place) in entries.iter().zip(next..) {
                if let Some(row) = only_here(&state, entry)? {
                    let held = Held {
                        fingerprint: hex(&entry.fingerprint.0),
                        domain: false,
                        row,
                    };
                    all.push((After::Listed(digest, place).written(), held));
                }
            }
            next += entries.len() as u64;
        }
    }
    Ok(())
}

/// What holds against a key form that stands in no person's row, nor on a list that came before.
fn only_here(state: &Rows<'_>, entry: &ListEntry) -> Result<Option<SuppressionRow>, Damaged> {
    let key = &entry.fingerprint;
    let first = state.0.listed(&key.0)?;
    let first = first
        .iter()
        .map(|e| e.list)
        .filter(|list| *list < entry.list);
    for list in first {
        if state.list(&list)?.is_some() {
            return Ok(None);
        }
    }
    if let Some(person) = state.alias(key)? {
        let own = state.0.get(Table::Person, &state.standing(person)?.0)?;
        if own.is_some() && state.person(person)?.fingerprints.contains(key) {
            return Ok(None);
        }
    }
    state.suppression(&[*key], None)
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

/// The same as CSV; a further page is told in a comment. It is for other systems: `suppression import` refuses it, because the
/// fingerprints are made with this store's keys.
pub async fn export(State(desk): State<Desk>, Query(page): Query<Page>) -> Result<Answer, Refusal> {
    let (all, next) = held(&desk, &page)?;
    let mut text = COLUMNS.join(",") + "\n";
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

/// Whether a line of a list stands in an export: its columns, or one of its rows, also as a spreadsheet writes them.
pub(super) fn is_exported(line: &str) -> bool {
    let fields = line.split([',', ';', '\t']);
    let fields: Vec<String> = (fields.take(COLUMNS.len()))
        .map(|field| field.trim().trim_matches('"').to_lowercase())
        .collect();
    let [fingerprint, of, suppression, _] = fields.as_slice() else {
        return false;
    };
    let is_row = unhex::<32>(fingerprint).is_some()
        && ["person", "domain"].contains(&of.as_str())
        && ["paused", "suppressed"].contains(&suppression.as_str());
    fields == COLUMNS || is_row
}
