//! Tidying up after a letter: a keyword, a move, a copy in Sent. Optional, repeatable, and never a reason to send again (C6).
//!
//! Each step says what became of it; a message that somebody else moved away is [`Filed::Gone`], which is no failure. Messages are filed together,
//! because a server moves 50 messages about as quickly as one. `\Seen` is never touched.

use super::command::{Command, sequence_sets};
use super::error::SessionError;
use super::folders::Folder;
use super::session::Session;
use crate::record::UidSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an operator writes about filing: `[mailbox.filing]`. Nothing is filed unless it stands there.
#[derive(Clone, PartialEq, Eq, Default, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FilingSettings {
    /// A keyword such as `$Quitus`, or `\Answered`, for messages that were obeyed or answered. Default: none.
    pub keyword: Option<String>,
    /// A folder that these messages go to, by name or special use; not one that is read. Default: none.
    pub move_to: Option<String>,
    /// Whether a copy of each letter goes to the folder `sent`. Default: no; many servers do it by themselves.
    pub copy: bool,
    /// Whether copies (in Sent, or blind copies to the mailbox) are made also of letters that answer access, erasure or
    /// portability, or carry a code: other programs read that mailbox. Default: no.
    pub personal: bool,
}

impl FilingSettings {
    /// What is wrong with it, and what to do; `folders` are read, `sent` is where sent mail is.
    pub fn faults(&self, folders: &[String], sent: &str) -> Vec<(String, &'static str)> {
        let mut faults = Vec::new();
        if let Some(keyword) = self.keyword.as_deref().filter(|k| !is_flag(k)) {
            faults.push((
                format!("\"{keyword}\" cannot be a keyword"),
                "write one word such as keyword = \"$Quitus\", or \"\\\\Answered\" or \"\\\\Flagged\"",
            ));
        }
        if let Some(folder) = &self.move_to
            && (folder.is_empty() || folders.contains(folder))
        {
            faults.push((
                format!("messages cannot be moved to \"{folder}\""),
                "name a folder that is not among `folders`, or leave move_to out",
            ));
        }
        if self.copy && sent.is_empty() {
            faults.push((
                "there is no folder for copies of letters".to_owned(),
                "set sent, or leave copy out",
            ));
        }
        faults
    }
}

/// Whether this is a keyword (RFC 3501, flag-keyword), or one of the two flags that mail programs show and no program obeys.
fn is_flag(flag: &str) -> bool {
    let atom = |b: u8| (0x21..0x7f).contains(&b) && !b"(){%*\"\\]".contains(&b);
    let keyword = !flag.is_empty() && flag.bytes().all(atom);
    keyword
        || ["\\Answered", "\\Flagged"]
            .iter()
            .any(|f| flag.eq_ignore_ascii_case(f))
}

/// What became of one message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Filed {
    /// It is where, or as, it should be.
    Done,
    /// It is no longer in that folder, or the folder is another one.
    Gone,
}

/// Messages of one folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Selection {
    /// The folder, by name or special use.
    pub folder: String,
    /// The UIDVALIDITY under which `uids` means something.
    pub uidvalidity: u32,
    /// The messages.
    pub uids: UidSet,
}

/// Adds a keyword such as `$Quitus` or `\Answered` to messages. Those in the answer carry it now; the others are gone.
pub async fn add_flag(
    session: &mut Session,
    selection: &Selection,
    flag: &str,
) -> Result<UidSet, SessionError> {
    if !is_flag(flag) {
        return Err(SessionError::Unsendable { what: "a flag" });
    }
    let there = present(session, selection).await?;
    for set in sequence_sets(&there) {
        let command = Command::new("UID STORE")
            .word(&set)
            .word(&format!("+FLAGS.SILENT ({flag})"));
        session.exec(command, |_| {}).await?.ok("UID STORE")?;
    }
    Ok(there)
}

/// Moves messages to a folder (RFC 6851; else copy, mark, expunge just these). Those in the answer were moved; the others are gone.
///
/// Without MOVE and without UIDPLUS nothing is moved: an EXPUNGE would remove what other people marked.
pub async fn move_to(
    session: &mut Session,
    selection: &Selection,
    target: &str,
) -> Result<UidSet, SessionError> {
    let target = find(session, target).await?;
    let there = present(session, selection).await?;
    for set in sequence_sets(&there) {
        if session.can("MOVE") {
            let command = Command::new("UID MOVE").word(&set).folder(&target.wire)?;
            session.exec(command, |_| {}).await?.ok("UID MOVE")?;
        } else if session.can("UIDPLUS") {
            copy_and_expunge(session, &set, &target).await?;
        } else {
            return Err(SessionError::No {
                during: "a move",
                text: "it can neither MOVE nor UIDPLUS".to_owned(),
            });
        }
    }
    Ok(there)
}

async fn copy_and_expunge(
    session: &mut Session,
    set: &str,
    target: &Folder,
) -> Result<(), SessionError> {
    let copy = Command::new("UID COPY").word(set).folder(&target.wire)?;
    session.exec(copy, |_| {}).await?.ok("UID COPY")?;
    let mark = Command::new("UID STORE")
        .word(set)
        .word("+FLAGS.SILENT (\\Deleted)");
    session.exec(mark, |_| {}).await?.ok("UID STORE")?;
    let expunge = Command::new("UID EXPUNGE").word(set);
    session.exec(expunge, |_| {}).await?.ok("UID EXPUNGE")?;
    Ok(())
}

/// The folder that is meant; one that is missing may have been made since the login.
async fn find(session: &mut Session, meant: &str) -> Result<Folder, SessionError> {
    match session.find(meant) {
        Err(SessionError::NoFolder(_)) => {
            session.list().await?;
            session.find(meant)
        }
        found => found,
    }
}

/// Opens the folder for writing, and tells which of the messages are still in it.
async fn present(session: &mut Session, selection: &Selection) -> Result<UidSet, SessionError> {
    let folder = session.find(&selection.folder)?;
    let opened = session.select(&folder).await?;
    if opened.uidvalidity != selection.uidvalidity {
        return Ok(UidSet::new());
    }
    session.existing(&selection.uids).await
}

/// Puts a copy of a sent letter into a folder, unless a message with this Message-ID is there already. True if it was put there now.
pub async fn append_once(
    session: &mut Session,
    folder: &str,
    message_id: &str,
    message: &[u8],
) -> Result<bool, SessionError> {
    if holds(session, folder, message_id).await? {
        return Ok(false);
    }
    let folder = find(session, folder).await?;
    let command = Command::new("APPEND")
        .folder(&folder.wire)?
        .word("(\\Seen)") // our own letter, in Sent, as mail programs put it there
        .literal(message);
    session.exec(command, |_| {}).await?.ok("APPEND")?;
    Ok(true)
}

/// Whether a folder holds a message with this Message-ID (C5: was the uncertain letter sent after all?).
pub async fn holds(
    session: &mut Session,
    folder: &str,
    message_id: &str,
) -> Result<bool, SessionError> {
    if message_id.is_empty() {
        return Err(SessionError::Unsendable {
            what: "an empty Message-ID",
        });
    }
    let folder = find(session, folder).await?;
    session.examine(&folder).await?;
    let command = Command::new("UID SEARCH")
        .word("HEADER MESSAGE-ID")
        .string(message_id, "a Message-ID")?;
    Ok(!session.search_by(command).await?.is_empty())
}

/// What became of each message of a selection.
pub fn outcomes(selection: &Selection, done: &UidSet) -> Vec<(u32, Filed)> {
    let outcome = |uid| {
        if done.contains(uid) {
            Filed::Done
        } else {
            Filed::Gone
        }
    };
    selection
        .uids
        .iter()
        .map(|uid| (uid, outcome(uid)))
        .collect()
}
