//! What a notice to the owner of a contact means for the state: one row a letter, and a mark while it has not ended.

use super::{Done, Step, Table};
use crate::record::owner::{COUNTS, open_key, owner_key};
use crate::record::{Fate, LetterId, OwnerNotice, OwnerRow};

impl Step<'_> {
    pub(super) fn owner(&mut self, notice: &OwnerNotice) -> Done {
        match notice {
            OwnerNotice::Due { letter, .. } => {
                // A letter is told of once, whoever says again that it left.
                if self.state().owner_notice(*letter)?.is_none() {
                    let row = OwnerRow {
                        position: self.position,
                        fate: None,
                        at: self.at,
                    };
                    self.put(Table::Meta, &owner_key(*letter), &row);
                    self.put(Table::Meta, &open_key(*letter), &());
                }
                Ok(())
            }
            OwnerNotice::Telling { letter } => self.owner_fate(*letter, Fate::Leaving),
            OwnerNotice::Told { letter, fate } => self.owner_fate(*letter, *fate),
        }
    }

    fn owner_fate(&mut self, letter: LetterId, fate: Fate) -> Done {
        let Some(mut row) = self.state().owner_notice(letter)? else {
            return Ok(());
        };
        (row.fate, row.at) = (Some(fate), self.at);
        self.put(Table::Meta, &owner_key(letter), &row);
        let mut counts = self.state().owner_notices()?;
        match fate {
            Fate::Leaving | Fate::NotSent => return Ok(()),
            Fate::Sent => counts.sent += 1,
            Fate::Uncertain => counts.uncertain += 1,
            Fate::Refused => counts.refused += 1,
        }
        self.put(Table::Meta, COUNTS, &counts);
        self.tables.delete(Table::Meta, &open_key(letter));
        Ok(())
    }
}
