//! Not faster than a vendor takes it: its limits count calls, and one notice is several.

use std::time::Duration;
use tokio::time::Instant;

/// Calls that one notice takes at most vendors: their limits count calls.
const CALLS: u32 = 3;
/// So many notices may follow each other at once, as long as the minute's number is kept.
const BURST: u32 = 5;

/// How fast a sender was told so far, and may be.
pub(super) struct Pace {
    /// When the notices that were told would have been told at an even pace.
    even: Instant,
}

impl Pace {
    /// Nothing was told yet.
    pub(super) fn new() -> Self {
        Self {
            even: Instant::now(),
        }
    }

    /// Waits for the next one's turn, at so many calls a minute.
    pub(super) async fn turn(&mut self, per_minute: Option<u32>) {
        let wait = self.wait(Instant::now(), per_minute);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// How long the next one waits, if it is asked for at `now`; its turn is taken.
    fn wait(&mut self, now: Instant, per_minute: Option<u32>) -> Duration {
        let Some(many) = per_minute.filter(|n| *n > 0) else {
            return Duration::ZERO;
        };
        let every = CALLS * Duration::from_secs(60) / many;
        let burst = now + (BURST - 1) * every;
        let wait = self.even.saturating_duration_since(burst);
        self.even = self.even.max(now + wait) + every;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_go_at_once_and_the_others_at_the_vendors_pace() {
        let (mut pace, now) = (Pace::new(), Instant::now());
        let tenth = Duration::from_millis(100);
        let waits: Vec<Duration> = (0..8).map(|_| pace.wait(now, Some(1_800))).collect();
        assert!(waits[..5].iter().all(Duration::is_zero), "{waits:?}");
        for pair in waits[5..].windows(2) {
            assert_eq!(pair[1] - pair[0], tenth, "{waits:?}");
        }
        let rested = now + Duration::from_secs(60);
        assert!(pace.wait(rested, Some(1_800)).is_zero());
        assert!((0..99).all(|_| pace.wait(now, None).is_zero()), "no limit");
    }
}
