//! Phrases that almost stand in a text: one element is missing, or another word stands in its place.
//!
//! Only for people who ask why something was not seen; it may cost more than reading, but no more than a bounded part of
//! a text is looked at. Deliberately absent: two missing elements, which would be found everywhere.

use super::classification::Classification;
use super::hits::Symbols;
use super::lexicon::{Effect, Lexicon};
use super::slip::Slip;
use super::text::Text;
use super::trace::{Nearly, Phrase};
use super::vocabulary::Symbol;

/// Only so many words of a text are looked at.
const LOOKED_AT: usize = 300;
/// And no phrase is looked for over more words than these.
const SPAN: usize = 40;
/// Only so many are told.
const TOLD: usize = 5;
/// Words that are named for the missing element.
const NAMED: usize = 5;

struct Candidate {
    score: usize,
    first: usize,
    rule: usize,
    found: Nearly,
}

/// The nearest, one a rule; kinds that were found are left out, and so are traps.
pub fn find(
    text: &Text,
    original: &str,
    lexicons: &[&Lexicon],
    read: &Classification,
) -> Vec<Nearly> {
    let mut all: Vec<Candidate> = Vec::new();
    for lexicon in lexicons {
        in_lexicon(text, original, lexicon, read, &mut all);
    }
    all.sort_by(|a, b| b.score.cmp(&a.score).then(a.first.cmp(&b.first)));
    all.into_iter().take(TOLD).map(|c| c.found).collect()
}

fn in_lexicon(
    text: &Text,
    original: &str,
    lexicon: &Lexicon,
    read: &Classification,
    all: &mut Vec<Candidate>,
) {
    let symbols = Symbols::of(text, lexicon);
    let begun = all.len();
    for first in 0..text.tokens.len().min(LOOKED_AT) {
        let sentence = text.tokens[first].sentence;
        let rest: Vec<&[Symbol]> = (first..text.tokens.len().min(first + SPAN))
            .take_while(|i| text.tokens[*i].sentence == sentence)
            .map(|i| symbols.at(i))
            .collect();
        for (n, (pattern, rule, _)) in lexicon.phrases.iter().enumerate() {
            let effect = &lexicon.rules[*rule].effect;
            let slip = would_matter(effect, read).then(|| pattern.all_but_one(&rest));
            let Some(slip) = slip.flatten() else { continue };
            let least = 1 + usize::from(matches!(effect, Effect::Human(..)));
            let Some(score) = weight(text, lexicon, first, &slip, least) else {
                continue;
            };
            let better = all[begun..].iter().position(|c| c.rule == *rule);
            let better = better.map(|b| begun + b);
            if better.is_some_and(|b| all[b].score >= score) {
                continue;
            }
            let last = first + slip.length - 1;
            let found = Candidate {
                score,
                first,
                rule: *rule,
                found: Nearly {
                    phrase: Phrase::nth(lexicon, n),
                    text: text.quote(original, first, last).to_owned(),
                    missing: named(lexicon, &slip.missing),
                },
            };
            match better {
                Some(b) => all[b] = found,
                None => all.push(found),
            }
        }
    }
}

/// Whether it would say something that was not understood anyway.
fn would_matter(effect: &Effect, read: &Classification) -> bool {
    match effect {
        Effect::Request(kind) => !read.asks(*kind),
        Effect::Stance(stance) => read.requests.is_empty() && read.stance != Some(*stance),
        Effect::Human(..) => !read.requests.is_empty(),
        Effect::Unsure | Effect::Trap(_) => false,
    }
}

/// How much of the phrase stood there: words that carry a meaning count double. `None` if that is too little to be told.
fn weight(
    text: &Text,
    lexicon: &Lexicon,
    first: usize,
    slip: &Slip,
    least: usize,
) -> Option<usize> {
    let is_small = |n: usize| {
        let word = &text.tokens[first + n].folded;
        word.chars().count() < 3 || lexicon.words.contains(word)
    };
    let small = slip.kept.iter().filter(|n| is_small(**n)).count();
    let strong = slip.kept.len() - small;
    (strong >= least && strong + small >= 2).then_some(strong * 2 + small)
}

fn named(lexicon: &Lexicon, missing: &[Symbol]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for symbol in missing {
        match lexicon.classes.iter().find(|(s, _)| s == symbol) {
            Some((_, class)) => words.push(format!("@{class}")),
            None => words.extend(lexicon.vocabulary.words_of(*symbol).take(NAMED)),
        }
        if words.len() >= NAMED {
            break;
        }
    }
    words.truncate(NAMED);
    words
}
