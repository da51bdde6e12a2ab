//! A group of frames: each sees what the ones before it did, and all become durable with one fdatasync.

use super::index::Place;
use super::log::Staged;
use super::overlay::Overlay;
use super::{CommitError, Store};
use crate::faults;
use crate::record::{Event, Frame, KeyId, State, Timestamp, apply};

/// Frames that are about to be committed. Dropped without [`Group::commit`], nothing has happened.
pub struct Group<'s> {
    store: &'s mut Store,
    now: Timestamp,
    overlay: Overlay,
    staged: Staged,
    erased: Vec<KeyId>,
    /// A frame was staged whose effect could not be worked out.
    broken: bool,
}

impl<'s> Group<'s> {
    pub(super) fn new(store: &'s mut Store, now: Timestamp) -> Self {
        let overlay = Overlay::new(store.shared.index.clone());
        let staged = store.log.stage();
        Self {
            store,
            now,
            overlay,
            staged,
            erased: Vec::new(),
            broken: false,
        }
    }

    /// The state with everything that was pushed so far.
    pub fn state(&self) -> State<'_> {
        State(&self.overlay)
    }

    /// Octets that this group will write: for whoever bounds it.
    pub fn octets(&self) -> u64 {
        self.staged.len()
    }

    /// Adds one frame, and applies it to what [`Group::state`] shows. Gives its number.
    pub fn push(&mut self, events: Vec<Event>) -> Result<u64, CommitError> {
        if self.broken {
            return Err(CommitError::Poisoned);
        }
        if events.len() > usize::from(u16::MAX) {
            return Err(CommitError::TooLarge);
        }
        let staged = self.staged.push(self.now, &events);
        let (number, place) = staged.ok_or(CommitError::TooLarge)?;
        for event in &events {
            if let Event::KeysErased { keys } = event {
                self.erased.extend(keys);
            }
        }
        let frame = Frame {
            number,
            at: self.now,
            events,
        };
        self.broken = true;
        apply(&mut self.overlay, place, &frame)?;
        self.broken = false;
        Ok(number)
    }

    /// Makes the group durable, then visible. Refused with [`CommitError::Full`] below the floor of free space.
    pub fn commit(self) -> Result<(), CommitError> {
        self.finish(false)
    }

    /// The same for what must be written down though the disk is full: outcomes of sends, closing. Uses the ballast.
    pub fn commit_essential(self) -> Result<(), CommitError> {
        self.finish(true)
    }

    fn finish(self, essential: bool) -> Result<(), CommitError> {
        let Self {
            store,
            overlay,
            staged,
            erased,
            broken,
            ..
        } = self;
        if broken || store.log.failed() {
            return Err(CommitError::Poisoned);
        }
        if staged.is_empty() {
            return Ok(());
        }
        match essential {
            true => store.room.force(staged.len())?,
            false => store.room.check(staged.len())?,
        }
        let (segment, offset) = staged.end();
        let place = Place {
            link: staged.link(),
            segment,
            offset,
        };
        let done = (|| {
            // Keys before the frame that needs them; zeroing after the frame that orders it, and before the index knows
            // of it, so that a replay zeroes again.
            store.shared.keys.sync()?;
            store.log.append(&staged).map_err(CommitError::Log)?;
            store.shared.keys.erase(&erased)?;
            faults::reached("index: apply");
            store.shared.index.apply(overlay.changes, &place)?;
            faults::reached("index: apply");
            Ok(())
        })();
        if done.is_err() {
            store.log.fail();
        }
        done
    }
}
