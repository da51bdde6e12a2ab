//! What every other thread sees of the store: rows as of the last committed group, events, and sealed content.

use super::frame::Link;
use super::index::Index;
use super::keys::{KeyError, Keys};
use super::lists::{ListDraft, ListError, ListFile, NewList};
use super::reading::{Ends, Frames, LogFiles, ReadError};
use super::{CommitError, room};
use crate::record::{
    Damaged, Event, Fingerprinter, Found, Frame, KeyId, KeyKind, ListEntry, LogPosition, Rows,
    Sealed, State, Table,
};
use serde::{Serialize, de::DeserializeOwned};
use std::path::PathBuf;
use std::sync::Arc;

/// A handle that any thread may hold; it costs nothing to clone. The writer is the [`super::Store`] alone.
#[derive(Clone)]
pub struct Reader(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) dir: PathBuf,
    /// Below this much free space, in octets, no new work is committed.
    pub(super) floor: u64,
    pub(super) index: Arc<Index>,
    pub(super) keys: Keys,
    pub(super) files: LogFiles,
    pub(super) ends: Arc<Ends>,
    pub(super) fingerprinter: Fingerprinter,
}

impl Reader {
    /// Typed look-ups.
    pub fn state(&self) -> State<'_> {
        State(self)
    }

    /// Whether there is room for new work (`Full` says how much is missing): whoever would begin some asks first.
    pub fn check_room(&self) -> Result<(), CommitError> {
        room::check(&self.0.dir, self.0.floor, 0)
    }

    /// Begins a suppression list; one at a time. It holds for nobody before the log names it.
    pub fn begin_list(&self) -> Result<ListDraft, ListError> {
        self.0.index.lists.begin(self.0.floor)
    }

    /// Takes a list away that no frame names.
    pub fn drop_list(&self, list: &NewList) -> Result<(), ListError> {
        Ok(self.0.index.lists.remove(&list.digest)?)
    }

    /// Entries of a list, in the order of their key forms, from the number `from` on.
    pub fn list_entries(
        &self,
        digest: &[u8; 32],
        from: u64,
        limit: usize,
    ) -> Result<Vec<ListEntry>, Damaged> {
        self.0.index.lists.check(digest)?;
        let read = |file: Arc<ListFile>| file.entries(from, limit);
        let found = self.0.index.lists.file(digest).map(read).transpose();
        Ok(found
            .map_err(|e| Damaged(e.to_string()))?
            .unwrap_or_default())
    }

    /// The event at a place that a row names: for its sealed content.
    pub fn event(&self, at: LogPosition) -> Result<Event, ReadError> {
        self.0.files.event(at)
    }

    /// The whole frame at a place; `at.event` is ignored.
    pub fn frame(&self, at: LogPosition) -> Result<Arc<Frame>, ReadError> {
        self.0.files.frame(LogPosition { event: 0, ..at })
    }

    /// The committed frames from number `first` on, with their places.
    pub fn frames(&self, first: u64) -> Result<Frames, ReadError> {
        let place = self.0.index.place().map_err(std::io::Error::other)?;
        let end = (place.segment, place.offset);
        Ok(Frames::following(&self.0.dir, first, end, &self.0.ends)?)
    }

    /// The last committed frame: number and hash, as receipts carry it.
    pub fn head(&self) -> Result<Link, Damaged> {
        Ok(self.0.index.place()?.link)
    }

    /// Makes fingerprints with this installation's keys.
    pub fn fingerprinter(&self) -> &Fingerprinter {
        &self.0.fingerprinter
    }

    /// A new key; durable with the next group that is committed.
    pub fn allocate(&self, kind: KeyKind) -> Result<KeyId, KeyError> {
        self.0.keys.allocate(kind)
    }

    /// Seals content under a key.
    pub fn seal<T: Serialize + ?Sized>(&self, key: KeyId, content: &T) -> Result<Sealed, KeyError> {
        self.0.keys.seal(key, content)
    }

    /// Opens sealed content; `None` if its key was erased.
    pub fn open_sealed<T: DeserializeOwned>(&self, sealed: &Sealed) -> Result<Option<T>, KeyError> {
        self.0.keys.open_sealed(sealed)
    }

    /// Whether a key was erased.
    pub fn is_erased(&self, key: KeyId) -> Result<bool, KeyError> {
        self.0.keys.is_erased(key)
    }
}

impl Rows for Reader {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        self.0.index.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        from: &[u8],
        limit: usize,
    ) -> Result<Found, Damaged> {
        self.0.index.scan(table, prefix, from, limit)
    }

    fn has_lists(&self) -> bool {
        self.0.index.has_lists()
    }

    fn listed(&self, beginning: &[u8]) -> Result<Vec<ListEntry>, Damaged> {
        self.0.index.listed(beginning)
    }

    fn has_list(&self, digest: &[u8; 32]) -> Result<(), Damaged> {
        self.0.index.has_list(digest)
    }
}
