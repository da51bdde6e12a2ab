//! The sled index beside the log: every row with a checksum, groups of frames in one atomic batch with their place in the log.
//!
//! Rows of the last groups wait in memory and go to sled together: sled seals a buffer, wakes all its threads and writes for
//! each batch, however small, which cost a quarter of the daemon's CPU when every group was a batch. What waits is read like
//! everything else, and after a kill it is in the log: sled only lags behind it, never by more than [`Index::open`] was told.
//!
//! It is never the truth. sled's `flush` is no fsync, a flipped byte can panic its `open`, a lost tail can open as an empty
//! database: so every call is guarded against a panic, a sentinel row names the store, and whatever is doubtful makes the
//! owner rebuild it from the log. sled's types do not leave this file.

use super::frame::Link;
use super::lists::Lists;
use super::overlay::{changed_rows, overlaid};
use super::recent::Recent;
use crate::record::{Damaged, Found, ListEntry, Rows, Table, decode, encode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

/// Keys that begin with this are the index's own.
const OWN: u8 = 0xff;
/// More than there are tables.
const TABLES: usize = 64;
const STORE: &[u8] = b"\xffstore";
/// How long an index that is being dropped may take to let go of its lock.
const LET_GO: Duration = Duration::from_secs(5);
const PLACE: &[u8] = b"\xffplace";
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
    db: sled::Db,
    waiting: RwLock<Waiting>,
    /// What sled was asked a moment ago.
    recent: Recent,
    /// Tables that have ever had a row, by number: the others are not asked. A house that has merged nobody and suppressed
    /// no domain is asked for both with every message.
    held: [AtomicBool; TABLES],
    /// Rows that may wait.
    behind: usize,
    /// What lies beside the rows.
    pub(super) lists: Arc<Lists>,
}

/// Rows that are committed and not yet in sled, and up to where the log is in them.
#[derive(Default)]
struct Waiting {
    rows: Changes,
    place: Option<Place>,
}

/// sled 0.34 tells a lock that is taken only by its words.
fn is_locked(e: &sled::Error) -> bool {
    matches!(e, sled::Error::Io(io) if io.to_string().starts_with("could not acquire lock"))
}

fn damaged(e: impl std::fmt::Display) -> Damaged {
    Damaged(e.to_string())
}

/// Runs a call into sled; its panics are damage, not the end of the program.
fn guarded<T>(call: impl FnOnce() -> Result<T, Damaged>) -> Result<T, Damaged> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err(damaged("sled panicked")))
}

/// The value with a checksum over key and value before it.
fn with_sum(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4 + value.len());
    bytes.extend_from_slice(&sum(key, value).to_le_bytes());
    bytes.extend_from_slice(value);
    bytes
}

fn sum(key: &[u8], value: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(key);
    sum.update(value);
    sum.finalize()
}

fn checked<'a>(key: &[u8], bytes: &'a [u8]) -> Result<&'a [u8], Damaged> {
    let (found, value) = bytes
        .split_first_chunk::<4>()
        .ok_or_else(|| damaged("a short row"))?;
    match sum(key, value) == u32::from_le_bytes(*found) {
        true => Ok(value),
        false => Err(damaged("a row's checksum is wrong")),
    }
}

/// Which tables have a row now.
fn held(db: &sled::Db) -> Result<[AtomicBool; TABLES], Damaged> {
    let held = [const { AtomicBool::new(false) }; TABLES];
    for (number, held) in (0u8..).zip(&held) {
        let first = guarded(|| db.range([number]..).next().transpose().map_err(damaged))?;
        held.store(
            first.is_some_and(|(key, _)| key.first() == Some(&number)),
            Ordering::Release,
        );
    }
    Ok(held)
}

impl Index {
    /// Opens the index at `path`, or makes an empty one, in a thread of its own, so that a panic of sled ends there.
    ///
    /// Who opens it holds the lock of the store, so a lock of sled's that is still taken belongs to an index of this very
    /// process that is being dropped: sled's own threads let go of it a moment after the last handle. That is waited for,
    /// since an index that is only busy must not be taken for a damaged one and built again.
    ///
    /// `cache` is sled's memory in octets; `behind` is how many changed rows may wait in memory for it.
    pub(super) fn open(
        path: &Path,
        cache: u64,
        behind: usize,
        lists: &Arc<Lists>,
    ) -> Result<Self, Damaged> {
        let until = Instant::now() + LET_GO;
        loop {
            let path = path.to_owned();
            let opening = std::thread::Builder::new()
                .name("index".into())
                .spawn(move || {
                    sled::Config::new()
                        .path(path)
                        .cache_capacity(cache)
                        .flush_every_ms(None)
                        .open()
                })
                .map_err(damaged)?;
            let opened = opening
                .join()
                .map_err(|_| damaged("sled panicked while opening it"))?;
            match opened {
                Ok(db) => {
                    let held = held(&db)?;
                    return Ok(Self {
                        db,
                        waiting: RwLock::default(),
                        recent: Recent::default(),
                        held,
                        behind,
                        lists: lists.clone(),
                    });
                }
                Err(e) if is_locked(&e) && Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(e) => return Err(damaged(e)),
            }
        }
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
        self.get_full(key)?.map(|v| decode(&v)).transpose()
    }

    /// Writes the sentinel of a new index, once everything else is in it.
    pub(super) fn claim(&self, store: [u8; 16]) -> Result<(), Damaged> {
        self.settle()?;
        let value = with_sum(STORE, &encode(&store));
        guarded(|| self.db.insert(STORE, value).map(|_| ()).map_err(damaged))
    }

    /// How many of the tables that came later ([`super::recover`] lists them) are made of all rows.
    pub(super) fn completed(&self) -> Result<u8, Damaged> {
        Ok(self.own::<u8>(COMPLETED)?.unwrap_or_default())
    }

    /// From now on so many are.
    pub(super) fn mark_completed(&self, tables: u8) -> Result<(), Damaged> {
        self.settle()?;
        let value = with_sum(COMPLETED, &encode(&tables));
        guarded(|| {
            self.db
                .insert(COMPLETED, value)
                .map(|_| ())
                .map_err(damaged)
        })
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
        match waiting > self.behind {
            true => self.settle(),
            false => Ok(()),
        }
    }

    /// Puts what waits into sled, all or nothing. Only the writer calls it; readers find a row here or there, or in both.
    pub(super) fn settle(&self) -> Result<(), Damaged> {
        let mut batch = sled::Batch::default();
        {
            let waiting = self.waiting();
            let Some(place) = &waiting.place else {
                return Ok(());
            };
            for (key, value) in &waiting.rows {
                match value {
                    Some(value) => batch.insert(key.as_slice(), with_sum(key, value)),
                    None => batch.remove(key.as_slice()),
                }
            }
            batch.insert(PLACE, with_sum(PLACE, &encode(place)));
        }
        crate::faults::reached("index: settle");
        guarded(|| self.db.apply_batch(batch).map_err(damaged))?;
        crate::faults::reached("index: settle");
        // Before they wait no more: until then they are found there.
        self.recent.forget();
        *self.waiting_mut() = Waiting::default();
        Ok(())
    }

    /// Hands everything to the operating system. This is no fsync, and need not be one: the log is the truth.
    pub(super) fn flush(&self) -> Result<(), Damaged> {
        self.settle()?;
        guarded(|| self.db.flush().map(|_| ()).map_err(damaged))
    }

    /// Octets on the disk.
    pub(super) fn size(&self) -> u64 {
        guarded(|| self.db.size_on_disk().map_err(damaged)).unwrap_or(0)
    }

    fn get_full(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        let found = guarded(|| self.db.get(key).map_err(damaged))?;
        found
            .map(|bytes| checked(key, &bytes).map(<[u8]>::to_vec))
            .transpose()
    }

    /// Calls `see` with every row, in the order of full keys, without the index's own. For the writer, like [`Self::settle`].
    pub(super) fn each(
        &self,
        mut see: impl FnMut(&[u8], &[u8]) -> Result<(), Damaged>,
    ) -> Result<(), Damaged> {
        self.settle()?;
        guarded(|| {
            for row in self.db.range(..[OWN].to_vec()) {
                let (key, bytes) = row.map_err(damaged)?;
                see(&key, checked(&key, &bytes)?)?;
            }
            Ok(())
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
            let row = self.get_full(key)?;
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
        let settled = guarded(|| {
            let mut rows = Vec::new();
            for row in self.db.range(start..).take(most) {
                let (key, bytes) = row.map_err(damaged)?;
                if !key.starts_with(&full_prefix) {
                    break;
                }
                rows.push((key[1..].to_vec(), checked(&key, &bytes)?.to_vec()));
            }
            Ok(rows)
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
