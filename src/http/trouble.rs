//! Why a server could not be asked, in words that may stand in status, logs and digests: no address, no secret, no body, no query.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Why a server was not asked, or its answer is worth nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// What kind, for status and alerts.
    pub kind: TroubleKind,
    /// For a person.
    pub words: String,
    /// How long it asked us to wait (`Retry-After`).
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
    /// Without a wait.
    pub fn new(kind: TroubleKind, words: impl Into<String>) -> Self {
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
