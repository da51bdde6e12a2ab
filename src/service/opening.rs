//! Opens what the log holds sealed of a case: what was written, who asked, why it takes longer, what happened elsewhere.
//!
//! Each is found by the place that the case's row names; what was erased is simply not there any more.

use super::correspondence::message_kept;
use super::drafting::CaseMessage;
use super::gathering::Trouble;
use crate::record::{CaseRow, Event, Proof, RequestKind, Review};
use crate::store::Reader;

/// Its messages, each with its text if that was kept and not erased.
pub(super) fn messages(reader: &Reader, row: &CaseRow) -> Result<Vec<CaseMessage>, Trouble> {
    let mut messages = Vec::new();
    for key in &row.messages {
        let Some(message) = reader.state().message(*key)? else {
            continue;
        };
        let kept = message_kept(reader, &message)?;
        messages.push((*key, message, kept));
    }
    Ok(messages)
}

/// Who asked, and the words that decided.
pub(super) fn proof(reader: &Reader, row: &CaseRow) -> Result<Option<Proof>, Trouble> {
    let Event::CaseOpened {
        proof: Some(sealed),
        ..
    } = reader.event(row.position)?
    else {
        return Ok(None);
    };
    Ok(reader.open_sealed(&sealed)?)
}

/// Why its clocks were extended.
pub(super) fn extended(reader: &Reader, row: &CaseRow) -> Result<Option<String>, Trouble> {
    let Some(position) = row.review.extended else {
        return Ok(None);
    };
    let Event::Reviewed(Review::Extended {
        reason: Some(sealed),
        ..
    }) = reader.event(position)?
    else {
        return Ok(None);
    };
    Ok(reader.open_sealed(&sealed)?)
}

/// What happened in other systems: for which request, where, in which words.
pub(super) fn systems(
    reader: &Reader,
    row: &CaseRow,
) -> Result<Vec<(RequestKind, String, String)>, Trouble> {
    let mut all = Vec::new();
    for done in &row.review.systems {
        let words: Option<String> = match reader.event(done.position)? {
            Event::Reviewed(Review::SystemDone {
                words: Some(words), ..
            }) => reader.open_sealed(&words)?,
            _ => None,
        };
        all.push((done.request, done.system.clone(), words.unwrap_or_default()));
    }
    Ok(all)
}
