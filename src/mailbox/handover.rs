//! What this room hands to the next: messages as bytes with their UID, folders as they were found, and what will not be read.
//!
//! The store's side is two traits: [`Cursors`] says what is stored already, [`Sink`] takes what is new. A sink makes the reader wait by
//! not returning, and refuses (a full disk) by [`Refused`]; what it refused is read again later.

use crate::record::{Timestamp, UidSet};
use std::fmt;
use std::sync::Arc;

/// What a folder is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FolderRole {
    /// INBOX.
    Inbox,
    /// Where the server or a mail program puts what it takes for spam: read, letters held (A5).
    Junk,
    /// Any other folder that receives replies.
    Other,
    /// What was sent by hand or by other tools: learned from, never answered.
    Sent,
}

/// One message as the server gave it.
#[derive(Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The mailbox, by the name in the configuration.
    pub mailbox: Arc<str>,
    /// The folder, by its name as people read it.
    pub folder: Arc<str>,
    /// What the folder is for.
    pub role: FolderRole,
    /// The folder's UIDVALIDITY.
    pub uidvalidity: u32,
    /// Its UID.
    pub uid: u32,
    /// When the server received it.
    pub internal_date: Timestamp,
    /// How long it is, as the server says.
    pub size: u64,
    /// Whether `raw` is only its beginning.
    pub partial: bool,
    /// Its bytes.
    pub raw: Vec<u8>,
}

/// Without the bytes: they are somebody's mail.
impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            mailbox,
            folder,
            uidvalidity,
            uid,
            size,
            ..
        } = self;
        write!(
            f,
            "Fetched({mailbox}/{folder} {uidvalidity}:{uid}, {size} bytes)"
        )
    }
}

/// The three header fields by which a message is recognised when a folder must be read again (C7).
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderKey {
    /// Its UID now.
    pub uid: u32,
    /// Message-ID, unfolded; empty if there is none.
    pub message_id: String,
    /// From, unfolded.
    pub from: String,
    /// Date, unfolded.
    pub date: String,
}

/// How a folder was found, compared with what is known of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Opening {
    /// Never seen before.
    First,
    /// The folder that is known.
    Same,
    /// Another folder under the same name: its UIDs mean other messages (C7).
    Recreated {
        /// The UIDVALIDITY that is known.
        was: u32,
    },
    /// The same UIDVALIDITY, but UIDNEXT fell, which no sound server does: UIDs cannot be trusted, all is read again.
    WentBack {
        /// The UIDNEXT that is known.
        was: u32,
    },
}

/// A folder was opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FolderOpened {
    /// The mailbox, by the name in the configuration.
    pub mailbox: Arc<str>,
    /// The folder.
    pub folder: Arc<str>,
    /// What it is for.
    pub role: FolderRole,
    /// Its UIDVALIDITY.
    pub uidvalidity: u32,
    /// Its UIDNEXT.
    pub uidnext: u32,
    /// How many messages are in it.
    pub exists: u32,
    /// How it compares with what is known.
    pub opening: Opening,
}

/// Why UIDs will not be handed over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PassedOver {
    /// They were announced and are gone: another client was quicker. Counted in the status (C1).
    Gone,
    /// They were gone before this folder was watched.
    BeforeUs,
    /// They are known by their header key (the folder was read again).
    Known,
    /// They could not be read three times while others could: dead (C2).
    Unreadable {
        /// What the server said, or how the connection ended.
        why: String,
    },
}

/// UIDs that will not be handed over; the cursor moves past them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passed {
    /// The mailbox, by the name in the configuration.
    pub mailbox: Arc<str>,
    /// The folder.
    pub folder: Arc<str>,
    /// Its UIDVALIDITY.
    pub uidvalidity: u32,
    /// The UIDs.
    pub uids: UidSet,
    /// Why.
    pub why: PassedOver,
}

/// What is stored of a folder.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Cursor {
    /// The UIDVALIDITY under which `seen` means something.
    pub uidvalidity: u32,
    /// The greatest UIDNEXT that was seen.
    pub uidnext: u32,
    /// What is stored or passed over.
    pub seen: UidSet,
}

/// The sink cannot take it now; the reader waits and offers it again.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not taken: {0}")]
pub struct Refused(pub String);

/// What the store knows.
pub trait Cursors: Send + Sync {
    /// What is stored of a folder; nothing if it was never opened.
    fn cursor(&self, mailbox: &str, folder: &str) -> impl Future<Output = Option<Cursor>> + Send;
}

/// Who takes what is read. Everything may be offered twice (after a refusal, a restart): taking is idempotent.
pub trait Sink: Send + Sync {
    /// A folder was opened for the first time since the daemon started, or has changed its UIDVALIDITY.
    fn folder_opened(
        &self,
        opened: FolderOpened,
    ) -> impl Future<Output = Result<(), Refused>> + Send;
    /// Which of these are known already? One answer each, in their order.
    fn known(
        &self,
        folder: &FolderOpened,
        keys: Vec<HeaderKey>,
    ) -> impl Future<Output = Result<Vec<bool>, Refused>> + Send;
    /// New messages: one batch, in the order of their UIDs.
    fn fetched(&self, batch: Vec<Fetched>) -> impl Future<Output = Result<(), Refused>> + Send;
    /// UIDs that will not be handed over.
    fn passed(&self, passed: Passed) -> impl Future<Output = Result<(), Refused>> + Send;
}
