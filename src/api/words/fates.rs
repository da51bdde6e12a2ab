//! What became of letters and messages after the answer: a human's word, and filing.

use super::name;
use crate::record::{Filing, FilingEnd, FilingStep, Judgement, hex};

/// What a human decided about a letter.
pub fn judged(judgement: &Judgement) -> String {
    match judgement {
        Judgement::Settled {
            letter,
            arrived,
            by,
            ..
        } => {
            let word = if *arrived {
                "arrived"
            } else {
                "did not arrive"
            };
            format!("{} {word}, says {by}", name(letter))
        }
        Judgement::Resent {
            letter,
            not_before,
            by,
            ..
        } => format!(
            "{} leaves again, not before {not_before}, by {by}",
            name(letter)
        ),
        Judgement::Printed {
            letter, by, digest, ..
        } => format!(
            "{} was printed, SHA-256 {}, by {by}",
            name(letter),
            hex(digest)
        ),
        Judgement::Posted { letter, on, by } => {
            format!("{} was posted on paper {on}, says {by}", name(letter))
        }
    }
}

/// A step of filing.
pub fn filing(filing: &Filing) -> String {
    let what = |step: &FilingStep| match step {
        FilingStep::Keyword(message) => format!("keyword for message {}", message.short()),
        FilingStep::Move(message) => format!("move of message {}", message.short()),
        FilingStep::Copy(letter) => format!("copy of {} in Sent", name(letter)),
    };
    match filing {
        Filing::Due { step, .. } => format!("{} is due", what(step)),
        Filing::Ended { step, end, .. } => match end {
            FilingEnd::Done => format!("{}: done", what(step)),
            FilingEnd::Skipped => format!("{}: nothing is there to file", what(step)),
            FilingEnd::GivenUp => format!("{}: given up", what(step)),
        },
        Filing::Failed {
            step, next, why, ..
        } => format!("{}: {why}, again at {next}", what(step)),
    }
}
