//! The state as it will be when the group is committed: changed rows in memory over those of the index.
//!
//! Dropping it forgets the changes; nothing of a group is ever in the index before its frames are in the log.

use super::index::{Changes, Index, full_key, with_full_key};
use crate::record::{Damaged, Found, ListEntry, Rows, Table, Tables};
use std::sync::Arc;

/// Rows of the index with changes over them.
pub(super) struct Overlay {
    base: Arc<Index>,
    pub(super) changes: Changes,
}

impl Overlay {
    pub(super) fn new(base: Arc<Index>) -> Self {
        Self {
            base,
            changes: Changes::new(),
        }
    }
}

impl Rows for Overlay {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        match with_full_key(table, key, |key| self.changes.get(key).cloned()) {
            Some(changed) => Ok(changed),
            None => self.base.get(table, key),
        }
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        from: &[u8],
        limit: usize,
    ) -> Result<Found, Damaged> {
        let changed = changed_rows(&self.changes, table, prefix, from);
        // Every changed row may hide one of the index.
        let most = limit.saturating_add(changed.len());
        let base = self.base.scan(table, prefix, from, most)?;
        Ok(overlaid(base, changed, limit))
    }

    fn has_lists(&self) -> bool {
        self.base.has_lists()
    }

    fn listed(&self, beginning: &[u8]) -> Result<Vec<ListEntry>, Damaged> {
        self.base.listed(beginning)
    }

    fn has_list(&self, digest: &[u8; 32]) -> Result<(), Damaged> {
        self.base.has_list(digest)
    }
}

impl Tables for Overlay {
    fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>) {
        self.changes.insert(full_key(table, key), Some(value));
    }

    fn delete(&mut self, table: Table, key: &[u8]) {
        self.changes.insert(full_key(table, key), None);
    }
}

/// Rows that changed, without their table's number; `None` = removed.
type Changed = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// The changes of a table from a key on, as far as they begin with the prefix.
pub(super) fn changed_rows(changes: &Changes, table: Table, prefix: &[u8], from: &[u8]) -> Changed {
    let full_prefix = full_key(table, prefix);
    changes
        .range(full_key(table, prefix.max(from))..)
        .take_while(|(key, _)| key.starts_with(&full_prefix))
        .map(|(key, value)| (key[1..].to_vec(), value.clone()))
        .collect()
}

/// Rows with changes over them, both in the order of their keys: at most `limit`.
pub(super) fn overlaid(base: Found, changed: Changed, limit: usize) -> Found {
    if changed.is_empty() {
        return base;
    }
    let mut base = base.into_iter().peekable();
    let mut rows = Vec::new();
    for (key, value) in changed {
        while let Some(row) = base.next_if(|(k, _)| *k < key) {
            rows.push(row);
        }
        base.next_if(|(k, _)| *k == key);
        rows.extend(value.map(|value| (key, value)));
    }
    rows.extend(base);
    rows.truncate(limit);
    rows
}
