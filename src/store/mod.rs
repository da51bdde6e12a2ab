//! The processing log, the keys, the checkpoints and the index: it persists and projects events, and knows nothing of
//! their meaning.
//!
//! The log is the truth, sled is its index. A commit is one frame of events; a group of frames is one write and one
//! fdatasync, and nothing outside happens before it. Then its rows are seen by everybody, and go to sled some thousands at a
//! time together with their place in the log, all or nothing; on start the rest of the log is applied again. What a frame means
//! is said in [`crate::record::apply`].
//!
//! ```text
//! lock               who has it open          keys/master{,.copy}  store key, fingerprint chain, id key
//! log/00000001.log   frames (frame.rs)        keys/a, keys/b       key records, each twice
//! checkpoints/N.ckpt all rows after frame N   index/               sled, made again whenever in doubt
//! anchor             where a shortened log begins          lists/D.list     suppression lists, named by their digest (lists.rs)
//! ballast            room for the last words  damaged/             what was put aside, never read again
//! alerts.json        the monitor's, not the store's: what it told of the daemon
//! ```
//!
//! Deliberately absent: a trait for other stores, any clock (`now` is an argument) and any decision.

mod alarm;
mod anchor;
mod checkpoint;
mod disk;
pub mod frame;
mod group;
mod index;
mod keys;
mod later;
mod lists;
mod lock;
mod log;
mod master;
mod open;
mod overlay;
mod reader;
mod reading;
mod recent;
mod recover;
mod redo;
mod room;
mod salvage;
pub mod segment;
mod slots;
mod tree;
mod verify;

pub use checkpoint::Checkpoint;
pub use disk::{private_dir, replace};
pub use group::Group;
pub use keys::{KeyError, Keys};
pub use lists::{ListDraft, ListError, NewList};
pub use open::{OpenReport, Options, Rebuilt, Store};
pub use reader::Reader;
pub use reading::{Frames, Placed, ReadError};
pub use slots::SlotReport;
pub use verify::{VerifyReport, rebuild, verify};

use crate::record::Damaged;
use std::io;
use std::path::{Path, PathBuf};

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("it is in use by process {pid}")]
    Locked {
        /// Its process id, or `?`.
        pid: String,
    },
    /// The log is there, the keys are not.
    #[error(
        "both copies of keys/master are missing or damaged: without them no suppression can be recognised and no content \
         read; put them back from the backup of the keys, and open the store again"
    )]
    KeysLost,
    /// No index could be built from the log.
    #[error("{0}")]
    Damaged(#[from] Damaged),
    /// A suppression list that the log names is missing or damaged.
    #[error("{0}")]
    List(String),
    /// The key files.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The disk.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl OpenError {
    /// Which store it was, for whoever must do something about it.
    pub fn of(self, path: &Path) -> NotOpened {
        NotOpened {
            path: path.to_owned(),
            why: self,
        }
    }

    /// What to do, where the words do not say it yet.
    fn fix(&self) -> &'static str {
        match self {
            Self::Locked { .. } => {
                "\n  → one process owns a store: end it, or use the commands (`quitus status`), which go through a daemon"
            }
            Self::Io(e) if matches!(e.kind(), io::ErrorKind::StorageFull) => {
                "\n  → make room on the disk of the store"
            }
            Self::Io(_) => {
                "\n  → the folder must be there, mounted for writing, and belong to the user of the daemon"
            }
            _ => "",
        }
    }
}

/// A store that could not be opened, why, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("the store {} cannot be opened: {why}{}", path.display(), why.fix())]
pub struct NotOpened {
    /// Its folder.
    pub path: PathBuf,
    /// Why.
    pub why: OpenError,
}

/// Why a group was not committed. After anything but `Full` and `TooLarge` nobody can say whether it was: the store must
/// be opened again, and shows then what the log holds.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Below the floor of free space: nothing was written. Outcomes of what was already begun may still be
    /// committed as essential.
    #[error("the disk is full: {} MiB are free, the store keeps {} MiB", .free >> 20, .floor >> 20)]
    Full {
        /// Free octets.
        free: u64,
        /// What must stay free.
        floor: u64,
    },
    /// More than 65,535 events or 32 MiB in one frame.
    #[error("a frame may hold 65,535 events and 32 MiB")]
    TooLarge,
    /// An earlier write failed.
    #[error("an earlier write failed; the store must be opened again")]
    Poisoned,
    /// The write failed.
    #[error("the log could not be written: {0}; the store must be opened again")]
    Log(io::Error),
    /// The key files.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The index; the log has the group.
    #[error(transparent)]
    Index(#[from] Damaged),
}

/// What kind of damage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DamageKind {
    /// The end of the log was not written whole: the machine stopped in the middle of a write. Cut off, copied aside.
    TornEnd,
    /// Octets in the middle are no frame. Passed over; the rest is used.
    Middle,
    /// The head of a segment file is damaged, or another store's.
    Header,
    /// A segment file is missing.
    Missing,
    /// A frame does not follow the one before it.
    Chain,
    /// The index knew frames that the log has lost.
    LostFrames,
    /// The log begins at an anchor, and no checkpoint says what was before it.
    History,
}

impl DamageKind {
    /// Whether something that was acknowledged may be lost, so that sending must wait for a human.
    pub fn is_serious(self) -> bool {
        self != Self::TornEnd
    }
}

/// A place of the log that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// What it is.
    pub kind: DamageKind,
    /// The segment file.
    pub segment: u32,
    /// Where in it.
    pub offset: u64,
    /// How much.
    pub octets: u64,
}

impl Damage {
    fn of(kind: DamageKind, segment: u32, offset: u64, octets: u64) -> Self {
        Self {
            kind,
            segment,
            offset,
            octets,
        }
    }
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.kind {
            DamageKind::TornEnd => "the end was not written whole (cut off, a copy is in damaged/)",
            DamageKind::Middle => "these octets are no frame",
            DamageKind::Header => "the head of the file is damaged or another store's",
            DamageKind::Missing => "the file is missing",
            DamageKind::Chain => "the frame does not follow the one before it",
            DamageKind::LostFrames => "frames that the index knew are gone from the end",
            DamageKind::History => "what was before the log begins is in no checkpoint",
        };
        let Self {
            segment,
            offset,
            octets,
            ..
        } = self;
        write!(
            f,
            "log/{segment:08}.log at octet {offset}, {octets} octets: {what}"
        )
    }
}
