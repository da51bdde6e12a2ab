//! Not faster than a vendor takes it: its limits count calls, and one notice is several.

use std::time::Duration;
use tokio::time::Instant;

/// Calls that one notice takes at most vendors: their limits count calls.
const CALLS: u32 = 3;

/// How fast a sender may be told.
pub(super) struct Pace {
    every: Option<Duration>,
    next: Instant,
}

impl Pace {
    pub(super) fn of(per_minute: Option<u32>) -> Self {
        let many = per_minute.filter(|n| *n > 0);
        Self {
            every: many.map(|n| CALLS * Duration::from_secs(60) / n),
            next: Instant::now(),
        }
    }

    /// Waits for the next one's turn.
    pub(super) async fn turn(&mut self) {
        if let Some(every) = self.every {
            tokio::time::sleep_until(self.next).await;
            self.next = self.next.max(Instant::now()) + every;
        }
    }
}
