//! How often somebody may try to sign in: so many wrong passwords for a name and from an address in a while, then none for as long.

use crate::record::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Wrong passwords for one name.
const BY_NAME: u32 = 10;
/// Wrong passwords from one address: a firm may come from one.
const BY_ADDRESS: u32 = 30;
/// The while, in seconds.
pub const WINDOW: i64 = 600;
/// Names and addresses that are remembered; with more than these in a while nobody new is let in.
const REMEMBERED: usize = 50_000;

/// Counts of the current while.
#[derive(Default)]
pub struct Attempts {
    counts: Mutex<(i64, HashMap<String, u32>)>,
}

impl Attempts {
    /// Counts one more for both; whether it may be tried. It is counted before the password is looked at, so that a
    /// hundred tries at the same time are a hundred.
    pub fn takes(&self, name: &str, from: &str, now: Timestamp) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let window = now.millis().div_euclid(WINDOW * 1000);
        if counts.0 != window {
            *counts = (window, HashMap::new());
        }
        let keys = keys(name, from);
        if counts.1.len() >= REMEMBERED && keys.iter().any(|(k, _)| !counts.1.contains_key(k)) {
            return false;
        }
        let mut may = true;
        for (key, most) in keys {
            let count = counts.1.entry(key).or_default();
            *count = count.saturating_add(1);
            may &= *count <= most;
        }
        may
    }

    /// The password was right: what was counted for it is taken back.
    pub fn forgives(&self, name: &str, from: &str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, _) in keys(name, from) {
            if let Some(count) = counts.1.get_mut(&key) {
                *count = count.saturating_sub(1);
            }
        }
    }
}

fn keys(name: &str, from: &str) -> [(String, u32); 2] {
    // A name that nobody has may be of any length.
    let name: String = name.chars().take(64).collect();
    [
        (format!("name {name}"), BY_NAME),
        (format!("from {from}"), BY_ADDRESS),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_an_address_have_so_many_tries_in_a_while() {
        let attempts = Attempts::default();
        let now = Timestamp::from_millis(1_000_000_000_000);
        for _ in 0..BY_NAME {
            assert!(attempts.takes("odile", "192.0.2.1", now));
        }
        assert!(!attempts.takes("odile", "192.0.2.2", now), "by name");
        for n in 0..BY_ADDRESS {
            let took = attempts.takes(&format!("name-{n}"), "192.0.2.1", now);
            assert_eq!(took, n < BY_ADDRESS - BY_NAME, "by address, {n}");
        }
        assert!(attempts.takes("odile", "192.0.2.1", now.plus_seconds(WINDOW)));
        let right = Attempts::default();
        for _ in 0..100 {
            assert!(right.takes("odile", "192.0.2.1", now));
            right.forgives("odile", "192.0.2.1");
        }
    }
}
