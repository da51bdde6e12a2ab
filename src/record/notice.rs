//! What the tools that send must be told of a person or a domain, and what they said (design.md, Where a STOP takes effect).
//!
//! A notice is an entry of its own for each sender, in the commit that suppresses, pauses or lifts. The plain address in it
//! is sealed under a key of its own, which is erased when every sender has obeyed. Deliberately absent: who the senders
//! are and how they are told; that is the room `sender`.

use super::{Address, Fingerprint, PersonId};
use serde::{Deserialize, Serialize};

/// What a sender shall do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeAct {
    /// Never write to them again.
    Suppress,
    /// Not until somebody lifts it.
    Pause,
    /// They may be written to again.
    Lift,
}

impl NoticeAct {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Suppress => "suppress",
            Self::Pause => "pause",
            Self::Lift => "lift",
        }
    }
}

/// Whom a notice is about, as the index knows them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Concerned {
    /// A person.
    Person(PersonId),
    /// All of a domain.
    Domain(Fingerprint),
}

/// Whom a notice is about, as a sender knows them: in plain words, so sealed wherever it lies.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Whom {
    /// All known addresses; the first is the one to name where a sender takes only one. Empty for a domain.
    pub addresses: Vec<Address>,
    /// A whole domain (`example.org`), instead of addresses.
    pub domain: Option<String>,
    /// Telephone, as the register spells it.
    pub phone: Option<String>,
    /// A profile page (LinkedIn and the like).
    pub profile_url: Option<String>,
    /// The CRM's own id.
    pub crm_id: Option<String>,
}
