//! A list of suppressions is read in as it comes: a short one person by person, a long one as one entry of the log.
//!
//! A list holds an address, the SHA-256 sum of a lower-case address, or `@domain` in each line, or in one column of a table
//! (`register::Layout`). An export of Quitus is none: its keyed fingerprints would be taken for sums, and suppress nobody.
//! Senders are told of everybody whom they could know, of a long list before it holds: a list that breaks off half-way leaves
//! people stopped there, never only here.

use super::lines::Lines;
use super::suppression_list::is_exported;
use super::{Answer, Desk, Refusal, incidents};
use crate::record::{Event, Fingerprint, Noted, PersonId, Suppression, SuppressionReason};
use crate::register::{Layout, Named, NoTable, Unnamed};
use crate::service::{
    Added, Committed, InSight, ListOrder, LongList, NotListed, Proposal, SHORT_LIST,
};
use axum::body::Body;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// Lines of one frame at most.
const CHUNK: usize = 1_000;
/// Lines of a long list that are worked on at a time.
const BATCH: usize = 20_000;
/// So many bad lines are named by their numbers; all are counted.
const TOLD: usize = 1_000;

/// How a list is read in.
#[derive(Deserialize, Default)]
pub struct Import {
    /// The name of the file.
    #[serde(default)]
    file: String,
    #[serde(default)]
    by: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    dry_run: bool,
    /// The column of a table that counts; else the one whose header says that it holds addresses.
    #[serde(default)]
    column: String,
}

impl Import {
    /// How the lines are to be read, by the first; and whether that is a header.
    fn layout(&self, first: Option<&(u64, String)>) -> Result<(Layout, bool), Refusal> {
        let column = Some(self.column.trim()).filter(|c| !c.is_empty());
        let Some((_, first)) = first else {
            return Ok((Layout::Lines, false));
        };
        Layout::of(first, column).map_err(unread)
    }
}

/// Nobody is suppressed because a column was guessed.
fn unread(why: NoTable) -> Refusal {
    let fix = "say with --column (`column` over the API) which one holds them, or hand over that column alone";
    match why {
        NoTable::NoColumn { header, .. } if header.is_empty() => Refusal::unclear(
            "a column is named, and the list has no header",
            "write the names of the columns into its first line",
        ),
        NoTable::NoColumn { name, header } => Refusal::unclear(
            format!("no column of the list is called \"{name}\"; its header is: {header}"),
            fix,
        ),
        NoTable::Several(header) => Refusal::unclear(
            format!("several columns of the list may hold the addresses; its header is: {header}"),
            fix,
        ),
        other => Refusal::unclear(other.to_string(), fix),
    }
}

/// What became of the lines.
#[derive(Default)]
struct Taken {
    added: u64,
    known: u64,
    faults: Vec<(u64, Unnamed)>,
    refused: u64,
    list: Option<(String, u64)>,
}

impl Taken {
    fn refuse(&mut self, lines: Vec<(u64, Unnamed)>) {
        self.refused += lines.len() as u64;
        let room = TOLD.saturating_sub(self.faults.len());
        self.faults.extend(lines.into_iter().take(room));
    }

    fn answer(self, dry_run: bool) -> Answer {
        let would = if dry_run { "would be added" } else { "added" };
        let mut text = format!("{} {would}, {} known already\n", self.added, self.known);
        if let Some((digest, entries)) = &self.list {
            let short = digest.get(..12).unwrap_or_default();
            text += &format!("all of them hold as one list of {entries} key forms ({short})\n");
        }
        for (line, why) in &self.faults {
            text += &format!("line {line}: {}\n", why.words());
        }
        if self.refused > self.faults.len() as u64 {
            text += &format!("{} lines like these in all\n", self.refused);
        }
        let lines: Vec<u64> = self.faults.iter().map(|(line, _)| *line).collect();
        let data = json!({
            "added": self.added, "known": self.known, "refused_lines": lines, "refused": self.refused,
            "list": self.list.map(|(digest, _)| digest), "dry_run": dry_run,
        });
        Answer::good(data, text).wrong_if(self.refused > 0)
    }
}

/// Reads a list in; a line that names nothing is told by its number, and the rest goes on.
pub async fn import(
    State(desk): State<Desk>,
    Query(how): Query<Import>,
    body: Body,
) -> Result<Answer, Refusal> {
    let mut lines = Lines::of(body);
    let mut first = lines.next(1).await?;
    let layout = how.layout(first.first());
    if matches!(layout, Ok((Layout::Table { .. }, _))) {
        lines.are_rows();
    }
    first.extend(lines.next(SHORT_LIST).await?);
    if first.iter().any(|(_, line)| is_exported(line)) {
        return Err(Refusal::unclear(
            "this is an export of Quitus: its fingerprints are made with the keys of its own store, and name nobody to any other",
            "copy that whole store with its keys (config/README.md, [store]), or hand over the addresses themselves",
        ));
    }
    let is_long = first.len() > SHORT_LIST;
    let (layout, is_header) = layout?;
    if is_header {
        first.remove(0);
    }
    let taken = match is_long {
        false => short(&desk, &first, layout, &how).await?,
        true => long(&desk, first, lines, (layout, &how)).await?,
    };
    Ok(taken.answer(how.dry_run))
}

/// Person by person, in frames that hold each for itself.
async fn short(
    desk: &Desk,
    lines: &[(u64, String)],
    layout: Layout,
    how: &Import,
) -> Result<Taken, Refusal> {
    let (mut taken, mut noted) = (Taken::default(), false);
    // A rehearsal leaves no rows by which the next frame knows what the one before brought.
    let mut fresh = HashSet::new();
    for part in lines.chunks(CHUNK) {
        let mut events = Vec::new();
        let mut sight = backlog();
        for (number, line) in part {
            match layout.read(line) {
                Ok(named) => match events_for(desk, &named)? {
                    Some((key, new)) if fresh.insert(key.clone()) => {
                        taken.added += 1;
                        see(&named, &mut sight);
                        events.extend(new);
                    }
                    _ => taken.known += 1,
                },
                Err(why) => taken.refuse(vec![(*number, why)]),
            }
        }
        if !events.is_empty() && !how.dry_run {
            let mut events = desk.with_notices(events, sight).await?;
            // Who did it, and why, stands beside the first that it changes.
            if !std::mem::replace(&mut noted, true) {
                events.extend(note(desk, lines, how)?);
            }
            commit(desk, events).await?;
        }
    }
    Ok(taken)
}

/// Who handed a short list over, and why; of a long one its entry says it.
fn note(desk: &Desk, lines: &[(u64, String)], how: &Import) -> Result<Option<Event>, Refusal> {
    if how.by.is_empty() && how.reason.trim().is_empty() {
        return Ok(None);
    }
    let mut sum = Sha256::new();
    for (_, line) in lines {
        sum.update(line);
        sum.update("\n");
    }
    let mut short = [0; 16];
    short.copy_from_slice(&sum.finalize()[..16]);
    incidents::noted(desk, Noted::Stops(short), &how.by, &how.reason).map(Some)
}

/// As one entry of the log. Domains hold each for itself.
async fn long(
    desk: &Desk,
    first: Vec<(u64, String)>,
    mut lines: Lines,
    (layout, how): (Layout, &Import),
) -> Result<Taken, Refusal> {
    let order = ListOrder {
        origin: bare(&how.file),
        by: how.by.clone(),
        why: how.reason.clone(),
        dry_run: how.dry_run,
        layout,
    };
    let told = !desk.office.house.load().senders.is_empty() && !how.dry_run;
    let (mut taken, mut named) = (Taken::default(), 0);
    let mut list = LongList::begin(&desk.office, order)?;
    let mut part = first;
    while !part.is_empty() {
        let (going_on, batch) = list.take(part, told).await?;
        list = going_on;
        named += batch.named;
        taken.refuse(batch.faults);
        for seen in batch.seen.chunks(CHUNK) {
            taken.added += in_plain_words(desk, seen, how.dry_run).await?;
        }
        part = lines.next(BATCH).await?;
    }
    let Added { people, list } = list.end().await?;
    taken.added += people;
    taken.known = u64::saturating_sub(named, taken.added);
    taken.list = list.map(|l| (crate::record::hex(&l.digest), l.entries));
    Ok(taken)
}

/// Suppresses the domains, and tells the senders of the people; how many domains are new.
async fn in_plain_words(desk: &Desk, seen: &[Named], dry_run: bool) -> Result<u64, Refusal> {
    let (mut events, mut fresh) = (Vec::new(), HashSet::new());
    let (mut sight, mut domains) = (backlog(), 0);
    for named in seen {
        if let Some((key, new)) = events_for(desk, named)?
            && fresh.insert(key)
        {
            domains += u64::from(matches!(named, Named::Domain(_)));
            see(named, &mut sight);
            events.extend(new);
        }
    }
    if events.is_empty() || dry_run {
        return Ok(domains);
    }
    let mut events = desk.with_notices(events, sight).await?;
    // The people themselves come with the list.
    let with_list = |e: &Event| matches!(e, Event::Recognised { .. } | Event::Suppressed { .. });
    events.retain(|event| !with_list(event));
    if !events.is_empty() {
        commit(desk, events).await?;
    }
    Ok(domains)
}

fn backlog() -> InSight {
    InSight {
        backlog: true,
        ..InSight::default()
    }
}

/// A sum names nobody to a sender.
fn see(named: &Named, sight: &mut InSight) {
    match named {
        Named::Address(address) => sight.addresses.push(address.clone()),
        Named::Domain(domain) => sight.domains.push(domain.clone()),
        Named::Sum(_) => {}
    }
}

/// The file's name without its folder: a path may name people.
fn bare(file: &str) -> String {
    let name = std::path::Path::new(file).file_name();
    name.map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

async fn commit(desk: &Desk, events: Vec<Event>) -> Result<(), Refusal> {
    match desk.office.sequencer.commit(Proposal::new(events)).await {
        Committed::Frame(_) => Ok(()),
        Committed::Conflict => Err(Refusal::broken("a conflict without expectations")),
        Committed::Full(why) | Committed::Failed(why) => Err(Refusal::broken(why)),
    }
}

impl From<NotListed> for Refusal {
    fn from(e: NotListed) -> Self {
        match &e {
            NotListed::List(crate::store::ListError::Busy) => {
                Self::not_now(e.to_string(), "wait for its end, then hand this one over")
            }
            NotListed::List(crate::store::ListError::Room(_)) => Self::new(
                axum::http::StatusCode::INSUFFICIENT_STORAGE,
                e.to_string(),
                "make room on the disk of the store",
            ),
            _ => Self::broken(e.to_string()),
        }
    }
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
