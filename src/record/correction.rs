//! A human says what a message really meant: the label that it should have had.
//!
//! The log holds the label and who gave it, never the words; the figures count it. Whether the words are kept, too, is a
//! matter of the configuration and of `service::learning`.

use super::state::fixed;
use super::tables::Damaged;
use super::{CaseId, ContentKey, LogPosition, RequestKind, Stance, State, Table, Timestamp};
use serde::{Deserialize, Serialize};

/// What a message meant, as a human read it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Label {
    /// What it asks, the operative one first.
    pub requests: Vec<RequestKind>,
    /// How the writer stands to the business, if that is what it says.
    pub stance: Option<Stance>,
    /// A human must see such a message.
    pub needs_human: bool,
}

/// A label was corrected.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Correction {
    /// The message.
    pub message: ContentKey,
    /// Its case.
    pub case: CaseId,
    /// What was read instead: the requests of its case.
    pub read: Vec<RequestKind>,
    /// What it meant.
    pub label: Label,
    /// A letter had left that was wrong.
    pub wrong: bool,
    /// The words are kept in the operator's own set.
    pub kept: bool,
    /// Who says so.
    pub by: String,
}

/// The label of a message was corrected that belongs to no case: nothing was asked in it, as far as it was understood.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LoneCorrection {
    /// The message.
    pub message: ContentKey,
    /// What it meant.
    pub label: Label,
    /// The words are kept in the operator's own set.
    pub kept: bool,
    /// Who says so.
    pub by: String,
}

/// The last correction of a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CorrectionRow {
    /// What it meant.
    pub label: Label,
    /// A letter had left that was wrong.
    pub wrong: bool,
    /// The words were kept.
    pub kept: bool,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Where its event stands.
    pub position: LogPosition,
}

impl State<'_> {
    /// What a human said of a message, if anybody did.
    pub fn correction(&self, message: ContentKey) -> Result<Option<CorrectionRow>, Damaged> {
        self.row(Table::Correction, &message.0)
    }

    /// The one message whose key begins so, as the log names it; nothing, if none or two do.
    pub fn message_beginning(&self, key: &[u8]) -> Result<Option<ContentKey>, Damaged> {
        let found = self.0.scan(Table::Message, key, &[], 2)?;
        match found.as_slice() {
            [(one, _)] => Ok(Some(ContentKey(fixed(one)?))),
            _ => Ok(None),
        }
    }
}
