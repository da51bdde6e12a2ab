//! The state as it will be when the group is committed: changed rows in memory over those of the index.
//!
//! Dropping it forgets the changes; nothing of a group is ever in the index before its frames are in the log.

use super::index::{Changes, Index, full_key};
use crate::record::{Damaged, Found, Rows, Table, Tables};
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
        match self.changes.get(&full_key(table, key)) {
            Some(changed) => Ok(changed.clone()),
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
        let full_prefix = full_key(table, prefix);
        let changed: Vec<_> = self
            .changes
            .range(full_key(table, prefix.max(from))..)
            .take_while(|(key, _)| key.starts_with(&full_prefix))
            .collect();
        // Every changed row may hide one of the index.
        let base_limit = limit.saturating_add(changed.len());
        let mut base = self
            .base
            .scan(table, prefix, from, base_limit)?
            .into_iter()
            .peekable();
        let mut rows = Vec::new();
        for (key, value) in changed {
            while let Some(row) = base.next_if(|(k, _)| k.as_slice() < &key[1..]) {
                rows.push(row);
            }
            base.next_if(|(k, _)| k.as_slice() == &key[1..]);
            if let Some(value) = value {
                rows.push((key[1..].to_vec(), value.clone()));
            }
        }
        rows.extend(base);
        rows.truncate(limit);
        Ok(rows)
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
