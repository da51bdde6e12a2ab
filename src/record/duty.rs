//! What the house does once a day, and the flags that only a human may take down.
//!
//! Both stand in the log because a restart must neither repeat a day nor skip one, and because damage that was mended at
//! one start is not seen any more at the next, while sending still has to wait for somebody who has looked (C8).

use super::{Fingerprint, Timestamp};
use serde::{Deserialize, Serialize};

/// Something of the daily round. Days are the controller's, counted since 1970-01-01.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Duty {
    /// Checkpoint and retention of this day are done.
    Done {
        /// Which day.
        day: i32,
        /// The frame that the checkpoint holds.
        checkpoint: u64,
        /// Keys of cases whose time was over.
        keys: u32,
    },
    /// This reviewer's digest is about to be handed over: from here on it is not sent again.
    DigestLeaving {
        /// Which day.
        day: i32,
        /// The reviewer's address, keyed.
        reader: Fingerprint,
    },
}

/// A flag that stops sending.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Something that was acknowledged may be lost from the store.
    Damage,
    /// Another installation answers the same mailbox.
    ForeignInstance,
}

impl Flag {
    /// All flags.
    pub const ALL: [Self; 2] = [Self::Damage, Self::ForeignInstance];

    /// As commands and pages write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Damage => "damage",
            Self::ForeignInstance => "foreign-instance",
        }
    }
}

/// A flag goes up, or a human takes it down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Alarm {
    /// The store was opened and found damaged in these places.
    DamageFound {
        /// Which damage: the same places give the same mark.
        mark: [u8; 16],
        /// The places, in words without personal data.
        what: Vec<String>,
    },
    /// A human has looked, and sending goes on.
    Acknowledged {
        /// Which flag.
        flag: Flag,
        /// Who.
        by: String,
        /// Why it is safe, in their words; no personal data belongs here.
        reason: String,
    },
}

/// The last damage that was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DamageRow {
    /// Which.
    pub mark: [u8; 16],
    /// When it was found first.
    pub found: Timestamp,
    /// The places.
    pub what: Vec<String>,
    /// When a human took the flag down.
    pub acknowledged: Option<Timestamp>,
}
