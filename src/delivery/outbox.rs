//! When a letter that was put off is tried again, and when it is given up to a human.
//!
//! Pure: the clock and the chance are arguments. A clock that jumps can neither starve a letter nor give it up: the wait
//! is also said as a length (for a monotonic timer), and giving up needs the whole schedule tried, not only time gone by.

use super::settings::Retry;
use crate::record::Timestamp;
use std::time::Duration;

/// What comes after a failed attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Another try.
    At {
        /// When, for the log and for `status`.
        at: Timestamp,
        /// How long that is from now, for the timer: unlike `at` it does not move when the clock is set.
        wait: Duration,
    },
    /// No more; a human decides.
    GiveUp,
}

/// The next try after `attempt` (from 1) failed at `now`; `jitter` in 0..=1 spreads letters that failed together by
/// ± 10 %. The last try falls on the end date (`first_try` + `give_up`) itself, never after.
pub fn backoff(
    attempt: u32,
    first_try: Timestamp,
    now: Timestamp,
    retry: &Retry,
    jitter: f64,
) -> Next {
    let step = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(last) = retry.schedule.last() else {
        return Next::GiveUp;
    };
    let planned = retry.schedule.get(step).unwrap_or(last).0;
    let wait = planned.mul_f64(0.9 + 0.2 * jitter.clamp(0.0, 1.0));
    let end = first_try.plus_millis(millis(retry.give_up.0));
    let left = end.millis_since(now);
    let whole_schedule = step >= retry.schedule.len();
    let wait = match u64::try_from(left) {
        Ok(left) if left > 0 => wait.min(Duration::from_millis(left)),
        // Time is up: by the calendar alone only if the letter had all its chances.
        _ if whole_schedule => return Next::GiveUp,
        _ => wait,
    };
    Next::At {
        at: now.plus_millis(millis(wait)),
        wait,
    }
}

fn millis(d: Duration) -> i64 {
    i64::try_from(d.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Span;

    const T0: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn wait(attempt: u32, after: i64) -> Option<u64> {
        match backoff(attempt, T0, T0.plus_seconds(after), &Retry::default(), 0.5) {
            Next::At { wait, .. } => Some(wait.as_secs_f64().round() as u64),
            Next::GiveUp => None,
        }
    }

    #[test]
    fn patience_grows_and_ends_on_the_end_date() {
        assert_eq!(wait(1, 0), Some(60));
        assert_eq!(wait(2, 60), Some(300));
        assert_eq!(wait(5, 5_000), Some(14_400));
        assert_eq!(wait(9, 100_000), Some(14_400));
        assert_eq!(wait(20, 3 * 86_400 - 100), Some(100));
        assert_eq!(wait(21, 3 * 86_400), None);
    }

    #[test]
    fn a_clock_that_jumps_neither_starves_nor_gives_up() {
        assert_eq!(wait(1, 400 * 86_400), Some(60), "jumped ahead");
        assert_eq!(wait(3, -400 * 86_400), Some(900), "jumped back");
        assert_eq!(wait(6, 400 * 86_400), None, "had all its chances");
    }

    #[test]
    fn letters_that_failed_together_do_not_come_back_together() {
        let at = |jitter| backoff(1, T0, T0, &Retry::default(), jitter);
        let secs = |n| match n {
            Next::At { wait, at } => {
                assert_eq!(at.millis_since(T0), wait.as_millis() as i64);
                wait.as_secs()
            }
            Next::GiveUp => 0,
        };
        assert_eq!((secs(at(0.0)), secs(at(1.0)), secs(at(99.0))), (54, 66, 66));
        let none = Retry {
            schedule: vec![],
            give_up: Span::seconds(1),
        };
        assert_eq!(backoff(1, T0, T0, &none, 0.0), Next::GiveUp);
    }
}
