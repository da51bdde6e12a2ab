//! Suppression lists: many key forms that one entry of the log names together, and that lie in a file of their own.
//!
//! It means what a row for each would mean: the key form is recognised as the person whom the list names, and that person is
//! suppressed, unless they were lifted later. Only nothing is written for them until something of their own happens, and a
//! spelling that only a list knows stays with its canonical form, whoever that is merged into or parted from. Where the
//! entries lie and how they are found is behind [`super::Rows`]; here stands what they mean.

use super::rows::{LogPosition, PersonRow, SuppressionRow};
use super::state::fixed;
use super::{
    Damaged, Fingerprint, PersonId, Sealed, State, Suppression, SuppressionReason, Table, Timestamp,
};
use serde::{Deserialize, Serialize};

/// The fewest octets by which entries are looked up.
pub const BEGINNING: usize = 8;

/// A list as the log names it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Listing {
    /// SHA-256 of the file with its entries: its name, too.
    pub digest: [u8; 32],
    /// Key forms in it.
    pub entries: u64,
    /// People who were not suppressed before.
    pub people: u64,
    /// Of these, paused before.
    pub paused: u64,
    /// Whence: the name of the file that was read in, without its folder.
    pub origin: String,
    /// Who read it in.
    pub by: String,
    /// Why, sealed.
    pub why: Option<Sealed>,
}

/// A list in force.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ListRow {
    /// Since when.
    pub since: Timestamp,
    /// Where its entry of the log stands: what was lifted behind it is lifted.
    pub position: LogPosition,
    /// What it says.
    pub listing: Listing,
}

impl ListRow {
    /// What it says of everybody on it.
    pub fn suppression(&self) -> SuppressionRow {
        SuppressionRow {
            suppression: Suppression::Suppressed,
            since: self.since,
            reason: SuppressionReason::Imported,
            case: None,
        }
    }
}

/// A key form on a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListEntry {
    /// The key form.
    pub fingerprint: Fingerprint,
    /// Whom it names, if nothing else is known of it.
    pub person: PersonId,
    /// The digest of the list.
    pub list: [u8; 32],
}

impl ListEntry {
    /// Whether the person is known by this key form first, and not by another spelling of it.
    pub fn is_own(&self) -> bool {
        self.person == PersonId::from_fingerprint(&self.fingerprint)
    }
}

/// Rows that say since where in the log a key form, or a person, is on no earlier list any more.
fn lifted(state: &State<'_>, key: &[u8]) -> Result<Option<LogPosition>, Damaged> {
    state.row(Table::Unlisted, key)
}

impl State<'_> {
    /// A list that the log names.
    pub fn list(&self, digest: &[u8; 32]) -> Result<Option<ListRow>, Damaged> {
        self.row(Table::List, digest)
    }

    /// All lists, in the order of their digests.
    pub fn lists(&self) -> Result<Vec<([u8; 32], ListRow)>, Damaged> {
        let found = self.0.scan(Table::List, &[], &[], usize::MAX)?;
        let row = |(key, value): &(Vec<u8>, Vec<u8>)| Ok((fixed(key)?, super::decode(value)?));
        found.iter().map(row).collect()
    }

    /// Entries of lists that the log names, the list that came first at the head, whether they hold or were lifted.
    fn listed(&self, beginning: &[u8]) -> Result<Vec<(ListEntry, ListRow)>, Damaged> {
        if !self.0.has_lists() {
            return Ok(Vec::new());
        }
        let mut known = Vec::new();
        for entry in self.0.listed(beginning)? {
            if let Some(row) = self.list(&entry.list)? {
                known.push((entry, row));
            }
        }
        known.sort_by_key(|(_, row)| row.position);
        Ok(known)
    }

    /// Whom a key form names that no row knows.
    pub(super) fn listed_alias(&self, key: &Fingerprint) -> Result<Option<PersonId>, Damaged> {
        let known = self.listed(&key.0)?;
        Ok(known.first().map(|(entry, _)| entry.person))
    }

    fn in_force(&self, entry: &ListEntry, row: &ListRow) -> Result<bool, Damaged> {
        let key = lifted(self, &entry.fingerprint.0)?;
        let lifted = key.max(lifted(self, &entry.person.0)?);
        Ok(lifted.is_none_or(|at| at < row.position))
    }

    /// The list that holds against this key form, whoever it belongs to.
    pub fn held_by_list(&self, key: &Fingerprint) -> Result<Option<ListRow>, Damaged> {
        for (entry, row) in self.listed(&key.0)? {
            if self.in_force(&entry, &row)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// A person's row with what lists say of them: their key forms there, and the suppression. Each list makes it another
    /// version, so that a decision made before the list came is made again.
    pub(super) fn with_listed(
        &self,
        id: PersonId,
        mut row: PersonRow,
    ) -> Result<PersonRow, Damaged> {
        if !self.0.has_lists() {
            return Ok(row);
        }
        for (entry, _) in self.listed(&id.0)? {
            if entry.person == id && !row.fingerprints.contains(&entry.fingerprint) {
                row.fingerprints.push(entry.fingerprint);
            }
        }
        for key in row.fingerprints.clone() {
            // What belongs to somebody else says nothing of this one.
            let own = self.alias(&key)? == Some(id);
            for (entry, list) in self.listed(&key.0)? {
                row.version = row.version.saturating_add(1);
                let weaker = (row.suppression.as_ref())
                    .is_none_or(|s| s.suppression < Suppression::Suppressed);
                if own && weaker && self.in_force(&entry, &list)? {
                    row.suppression = Some(list.suppression());
                }
            }
        }
        Ok(row)
    }

    /// What holds against a key form: of its person, or of a list.
    pub(super) fn held_against(
        &self,
        key: &Fingerprint,
    ) -> Result<Option<SuppressionRow>, Damaged> {
        let own: Option<PersonId> = self.row(Table::Alias, &key.0)?;
        let listed = self.listed(&key.0)?;
        let mut held = None;
        for (entry, list) in &listed {
            if held.is_none() && self.in_force(entry, list)? {
                held = Some(list.suppression());
            }
        }
        let Some(person) = own.or(listed.first().map(|(entry, _)| entry.person)) else {
            return Ok(held);
        };
        // Its own row is nearly always there: millions are asked about. Of whom only a list knows there is none, and what
        // lists say of their own key form is all.
        let row: Option<PersonRow> = self.row(Table::Person, &person.0)?;
        let alone = held.is_some() && listed.first().is_some_and(|(entry, _)| entry.is_own());
        let theirs = match row {
            Some(row) if full(&row.suppression) => row.suppression,
            Some(row) => self.with_listed(person, row)?.suppression,
            None if alone && self.standing(person)? == person => None,
            None => self.person(person)?.suppression,
        };
        // Of two that are as strict, the person's own: what holds keeps the date since when it holds.
        Ok(match full(&theirs) || held.is_none() {
            true => theirs,
            false => held,
        })
    }

    /// People whom lists know by a key form that begins so.
    pub(super) fn listed_beginning(&self, id: &[u8]) -> Result<Vec<PersonId>, Damaged> {
        if id.len() < BEGINNING {
            return Ok(Vec::new());
        }
        let known = self.listed(id)?;
        let own = known.iter().filter(|(entry, _)| entry.is_own());
        Ok(own.map(|(entry, _)| entry.person).collect())
    }
}

fn full(row: &Option<SuppressionRow>) -> bool {
    row.as_ref()
        .is_some_and(|s| s.suppression == Suppression::Suppressed)
}
