//! Sentences that are told by what they are about: an event of the log by its name, what the linter found, what is proposed.
//!
//! A table of such a file is what sentences are about; in it stand its sentences, and those that may stand in them (`{!}`).
//! What several tables need stands in the table `pieces`.

use super::pattern::{Patterns, Telling};
use super::{Said, Sentences};
use crate::record::Language;
use crate::web::words::Words;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The table whose sentences stand in all others.
pub(super) const PIECES: &str = "pieces";

/// The sentence of an event's table that is its short name.
pub(super) const NAME: &str = "name";

/// Between the sentences of a list.
const BETWEEN: [&str; 2] = ["; ", ", "];

/// The sentences of one language, by what they are about.
#[derive(Debug, Default)]
pub(super) struct Tables(pub BTreeMap<String, Patterns>);

impl Tables {
    /// From a file.
    pub fn read(text: &str) -> Result<Self, toml::de::Error> {
        let all = toml::from_str::<BTreeMap<String, BTreeMap<String, String>>>(text)?;
        let all = all
            .into_iter()
            .map(|(about, pairs)| (about, Patterns::of(pairs)));
        Ok(Self(all.collect()))
    }

    /// A sentence about this, in this language; nothing if any part of it has no words.
    pub fn said(&self, about: &str, english: &str, words: &Words) -> Option<String> {
        let telling = Telling {
            value: &|value| value.to_owned(),
            sentence: &|part| self.list(about, part, words),
            // A word of two parts stands in a sentence with a space.
            word: &|section, key| {
                let word = words.known(section, &key.replace(' ', "_"));
                word.map(str::to_owned)
            },
        };
        let among = |table: &str| self.0.get(table)?.said(english, &telling);
        among(about).or_else(|| among(PIECES))
    }

    /// A sentence in another one, or a list of them.
    fn list(&self, about: &str, english: &str, words: &Words) -> Option<String> {
        let each = |between: &str| {
            let several = english.contains(between).then(|| english.split(between))?;
            let all: Option<Vec<String>> =
                several.map(|one| self.said(about, one, words)).collect();
            all.map(|all| all.join(if between == "; " { " ; " } else { between }))
        };
        let listed = BETWEEN.iter().find_map(|between| each(between));
        listed.or_else(|| self.said(about, english, words))
    }
}

impl Words {
    /// An event's short name and its sentence, as the log shows them.
    pub fn event(&self, event: &str, what: &str) -> (Said, Said) {
        let said = |english: &str, key: &str| {
            let own = self.sentences.log.said(event, key, self);
            self.or_english(english, own)
        };
        (said(event, NAME), said(what, what))
    }

    /// What the house says about something: `finding`, `proposal`, `identity`, `vague`, `key`.
    pub fn fact(&self, about: &str, english: &str) -> Said {
        let own = self.sentences.facts.said(about, english, self);
        self.or_english(english, own)
    }

    /// What the linter found in a letter, or is wrong with templates, each with what to do: `what` and `fix` of a list.
    pub fn findings(&self, all: &Value) -> Value {
        let each = all.as_array().into_iter().flatten();
        let told = each.map(|one| {
            let mut one = one.clone();
            for key in ["what", "fix"] {
                let said = one[key].as_str().map(|said| self.fact("finding", said));
                one[key] = json!(said);
            }
            one
        });
        Value::Array(told.collect())
    }

    fn or_english(&self, english: &str, own: Option<String>) -> Said {
        match (self.language, own) {
            (Language::En, _) => Said::own(english),
            (_, Some(own)) => Said::own(own),
            _ => Said::english(english, self.language),
        }
    }
}

impl Sentences {
    /// Every table of the language, for what must hold of all.
    #[cfg(test)]
    pub(super) fn tables(&self) -> impl Iterator<Item = (&str, &Patterns)> {
        let both = self.log.0.iter().chain(&self.facts.0);
        both.map(|(about, all)| (about.as_str(), all))
    }
}
