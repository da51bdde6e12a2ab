//! After damage, suppressions are the union of index, checkpoints and log, never fewer: this gathers them from whatever
//! still opens, and says which must be written down again.

use super::checkpoint;
use super::index::Index;
use crate::record::{
    Damaged, Event, Fingerprint, HeadRow, ListRow, Listing, PersonId, PersonRow, Rows, State,
    SuppressionRow, Table, decode,
};
use std::collections::HashMap;
use std::path::Path;

/// Who was suppressed, as far as one source knew.
#[derive(Default)]
pub(super) struct Source {
    /// The last frame that it knew.
    pub(super) head: u64,
    persons: Vec<(PersonId, PersonRow)>,
    domains: Vec<(Fingerprint, SuppressionRow)>,
    lists: Vec<Listing>,
}

/// When (by frame) suppressions were lifted, as the replayed part of the log says.
#[derive(Default)]
pub(super) struct Lifted {
    persons: HashMap<PersonId, u64>,
    domains: HashMap<Fingerprint, u64>,
}

impl Lifted {
    pub(super) fn see(&mut self, frame: u64, event: &Event) {
        match event {
            Event::Lifted { person, .. } => {
                self.persons.insert(*person, frame);
            }
            Event::DomainLifted { domain, .. } => {
                self.domains.insert(*domain, frame);
            }
            _ => {}
        }
    }
}

impl Source {
    fn see(&mut self, key: &[u8], value: &[u8]) {
        let Some((table, key)) = key.split_first() else {
            return;
        };
        if *table == Table::Person as u8 {
            if let (Ok(id), Ok(row)) = (key.try_into(), decode::<PersonRow>(value))
                && row.suppression.is_some()
            {
                self.persons.push((PersonId(id), row));
            }
        } else if *table == Table::Domain as u8 {
            if let (Ok(id), Ok(row)) = (key.try_into(), decode(value)) {
                self.domains.push((Fingerprint(id), row));
            }
        } else if *table == Table::List as u8 {
            let row = decode::<ListRow>(value);
            self.lists.extend(row.map(|row| row.listing));
        } else if *table == Table::Meta as u8
            && key == b"head"
            && let Ok(row) = decode::<HeadRow>(value)
        {
            self.head = row.frame;
        }
    }

    /// What an index still shows; it stops at the first row that cannot be read.
    pub(super) fn of_index(index: &Index) -> Self {
        let mut source = Self::default();
        // What was read before the damage counts.
        let _ = index.each(|key, value| {
            source.see(key, value);
            Ok(())
        });
        source
    }

    /// What the checkpoints still show, good or not.
    pub(super) fn of_checkpoints(dir: &Path, store: &[u8; 16]) -> Vec<Self> {
        let files = checkpoint::list(dir).unwrap_or_default();
        let read = |path: &Path| {
            let mut source = Self::default();
            let _ = checkpoint::read(path, store, |_, key, value| {
                source.see(&key, &value);
                Ok(())
            });
            source
        };
        files.iter().map(|(_, path)| read(path)).collect()
    }

    /// The events that make good what `now` lacks of this source. What the log lifted after the source's last frame stays
    /// lifted.
    pub(super) fn missing(&self, now: &dyn Rows, lifted: &Lifted) -> Result<Vec<Event>, Damaged> {
        let state = State(now);
        let mut events = Vec::new();
        for (person, row) in &self.persons {
            let Some(old) = &row.suppression else {
                continue;
            };
            let new = state.person(*person)?.suppression;
            let later = lifted.persons.get(person).is_some_and(|f| *f > self.head);
            if later || new.is_some_and(|n| n.suppression >= old.suppression) {
                continue;
            }
            events.push(Event::Recognised {
                person: *person,
                fingerprints: row.fingerprints.clone(),
            });
            events.push(Event::Suppressed {
                person: *person,
                suppression: old.suppression,
                reason: old.reason,
                case: old.case,
            });
        }
        for (domain, old) in &self.domains {
            let later = lifted.domains.get(domain).is_some_and(|f| *f > self.head);
            if later
                || state
                    .domain(domain)?
                    .is_some_and(|n| n.suppression >= old.suppression)
            {
                continue;
            }
            events.push(Event::DomainSuppressed {
                domain: *domain,
                suppression: old.suppression,
                reason: old.reason,
                case: old.case,
            });
        }
        for list in &self.lists {
            // Its people are counted already if the counts came from elsewhere; what it says of them is what matters.
            if state.list(&list.digest)?.is_none() && now.has_list(&list.digest).is_ok() {
                events.push(Event::Listed(list.clone()));
            }
        }
        Ok(events)
    }
}
