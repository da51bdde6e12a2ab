//! Tidying up after a message (C6): what is to be done in its mailbox, since when, and what became of it.
//!
//! A step is an entry of its own, like a letter of the outbox: planned in the commit that made it due, taken out by its
//! end, put back with its reason when it failed. Nothing here can send anything.

use super::tables::{decode, encode};
use super::{ContentKey, Damaged, LetterId, State, Table, Timestamp};
use serde::{Deserialize, Serialize};

/// One thing to do in a mailbox.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum FilingStep {
    /// The message gets the configured keyword.
    Keyword(ContentKey),
    /// The message goes to the configured folder.
    Move(ContentKey),
    /// A copy of the letter goes to Sent.
    Copy(LetterId),
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FilingEnd {
    /// It is where, or as, it should be.
    Done,
    /// The message is no longer there, the letter's text is erased, or the mailbox is no longer configured so.
    Skipped,
    /// It failed for so long that it is not tried any more.
    GivenUp,
}

/// What happens to a step.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Filing {
    /// It is to be done, from `at` on.
    Due {
        /// What.
        step: FilingStep,
        /// From when on.
        at: Timestamp,
    },
    /// It ended; it had been due at `due`.
    Ended {
        /// What.
        step: FilingStep,
        /// Its place among what is due.
        due: Timestamp,
        /// How.
        end: FilingEnd,
    },
    /// It failed and is tried again.
    Failed {
        /// What.
        step: FilingStep,
        /// Its place among what is due.
        due: Timestamp,
        /// Again from then on.
        next: Timestamp,
        /// The server's words, without addresses.
        why: String,
    },
}

/// A step that waits.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct FilingRow {
    /// Since when.
    pub since: Timestamp,
    /// How often it failed.
    pub attempts: u16,
    /// Why, the last time.
    pub why: Option<String>,
}

/// The place of a step: when it is due, and what it is.
pub(super) fn filing_key(due: Timestamp, step: FilingStep) -> Vec<u8> {
    let mut key = due.millis().to_be_bytes().to_vec();
    key.extend(encode(&step));
    key
}

impl State<'_> {
    /// Steps of filing, the one that is due first at the head: when it is due, what, and how it went so far.
    pub fn filings(
        &self,
        limit: usize,
    ) -> Result<Vec<(Timestamp, FilingStep, FilingRow)>, Damaged> {
        let mut all = Vec::new();
        for (key, value) in self.0.scan(Table::Filing, &[], &[], limit)? {
            let (due, step) = key
                .split_first_chunk::<8>()
                .ok_or_else(|| Damaged("a short key of a filing".into()))?;
            let due = Timestamp::from_millis(i64::from_be_bytes(*due));
            all.push((due, decode(step)?, decode(&value)?));
        }
        Ok(all)
    }
}
