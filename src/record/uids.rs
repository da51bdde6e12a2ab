//! Which messages of a folder were read: a set of IMAP UIDs, kept as ranges because folders are read nearly whole.
//!
//! A cursor that is only a number would lose the backlog that is read after the newest window, and every message that
//! failed once; a set of ranges knows exactly what is missing (C1).

use serde::{Deserialize, Serialize};

/// UIDs as inclusive ranges, sorted, neither touching nor overlapping. UID 0 does not exist (RFC 3501 2.3.1.1).
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<(u32, u32)>", into = "Vec<(u32, u32)>")]
pub struct UidSet(Vec<(u32, u32)>);

impl UidSet {
    /// The empty set.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The ranges, sorted, inclusive.
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many UIDs are in it.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|(a, b)| u64::from(b - a) + 1).sum()
    }

    /// The greatest UID.
    pub fn last(&self) -> Option<u32> {
        self.0.last().map(|r| r.1)
    }

    /// Whether this UID is in it.
    pub fn contains(&self, uid: u32) -> bool {
        let at = self.0.partition_point(|r| r.1 < uid);
        self.0.get(at).is_some_and(|r| r.0 <= uid)
    }

    /// Adds one UID.
    pub fn insert(&mut self, uid: u32) {
        self.insert_range(uid, uid);
    }

    /// Adds all UIDs from `first` to `last`; nothing if they are the wrong way round.
    pub fn insert_range(&mut self, first: u32, last: u32) {
        let first = first.max(1);
        if first > last {
            return;
        }
        let from = self.0.partition_point(|r| r.1 < first - 1);
        let to = self.0.partition_point(|r| r.0 <= last.saturating_add(1));
        let merged = self.0.get(from..to).unwrap_or_default();
        let low = merged.first().map_or(first, |r| r.0.min(first));
        let high = merged.last().map_or(last, |r| r.1.max(last));
        self.0.splice(from..to.max(from), [(low, high)]);
    }

    /// Adds all of another set.
    pub fn extend(&mut self, other: &Self) {
        for (a, b) in &other.0 {
            self.insert_range(*a, *b);
        }
    }

    /// What is not in it from `first` to `last`, inclusive.
    pub fn missing_within(&self, first: u32, last: u32) -> Self {
        let mut missing = Self::new();
        let mut next = u64::from(first.max(1));
        let start = self.0.partition_point(|r| u64::from(r.1) < next);
        for (a, b) in self.0.iter().skip(start) {
            if *a > last {
                break;
            }
            if u64::from(*a) > next {
                missing.0.push((next as u32, a - 1));
            }
            next = u64::from(*b) + 1;
        }
        if next <= u64::from(last) {
            missing.0.push((next as u32, last));
        }
        missing
    }

    /// What is in this set and not in the other.
    pub fn without(&self, other: &Self) -> Self {
        let parts = self
            .0
            .iter()
            .flat_map(|(a, b)| other.missing_within(*a, *b).0);
        Self(parts.collect())
    }

    /// What is in both sets.
    pub fn and(&self, other: &Self) -> Self {
        self.without(&self.without(other))
    }

    /// The `most` greatest UIDs of it.
    pub fn newest(&self, most: usize) -> Self {
        let mut left = u32::try_from(most).unwrap_or(u32::MAX);
        let mut ranges = Vec::new();
        for (a, b) in self.0.iter().rev() {
            if left == 0 {
                break;
            }
            let first = (*a).max(b.saturating_sub(left - 1));
            left -= b - first + 1;
            ranges.push((first, *b));
        }
        ranges.reverse();
        Self(ranges)
    }

    /// Every UID, from the smallest.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.0.iter().flat_map(|(a, b)| *a..=*b)
    }
}

/// Ranges in any order and overlap become one set: a damaged or hand-made list does no harm.
impl From<Vec<(u32, u32)>> for UidSet {
    fn from(ranges: Vec<(u32, u32)>) -> Self {
        let mut set = Self::new();
        for (a, b) in ranges {
            set.insert_range(a, b);
        }
        set
    }
}

impl From<UidSet> for Vec<(u32, u32)> {
    fn from(set: UidSet) -> Self {
        set.0
    }
}

impl FromIterator<u32> for UidSet {
    fn from_iter<I: IntoIterator<Item = u32>>(uids: I) -> Self {
        let mut set = Self::new();
        for uid in uids {
            set.insert(uid);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn touching_ranges_become_one() {
        let set = UidSet::from(vec![(5, 7), (1, 3), (4, 4), (9, 9)]);
        assert_eq!(set.ranges(), &[(1, 7), (9, 9)]);
        assert_eq!(set.missing_within(1, 12).ranges(), &[(8, 8), (10, 12)]);
        assert_eq!((set.len(), set.last()), (8, Some(9)));
    }

    #[test]
    fn the_ends_of_the_range_of_uids_hold() {
        let mut set = UidSet::new();
        set.insert_range(u32::MAX - 1, u32::MAX);
        set.insert(0);
        assert_eq!(set.ranges(), &[(u32::MAX - 1, u32::MAX)]);
        assert_eq!(
            set.missing_within(0, u32::MAX).ranges(),
            &[(1, u32::MAX - 2)]
        );
        set.insert_range(1, u32::MAX);
        assert!(set.missing_within(1, u32::MAX).is_empty());
    }

    #[test]
    fn a_set_is_stored_as_plain_ranges() {
        let set = UidSet::from(vec![(1, 2), (4, 4)]);
        let text = serde_json::to_string(&set).unwrap();
        assert_eq!(text, "[[1,2],[4,4]]");
        assert_eq!(
            serde_json::from_str::<UidSet>("[[4,4],[1,1],[2,2]]").unwrap(),
            set
        );
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_plain_set(ranges in proptest::collection::vec((1u32..60, 0u32..9), 0..20), other in proptest::collection::vec(1u32..70, 0..30)) {
            let mut plain = BTreeSet::new();
            let mut set = UidSet::new();
            for (a, n) in ranges {
                set.insert_range(a, a + n);
                plain.extend(a..=a + n);
            }
            let second: UidSet = other.iter().copied().collect();
            let second_plain: BTreeSet<u32> = other.into_iter().collect();
            prop_assert!(set.iter().eq(plain.iter().copied()));
            prop_assert!(set.ranges().windows(2).all(|w| w[0].1 + 1 < w[1].0));
            prop_assert!((0..80).all(|u| set.contains(u) == plain.contains(&u)));
            prop_assert!(set.missing_within(1, 75).iter().eq((1..=75).filter(|u| !plain.contains(u))));
            prop_assert!(set.newest(7).iter().rev().eq(plain.iter().rev().take(7).copied()));
            prop_assert!(set.and(&second).iter().eq(plain.intersection(&second_plain).copied()));
            prop_assert!(set.without(&second).iter().eq(plain.difference(&second_plain).copied()));
        }
    }
}
