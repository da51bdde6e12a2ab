//! What the daily round means for the state: which day was done last, and what reviewers were told.

use super::{Done, Step, Table};
use crate::record::duty::told_key;
use crate::record::{About, Duty, Fate, Fingerprint, ToldRow};

impl Step<'_> {
    pub(super) fn duty(&mut self, duty: &Duty) -> Done {
        match duty {
            Duty::Done { day, .. } => self.put(Table::Meta, b"duties", day),
            Duty::Telling { reviewer, about } => self.tell(reviewer, about, Fate::Leaving),
            Duty::Told {
                reviewer,
                about,
                fate,
            } => self.tell(reviewer, about, *fate),
            Duty::DigestUpTo { day, frame } => {
                self.put(Table::Meta, b"digest", day);
                self.put(Table::Meta, b"digest/frame", frame);
            }
        }
        Ok(())
    }

    fn tell(&mut self, reviewer: &Fingerprint, about: &[About], fate: Fate) {
        for about in about {
            let row = ToldRow {
                reviewer: *reviewer,
                about: *about,
                fate,
                at: self.at,
            };
            self.put(Table::Meta, &told_key(reviewer, about), &row);
        }
    }
}
