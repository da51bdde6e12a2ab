//! What events mean for filing: steps that wait, in the order in which they are due.

use super::{Done, Step, Table};
use crate::record::filing::{Filing, FilingRow, filing_key};
use crate::record::tables::decode;

impl Step<'_> {
    pub(super) fn file(&mut self, filing: &Filing) -> Done {
        match filing {
            Filing::Due { step, at } => {
                let row = FilingRow {
                    since: self.at,
                    attempts: 0,
                    why: None,
                };
                self.put(Table::Filing, &filing_key(*at, *step), &row);
            }
            Filing::Ended { step, due, .. } => {
                self.tables.delete(Table::Filing, &filing_key(*due, *step));
            }
            Filing::Failed {
                step,
                due,
                next,
                why,
            } => {
                let place = filing_key(*due, *step);
                let Some(row) = self.tables.get(Table::Filing, &place)? else {
                    return Ok(());
                };
                let mut row: FilingRow = decode(&row)?;
                (row.attempts, row.why) = (row.attempts.saturating_add(1), Some(why.clone()));
                self.tables.delete(Table::Filing, &place);
                self.put(Table::Filing, &filing_key(*next, *step), &row);
            }
        }
        Ok(())
    }
}
