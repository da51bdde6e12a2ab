//! What an erasure takes with it when its answer is final: the register's row, and every text of the person (Art. 17).
//!
//! It is written into the very frame that says that the answer left, so that no crash lies between the two; the store
//! zeroes the keys when that frame is durable, and again on every replay (design.md, "Personal content is encrypted").
//! What stays: the fingerprints and the suppression, and the proof (the deciding words, the letter), as the letter says.
//! If access was asked too, in this case or in another of the person, nothing is erased before it is answered.

use super::drafting::is_open;
use super::gathering::Trouble;
use super::house::Office;
use crate::record::{CaseId, CaseRow, Clock, Event, KeyId, LetterHead, RequestKind, RequestState};
use crate::store::Reader;

/// The events that belong to a letter that has left for good.
pub fn with_letter(office: &Office, head: &LetterHead) -> Vec<Event> {
    let case = head.letter.case;
    when_answered(office.sequencer.reader(), case, &head.answers).unwrap_or_else(|why| {
        tracing::error!(%case, %why, "what the letter says is erased could not be erased");
        Vec::new()
    })
}

/// The events that belong to the answer of these requests of a case; none, unless an erasure is complete with it. A copy that
/// it gives is the one that every case of the person asks for.
pub fn when_answered(
    reader: &Reader,
    case: CaseId,
    answers: &[RequestKind],
) -> Result<Vec<Event>, Trouble> {
    erased(reader, case, answers, |_| true)
}

/// The same, when nobody gets the copy that this case asked for: an erasure that was answered waits for it no longer.
pub fn when_copy_refused(reader: &Reader, case: CaseId) -> Result<Vec<Event>, Trouble> {
    erased(reader, case, &[RequestKind::Access], |id| id == case)
}

/// `over`: of which cases the access that these answers name has ended.
fn erased(
    reader: &Reader,
    case: CaseId,
    answers: &[RequestKind],
    over: impl Fn(CaseId) -> bool,
) -> Result<Vec<Event>, Trouble> {
    let may_complete = [RequestKind::Erasure, RequestKind::Access];
    if !answers.iter().any(|kind| may_complete.contains(kind)) {
        return Ok(Vec::new());
    }
    let state = reader.state();
    let Some(row) = state.case(case)? else {
        return Ok(Vec::new());
    };
    let person = row.person.map(|p| state.standing(p)).transpose()?;
    let theirs = match person {
        Some(person) => {
            let all = state.cases(None, usize::MAX)?;
            let theirs = |(id, c): &(CaseId, CaseRow)| *id == case || c.person == Some(person);
            all.into_iter().filter(theirs).collect()
        }
        None => vec![(case, row)],
    };
    let ends = |id: CaseId, kind: RequestKind| match kind {
        RequestKind::Access => answers.contains(&kind) && over(id),
        _ => answers.contains(&kind) && id == case,
    };
    if !is_complete(reader, &theirs, ends)? {
        return Ok(Vec::new());
    }
    let mut keys: Vec<KeyId> = theirs.iter().map(|(_, c)| c.content_key).collect();
    let mut events = Vec::new();
    if let Some(person) = person {
        keys.extend(state.contact(person)?.map(|c| c.key));
        keys.extend(state.group(person)?.keys);
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

/// Whether an erasure of the person whose cases these are is complete once these requests end, and no copy of the data is owed.
/// One that was answered before is complete with the copy that it waited for: its texts are not yet erased.
fn is_complete(
    reader: &Reader,
    theirs: &[(CaseId, CaseRow)],
    ends: impl Fn(CaseId, RequestKind) -> bool,
) -> Result<bool, Trouble> {
    let mut asked = false;
    for (id, row) in theirs {
        for clock in &row.requests {
            let kind = clock.request;
            if kind == RequestKind::Access && is_open(clock.state) && !ends(*id, kind) {
                return Ok(false);
            }
            // Nobody's data are erased for somebody of whom it is not known who they are (B8).
            if kind == RequestKind::Erasure && ends(*id, kind) && awaits_proof(clock) {
                return Ok(false);
            }
            let answered = clock.state == RequestState::Answered;
            if kind == RequestKind::Erasure && (ends(*id, kind) || answered) {
                asked |= !reader.is_erased(row.content_key)?;
            }
        }
    }
    Ok(asked)
}

fn awaits_proof(clock: &Clock) -> bool {
    clock.state == RequestState::AwaitingIdentity
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
