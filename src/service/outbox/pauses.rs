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
pub(super) struct Pauses(Mutex<HashMap<LetterId, Instant>>);

impl Pauses {
    /// A letter was put off for so long.
    pub(super) fn begin(&self, letter: LetterId, wait: Duration) {
        lock(&self.0).insert(letter, Instant::now() + wait);
    }

    /// Of the letters that are due by the wall clock, those that have waited; and those that have waited though the wall
    /// clock does not say so, first.
    pub(super) fn over(&self, due: impl Iterator<Item = LetterId>) -> Vec<LetterId> {
        let (pauses, now) = (lock(&self.0), Instant::now());
        let waited = pauses.iter().filter(|(_, until)| **until <= now);
        let mut over: Vec<LetterId> = waited.map(|(letter, _)| *letter).collect();
        over.extend(due.filter(|letter| !pauses.contains_key(letter)));
        over
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        lock(&self.0).len()
    }

    /// The letter is tried now, or no longer to be tried.
    pub(super) fn end(&self, letter: LetterId) {
        lock(&self.0).remove(&letter);
    }
}
