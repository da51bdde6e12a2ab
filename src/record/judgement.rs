//! What a human decides about a letter whose fate is not known, or that came to nothing (C5).
//!
//! The machine never sends such a letter again by itself. Whoever orders it says so here, by name.

use super::{LetterId, Sealed, Timestamp};
use serde::{Deserialize, Serialize};

/// A human's word about a letter.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Judgement {
    /// An uncertain letter arrived, or it did not.
    Settled {
        /// Which.
        letter: LetterId,
        /// Whether it is taken as sent; otherwise it may be sent again.
        arrived: bool,
        /// Who says so.
        by: String,
        /// Why, under the proof key of the case; none once that was erased.
        note: Option<Sealed>,
    },
    /// The same bytes leave again: a new series of attempts.
    Resent {
        /// Which.
        letter: LetterId,
        /// Not before then.
        not_before: Timestamp,
        /// Given up after that.
        expires: Timestamp,
        /// Who ordered it.
        by: String,
    },
    /// It was printed: what the sheet says, and its SHA-256. Until it is posted it may be printed anew.
    Printed {
        /// Which.
        letter: LetterId,
        /// Who printed it.
        by: String,
        /// The sheet, under the proof key of the case.
        sheet: Sealed,
        /// Of its page.
        digest: [u8; 32],
    },
    /// The sheet that was printed last was put into the post, and counts as sent.
    Posted {
        /// Which.
        letter: LetterId,
        /// On which day.
        on: Timestamp,
        /// Who says so.
        by: String,
    },
}
