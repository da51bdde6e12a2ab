//! What events mean for folders: which UIDs are done with, and which could not be read.

use super::{Done, Event, Step, Table};
use crate::record::rows::FolderRow;
use crate::record::state::location_key;
use crate::record::{FolderId, Location, PassedMany, Timestamp, UidSet};

impl Step<'_> {
    pub(super) fn folder(&mut self, event: &Event) -> Done {
        match event {
            Event::FolderOpened { .. } => self.open_folder(event),
            Event::Gone {
                folder,
                uidvalidity,
                uids,
            } => self.gone(*folder, *uidvalidity, uids),
            Event::Passed { location } => self.done_with(*location, None),
            Event::PassedMany(passed) => self.passed(passed),
            Event::ReadFailed { location, .. } => self.count_failure(*location),
            _ => Ok(()),
        }
    }

    /// Written of a folder that is new, and of one whose UIDs no longer mean what they meant: under another UIDVALIDITY, or
    /// under the same with a UIDNEXT that went back, as of a server that was restored from a backup. What was seen under
    /// them is forgotten, and the folder is read again; otherwise the new mail under the old numbers would never be read.
    fn open_folder(&mut self, event: &Event) -> Done {
        let Event::FolderOpened {
            folder,
            mailbox,
            name,
            role,
            uidvalidity,
        } = event
        else {
            return Ok(());
        };
        let old = self.state().folder(*folder)?;
        let row = FolderRow {
            mailbox: mailbox.clone(),
            name: name.clone(),
            role: *role,
            uidvalidity: *uidvalidity,
            seen: UidSet::new(),
            gone: old.as_ref().map_or(0, |f| f.gone),
            resets: old.as_ref().map_or(0, |f| f.resets + 1),
            newest: old.as_ref().map_or_else(Timestamp::default, |f| f.newest),
            reread_until: match &old {
                Some(f) if !f.seen.is_empty() => Some(f.newest),
                Some(f) => f.reread_until,
                None => None,
            },
        };
        self.put(Table::Folder, &folder.0.to_be_bytes(), &row);
        Ok(())
    }

    /// Messages that went before they were read are done with, and counted.
    fn gone(&mut self, folder: FolderId, uidvalidity: u32, uids: &UidSet) -> Done {
        let Some(mut row) = self
            .state()
            .folder(folder)?
            .filter(|f| f.uidvalidity == uidvalidity)
        else {
            return Ok(());
        };
        uids.ranges()
            .iter()
            .for_each(|(low, high)| row.seen.insert_range(*low, *high));
        row.gone += uids.len();
        self.put(Table::Folder, &folder.0.to_be_bytes(), &row);
        let mut counts = self.state().counts()?;
        counts.gone += uids.len();
        self.put(Table::Meta, b"counts", &counts);
        Ok(())
    }

    fn passed(&mut self, passed: &PassedMany) -> Done {
        let row = self.state().folder(passed.folder)?;
        let Some(mut row) = row.filter(|f| f.uidvalidity == passed.uidvalidity) else {
            return Ok(());
        };
        row.seen.extend(&passed.uids);
        self.put(Table::Folder, &passed.folder.0.to_be_bytes(), &row);
        Ok(())
    }

    fn count_failure(&mut self, at: Location) -> Done {
        let failures = self.state().failures(at)?;
        self.put(
            Table::Failing,
            &location_key(at),
            &failures.saturating_add(1),
        );
        Ok(())
    }

    /// The location's UID will not be fetched again.
    pub(super) fn done_with(&mut self, at: Location, received: Option<Timestamp>) -> Done {
        let Some(mut row) = self
            .state()
            .folder(at.folder)?
            .filter(|f| f.uidvalidity == at.uidvalidity)
        else {
            return Ok(());
        };
        row.seen.insert(at.uid);
        row.newest = received.map_or(row.newest, |r| r.max(row.newest));
        self.put(Table::Folder, &at.folder.0.to_be_bytes(), &row);
        self.tables.delete(Table::Failing, &location_key(at));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::apply::{Frame, apply};
    use crate::record::{FolderRole, LogPosition, MemoryTables, State};

    const FOLDER: FolderId = FolderId(7);

    fn happens(tables: &mut MemoryTables, number: u64, event: Event) {
        let at = Timestamp::from_seconds(1_790_000_000);
        let events = vec![event];
        apply(
            tables,
            LogPosition::default(),
            &Frame { number, at, events },
        )
        .unwrap();
    }

    fn opened() -> Event {
        Event::FolderOpened {
            folder: FOLDER,
            mailbox: "m".into(),
            name: "INBOX".into(),
            role: FolderRole::Inbound,
            uidvalidity: 1,
        }
    }

    #[test]
    fn what_was_seen_before_the_numbers_went_back_is_forgotten() {
        let mut tables = MemoryTables::default();
        happens(&mut tables, 1, opened());
        let uids = UidSet::from(vec![(1, 2_000_000)]);
        let passed = PassedMany {
            folder: FOLDER,
            uidvalidity: 1,
            uids,
        };
        happens(&mut tables, 2, Event::PassedMany(passed));
        let at = |uid| Location {
            folder: FOLDER,
            uidvalidity: 1,
            uid,
        };
        assert!(State(&tables).seen(at(1_999_999)).unwrap());
        // A server that was restored from a backup gives the same numbers to other mail.
        happens(&mut tables, 3, opened());
        assert!(!State(&tables).seen(at(1_999_999)).unwrap());
        let row = State(&tables).folder(FOLDER).unwrap().unwrap();
        assert_eq!((row.resets, row.reread_until), (1, Some(row.newest)));
    }
}
