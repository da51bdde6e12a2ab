//! Rows that sled was asked for a moment ago, and that it had none: deciding a message, committing it and sending its letter ask
//! for the same rows again and again, and most often for some that are not there.
//!
//! It knows only what is in sled, so it is emptied when something new comes there; rows that wait in memory are looked up
//! before it. Nobody can put an older row in behind that: who read it before says so.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Parts with a lock of their own.
const PARTS: usize = 16;
/// Rows of a part; one more, and it begins anew.
const MOST: usize = 256;
/// Octets of a row that is worth keeping.
const LONGEST: usize = 1024;

type Part = HashMap<Box<[u8]>, Option<Box<[u8]>>>;

/// What sled said of full keys.
#[derive(Default)]
pub(super) struct Recent {
    parts: [Mutex<Part>; PARTS],
    hasher: RandomState,
    age: AtomicU64,
}

/// When somebody began to read; [`Recent::forget`] ends it.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Age(u64);

impl Recent {
    /// Taken before anything is read of what will be put here.
    pub(super) fn age(&self) -> Age {
        Age(self.age.load(Ordering::Acquire))
    }

    fn part(&self, key: &[u8]) -> MutexGuard<'_, Part> {
        let part = self.hasher.hash_one(key) as usize % PARTS;
        // A map is whole, whoever panicked with it.
        self.parts[part]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The row, if this is known: `Some(None)` is known not to be there.
    pub(super) fn get(&self, key: &[u8]) -> Option<Option<Vec<u8>>> {
        let part = self.part(key);
        part.get(key).map(|row| row.as_deref().map(<[u8]>::to_vec))
    }

    /// What sled said, read since `age`.
    pub(super) fn put(&self, key: &[u8], row: Option<&[u8]>, age: Age) {
        if row.is_some_and(|row| row.len() > LONGEST) {
            return;
        }
        let mut part = self.part(key);
        if self.age() != age {
            return;
        }
        if part.len() >= MOST {
            part.clear();
        }
        part.insert(key.into(), row.map(Into::into));
    }

    /// Something new is in sled.
    pub(super) fn forget(&self) {
        self.age.fetch_add(1, Ordering::AcqRel);
        for part in &self.parts {
            part.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_something_new_came_is_not_kept() {
        let recent = Recent::default();
        let before = recent.age();
        recent.put(b"a", Some(b"old"), before);
        assert_eq!(recent.get(b"a"), Some(Some(b"old".to_vec())));
        recent.forget();
        assert_eq!(recent.get(b"a"), None);
        recent.put(b"a", Some(b"old"), before);
        assert_eq!(recent.get(b"a"), None);
        recent.put(b"a", None, recent.age());
        assert_eq!(recent.get(b"a"), Some(None));
    }

    #[test]
    fn it_does_not_grow() {
        let recent = Recent::default();
        for n in 0u32..100_000 {
            recent.put(&n.to_be_bytes(), None, recent.age());
        }
        let kept: usize = recent.parts.iter().map(|p| p.lock().unwrap().len()).sum();
        assert!((1..=PARTS * MOST).contains(&kept), "{kept}");
    }
}
