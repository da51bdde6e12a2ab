//! What belongs to a person in order of time: a table whose keys are person, moment and id, and whose values are empty.
//!
//! The mails that went to them ([`super::mailed`]) and the messages that they wrote ([`super::correspondence`]) stand so.

use super::state::fixed;
use super::tables::{Table, Tables};
use super::{Damaged, PersonId, State, Timestamp};

/// Rows read at a time while what is older than the order is put into it.
const BATCH: usize = 1024;

/// The key of something among what belongs to a person.
pub(super) fn key(person: PersonId, at: Timestamp, id: [u8; 16]) -> Vec<u8> {
    [&person.0[..], &at.millis().to_be_bytes(), &id].concat()
}

impl State<'_> {
    /// What a table has of a person, oldest first, with that of whoever became one with them; each once.
    pub(super) fn of_person(
        &self,
        table: Table,
        person: PersonId,
    ) -> Result<Vec<(Timestamp, [u8; 16])>, Damaged> {
        let mut all = Vec::new();
        for member in [vec![person], self.group(person)?.members].concat() {
            for (key, _) in self.0.scan(table, &member.0, &[], usize::MAX)? {
                let rest = key.get(member.0.len()..).unwrap_or_default();
                let (at, id) = rest
                    .split_at_checked(8)
                    .ok_or_else(|| Damaged("a short key of what belongs to a person".into()))?;
                let at = Timestamp::from_millis(i64::from_be_bytes(fixed(at)?));
                all.push((at, fixed(id)?));
            }
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }
}

/// Puts what a table has into an order that came later, from one on: `keys` gives the keys of a row. The next call begins at
/// what it returns.
pub(super) fn put_in_order(
    tables: &mut dyn Tables,
    (from_table, into): (Table, Table),
    from: Option<[u8; 16]>,
    keys: impl Fn([u8; 16], &[u8]) -> Result<Vec<Vec<u8>>, Damaged>,
) -> Result<Option<[u8; 16]>, Damaged> {
    let from = from.map(|id| id.to_vec()).unwrap_or_default();
    // One more than is put in order: there the next call begins.
    let mut found = tables.scan(from_table, &[], &from, BATCH + 1)?;
    let next = match found.len() > BATCH {
        true => found.pop(),
        false => None,
    };
    for (id, row) in found {
        for key in keys(fixed(&id)?, &row)? {
            tables.put(into, &key, Vec::new());
        }
    }
    next.map(|(id, _)| fixed(&id)).transpose()
}
