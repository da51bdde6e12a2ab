//! A case that nobody acts on is brought to more people, step by step; a complaint at which somebody has looked is not.
//!
//! What the log keeps of it is what it keeps of every mail to a reviewer ([`super::Duty`]), and who looked. When a step
//! is due is no business of this room.

use super::{About, CaseId, Damaged, State, Table, Timestamp, ToldRow};
use serde::{Deserialize, Serialize};

/// To whom a case is brought, the nearest first; each step goes to those of the steps before, too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalationStep {
    /// Its reviewers, again.
    Reviewer,
    /// Their deputies.
    Deputy,
    /// The controller.
    Controller,
}

impl EscalationStep {
    /// All of them, the first to come first.
    pub const ALL: [Self; 3] = [Self::Reviewer, Self::Deputy, Self::Controller];

    /// The word for people and programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reviewer => "reviewer",
            Self::Deputy => "deputy",
            Self::Controller => "controller",
        }
    }
}

impl About {
    /// The case that it is about, if it is about one.
    pub const fn case(&self) -> Option<CaseId> {
        match self {
            Self::Due(case) => Some(*case),
            _ => match self.escalated() {
                Some((case, _)) => Some(case),
                None => None,
            },
        }
    }

    /// The case that was brought to somebody, and how far, if this is that.
    pub const fn escalated(&self) -> Option<(CaseId, EscalationStep)> {
        match self {
            Self::Escalation { case, step, .. } => Some((*case, *step)),
            Self::Complaint(case) => Some((*case, EscalationStep::Reviewer)),
            Self::Unseen(case) => Some((*case, EscalationStep::Deputy)),
            Self::Digest(_) | Self::Flag(..) | Self::Due(_) | Self::Flood(_) => None,
        }
    }
}

/// Who looked at a case last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SeenRow {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
}

impl State<'_> {
    /// Who looked at this case last, as far as they had to say so.
    pub fn looked_at(&self, case: CaseId) -> Result<Option<SeenRow>, Damaged> {
        self.row(Table::Meta, &seen_key(case))
    }

    /// The mails in which this case was brought to somebody, oldest first.
    pub fn escalations(&self, case: CaseId) -> Result<Vec<ToldRow>, Damaged> {
        let mut all = self.every_told()?;
        all.retain(|row| row.about.escalated().is_some_and(|(of, _)| of == case));
        all.sort_by_key(|row| row.at);
        Ok(all)
    }
}

pub(super) fn seen_key(case: CaseId) -> Vec<u8> {
    [&b"seen/"[..], &case.bits().to_be_bytes()].concat()
}
