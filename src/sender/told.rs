//! What a sender said, in words that may stand in status, logs and digests: no address, no secret, no body, no query.

use crate::record::Address;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::http::{Trouble, TroubleKind};

/// A way to reach somebody that a sender stops when it obeys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Mails.
    Email,
    /// Calls, and tasks to call.
    Phone,
    /// Visits, invitations and messages there.
    Linkedin,
}

/// How fast a sender may be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Calls of [`super::Connector::tell`] at the same time.
    pub at_once: usize,
    /// Calls of it in a minute, if the vendor counts.
    pub per_minute: Option<u32>,
}

/// What became of one notice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// The sender said that it obeys; where the preset says so, it was read back.
    Obeyed {
        /// For a person.
        words: String,
    },
    /// It does not know this person: there is nothing to stop now. It may know them after its next import.
    Unknown {
        /// For a person.
        words: String,
    },
    /// The settings say that it is not told of this.
    Left {
        /// For a person.
        words: String,
    },
    /// It could not be told; try again.
    Later(Trouble),
    /// It will never take this as it is: a human must look.
    Refused {
        /// What it said, and what to do where that is known.
        words: String,
    },
}

/// A sender's own opt-outs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pulled {
    /// Whom it does not write to.
    pub addresses: Vec<Address>,
    /// Entries that hold no address: whole domains, damaged ones.
    pub unreadable: usize,
    /// Whether the list holds everybody that `Suppress` writes there, so that somebody missing was taken off it.
    pub complete: bool,
}
