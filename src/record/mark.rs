//! How far a log of a mail server was read: by octets, and by what says that it is still the same file.

use super::{Damaged, State, Table};
use serde::{Deserialize, Serialize};

/// A place in a file that grows, and is put aside or cut off now and then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LogMark {
    /// The file's number on its file system.
    pub inode: u64,
    /// SHA-256 of how it begins, shortened: a number is used again, a beginning is not.
    pub head: [u8; 16],
    /// How many octets `head` covers.
    pub covers: u32,
    /// Up to where it was read.
    pub offset: u64,
}

impl State<'_> {
    /// How far the log of this name was read.
    pub fn log_mark(&self, name: &str) -> Result<Option<LogMark>, Damaged> {
        self.row(Table::Meta, &mark_key(name))
    }
}

/// The row of a log's mark.
pub(super) fn mark_key(name: &str) -> Vec<u8> {
    [b"mta-log/", name.as_bytes()].concat()
}
