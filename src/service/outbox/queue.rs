//! Letters that are opened and looked up, and wait for a session; and which letters a session has.
//!
//! Small: what is not yet here stays in the store. A letter is in here, or in a session's hands, at most once.

use super::{Due, lock};
use crate::record::LetterId;
use std::collections::{HashSet, VecDeque};
use std::sync::Mutex;
use std::time::Instant;
use tokio::sync::Notify;

/// How far ahead letters are looked up, in seconds of sending: the less, the sooner before DATA somebody looks whether a human
/// was faster (A9); but looking costs the mailbox's server the same for one letter as for many.
const AHEAD: f64 = 1.0;
/// Letters looked up together, at least and at most.
const FEWEST: usize = 16;
const MOST: usize = 512;

/// The queue of one outbox.
#[derive(Default)]
pub(super) struct Queue {
    inside: Mutex<Inside>,
    low: Notify,
}

struct Inside {
    waiting: VecDeque<Due>,
    /// Everything that waits, and everything that a session has.
    busy: HashSet<LetterId>,
    /// How many are looked up together; more when half of them have gone.
    batch: usize,
    /// Letters that have ended since then.
    ended: usize,
    since: Instant,
}

impl Default for Inside {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            busy: HashSet::new(),
            batch: FEWEST,
            ended: 0,
            since: Instant::now(),
        }
    }
}

impl Queue {
    /// Adds letters.
    pub(super) fn put(&self, letters: Vec<Due>) {
        let mut inside = lock(&self.inside);
        inside.busy.extend(letters.iter().map(|d| d.id));
        inside.waiting.extend(letters);
    }

    /// The letter that has waited longest; those whose look is too old stay in the store, and are looked up again.
    pub(super) fn fresh(&self) -> Option<Due> {
        loop {
            let due = self.take()?;
            if due.is_fresh() {
                return Some(due);
            }
            lock(&self.inside).busy.remove(&due.id);
        }
    }

    fn take(&self) -> Option<Due> {
        let mut inside = lock(&self.inside);
        let due = inside.waiting.pop_front();
        if inside.waiting.len() == inside.batch / 2 {
            self.low.notify_one();
        }
        due
    }

    /// How many letters to look up now: as many as have left in the last second, if half of those before have gone.
    pub(super) fn room(&self) -> usize {
        let mut inside = lock(&self.inside);
        if inside.waiting.len() > inside.batch / 2 {
            return 0;
        }
        let seconds = inside.since.elapsed().as_secs_f64();
        if inside.ended >= FEWEST && seconds > 0.0 {
            let ahead = AHEAD * inside.ended as f64 / seconds;
            inside.batch = (ahead as usize).clamp(FEWEST, MOST);
            (inside.ended, inside.since) = (0, Instant::now());
        }
        inside.batch
    }

    /// Until half of what was looked up has gone.
    pub(super) async fn low(&self) {
        self.low.notified().await;
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        lock(&self.inside).waiting.len()
    }

    /// How many wait or are with a session.
    pub(super) fn busy(&self) -> usize {
        lock(&self.inside).busy.len()
    }

    /// Whether a letter waits or is with a session.
    pub(super) fn holds(&self, letter: LetterId) -> bool {
        lock(&self.inside).busy.contains(&letter)
    }

    /// A letter has ended, and that is written down.
    pub(super) fn done(&self, letter: LetterId) {
        let mut inside = lock(&self.inside);
        inside.busy.remove(&letter);
        inside.ended += 1;
    }

    /// Nothing is begun any more: what waits stays in the store.
    pub(super) fn empty(&self) {
        let mut inside = lock(&self.inside);
        for due in std::mem::take(&mut inside.waiting) {
            inside.busy.remove(&due.id);
        }
    }
}
