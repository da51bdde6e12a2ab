//! Was a human faster? Asked just before a letter leaves: the \Answered flag, a draft in the thread, a mail in Sent (A9).
//!
//! Only looked at, never changed. New mail in Sent reaches the Sent index through `watch` (role `Sent`), in part only: headers and the first lines; here the
//! thread is searched once more, for what came since the last poll. Questions are asked together: one FETCH FLAGS for a folder, one SEARCH for a message.

use super::command::{Command, sequence_sets};
use super::error::SessionError;
use super::session::Session;
use crate::record::UidSet;
use async_imap::imap_proto::{AttributeValue, Response};
use std::collections::BTreeMap;

/// One message that waits for our letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LookAgain {
    /// Its folder.
    pub folder: String,
    /// The UIDVALIDITY under which `uid` means something.
    pub uidvalidity: u32,
    /// Its UID.
    pub uid: u32,
    /// Its Message-ID, with its angle brackets; empty if it has none.
    pub message_id: String,
}

/// How a human was faster.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Faster {
    /// The message carries \Answered.
    Answered,
    /// A draft answers it.
    Draft,
    /// A mail in Sent answers it.
    Sent,
}

/// Messages that one SEARCH asks for.
const ASKED_AT_ONCE: usize = 16;

/// For each message, whether a human was faster. `sent` and `drafts` are names or special uses; `""` = not looked at.
///
/// A folder that is missing or has changed its UIDVALIDITY says nothing; a session that breaks is an error, so that nobody takes silence for "no".
pub async fn look_again(
    session: &mut Session,
    requests: &[LookAgain],
    sent: &str,
    drafts: &str,
) -> Result<Vec<Option<Faster>>, SessionError> {
    let mut found: Vec<Option<Faster>> = vec![None; requests.len()];
    let mut by_folder: BTreeMap<(&str, u32), Vec<usize>> = BTreeMap::new();
    for (n, request) in requests.iter().enumerate() {
        let key = (request.folder.as_str(), request.uidvalidity);
        by_folder.entry(key).or_default().push(n);
    }
    for ((folder, uidvalidity), which) in by_folder {
        let uids = which
            .iter()
            .filter_map(|n| requests.get(*n))
            .map(|r| r.uid)
            .collect();
        let answered = answered(session, folder, uidvalidity, &uids).await?;
        for n in which {
            if let (Some(request), Some(slot)) = (requests.get(n), found.get_mut(n))
                && answered.contains(request.uid)
            {
                *slot = Some(Faster::Answered);
            }
        }
    }
    for (meant, verdict) in [(sent, Faster::Sent), (drafts, Faster::Draft)] {
        if meant.is_empty() || !open(session, meant).await? {
            continue;
        }
        let unknown: Vec<usize> = (0..found.len())
            .filter(|n| found.get(*n) == Some(&None))
            .filter(|n| requests.get(*n).is_some_and(|r| askable(&r.message_id)))
            .collect();
        for some in unknown.chunks(ASKED_AT_ONCE) {
            for n in answered_in(session, requests, some).await? {
                if let Some(slot) = found.get_mut(n) {
                    *slot = Some(verdict);
                }
            }
        }
    }
    Ok(found)
}

/// Opens a folder for reading; false if it has none or refuses it.
async fn open(session: &mut Session, meant: &str) -> Result<bool, SessionError> {
    let opened = match session.find(meant) {
        Ok(folder) => session.examine(&folder).await,
        Err(e) => Err(e),
    };
    match opened {
        Ok(_) => Ok(true),
        Err(e) if e.leaves_session_usable() => Ok(false),
        Err(e) => Err(e),
    }
}

async fn answered(
    session: &mut Session,
    folder: &str,
    uidvalidity: u32,
    uids: &UidSet,
) -> Result<UidSet, SessionError> {
    let mut answered = UidSet::new();
    let opened = match session.find(folder) {
        Ok(folder) => session.examine(&folder).await,
        Err(e) => Err(e),
    };
    match opened {
        Ok(opened) if opened.uidvalidity == uidvalidity => {}
        Ok(_) => return Ok(answered),
        Err(e) if e.leaves_session_usable() => return Ok(answered),
        Err(e) => return Err(e),
    }
    for set in sequence_sets(uids) {
        let command = Command::new("UID FETCH").word(&set).word("(UID FLAGS)");
        let ending = session.exec(command, |response| {
            if let Some(uid) = flagged(response, "\\Answered") {
                answered.insert(uid);
            }
        });
        ending.await?.ok("UID FETCH of flags")?;
    }
    Ok(answered.and(uids))
}

fn flagged(response: &Response<'_>, wanted: &str) -> Option<u32> {
    let Response::Fetch(_, attributes) = response else {
        return None;
    };
    let has = attributes.iter().any(|a| match a {
        AttributeValue::Flags(flags) => flags.iter().any(|f| f.eq_ignore_ascii_case(wanted)),
        _ => false,
    });
    let uid = attributes.iter().find_map(|a| match a {
        AttributeValue::Uid(uid) => Some(*uid),
        _ => None,
    });
    uid.filter(|_| has)
}

/// Those of the requests `which` that a mail in the open folder answers: asked together, since hardly ever one is, and one by one
/// only if one of them is.
async fn answered_in(
    session: &mut Session,
    requests: &[LookAgain],
    which: &[usize],
) -> Result<Vec<usize>, SessionError> {
    let id = |n: &usize| requests.get(*n).map(|r| r.message_id.as_str());
    let all: Vec<&str> = which.iter().filter_map(id).collect();
    let any = session.search_by(answering(&all)?).await?;
    if any.is_empty() || which.len() == 1 {
        return Ok(if any.is_empty() {
            Vec::new()
        } else {
            which.to_vec()
        });
    }
    let mut answered = Vec::new();
    for n in which {
        let one: Vec<&str> = id(n).into_iter().collect();
        if !session.search_by(answering(&one)?).await?.is_empty() {
            answered.push(*n);
        }
    }
    Ok(answered)
}

/// Whether a search can name this Message-ID.
fn askable(message_id: &str) -> bool {
    !message_id.is_empty() && message_id.bytes().all(|b| (0x21..0x7f).contains(&b))
}

/// The search for mails that answer one of these messages. `OR` takes two keys, each of which may be an `OR` again: they are
/// halved, since servers bound how deep one may lie in another.
fn answering(message_ids: &[&str]) -> Result<Command, SessionError> {
    // Our own letters carry this header: a copy of one in Sent is no human's answer.
    let command = Command::new("UID SEARCH").word("UNDELETED NOT HEADER X-Quitus-Loop \"\"");
    any_of(command, message_ids)
}

fn any_of(command: Command, message_ids: &[&str]) -> Result<Command, SessionError> {
    match message_ids {
        [] => Ok(command),
        [id] => command
            .word("OR HEADER IN-REPLY-TO")
            .string(id, "a Message-ID")?
            .word("HEADER REFERENCES")
            .string(id, "a Message-ID"),
        several => {
            let (first, second) = several.split_at(several.len() / 2);
            any_of(any_of(command.word("OR"), first)?, second)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How deep `OR` lies in `OR`, and how many keys are asked for.
    fn depth<'w>(words: &mut impl Iterator<Item = &'w str>) -> (usize, usize) {
        match words.next() {
            Some("OR") => {
                let (a, b) = (depth(words), depth(words));
                (1 + a.0.max(b.0), a.1 + b.1)
            }
            Some("HEADER") => {
                words.nth(1);
                (0, 1)
            }
            other => panic!("{other:?} is no key"),
        }
    }

    #[test]
    fn many_questions_in_one_search_do_not_lie_deep_in_each_other() {
        let ids: Vec<String> = (0..ASKED_AT_ONCE).map(|n| format!("<{n}@t>")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let pieces = answering(&ids).unwrap().into_pieces();
        let text: String = pieces.iter().map(|p| String::from_utf8_lossy(p)).collect();
        let keys = text.split_once("\"\" ").unwrap().1;
        assert_eq!(depth(&mut keys.split_whitespace()), (5, 2 * ASKED_AT_ONCE));
    }
}
