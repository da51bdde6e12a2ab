//! A set of IMAP UIDs as ranges: what of a folder is already in the log.
//!
//! Folders are read newest window first and backlog after, so a single "last UID" could not tell what is missing.

use serde::{Deserialize, Serialize};

/// Sorted, disjoint, never touching ranges of UIDs, both ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UidSet(Vec<(u32, u32)>);

impl UidSet {
    /// Nothing.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether `uid` is in it.
    pub fn contains(&self, uid: u32) -> bool {
        let after = self.0.partition_point(|(low, _)| *low <= uid);
        after > 0 && self.0[after - 1].1 >= uid
    }

    /// Puts one UID in.
    pub fn insert(&mut self, uid: u32) {
        self.insert_range(uid, uid);
    }

    /// Puts `low..=high` in; an empty range (`low > high`) changes nothing.
    pub fn insert_range(&mut self, low: u32, high: u32) {
        if low > high {
            return;
        }
        let first = self
            .0
            .partition_point(|(_, h)| h.saturating_add(1) < low && *h != u32::MAX);
        let last = self
            .0
            .partition_point(|(l, _)| *l <= high.saturating_add(1));
        if first >= last {
            self.0.insert(first, (low, high));
            return;
        }
        let merged = (low.min(self.0[first].0), high.max(self.0[last - 1].1));
        self.0.splice(first..last, [merged]);
    }

    /// The UIDs of `low..=high` that are not in the set, as ranges.
    pub fn missing(&self, low: u32, high: u32) -> Vec<(u32, u32)> {
        let mut missing = Vec::new();
        let mut next = Some(low);
        for &(l, h) in &self.0 {
            let Some(from) = next else { break };
            if l > high {
                break;
            }
            if h < from {
                continue;
            }
            if l > from {
                missing.push((from, l - 1));
            }
            next = h.checked_add(1);
        }
        if let Some(from) = next.filter(|from| *from <= high) {
            missing.push((from, high));
        }
        missing
    }

    /// The ranges.
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// How many UIDs.
    pub fn len(&self) -> u64 {
        self.0
            .iter()
            .map(|(l, h)| u64::from(*h) - u64::from(*l) + 1)
            .sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The highest UID.
    pub fn last(&self) -> Option<u32> {
        self.0.last().map(|(_, h)| *h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_as_a_set_of_numbers(ranges in prop::collection::vec((1u32..60, 0u32..6), 0..30)) {
            let mut set = UidSet::new();
            let mut model = std::collections::BTreeSet::new();
            for (low, length) in ranges {
                set.insert_range(low, low + length);
                model.extend(low..=low + length);
            }
            prop_assert_eq!(set.len(), model.len() as u64);
            prop_assert!(set.ranges().windows(2).all(|w| w[0].1 + 1 < w[1].0));
            for uid in 1..80 {
                prop_assert_eq!(set.contains(uid), model.contains(&uid));
            }
            let missing: Vec<u32> = set.missing(5, 70).into_iter().flat_map(|(l, h)| l..=h).collect();
            let expected: Vec<u32> = (5..=70).filter(|u| !model.contains(u)).collect();
            prop_assert_eq!(missing, expected);
        }
    }

    #[test]
    fn the_highest_uid_does_not_overflow() {
        let mut set = UidSet::new();
        set.insert(u32::MAX);
        set.insert(u32::MAX - 1);
        assert_eq!(set.ranges(), &[(u32::MAX - 1, u32::MAX)]);
        assert_eq!(
            set.missing(u32::MAX - 2, u32::MAX),
            vec![(u32::MAX - 2, u32::MAX - 2)]
        );
    }
}
