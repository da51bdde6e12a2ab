//! What it means that a suppression list is in force, and that somebody on one was lifted.

use super::{Done, Step, Table};
use crate::record::listed::{ListRow, Listing};
use crate::record::rows::PersonRow;
use crate::record::{PersonId, Suppression};

impl Step<'_> {
    /// Everybody on it is suppressed from here on. Nothing is written for any of them; only how many they are is counted.
    pub(super) fn list(&mut self, listing: &Listing) -> Done {
        self.tables.has_list(&listing.digest)?;
        let row = ListRow {
            since: self.at,
            position: self.position,
            listing: listing.clone(),
        };
        self.put(Table::List, &listing.digest, &row);
        let mut counts = self.state().counts()?;
        let paused = &mut counts.suppressed[Suppression::Paused as usize];
        *paused = paused.saturating_sub(listing.paused);
        counts.suppressed[Suppression::Suppressed as usize] += listing.people;
        self.put(Table::Meta, b"counts", &counts);
        Ok(())
    }

    /// Writes down what lists say of a person, before their key forms become somebody else's.
    pub(super) fn keep_listed(&mut self, person: PersonId) -> Done {
        if self.tables.has_lists() {
            let row = self.state().person(person)?;
            if row != PersonRow::default() {
                self.put(Table::Person, &person.0, &row);
            }
        }
        Ok(())
    }

    /// The lists so far hold no more against this person, by whatever key form.
    pub(super) fn unlist(&mut self, person: PersonId) -> Done {
        if self.tables.scan(Table::List, &[], &[], 1)?.is_empty() {
            return Ok(());
        }
        let id = self.state().standing(person)?;
        let position = self.position;
        for key in self.state().person(id)?.fingerprints {
            if self.state().alias(&key)? == Some(id) {
                self.put(Table::Unlisted, &key.0, &position);
            }
        }
        let members = self.state().group(id)?.members;
        for person in members.iter().chain([&id]) {
            self.put(Table::Unlisted, &person.0, &position);
        }
        Ok(())
    }
}
