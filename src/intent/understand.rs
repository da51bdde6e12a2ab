//! From a message that was read and judged to what it asks: the one way in which the daemon and `quitus classify` ask the
//! reader, so that both see the same.
//!
//! What the gate says is not to be read is not read.

use super::{Classification, LABELS, Question, Reader, Trace};
use crate::mail::{Gate, InboundMessage};
use crate::record::{Address, Reading};
use serde::Serialize;

/// How answers begin their subject, in the languages of mail programs.
const REPLY_MARKS: &[&str] = &[
    "re", "aw", "sv", "vs", "odp", "rv", "r", "antw", "ynt", "res", "ref", "tr", "réf",
];

/// Reads the fresh text, as far as the gate allows.
pub fn understand(reader: &Reader, message: &InboundMessage, gate: &Gate) -> Classification {
    asked(message, gate, |question| reader.understand(question)).unwrap_or_default()
}

/// What the lexicons saw in it, for people who ask why; nothing if the gate allows nothing to be read.
pub fn trace(reader: &Reader, message: &InboundMessage, gate: &Gate) -> Trace {
    asked(message, gate, |question| reader.trace(question)).unwrap_or_default()
}

/// What each reader says by itself, for people who ask why; nothing if the gate allows nothing to be read.
pub fn opinions(reader: &Reader, message: &InboundMessage, gate: &Gate) -> Opinions {
    asked(message, gate, |question| {
        let lexicons = reader.read(question);
        let learned = reader.judge(question, &lexicons).map(|judged| {
            let said = |label: usize| Said {
                label: LABELS[label],
                chance: judged.says[label],
                sentence: judged.sentence(label, question.fresh).trim().to_owned(),
            };
            (0..LABELS.len()).map(said).collect()
        });
        Opinions { lexicons, learned }
    })
    .unwrap_or_default()
}

/// What each reader says by itself.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Opinions {
    /// The lexicons' word.
    pub lexicons: Classification,
    /// The learned reader's, a line for each of [`LABELS`]; `None` if it was not asked: the case is plain, or it is off.
    pub learned: Option<Vec<Said>>,
}

/// What the learned reader says of one label.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    /// One of [`LABELS`].
    pub label: &'static str,
    /// 0 to 1, as the reader learned it; what is decided by is fitted, see `agree.rs`.
    pub chance: f32,
    /// The sentence that spoke for it most.
    pub sentence: String,
}

/// Asks the one question that there is to a message, if it may be read.
fn asked<T>(
    message: &InboundMessage,
    gate: &Gate,
    ask: impl FnOnce(&Question<'_>) -> T,
) -> Option<T> {
    if matches!(gate.reading, Reading::Nothing | Reading::Report) {
        return None;
    }
    let elided: Vec<&str> = message.fresh.elided.iter().map(|e| &*e.text).collect();
    Some(ask(&Question {
        fresh: &message.fresh.text,
        subject: &message.subject,
        subject_is_reply: !message.in_reply_to.is_empty() || is_reply(&message.subject),
        elided: &elided.join("\n"),
        automatic: gate.reading == Reading::Note,
        from: message.from.as_ref().map_or("", Address::as_str),
    }))
}

/// Whether a subject is that of a mail that is answered: its words are not the writer's then.
fn is_reply(subject: &str) -> bool {
    let head = subject
        .split_once(':')
        .map(|(head, _)| head.trim().to_lowercase());
    head.is_some_and(|h| REPLY_MARKS.contains(&h.split('[').next().unwrap_or_default().trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_of_a_reply_is_not_the_writers() {
        for subject in [
            "Re: Stop",
            "RE : Stop",
            "AW: Stop",
            "Réf : x",
            "Re[2]: Stop",
        ] {
            assert!(is_reply(subject), "{subject}");
        }
        for subject in ["Stop", "Stop: now", "", ":", "Retrait: merci"] {
            assert!(!is_reply(subject), "{subject}");
        }
    }
}
