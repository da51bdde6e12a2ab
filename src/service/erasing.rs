//! What an erasure takes with it when its answer is final: the register's row, and every text of the person (Art. 17).
//!
//! It is written into the very frame that says that the answer left, so that no crash lies between the two; the store
//! zeroes the keys when that frame is durable, and again on every replay (design.md, "Personal content is encrypted").
//! What stays: the fingerprints and the suppression, and the proof (the deciding words, the letter), as the letter says.
//! If access was asked too, nothing is erased before it is answered.

use super::gathering::Trouble;
use super::house::Office;
use crate::record::{CaseId, CaseRow, Event, KeyId, LetterHead, RequestKind, RequestState};
use crate::store::Reader;

/// The events that belong to a letter that has left for good.
pub fn with_letter(office: &Office, head: &LetterHead) -> Vec<Event> {
    let case = head.letter.case;
    when_answered(office.sequencer.reader(), case, &head.answers).unwrap_or_else(|why| {
        tracing::error!(%case, %why, "what the letter says is erased could not be erased");
        Vec::new()
    })
}

/// The events that belong to the answer of these requests of a case; none, unless an erasure is complete with it.
pub fn when_answered(
    reader: &Reader,
    case: CaseId,
    answers: &[RequestKind],
) -> Result<Vec<Event>, Trouble> {
    let state = reader.state();
    let Some(row) = state.case(case)?.filter(|row| is_complete(row, answers)) else {
        return Ok(Vec::new());
    };
    let mut keys = vec![row.content_key];
    let mut events = Vec::new();
    if let Some(person) = row.person {
        let person = state.standing(person)?;
        keys.extend(state.contact(person)?.map(|c| c.key));
        keys.extend(state.group(person)?.keys);
        let all = state.cases(None, usize::MAX)?;
        let theirs = all.iter().filter(|(_, c)| c.person == Some(person));
        keys.extend(theirs.map(|(_, c)| c.content_key));
        let case = Some(case);
        events.push(Event::ContactErased { person, case });
    }
    keys.sort_unstable();
    keys.dedup();
    let keys = not_erased(reader, keys)?;
    if !keys.is_empty() {
        events.push(Event::KeysErased { keys });
    }
    Ok(events)
}

/// Whether these answers complete an erasure, and no copy of the data is still owed.
fn is_complete(row: &CaseRow, answers: &[RequestKind]) -> bool {
    let owed = |kind: RequestKind| {
        let open = |r: &&crate::record::Clock| {
            matches!(r.state, RequestState::Open | RequestState::AwaitingIdentity)
                && !answers.contains(&r.request)
        };
        row.requests
            .iter()
            .filter(|r| r.request == kind)
            .find(open)
            .is_some()
    };
    let mut erasures = row
        .requests
        .iter()
        .filter(|r| r.request == RequestKind::Erasure);
    let answered = |state| state == RequestState::Answered;
    let asked = erasures.any(|r| answers.contains(&r.request) || answered(r.state));
    asked && !owed(RequestKind::Access)
}

fn not_erased(reader: &Reader, keys: Vec<KeyId>) -> Result<Vec<KeyId>, Trouble> {
    let mut left = Vec::new();
    for key in keys {
        if !reader.is_erased(key)? {
            left.push(key);
        }
    }
    Ok(left)
}
