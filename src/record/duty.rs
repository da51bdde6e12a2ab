//! What the house does once a day, as the log remembers it: a restart must neither repeat a day nor skip one.
//!
//! Days are the controller's, counted since 1970-01-01.

use serde::{Deserialize, Serialize};

/// Something of the daily round.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Duty {
    /// Checkpoint and retention of this day are done.
    Done {
        /// Which day.
        day: i32,
        /// The frame of the log that the checkpoint holds.
        checkpoint: u64,
        /// Keys whose time was over: those of cases that were closed long ago.
        keys: u32,
    },
}
