//! A list that is being read in: its entries come in any order, are sorted in runs on the disk, and merged into the file.
//!
//! It takes the memory of one run, however long the list is, and holds keyed fingerprints only. Dropped before its end, it
//! leaves nothing.

use super::super::{disk, room};
use super::file::{Entry, Writer};
use super::{ListError, Lists, folder, path_of};
use crate::record::{Damaged, Fingerprint, PersonId};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Entries that are sorted at a time: 48 MiB.
const RUN: usize = 1 << 20;
/// Octets of an entry in the finished file, with its share of checksums and filter.
const OCTETS: u64 = 50;

/// A list that is being read in.
pub struct ListDraft {
    lists: Arc<Lists>,
    floor: u64,
    run: Vec<Entry>,
    /// Entries of a run.
    pub(super) most: usize,
    runs: Vec<(PathBuf, File)>,
    entries: u64,
}

/// A list that lies in its place, and holds for nobody before the log names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewList {
    /// SHA-256 of the file: its name.
    pub digest: [u8; 32],
    /// Key forms in it.
    pub entries: u64,
}

fn entry(key: &Fingerprint, person: &PersonId) -> Entry {
    let mut entry = [0; 48];
    entry[..32].copy_from_slice(&key.0);
    entry[32..].copy_from_slice(&person.0);
    entry
}

/// The key form and the person of an entry.
fn parts(entry: &Entry) -> (Fingerprint, PersonId) {
    let (mut key, mut person) = ([0; 32], [0; 16]);
    key.copy_from_slice(&entry[..32]);
    person.copy_from_slice(&entry[32..]);
    (Fingerprint(key), PersonId(person))
}

impl ListDraft {
    pub(super) fn of(lists: Arc<Lists>, floor: u64) -> Self {
        Self {
            lists,
            floor,
            run: Vec::new(),
            most: RUN,
            runs: Vec::new(),
            entries: 0,
        }
    }

    /// A key form, and whom it names if nothing else is known of it.
    pub fn add(&mut self, key: Fingerprint, person: PersonId) -> Result<(), ListError> {
        self.run.push(entry(&key, &person));
        self.entries += 1;
        match self.run.len() >= self.most {
            true => self.spill(),
            false => Ok(()),
        }
    }

    /// Sorts what is in memory and writes it aside.
    fn spill(&mut self) -> Result<(), ListError> {
        let octets = (self.run.len() * size_of::<Entry>()) as u64;
        room::check(&self.lists.dir, self.floor, octets)?;
        self.run.sort_unstable();
        let name = format!("run-{}.new", self.runs.len());
        let path = folder(&self.lists.dir).join(name);
        let file = disk::create(&path)?;
        self.runs.push((path, file.try_clone()?));
        let mut out = BufWriter::with_capacity(256 << 10, file);
        for entry in &self.run {
            out.write_all(entry)?;
        }
        out.flush()?;
        self.run.clear();
        Ok(())
    }

    /// Calls `see` with each entry, in the order of the key forms, each once.
    fn merged(&mut self, mut see: impl FnMut(Entry) -> Result<(), ListError>) -> io::Result<Ended> {
        self.run.sort_unstable();
        let mut sources = Vec::new();
        for (_, file) in &mut self.runs {
            file.rewind()?;
            let read = BufReader::with_capacity(256 << 10, file.try_clone()?);
            sources.push(Source::Disk(read));
        }
        sources.push(Source::Memory(std::mem::take(&mut self.run).into_iter()));
        let mut heap = BinaryHeap::new();
        for (number, source) in sources.iter_mut().enumerate() {
            if let Some(first) = source.next()? {
                heap.push(Reverse((first, number)));
            }
        }
        let mut last: Option<Entry> = None;
        while let Some(mut top) = heap.peek_mut() {
            let Reverse((entry, number)) = *top;
            match sources
                .get_mut(number)
                .map(Source::next)
                .transpose()?
                .flatten()
            {
                Some(next) => *top = Reverse((next, number)),
                None => drop(PeekMut::pop(top)),
            }
            match &mut last {
                // Named twice: the spelling that knows of another one says more.
                Some(before) if before[..32] == entry[..32] => {
                    if before[..16] == before[32..] {
                        *before = entry;
                    }
                }
                before => {
                    if let Some(whole) = before.replace(entry)
                        && let Err(e) = see(whole)
                    {
                        return Ok(Err(e));
                    }
                }
            }
        }
        Ok(last.map_or(Ok(()), see))
    }

    /// Which entries `keep` takes, and nothing else: what an import would bring.
    pub fn weigh(
        mut self,
        mut keep: impl FnMut(&Fingerprint, &PersonId) -> Result<bool, Damaged>,
    ) -> Result<u64, ListError> {
        let mut kept = 0;
        let mut see = |entry: Entry| {
            let (key, person) = parts(&entry);
            kept += u64::from(keep(&key, &person)?);
            Ok(())
        };
        self.merged(&mut see)??;
        Ok(kept)
    }

    /// Writes the entries that `keep` takes into a file of their own, durable and in its place; `None` if it takes none.
    pub fn finish(
        mut self,
        mut keep: impl FnMut(&Fingerprint, &PersonId) -> Result<bool, Damaged>,
    ) -> Result<Option<NewList>, ListError> {
        let (dir, store) = (self.lists.dir.clone(), self.lists.store);
        room::check(&dir, self.floor, self.entries * OCTETS)?;
        let path = folder(&dir).join("list.new");
        let mut writer = Writer::create(&path, store, self.entries)?;
        let written = self.merged(|entry| {
            let (key, person) = parts(&entry);
            match keep(&key, &person)? {
                true => Ok(writer.push(&entry)?),
                false => Ok(()),
            }
        });
        let file = match written.map_err(ListError::from).and_then(|ended| ended) {
            Ok(()) => writer.finish(|digest| path_of(&dir, digest)),
            Err(e) => {
                drop(writer);
                std::fs::remove_file(&path)?;
                return Err(e);
            }
        };
        let Some(file) = file? else {
            return Ok(None);
        };
        let new = NewList {
            digest: file.digest,
            entries: file.len(),
        };
        self.lists.put(file);
        Ok(Some(new))
    }
}

/// How what saw the entries ended.
type Ended = Result<(), ListError>;

impl Drop for ListDraft {
    fn drop(&mut self) {
        for (path, _) in &self.runs {
            // Whatever stays is removed when the store is opened.
            let _ = std::fs::remove_file(path);
        }
        self.lists.busy.store(false, Ordering::Release);
    }
}

/// A sorted run.
enum Source {
    Disk(BufReader<File>),
    Memory(std::vec::IntoIter<Entry>),
}

impl Source {
    fn next(&mut self) -> io::Result<Option<Entry>> {
        match self {
            Self::Memory(run) => Ok(run.next()),
            Self::Disk(run) => {
                let mut entry = [0; 48];
                match run.read_exact(&mut entry) {
                    Ok(()) => Ok(Some(entry)),
                    Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
                    Err(e) => Err(e),
                }
            }
        }
    }
}
