//! Looks up who wrote and what happened before, so that [`decide`](super::decide) has to look up nothing.
//!
//! These are reads of the state only. What needs a key (the register's plain text), a file or a clock is added by the caller.

use super::situation::{Case, Known};
use crate::mail::InboundMessage;
use crate::record::{
    Address, CaseId, Damaged, Fingerprint, Fingerprinter, LetterId, LetterRow, PersonId, State,
};

/// The person behind an address; somebody new, if nobody knows it.
pub fn known(state: &State<'_>, keys: &Fingerprinter, address: &Address) -> Result<Known, Damaged> {
    let fingerprints = keys.of_address(address);
    let person = state
        .person_of(&fingerprints)?
        .unwrap_or_else(|| keys.person(address));
    look_up(state, person, fingerprints)
}

/// A person by id; `fingerprints` are those of the address at hand.
pub fn look_up(
    state: &State<'_>,
    person: PersonId,
    mut fingerprints: Vec<Fingerprint>,
) -> Result<Known, Damaged> {
    let person = state.standing(person)?;
    let row = state.person(person)?;
    fingerprints.retain(|f| !row.fingerprints.contains(f));
    Ok(Known {
        person,
        row,
        contact: state.contact(person)?,
        opened: None,
        fingerprints,
        last_mailed: state.last_mailed(person)?,
    })
}

/// What a thread proves: to whom the mail was sent, and the letter of ours in it.
pub type ThreadEvidence = (Vec<Known>, Option<(LetterId, LetterRow)>);

/// B1 (2): to whom the mail was sent that this message answers, nearest id first, and the letter of ours in its thread.
pub fn evidence(
    state: &State<'_>,
    keys: &Fingerprinter,
    message: &InboundMessage,
) -> Result<ThreadEvidence, Damaged> {
    let (mut people, mut letter) = (Vec::new(), None);
    for id in message.thread() {
        let mail = keys.mail_id(id);
        if letter.is_none()
            && let Some(found) = state.letter_by_mail(mail)?
        {
            letter = state.letter(found)?.map(|row| (found, row));
        }
        if people.is_empty()
            && let Some(sent) = state.sent(mail)?
        {
            people = sent.to;
        }
    }
    if people.is_empty() {
        people.extend(letter.iter().filter_map(|(_, row)| row.head.person));
    }
    let known = people.into_iter().map(|p| look_up(state, p, Vec::new()));
    Ok((known.collect::<Result<_, _>>()?, letter))
}

/// Cases with their letters; unknown references are left out.
pub fn cases_of(
    state: &State<'_>,
    ids: impl IntoIterator<Item = CaseId>,
) -> Result<Vec<Case>, Damaged> {
    let mut cases: Vec<Case> = Vec::new();
    for id in ids {
        if cases.iter().any(|c| c.id == id) {
            continue;
        }
        if let Some(row) = state.case(id)? {
            let letters = state.letters(id)?;
            cases.push(Case { id, row, letters });
        }
    }
    Ok(cases)
}
