//! Which phrase would have caught a message that was read wrongly, and what else that phrase would change.
//!
//! The words of the message are weighed by how often replies with and without that label use them; the window that speaks
//! best is tried: a lexicon with it is compiled (its own examples included), and every reply of the own and of the shared set
//! in which the words stand is read with both. What is said is a proposal for a human; no file is touched.

use super::lines;
use crate::config::Config;
use crate::intent::eval::{Done, Intent, Labelled, Score, compose};
use crate::intent::{self, LEXICONS, Reader};
use crate::mail::{self, Circumstances, Limits};
use crate::record::{Fault, Outcome, RequestKind, Verdict};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The shared set of replies.
const SHARED: &str = include_str!("../../../tests/corpus/replies.jsonl");

/// Windows of so many words are weighed.
const WINDOW: std::ops::RangeInclusive<usize> = 2..=5;
/// Only so many words of a message are looked at.
const LOOKED_AT: usize = 400;
/// Windows that are tried for a kind, the best first, until one catches the message.
const TRIED: usize = 3;

/// A proposal.
#[derive(Clone, Debug, Serialize)]
pub struct Suggestion {
    /// What the message asks and was not read.
    pub kind: RequestKind,
    /// The phrase, as it is written in a lexicon.
    pub phrase: String,
    /// The lexicon.
    pub file: String,
    /// The rule to whose `say` it belongs, and its line; none if the lexicon has no rule of this kind.
    pub rule: Option<(String, usize)>,
    /// Whether the message is read rightly with it.
    pub catches: bool,
    /// Only with `sure = 1.0`, since the learned reader hears something else.
    pub sure: bool,
    /// Other replies that are read otherwise with it.
    pub changes: Vec<Effect>,
}

/// A reply that is read otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct Effect {
    /// `own` or `shared`.
    pub set: &'static str,
    /// Its name in its set.
    pub id: String,
    /// What was done with it.
    pub before: String,
    /// What would be.
    pub after: String,
    /// Whether it is what its label wants: `better`, `worse` or `same`.
    pub verdict: &'static str,
}

/// A reply of a set.
struct Known {
    set: &'static str,
    reply: Labelled,
    words: Vec<String>,
}

/// Proposals for a labelled reply (a line of the own set): one for each request that was not read in it.
///
/// # Errors
/// Mistakes of the lexicons in force, or of the line.
pub fn suggest(config: &Config, line: &Value) -> Result<Vec<Suggestion>, Vec<Fault>> {
    let reader = config.read_lexicons()?;
    let reply: Labelled = serde_json::from_value(line.clone()).map_err(|e| {
        vec![Fault::of_file(
            "the corrected message",
            e.to_string(),
            "correct it again",
        )]
    })?;
    let sets = known(config, &reply.id);
    let read = judged(config, &reader, &reply);
    let wanted = reply.intents.iter().filter_map(|i| match i {
        Intent::Request(kind) => Some(*kind),
        _ => None,
    });
    let missed = wanted.filter(|kind| !read.kinds.contains(kind));
    let mut all = Vec::new();
    for kind in missed {
        all.extend(for_kind(config, &reader, (&reply, kind), &sets)?);
    }
    Ok(all)
}

/// Every labelled reply but the one that is asked about.
fn known(config: &Config, but: &str) -> Vec<Known> {
    // What cannot be read is left out: `quitus eval` tells it.
    let own = lines(config).unwrap_or_default().into_iter();
    let own = own
        .filter_map(|l| serde_json::from_value(l).ok())
        .map(|r| ("own", r));
    let shared = SHARED.lines().filter_map(|l| serde_json::from_str(l).ok());
    let all = own.chain(shared.map(|r| ("shared", r)));
    all.filter(|(_, reply): &(_, Labelled)| reply.id != but)
        .map(|(set, reply)| Known {
            set,
            words: words(&format!("{}\n{}", reply.subject, reply.body)),
            reply,
        })
        .collect()
}

/// The words of a text, in small letters.
fn words(text: &str) -> Vec<String> {
    let split = text.split(|c: char| !c.is_alphanumeric());
    let words = split.filter(|w| !w.is_empty()).map(str::to_lowercase);
    words.take(LOOKED_AT).collect()
}

fn asks(reply: &Labelled, kind: RequestKind) -> bool {
    reply.intents.contains(&Intent::Request(kind))
}

/// How much more often replies that ask this use a word than others: the logarithm of the ratio.
fn weights(sets: &[Known], kind: RequestKind, lang: &str) -> BTreeMap<String, f64> {
    let (mut with, mut without) = (BTreeMap::new(), BTreeMap::new());
    let (mut asking, mut others) = (2.0f64, 2.0f64);
    for known in sets.iter().filter(|k| k.reply.lang == lang) {
        let (counts, all) = match asks(&known.reply, kind) {
            true => (&mut with, &mut asking),
            false => (&mut without, &mut others),
        };
        *all += 1.0;
        for word in known.words.iter().collect::<BTreeSet<_>>() {
            *counts.entry(word.clone()).or_insert(0.0f64) += 1.0;
        }
    }
    let all: BTreeSet<String> = with.keys().chain(without.keys()).cloned().collect();
    let weight = |word: String| {
        let of = |counts: &BTreeMap<String, f64>| counts.get(&word).copied().unwrap_or(0.0) + 0.5;
        let weight = ((of(&with) / asking) / (of(&without) / others)).ln();
        (word, weight)
    };
    all.into_iter().map(weight).collect()
}

/// Windows of the message, the most telling first.
fn windows(reply: &Labelled, sets: &[Known], kind: RequestKind) -> Vec<Vec<String>> {
    let weights = weights(sets, kind, &reply.lang);
    let mut found: Vec<(f64, Vec<String>)> = Vec::new();
    for sentence in reply.body.split(['.', '!', '?', '\n', ';', ':']) {
        let words = words(sentence);
        for length in WINDOW.filter(|n| *n <= words.len()) {
            for window in words.windows(length) {
                let telling = window.iter().any(|w| w.chars().count() > 3);
                let wrong = sets
                    .iter()
                    .filter(|k| !asks(&k.reply, kind) && stands(&k.words, window));
                let harm = wrong.count() as f64;
                // A word that nobody used says a little: it is at least no word of others.
                let said: f64 = window
                    .iter()
                    .map(|w| weights.get(w).copied().unwrap_or(0.3))
                    .sum();
                if telling {
                    found.push((said / (length as f64).sqrt() - 2.0 * harm, window.to_vec()));
                }
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let mut chosen: Vec<Vec<String>> = Vec::new();
    for (_, window) in found {
        if !chosen.contains(&window) {
            chosen.push(window);
        }
        if chosen.len() == TRIED {
            break;
        }
    }
    chosen
}

fn stands(words: &[String], window: &[String]) -> bool {
    words.windows(window.len()).any(|w| w == window)
}

/// The best proposal for a request that was not read.
fn for_kind(
    config: &Config,
    reader: &Reader,
    (reply, kind): (&Labelled, RequestKind),
    sets: &[Known],
) -> Result<Option<Suggestion>, Vec<Fault>> {
    let code = match LEXICONS.iter().any(|(code, _)| *code == reply.lang) {
        true => reply.lang.as_str(),
        false => "any",
    };
    let (file, text) = config.lexicon(code)?;
    let mut best: Option<Suggestion> = None;
    for window in windows(reply, sets, kind) {
        for sure in [false, true] {
            let phrase = window.join(" ");
            let rule = written(kind, &phrase, sure);
            // A phrase that breaks an example of the lexicon is none.
            let Ok(with) = config.try_lexicon(code, &file, &format!("{text}\n{rule}")) else {
                continue;
            };
            let catches = judged(config, &with, reply).kinds.contains(&kind);
            if best.is_some() && !catches {
                continue;
            }
            best = Some(Suggestion {
                kind,
                phrase,
                file: file.clone(),
                rule: rule_of(&text, kind),
                catches,
                sure: sure && catches,
                changes: changes(config, (reader, &with), sets, &window),
            });
            if catches {
                return Ok(best);
            }
        }
    }
    Ok(best)
}

/// The rule as a lexicon holds it.
fn written(kind: RequestKind, phrase: &str, sure: bool) -> String {
    let sure = if sure { "sure = 1.0\n" } else { "" };
    format!("[[{kind}]]\nid = \"suggested\"\nsay = [\"{phrase}\"]\n{sure}")
}

/// The first rule of a kind: its id, and its line.
fn rule_of(text: &str, kind: RequestKind) -> Option<(String, usize)> {
    let head = format!("[[{kind}]]");
    let mut lines = text.lines().enumerate();
    let (at, _) = lines.find(|(_, line)| line.trim() == head)?;
    let id = lines.map_while(|(_, line)| (!line.starts_with('[')).then_some(line));
    let id = id
        .filter_map(|l| l.trim().strip_prefix("id")?.split('"').nth(1))
        .next()?;
    Some((id.to_owned(), at + 1))
}

/// Other replies that hold the words and are read otherwise.
fn changes(
    config: &Config,
    (before, after): (&Reader, &Reader),
    sets: &[Known],
    window: &[String],
) -> Vec<Effect> {
    let holding = sets.iter().filter(|k| stands(&k.words, window));
    let effect = |known: &Known| {
        let (old, new) = (
            judged(config, before, &known.reply),
            judged(config, after, &known.reply),
        );
        let (was, is) = (told(&old), told(&new));
        let (good, now) = (known.reply.score(&old).score, known.reply.score(&new).score);
        (was != is).then(|| Effect {
            set: known.set,
            id: known.reply.id.clone(),
            before: was,
            after: is,
            verdict: verdict(good, now),
        })
    };
    holding.filter_map(effect).collect()
}

fn verdict(before: Score, after: Score) -> &'static str {
    match after.cmp(&before) {
        std::cmp::Ordering::Less => "better",
        std::cmp::Ordering::Equal => "same",
        std::cmp::Ordering::Greater => "worse",
    }
}

fn told(done: &Done) -> String {
    let kinds: Vec<&str> = done.kinds.iter().map(|k| k.word()).collect();
    match kinds.is_empty() {
        true => done.outcome.word().to_owned(),
        false => format!("{}: {}", done.outcome.word(), kinds.join(" + ")),
    }
}

/// What a reader makes of a reply, by the way of every message.
fn judged(config: &Config, reader: &Reader, reply: &Labelled) -> Done {
    let house = config.house();
    let us = house.mailboxes.first();
    let raw = compose(reply, us.map_or("us@quitus.example", |a| a.as_str()));
    let Ok(message) = mail::read(&raw, &Limits::default(), Some(&house), &()) else {
        return Done {
            outcome: Outcome::Hold,
            kinds: Vec::new(),
            may_answer: false,
        };
    };
    let gate = mail::gate(&message, &house, &Circumstances::default());
    let (gate, read) = intent::understand(reader, &message, gate);
    let (outcome, _) = intent::outcome(&gate, &read, &config.policy.settings.thresholds);
    Done {
        outcome,
        kinds: read.requests.iter().map(|f| f.kind).collect(),
        may_answer: gate.verdict == Verdict::Answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_of_a_kind_is_named_with_its_line() {
        let (_, french) = LEXICONS.iter().find(|(code, _)| *code == "fr").unwrap();
        let (id, line) = rule_of(french.text, RequestKind::Stop).unwrap();
        assert_eq!(id, "keyword");
        assert_eq!(french.text.lines().nth(line - 1), Some("[[stop]]"));
        assert_eq!(rule_of("language = \"fr\"\n", RequestKind::Stop), None);
    }

    #[test]
    fn the_shared_set_can_be_read_as_a_whole() {
        let all = SHARED.lines().filter(|l| !l.trim().is_empty());
        let read: Vec<Result<Labelled, _>> = all.map(serde_json::from_str).collect();
        assert!(read.len() > 150 && read.iter().all(Result::is_ok));
    }
}
