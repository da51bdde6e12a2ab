//! The parts a letter is made of, in the order in which they stand in it.
//!
//! A case has one letter, whatever was asked: a STOP comes first, because it is what the person will look for. What is
//! deliberately not a part: rectification, restriction, portability and complaints, which only a human answers.

use super::facts::LetterFacts;
use crate::record::RequestKind;
use serde::{Deserialize, Serialize};

/// One part; alone it is a letter, and its word is the folder of its template.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Prospecting has stopped.
    Stop,
    /// Where the data come from.
    Source,
    /// "Received on …, answered by …": for what takes longer.
    Acknowledgement,
    /// The copy, and Art. 15(1)(a) to (h).
    Access,
    /// What was erased.
    Erasure,
    /// A code to the address on file (B8); always alone.
    Identity,
    /// Two months more, and why (Art. 12(3)); always alone.
    Extension,
    /// A mail went out although it must not; always alone.
    Apology,
}

impl Part {
    /// All, in their order.
    pub const ALL: [Self; 8] = [
        Self::Stop,
        Self::Source,
        Self::Acknowledgement,
        Self::Access,
        Self::Erasure,
        Self::Identity,
        Self::Extension,
        Self::Apology,
    ];

    /// The word, which is also the folder.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Source => "source",
            Self::Acknowledgement => "acknowledgement",
            Self::Access => "access",
            Self::Erasure => "erasure",
            Self::Identity => "identity",
            Self::Extension => "extension",
            Self::Apology => "apology",
        }
    }

    /// The part that answers a request at once, if there is one; the others are acknowledged.
    pub const fn answering(kind: RequestKind) -> Option<Self> {
        match kind {
            RequestKind::Stop => Some(Self::Stop),
            RequestKind::Source => Some(Self::Source),
            RequestKind::Access => Some(Self::Access),
            RequestKind::Erasure => Some(Self::Erasure),
            _ => None,
        }
    }

    /// Whether the block of Art. 14 belongs to a letter with this part.
    pub const fn informs(self) -> bool {
        matches!(self, Self::Source | Self::Access)
    }

    /// What this part cannot be written without, as far as it is missing: names of variables.
    pub fn missing(self, f: &LetterFacts) -> Vec<&'static str> {
        let mut missing = Vec::new();
        let mut need = |there: bool, name| {
            if !there {
                missing.push(name);
            }
        };
        match self {
            Self::Stop => need(
                f.suppression.as_ref().is_some_and(|s| s.is_for_good()),
                "suppression",
            ),
            Self::Acknowledgement => {
                need(f.case.due_on.is_some(), "case.due_on");
                need(!f.requests.is_empty(), "requests");
            }
            Self::Source => {
                need(!f.origins.is_empty(), "origins");
                // A copy tells what is known of an origin (Art. 15(1)(g)); a source letter is never vague.
                need(f.origins.iter().all(|o| o.date.is_some()), "origins.date");
            }
            Self::Access => {
                need(f.copy.is_some(), "copy");
                need(f.processing.decisions.is_some(), "processing.decisions");
            }
            Self::Erasure => need(f.erased.is_some(), "erased"),
            Self::Identity => need(f.identity.is_some(), "identity"),
            Self::Extension => need(f.extension.is_some(), "extension"),
            Self::Apology => {
                let mails = f.apology.as_ref().is_some_and(|a| !a.mails.is_empty());
                need(mails, "apology.mails");
                let holds = f.suppression.as_ref().is_some_and(|s| s.is_for_good());
                need(holds, "suppression");
                need(!f.controller.authority.is_empty(), "controller.authority");
            }
        }
        if self.informs() {
            informing(f, &mut need);
        }
        let c = &f.controller;
        need(!c.name.is_empty(), "controller.name");
        if !matches!(self, Self::Stop) {
            need(!c.address.is_empty(), "controller.address");
            need(!c.legal_name.is_empty(), "controller.legal_name");
            need(!c.privacy_email.is_empty(), "controller.privacy_email");
        }
        missing.dedup();
        missing
    }
}

/// What Art. 14 asks for, and the origin of each datum.
fn informing(f: &LetterFacts, need: &mut impl FnMut(bool, &'static str)) {
    let p = &f.processing;
    need(p.why.is_some(), "processing.why");
    need(p.purpose.is_some(), "processing.purpose");
    need(p.basis.is_some(), "processing.basis");
    need(p.retention.is_some(), "processing.retention");
    need(p.recipients.is_some(), "processing.recipients");
    need(!p.categories.is_empty(), "processing.categories");
    need(!f.controller.authority.is_empty(), "controller.authority");
    for o in &f.origins {
        need(o.provider.is_some() || o.from.is_some(), "origins.provider");
        need(!o.data.is_empty(), "origins.data");
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

impl std::str::FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = Self::ALL.map(Self::word).join(", ");
        Self::ALL
            .into_iter()
            .find(|p| p.word() == text)
            .ok_or_else(|| format!("\"{text}\" is none of {all}"))
    }
}
