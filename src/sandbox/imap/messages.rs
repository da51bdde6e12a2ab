//! What the commands for messages of the open folder do: FETCH, SEARCH, STORE, COPY, MOVE, EXPUNGE.
//!
//! Numbers are those that this client was told: a message that another client removed is silently no longer there.

use super::folders::Stored;
use super::reply::{self, Ending, folder_name};
use super::search::{self, Candidate};
use super::session::Session;
use super::{fetch, lock};
use imap_codec::imap_types::core::Vec1;
use imap_codec::imap_types::extensions::uidplus::{UidElement, UidSet};
use imap_codec::imap_types::fetch::MessageDataItemName;
use imap_codec::imap_types::flag::{StoreResponse, StoreType};
use imap_codec::imap_types::mailbox::Mailbox;
use imap_codec::imap_types::response::{Code, Data};
use imap_codec::imap_types::search::SearchKey;
use imap_codec::imap_types::sequence::SequenceSet;
use std::collections::BTreeSet;
use std::io::Result;
use std::num::NonZeroU32;
use std::time::Duration;

impl Session {
    /// Sequence number and UID of each message that a set names and that is still there.
    fn named(&self, set: &SequenceSet, uid: bool) -> Vec<(u32, u32)> {
        let Some(selected) = &self.selected else {
            return Vec::new();
        };
        let last = match uid {
            true => selected.view.last().copied().unwrap_or(0),
            false => selected.view.len() as u32,
        };
        let numbered = (1u32..).zip(selected.view.iter().copied());
        numbered
            .filter(|(seq, u)| search::names(set, if uid { *u } else { *seq }, last))
            .collect()
    }

    fn read_only(&self) -> bool {
        self.selected.as_ref().is_none_or(|s| s.read_only)
    }

    /// The folder that is open, as its name.
    fn open(&self) -> String {
        self.selected
            .as_ref()
            .map(|s| s.name.clone())
            .unwrap_or_default()
    }

    /// Copies of the messages with these UIDs; the octets are shared, not copied.
    fn stored(&self, user: &str, uid: u32) -> Option<Stored> {
        let mut world = lock(&self.shared.world);
        world.folder(user, &self.open())?.find(uid).cloned()
    }

    pub(super) async fn fetch(
        &mut self,
        user: &str,
        set: &SequenceSet,
        names: &[MessageDataItemName<'_>],
        with_uid: bool,
    ) -> Result<Ending> {
        if let Some(octets) = self.huge.take() {
            return self.announce_huge(octets).await;
        }
        let mut names = names.to_vec();
        let marks = fetch::marks_as_read(&names) && !self.read_only();
        if marks && !names.contains(&MessageDataItemName::Flags) {
            names.push(MessageDataItemName::Flags);
        }
        for (seq, uid) in self.named(set, with_uid) {
            if marks {
                self.change_flags(user, uid, |flags| {
                    flags.insert("\\Seen".to_owned());
                });
            }
            let Some(message) = self.stored(user, uid) else {
                continue;
            };
            if let Some(items) = fetch::items(&message, &names, with_uid)
                && let Ok(fetched) = Data::fetch(seq, items)
            {
                reply::data(&mut self.out, fetched);
            }
            self.flush_if_much().await?;
        }
        Ok(Ending::ok("Fetched."))
    }

    async fn announce_huge(&mut self, octets: u64) -> Result<Ending> {
        let head = format!("* 1 FETCH (UID 1 BODY[] {{{octets}}}\r\n");
        self.wire.send(head.as_bytes()).await?;
        self.wire.send(&[b'x'; 1024]).await?;
        self.wire.stall(Duration::from_secs(60)).await;
        self.leaving = true;
        Ok(Ending::bad("That was all."))
    }

    fn change_flags(&self, user: &str, uid: u32, change: impl FnOnce(&mut BTreeSet<String>)) {
        if let Some(folder) = lock(&self.shared.world).folder(user, &self.open()) {
            folder.change_flags(uid, change);
        }
        self.shared.changed();
    }

    pub(super) fn search(&mut self, user: &str, keys: &[SearchKey<'_>], uid: bool) -> Ending {
        let Some(selected) = &self.selected else {
            return Ending::no("Select a folder first.");
        };
        let last = (
            selected.view.len() as u32,
            selected.view.last().copied().unwrap_or(0),
        );
        let shared = self.shared.clone();
        let mut world = lock(&shared.world);
        let Some(folder) = world.folder(user, &selected.name) else {
            return Ending::no("The folder is gone.");
        };
        let found = (1u32..).zip(&selected.view).filter_map(|(seq, u)| {
            let message = folder.find(*u)?;
            let candidate = Candidate { message, seq, last };
            search::fulfils_all(&candidate, keys).then_some(NonZeroU32::new(if uid {
                *u
            } else {
                seq
            }))?
        });
        let found = found.collect();
        reply::data(&mut self.out, Data::Search(found));
        Ending::ok("Searched.")
    }

    pub(super) fn store(
        &mut self,
        user: &str,
        set: &SequenceSet,
        (kind, response, flags): (StoreType, StoreResponse, BTreeSet<String>),
        uid: bool,
    ) -> Ending {
        if self.read_only() {
            return Ending::no("The folder was opened to be read.");
        }
        for (seq, u) in self.named(set, uid) {
            self.change_flags(user, u, |old| match kind {
                StoreType::Replace => *old = flags.clone(),
                StoreType::Add => old.extend(flags.iter().cloned()),
                StoreType::Remove => old.retain(|f| !flags.contains(f)),
            });
            // Others are told by their own report; a silent client is not told what it did itself.
            let told = self
                .stored(user, u)
                .filter(|_| response == StoreResponse::Answer);
            let names = [MessageDataItemName::Flags];
            if let Some(items) = told.as_ref().and_then(|m| fetch::items(m, &names, uid))
                && let Ok(fetched) = Data::fetch(seq, items)
            {
                reply::data(&mut self.out, fetched);
            }
        }
        self.know_of_flags(user);
        Ending::ok("Stored.")
    }

    /// After our own STORE the version moves on, unless there is something of others to tell.
    fn know_of_flags(&mut self, user: &str) {
        let shared = self.shared.clone();
        let mut world = lock(&shared.world);
        let Some(selected) = &mut self.selected else {
            return;
        };
        if let Some(folder) = world.folder(user, &selected.name) {
            let here = folder.messages.iter().map(|m| m.uid);
            if here.eq(selected.view.iter().copied()) {
                selected.version = folder.version;
            }
        }
    }

    /// COPY, or MOVE (RFC 6851), which tells COPYUID before the EXPUNGEs.
    pub(super) fn copy(
        &mut self,
        user: &str,
        set: &SequenceSet,
        to: &Mailbox<'_>,
        uid: bool,
        and_remove: bool,
    ) -> Ending {
        if and_remove && self.read_only() {
            return Ending::no("The folder was opened to be read.");
        }
        let uids: Vec<u32> = self.named(set, uid).into_iter().map(|(_, u)| u).collect();
        let from = self.open();
        let mut world = lock(&self.shared.world);
        let Some((validity, old, new)) = world.copy(user, &from, &uids, &folder_name(to)) else {
            return Ending::no("There is no such folder.").with(Code::TryCreate);
        };
        if and_remove && let Some(folder) = world.folder(user, &from) {
            folder.remove(&old);
        }
        drop(world);
        self.shared.changed();
        let code = copied(validity, &old, &new);
        let ending = Ending::ok("Copied.");
        match code {
            Some(code) if and_remove => {
                reply::status(&mut self.out, None, ending.with(code));
                Ending::ok("Moved.")
            }
            Some(code) => ending.with(code),
            None => ending,
        }
    }

    /// Removes what is flagged \Deleted, among these UIDs only where a set is given.
    pub(super) fn expunge(&mut self, user: &str, among: Option<&SequenceSet>) -> Ending {
        if self.read_only() {
            return Ending::ok("Nothing to do.");
        }
        let wanted = among.map(|set| self.named(set, true));
        let from = self.open();
        if let Some(folder) = lock(&self.shared.world).folder(user, &from) {
            let deleted = folder
                .messages
                .iter()
                .filter(|m| m.flags.contains("\\Deleted"));
            let chosen = |uid: &u32| {
                wanted
                    .as_ref()
                    .is_none_or(|w| w.iter().any(|(_, u)| u == uid))
            };
            let uids: Vec<u32> = deleted.map(|m| m.uid).filter(chosen).collect();
            folder.remove(&uids);
        }
        self.shared.changed();
        Ending::ok("Expunged.")
    }
}

fn copied(uid_validity: u32, old: &[u32], new: &[u32]) -> Option<Code<'static>> {
    let set = |uids: &[u32]| {
        let uids = uids.iter().filter_map(|u| NonZeroU32::new(*u));
        let set: Vec<UidElement> = uids.map(UidElement::Single).collect();
        Vec1::try_from(set).ok().map(UidSet)
    };
    Some(Code::CopyUid {
        uid_validity: NonZeroU32::new(uid_validity)?,
        source: set(old)?,
        destination: set(new)?,
    })
}
