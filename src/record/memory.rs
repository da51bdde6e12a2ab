//! Rows in memory: the model that tests and verification hold the real index against.

use super::tables::{Damaged, Found, Rows, Table, Tables};

/// Rows in memory: the model that tests hold the real index against, and the overlay of a group that is being written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemoryTables(pub std::collections::BTreeMap<(Table, Vec<u8>), Vec<u8>>);

impl Rows for MemoryTables {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        Ok(self.0.get(&(table, key.to_vec())).cloned())
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        from: &[u8],
        limit: usize,
    ) -> Result<Found, Damaged> {
        let start = prefix.max(from).to_vec();
        Ok(self
            .0
            .range((table, start)..)
            .take_while(|((t, k), _)| *t == table && k.starts_with(prefix))
            .take(limit)
            .map(|((_, k), v)| (k.clone(), v.clone()))
            .collect())
    }
}

impl Tables for MemoryTables {
    fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>) {
        self.0.insert((table, key.to_vec()), value);
    }

    fn delete(&mut self, table: Table, key: &[u8]) {
        self.0.remove(&(table, key.to_vec()));
    }
}
