//! One watched folder: what of it was handed over, what is missing, and what must be read again.
//!
//! Opening a folder compares it with what is known (UIDVALIDITY, UIDNEXT); reading it asks which missing UIDs exist, hands those over and, at the second
//! look in a row, passes over those that do not. Nothing is called gone at the first look: some servers number a message before they show it.

use super::error::SessionError;
use super::fetch::{Place, Stopped, read_messages};
use super::handover::{Cursor, FolderOpened, FolderRole, Opening, Passed, PassedOver, Sink};
use super::reread::{AT_ONCE, header_keys};
use super::session::{Opened, Session};
use super::settings::ReadLimits;
use super::status::FolderStatus;
use super::suspects::Suspects;
use crate::record::UidSet;
use std::sync::Arc;

/// How many UIDs one SEARCH may range over in a folder with many messages, to bound its answer.
const SEARCH_SPAN: usize = 500_000;
/// A folder with fewer messages is searched at once.
const FEW: u32 = 100_000;

/// A folder under one UIDVALIDITY.
pub struct Watched {
    opened: FolderOpened,
    handed: UidSet,
    absent: UidSet,
    before_us: u32,
    read_again: bool,
    suspects: Suspects,
}

impl Watched {
    /// Compares a folder that was just opened with what is known of it. What the watcher holds itself goes before what is stored.
    pub fn compare(
        mailbox: &Arc<str>,
        role: FolderRole,
        opened: &Opened,
        known: Option<Cursor>,
    ) -> Self {
        let (opening, handed) = match known {
            None => (Opening::First, UidSet::new()),
            Some(c) if c.uidvalidity != opened.uidvalidity => {
                (Opening::Recreated { was: c.uidvalidity }, UidSet::new())
            }
            Some(c) => {
                let highest = c
                    .uidnext
                    .max(c.seen.last().map_or(0, |uid| uid.saturating_add(1)));
                match highest > opened.uidnext {
                    true => (Opening::WentBack { was: highest }, UidSet::new()),
                    false => (Opening::Same, c.seen),
                }
            }
        };
        Self {
            before_us: if opening == Opening::Same {
                0
            } else {
                opened.uidnext
            },
            read_again: matches!(
                opening,
                Opening::Recreated { .. } | Opening::WentBack { .. }
            ),
            handed,
            absent: UidSet::new(),
            suspects: Suspects::default(),
            opened: FolderOpened {
                mailbox: mailbox.clone(),
                folder: opened.folder.name.as_str().into(),
                role,
                uidvalidity: opened.uidvalidity,
                uidnext: opened.uidnext,
                exists: opened.exists,
                opening,
            },
        }
    }

    /// What the sink is told.
    pub fn opened(&self) -> &FolderOpened {
        &self.opened
    }

    /// The folder was opened again: true if it is still the same one, and then its numbers are taken over.
    pub fn still(&mut self, opened: &Opened) -> bool {
        let same = self.opened.uidvalidity == opened.uidvalidity
            && *self.opened.folder == *opened.folder.name
            && self.opened.uidnext <= opened.uidnext;
        if same {
            self.opened.uidnext = opened.uidnext;
            self.opened.exists = opened.exists;
        }
        same
    }

    /// What is known of it, for a comparison with another folder under the same name.
    pub fn as_cursor(&self) -> Cursor {
        Cursor {
            uidvalidity: self.opened.uidvalidity,
            uidnext: self.opened.uidnext,
            seen: self.handed.clone(),
        }
    }

    fn missing(&self) -> UidSet {
        self.handed
            .missing_within(1, self.opened.uidnext.saturating_sub(1))
    }

    /// Reads what is missing from the open folder.
    pub async fn read(
        &mut self,
        session: &mut Session,
        limits: &ReadLimits,
        sink: &impl Sink,
        status: &mut FolderStatus,
    ) -> Result<(), Stopped> {
        let done = self.read_missing(session, limits, sink, status).await;
        status.seen = self.handed.len();
        status.waiting = self.waiting();
        done
    }

    /// What is the matter with messages of it that could not be read.
    pub fn trouble(&self) -> Option<String> {
        self.suspects.in_words()
    }

    /// UIDs that may still have to be read.
    pub fn waiting(&self) -> u64 {
        self.missing().without(&self.absent).len()
    }

    async fn read_missing(
        &mut self,
        session: &mut Session,
        limits: &ReadLimits,
        sink: &impl Sink,
        status: &mut FolderStatus,
    ) -> Result<(), Stopped> {
        self.give_up(sink, status).await?;
        let mut missing = self.missing();
        let mut absent = UidSet::new();
        while !missing.is_empty() {
            let part = match self.opened.exists <= FEW {
                true => missing.clone(),
                false => missing.newest(SEARCH_SPAN),
            };
            missing = missing.without(&part);
            let existing = session.existing(&part).await?;
            absent.extend(&part.without(&existing));
            self.suspects.keep(&existing);
            let wanted = match self.read_again {
                true => self.unknown_of(session, existing, sink).await?,
                false => existing,
            };
            self.take(session, &wanted, limits, sink, status).await?;
        }
        self.suspects.all_went_well();
        self.read_again = false;
        self.pass_absent(absent, sink, status).await?;
        self.give_up(sink, status).await
    }

    async fn take(
        &mut self,
        session: &mut Session,
        wanted: &UidSet,
        limits: &ReadLimits,
        sink: &impl Sink,
        status: &mut FolderStatus,
    ) -> Result<(), Stopped> {
        let place = Place {
            mailbox: self.opened.mailbox.clone(),
            folder: self.opened.folder.clone(),
            role: self.opened.role,
            uidvalidity: self.opened.uidvalidity,
            uidnext: self.opened.uidnext,
            exists: self.opened.exists,
        };
        let mut taken = UidSet::new();
        let suspects = &mut self.suspects;
        let done = read_messages(session, &place, wanted, limits, suspects, &mut taken, sink).await;
        // Whatever ended the reading: what the sink took is not read again.
        status.read += taken.len();
        self.handed.extend(&taken);
        done
    }

    /// Which of these are not known by their header key; the known are passed over.
    async fn unknown_of(
        &mut self,
        session: &mut Session,
        existing: UidSet,
        sink: &impl Sink,
    ) -> Result<UidSet, Stopped> {
        let mut rest = existing;
        let mut unknown = UidSet::new();
        while !rest.is_empty() {
            let part = rest.newest(AT_ONCE);
            rest = rest.without(&part);
            let keys = header_keys(session, &part).await?;
            let uids: Vec<u32> = keys.iter().map(|k| k.uid).collect();
            let known = sink.known(&self.opened, keys).await?;
            let recognised: UidSet = uids
                .into_iter()
                .zip(known)
                .filter(|(_, k)| *k)
                .map(|(u, _)| u)
                .collect();
            unknown.extend(&part.without(&recognised));
            self.pass(recognised, PassedOver::Known, sink).await?;
        }
        Ok(unknown)
    }

    async fn pass_absent(
        &mut self,
        absent: UidSet,
        sink: &impl Sink,
        status: &mut FolderStatus,
    ) -> Result<(), Stopped> {
        let twice = absent.and(&self.absent);
        let ours = UidSet::from(vec![(self.before_us.max(1), u32::MAX)]);
        let gone = twice.and(&ours);
        status.gone += gone.len();
        self.pass(twice.without(&ours), PassedOver::BeforeUs, sink)
            .await?;
        self.pass(gone, PassedOver::Gone, sink).await?;
        self.absent = absent.without(&twice);
        Ok(())
    }

    async fn give_up(
        &mut self,
        sink: &impl Sink,
        status: &mut FolderStatus,
    ) -> Result<(), Stopped> {
        for (uid, why) in self.suspects.given_up() {
            let uids = std::iter::once(uid).collect();
            self.pass(uids, PassedOver::Unreadable { why }, sink)
                .await?;
            self.suspects.forget(uid);
            status.unreadable += 1;
        }
        Ok(())
    }

    async fn pass(
        &mut self,
        uids: UidSet,
        why: PassedOver,
        sink: &impl Sink,
    ) -> Result<(), Stopped> {
        if uids.is_empty() {
            return Ok(());
        }
        let passed = Passed {
            mailbox: self.opened.mailbox.clone(),
            folder: self.opened.folder.clone(),
            uidvalidity: self.opened.uidvalidity,
            uids: uids.clone(),
            why,
        };
        sink.passed(passed).await?;
        self.handed.extend(&uids);
        Ok(())
    }
}

/// A folder's own trouble, which does not concern the others; anything else is the session's.
pub fn folder_trouble(error: SessionError) -> Result<String, SessionError> {
    match error.leaves_session_usable() {
        true => Ok(error.to_string()),
        false => Err(error),
    }
}
