//! Once a night each tool that can be asked is asked for its own opt-outs, in every mode: nothing of ours leaves by it.

use super::pulling::pull;
use super::report::Troubles;
use crate::record::Timestamp;
use crate::sender::{Connector, Trouble, TroubleKind};
use crate::service::house::Office;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// From this hour on, in the controller's time zone.
const HOUR: i64 = 3;
/// Between two looks at the clock.
const LOOK: Duration = Duration::from_secs(1);
/// After a pull that failed, in seconds.
const AGAIN: i64 = 3_600;

/// Pulls until `stop` becomes true; a tool that was never asked is asked at once.
pub(in crate::service) async fn run(
    office: Office,
    troubles: Arc<Troubles>,
    mut stop: watch::Receiver<bool>,
) {
    let mut next: BTreeMap<String, Timestamp> = BTreeMap::new();
    while !*stop.borrow_and_update() {
        let house = office.house.load_full();
        for sender in house.senders.iter().filter(|s| s.can_pull()) {
            let now = office.clock.now();
            let waits = next.get(sender.name()).is_some_and(|at| now < *at);
            if waits || !is_due(&office, sender, now) {
                continue;
            }
            // Every page may be taken again, so a pull that is given up in the middle has done no harm.
            let pulled = tokio::select! {
                _ = stop.changed() => return,
                pulled = pull(&office, &house, sender, "auto") => pulled,
            };
            let about = subject(sender.name());
            match pulled {
                Ok(summary) => {
                    tracing::info!(sender = sender.name(), ?summary, "opt-outs were taken over");
                    troubles.well(&about);
                }
                Err(why) => {
                    tracing::warn!(sender = sender.name(), %why, "opt-outs were not taken over");
                    troubles.ill(&about, &trouble(why.to_string()), now);
                    next.insert(sender.name().to_owned(), now.plus_seconds(AGAIN));
                }
            }
        }
        tokio::select! {
            _ = stop.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Under which name the troubles of its pulls are known.
pub(super) fn subject(sender: &str) -> String {
    format!("{sender} (opt-outs)")
}

fn trouble(words: String) -> Trouble {
    Trouble {
        kind: TroubleKind::Answer,
        words,
        wait: None,
    }
}

/// Whether the night has come since the last pull.
fn is_due(office: &Office, sender: &Connector, now: Timestamp) -> bool {
    let house = office.house.load();
    let night = |at: Timestamp| {
        let at = at.plus_seconds(-3600 * HOUR);
        house.config.policy.calendar.day(at)
    };
    let last = office.sequencer.reader().state().last_pull(sender.name());
    match last {
        Ok(Some(last)) => night(last) != night(now),
        Ok(None) => true,
        Err(_) => false,
    }
}
