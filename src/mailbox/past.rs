//! Reads a mailbox's past, without cursor and without a trace: what a folder holds since a day, headers first, then the bodies that matter.
//!
//! Folders are opened with EXAMINE and read with BODY.PEEK, so no flag changes. The caller says which UIDs come next and how fast;
//! one call is one bounded answer, so that memory stays small and reading can stop between any two calls. A connection that broke is the
//! caller's to open again: nothing of an answer counts before its end. Deliberately absent: pausing, remembering, and what a message means.

use super::command::{Command, sequence_sets};
use super::error::SessionError;
use super::fetch::{Place, Stopped, internal_date, now, read_messages};
use super::handover::{Fetched, FolderOpened, FolderRole, HeaderKey, Passed, Refused, Sink};
use super::session::{Connector, Session};
use super::settings::ReadLimits;
use super::suspects::Suspects;
use crate::record::{Timestamp, UidSet};
use async_imap::imap_proto::{AttributeValue, Response};
use jiff::civil::Date;
use std::sync::{Arc, Mutex, PoisonError};

/// How much of a sent mail is read: its headers and the lines that people quote.
const SENT_BYTES: u64 = 64 << 10;
/// Above this only the beginning of a message is read; its text stands there.
const LARGE: u64 = 256 << 10;

/// A session that only looks.
pub struct Past {
    session: Session,
    mailbox: Arc<str>,
}

/// A folder, opened for looking, and what of it is asked for.
#[derive(Clone, Debug)]
pub struct PastFolder {
    place: Place,
    /// What it holds since the day that was named.
    pub uids: UidSet,
}

impl PastFolder {
    /// Its name as people read it.
    pub fn name(&self) -> &str {
        &self.place.folder
    }

    /// What it is for.
    pub fn role(&self) -> FolderRole {
        self.place.role
    }

    /// Under which its UIDs mean something.
    pub fn uidvalidity(&self) -> u32 {
        self.place.uidvalidity
    }
}

/// The header fields of a message, before its body.
pub struct Head {
    /// Its UID.
    pub uid: u32,
    /// When the server received it.
    pub internal_date: Timestamp,
    /// How long it is, as the server says.
    pub size: u64,
    /// Its header block.
    pub raw: Vec<u8>,
}

impl Past {
    /// Logs in.
    pub async fn open(connector: &Connector) -> Result<Self, SessionError> {
        Ok(Self {
            session: connector.open().await?,
            mailbox: connector.settings().name.as_str().into(),
        })
    }

    /// The names of the folders that are meant by names or special uses, once each; what is not there is left out.
    pub fn names(&self, meant: &[String]) -> Vec<(String, FolderRole)> {
        let mut found: Vec<(String, FolderRole)> = Vec::new();
        for meant in meant {
            let Ok(folder) = self.session.find(meant) else {
                continue;
            };
            let has = |word: &str| folder.uses.iter().any(|u| u.eq_ignore_ascii_case(word));
            let role = match meant.to_ascii_lowercase().as_str() {
                "inbox" => FolderRole::Inbox,
                "\\sent" => FolderRole::Sent,
                "\\junk" => FolderRole::Junk,
                _ if has("\\Junk") => FolderRole::Junk,
                _ => FolderRole::Other,
            };
            if found.iter().all(|(name, _)| *name != folder.name) {
                found.push((folder.name, role));
            }
        }
        found
    }

    /// Opens a folder for looking, and asks what arrived in it since a day.
    pub async fn folder(
        &mut self,
        name: &str,
        role: FolderRole,
        since: Option<Date>,
    ) -> Result<PastFolder, SessionError> {
        let folder = self.session.find(name)?;
        let opened = self.session.examine(&folder).await?;
        let words = match since {
            Some(day) => format!("SINCE {}", day.strftime("%-d-%b-%Y")),
            None => "ALL".to_owned(),
        };
        let uids = match opened.exists {
            0 => UidSet::new(),
            _ => self.session.search(&words).await?,
        };
        let place = Place {
            mailbox: self.mailbox.clone(),
            folder: opened.folder.name.as_str().into(),
            role,
            uidvalidity: opened.uidvalidity,
            uidnext: opened.uidnext,
            exists: opened.exists,
        };
        Ok(PastFolder { place, uids })
    }

    /// The headers of some messages of the open folder; what has gone is left out.
    pub async fn heads(&mut self, wanted: &UidSet) -> Result<Vec<Head>, SessionError> {
        let mut heads: Vec<Head> = Vec::new();
        for set in sequence_sets(wanted) {
            let command = Command::new("UID FETCH")
                .word(&set)
                .word("(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER])");
            let ending = self.session.exec(command, |response| {
                heads.extend(head(response).filter(|h| wanted.contains(h.uid)));
            });
            ending.await?.ok("UID FETCH of headers")?;
        }
        heads.sort_by_key(|h| h.uid);
        heads.dedup_by_key(|h| h.uid);
        Ok(heads)
    }

    /// The bytes of some messages of the open folder, of long ones the beginning; what cannot be had is left out.
    pub async fn bodies(
        &mut self,
        folder: &PastFolder,
        wanted: &UidSet,
    ) -> Result<Vec<Fetched>, SessionError> {
        let most = match folder.role() {
            FolderRole::Sent => SENT_BYTES,
            _ => LARGE,
        };
        let limits = ReadLimits {
            max_message_bytes: most,
            partial_bytes: most,
            ..ReadLimits::default()
        };
        let (mut suspects, mut taken) = (Suspects::default(), UidSet::new());
        let basket = Basket::default();
        let read = read_messages(
            &mut self.session,
            &folder.place,
            wanted,
            &limits,
            &mut suspects,
            &mut taken,
            &basket,
        );
        match read.await {
            Ok(()) | Err(Stopped::Refused(_)) => Ok(basket.take()),
            Err(Stopped::Session(e)) => Err(e),
        }
    }

    /// Says goodbye.
    pub async fn close(self) {
        self.session.log_out().await;
    }
}

fn head(response: &Response<'_>) -> Option<Head> {
    let Response::Fetch(_, attributes) = response else {
        return None;
    };
    let (mut uid, mut size, mut date, mut raw) = (None, 0, None, None);
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(n) => uid = Some(*n),
            AttributeValue::Rfc822Size(n) => size = u64::from(*n),
            AttributeValue::InternalDate(text) => date = internal_date(text),
            AttributeValue::BodySection { data, .. } => raw = data.as_deref(),
            _ => {}
        }
    }
    Some(Head {
        uid: uid?,
        internal_date: date.unwrap_or_else(now),
        size,
        raw: raw?.to_vec(),
    })
}

/// Takes everything, and remembers nothing for later.
#[derive(Default)]
struct Basket(Mutex<Vec<Fetched>>);

impl Basket {
    fn take(self) -> Vec<Fetched> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Basket {
    async fn folder_opened(&self, _: FolderOpened) -> Result<(), Refused> {
        Ok(())
    }

    async fn known(&self, _: &FolderOpened, keys: Vec<HeaderKey>) -> Result<Vec<bool>, Refused> {
        Ok(vec![false; keys.len()])
    }

    async fn fetched(&self, batch: Vec<Fetched>) -> Result<(), Refused> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(batch);
        Ok(())
    }

    async fn passed(&self, _: Passed) -> Result<(), Refused> {
        Ok(())
    }
}
