//! The parts of a running daemon: each has a name, and one that has fallen is seen.
//!
//! A part that panicked does its work no more, and nothing else would show it. The others go on, since a STOP is to be obeyed
//! also where the digest has fallen; so it is an urgent need, and not the end of the process. Deliberately absent: starting a
//! part again, because what it fell over would be there still; and parts that ended in peace, as a mailbox that closes does.

use super::clock::Clock;
use super::health::Health;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// What runs until the daemon ends.
pub(super) struct Parts {
    health: Arc<Health>,
    clock: Clock,
    running: Vec<JoinHandle<()>>,
}

impl Parts {
    /// None yet.
    pub(super) fn new(health: Arc<Health>, clock: Clock) -> Self {
        Self {
            health,
            clock,
            running: Vec::new(),
        }
    }

    /// Lets one run.
    pub(super) fn start(
        &mut self,
        name: impl Into<String>,
        part: impl Future<Output = ()> + Send + 'static,
    ) {
        let fall = Fall {
            name: name.into(),
            health: self.health.clone(),
            clock: self.clock.clone(),
        };
        self.running.push(tokio::spawn(async move {
            let _fall = fall;
            part.await;
        }));
    }

    /// Waits until all have ended; whoever has not by then is cut.
    pub(super) async fn end(self, deadline: Instant) {
        for mut part in self.running {
            let parked = match timeout_at(deadline, &mut part).await {
                Ok(ended) => ended,
                Err(_) => {
                    tracing::warn!(
                        "a session did not finish in time and is cut; a letter on its way is uncertain at the next start"
                    );
                    part.abort();
                    part.await
                }
            };
            if let Err(error) = parked
                && !error.is_cancelled()
            {
                tracing::error!(%error, "a part of the daemon failed");
            }
        }
    }
}

/// Told by being dropped while its part unwinds.
struct Fall {
    name: String,
    health: Arc<Health>,
    clock: Clock,
}

impl Drop for Fall {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!(
                part = self.name,
                "a part of the daemon has fallen; the others go on"
            );
            self.health.fell(&self.name, self.clock.now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Timestamp;
    use crate::service::Why;
    use std::time::Duration;

    async fn falls() {
        panic!("on purpose");
    }

    #[tokio::test]
    async fn a_part_that_falls_is_an_urgent_need_and_one_that_ends_in_peace_is_none() {
        let at = Timestamp::from_millis(1_800_000_000_000);
        let health = Arc::new(Health::new(at));
        let mut parts = Parts::new(health.clone(), Clock::of(move || at));
        parts.start("outbox", falls());
        parts.start("digest", async {});
        parts.end(Instant::now() + Duration::from_secs(10)).await;
        let needs = health.report().needs();
        assert_eq!(needs.len(), 1, "{needs:#?}");
        assert_eq!(needs[0].why, [Why::Part]);
        assert_eq!(needs[0].subject.as_deref(), Some("outbox"));
        assert!(needs[0].is_urgent());
    }
}
