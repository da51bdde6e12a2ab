//! From a message that was read and judged to what it asks: the one way in which the daemon and `quitus classify` ask the
//! reader, so that both see the same.
//!
//! What the gate says is not to be read is not read.

use super::{Classification, LABELS, Question, Reader, Signal, Trace, beyond};
use crate::mail::{self, ElidedKind, Gate, InboundMessage, Unread};
use crate::record::{Address, Reading, RuleId, Stance, Verdict, subject_mark};
use serde::Serialize;

/// Reads the fresh text, as far as the gate allows. Comes back with the gate's word, which may be a doubt now.
pub fn understand(reader: &Reader, message: &InboundMessage, gate: Gate) -> (Gate, Classification) {
    let read = asked(message, &gate, |question| {
        let mut read = reader.understand(question);
        if let Some(why) = beyond::look(reader, message, question, &read) {
            read.unsure = Some(why);
        }
        if let Some(why) = unread(message, question, &read) {
            read.unsure = Some(why);
        }
        read
    });
    let read = read.unwrap_or_default();
    (doubted(gate, &read), read)
}

/// What of a message that asks nothing was not read, so that a human must look: it is encrypted, cut off, or in an attachment.
fn unread(
    message: &InboundMessage,
    question: &Question<'_>,
    read: &Classification,
) -> Option<Signal> {
    let is_decided = !read.requests.is_empty() || !read.human.is_empty() || read.unsure.is_some();
    if is_decided || question.automatic {
        return None;
    }
    let why = mail::unread(message)?;
    // Whoever is interested, or away, encloses something else.
    let may_enclose_it = matches!(read.stance, None | Some(Stance::NotInterested));
    (may_enclose_it || why != Unread::Attachment).then(|| Signal {
        reason: why.word().to_owned(),
        rule: format!("mail.{}", why.word()),
        text: String::new(),
    })
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
    use crate::mail::Defect;

    #[test]
    fn what_could_not_be_read_is_for_a_human_where_nothing_is_asked() {
        let encrypted = InboundMessage {
            defects: vec![Defect::Encrypted],
            ..InboundMessage::default()
        };
        let letter = InboundMessage {
            attachments: vec![("erasure.pdf".to_owned(), 1000)],
            ..InboundMessage::default()
        };
        let says = |stance| Classification {
            stance,
            ..Classification::default()
        };
        let why = |message: &InboundMessage, stance| {
            let signal = unread(message, &Question::default(), &says(stance));
            signal.map(|s| s.reason)
        };
        let interested = Some(Stance::Interested);
        assert_eq!(why(&encrypted, interested).as_deref(), Some("encrypted"));
        assert_eq!(why(&letter, None).as_deref(), Some("attachment"));
        assert_eq!(why(&letter, interested), None);
        assert_eq!(why(&InboundMessage::default(), None), None);
        let decided = Classification {
            unsure: Some(Signal {
                reason: "unclear".into(),
                rule: "x".into(),
                text: String::new(),
            }),
            ..Classification::default()
        };
        assert_eq!(unread(&encrypted, &Question::default(), &decided), None);
    }

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
