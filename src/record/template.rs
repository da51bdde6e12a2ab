//! What becomes of a template that the firm may change: which text was in force from when on, and who saw to it.
//!
//! The log holds the SHA-256 of a text, never the text itself: with it anybody proves which words were in force on a day,
//! and the text is looked up beside the store. Files stay the truth: what somebody changed with an editor is written down
//! as found, by nobody.

use super::state::fixed;
use super::tables::decode;
use super::{Damaged, LogPosition, State, Table, Timestamp};
use serde::{Deserialize, Serialize};

/// How a text came to be in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateHow {
    /// Somebody published it.
    Published,
    /// Somebody went back to an earlier version.
    RolledBack,
    /// It was found on the disk: somebody changed the file with an editor of their own.
    Outside,
}

impl TemplateHow {
    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::RolledBack => "rolled back",
            Self::Outside => "edited outside",
        }
    }
}

/// A template's file has another text from now on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TemplateChange {
    /// Its path in the folder: `fr/stop/body.txt`.
    pub path: String,
    /// SHA-256 of its text; none: the firm's own file is gone, and the one that Quitus brings along is in force.
    pub digest: Option<[u8; 32]>,
    /// How.
    pub how: TemplateHow,
    /// Who; empty if nobody knows.
    pub by: String,
}

/// A version of a template's file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TemplateRow {
    /// Its number; the first is 1.
    pub number: u32,
    /// SHA-256 of its text; none: the firm had no file of its own.
    pub digest: Option<[u8; 32]>,
    /// How it came.
    pub how: TemplateHow,
    /// Who; empty if nobody knows.
    pub by: String,
    /// When it was written down.
    pub at: Timestamp,
    /// Where its event stands.
    pub position: LogPosition,
}

/// The key of a version: the newest of a file stands first.
pub(super) fn version_key(path: &str, number: u32) -> Vec<u8> {
    let mut key = prefix(path);
    key.extend_from_slice(&(u32::MAX - number).to_be_bytes());
    key
}

/// What the keys of a file's versions begin with.
fn prefix(path: &str) -> Vec<u8> {
    let mut key = path.as_bytes().to_vec();
    key.push(0);
    key
}

impl State<'_> {
    /// The versions of a template's file, newest first, at most `limit`.
    pub fn template_versions(&self, path: &str, limit: usize) -> Result<Vec<TemplateRow>, Damaged> {
        let rows = self.0.scan(Table::Template, &prefix(path), &[], limit)?;
        rows.iter().map(|(_, row)| decode(row)).collect()
    }

    /// One version of a template's file.
    pub fn template_version(
        &self,
        path: &str,
        number: u32,
    ) -> Result<Option<TemplateRow>, Damaged> {
        self.row(Table::Template, &version_key(path, number))
    }

    /// The newest version of every file that ever had one.
    pub fn newest_templates(&self) -> Result<Vec<(String, TemplateRow)>, Damaged> {
        let (mut all, mut from) = (Vec::new(), Vec::new());
        while let Some((key, row)) = self.0.scan(Table::Template, &[], &from, 1)?.pop() {
            let end = key.len().saturating_sub(5);
            let path = String::from_utf8_lossy(&key[..end]).into_owned();
            let _: [u8; 5] = fixed(&key[end..])?;
            all.push((path, decode(&row)?));
            // Behind all versions of this file.
            from = key[..end].to_vec();
            from.push(1);
        }
        Ok(all)
    }
}
