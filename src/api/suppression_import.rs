//! A list of suppressions is read in as it comes: a short one person by person, a long one as one entry of the log.
//!
//! A list holds an address, the SHA-256 sum of a lower-case address, or `@domain` in each line. An export of Quitus is none: its
//! keyed fingerprints would be taken for sums, and suppress nobody. Senders are told of everybody whom they could know, of a long
//! list before it holds: a list that breaks off half-way leaves people stopped there, never only here.

use super::suppression_list::is_exported;
use super::{Answer, Desk, Refusal};
use crate::record::{Event, Fingerprint, Note, Noted, PersonId, Suppression, SuppressionReason};
use crate::service::{
    Added, Committed, InSight, ListOrder, LongList, Named, NotListed, Proposal, SHORT_LIST,
};
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{Query, State};
use futures::StreamExt;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// Lines of one frame at most.
const CHUNK: usize = 1_000;
/// Lines of a long list that are worked on at a time.
const BATCH: usize = 20_000;
/// A line is not longer than this; of a longer one the rest is passed over.
const LONGEST: usize = 4 << 10;
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
}

/// Lines with their numbers, without empty ones and comments.
struct Lines {
    body: BodyDataStream,
    part: Bytes,
    line: Vec<u8>,
    number: u64,
    ended: bool,
}

impl Lines {
    fn of(body: Body) -> Self {
        Self {
            body: body.into_data_stream(),
            part: Bytes::new(),
            line: Vec::new(),
            number: 0,
            ended: false,
        }
    }

    /// Up to so many more; fewer only at the end.
    async fn next(&mut self, most: usize) -> Result<Vec<(u64, String)>, Refusal> {
        let mut lines = Vec::new();
        while lines.len() < most && !self.ended {
            if let Some(end) = self.part.iter().position(|b| *b == b'\n') {
                let head = self.part.split_to(end + 1);
                self.add(&head[..end]);
                lines.extend(self.whole());
                continue;
            }
            let rest = std::mem::take(&mut self.part);
            self.add(&rest);
            match self.body.next().await {
                Some(part) => {
                    let broken = "the list broke off before its end; nothing that is not told here was taken";
                    let again = "hand the whole list over again";
                    self.part = part.map_err(|_| Refusal::unclear(broken, again))?;
                }
                None => {
                    self.ended = true;
                    lines.extend(self.whole());
                }
            }
        }
        Ok(lines)
    }

    fn add(&mut self, octets: &[u8]) {
        let room = LONGEST.saturating_sub(self.line.len()).min(octets.len());
        self.line.extend_from_slice(&octets[..room]);
    }

    fn whole(&mut self) -> Option<(u64, String)> {
        self.number += 1;
        let text = String::from_utf8_lossy(&self.line);
        let line = match self.number {
            1 => text.trim_start_matches('\u{feff}').trim().to_owned(),
            _ => text.trim().to_owned(),
        };
        self.line.clear();
        let says = !line.is_empty() && !line.starts_with('#');
        says.then_some((self.number, line))
    }
}

/// What became of the lines.
#[derive(Default)]
struct Taken {
    added: u64,
    known: u64,
    faults: Vec<u64>,
    refused: u64,
    list: Option<(String, u64)>,
}

impl Taken {
    fn refuse(&mut self, lines: Vec<u64>) {
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
        for line in &self.faults {
            text += &format!("line {line}: no address, no SHA-256 sum, no @domain\n");
        }
        if self.refused > self.faults.len() as u64 {
            text += &format!("{} lines like these in all\n", self.refused);
        }
        let data = json!({
            "added": self.added, "known": self.known, "refused_lines": self.faults, "refused": self.refused,
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
    let mut first = lines.next(SHORT_LIST + 1).await?;
    if first.iter().any(|(_, line)| is_exported(line)) {
        return Err(Refusal::unclear(
            "this is an export of Quitus: its fingerprints are made with the keys of its own store, and name nobody to any other",
            "copy that whole store with its keys (config/README.md, [store]), or hand over the addresses themselves",
        ));
    }
    let is_long = first.len() > SHORT_LIST;
    if first.first().is_some_and(|(_, line)| is_header(line)) {
        first.remove(0);
    }
    let taken = match is_long {
        false => short(&desk, &first, &how).await?,
        true => long(&desk, first, lines, &how).await?,
    };
    Ok(taken.answer(how.dry_run))
}

/// Whether a first line names the columns, and nobody: whoever is misspelt there must be told like everybody else.
fn is_header(line: &str) -> bool {
    // The sum of another kind, or one that was cut short, is none that can be read.
    let like_sum = |word: &str| word.len() >= 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let mut words = line.split(|c: char| !c.is_ascii_alphanumeric());
    !line.contains('@') && !words.any(like_sum)
}

/// Person by person, in frames that hold each for itself.
async fn short(desk: &Desk, lines: &[(u64, String)], how: &Import) -> Result<Taken, Refusal> {
    let (mut taken, mut note) = (Taken::default(), note(lines, &how.by));
    // A rehearsal leaves no rows by which the next frame knows what the one before brought.
    let mut fresh = HashSet::new();
    for part in lines.chunks(CHUNK) {
        let mut events = Vec::new();
        let mut sight = backlog();
        for (number, line) in part {
            match Named::read(line) {
                Some(named) => match events_for(desk, &named)? {
                    Some((key, new)) if fresh.insert(key.clone()) => {
                        taken.added += 1;
                        see(&named, &mut sight);
                        events.extend(new);
                    }
                    _ => taken.known += 1,
                },
                None => taken.refuse(vec![*number]),
            }
        }
        if !events.is_empty() && !how.dry_run {
            let mut events = desk.with_notices(events, sight).await?;
            // Who did it stands beside the first that it changes.
            events.extend(note.take());
            commit(desk, events).await?;
        }
    }
    Ok(taken)
}

/// Who handed a short list over; of a long one its entry says it.
fn note(lines: &[(u64, String)], by: &str) -> Option<Event> {
    let mut sum = Sha256::new();
    for (_, line) in lines {
        sum.update(line);
        sum.update("\n");
    }
    let mut short = [0; 16];
    short.copy_from_slice(&sum.finalize()[..16]);
    let note = Note {
        about: Noted::Stops(short),
        by: by.to_owned(),
        why: None,
    };
    (!by.is_empty()).then_some(Event::Noted(note))
}

/// As one entry of the log. Domains hold each for itself.
async fn long(
    desk: &Desk,
    first: Vec<(u64, String)>,
    mut lines: Lines,
    how: &Import,
) -> Result<Taken, Refusal> {
    let order = ListOrder {
        origin: bare(&how.file),
        by: how.by.clone(),
        why: how.reason.clone(),
        dry_run: how.dry_run,
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
