//! Opening, writing and closing a store.

use super::checkpoint::{self, Checkpoint};
use super::frame::Link;
use super::group::Group;
use super::keys::Keys;
use super::lists::Lists;
use super::lock::Lock;
use super::log::Log;
use super::master::{Master, MasterError};
use super::reader::{Reader, Shared};
use super::reading::LogFiles;
use super::recover::{Recovery, mark_closed, was_interrupted};
use super::room::Room;
use super::segment::{SegmentReader, segment_path, segments};
use super::{CommitError, Damage, OpenError, SlotReport, anchor, disk};
use crate::record::{Event, Fingerprinter, State, Timestamp};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// A segment file is closed once it has this many octets.
    pub segment_octets: u64,
    /// Memory for the index's pages, in octets.
    pub index_cache: u64,
    /// Changed rows that may wait in memory before they go into the index together; after a kill they are read again from
    /// the log.
    pub index_behind: usize,
    /// Room held back for the last words, in octets.
    pub ballast: u64,
    /// Below this much free space, in octets, no new work is committed.
    pub floor: u64,
    /// The time of the frame that opening itself may write (suppressions found again after damage).
    pub now: Timestamp,
}

impl Options {
    /// 64 MiB segments, 32 MiB of index pages, 8,192 rows that wait, 8 MiB of ballast, 32 MiB of floor.
    pub fn at(now: Timestamp) -> Self {
        Self {
            segment_octets: 64 << 20,
            index_cache: 32 << 20,
            index_behind: 8_192,
            ballast: 8 << 20,
            floor: 32 << 20,
            now,
        }
    }
}

/// Why and how the index was made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// What was wrong with the old one.
    pub why: String,
}

/// What opening found; everything in it belongs into `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// The store is new.
    pub created: bool,
    /// Number of the last frame.
    pub frame: u64,
    /// The process that had it open before was killed, or the machine stopped.
    pub interrupted: bool,
    /// Frames that the index lacked.
    pub replayed: u64,
    /// The index was made again.
    pub rebuilt: Option<Rebuilt>,
    /// Places of the log that cannot be used.
    pub damage: Vec<Damage>,
    /// Key slots mended or lost.
    pub keys: SlotReport,
    /// One copy of `keys/master` was mended from the other.
    pub master_mended: bool,
    /// Suppressions that the log had lost, committed again from what index and checkpoints still knew.
    pub suppressions_restored: usize,
}

impl OpenReport {
    /// Where the log was shortened on purpose, nothing is missing before it.
    fn expect_anchor(&mut self, dir: &Path, keys: &Fingerprinter) {
        let missing = |d: &Damage| d.kind != super::DamageKind::History;
        (self.damage).retain(|d| missing(d) || anchor::read(dir, keys).is_none());
    }

    /// Whether something that was acknowledged may be lost: sending waits for a human.
    pub fn sending_must_wait(&self) -> bool {
        self.damage.iter().any(|d| d.kind.is_serious()) || !self.keys.lost.is_empty()
    }
}

/// The one writer of a store.
pub struct Store {
    pub(super) log: Log,
    pub(super) shared: Arc<Shared>,
    pub(super) room: Room,
    pub(super) id: [u8; 16],
    _lock: Lock,
}

impl Store {
    /// Opens the store in `dir`, or makes one where there is nothing. What was cut short is put right and reported.
    pub fn open(dir: &Path, options: &Options) -> Result<(Self, OpenReport), OpenError> {
        disk::private_dir(dir)?;
        let lock = Lock::take(dir)?;
        let mut report = OpenReport {
            interrupted: was_interrupted(dir),
            ..OpenReport::default()
        };
        let master = load_or_create(dir, &mut report)?;
        let (keys, slots) = Keys::open(dir, &master)?;
        report.keys = slots;
        let id = master.store;
        let lists = Lists::open(dir, id)?;
        let log = Log::open(dir, id, options.segment_octets, &mut report.damage)?;
        let recovered = Recovery {
            dir,
            store: id,
            cache: options.index_cache,
            behind: options.index_behind,
            log: &log,
            keys: &keys,
            lists: &lists,
            damage: &mut report.damage,
        }
        .run()?;
        let fingerprinter = master.fingerprinter();
        report.expect_anchor(dir, &fingerprinter);
        report.replayed = recovered.replayed;
        report.rebuilt = recovered.rebuilt.map(|why| Rebuilt { why });
        let shared = Shared {
            dir: dir.to_owned(),
            floor: options.floor,
            index: recovered.index,
            keys,
            files: LogFiles::new(dir),
            ends: Arc::default(),
            fingerprinter,
        };
        let mut store = Self {
            log,
            shared: Arc::new(shared),
            room: Room::new(dir, options.ballast, options.floor),
            id,
            _lock: lock,
        };
        report.suppressions_restored = store.restore(recovered.missing, options.now)?;
        store.raise(&report, options.now)?;
        store.tidy_lists(&report)?;
        report.frame = store.log.link().number;
        Ok((store, report))
    }

    /// After damage nobody knows which lists the log named, so all stay.
    fn tidy_lists(&self, report: &OpenReport) -> Result<(), OpenError> {
        if report.sending_must_wait() {
            return Ok(());
        }
        let named = self.state().lists()?.into_iter().map(|(digest, _)| digest);
        Ok(self.shared.index.lists.tidy(&named.collect())?)
    }

    /// Writes suppressions down again that damage had taken from the log.
    fn restore(&mut self, missing: Vec<Event>, now: Timestamp) -> Result<usize, OpenError> {
        let suppressions = |e: &&Event| !matches!(e, Event::Recognised { .. });
        let count = missing.iter().filter(suppressions).count();
        let failed = |e: CommitError| OpenError::Io(io::Error::other(e));
        for events in missing.chunks(1000) {
            let mut group = self.group(now);
            group.push(events.to_vec()).map_err(failed)?;
            group.commit_essential().map_err(failed)?;
        }
        Ok(count)
    }

    /// Begins a group of frames that are committed at `now`.
    pub fn group(&mut self, now: Timestamp) -> Group<'_> {
        Group::new(self, now)
    }

    /// Commits one frame.
    pub fn commit(&mut self, now: Timestamp, events: Vec<Event>) -> Result<u64, CommitError> {
        let mut group = self.group(now);
        let number = group.push(events)?;
        group.commit()?;
        Ok(number)
    }

    /// The state as of the last committed group.
    pub fn state(&self) -> State<'_> {
        State(self.shared.index.as_ref())
    }

    /// A handle for other threads.
    pub fn reader(&self) -> Reader {
        Reader(self.shared.clone())
    }

    /// Makes fingerprints with this installation's keys.
    pub fn fingerprinter(&self) -> &Fingerprinter {
        &self.shared.fingerprinter
    }

    /// The last frame: number and hash, as receipts carry it.
    pub fn head(&self) -> Link {
        self.log.link()
    }

    /// Whether an earlier write failed, so that the store must be opened again.
    pub fn is_poisoned(&self) -> bool {
        self.log.failed()
    }

    /// Whether there is room for new work (`Full` says how much is missing).
    pub fn check_room(&mut self) -> Result<(), CommitError> {
        self.room.check(0)
    }

    /// Octets of the index on the disk.
    pub fn index_octets(&self) -> u64 {
        self.shared.index.size()
    }

    /// Exports all rows, hashes them into the chain, and keeps the newest two exports. Once a day; the writer waits for it.
    pub fn checkpoint(&mut self, now: Timestamp) -> Result<Checkpoint, CommitError> {
        self.room.check(self.shared.index.size())?;
        let made = checkpoint::write(&self.shared.dir, self.id, &self.shared.index)
            .map_err(CommitError::Log)?;
        let (frame, digest) = (made.frame, made.digest);
        self.commit(now, vec![Event::Checkpointed { frame, digest }])?;
        checkpoint::remove_old(&self.shared.dir).map_err(CommitError::Log)?;
        Ok(made)
    }

    /// Drops whole segments whose frames are all before `frame` and in both kept checkpoints, behind a signed anchor. Gives
    /// how many were dropped. What their events sealed can no longer be read.
    pub fn retire(&mut self, frame: u64) -> io::Result<usize> {
        let dir = &self.shared.dir;
        let kept = checkpoint::list(dir)?;
        let Some((oldest, _)) = kept.get(1) else {
            return Ok(0);
        };
        let frame = frame.min(oldest + 1);
        let all = segments(dir)?;
        let mut drop = Vec::new();
        let mut before = None;
        for pair in all.windows(2) {
            let (_, next) = SegmentReader::open(&segment_path(dir, pair[1]))?;
            match next {
                Some(next) if next.before.number < frame => {
                    before = Some(next.before);
                    drop.push(pair[0]);
                }
                _ => break,
            }
        }
        if let Some(before) = before {
            anchor::write(dir, &self.shared.fingerprinter, before)?;
        }
        for segment in &drop {
            std::fs::remove_file(segment_path(dir, *segment))?;
        }
        disk::sync_dir("log: segments dropped", &dir.join("log"))?;
        Ok(drop.len())
    }

    /// Hands the index to the disk, so that the next start has nothing to repeat.
    pub fn flush_index(&self) -> Result<(), CommitError> {
        Ok(self.shared.index.flush()?)
    }
}

/// The master keys; new ones only where there is nothing that old ones could open.
fn load_or_create(dir: &Path, report: &mut OpenReport) -> Result<Master, OpenError> {
    match Master::load(dir) {
        Ok((master, mended)) => {
            report.master_mended = mended;
            Ok(master)
        }
        Err(MasterError::Io(e)) => Err(e.into()),
        Err(MasterError::Lost) if Master::exists(dir) || dir.join("log").exists() => {
            Err(OpenError::KeysLost)
        }
        Err(MasterError::Lost) => {
            report.created = true;
            Ok(Master::create(dir)?)
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // If this fails, the index is made again or caught up at the next start.
        if !self.log.failed() && self.shared.index.flush().is_ok() {
            let _ = mark_closed(&self.shared.dir);
        }
    }
}
