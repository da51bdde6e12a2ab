//! Phrases of a lexicon that get into each other's way: said twice, never heard, or meaning two things.
//!
//! Only what is certain is told: a phrase counts as covered where another one fits from the same word on wherever it does.
//! A longer phrase that merely holds a shorter one is none, since it can outdo a trap. The daemon runs with such a
//! lexicon; `quitus check` tells its writer.

use super::compile::compile;
use super::cover::{Implied, covers};
use super::lexicon::{Effect, Lexicon, LexiconSource, Place, Reach, Rule};
use crate::record::Fault;

/// All of them, in the order of the file. A lexicon that cannot be read has none: its mistakes are told elsewhere.
pub fn clashes(source: &LexiconSource<'_>) -> Vec<Fault> {
    let Some(lexicon) = compile(source, &mut Vec::new()) else {
        return Vec::new();
    };
    let implied = Implied::of(&lexicon);
    let mut faults: Vec<Fault> = (0..lexicon.phrases.len())
        .filter_map(|n| clash(&lexicon, &implied, n))
        .collect();
    faults.sort_by_key(|f| f.line);
    faults
}

/// The first that is in the way of phrase `n`.
fn clash(lexicon: &Lexicon, implied: &Implied, n: usize) -> Option<Fault> {
    let (pattern, rule, _) = &lexicon.phrases[n];
    let rule = &lexicon.rules[*rule];
    let others = lexicon.phrases.iter().enumerate();
    others
        .filter(|(m, _)| *m != n)
        .find_map(|(m, (other, by, _))| {
            let by = &lexicon.rules[*by];
            let found = relation(by, rule)?;
            if !covers(other, pattern, implied) {
                return None;
            }
            let same = covers(pattern, other, implied);
            // Of two that are the same, the later one is told.
            let earlier = m < n;
            match found {
                Relation::Stands if same && !earlier && relation(rule, by).is_some() => None,
                Relation::Stands if !same && by.place != Place::Anywhere => None,
                Relation::Contradicts if !same || !earlier => None,
                Relation::Stands | Relation::Takes | Relation::Contradicts => {
                    Some(fault(lexicon, n, m, &found, same))
                }
            }
        })
}

/// What one rule is to another, where their phrases fit the same words.
enum Relation {
    /// It says all that the other says, and everywhere.
    Stands,
    /// It is a trap that takes the other's words out.
    Takes,
    /// It asks something else.
    Contradicts,
}

fn relation(by: &Rule, rule: &Rule) -> Option<Relation> {
    // Of the subject of a reply only phrases that stand alone count, so one that may stand anywhere does not do for those.
    let everywhere = match (by.place, rule.place) {
        (Place::Anywhere, Place::Start | Place::End) | (Place::Clause, Place::Whole) => true,
        (a, b) => a == b,
    };
    if !everywhere || (by.question && !rule.question) {
        return None;
    }
    match (&by.effect, &rule.effect) {
        (Effect::Trap(a), Effect::Trap(b)) => {
            let explains = by.explains.is_empty() || by.explains == rule.explains;
            let same = a == b && explains && (by.negates || !rule.negates);
            same.then_some(Relation::Stands)
        }
        (Effect::Trap(_), Effect::Request(kind)) => {
            let all = by.explains.is_empty() || by.explains.contains(kind);
            all.then_some(Relation::Takes)
        }
        (Effect::Trap(reach), Effect::Human(..)) => {
            (by.explains.is_empty() && *reach == Reach::Words).then_some(Relation::Takes)
        }
        (Effect::Trap(_), Effect::Unsure) => Some(Relation::Takes),
        (Effect::Request(a), Effect::Request(b)) if a != b => Some(Relation::Contradicts),
        (a, b) if a == b => {
            let beats = rule.beats.iter().all(|k| by.beats.contains(k));
            let all = beats && by.human == rule.human && by.sure >= rule.sure;
            all.then_some(Relation::Stands)
        }
        _ => None,
    }
}

fn fault(lexicon: &Lexicon, n: usize, m: usize, relation: &Relation, same: bool) -> Fault {
    let name = |n: usize| {
        let (_, rule, number) = &lexicon.phrases[n];
        format!("{}/{number}", lexicon.rules[*rule].name)
    };
    let (phrase, other) = (&lexicon.written[n], &lexicon.written[m]);
    let place = format!("\"{}\" in line {} ({})", other.text, other.line, name(m));
    let (what, fix) = match relation {
        Relation::Stands if same => (format!("says the same as {place}"), "remove one of them"),
        Relation::Stands => (
            format!("says nothing that {place} does not say"),
            "remove it",
        ),
        Relation::Takes => (
            format!("never counts: the trap {place} takes its words out"),
            "narrow the trap (more words, or `explains`), or remove the phrase",
        ),
        Relation::Contradicts => (
            format!("has two meanings: {place} is another request"),
            "remove it from the rule that is not meant",
        ),
    };
    Fault {
        file: lexicon.path.clone(),
        line: phrase.line,
        column: phrase.column,
        what: format!("\"{}\" ({}) {what}", phrase.text, name(n)),
        fix: fix.to_owned(),
    }
}
