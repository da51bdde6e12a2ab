//! What the subject asks: the words that the person typed there, and those that may be theirs.
//!
//! A new subject was typed by the person. That of an answer is ours: only what was added at its end counts, and only above a body
//! that says nothing. Where words of a request stand in a subject and yet the body leaves it open whether they are all, a human
//! looks. Deliberately absent: which subjects are those of answers; that is `understand.rs`.

use super::classification::Classification;
use super::hits::{self, Astray, Hit};
use super::lexicon::{Effect, Lexicon, Place};
use super::question::Question;
use super::read::Reader;
use super::sense;
use super::text::Text;
use super::trace::Page;
use super::weighing::Weighing;
use crate::record::RequestKind;

/// The reason of a reply whose subject asks what its body does not.
pub(super) const REASON: &str = "asked_in_the_subject";
/// So many words are no body.
const BARE: usize = 2;
/// From this on a phrase that is all of a clause of a subject is not passed over.
const PLAIN: f32 = 0.95;

/// How much stands below a subject.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// Hardly a word.
    Bare,
    /// A greeting, a closing, a name.
    Silent,
    /// More than that.
    Speaks,
}

impl Body {
    /// Of a text with these hits.
    pub(super) fn of(text: &Text, original: &str, hits: &[Hit<'_>], lexicons: &[Lexicon]) -> Self {
        let asks = |h: &Hit<'_>| matches!(h.rule.effect, Effect::Request(_) | Effect::Unsure);
        if hits.iter().any(asks) {
            Self::Speaks
        } else if text.tokens.len() <= BARE {
            Self::Bare
        } else if hits::is_silent(text, original, lexicons) {
            Self::Silent
        } else {
            Self::Speaks
        }
    }
}

impl Reader {
    /// Weighs the words of a subject that are the person's, and doubts those that may be.
    pub(super) fn read_subject(
        &self,
        question: &Question<'_>,
        body: Body,
        weighing: &mut Weighing,
    ) {
        let is_reply = question.subject_is_reply;
        if question.subject.is_empty() || (is_reply && body == Body::Speaks) {
            return;
        }
        let text = Text::of(question.subject);
        let page = Page {
            text: &text,
            original: question.subject,
            is_body: false,
        };
        let all: Vec<&Lexicon> = self.lexicons.iter().collect();
        let mut hits = hits::find(&text, &all, |hit, astray| {
            weighing.note(page, hit, || astray.into())
        });
        let last = text.tokens.last().map_or(0, |t| t.clause);
        let is_added = |h: &Hit<'_>| text.tokens[h.first].clause == last;
        let is_theirs = |h: &Hit<'_>| {
            let trap = matches!(h.rule.effect, Effect::Trap(_));
            match (is_reply, body) {
                (true, Body::Bare) => (is_alone(h) || trap) && is_added(h),
                (true, _) => false,
                (false, Body::Speaks) => !is_alone(h),
                (false, _) => true,
            }
        };
        let is_trap = |h: &&Hit<'_>| matches!(h.rule.effect, Effect::Trap(_));
        let traps: Vec<&Hit<'_>> = hits.iter().filter(is_trap).collect();
        let doubted = hits.iter().find(|&h| {
            let asks = matches!(h.rule.effect, Effect::Request(_)) && h.rule.sure >= PLAIN;
            let aside = is_alone(h) && !is_theirs(h) && (!is_reply || is_added(h));
            asks && aside && sense::explained(&text, h, &traps).is_none()
        });
        if let Some(hit) = doubted {
            weighing.doubt(page, hit, REASON);
        }
        hits.retain(|h| {
            let theirs = is_theirs(h);
            if !theirs {
                weighing.note(page, h, || Astray::Subject.into());
            }
            theirs
        });
        weighing.weigh(page, &hits);
    }
}

/// Whether what a subject was doubted for is asked anyhow, by the other reader's word.
pub(super) fn is_settled(read: &Classification) -> bool {
    let doubt = read.unsure.as_ref().filter(|u| u.reason == REASON);
    let kind: Option<RequestKind> = doubt.and_then(|u| u.rule.split('.').nth(1)?.parse().ok());
    let erases = read.asks(RequestKind::Erasure);
    kind.is_some_and(|kind| read.asks(kind) || (erases && kind == RequestKind::Stop))
}

/// Whether its phrase is all of its clause.
fn is_alone(hit: &Hit<'_>) -> bool {
    matches!(hit.rule.place, Place::Clause | Place::Whole)
}

#[cfg(test)]
mod tests {
    use crate::intent::{Classification, Question, builtin};
    use crate::record::RequestKind;

    fn read(subject: &str, is_reply: bool, fresh: &str) -> Classification {
        builtin().unwrap().alone().read(&Question {
            fresh,
            subject,
            subject_is_reply: is_reply,
            from: "me@own.example",
            ..Question::default()
        })
    }

    #[test]
    fn a_closing_formula_below_a_subject_that_asks_says_nothing_else() {
        for (subject, body) in [
            ("UNSUBSCRIBE", "Kind regards,\nJohn Smith"),
            ("Abmelden", "Mit freundlichen Grüßen\nHans Meier"),
            ("STOP", "Bonjour,\n\nCordialement,\nJean Dupont"),
            ("STOP", "voir objet, merci"),
            ("Baja", "Saludos\nJuan Pérez"),
        ] {
            let read = read(subject, false, body);
            assert!(read.asks(RequestKind::Stop), "{subject}: {read:?}");
            assert!(read.unsure.is_none(), "{subject}: {read:?}");
        }
    }

    #[test]
    fn a_word_of_the_footers_that_is_all_of_a_typed_subject_is_never_passed_over() {
        let body = "Guten Tag, anbei die Zeichnung, um die Sie gestern am Telefon gebeten haben.";
        let read = read("Abmeldung", false, body);
        let why = read.unsure.as_ref().map(|u| u.reason.as_str());
        assert_eq!(why, Some(super::REASON), "{read:?}");
        let other = super::tests::read("Zeichnung", false, body);
        assert!(other.unsure.is_none(), "{other:?}");
    }

    #[test]
    fn what_the_other_reader_hears_settles_the_doubt() {
        let body = "Guten Tag, anbei die Zeichnung, um die Sie gestern am Telefon gebeten haben.";
        let mut read = read("Abmeldung", false, body);
        assert!(!super::is_settled(&read), "{read:?}");
        let stop = super::tests::read("", false, "Nehmen Sie mich aus dem Verteiler.");
        read.requests = stop.requests;
        assert!(super::is_settled(&read), "{read:?}");
    }

    #[test]
    fn what_was_added_to_our_subject_above_a_closing_is_for_a_human() {
        let body = "Thanks\nJohn Smith\nKind regards";
        let why = |read: Classification| read.unsure.map(|u| u.reason);
        let added = read("Re: Our offer - UNSUBSCRIBE", true, body);
        assert_eq!(why(added).as_deref(), Some(super::REASON));
        let ours = read("Re: Stop losing pallets", true, body);
        assert_eq!(why(ours), None);
    }
}
