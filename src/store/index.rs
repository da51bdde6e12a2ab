//! The sled index beside the log: every row with a checksum, the rows of many groups at once with their place in the log.
//!
//! Rows of the last groups wait in memory and go to sled together, in the order of their keys, all or nothing
//! ([`super::redo`]): what changes again meanwhile goes there once. What waits is read like
//! everything else, and after a kill it is in the log: sled only lags behind it, never by more than [`Index::open`] was told.
//!
//! It is never the truth: a sentinel row names the store, and whatever is doubtful makes the owner rebuild it from the log.

use super::frame::Link;
use super::lists::Lists;
use super::overlay::{changed_rows, overlaid};
use super::recent::Recent;
use super::tree::{Tree, damaged};
use super::{redo, room};
use crate::faults;
use crate::record::{Damaged, Found, ListEntry, Rows, Table, decode, encode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Keys that begin with this are the index's own.
const OWN: u8 = 0xff;
/// More than there are tables.
const TABLES: usize = 64;
const STORE: &[u8] = b"\xffstore";
const PLACE: &[u8] = b"\xffplace";
/// Room for what is written to settle once: the rows twice, and sled's pages.
const SETTLING_OCTETS: u64 = 16 << 20;
/// While it stands here, the rows of the file that it names are going in.
const SETTLING: &[u8] = b"\xffsettling";
/// Which of the tables that came later than what they are made of are made of all of it.
const COMPLETED: &[u8] = b"\xffordered";

/// A key of the one tree: the table's number, then the row's key.
pub(super) fn full_key(table: Table, key: &[u8]) -> Vec<u8> {
    let mut full = Vec::with_capacity(1 + key.len());
    full.push(table as u8);
    full.extend_from_slice(key);
    full
}

/// Octets of the keys that are looked up without taking memory: those of almost all rows.
const SHORT: usize = 48;

/// Looks something up under [`full_key`]; a message takes some fifty look-ups.
pub(super) fn with_full_key<T>(table: Table, key: &[u8], look: impl FnOnce(&[u8]) -> T) -> T {
    if key.len() >= SHORT {
        return look(&full_key(table, key));
    }
    let mut full = [0; SHORT];
    full[0] = table as u8;
    full[1..=key.len()].copy_from_slice(key);
    look(&full[..=key.len()])
}

/// Rows that changed (`None` = removed), by full key.
pub(super) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Up to where the log is in the index.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) link: Link,
    /// Where the next frame begins: segment and offset.
    pub(super) segment: u32,
    pub(super) offset: u64,
}

/// The open index.
pub(super) struct Index {
    tree: Tree,
    waiting: RwLock<Waiting>,
    /// What sled was asked a moment ago.
    recent: Recent,
    /// Tables that have ever had a row, by number: the others are not asked. A house that has merged nobody and suppressed
    /// no domain is asked for both with every message.
    held: [AtomicBool; TABLES],
    /// Rows that may wait.
    behind: usize,
    /// Where they are written down before they go to sled.
    redo: PathBuf,
    /// What lies beside the rows.
    pub(super) lists: Arc<Lists>,
}

/// Rows that are committed and not yet in sled, and up to where the log is in them.
#[derive(Default)]
struct Waiting {
    rows: Changes,
    place: Option<Place>,
}

/// Which tables have a row now.
fn held(tree: &Tree) -> Result<[AtomicBool; TABLES], Damaged> {
    let held = [const { AtomicBool::new(false) }; TABLES];
    for (number, held) in (0u8..).zip(&held) {
        let first = tree.first_from(&[number])?;
        let has = first.is_some_and(|key| key.first() == Some(&number));
        held.store(has, Ordering::Release);
    }
    Ok(held)
}

impl Index {
    /// Opens the index at `path`, or makes an empty one. Rows that were on their way in may be missing: [`Index::redo`].
    ///
    /// `cache` is sled's memory in octets; `behind` is how many changed rows may wait in memory for it.
    pub(super) fn open(
        path: &Path,
        cache: u64,
        behind: usize,
        lists: &Arc<Lists>,
    ) -> Result<Self, Damaged> {
        let tree = Tree::open(path, cache)?;
        Ok(Self {
            held: held(&tree)?,
            tree,
            waiting: RwLock::default(),
            recent: Recent::default(),
            behind,
            redo: path.join("redo"),
            lists: lists.clone(),
        })
    }

    /// The store whose index this is; `None` if it is empty.
    pub(super) fn store(&self) -> Result<Option<[u8; 16]>, Damaged> {
        self.own(STORE)
    }

    /// Up to where the log is in the index.
    pub(super) fn place(&self) -> Result<Place, Damaged> {
        match self.waiting().place {
            Some(place) => Ok(place),
            None => Ok(self.own(PLACE)?.unwrap_or_default()),
        }
    }

    fn waiting(&self) -> RwLockReadGuard<'_, Waiting> {
        self.waiting.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting_mut(&self) -> RwLockWriteGuard<'_, Waiting> {
        self.waiting.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the table of a full key ever had a row.
    fn table(&self, full_key: &[u8]) -> Option<&AtomicBool> {
        self.held.get(usize::from(*full_key.first()?))
    }

    fn has_rows(&self, table: Table) -> bool {
        let held = self.held.get(table as usize);
        held.is_none_or(|held| held.load(Ordering::Acquire))
    }

    fn own<T: serde::de::DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, Damaged> {
        self.tree.get(key)?.map(|v| decode(&v)).transpose()
    }

    fn put_own<T: Serialize>(&self, key: &[u8], value: &T) -> Result<(), Damaged> {
        self.tree.put([(key, Some(encode(value).as_slice()))])
    }

    /// Writes the sentinel of a new index, once everything else is in it.
    pub(super) fn claim(&self, store: [u8; 16]) -> Result<(), Damaged> {
        self.settle()?;
        self.put_own(STORE, &store)
    }

    /// How many of the tables that came later ([`super::recover`] lists them) are made of all rows.
    pub(super) fn completed(&self) -> Result<u8, Damaged> {
        Ok(self.own::<u8>(COMPLETED)?.unwrap_or_default())
    }

    /// From now on so many are.
    pub(super) fn mark_completed(&self, tables: u8) -> Result<(), Damaged> {
        self.settle()?;
        self.put_own(COMPLETED, &tables)
    }

    /// Applies changes and the new place: seen at once, in sled when enough of them wait.
    pub(super) fn apply(&self, mut changes: Changes, place: &Place) -> Result<(), Damaged> {
        // What is removed from a table that never had a row need not go to sled.
        changes.retain(|key, row| match (self.table(key), row) {
            (Some(table), Some(_)) => {
                table.store(true, Ordering::Release);
                true
            }
            (Some(table), None) => table.load(Ordering::Acquire),
            (None, _) => true,
        });
        let waiting = {
            let mut waiting = self.waiting_mut();
            waiting.rows.extend(changes);
            waiting.place = Some(*place);
            waiting.rows.len()
        };
        // On a full disk they wait on, since the log has them: what is cut short would poison the store.
        let dir = self.redo.parent();
        let is_room = || dir.is_none_or(|dir| room::check(dir, 0, SETTLING_OCTETS).is_ok());
        match waiting > self.behind && is_room() {
            true => self.settle(),
            false => Ok(()),
        }
    }

    /// Puts what waits into sled, all or nothing. Only the writer calls it; readers find a row here or there, or in both.
    pub(super) fn settle(&self) -> Result<(), Damaged> {
        {
            let waiting = self.waiting();
            let Some(place) = &waiting.place else {
                return Ok(());
            };
            self.begin(&waiting.rows, place)?;
            self.finish(&waiting.rows, place)?;
        }
        // Before they wait no more: until then they are found there.
        self.recent.forget();
        *self.waiting_mut() = Waiting::default();
        Ok(())
    }

    /// From here on it is all, even if the process is killed.
    fn begin(&self, rows: &Changes, place: &Place) -> Result<(), Damaged> {
        // The file before is needed until it is written that its mark is gone.
        self.tree.flush()?;
        let before = self.own(PLACE)?.unwrap_or_default();
        let name = redo::write(&self.redo, rows, [before, *place]).map_err(damaged)?;
        self.put_own(SETTLING, &name)
    }

    fn finish(&self, rows: &Changes, place: &Place) -> Result<(), Damaged> {
        faults::reached("index: settle");
        self.tree.put(
            rows.iter()
                .map(|(key, row)| (key.as_slice(), row.as_deref())),
        )?;
        faults::reached("index: settle");
        self.put_own(PLACE, place)?;
        self.tree.put([(SETTLING, None)])?;
        faults::reached("index: settle");
        Ok(())
    }

    /// Puts in what a process that was killed was putting in. Where the file of it is gone, nobody can say what is in.
    pub(super) fn redo(&self) -> Result<(), Damaged> {
        let Some(name) = self.own(SETTLING)? else {
            return Ok(());
        };
        let ([before, place], rows) = redo::read(&self.redo, name)
            .ok_or_else(|| damaged("it was being written, and what was to be written is lost"))?;
        if ![before, place].contains(&self.place()?) {
            return Err(damaged("it lost some of what was written before"));
        }
        for (key, value) in &rows {
            if let (Some(table), Some(_)) = (self.table(key), value) {
                table.store(true, Ordering::Release);
            }
        }
        self.finish(&rows, &place)
    }

    /// Hands everything to the operating system. This is no fsync, and need not be one: the log is the truth.
    pub(super) fn flush(&self) -> Result<(), Damaged> {
        self.settle()?;
        self.tree.flush()
    }

    /// Octets on the disk.
    pub(super) fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Calls `see` with every row, in the order of full keys, without the index's own. For the writer, like [`Self::settle`].
    pub(super) fn each(
        &self,
        mut see: impl FnMut(&[u8], &[u8]) -> Result<(), Damaged>,
    ) -> Result<(), Damaged> {
        self.settle()?;
        self.tree.each_from(&[], &[], |key, row| {
            let ours = key.first() != Some(&OWN);
            if ours {
                see(key, row)?;
            }
            Ok(ours)
        })
    }
}

impl Rows for Index {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        if !self.has_rows(table) {
            return Ok(None);
        }
        with_full_key(table, key, |key| {
            let age = self.recent.age();
            if let Some(row) = self.waiting().rows.get(key) {
                return Ok(row.clone());
            }
            if let Some(row) = self.recent.get(key) {
                return Ok(row);
            }
            let row = self.tree.get(key)?;
            self.recent.put(key, row.as_deref(), age);
            Ok(row)
        })
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        from: &[u8],
        limit: usize,
    ) -> Result<Found, Damaged> {
        if !self.has_rows(table) {
            return Ok(Found::new());
        }
        // Taken before sled is read: what is settled in between is then in both, and nothing is in neither.
        let changed = changed_rows(&self.waiting().rows, table, prefix, from);
        let full_prefix = full_key(table, prefix);
        let start = full_key(table, prefix.max(from));
        // Every changed row may hide one of sled's.
        let most = limit.saturating_add(changed.len());
        let mut settled = Vec::new();
        self.tree.each_from(&start, &full_prefix, |key, row| {
            settled.push((key[1..].to_vec(), row.to_vec()));
            Ok(settled.len() < most)
        })?;
        Ok(overlaid(settled, changed, limit))
    }

    fn has_lists(&self) -> bool {
        self.lists.any()
    }

    fn listed(&self, beginning: &[u8]) -> Result<Vec<ListEntry>, Damaged> {
        self.lists.find(beginning)
    }

    fn has_list(&self, digest: &[u8; 32]) -> Result<(), Damaged> {
        self.lists.check(digest)
    }
}

#[cfg(test)]
mod tests;
