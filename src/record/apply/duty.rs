//! What the daily round and the flags of the house mean for the state.

use super::{Done, Step, Table};
use crate::record::duty::{Alarm, DamageRow, Duty, Flag};
use crate::record::{Fingerprint, tables};

impl Step<'_> {
    pub(super) fn duty(&mut self, duty: &Duty) -> Done {
        match duty {
            Duty::Done { day, .. } => self.put(Table::Meta, b"duties", day),
            Duty::DigestLeaving { day, reader } => {
                let (of, mut readers) = self.state().digest_readers()?;
                if of != *day {
                    readers.clear();
                }
                readers.push(*reader);
                self.put::<(i32, Vec<Fingerprint>)>(
                    Table::Meta,
                    b"digest/readers",
                    &(*day, readers),
                );
            }
        }
        Ok(())
    }

    pub(super) fn alarm(&mut self, alarm: &Alarm) -> Done {
        match alarm {
            Alarm::DamageFound { mark, what } => {
                let row = DamageRow {
                    mark: *mark,
                    found: self.at,
                    what: what.clone(),
                    acknowledged: None,
                };
                self.put(Table::Meta, b"damage", &row);
            }
            Alarm::Acknowledged { flag, .. } => match flag {
                Flag::ForeignInstance => self.tables.delete(Table::Meta, b"foreign"),
                Flag::Damage => {
                    if let Some(bytes) = self.tables.get(Table::Meta, b"damage")? {
                        let mut row: DamageRow = tables::decode(&bytes)?;
                        row.acknowledged = Some(self.at);
                        self.put(Table::Meta, b"damage", &row);
                    }
                }
            },
        }
        Ok(())
    }
}
