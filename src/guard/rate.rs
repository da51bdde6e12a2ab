//! How often one source address may come with nothing of ours in a minute; for whoever guesses, not for whoever clicks.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);
/// Sources that are remembered; more than these in a minute begin anew.
const SOURCES: usize = 50_000;

/// Counts of the current minute.
pub(super) struct Rate {
    limit: u32,
    window: Mutex<(Instant, HashMap<Option<IpAddr>, u32>)>,
}

impl Rate {
    pub(super) fn new(limit: u32) -> Self {
        Self {
            limit,
            window: Mutex::new((Instant::now(), HashMap::new())),
        }
    }

    /// Counts one more; whether that is within the limit.
    pub(super) fn takes(&self, from: Option<IpAddr>, now: Instant) -> bool {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(window.0) >= WINDOW || window.1.len() >= SOURCES {
            *window = (now, HashMap::new());
        }
        let count = window.1.entry(from.map(network)).or_default();
        *count = count.saturating_add(1);
        *count <= self.limit
    }
}

/// An IPv6 host has a whole /64 to come from.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_so_many_tries_in_a_minute() {
        let (rate, now) = (Rate::new(2), Instant::now());
        let from = |text: &str| Some(text.parse().unwrap());
        assert!(rate.takes(from("2001:db8::1"), now) && rate.takes(from("2001:db8::2"), now));
        assert!(!rate.takes(from("2001:db8::3"), now));
        assert!(rate.takes(from("192.0.2.1"), now) && rate.takes(None, now));
        assert!(rate.takes(from("2001:db8::3"), now + WINDOW));
    }
}
