//! A long list of suppressions becomes one entry of the log, with a file of its own beside the index (`store::lists`).
//!
//! It is read as it comes, in the memory of some thousand lines, and nothing of it holds before all of it does. What holds
//! already is left out, so the same list again changes nothing. If little is left, it goes into the log person by person, as
//! short lists do. People who stop while a long list is being read in are suppressed by both: the count of the suppressed may
//! then be too high by as many.

use super::gathering::Trouble;
use super::house::Office;
use super::sequencer::{Committed, Proposal};
use crate::record::{
    Damaged, Event, Fingerprint, Fingerprinter, KeyKind, Listing, PersonId, State, Suppression,
    SuppressionReason,
};
use crate::register::{Layout, Named, Unnamed};
use crate::store::{KeyError, ListDraft, ListError, NewList, Reader};
use std::collections::HashSet;

/// Lists of so many key forms or fewer go into the log person by person.
pub const SHORT: usize = 10_000;
/// People of one frame.
const FRAME: usize = 1_000;
/// Threads that work on a batch of lines: the mail that comes in needs the machine, too.
const THREADS: usize = 2;

/// The key forms, and whom they name if nothing else is known; nothing for a domain.
fn key_forms(named: &Named, keys: &Fingerprinter) -> (Vec<Fingerprint>, Option<PersonId>) {
    let all = match named {
        Named::Address(address) => keys.of_address(address),
        Named::Sum(sum) => vec![keys.of_sha256(*sum)],
        Named::Domain(_) => Vec::new(),
    };
    // The canonical form is the last; an address that has no other is its own.
    let person = all.last().map(PersonId::from_fingerprint);
    (all, person)
}

/// Why a long list was not taken in; nothing of it holds then.
#[derive(Debug, thiserror::Error)]
pub enum NotListed {
    /// The file.
    #[error(transparent)]
    List(#[from] ListError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] Trouble),
    /// Nothing can be sealed.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The log did not take it.
    #[error("the log did not take the list: {0}")]
    Refused(String),
    /// A thread broke off.
    #[error("the list broke off: {0}")]
    Broken(String),
}

impl From<Damaged> for NotListed {
    fn from(e: Damaged) -> Self {
        Self::Store(e.into())
    }
}

/// Who reads a list in, whence and why.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// The name of the file, without its folder.
    pub origin: String,
    /// Who.
    pub by: String,
    /// Why; may be empty.
    pub why: String,
    /// Only tell what it would change.
    pub dry_run: bool,
    /// How its lines are read.
    pub layout: Layout,
}

/// What a list changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// People who were not suppressed before.
    pub people: u64,
    /// The list, if it is one entry of the log.
    pub list: Option<NewList>,
}

/// A batch of lines, read.
#[derive(Default)]
pub struct Batch {
    /// Lines that name somebody or a domain.
    pub named: u64,
    /// Numbers of the lines that are not taken, and why.
    pub faults: Vec<(u64, Unnamed)>,
    /// What they name, where that must be told to somebody: domains always, people if `told` was asked.
    pub seen: Vec<Named>,
    keys: Vec<(Fingerprint, PersonId)>,
}

/// A long list under way.
pub struct LongList {
    office: Office,
    draft: ListDraft,
    order: Order,
}

impl LongList {
    /// Begins one; one at a time.
    pub fn begin(office: &Office, order: Order) -> Result<Self, NotListed> {
        let office = office.clone();
        let draft = office.sequencer.reader().begin_list()?;
        Ok(Self {
            office,
            draft,
            order,
        })
    }

    /// Takes some lines, each with its number. With `told` the people are handed back in plain words.
    pub async fn take(
        mut self,
        lines: Vec<(u64, String)>,
        told: bool,
    ) -> Result<(Self, Batch), NotListed> {
        let work = tokio::task::spawn_blocking(move || {
            let (keys, layout) = (self.office.keys(), self.order.layout);
            let mut all = Batch::default();
            for part in side_by_side(&lines, keys, (layout, told))? {
                all.named += part.named;
                all.faults.extend(part.faults);
                all.seen.extend(part.seen);
                for (key, person) in part.keys {
                    self.draft.add(key, person)?;
                }
            }
            Ok((self, all))
        });
        work.await.map_err(|e| NotListed::Broken(e.to_string()))?
    }

    /// Brings everybody on it into force, who is not suppressed already.
    pub async fn end(self) -> Result<Added, NotListed> {
        let Self {
            office,
            draft,
            order,
        } = self;
        let (reader, dry_run) = (office.sequencer.reader().clone(), order.dry_run);
        let written = tokio::task::spawn_blocking(move || written(&reader, draft, dry_run));
        let written = written.await;
        let (new, fresh) = written.map_err(|e| NotListed::Broken(e.to_string()))??;
        let mut added = Added {
            people: fresh.people,
            list: None,
        };
        let Some(new) = new else {
            return Ok(added);
        };
        let reader = office.sequencer.reader();
        if new.entries <= SHORT as u64 {
            reader.drop_list(&new)?;
            by_person(&office, fresh.few).await?;
            return Ok(added);
        }
        let why = order.why.trim();
        let why = match why.is_empty() {
            true => None,
            false => Some(reader.seal(reader.allocate(KeyKind::Proof)?, why)?),
        };
        let listing = Listing {
            digest: new.digest,
            entries: new.entries,
            people: fresh.people,
            paused: fresh.paused,
            origin: order.origin,
            by: order.by,
            why,
        };
        // If that fails it may be in the log or not: what becomes of the file is decided when the store is opened.
        commit(&office, vec![Event::Listed(listing)]).await?;
        tracing::info!(
            entries = new.entries,
            people = fresh.people,
            "a suppression list holds"
        );
        added.list = Some(new);
        Ok(added)
    }
}

async fn commit(office: &Office, events: Vec<Event>) -> Result<(), NotListed> {
    match office.sequencer.commit(Proposal::new(events)).await {
        Committed::Frame(_) => Ok(()),
        Committed::Conflict => Err(NotListed::Refused("something came between".into())),
        Committed::Full(why) | Committed::Failed(why) => Err(NotListed::Refused(why)),
    }
}

/// What the lines name, in parts of their order.
fn side_by_side(
    lines: &[(u64, String)],
    keys: &Fingerprinter,
    how: (Layout, bool),
) -> Result<Vec<Batch>, NotListed> {
    let share = lines.len().div_ceil(THREADS).max(500);
    std::thread::scope(|scope| {
        let work = |part| scope.spawn(move || read(part, keys, how));
        let parts: Vec<_> = lines.chunks(share).map(work).collect();
        let joined = parts.into_iter().map(|part| part.join());
        joined
            .map(|part| part.map_err(|_| NotListed::Broken("a thread failed".into())))
            .collect()
    })
}

fn read(lines: &[(u64, String)], keys: &Fingerprinter, (layout, told): (Layout, bool)) -> Batch {
    let mut batch = Batch::default();
    for (number, line) in lines {
        let named = match layout.read(line) {
            Ok(named) => named,
            Err(why) => {
                batch.faults.push((*number, why));
                continue;
            }
        };
        batch.named += 1;
        let (all, person) = key_forms(&named, keys);
        if let Some(person) = person {
            batch.keys.extend(all.into_iter().map(|key| (key, person)));
        }
        let seen = match named {
            Named::Domain(_) => true,
            Named::Address(_) => told,
            Named::Sum(_) => false,
        };
        if seen {
            batch.seen.push(named);
        }
    }
    batch
}

/// Who is suppressed by a list and was not before.
#[derive(Default)]
struct Fresh {
    people: u64,
    paused: u64,
    /// People with rows of their own, who may be on it by several key forms.
    known: HashSet<PersonId>,
    /// The first of the entries: all, if they are few.
    few: Vec<(Fingerprint, PersonId)>,
}

impl Fresh {
    /// Whether the entry changes something.
    fn takes(
        &mut self,
        state: &State<'_>,
        key: &Fingerprint,
        person: &PersonId,
    ) -> Result<bool, Damaged> {
        let held = state.suppression(&[*key], None)?.map(|row| row.suppression);
        if held == Some(Suppression::Suppressed) {
            return Ok(false);
        }
        match state.alias(key)? {
            // Another spelling comes with the person's own key form, which counts.
            None => self.people += u64::from(*person == PersonId::from_fingerprint(key)),
            Some(known) => {
                if self.known.insert(state.standing(known)?) {
                    self.people += 1;
                    self.paused += u64::from(held.is_some());
                }
            }
        }
        if self.few.len() <= SHORT {
            self.few.push((*key, *person));
        }
        Ok(true)
    }
}

/// The file with what does not hold yet; none in a rehearsal.
fn written(
    reader: &Reader,
    draft: ListDraft,
    dry_run: bool,
) -> Result<(Option<NewList>, Fresh), NotListed> {
    let (state, mut fresh) = (reader.state(), Fresh::default());
    let keep = |key: &Fingerprint, person: &PersonId| fresh.takes(&state, key, person);
    let new = match dry_run {
        true => draft.weigh(keep).map(|_| None)?,
        false => draft.finish(keep)?,
    };
    Ok((new, fresh))
}

/// A few go into the log one by one.
async fn by_person(office: &Office, few: Vec<(Fingerprint, PersonId)>) -> Result<(), NotListed> {
    for part in few.chunks(FRAME) {
        let mut events = Vec::new();
        for (key, person) in part {
            let known = office.sequencer.reader().state().alias(key)?;
            let person = known.unwrap_or(*person);
            events.push(Event::Recognised {
                person,
                fingerprints: vec![*key],
            });
            events.push(Event::Suppressed {
                person,
                suppression: Suppression::Suppressed,
                reason: SuppressionReason::Imported,
                case: None,
            });
        }
        commit(office, events).await?;
    }
    Ok(())
}
