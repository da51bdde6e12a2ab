//! Flags that stop all sending until a human has looked: damage that may have cost an obligation, and a second installation.
//!
//! They stand in the log because damage that was mended at one start is not seen any more at the next, while nobody has
//! looked yet (design.md, The store; C8). A place that was acknowledged once raises no flag again. Deliberately absent: a
//! flag that goes down by itself.

use super::{Damaged, State, Table, Timestamp, decode};
use serde::{Deserialize, Serialize};

/// Why nothing leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Something that was acknowledged may be lost from the store.
    Damage,
    /// Another installation answers the same mailbox.
    ForeignInstance,
}

impl Flag {
    /// As commands and pages write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Damage => "damage",
            Self::ForeignInstance => "foreign instance",
        }
    }
}

/// A flag goes up, or a human takes it down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Alarm {
    /// The store was opened and found damaged in these places, which were not known before.
    Damaged {
        /// The places, in words without personal data.
        places: Vec<String>,
    },
    /// A human has looked, and sending goes on; a [`super::Note`] in the same frame says why.
    Acknowledged {
        /// Which flag.
        flag: Flag,
        /// Who.
        by: String,
    },
}

/// A flag that is up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FlagRow {
    /// Which.
    pub flag: Flag,
    /// Since when.
    pub since: Timestamp,
    /// The damaged places, in words; none for another installation.
    pub what: Vec<String>,
}

impl State<'_> {
    /// The flags that are up, the oldest first: while there is one, nothing is sent.
    pub fn flags(&self) -> Result<Vec<FlagRow>, Damaged> {
        let mut up = Vec::new();
        if let Some(bytes) = self.0.get(Table::Meta, DAMAGE)? {
            up.push(decode(&bytes)?);
        }
        if let Some(since) = self.foreign_instance()? {
            up.push(FlagRow {
                flag: Flag::ForeignInstance,
                since,
                what: Vec::new(),
            });
        }
        up.sort_by_key(|row: &FlagRow| row.since);
        Ok(up)
    }

    /// Whether this place is known as damaged, acknowledged or not.
    pub fn knows_damage(&self, place: &str) -> Result<bool, Damaged> {
        Ok(self.0.get(Table::Meta, &place_key(place))?.is_some())
    }
}

/// The row of the damage that nobody has acknowledged.
pub(super) const DAMAGE: &[u8] = b"damage";

/// The row by which a damaged place is known again.
pub(super) fn place_key(place: &str) -> Vec<u8> {
    [b"damaged/", place.as_bytes()].concat()
}
