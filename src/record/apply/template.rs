//! What a change of a template means: one more version of its file.

use super::{Done, Step, Table};
use crate::record::template::version_key;
use crate::record::{TemplateChange, TemplateRow};

impl Step<'_> {
    pub(super) fn template(&mut self, change: &TemplateChange) -> Done {
        let newest = self.state().template_versions(&change.path, 1)?.pop();
        let row = TemplateRow {
            number: newest.map_or(1, |v| v.number.saturating_add(1)),
            digest: change.digest,
            how: change.how,
            by: change.by.clone(),
            at: self.at,
            position: self.position,
        };
        let key = version_key(&change.path, row.number);
        self.put(Table::Template, &key, &row);
        Ok(())
    }
}
