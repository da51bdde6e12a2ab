//! Which letters the pages let leave lately, so that the second of two clicks on one button is told what the first one did.

use std::collections::VecDeque;
use tokio::sync::{Mutex, MutexGuard};

/// As many are remembered: a second click comes within seconds.
const MOST: usize = 64;

/// An order as its form said it: the case, the version of it that was seen, and the hash of the letter.
pub type Approval = (String, u64, String);

/// The last of them.
#[derive(Default)]
pub struct Approved(Mutex<VecDeque<Approval>>);

impl Approved {
    /// What was approved lately. Whoever holds it is the only one who approves: of two clicks the second waits for the first.
    pub async fn lately(&self) -> Lately<'_> {
        Lately(self.0.lock().await)
    }
}

/// What was approved lately, while nobody else approves.
pub struct Lately<'a>(MutexGuard<'a, VecDeque<Approval>>);

impl Lately<'_> {
    /// Whether this very order was carried out.
    pub fn has(&self, approval: &Approval) -> bool {
        self.0.contains(approval)
    }

    /// It was.
    pub fn note(&mut self, approval: Approval) {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(approval);
    }
}
