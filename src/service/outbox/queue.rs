//! Letters that are opened and looked up, and wait for a session; and which letters a session has.
//!
//! Small: what is not yet here stays in the store. A letter is in here, or in a session's hands, at most once.

use super::{Due, lock};
use crate::record::LetterId;
use std::collections::{HashSet, VecDeque};
use std::sync::Mutex;
use tokio::sync::Notify;

/// When so few wait, the next are looked for: few enough that each was looked up just before it leaves, and enough that no
/// session waits.
pub(super) const LOW: usize = 32;

/// The queue of one outbox.
#[derive(Default)]
pub(super) struct Queue {
    inside: Mutex<Inside>,
    low: Notify,
}

#[derive(Default)]
struct Inside {
    waiting: VecDeque<Due>,
    /// Everything that waits, and everything that a session has.
    busy: HashSet<LetterId>,
}

impl Queue {
    /// Adds letters.
    pub(super) fn put(&self, letters: Vec<Due>) {
        let mut inside = lock(&self.inside);
        inside.busy.extend(letters.iter().map(|d| d.id));
        inside.waiting.extend(letters);
    }

    /// The letter that has waited longest.
    pub(super) fn take(&self) -> Option<Due> {
        let mut inside = lock(&self.inside);
        let due = inside.waiting.pop_front();
        if inside.waiting.len() == LOW {
            self.low.notify_one();
        }
        due
    }

    /// Until only [`LOW`] wait.
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
        lock(&self.inside).busy.remove(&letter);
    }

    /// Nothing is begun any more: what waits stays in the store.
    pub(super) fn empty(&self) {
        let mut inside = lock(&self.inside);
        for due in std::mem::take(&mut inside.waiting) {
            inside.busy.remove(&due.id);
        }
    }
}
