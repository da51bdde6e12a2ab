//! The notice to a colleague that a letter to their contact has left, as the log keeps it.
//!
//! That a notice is due stands in the very frame that says that the letter left, with the colleague's address sealed under
//! the case's proof key: the letter may have taken the register's row with it. Deliberately absent: the words, and a wait of
//! the letter for any of this.

use super::state::{letter_from, letter_key};
use super::{Damaged, Fate, LetterId, LogPosition, Sealed, State, Table, Timestamp};
use serde::{Deserialize, Serialize};

/// Something happened to such a notice.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum OwnerNotice {
    /// The letter has left, and its contact's owner is to be told.
    Due {
        /// The letter.
        letter: LetterId,
        /// The owner's address.
        owner: Sealed,
    },
    /// RCPT was accepted for the notice; DATA comes next. From here on it is not sent again (C4).
    Telling {
        /// The letter.
        letter: LetterId,
    },
    /// What became of it.
    Told {
        /// The letter.
        letter: LetterId,
        /// Its fate.
        fate: Fate,
    },
}

impl OwnerNotice {
    /// The letter that it is about.
    pub const fn letter(&self) -> LetterId {
        match self {
            Self::Due { letter, .. } | Self::Telling { letter } | Self::Told { letter, .. } => {
                *letter
            }
        }
    }
}

/// The notice of a letter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnerRow {
    /// Where its `Due` event stands.
    pub position: LogPosition,
    /// What became of it; nothing yet, if it waits.
    pub fate: Option<Fate>,
    /// Since when that is so.
    pub at: Timestamp,
}

/// How many notices ended how.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OwnerNotices {
    /// The server took them.
    pub sent: u64,
    /// Nobody knows, and they are not sent again.
    pub uncertain: u64,
    /// They cannot be sent: the server refused them for good, or nothing is left to say.
    pub refused: u64,
}

impl State<'_> {
    /// The notice of a letter, if one is or was due.
    pub fn owner_notice(&self, letter: LetterId) -> Result<Option<OwnerRow>, Damaged> {
        self.row(Table::Meta, &owner_key(letter))
    }

    /// The notices that have not ended, by their letters.
    pub fn owner_notices_open(&self) -> Result<Vec<(LetterId, OwnerRow)>, Damaged> {
        let rows = self.0.scan(Table::Meta, OPEN, &[], usize::MAX)?;
        let mut open = Vec::new();
        for (key, _) in rows {
            let letter = letter_from(key.get(OPEN.len()..).unwrap_or_default())?;
            open.extend(self.owner_notice(letter)?.map(|row| (letter, row)));
        }
        Ok(open)
    }

    /// How many ended how, ever.
    pub fn owner_notices(&self) -> Result<OwnerNotices, Damaged> {
        Ok(self.row(Table::Meta, COUNTS)?.unwrap_or_default())
    }
}

const OPEN: &[u8] = b"owner/open/";
pub(super) const COUNTS: &[u8] = b"owner/counts";

pub(super) fn owner_key(letter: LetterId) -> Vec<u8> {
    [&b"owner/of/"[..], &letter_key(letter)].concat()
}

pub(super) fn open_key(letter: LetterId) -> Vec<u8> {
    [OPEN, &letter_key(letter)].concat()
}
