//! What a corrected label means: the last one of a message stands.

use super::{Step, Table};
use crate::record::{Correction, CorrectionRow};

impl Step<'_> {
    pub(super) fn correct(&mut self, correction: &Correction) {
        let row = CorrectionRow {
            label: correction.label.clone(),
            wrong: correction.wrong,
            kept: correction.kept,
            by: correction.by.clone(),
            at: self.at,
            position: self.position,
        };
        self.put(Table::Correction, &correction.message.0, &row);
    }
}
