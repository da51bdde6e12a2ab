//! What a phrase means beside the others: a trap gives its words another sense, a more special request stands in for it.
//!
//! Each question is answered with the hit that is to blame, so that `quitus explain` can name it. Deliberately absent:
//! what is asked in the end; that is `weighing.rs`.

use super::classification::OtherSense;
use super::hits::{Hit, Refusal};
use super::lexicon::{Effect, Reach};
use super::text::Text;
use crate::record::RequestKind;

/// The words of a trap, or of a request that is refused, and what they are not.
pub fn other(text: &Text, hit: &Hit<'_>) -> OtherSense {
    let kinds = match hit.rule.effect {
        Effect::Request(kind) => vec![kind],
        _ => hit.rule.explains.clone(),
    };
    OtherSense {
        at: text.tokens[hit.first].start..text.tokens[hit.last].end,
        kinds,
        rule: format!("{}/{}", hit.rule.name, hit.number),
    }
}

/// Whether a word of refusal stands in a request, or in another phrase for the same that overlaps it: "haal me niet van de lijst".
/// One that is what is asked takes nothing back: "stop, no more emails".
pub fn is_refused(hit: &Hit<'_>, hits: &[Hit<'_>]) -> bool {
    let same = |h: &&Hit<'_>| h.rule.effect == hit.rule.effect && h.overlaps(hit);
    let any = |refusal| hits.iter().filter(same).any(|h| h.refusal == refusal);
    matches!(hit.rule.effect, Effect::Request(_))
        && any(Refusal::TakesBack)
        && !any(Refusal::IsAsked)
}

/// The trap that gives these words another sense. A longer phrase that holds all of it knows better, unless the trap says no.
pub fn explained<'h, 'r>(text: &Text, hit: &Hit<'_>, traps: &[&'h Hit<'r>]) -> Option<&'h Hit<'r>> {
    let kind = match &hit.rule.effect {
        Effect::Request(kind) => Some(*kind),
        Effect::Unsure | Effect::Human(..) => None,
        _ => return None,
    };
    let human = matches!(hit.rule.effect, Effect::Human(..));
    traps.iter().copied().find(|trap| {
        let concerned = trap.rule.explains.is_empty()
            || kind.map_or(!human, |k| trap.rule.explains.contains(&k));
        let same_sentence = text.tokens[hit.first].sentence == text.tokens[trap.first].sentence;
        // "I do not want your offers, delete my data": what is refused before a comma is not what is asked behind it.
        let at_once = text.tokens[trap.first].clause == text.tokens[trap.last].clause;
        let knows = match trap.rule.negates && !human {
            true => at_once,
            false => !hit.exceeds(trap),
        };
        concerned
            && knows
            && match trap.rule.effect {
                Effect::Trap(Reach::Words) => hit.overlaps(trap),
                Effect::Trap(Reach::Sentence) => same_sentence && !human,
                Effect::Trap(Reach::Text) => !human,
                _ => false,
            }
    })
}

/// The more special request in the same sentence that stands in for this one, or the one of which this is only the object:
/// "delete everything you have on me" asks for erasure, not for everything you have on me.
pub fn beaten<'h, 'r>(text: &Text, hit: &Hit<'_>, alive: &[&'h Hit<'r>]) -> Option<&'h Hit<'r>> {
    let Effect::Request(kind) = hit.rule.effect else {
        return None;
    };
    let sentence = text.tokens[hit.first].sentence;
    alive.iter().copied().find(|other| {
        let stands_for = match (&other.rule.effect, kind) {
            (Effect::Request(k), RequestKind::Access) => *k != kind,
            // Convention 1: "remove me from your CRM" is erasure, not doubled with stop.
            (Effect::Request(k), RequestKind::Stop) => *k == RequestKind::Erasure,
            _ => false,
        };
        let object = stands_for && other.exceeds(hit);
        let special =
            other.rule.beats.contains(&kind) && text.tokens[other.first].sentence == sentence;
        object || special
    })
}

/// What turns the words of a stance into something else: a request in the same sentence ("send me what you store about me" is
/// no interest), or a longer phrase of another stance around them ("no me interesa").
pub fn turned<'h, 'r>(text: &Text, hit: &Hit<'_>, alive: &[&'h Hit<'r>]) -> Option<&'h Hit<'r>> {
    let Effect::Stance(stance) = hit.rule.effect else {
        return None;
    };
    let around = |h: &&'h Hit<'r>| match h.rule.effect {
        Effect::Stance(other) => other != stance && h.exceeds(hit),
        _ => false,
    };
    requested(text, hit, alive).or_else(|| alive.iter().copied().find(around))
}

/// The request that stands in the same sentence, if any.
fn requested<'h, 'r>(text: &Text, hit: &Hit<'_>, alive: &[&'h Hit<'r>]) -> Option<&'h Hit<'r>> {
    let sentence = text.tokens[hit.first].sentence;
    alive.iter().copied().find(|h| {
        matches!(h.rule.effect, Effect::Request(_)) && text.tokens[h.first].sentence == sentence
    })
}

#[cfg(test)]
mod tests {
    use crate::intent::{Question, builtin};
    use crate::record::Stance;

    #[test]
    fn a_stance_inside_a_longer_phrase_of_another_does_not_count() {
        let lexicons = builtin().unwrap().alone();
        for (text, stance) in [
            ("Me interesa.", Stance::Interested),
            ("Buenos días, no me interesa.", Stance::NotInterested),
        ] {
            let read = lexicons.understand(&Question {
                fresh: text,
                subject: "",
                subject_is_reply: true,
                elided: "",
                automatic: false,
                from: "",
            });
            assert_eq!(read.stance, Some(stance), "{text}");
        }
    }
}
