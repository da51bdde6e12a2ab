//! The canary as the log remembers it: marked mails of our own that travel the whole way, run by run, and how each ended.
//!
//! A run belongs to no case and to nobody of the register, so it stands in no list, no figure and no cap: its events are of
//! their own kind, and the place of its mail in the mailbox is only passed. Deliberately absent: an address, and the words.

use super::{
    ContentKey, Damaged, KeyId, LogPosition, MailIdHash, RequestKind, RuleId, Sealed, State, Table,
    Timestamp,
};
use serde::{Deserialize, Serialize};

/// What tells the runs apart; nobody can guess it.
pub type RunId = [u8; 16];

/// Something happened to the canary.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Canary {
    /// A mail that asks this shall leave; the run before it, if it still waits, is given up.
    Begun {
        /// What it asks.
        request: RequestKind,
        /// The run.
        run: RunId,
        /// `auto`, or who wanted it now.
        by: String,
    },
    /// It came a step further.
    Moved {
        /// What it asks.
        request: RequestKind,
        /// The run.
        run: RunId,
        /// Which step.
        step: CanaryStep,
    },
}

/// A step on the way; the order is that of the way.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum CanaryStep {
    /// A server took the mail, or perhaps took it.
    Sent,
    /// It was read and understood, and the answer is frozen.
    Answered {
        /// The mail's content key: the same content in another place is the same mail.
        content: ContentKey,
        /// The rule that decided.
        rule: RuleId,
        /// The answer's Message-ID, keyed.
        answer: MailIdHash,
        /// The answer.
        frozen: Sealed,
    },
    /// RCPT was accepted for the answer; DATA comes next. From here on it is not sent again (C4).
    Leaving,
    /// The server took the answer.
    Left,
    /// The answer lies in the canary's mailbox.
    Arrived {
        /// In which folder.
        folder: String,
    },
    /// No answer, or not in time.
    Failed {
        /// Where it stopped, and why; without addresses.
        why: String,
    },
}

/// How far a run is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CanaryStage {
    /// The mail shall leave.
    Begun,
    /// It left, and is not read yet.
    Sent,
    /// The answer is frozen.
    Answered,
    /// DATA of the answer began; nothing more is known.
    Leaving,
    /// The server took the answer.
    Left,
    /// It is there.
    Arrived,
}

/// The last run of one request.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CanaryRow {
    /// Which.
    pub run: RunId,
    /// When it began.
    pub begun: Timestamp,
    /// How far it is.
    pub stage: CanaryStage,
    /// Nothing more is waited for: the answer is there, or too late.
    pub over: bool,
    /// The mail's content, once it was read.
    pub content: Option<ContentKey>,
    /// The answer: its Message-ID, its key, and where it stands in the log.
    pub answer: Option<(MailIdHash, KeyId, LogPosition)>,
    /// Since when no answer has come, and why; down with the next answer that does.
    pub failing: Option<(Timestamp, String)>,
    /// When an answer came last, after so many milliseconds, and in which folder it lay.
    pub arrived: Option<(Timestamp, i64, String)>,
}

impl State<'_> {
    /// The canary's last run that asks this.
    pub fn canary(&self, request: RequestKind) -> Result<Option<CanaryRow>, Damaged> {
        self.row(Table::Meta, &canary_key(request))
    }
}

/// The key of a request's row.
pub(super) fn canary_key(request: RequestKind) -> Vec<u8> {
    [b"canary/", request.word().as_bytes()].concat()
}
