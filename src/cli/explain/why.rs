//! The end of an explanation: the outcome in one sentence, and which line of which file to change.

use super::super::judging::Judged;
use crate::intent::{Classification, Fate, LEXICONS, Phrase, Thresholds, Trace};
use crate::record::{Outcome, Reading, RequestKind, Verdict};
use serde::Serialize;
use std::collections::BTreeSet;

/// How sure the reader is of a kind, and how sure it must be.
#[derive(Serialize)]
pub struct Needed {
    kind: RequestKind,
    confidence: f32,
    /// `None` for kinds that a human always sees.
    threshold: Option<f32>,
}

/// A place that somebody would edit to change how the message is read.
#[derive(Serialize)]
pub struct Change {
    /// The file, or the section of the configuration.
    pub file: String,
    /// From 1; 0 if it is no line of a lexicon.
    pub line: usize,
    /// What stands there.
    pub phrase: String,
    /// What to do there.
    pub what: String,
}

/// The confidence of each request beside its threshold.
pub fn needed(read: &Classification, thresholds: &Thresholds) -> Vec<Needed> {
    let of = |found: &crate::intent::Found| Needed {
        kind: found.kind,
        confidence: found.confidence,
        threshold: thresholds.of(found.kind),
    };
    read.requests.iter().map(of).collect()
}

impl Needed {
    fn words(&self) -> String {
        let Self {
            kind, confidence, ..
        } = self;
        match self.threshold {
            None => format!("{kind} ({confidence:.2} sure) is always for a human"),
            Some(needed) if *confidence < needed => {
                format!("{kind} is {confidence:.2} sure, less than the {needed:.2} that it needs")
            }
            Some(needed) => {
                format!("{kind} is {confidence:.2} sure, and {needed:.2} is enough")
            }
        }
    }
}

/// What would be done about its content, and why.
pub fn sentence(judged: &Judged, needed: &[Needed]) -> String {
    let Judged { gate, read, .. } = judged;
    let sure: Vec<String> = needed.iter().map(Needed::words).collect();
    let sure = sure.join("; ");
    let by_gate = || format!("rule {} of the gate ({})", gate.rule, gate.sign);
    match (judged.outcome, gate.reading) {
        (Outcome::Ignore, Reading::Nothing | Reading::Report) => {
            format!("It is ignored: by {} nothing of it is read.", by_gate())
        }
        (Outcome::Ignore, Reading::Note) => format!(
            "It is ignored: by {} a machine wrote it, and no request stands in it.",
            by_gate()
        ),
        (Outcome::Ignore, _) => match read.stance {
            Some(stance) => format!("It is ignored as a message that asks nothing ({stance})."),
            None => "It is ignored: nothing that it says is a request.".to_owned(),
        },
        (Outcome::Act, _) if gate.verdict == Verdict::Answer => {
            format!("It is acted upon: {sure}.")
        }
        (Outcome::Act, _) => format!("It is acted upon, without a letter: {sure}."),
        (Outcome::Hold, _) => {
            let signal = read.human.first().or(read.unsure.as_ref());
            let why = match (signal, gate.reading, &judged.hold_reason) {
                (Some(s), Reading::Obey, _) if s.text.is_empty() => {
                    format!("{} ({})", s.reason, s.rule)
                }
                (Some(s), Reading::Obey, _) => {
                    format!("{}, by the words “{}” ({})", s.reason, s.text, s.rule)
                }
                (_, _, Some(reason)) => reason.clone(),
                (_, _, None) => "no reason was given".to_owned(),
            };
            let but = if sure.is_empty() { "" } else { "; " };
            format!("It is held for a human: {why}{but}{sure}.")
        }
    }
}

/// Whether a phrase that was passed over would have said something that was not understood anyway.
pub fn would_matter(phrase: &Phrase, read: &Classification) -> bool {
    let asked = |kind: RequestKind| kind.word() == phrase.means;
    !read.requests.iter().any(|f| asked(f.kind)) && !phrase.means.starts_with("trap")
}

/// Which line to change, and how: what fired first, then what did not; each place once.
pub fn changes(judged: &Judged, trace: &Trace) -> Vec<Change> {
    let mut list = List::default();
    for seen in &trace.seen {
        let own = &seen.phrase;
        match &seen.fate {
            Fate::Counts if own.means.starts_with("trap") => {}
            Fate::Counts => list.add(
                own,
                format!("it makes this {}: narrow or remove it if that is wrong, or write a [[trap]] that holds these words", own.means),
            ),
            Fate::Explained(trap) => list.add(
                trap,
                format!("this trap takes “{}” out: narrow it if they are meant ({})", seen.text, own.means),
            ),
            Fate::Beaten(other) => list.add(
                other,
                format!("it stands in for {}: change `beats` of its rule if both are asked", own.means),
            ),
            Fate::Misplaced(_) | Fate::Aside(_) => {}
        }
    }
    for seen in &trace.seen {
        if let Fate::Misplaced(needs) = &seen.fate
            && would_matter(&seen.phrase, &judged.read)
        {
            let said = format!(
                "it would be {} ({needs}): write the phrase in a rule without that if it is meant here too",
                seen.phrase.means
            );
            list.add(&seen.phrase, said);
        }
    }
    for near in &trace.nearly {
        let said = format!(
            "it would be {} with one element more: make that a [perhaps], or add a word to its class, if it is meant",
            near.phrase.means
        );
        list.add(&near.phrase, said);
    }
    elsewhere(judged, trace, &mut list);
    list.changes
}

/// What no line of a lexicon decides.
fn elsewhere(judged: &Judged, trace: &Trace, list: &mut List) {
    let Judged { gate, read, .. } = judged;
    let mut place = |file: &str, phrase: &str, what: String| {
        list.changes.push(Change {
            file: file.to_owned(),
            line: 0,
            phrase: phrase.to_owned(),
            what,
        });
    };
    let known: BTreeSet<&str> = trace.seen.iter().map(|s| s.phrase.rule.as_str()).collect();
    for (rule, text) in rules(read) {
        if !known.contains(rule) {
            let what = format!("no line of a lexicon: the program's own rule, by “{text}”");
            place("", rule, what);
        }
    }
    if judged
        .hold_reason
        .as_deref()
        .is_some_and(|r| r.starts_with("not sure enough"))
    {
        let what = "the threshold that was not reached, or `sure` of the rule that fired";
        place("the configuration", "[policy.thresholds]", what.to_owned());
    }
    if gate.verdict != Verdict::Answer || gate.reading != Reading::Obey {
        let what = format!("the gate's rule, by {}: it is not edited", gate.sign);
        place("", gate.rule.as_str(), what);
    }
    if list.changes.is_empty() {
        let code = read.language.map_or("any", |l| l.word());
        let file = format!("config/lexicon/{code}.toml");
        let what = "no phrase stands in it, nor nearly: add one to the rule that is meant";
        list.changes.push(Change {
            file,
            line: 0,
            phrase: String::new(),
            what: what.to_owned(),
        });
    }
}

/// Every rule that the classification names, with its words.
pub fn rules(read: &Classification) -> Vec<(&str, &str)> {
    let evidence = read.requests.iter().flat_map(|f| &f.evidence);
    let evidence = evidence.map(|e| (e.rule.as_str(), e.text.as_str()));
    let signals = read.human.iter().chain(&read.unsure);
    let signals = signals.map(|s| (s.rule.as_str(), s.text.as_str()));
    evidence.chain(signals).collect()
}

/// Whether a lexicon is one of those inside the program, which nobody can edit in place.
pub fn is_built_in(file: &str) -> bool {
    LEXICONS.iter().any(|(_, source)| source.path == file)
}

#[derive(Default)]
struct List {
    changes: Vec<Change>,
    told: BTreeSet<(String, usize, String)>,
}

impl List {
    fn add(&mut self, phrase: &Phrase, what: String) {
        let key = (phrase.file.clone(), phrase.line, phrase.phrase.clone());
        if self.told.insert(key) {
            self.changes.push(Change {
                file: phrase.file.clone(),
                line: phrase.line,
                phrase: format!("“{}” of {}", phrase.phrase, phrase.rule),
                what,
            });
        }
    }
}
