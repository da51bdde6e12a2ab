//! An erasure waits for the copy that was asked too: after it there is nothing to give (Art. 15(3) GDPR).

use super::{Desk, Refusal};
use crate::record::{Clock, RequestKind};
use crate::service::{CaseFile, is_open};

/// An erasure waits for the copy that was asked too, in this case or in another of the person.
pub(super) fn copy_first(
    desk: &Desk,
    case: &CaseFile,
    answers: &[RequestKind],
) -> Result<(), Refusal> {
    if !answers.contains(&RequestKind::Erasure) {
        return Ok(());
    }
    let copy = |r: &Clock| r.request == RequestKind::Access && is_open(r.state);
    // The copy that this answer gives is the one that every case of the person asks for.
    if answers.contains(&RequestKind::Access) {
        return Ok(());
    }
    if case.row.requests.iter().any(copy) {
        return Err(Refusal::not_now(
            "access was asked too, and after an erasure there is nothing to give",
            "approve the access letter first, and wait until it has left",
        ));
    }
    let state = desk.office.sequencer.reader().state();
    let person = case.row.person.map(|p| state.standing(p)).transpose()?;
    let others = person.map(|p| state.person(p)).transpose()?;
    for other in others
        .iter()
        .flat_map(|p| &p.open)
        .filter(|id| **id != case.id)
    {
        if state
            .case(*other)?
            .is_some_and(|c| c.requests.iter().any(copy))
        {
            return Err(Refusal::not_now(
                format!(
                    "access was asked too, in {other}, and after an erasure there is nothing to give"
                ),
                format!("answer {other} first, and wait until its letter has left"),
            ));
        }
    }
    Ok(())
}
