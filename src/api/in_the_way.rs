//! What stands in the way of a letter, and of a human's word that somebody was answered: the mode, the proof of who asks, what is
//! not done in other systems, a copy that is owed before an erasure.

use super::copy_first::copy_first;
use super::entering::tell_by;
use super::{Desk, Refusal, recipients};
use crate::record::{LetterKind, LetterRow, Mode, RequestKind, RequestState, Timestamp};
use crate::service::CaseFile;

/// What may have left already is never sent again by a keystroke, and nothing leaves that [`may_be_sent`] holds back.
pub fn may_leave(
    desk: &Desk,
    case: &CaseFile,
    draft: &LetterRow,
    leaves: Timestamp,
) -> Result<(), Refusal> {
    if draft.attempts > 0 {
        return Err(Refusal::not_now(
            "this letter was tried before and may have arrived",
            "look into the mailbox, answer by hand if it did not, then `quitus requests answered`",
        ));
    }
    may_be_sent(desk, case, draft, leaves)
}

/// Nothing leaves in shadow; personal data wait for the proof of who asks, and an erasure for the copy that was asked too; what
/// is not done in every system is not said to be; and an extension is told within the first month: `leaves` is when the letter
/// does, now or on the day on which it went into the post.
pub fn may_be_sent(
    desk: &Desk,
    case: &CaseFile,
    letter: &LetterRow,
    leaves: Timestamp,
) -> Result<(), Refusal> {
    not_in_shadow(desk)?;
    let answers = &letter.head.answers;
    proved(case, answers)?;
    let calendar = &desk.office.house.load().config.policy.calendar;
    let told_late = tell_by(case, calendar).is_some_and(|t| t < leaves);
    if letter.head.kind == LetterKind::Extension && told_late {
        return Err(Refusal::not_now(
            "the first month has ended, and an extension is told within it",
            "answer at once",
        ));
    }
    systems_done(desk, case, answers.iter().copied())?;
    copy_first(desk, case, answers)
}

fn not_in_shadow(desk: &Desk) -> Result<(), Refusal> {
    let mode = desk.office.sequencer.reader().state().mode()?;
    match mode.is_none_or(|m| m.mode == Mode::Shadow) {
        true => Err(Refusal::not_now(
            "the mode is shadow: nothing leaves",
            "run `quitus activate review` first",
        )),
        false => Ok(()),
    }
}

/// Nobody's data are given, and nobody's are erased, before it is proved who asks (B8).
pub fn proved(case: &CaseFile, answers: &[RequestKind]) -> Result<(), Refusal> {
    let mut answered = case.row.requests.iter();
    let waits =
        answered.any(|r| answers.contains(&r.request) && r.state == RequestState::AwaitingIdentity);
    match waits {
        true => Err(Refusal::not_now(
            "it is not proved who asks (B8)",
            format!(
                "send a code with `quitus requests identify {0}`, or say how you know with `quitus requests identify {0} --proved --reason …`",
                case.id
            ),
        )),
        false => Ok(()),
    }
}

/// Nothing is answered for good while it is not done in every system (design, States).
pub fn systems_done(
    desk: &Desk,
    case: &CaseFile,
    answers: impl Iterator<Item = RequestKind>,
) -> Result<(), Refusal> {
    let house = desk.office.house.load();
    for request in answers {
        let left: Vec<&str> = case
            .systems_left(&house.config, request)
            .map(|s| s.name.as_str())
            .collect();
        if !left.is_empty() {
            return Err(Refusal::not_now(
                format!("{request} is not done in {}", left.join(", ")),
                format!(
                    "do it there, then `quitus requests done {} --system NAME --words …`",
                    case.id
                ),
            ));
        }
        recipients::acknowledged(&house, case, request)?;
    }
    Ok(())
}
