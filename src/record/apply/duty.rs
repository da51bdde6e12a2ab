//! What the daily round means for the state: which day was done last.

use super::{Done, Step, Table};
use crate::record::Duty;

impl Step<'_> {
    pub(super) fn duty(&mut self, duty: &Duty) -> Done {
        match duty {
            Duty::Done { day, .. } => self.put(Table::Meta, b"duties", day),
        }
        Ok(())
    }
}
