//! What happened since yesterday: the counts of the state, remembered every quarter of an hour, so that no page reads the log.
//!
//! It is kept in memory, and begins with the daemon; the page says since when it counts.

use crate::record::{Counts, LetterState, MessageState, Timestamp};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Seconds between two that are remembered.
pub const STEP: i64 = 900;
/// Seconds that are looked back.
const BACK: i64 = 86_400;

/// The counts of a day.
#[derive(Default)]
pub struct Diary(Mutex<VecDeque<(Timestamp, Counts)>>);

/// What came since then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Since {
    /// Since when it is counted.
    pub at: Timestamp,
    /// Messages that were decided.
    pub messages: u64,
    /// Of these, held for a human.
    pub held: u64,
    /// Letters that left.
    pub sent: u64,
    /// People whom nobody may write to any more.
    pub suppressed: u64,
}

impl Diary {
    /// Remembers how it is now, if it is time to.
    pub fn note(&self, now: Timestamp, counts: &Counts) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = all
            .back()
            .is_none_or(|(at, _)| now >= at.plus_seconds(STEP));
        if due {
            all.push_back((now, counts.clone()));
        }
        // The newest of those that are a day old stays: from it is counted.
        while all
            .get(1)
            .is_some_and(|(at, _)| *at <= now.plus_seconds(-BACK))
        {
            all.pop_front();
        }
    }

    /// What came since the oldest that is remembered.
    pub fn since(&self, now: &Counts) -> Option<Since> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, then) = all.front()?;
        let more = |pick: fn(&Counts) -> u64| pick(now).saturating_sub(pick(then));
        Some(Since {
            at: *at,
            messages: more(|c| c.messages.iter().sum()),
            held: more(|c| c.messages[MessageState::Held as usize]),
            sent: more(|c| c.letters[LetterState::Sent as usize]),
            suppressed: more(|c| c.suppressed[1]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_from_a_day_ago_or_from_the_beginning() {
        let (diary, begin) = (Diary::default(), Timestamp::from_millis(0));
        let counts = |n: u64| Counts {
            suppressed: [0, n],
            ..Counts::default()
        };
        assert_eq!(diary.since(&counts(1)), None);
        diary.note(begin, &counts(5));
        let early = diary.since(&counts(7)).unwrap();
        assert_eq!((early.at, early.suppressed), (begin, 2));
        for step in 1..=(4 * 48) {
            let now = begin.plus_seconds(step * STEP);
            diary.note(now, &counts(5 + step as u64));
            diary.note(now.plus_seconds(1), &counts(0));
        }
        let late = diary.since(&counts(5 + 4 * 48)).unwrap();
        let day_ago = begin.plus_seconds(48 * 4 * STEP - BACK);
        assert_eq!((late.at, late.suppressed), (day_ago, 96));
        assert!(diary.0.lock().unwrap().len() <= 98);
    }
}
