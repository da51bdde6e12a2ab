//! One mailbox of a running daemon: watched until the daemon ends, or until the end of the mailbox's last day.
//!
//! `[[mailbox]] closing` is asked of the house's clock and not of the watcher, which knows neither clock nor calendar.

use super::clock::Clock;
use super::reception::Reception;
use crate::config::Config;
use crate::mailbox::{Hosts, MailboxSettings, MailboxState, MailboxStatus, watch};
use crate::record::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch as channel;
use tokio::time::sleep;

/// Between two looks at the clock, which may be set while we wait.
const LOOK: Duration = Duration::from_secs(1);

/// When a mailbox is no longer connected, if it closes.
pub fn closes_at(config: &Config, mailbox: &MailboxSettings) -> Option<Timestamp> {
    mailbox.closes_at(&config.policy.calendar.zone)
}

/// Watches a mailbox until `stop` becomes true, or its last day is over.
pub(super) async fn watch_one(
    settings: Arc<MailboxSettings>,
    hosts: Arc<Hosts>,
    reception: Reception,
    tell: channel::Sender<MailboxStatus>,
    stop: channel::Receiver<bool>,
) {
    let office = reception.office.clone();
    let closes = closes_at(&office.house.load().config, &settings);
    let name = settings.name.clone();
    let closed = tell.clone();
    let watched = watch(settings, hosts, reception.clone(), reception, tell, stop);
    tokio::select! {
        biased;
        () = until(closes, &office.clock) => {
            tracing::info!(mailbox = name, "its last day is over; it is no longer connected");
            closed.send_modify(|s| {
                *s = MailboxStatus { name, state: MailboxState::Closed, ..MailboxStatus::default() };
            });
        }
        () = watched => {}
    }
}

/// Ends with the last day; never without one.
async fn until(closes: Option<Timestamp>, clock: &Clock) {
    match closes {
        None => std::future::pending().await,
        Some(end) => {
            while clock.now() < end {
                sleep(LOOK).await;
            }
        }
    }
}
