//! Where a message lies on an IMAP server, in ids that say nothing about the account.

use super::UidSet;
use serde::{Deserialize, Serialize};

/// A folder of a watched mailbox: keyed by the names of both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FolderId(pub u32);

impl FolderId {
    /// The id of folder `folder` of the mailbox configured as `mailbox`.
    pub fn of(mailbox: &str, folder: &str) -> Self {
        use sha2::Digest;
        let sum = sha2::Sha256::digest(format!("{mailbox}\0{folder}").as_bytes());
        Self(u32::from_le_bytes([sum[0], sum[1], sum[2], sum[3]]))
    }
}

/// Where a message lies on the IMAP server: RFC 3501 2.3.1.1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Location {
    /// The folder.
    pub folder: FolderId,
    /// UIDVALIDITY under which the UID holds.
    pub uidvalidity: u32,
    /// UID.
    pub uid: u32,
}

/// UIDs of one folder that hold nothing for us. Ranges: a mailbox that is read for the first time has given out millions of them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PassedMany {
    /// The folder.
    pub folder: FolderId,
    /// UIDVALIDITY under which they hold.
    pub uidvalidity: u32,
    /// The UIDs.
    pub uids: UidSet,
}

/// What a folder is read for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FolderRole {
    /// Replies come in here.
    Inbound,
    /// \Junk: read and obeyed, letters held (A5).
    Junk,
    /// \Sent: what was sent.
    Sent,
}
