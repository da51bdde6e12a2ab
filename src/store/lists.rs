//! Suppression lists: immutable files of sorted key forms beside the index, each named by its digest, which the log names.
//!
//! Ten million people are 480 MB of a file that is read where it is asked, and 14 MB of memory; as rows they were gigabytes of
//! both. A list is written under another name, synced and renamed before the frame that names it is committed: until then
//! nobody is on it, and what no frame names is removed when the store is opened. A file that is missing, or in which an octet
//! was flipped, is an error for whoever asks, never "not on it": the store is not opened without it, nor is its place
//! believed. What being on a list means is said in [`crate::record::ListRow`].

mod draft;
mod file;

pub use draft::{ListDraft, NewList};
pub(super) use file::ListFile;

use super::disk;
use crate::record::{Damaged, ListEntry, hex};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Why a list could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// One is being written already.
    #[error("another list is being read in")]
    Busy,
    /// There is no room.
    #[error(transparent)]
    Room(#[from] super::CommitError),
    /// The disk.
    #[error("the list could not be written: {0}")]
    Io(#[from] io::Error),
    /// What holds already cannot be read.
    #[error(transparent)]
    Index(#[from] Damaged),
}

/// The lists of one store.
pub(super) struct Lists {
    dir: PathBuf,
    store: [u8; 16],
    files: RwLock<Vec<Arc<ListFile>>>,
    many: AtomicUsize,
    /// Files that are no good list of this store, and why.
    bad: Vec<(PathBuf, String)>,
    /// What was asked for and cannot be answered; whoever recovers must not take it for damage of the index.
    lost: Mutex<Option<String>>,
    busy: AtomicBool,
}

pub(super) fn folder(dir: &Path) -> PathBuf {
    dir.join("lists")
}

fn path_of(dir: &Path, digest: &[u8; 32]) -> PathBuf {
    folder(dir).join(format!("{}.list", hex(digest)))
}

/// The names in the folder; none, if there is no folder.
fn names(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder(dir)) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let mut all: Vec<PathBuf> = entries.map(|e| Ok(e?.path())).collect::<io::Result<_>>()?;
    all.sort();
    Ok(all)
}

impl Lists {
    /// Opens all files that are there; changes nothing.
    pub(super) fn open(dir: &Path, store: [u8; 16]) -> io::Result<Arc<Self>> {
        let (mut files, mut bad) = (Vec::new(), Vec::new());
        for path in names(dir)? {
            if path.extension().is_none_or(|e| e != "list") {
                continue;
            }
            match ListFile::open(&path, &store) {
                Ok(file) if path == path_of(dir, &file.digest) => files.push(Arc::new(file)),
                Ok(_) => bad.push((path, "its name is another list's".into())),
                Err(e) => bad.push((path, e.to_string())),
            }
        }
        Ok(Arc::new(Self {
            dir: dir.to_owned(),
            store,
            many: AtomicUsize::new(files.len()),
            files: RwLock::new(files),
            bad,
            lost: Mutex::new(None),
            busy: AtomicBool::new(false),
        }))
    }

    fn files(&self) -> Vec<Arc<ListFile>> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.clone()
    }

    /// A list by its digest.
    pub(super) fn file(&self, digest: &[u8; 32]) -> Option<Arc<ListFile>> {
        self.files().into_iter().find(|f| f.digest == *digest)
    }

    fn put(&self, file: ListFile) {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        if !files.iter().any(|f| f.digest == file.digest) {
            files.push(Arc::new(file));
        }
        self.many.store(files.len(), Ordering::Release);
    }

    pub(super) fn any(&self) -> bool {
        self.many.load(Ordering::Acquire) > 0
    }

    /// Entries that begin so, of all files, named by the log or not.
    pub(super) fn find(&self, beginning: &[u8]) -> Result<Vec<ListEntry>, Damaged> {
        let mut found = Vec::new();
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        for file in files.iter() {
            let read = file.find(beginning, &mut found);
            read.map_err(|e| self.cannot(&path_of(&self.dir, &file.digest), &e.to_string()))?;
        }
        Ok(found)
    }

    /// Remembers that a list cannot be asked, and says what to do.
    fn cannot(&self, path: &Path, why: &str) -> Damaged {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let said = format!(
            "the suppression list lists/{name} {why}: without it nobody can say who must not be written to; \
             put the file back from the backup of the store, and start again"
        );
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(said.clone());
        Damaged(said)
    }

    /// What is wrong with a list that the log names, if something is.
    pub(super) fn check(&self, digest: &[u8; 32]) -> Result<(), Damaged> {
        if self.file(digest).is_some() {
            return Ok(());
        }
        let path = path_of(&self.dir, digest);
        let bad = self.bad.iter().find(|(p, _)| *p == path);
        let why = bad.map_or_else(
            || "is missing".to_owned(),
            |(_, why)| format!("is damaged ({why})"),
        );
        Err(self.cannot(&path, &why))
    }

    /// What was asked for and could not be answered.
    pub(super) fn lost(&self) -> Option<String> {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.clone()
    }

    /// Reads every octet of the lists that the log names; what is wrong with them.
    pub(super) fn verify(&self, named: &BTreeSet<[u8; 32]>) -> Vec<String> {
        let whole = |digest: &[u8; 32]| {
            self.check(digest)?;
            let file = self.file(digest).map(|f| f.verify());
            let path = path_of(&self.dir, digest);
            match file {
                Some(Err(e)) => Err(self.cannot(&path, &format!("is damaged ({e})"))),
                _ => Ok(()),
            }
        };
        let wrong = named.iter().filter_map(|d| whole(d).err());
        wrong.map(|e| e.0).collect()
    }

    /// Removes what an import that was cut short left behind: drafts, and lists that no frame names.
    pub(super) fn tidy(&self, named: &BTreeSet<[u8; 32]>) -> io::Result<()> {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        files.retain(|f| named.contains(&f.digest));
        self.many.store(files.len(), Ordering::Release);
        for path in names(&self.dir)? {
            let kept = named.iter().any(|d| path_of(&self.dir, d) == path);
            let ours = path.extension().is_some_and(|e| e == "list" || e == "new");
            if ours && !kept {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Removes a list that no frame names.
    pub(super) fn remove(&self, digest: &[u8; 32]) -> io::Result<()> {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        files.retain(|f| f.digest != *digest);
        self.many.store(files.len(), Ordering::Release);
        std::fs::remove_file(path_of(&self.dir, digest))
    }

    /// Begins a new list; one at a time. `floor` is the free space that stays.
    pub(super) fn begin(self: &Arc<Self>, floor: u64) -> Result<ListDraft, ListError> {
        if self.busy.swap(true, Ordering::AcqRel) {
            return Err(ListError::Busy);
        }
        let draft = ListDraft::of(self.clone(), floor);
        disk::private_dir(&folder(&self.dir))?;
        Ok(draft)
    }
}

#[cfg(test)]
mod tests;
