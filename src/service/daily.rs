//! The daily round, at `[review] digest_hour` in the controller's time zone: a checkpoint, and what retention lets go.
//!
//! The log remembers the day that was done, so that a restart neither repeats nor skips it; a round that was cut off is
//! begun again, which does no harm. A day is missed only while no daemon runs, and its work is done at the next start.
//! Retention erases keys, in the frame that says the day is done: content and proof of cases that were closed long ago
//! and stand under no legal hold. What is erased cannot be had back, and a machine's clock may be wrong by years for an hour:
//! after a leap the first round erases nothing, and says so. Deliberately absent: dropping whole segments of the log, because
//! rows of the register live in the oldest of them.

use super::health::Health;
use super::house::Office;
use super::sequencer::{Committed, Proposal};
use crate::config::RetentionSettings;
use crate::record::{CaseRow, Duty, Event, KeyId, Timestamp};
use crate::store::Reader;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// After a round that failed.
const AGAIN: Duration = Duration::from_secs(60);

/// More days than these between two rounds: the clock leapt ahead, or nobody was here for so long; nobody can tell.
const LEAP: i32 = 14;

/// Does the rounds until `stop` becomes true.
pub(super) async fn run(office: Office, health: Arc<Health>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow_and_update() {
        let mut pause = LOOK;
        if let Err(why) = round(&office, &health).await {
            tracing::error!(%why, "the daily round could not be done");
            pause = AGAIN;
        }
        tokio::select! {
            _ = stop.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// The day whose round is due by now: today once the hour has come, else yesterday. Days since 1970-01-01.
pub(super) fn day_due(office: &Office, at: Timestamp) -> i32 {
    let house = office.house.load();
    let local = (house.config.policy.calendar.zone).to_datetime(at.to_jiff());
    let epoch = jiff::civil::date(1970, 1, 1);
    let day = (local.date() - epoch).get_days();
    let hour = i16::from(house.config.review.digest_hour);
    if i16::from(local.hour()) >= hour {
        day
    } else {
        day - 1
    }
}

/// Whether what is done once a day is due on this day, after that last one. A last day that is yet to come was written by a
/// clock that has been set right since; without this nothing would be due until then. One day ahead is none: the hour may have
/// been moved.
pub(super) fn is_due(day: i32, last: i32) -> bool {
    day > last || last > day.saturating_add(1)
}

/// Does what is due; nothing if that day is done.
async fn round(office: &Office, health: &Health) -> Result<(), String> {
    let (now, reader) = (office.clock.now(), office.sequencer.reader());
    let day = day_due(office, now);
    let last = reader.state().last_duties().map_err(|e| e.to_string())?;
    let last = match last {
        Some(day) => day,
        None => day_due(office, began(reader)?.unwrap_or(now)),
    };
    if !is_due(day, last) {
        return Ok(());
    }
    let checkpoint = office.sequencer.checkpoint().await?;
    let settings = office.house.load().config.retention;
    let mut over = over(reader, &settings, now)?;
    let leapt = !over.is_empty() && day.saturating_sub(last) > LEAP;
    if leapt {
        let (days, keys) = (day.saturating_sub(last), over.len());
        tracing::warn!(
            days,
            keys,
            "the last daily round is long ago, or the clock leapt: nothing is erased"
        );
        over.clear();
    }
    let keys = u32::try_from(over.len()).unwrap_or(u32::MAX);
    let mut events = vec![Event::Duty(Duty::Done {
        day,
        checkpoint,
        keys,
    })];
    if !over.is_empty() {
        events.push(Event::KeysErased { keys: over });
    }
    match office.sequencer.commit(Proposal::new(events)).await {
        Committed::Frame(_) => {
            health.leapt(leapt.then_some(now));
            tracing::info!(checkpoint, keys, "the daily round is done");
            Ok(())
        }
        Committed::Conflict => Err("something came between".into()),
        Committed::Full(why) | Committed::Failed(why) => Err(why),
    }
}

/// When the store began: its first round is due at the first hour after that.
pub(super) fn began(reader: &Reader) -> Result<Option<Timestamp>, String> {
    let mut frames = reader.frames(1).map_err(|e| e.to_string())?;
    let first = frames.next().transpose().map_err(|e| e.to_string())?;
    Ok(first.map(|placed| placed.frame.at))
}

/// The keys whose time is over and that still open something; at most one frame's worth, the rest follows a day later.
fn over(
    reader: &Reader,
    settings: &RetentionSettings,
    now: Timestamp,
) -> Result<Vec<KeyId>, String> {
    let cases = (reader.state().cases(None, usize::MAX)).map_err(|e| e.to_string())?;
    let mut keys: Vec<KeyId> = (cases.iter())
        .flat_map(|(_, case)| of_case(case, settings, now))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let mut left = Vec::new();
    for key in keys {
        if !reader.is_erased(key).map_err(|e| e.to_string())? {
            left.push(key);
        }
    }
    left.truncate(MOST);
    Ok(left)
}

/// Keys that one round erases.
const MOST: usize = 100_000;

fn of_case(case: &CaseRow, settings: &RetentionSettings, now: Timestamp) -> Vec<KeyId> {
    let Some(closed) = case.closed.filter(|_| !case.legal_hold) else {
        return Vec::new();
    };
    let over = |days: u32| closed.plus_days(i64::from(days)) <= now;
    let content = over(settings.content_days).then_some(case.content_key);
    let proof = over(settings.proof_days).then_some(case.proof_key);
    content.into_iter().chain(proof).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_due_once_and_a_last_day_that_is_yet_to_come_is_none() {
        assert!(is_due(10, 9) && is_due(10, 3));
        assert!(!is_due(10, 10));
        assert!(!is_due(10, 11), "the hour was moved");
        assert!(
            is_due(10, 12) && is_due(10, i32::MAX),
            "the clock was ahead"
        );
    }
}
