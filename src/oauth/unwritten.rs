//! Tokens that the disk did not take: in the memory of this process until it does.
//!
//! A provider that rotates refresh tokens takes the old one no more once it has given the new one. Were the new one dropped
//! because the disk is full, the log-in would be lost, and the provider asked in vain again and again. The file stays the
//! truth: what somebody else writes there meanwhile (a person logs in again) counts, and what is here is forgotten.

use super::vault::Kept;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// By the file in which it should stand: a mailbox and `[smtp]` share an account.
static ALL: Mutex<BTreeMap<PathBuf, Unwritten>> = Mutex::new(BTreeMap::new());

/// What should stand in a file of tokens.
#[derive(Clone)]
pub(super) struct Unwritten {
    pub kept: Kept,
    /// What stands there; nothing if that cannot be read either.
    pub instead_of: Option<Kept>,
    /// Since when it could not be written, in milliseconds since 1970.
    pub since: i64,
    /// Why.
    pub why: String,
}

impl Unwritten {
    /// Whether nobody has written the file since; what cannot be read now proves nothing.
    pub(super) fn counts(&self, written: Option<&Kept>) -> bool {
        match (&self.instead_of, written) {
            (Some(before), Some(now)) => before == now,
            _ => true,
        }
    }
}

/// What this file lacks, if anything.
pub(super) fn of(file: &Path) -> Option<Unwritten> {
    all().get(file).cloned()
}

/// This file lacks that.
pub(super) fn keep(file: PathBuf, what: Unwritten) {
    all().insert(file, what);
}

/// This file lacks nothing any more.
pub(super) fn forget(file: &Path) {
    all().remove(file);
}

/// A panic elsewhere leaves it whole.
fn all() -> MutexGuard<'static, BTreeMap<PathBuf, Unwritten>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}
