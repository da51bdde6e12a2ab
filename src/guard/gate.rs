//! One recipient, one ruling, for mail servers; and what each listener has done so far.

use crate::record::{Damaged, Flag, FlagRow};
use crate::register::{Clearance, Verdict};
use crate::service::{Office, clear_all, clear_rows};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Since the start.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) asked: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) failed: AtomicU64,
}

/// What a mail server is told of a recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ruling {
    /// Nothing holds against it.
    Free,
    /// They must not be written to.
    Blocked,
    /// It is no address, and will be none tomorrow.
    Unreadable,
    /// Nobody can say: ask again later.
    Trouble,
}

/// What every listener works with.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) office: Office,
    pub(super) counts: Arc<Counts>,
}

impl Gate {
    pub(super) fn new(office: Office, counts: Arc<Counts>) -> Self {
        Self { office, counts }
    }

    /// May this recipient be written to? Octets as they came over the wire.
    pub(super) fn rule(&self, recipient: &[u8]) -> Ruling {
        let ruling = match std::str::from_utf8(recipient).map(|text| self.clear(&[text])) {
            // Not UTF-8: whoever it is, it cannot be looked up.
            Err(_) => Ruling::Unreadable,
            Ok(Err(error)) => {
                tracing::error!(%error, "a recipient could not be looked up");
                Ruling::Trouble
            }
            Ok(Ok(found)) => match found.first().map(|c| c.verdict) {
                Some(Verdict::Free) => Ruling::Free,
                Some(Verdict::Paused | Verdict::Suppressed) => Ruling::Blocked,
                // A whole domain is no recipient.
                Some(Verdict::Unreadable) | None => Ruling::Unreadable,
            },
        };
        let ruling = match recipient.first() {
            Some(b'@') => Ruling::Unreadable,
            _ => ruling,
        };
        self.count(
            1,
            usize::from(matches!(ruling, Ruling::Blocked | Ruling::Unreadable)),
        );
        if ruling == Ruling::Trouble {
            self.failed();
        }
        ruling
    }

    /// The clearance of each, in their order. Of many, from a blocking thread.
    pub(super) fn clear(
        &self,
        addresses: &[impl AsRef<str> + Sync],
    ) -> Result<Vec<Clearance>, Damaged> {
        self.is_sound()?;
        clear_all(self.office.sequencer.reader(), addresses)
    }

    /// The same of people who may be named in several ways. From a blocking thread.
    pub(super) fn clear_rows(&self, rows: &[String]) -> Result<Vec<Clearance>, Damaged> {
        self.is_sound()?;
        let home = self.office.house.load().config.controller.country.clone();
        clear_rows(self.office.sequencer.reader(), &home, rows)
    }

    fn is_sound(&self) -> Result<(), Damaged> {
        // What a store that failed shows may be older than what it was told.
        if self.office.sequencer.has_failed() {
            return Err(Damaged("the store has failed".into()));
        }
        let reader = self.office.sequencer.reader();
        let damaged = |row: &FlagRow| row.flag == Flag::Damage;
        if reader.state().flags()?.iter().any(damaged) {
            let why = "a suppression may be lost from the store, and nobody has acknowledged it";
            return Err(Damaged(why.into()));
        }
        Ok(())
    }

    pub(super) fn count(&self, asked: usize, refused: usize) {
        self.counts.asked.fetch_add(asked as u64, Ordering::Relaxed);
        self.counts
            .refused
            .fetch_add(refused as u64, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
    }
}
