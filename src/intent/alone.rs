//! What only the learned reader heard, and when that is not enough.
//!
//! Where a lexicon heard a request too, its words are the proof. Where none did, the learned reader's word is looked at more
//! closely: in mail of ordinary composition, where hardly anybody asks in words that no lexicon knows, such a word is wrong far
//! more often than in the hard sets that its chance was fitted on.

use super::agree::{INTERESTED_LABEL, KINDS, STANCE, stands_by_itself};
use super::classification::{Classification, Found, OtherSense, Signal};
use super::learned::Judgement;
use crate::record::{RequestKind, Stance};

/// A stop that only the learned reader heard, below this chance, was wrong as often as right.
const LEAST: f32 = 0.75;
/// The same in a reply of a few words ("See below.", "Rappel"): of four in the sets that were below this two asked.
const LEAST_OF_A_FEW: f32 = 0.85;
/// The learned reader's own word from which on a right beside interest is meant: of six in the sets that are, none was below.
const MEANT: f32 = 0.98;
/// From this chance on that nothing is asked, the learned reader contradicts itself.
const NOTHING: f32 = 0.05;
/// From this chance on what it heard stands against an interest that the lexicons heard. A stop never does.
const LOUDER: f32 = 0.97;
/// From this chance on that data are to be corrected or kept unused, an erasure that no lexicon heard may be the opposite of
/// what is meant.
const KEPT: f32 = 0.02;
/// Places in [`super::learned::LABELS`].
pub(super) const NONE_LABEL: usize = 13;
const RECTIFICATION_LABEL: usize = 4;
const RESTRICTION_LABEL: usize = 5;

/// The first request that only the learned reader heard and that is not safe to act upon, and the trap that says so, if one
/// does. `heard` is the lexicons' stance.
pub(super) fn unsupported<'r>(
    read: &'r Classification,
    judged: &Judgement,
    heard: Option<Stance>,
) -> Option<(&'r Found, Option<&'r OtherSense>)> {
    let nothing = judged.says[NONE_LABEL] >= NOTHING || judged.is_foreign;
    let interest = heard == Some(Stance::Interested);
    // A lexicon that suspects something knows a word of it.
    let least = match judged.is_terse && read.unsure.is_none() {
        true => LEAST_OF_A_FEW,
        false => LEAST,
    };
    let kept = [RECTIFICATION_LABEL, RESTRICTION_LABEL];
    let kept = kept.iter().any(|label| judged.says[*label] >= KEPT);
    let unsafe_alone = |f: &'r Found| {
        let trap = another_sense(read, f);
        let doubtful = nothing
            || trap.is_some()
            || match f.kind {
                RequestKind::Stop => interest || f.confidence < least,
                RequestKind::Erasure if kept => true,
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

/// Why a right that somebody asks for who also wants our offer is for a human: "I do not ask you to delete my data, just send the
/// quote" is said in more ways than lexicons know. What is certain, or plain to the learned reader, is done.
pub(super) fn beside_interest(read: &Classification, judged: Option<&Judgement>) -> Option<Signal> {
    use RequestKind::{Access, Erasure, Source};
    let is_a_right = |f: &&Found| matches!(f.kind, Source | Access | Erasure);
    let mut rights = read.requests.iter().filter(is_a_right);
    let hears = judged.is_some_and(|judged| judged.says[INTERESTED_LABEL] >= STANCE);
    let wants = hears || read.stance == Some(Stance::Interested);
    let said = |f: &Found| {
        let label = KINDS.iter().position(|kind| *kind == f.kind);
        label
            .zip(judged)
            .map_or(0.0, |(label, judged)| judged.says[label])
    };
    let found = rights.find(|f| wants && !stands_by_itself(f) && said(f) < MEANT)?;
    Some(Signal {
        reason: "partial".to_owned(),
        ..differ(found, None)
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
        let judged = Judgement {
            says,
            ..Judgement::default()
        };
        unsupported(&read, &judged, Some(heard)).is_some()
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
    fn what_only_the_learned_reader_heard_is_not_done_where_it_knows_too_little() {
        assert_eq!(LABELS[RECTIFICATION_LABEL], "rectification");
        assert_eq!(LABELS[RESTRICTION_LABEL], "restriction");
        let found = |kind, rule: &str| Classification {
            requests: vec![Found {
                kind,
                confidence: 0.99,
                evidence: vec![Evidence {
                    rule: rule.to_owned(),
                    text: "words".to_owned(),
                    start: Some(0),
                }],
            }],
            ..Classification::default()
        };
        let held =
            |read: &Classification, judged: &Judgement| unsupported(read, judged, None).is_some();
        let plain = Judgement::default();
        let [mut foreign, mut terse, mut kept] = [plain.clone(), plain.clone(), plain.clone()];
        (foreign.is_foreign, terse.is_terse) = (true, true);
        kept.says[RESTRICTION_LABEL] = 0.03;
        let stop = found(RequestKind::Stop, "learned.stop");
        let mut barely = stop.clone();
        barely.requests[0].confidence = 0.84;
        let erasure = found(RequestKind::Erasure, "learned.erasure");
        assert!(!held(&stop, &plain) && !held(&erasure, &plain));
        assert!(held(&stop, &foreign) && held(&erasure, &foreign));
        assert!(held(&barely, &terse) && !held(&barely, &plain));
        assert!(!held(&stop, &terse) && !held(&erasure, &terse));
        assert!(!held(&stop, &kept) && held(&erasure, &kept));
        // A word that a lexicon suspects is one, and what a lexicon heard is no guess.
        let mut suspected = barely.clone();
        suspected.unsure = Some(differ(&stop.requests[0], None));
        assert!(!held(&suspected, &terse));
        assert!(!held(&found(RequestKind::Stop, "fr.stop.wish/1"), &terse));
    }

    #[test]
    fn a_right_beside_interest_is_for_a_human() {
        use RequestKind::{Erasure, Source, Stop};
        let held = |kind, confidence, stance, said| {
            let read = Classification {
                requests: vec![Found {
                    kind,
                    confidence,
                    evidence: vec![Evidence {
                        rule: "it.erasure.erase/1".to_owned(),
                        text: "words".to_owned(),
                        start: Some(0),
                    }],
                }],
                stance: Some(stance),
                ..Classification::default()
            };
            let mut judged = Judgement::default();
            judged.says[3] = said;
            beside_interest(&read, Some(&judged)).map(|signal| signal.reason)
        };
        let partial = Some("partial".to_owned());
        assert_eq!(held(Erasure, 0.99, Stance::Interested, 0.9), partial);
        assert_eq!(held(Source, 0.99, Stance::Interested, 0.0), partial);
        assert_eq!(held(Erasure, 1.0, Stance::Interested, 0.9), None, "certain");
        assert_eq!(held(Erasure, 0.99, Stance::Interested, 0.99), None, "plain");
        assert_eq!(held(Erasure, 0.99, Stance::NotInterested, 0.9), None);
        assert_eq!(held(Stop, 0.99, Stance::Interested, 0.0), None);
    }

    #[test]
    fn words_that_only_point_elsewhere_are_no_stop() {
        for text in [
            "See below.",
            "Hi Paul,\n\nPlease see below.\n\nJane",
            "Voir ci-dessous",
            "Lásd lent",
            "Rappel",
        ] {
            let read = crate::intent::builtin().unwrap().understand(&Question {
                elided: "> Good day, our brochure.",
                ..question(text)
            });
            let held = read.unsure.is_some() || !read.human.is_empty();
            assert!(held, "{text}: {read:?}");
        }
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
        let judged = Judgement {
            says,
            ..Judgement::default()
        };
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
        let judged = Judgement::default();
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
