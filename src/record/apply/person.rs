//! What events mean for persons and their suppressions.

use super::{Done, Event, Step, Table};
use crate::record::rows::{PersonRow, SuppressionRow};
use crate::record::{CaseId, Fingerprint, PersonId, Suppression, SuppressionReason};

impl Step<'_> {
    /// Changes a person's row; its version grows, so that a decision made on the old row is made again.
    pub(super) fn change_person(
        &mut self,
        id: PersonId,
        change: impl FnOnce(&mut PersonRow),
    ) -> Done {
        let id = self.state().standing(id)?;
        let mut row = self.state().person(id)?;
        let was = row.suppression.as_ref().map(|s| s.suppression);
        change(&mut row);
        row.version += 1;
        let is = row.suppression.as_ref().map(|s| s.suppression);
        self.count_suppressed(was, is)?;
        self.put(Table::Person, &id.0, &row);
        Ok(())
    }

    /// Somebody was paused or suppressed, or neither, and is now.
    pub(super) fn count_suppressed(
        &mut self,
        was: Option<Suppression>,
        is: Option<Suppression>,
    ) -> Done {
        if was == is {
            return Ok(());
        }
        let mut counts = self.state().counts()?;
        if let Some(was) = was {
            counts.suppressed[was as usize] = counts.suppressed[was as usize].saturating_sub(1);
        }
        if let Some(is) = is {
            counts.suppressed[is as usize] += 1;
        }
        self.put(Table::Meta, b"counts", &counts);
        Ok(())
    }

    /// Something about the person changed that is not in its row.
    pub(super) fn touch(&mut self, id: PersonId) -> Done {
        self.change_person(id, |_| {})
    }

    pub(super) fn person(&mut self, event: &Event) -> Done {
        match event {
            Event::Recognised {
                person,
                fingerprints,
            } => self.recognise(*person, fingerprints),
            Event::Suppressed {
                person,
                suppression,
                reason,
                case,
            } => {
                let row = self.suppression(*suppression, *reason, *case);
                self.confirmed_by(*person, *reason);
                self.suppress(*person, row)
            }
            Event::Lifted { person, .. } => {
                self.proved(*person);
                self.change_person(*person, |row| (row.suppression, row.erased) = (None, None))?;
                self.unlist(*person)
            }
            Event::AddressFailed {
                person,
                until,
                hard,
            } => self.change_person(*person, |row| {
                if *hard {
                    row.failing_until = Some(*until);
                }
            }),
            Event::Spoke { person, words } => {
                let at = self.at;
                self.change_person(*person, |row| row.spoke = Some((*words, at)))
            }
            _ => Ok(()),
        }
    }

    /// A key form belongs to the first person that it was seen with.
    fn recognise(&mut self, person: PersonId, fingerprints: &[Fingerprint]) -> Done {
        let person = self.state().standing(person)?;
        for fingerprint in fingerprints {
            if self.state().alias(fingerprint)?.is_none() {
                self.put(Table::Alias, &fingerprint.0, &person);
            }
        }
        self.change_person(person, |row| {
            for f in fingerprints {
                if !row.fingerprints.contains(f) {
                    row.fingerprints.push(*f);
                }
            }
        })
    }

    /// What holds from now on.
    pub(super) fn suppression(
        &self,
        suppression: Suppression,
        reason: SuppressionReason,
        case: Option<CaseId>,
    ) -> SuppressionRow {
        SuppressionRow {
            suppression,
            since: self.at,
            reason,
            case,
        }
    }

    /// A pause never weakens a suppression, and what holds keeps the date since when it holds.
    fn suppress(&mut self, person: PersonId, new: SuppressionRow) -> Done {
        self.change_person(person, |row| {
            if row
                .suppression
                .as_ref()
                .is_none_or(|s| s.suppression < new.suppression)
            {
                row.suppression = Some(new);
            }
        })
    }
}
