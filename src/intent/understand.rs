//! From a message that was read and judged to what it asks: the one way in which the daemon and `quitus classify` ask the
//! reader, so that both see the same.
//!
//! What the gate says is not to be read is not read.

use super::{Classification, LABELS, Question, Reader, Trace};
use crate::mail::{ElidedKind, Gate, InboundMessage};
use crate::record::{Address, Reading, RuleId, Verdict, subject_mark};
use serde::Serialize;

/// Reads the fresh text, as far as the gate allows. Comes back with the gate's word, which may be a doubt now.
pub fn understand(reader: &Reader, message: &InboundMessage, gate: Gate) -> (Gate, Classification) {
    let read = asked(message, &gate, |question| reader.understand(question)).unwrap_or_default();
    (doubted(gate, &read), read)
}

/// The gate's word once its text was read: what the learned reader takes for a machine's words is a doubt (A5), like the words
/// of automatic answers that the gate knows itself. It is obeyed; only the letter waits for a human.
fn doubted(gate: Gate, read: &Classification) -> Gate {
    if gate.verdict != Verdict::Answer || !read.is_automatic {
        return gate;
    }
    Gate {
        verdict: Verdict::ActOnly,
        rule: RuleId::of("A5"),
        sign: "words of an automatic answer, as the learned reader sees it".into(),
        ..gate
    }
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
    // Of what was elided only what others wrote: a signature says nothing of an answer.
    let quoted = message.fresh.elided.iter().filter(|e| is_quoted(e.kind));
    let elided: Vec<&str> = quoted.map(|e| &*e.text).collect();
    Some(ask(&Question {
        fresh: &message.fresh.text,
        subject: &message.subject,
        // The words of a mail that is answered or passed on are not the writer's.
        subject_is_reply: !message.in_reply_to.is_empty()
            || subject_mark(&message.subject).is_some(),
        elided: &elided.join("\n"),
        automatic: gate.reading == Reading::Note,
        from: message.from.as_ref().map_or("", Address::as_str),
    }))
}

fn is_quoted(kind: ElidedKind) -> bool {
    use ElidedKind::{Disclaimer, Forwarded, OurLine, Quotation, Signature};
    match kind {
        Quotation | Forwarded | OurLine => true,
        Signature | Disclaimer => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machines_words_are_a_doubt_and_nothing_more() {
        let gate = |verdict, rule| Gate {
            verdict,
            reading: Reading::Obey,
            rule: RuleId::of(rule),
            sign: String::new(),
        };
        let read = |is_automatic| Classification {
            is_automatic,
            ..Classification::default()
        };
        let heard = doubted(gate(Verdict::Answer, "A.ok"), &read(true));
        assert_eq!(heard.verdict, Verdict::ActOnly);
        assert_eq!((heard.rule.as_str(), heard.reading), ("A5", Reading::Obey));
        for (before, automatic) in [
            (gate(Verdict::Answer, "A.ok"), false),
            (gate(Verdict::Never, "A3"), true),
        ] {
            assert_eq!(doubted(before.clone(), &read(automatic)), before);
        }
    }
}
