//! What a sender said, in words that may stand in status, logs and digests: no address, no secret, no body, no query.

use crate::record::Address;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

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

/// Why a sender could not be asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// What kind, for status and alerts.
    pub kind: TroubleKind,
    /// For a person.
    pub words: String,
    /// How long the sender asked us to wait (`Retry-After`).
    pub wait: Option<Duration>,
}

/// The kinds of trouble.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// Our secret could not be read, or cannot be sent.
    Secret,
    /// No connection: name, network, a cut line.
    Connect,
    /// The certificate is expired, of another name, or of an unknown authority.
    Certificate,
    /// 401 or 403.
    Login,
    /// 429: it was asked too often.
    Limit,
    /// 3xx: it wants us elsewhere, and we do not go.
    Redirect,
    /// 5xx.
    Server,
    /// Nonsense: HTML, no JSON, too long, without what the preset looks for.
    Answer,
    /// No answer in time.
    Timeout,
    /// A command or file of this machine.
    Local,
}

impl Trouble {
    pub(super) fn new(kind: TroubleKind, words: impl Into<String>) -> Self {
        Self {
            kind,
            words: words.into(),
            wait: None,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Trouble {}

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
