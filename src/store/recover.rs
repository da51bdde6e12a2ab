//! Brings the index to the end of the log: applies what it lacks, or makes it again from checkpoint and log.

use super::frame::{Link, SEGMENT_HEADER};
use super::index::{Index, Place};
use super::keys::Keys;
use super::later::{self, LATER, complete};
use super::lists::Lists;
use super::log::Log;
use super::overlay::Overlay;
use super::reading::Frames;
use super::salvage::{Lifted, Source};
use super::{Damage, DamageKind, OpenError, alarm, checkpoint, disk};
use crate::record::{
    self, Damaged, Event, KeyId, LogPosition, MemoryTables, Rows, State, Table, apply,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Frames applied to the index in one batch.
const BATCH: usize = 256;

/// Everything that recovery looks at.
pub(super) struct Recovery<'a> {
    pub(super) dir: &'a Path,
    pub(super) store: [u8; 16],
    pub(super) cache: u64,
    pub(super) behind: usize,
    pub(super) log: &'a Log,
    pub(super) keys: &'a Keys,
    pub(super) lists: &'a Arc<Lists>,
    pub(super) damage: &'a mut Vec<Damage>,
}

/// The index at the end of the log.
pub(super) struct Recovered {
    pub(super) index: Arc<Index>,
    /// Frames that were applied now.
    pub(super) replayed: u64,
    /// Why the index was made again, if it was.
    pub(super) rebuilt: Option<String>,
    /// Suppressions that only a damaged source still knew; they must be committed again.
    pub(super) missing: Vec<Event>,
}

#[derive(Default)]
struct Replay {
    frames: u64,
    lifted: Lifted,
    /// Keys that the log says were erased.
    erased: Vec<KeyId>,
    place: Place,
}

impl Replay {
    fn see(&mut self, frame: u64, events: &[Event]) {
        for event in events {
            self.lifted.see(frame, event);
            if let Event::KeysErased { keys } = event {
                self.erased.extend(keys);
            }
        }
    }
}

/// The file that says under which run of the machine the index was written without a sync.
fn running_mark(dir: &Path) -> PathBuf {
    dir.join("index.open")
}

/// Whether nobody closed the store since it was opened.
pub(super) fn was_interrupted(dir: &Path) -> bool {
    running_mark(dir).exists()
}

/// Names this run of the machine; unknown where there is no such file.
fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default()
}

/// After this the index may be trusted even if the machine stops: called when it was synced at a clean end.
pub(super) fn mark_closed(dir: &Path) -> std::io::Result<()> {
    let folder = dir.join("index");
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.is_file() {
            std::fs::File::open(path)?.sync_all()?;
        }
    }
    disk::sync_dir("index: sync folder", &folder)?;
    std::fs::remove_file(running_mark(dir))
}

impl Recovery<'_> {
    /// Opens the index, and brings it to the end of the log.
    pub(super) fn run(mut self) -> Result<Recovered, OpenError> {
        let path = self.dir.join("index");
        let existed = path.exists();
        let known = self.damage.iter().any(|d| d.kind.is_serious());
        let why = match self.use_as_it_is(&path) {
            Ok((index, replayed)) => {
                self.put_right(&index)?;
                self.mark_running()?;
                return Ok(Recovered {
                    index,
                    replayed,
                    rebuilt: None,
                    missing: Vec::new(),
                });
            }
            Err(why) => why.0,
        };
        self.whole()?;
        let sources: Vec<Source> = match existed {
            true => self.old_index(&path).into_iter().collect(),
            false => Vec::new(),
        };
        let lost = sources.iter().any(|s| s.head > self.log.link().number);
        if lost {
            let (segment, offset) = self.log.end();
            self.damage
                .push(Damage::of(DamageKind::LostFrames, segment, offset, 0));
            alarm::remember(self.dir, self.damage)?;
        }
        if existed {
            self.put_aside(&path)?;
        }
        let built = self.build(&path);
        self.whole()?;
        let (index, replay) = built?;
        self.put_right(&index)?;
        let serious = known || self.damage.iter().any(|d| d.kind.is_serious());
        let missing = match serious {
            true => self.salvage(sources, &index, &replay.lifted)?,
            false => Vec::new(),
        };
        self.mark_running()?;
        let fresh = !existed && self.log.link().number == 0;
        Ok(Recovered {
            index,
            replayed: replay.frames,
            rebuilt: (!fresh).then_some(why),
            missing,
        })
    }

    /// What the index that is there knows, if it opens.
    fn old_index(&self, path: &Path) -> Option<Source> {
        let index = Index::open(path, self.cache, self.behind, self.lists).ok()?;
        // What was on its way in counts, too; where that is lost, what is in.
        let _ = index.redo();
        Some(Source::of_index(&index))
    }

    /// Suppressions that the old index or a checkpoint still knows, and the new index does not.
    fn salvage(
        &self,
        mut sources: Vec<Source>,
        index: &Index,
        lifted: &Lifted,
    ) -> Result<Vec<Event>, OpenError> {
        sources.extend(Source::of_checkpoints(self.dir, &self.store));
        let mut missing = Vec::new();
        for source in &sources {
            for event in source.missing(index, lifted)? {
                if !missing.contains(&event) {
                    missing.push(event);
                }
            }
        }
        Ok(missing)
    }

    /// A list that is missing or damaged is no damage of the index: making that again would not bring it back.
    fn whole(&self) -> Result<(), OpenError> {
        match self.lists.lost() {
            Some(why) => Err(OpenError::List(why)),
            None => Ok(()),
        }
    }

    fn mark_running(&self) -> std::io::Result<()> {
        disk::replace("index: mark", &running_mark(self.dir), boot_id().as_bytes())
    }

    /// The index that is there, if it belongs to this log.
    fn use_as_it_is(&mut self, path: &Path) -> Result<(Arc<Index>, u64), Damaged> {
        let no = |why: &str| Damaged(why.to_owned());
        if !path.exists() {
            return Err(no("there is no index"));
        }
        if std::fs::read_to_string(running_mark(self.dir)).is_ok_and(|boot| boot != boot_id()) {
            return Err(no("the machine stopped while the index was open"));
        }
        let index = Arc::new(Index::open(path, self.cache, self.behind, self.lists)?);
        match index.store()? {
            Some(store) if store == self.store => {}
            Some(_) => return Err(no("the index is another store's")),
            None => return Err(no("the index is empty or was not finished")),
        }
        index.redo()?;
        let place = index.place()?;
        if place.link.number > self.log.link().number {
            return Err(no("the index is ahead of the log"));
        }
        let replay = self.replay(&index, place)?;
        complete(&index, Some(self.dir))?;
        self.named(&index)?;
        Ok((index, replay.frames))
    }

    /// Every list that the log names must be there.
    fn named(&self, index: &Index) -> Result<(), Damaged> {
        let all = State(index).lists()?;
        all.iter()
            .try_for_each(|(digest, _)| self.lists.check(digest))
    }

    fn put_aside(&self, path: &Path) -> std::io::Result<()> {
        let folder = self.dir.join("damaged");
        disk::private_dir(&folder)?;
        let aside = folder.join("index");
        if aside.exists() {
            std::fs::remove_dir_all(&aside)?;
        }
        disk::rename("index: put aside", path, &aside)
    }

    /// Newest good checkpoint and the log after it; else the older one; else the whole log.
    fn build(&mut self, path: &Path) -> Result<(Arc<Index>, Replay), OpenError> {
        let checkpoints = checkpoint::list(self.dir)?;
        for (_, file) in &checkpoints {
            let index = Arc::new(self.empty(path)?);
            let mut knows = false;
            let loaded = checkpoint::load(file, &self.store, &index).and_then(|place| {
                knows = later::knows_where_mails_were_read(&index)?;
                self.replay(&index, place)
            });
            if let Ok(replay) = loaded {
                complete(&index, (!knows).then_some(self.dir))?;
                self.named(&index)?;
                index.claim(self.store)?;
                return Ok((index, replay));
            }
            self.whole()?;
        }
        let index = Arc::new(self.empty(path)?);
        let replay = self.replay(&index, Place::default())?;
        index.mark_completed(LATER.len() as u8)?;
        index.claim(self.store)?;
        Ok((index, replay))
    }

    fn empty(&self, path: &Path) -> Result<Index, OpenError> {
        if path.exists() {
            std::fs::remove_dir_all(path)?;
        }
        Ok(Index::open(path, self.cache, self.behind, self.lists)?)
    }

    /// Counts the figures of an index, or of a checkpoint, that an older version wrote: once, from the whole log.
    fn count(&self, index: &Arc<Index>) -> Result<(), OpenError> {
        if self.log.link().number == 0 || State(index.as_ref()).is_counted()? {
            return Ok(());
        }
        let mut overlay = Overlay::new(index.clone());
        for placed in Frames::from_number(self.dir, 1, None)? {
            record::count(&mut overlay, &placed?.frame)?;
        }
        record::all_counted(&mut overlay);
        index.apply(overlay.changes, &index.place()?)?;
        Ok(())
    }

    /// What an older version wrote means what it means now.
    fn put_right(&self, index: &Arc<Index>) -> Result<(), OpenError> {
        self.count(index)?;
        self.hold_strictest(index)
    }

    /// Puts right what a pause weakened in an index, or a checkpoint, that an older version wrote: once, from the whole log.
    fn hold_strictest(&self, index: &Arc<Index>) -> Result<(), OpenError> {
        if self.log.link().number == 0 || State(index.as_ref()).has_strictest_domains()? {
            return Ok(());
        }
        let mut said = MemoryTables::default();
        // Where no domain is suppressed, the log is not read for it.
        if !index.scan(Table::Domain, &[], &[], 1)?.is_empty() {
            for placed in Frames::from_number(self.dir, 1, None)? {
                record::apply_domains(&mut said, &placed?.frame)?;
            }
        }
        let mut overlay = Overlay::new(index.clone());
        record::hold_strictest(&mut overlay, &said)?;
        index.apply(overlay.changes, &index.place()?)?;
        Ok(())
    }

    /// Applies the log after `from` to the index, and zeroes again what it says was zeroed.
    fn replay(&mut self, index: &Arc<Index>, from: Place) -> Result<Replay, Damaged> {
        let io = |e: std::io::Error| Damaged(format!("the log cannot be read: {e}"));
        let mut frames = match from.segment {
            0 => Frames::from_number(self.dir, 1, None),
            _ => Frames::from_place(self.dir, (from.segment, from.offset)),
        }
        .map_err(io)?;
        let mut replay = Replay {
            place: from,
            ..Replay::default()
        };
        let mut found = Vec::new();
        let mut overlay = Overlay::new(index.clone());
        let mut passed = 0;
        while let Some(placed) = frames.next().transpose().map_err(io)? {
            let last = replay.place.link;
            let follows = placed.link.number == last.number + 1 && placed.before == last.hash;
            if !follows && frames.damage.len() == passed {
                if last == from.link && last != Link::default() {
                    return Err(Damaged("it does not fit the log".into()));
                }
                found.push(broken_chain(last, placed.place));
            }
            passed = frames.damage.len();
            replay.see(placed.link.number, &placed.frame.events);
            apply(&mut overlay, placed.place, &placed.frame)?;
            replay.frames += 1;
            replay.place = Place {
                link: placed.link,
                segment: placed.place.segment,
                offset: placed.end,
            };
            if replay.frames.is_multiple_of(BATCH as u64) {
                self.remember(&found, &frames.damage).map_err(io)?;
                index.apply(std::mem::take(&mut overlay.changes), &replay.place)?;
            }
        }
        if replay.place.link != self.log.link() {
            return Err(Damaged("it does not end where the log ends".into()));
        }
        self.keys
            .erase(&replay.erased)
            .map_err(|e| Damaged(e.to_string()))?;
        self.remember(&found, &frames.damage).map_err(io)?;
        if replay.frames > 0 {
            index.apply(overlay.changes, &replay.place)?;
        }
        self.note(found, std::mem::take(&mut frames.damage));
        Ok(replay)
    }

    /// Before the index takes what lies behind damage: at the next start nothing of it would be seen.
    fn remember(&self, broken: &[Damage], passed: &[(u32, u64, u64)]) -> std::io::Result<()> {
        let passed = passed.iter().copied().map(unreadable);
        let found: Vec<Damage> = broken.iter().cloned().chain(passed).collect();
        match found.is_empty() {
            true => Ok(()),
            false => alarm::remember(self.dir, &found),
        }
    }

    /// Each damage is told once, however often the log is replayed.
    fn note(&mut self, broken: Vec<Damage>, passed: Vec<(u32, u64, u64)>) {
        for damage in broken.into_iter().chain(passed.into_iter().map(unreadable)) {
            if !self.damage.contains(&damage) {
                self.damage.push(damage);
            }
        }
    }
}

/// A frame that does not follow the one before, though nothing between them is damaged.
fn broken_chain(last: Link, at: LogPosition) -> Damage {
    let kind = match last.number {
        0 => DamageKind::History,
        _ => DamageKind::Chain,
    };
    Damage::of(kind, at.segment, u64::from(at.offset), 0)
}

/// Octets of a segment that are no frame.
fn unreadable((segment, offset, octets): (u32, u64, u64)) -> Damage {
    let kind = match offset {
        0 if octets == SEGMENT_HEADER as u64 => DamageKind::Header,
        _ => DamageKind::Middle,
    };
    Damage::of(kind, segment, offset, octets)
}

#[cfg(test)]
pub(super) mod tests;
