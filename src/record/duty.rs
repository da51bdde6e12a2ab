//! What the house does once a day, as the log remembers it: a restart must neither repeat a day nor skip one.
//!
//! Days are the controller's, counted since 1970-01-01. A mail to a reviewer is no letter: it belongs to no case, and what
//! the log keeps of it is whom (keyed), what about, and what became of it.

use super::{
    CaseId, Damaged, EscalationStep, Fingerprint, Flag, FloodOf, State, Table, Timestamp, decode,
};
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
    /// RCPT was accepted for a mail to a reviewer; DATA comes next. From here on it is not sent again (C4).
    Telling {
        /// The reviewer's address, keyed.
        reviewer: Fingerprint,
        /// What the mail tells.
        about: Vec<About>,
    },
    /// What became of it.
    Told {
        /// The reviewer's address, keyed.
        reviewer: Fingerprint,
        /// What the mail tells.
        about: Vec<About>,
        /// Its fate.
        fate: Fate,
    },
    /// Every reviewer has this day's digest, or needed none; it told what happened up to this frame.
    DigestUpTo {
        /// Which day.
        day: i32,
        /// The last frame.
        frame: u64,
    },
}

/// What a mail to a reviewer tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum About {
    /// What waits and what happened, on this day.
    Digest(i32),
    /// A flag that went up then.
    Flag(Flag, Timestamp),
    /// A case whose legal end is near, or past.
    Due(CaseId),
    /// A flood of STOPs.
    Flood(FloodOf),
    /// A case whose clock has come so far that it is brought to more people.
    Escalation {
        /// Which.
        case: CaseId,
        /// How far.
        step: EscalationStep,
        /// The legal end that was counted to: with another one it begins anew.
        end: Timestamp,
    },
    /// A complaint has come.
    Complaint(CaseId),
    /// Nobody has looked at it.
    Unseen(CaseId),
}

impl About {
    /// The part of a row's key: a later digest or flag takes the row of the one before.
    pub(super) fn key(&self) -> Vec<u8> {
        match self {
            Self::Digest(_) => b"digest".to_vec(),
            Self::Flag(flag, _) => [b"flag/", flag.word().as_bytes()].concat(),
            Self::Due(case) => [&b"due/"[..], &case.bits().to_be_bytes()].concat(),
            Self::Flood(of) => [&b"flood/"[..], &of.key()].concat(),
            Self::Escalation { case, step, .. } => {
                let case = case.bits().to_be_bytes();
                [&b"escalation/"[..], &case, step.word().as_bytes()].concat()
            }
            Self::Complaint(case) => [&b"complaint/"[..], &case.bits().to_be_bytes()].concat(),
            Self::Unseen(case) => [&b"unseen/"[..], &case.bits().to_be_bytes()].concat(),
        }
    }
}

/// What became of a mail to a reviewer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// DATA began; nothing more is known.
    Leaving,
    /// The server took it.
    Sent,
    /// It was certainly not taken, and is tried again.
    NotSent,
    /// Nobody knows; it is not sent again.
    Uncertain,
    /// The server refused it for good.
    Refused,
}

/// The last mail to a reviewer about something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ToldRow {
    /// To whom, keyed.
    pub reviewer: Fingerprint,
    /// About what.
    pub about: About,
    /// What became of it.
    pub fate: Fate,
    /// When that was.
    pub at: Timestamp,
}

impl State<'_> {
    /// The last mail to this reviewer about this: another day's digest, a flag that went up again are new things.
    pub fn told(&self, reviewer: &Fingerprint, about: &About) -> Result<Option<ToldRow>, Damaged> {
        let row: Option<ToldRow> = self.row(Table::Meta, &told_key(reviewer, about))?;
        Ok(row.filter(|row| row.about == *about))
    }

    /// The last mails to all reviewers.
    pub fn every_told(&self) -> Result<Vec<ToldRow>, Damaged> {
        let rows = self.0.scan(Table::Meta, TOLD, &[], usize::MAX)?;
        rows.iter().map(|(_, bytes)| decode(bytes)).collect()
    }

    /// Up to which frame the last digest told what happened; 0 before the first.
    pub fn digest_up_to(&self) -> Result<u64, Damaged> {
        Ok(self.row(Table::Meta, b"digest/frame")?.unwrap_or(0))
    }
}

const TOLD: &[u8] = b"told/";

pub(super) fn told_key(reviewer: &Fingerprint, about: &About) -> Vec<u8> {
    [TOLD, &reviewer.0, &about.key()].concat()
}
