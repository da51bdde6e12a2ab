//! How long a deferred letter still waits, by a clock that nobody can set.
//!
//! The log says when a letter is tried again, by the wall clock, because it must still be known after a restart. While the
//! process lives the length of the pause counts: a clock that is set back starves no letter, and one that is set ahead
//! does not try all of them at once.

use super::lock;
use crate::record::LetterId;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// The pauses of this process.
#[derive(Default)]
pub(super) struct Pauses {
    until: Mutex<HashMap<LetterId, Instant>>,
    /// How often a letter was put off. A refusal before DATA is no attempt in the log, which counts what may have arrived.
    times: Mutex<HashMap<LetterId, u32>>,
}

impl Pauses {
    /// A letter is put off for so long.
    pub(super) fn begin(&self, letter: LetterId, wait: Duration) {
        lock(&self.until).insert(letter, Instant::now() + wait);
    }

    /// The server put this letter off; how often it did so since the process began.
    pub(super) fn put_off(&self, letter: LetterId) -> u32 {
        let mut all = lock(&self.times);
        let times = all.entry(letter).or_default();
        *times = times.saturating_add(1);
        *times
    }

    /// The letter has left, or waits for a human.
    pub(super) fn forget(&self, letter: LetterId) {
        lock(&self.times).remove(&letter);
        self.end(letter);
    }

    /// Of the letters that are due by the wall clock, those that have waited; and those that have waited though the wall
    /// clock does not say so, first.
    pub(super) fn over(&self, due: impl Iterator<Item = LetterId>) -> Vec<LetterId> {
        let (pauses, now) = (lock(&self.until), Instant::now());
        let waited = pauses.iter().filter(|(_, until)| **until <= now);
        let mut over: Vec<LetterId> = waited.map(|(letter, _)| *letter).collect();
        over.extend(due.filter(|letter| !pauses.contains_key(letter)));
        over
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        lock(&self.until).len()
    }

    /// The letter is tried now.
    pub(super) fn end(&self, letter: LetterId) {
        lock(&self.until).remove(&letter);
    }
}
