//! What the rooms say in English, in the visitor's language: the sentence of a rule, why something was refused and what to
//! do, what happened, what the linter found.
//!
//! The words of a language stand in `words/rules/`, `refusals/`, `log/` and `facts/`, files that people edit. A rule without
//! its sentence is an error when the files are read. What comes from elsewhere (a server, the disk) has no words here: it
//! stays English, and is marked so ([`Said::foreign`]), never shown as if it were the page's language.

use crate::api::Refusal;
use crate::record::{Language, RuleId};
use crate::request::rule;
use crate::web::words::Words;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

mod pattern;
mod told;

use pattern::{Patterns, Telling};
use told::Tables;

/// What a language says, a file each.
struct Files {
    language: Language,
    rules: &'static str,
    refusals: &'static str,
    log: &'static str,
    facts: &'static str,
}

/// The languages that are not that of the program.
const FILES: [Files; 1] = [Files {
    language: Language::Fr,
    rules: include_str!("words/rules/fr.toml"),
    refusals: include_str!("words/refusals/fr.toml"),
    log: include_str!("words/log/fr.toml"),
    facts: include_str!("words/facts/fr.toml"),
}];

/// Sections whose words may stand in a refusal, as `{}`.
const VALUES: [&str; 4] = ["kind", "letter_state", "letter_kind", "message_state"];

/// A sentence of the house.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Said {
    /// The sentence.
    pub said: String,
    /// It is English on a page of another language.
    pub foreign: bool,
}

impl Said {
    /// A sentence of the page's own language.
    pub fn own(said: impl Into<String>) -> Self {
        Self {
            said: said.into(),
            foreign: false,
        }
    }

    /// What the house says in its own words only.
    pub fn english(said: impl Into<String>, on: Language) -> Self {
        Self {
            said: said.into(),
            foreign: on != Language::En,
        }
    }
}

/// The sentences of one language.
#[derive(Debug, Default)]
pub struct Sentences {
    /// By the id of a rule.
    rules: BTreeMap<String, String>,
    /// Why something was refused, and what to do.
    refusals: Patterns,
    /// What happened, by the short name of the event.
    log: Tables,
    /// What is found, proposed and known, by what it is about.
    facts: Tables,
}

impl Sentences {
    /// Those of a language; of English none, since the program speaks it.
    ///
    /// # Errors
    /// What is wrong with a file, or missing in it.
    pub fn of(language: Language) -> Result<Self, String> {
        let Some(files) = FILES.iter().find(|files| files.language == language) else {
            return match language {
                Language::En => Ok(Self::default()),
                _ => Err(format!("{language}: no rules and refusals")),
            };
        };
        let read = |what: &str, text: &str| {
            let read = toml::from_str::<BTreeMap<String, String>>(text);
            read.map_err(|e| format!("{what}/{language}.toml: {e}"))
        };
        let tables = |what: &str, text: &str| {
            let read = Tables::read(text);
            read.map_err(|e| format!("{what}/{language}.toml: {e}"))
        };
        let rules = read("rules", files.rules)?;
        complete(&rules).map_err(|e| format!("rules/{language}.toml: {e}"))?;
        Ok(Self {
            rules,
            refusals: Patterns::of(read("refusals", files.refusals)?),
            log: tables("log", files.log)?,
            facts: tables("facts", files.facts)?,
        })
    }

    /// A rule's sentence; families (`I.human.threat`, `A3.token`) are told by their head.
    fn rule(&self, id: &str) -> Option<&str> {
        let mut id = id;
        loop {
            if let Some(said) = self.rules.get(id) {
                return Some(said);
            }
            id = &id[..id.rfind('.')?];
        }
    }

    /// Why something was refused, in this language; words of ours in it are told in it, too.
    fn refusal(&self, english: &str, words: &Words) -> Option<String> {
        let telling = Telling {
            value: &|value| {
                let mut word = VALUES.iter().filter_map(|of| words.known(of, value));
                word.next().unwrap_or(value).to_owned()
            },
            sentence: &|part| self.refusal(part, words),
            word: &|section, key| words.known(section, key).map(str::to_owned),
        };
        self.refusals.said(english, &telling)
    }
}

/// Every rule has its sentence, and nothing else has one.
fn complete(rules: &BTreeMap<String, String>) -> Result<(), String> {
    let known: Vec<&str> = rule::all().map(|(id, _)| id).collect();
    let none = |id: &&&str| rules.get(**id).is_none_or(|said| said.trim().is_empty());
    if let Some(id) = known.iter().find(none) {
        return Err(format!("the rule {id} has no sentence"));
    }
    match rules.keys().find(|id| !known.contains(&id.as_str())) {
        Some(id) => Err(format!("{id} is no rule")),
        None => Ok(()),
    }
}

impl Words {
    /// A rule's sentence.
    pub fn rule(&self, id: &str) -> Said {
        let english = || rule::explain(&RuleId(id.to_owned().into())).map(str::to_owned);
        let found = match self.language {
            Language::En => english(),
            _ => self.sentences.rule(id).map(str::to_owned),
        };
        Said::own(found.unwrap_or_else(|| self.of("case", "other_rule").to_owned()))
    }

    /// A rule with its sentence; nothing without a rule.
    pub fn because(&self, id: &Value) -> Option<String> {
        let id = id.as_str()?;
        Some(format!("{id}: {}", self.rule(id).said))
    }

    /// A sentence of a refusal in the page's language, if it has one.
    fn own(&self, english: &str) -> Option<String> {
        self.sentences.refusal(english, self)
    }

    /// A sentence that may stand in a refusal.
    pub fn sentence(&self, english: &str) -> Said {
        match (self.language, self.own(english)) {
            (Language::En, _) => Said::own(english),
            (_, Some(own)) => Said::own(own),
            _ => Said::english(english, self.language),
        }
    }

    /// Why a letter cannot be written or may not leave, as its page shows it: `unwritten`, `blocked`.
    pub fn tell_what_is_in_the_way(&self, letter: &mut Value) {
        let unwritten = letter["unwritten"].as_str().map(|why| self.sentence(why));
        letter["unwritten"] = json!(unwritten);
        let blocked = &letter["follows"]["blocked"];
        let (error, fix) = (blocked["error"].as_str(), blocked["fix"].as_str());
        let blocked = error.zip(fix).map(|(error, fix)| self.refused(error, fix));
        letter["blocked"] = json!(blocked);
    }

    /// Why something was refused, and what to do.
    pub fn refusal(&self, refusal: &Refusal) -> Said {
        self.refused(&refusal.error, &refusal.fix)
    }

    /// The same, from its two sentences: both in the page's language, or both English.
    pub fn refused(&self, error: &str, fix: &str) -> Said {
        match (self.language, self.own(error), self.own(fix)) {
            (Language::En, ..) => Said::own(format!("{error}: {fix}")),
            (_, Some(error), Some(fix)) => Said::own(format!("{error} : {fix}")),
            _ => Said::english(format!("{error}: {fix}"), self.language),
        }
    }
}

#[cfg(test)]
mod every;
#[cfg(test)]
mod facts_tests;
#[cfg(test)]
mod log_tests;
#[cfg(test)]
mod tests;
