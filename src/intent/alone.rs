//! What only the learned reader heard, and when that is not enough.
//!
//! Where a lexicon heard a request too, its words are the proof. Where none did, the learned reader's word is looked at more
//! closely: in mail of ordinary composition, where hardly anybody asks in words that no lexicon knows, such a word is wrong far
//! more often than in the hard sets that its chance was fitted on.

use super::classification::{Classification, Found, OtherSense, Signal};
use super::learned::Judgement;
use crate::record::{RequestKind, Stance};

/// A stop that only the learned reader heard, below this chance, was wrong as often as right.
const LEAST: f32 = 0.75;
/// From this chance on that nothing is asked, the learned reader contradicts itself.
const NOTHING: f32 = 0.05;
/// From this chance on what it heard stands against an interest that the lexicons heard. A stop never does.
const LOUDER: f32 = 0.97;
/// The place in [`super::learned::LABELS`].
pub(super) const NONE_LABEL: usize = 13;

/// The first request that only the learned reader heard and that is not safe to act upon, and the trap that says so, if one
/// does. `heard` is the lexicons' stance.
pub(super) fn unsupported<'r>(
    read: &'r Classification,
    judged: &Judgement,
    heard: Option<Stance>,
) -> Option<(&'r Found, Option<&'r OtherSense>)> {
    let nothing = judged.says[NONE_LABEL] >= NOTHING;
    let interest = heard == Some(Stance::Interested);
    let unsafe_alone = |f: &'r Found| {
        let trap = another_sense(read, f);
        let doubtful = nothing
            || trap.is_some()
            || match f.kind {
                RequestKind::Stop => interest || f.confidence < LEAST,
                _ => interest && f.confidence < LOUDER,
            };
        doubtful.then_some((f, trap))
    };
    // Convention 1: a stop beside an erasure says nothing more, so nothing hangs on it.
    let erases = read.asks(RequestKind::Erasure);
    let says_more = |f: &&Found| !(erases && f.kind == RequestKind::Stop);
    let alone = read.requests.iter().filter(|f| is_unsupported(f));
    alone.filter(says_more).find_map(unsafe_alone)
}

/// The trap of a lexicon that says of the sentence which is the proof that its words mean something else: "stop by any time".
fn another_sense<'r>(read: &'r Classification, found: &Found) -> Option<&'r OtherSense> {
    let concerned =
        |sense: &&OtherSense| sense.kinds.is_empty() || sense.kinds.contains(&found.kind);
    let mut senses = read.other_senses.iter().filter(concerned);
    senses.find(|sense| {
        let proofs = (found.evidence.iter()).filter_map(|e| Some((e.start?, e.text.len())));
        let mut sentences = proofs.map(|(start, length)| start..start + length);
        sentences.any(|s| s.start < sense.at.end && sense.at.start < s.end)
    })
}

/// Whether only the learned reader heard a request.
pub(super) fn is_unsupported(found: &Found) -> bool {
    let mut evidence = found.evidence.iter();
    evidence.all(|e| e.rule.starts_with("learned."))
}

/// Why nothing is done: one reader hears it, the other does not, or knows the words in another sense.
pub(super) fn differ(found: &Found, trap: Option<&OtherSense>) -> Signal {
    let words = found.evidence.first();
    let rule = match (trap, words) {
        (Some(trap), _) => trap.rule.clone(),
        (None, Some(words)) => words.rule.clone(),
        (None, None) => String::new(),
    };
    Signal {
        reason: format!("the readers differ on {}", found.kind),
        rule,
        text: words.map_or_else(String::new, |e| e.text.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::learned::{Judgement, LABELS};
    use super::*;
    use crate::intent::Evidence;
    use crate::intent::Question;

    fn question(fresh: &str) -> Question<'_> {
        Question {
            subject: "",
            fresh,
            from: "me@own.example",
            ..Question::default()
        }
    }

    fn understood(fresh: &str) -> Classification {
        let reader = crate::intent::builtin().unwrap();
        reader.understand(&question(fresh))
    }

    /// Whether a request of this chance is left to a human; `rule` is who heard it.
    fn is_held(kind: RequestKind, rule: &str, confidence: f32, none: f32, heard: Stance) -> bool {
        let evidence = Evidence {
            rule: rule.to_owned(),
            text: "words".to_owned(),
            start: Some(0),
        };
        let read = Classification {
            requests: vec![Found {
                kind,
                confidence,
                evidence: vec![evidence],
            }],
            ..Classification::default()
        };
        let mut says = [0.0; LABELS.len()];
        says[NONE_LABEL] = none;
        let moved_by = std::array::from_fn(|_| 0..0);
        unsupported(&read, &Judgement { says, moved_by }, Some(heard)).is_some()
    }

    #[test]
    fn the_learned_readers_word_alone_is_enough_unless_something_speaks_against_it() {
        use RequestKind::{Access, Stop};
        use Stance::{Interested, Question};
        assert_eq!(LABELS[NONE_LABEL], "none");
        let held = is_held;
        assert!(!held(Stop, "learned.stop", 0.75, 0.04, Question));
        assert!(held(Stop, "learned.stop", 0.74, 0.04, Question));
        assert!(held(Stop, "learned.stop", 0.99, 0.05, Question));
        assert!(held(Stop, "learned.stop", 0.99, 0.0, Interested));
        assert!(held(Access, "learned.access", 0.96, 0.0, Interested));
        assert!(!held(Access, "learned.access", 0.97, 0.0, Interested));
        assert!(held(Access, "learned.access", 0.99, 0.05, Question));
        // Where a lexicon heard it too, none of this counts.
        assert!(!held(Stop, "fr.stop.wish/1", 0.6, 0.9, Interested));
    }

    #[test]
    fn a_stop_that_is_not_safe_holds_no_erasure() {
        let found = |kind, rule: &str| Found {
            kind,
            confidence: 0.9,
            evidence: vec![Evidence {
                rule: rule.to_owned(),
                text: "words".to_owned(),
                start: Some(0),
            }],
        };
        let mut says = [0.0; LABELS.len()];
        says[NONE_LABEL] = 0.1;
        let moved_by = std::array::from_fn(|_| 0..0);
        let judged = Judgement { says, moved_by };
        let held = |beside| {
            let read = Classification {
                requests: vec![
                    found(beside, "fr.rule/1"),
                    found(RequestKind::Stop, "learned.stop"),
                ],
                ..Classification::default()
            };
            unsupported(&read, &judged, None).is_some()
        };
        assert!(!held(RequestKind::Erasure));
        assert!(held(RequestKind::Access));
    }

    #[test]
    fn a_sentence_whose_words_a_lexicon_knows_in_another_sense_proves_nothing() {
        let evidence = Evidence {
            rule: "learned.stop".to_owned(),
            text: "Stop by any time.".to_owned(),
            start: Some(20),
        };
        let read = |at: std::ops::Range<usize>, kinds: &[RequestKind]| Classification {
            requests: vec![Found {
                kind: RequestKind::Stop,
                confidence: 0.99,
                evidence: vec![evidence.clone()],
            }],
            other_senses: vec![OtherSense {
                at,
                kinds: kinds.to_vec(),
                rule: "en.trap.stop_by/1".to_owned(),
            }],
            ..Classification::default()
        };
        let judged = Judgement {
            says: [0.0; LABELS.len()],
            moved_by: std::array::from_fn(|_| 0..0),
        };
        let held = |read: &Classification| unsupported(read, &judged, None).is_some();
        assert!(held(&read(20..27, &[])));
        // The reason names the phrase that somebody could change.
        let whole = read(20..27, &[]);
        let (found, trap) = unsupported(&whole, &judged, None).unwrap();
        assert_eq!(differ(found, trap).rule, "en.trap.stop_by/1");
        assert!(held(&read(20..27, &[RequestKind::Stop])));
        assert!(
            !held(&read(20..27, &[RequestKind::Access])),
            "of something else"
        );
        assert!(!held(&read(0..12, &[])), "in another sentence");
    }

    #[test]
    fn a_stop_that_no_phrase_knows_is_not_done_to_somebody_who_wants_more() {
        let read = understood("oui je veux bien plus d'infos");
        assert_eq!(read.stance, Some(Stance::Interested));
        let why = read.unsure.unwrap();
        assert_eq!(why.reason, "the readers differ on stop", "{why:?}");
        assert_eq!(why.rule, "learned.stop");
    }

    #[test]
    fn the_word_of_the_footers_behind_a_no_without_a_comma_is_a_stop() {
        for text in ["pas interessé stop", "Not interested unsubscribe"] {
            let read = crate::intent::builtin().unwrap().understand(&Question {
                elided: "> Good day, our brochure.",
                ..question(text)
            });
            assert!(read.asks(RequestKind::Stop), "{text}: {read:?}");
            assert!(read.unsure.is_none(), "{text}: {read:?}");
        }
        // Only at the end of its sentence; what the learned reader makes of other senses is measured, not promised.
        let lexicons = crate::intent::builtin().unwrap().alone();
        for (text, stop) in [
            ("no me interesa, gracias baja", true),
            ("Me interesa baja", true),
            ("Me interesa Baja California y nada más", false),
        ] {
            let read = lexicons.understand(&question(text));
            assert_eq!(read.asks(RequestKind::Stop), stop, "{text}: {read:?}");
        }
    }
}
