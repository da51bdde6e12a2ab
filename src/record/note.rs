//! What a human gave as the reason for an order that belongs to no case: a suppression by hand, a look at an incident.
//!
//! An auditor asks who did it and why. The reason may name people, so it is sealed; who did it is an operator's login name.

use super::{Fingerprint, Flag, LogPosition, MailIdHash, PersonId, Sealed, Timestamp};
use serde::{Deserialize, Serialize};

/// What the note is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Noted {
    /// A person was suppressed by hand.
    Person(PersonId),
    /// A domain was suppressed by hand.
    Domain(Fingerprint),
    /// A mail after a STOP was looked at.
    Incident(MailIdHash),
    /// A flag that stopped sending was taken down.
    Flag(Flag),
    /// A list was taken into the register, or of what was sent, by its number.
    Import(u64),
    /// A list of suppressions was taken in, by the beginning of its SHA-256.
    Stops([u8; 16]),
}

impl Noted {
    /// The key of its row: a letter for what it is, then its id.
    pub fn key(&self) -> Vec<u8> {
        let number;
        let (kind, id): (u8, &[u8]) = match self {
            Self::Person(id) => (b'p', &id.0),
            Self::Domain(id) => (b'd', &id.0),
            Self::Incident(id) => (b'i', &id.0),
            Self::Flag(flag) => (b'f', flag.word().as_bytes()),
            Self::Import(import) => {
                number = import.to_be_bytes();
                (b'l', &number)
            }
            Self::Stops(list) => (b's', list),
        };
        [&[kind], id].concat()
    }
}

/// A human's order, and why.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Note {
    /// About what.
    pub about: Noted,
    /// Who.
    pub by: String,
    /// Why, sealed under a proof key of its own.
    pub why: Option<Sealed>,
}

/// The last note about something; the reason itself stands in the log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NoteRow {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Where its event stands.
    pub position: LogPosition,
}
