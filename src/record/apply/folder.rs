//! What events mean for folders: which UIDs are done with, and which could not be read.

use super::{Done, Event, Step, Table};
use crate::record::rows::FolderRow;
use crate::record::state::location_key;
use crate::record::{FolderId, Location, Timestamp, UidSet};

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
            Event::ReadFailed { location, .. } => self.count_failure(*location),
            _ => Ok(()),
        }
    }

    /// What was seen holds under one UIDVALIDITY; under a new one the folder is read again.
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
        let same = old.as_ref().is_some_and(|f| f.uidvalidity == *uidvalidity);
        let row = FolderRow {
            mailbox: mailbox.clone(),
            name: name.clone(),
            role: *role,
            uidvalidity: *uidvalidity,
            seen: old
                .as_ref()
                .filter(|_| same)
                .map_or_else(UidSet::new, |f| f.seen.clone()),
            gone: old.as_ref().map_or(0, |f| f.gone),
            resets: old.as_ref().map_or(0, |f| f.resets + u32::from(!same)),
            newest: old.as_ref().map_or_else(Timestamp::default, |f| f.newest),
            reread_until: match &old {
                Some(f) if !same && !f.seen.is_empty() => Some(f.newest),
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
