//! What a corrected label means: the last one of a message stands.

use super::{Event, Step, Table};
use crate::record::{ContentKey, CorrectionRow, Label};

impl Step<'_> {
    pub(super) fn correct(&mut self, event: &Event) {
        match event {
            Event::Corrected(c) => self.label(c.message, &c.label, &c.by, (c.wrong, c.kept)),
            // No letter answers a message without a case: none can have been wrong.
            Event::CorrectedAlone(c) => self.label(c.message, &c.label, &c.by, (false, c.kept)),
            _ => {}
        }
    }

    fn label(&mut self, message: ContentKey, label: &Label, by: &str, (wrong, kept): (bool, bool)) {
        let row = CorrectionRow {
            label: label.clone(),
            wrong,
            kept,
            by: by.to_owned(),
            at: self.at,
            position: self.position,
        };
        self.put(Table::Correction, &message.0, &row);
    }
}
