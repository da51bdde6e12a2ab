//! What the rooms say in English, in the visitor's language: the sentence of a rule, why something was refused and what to do.
//!
//! The words of a language stand in `words/rules/` and `words/refusals/`, files that people edit. A rule without its sentence is
//! an error when the files are read. What comes from elsewhere (a server, the disk) has no words here: it stays English, and
//! is marked so ([`Said::foreign`]), never shown as if it were the page's language.

use crate::api::Refusal;
use crate::record::{Language, RuleId};
use crate::request::rule;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The languages that are not that of the program: rules, refusals.
const FILES: [(Language, &str, &str); 1] = [(
    Language::Fr,
    include_str!("words/rules/fr.toml"),
    include_str!("words/refusals/fr.toml"),
)];

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
    /// By the English sentence, cut where its values stand; the longest first.
    refusals: Vec<(Vec<String>, String)>,
}

impl Sentences {
    /// Those of a language; of English none, since the program speaks it.
    ///
    /// # Errors
    /// What is wrong with a file, or missing in it.
    pub fn of(language: Language) -> Result<Self, String> {
        let Some((_, rules, refusals)) = FILES.iter().find(|(l, ..)| *l == language) else {
            return match language {
                Language::En => Ok(Self::default()),
                _ => Err(format!("{language}: no rules and refusals")),
            };
        };
        let read = |what: &str, text: &str| {
            let read = toml::from_str::<BTreeMap<String, String>>(text);
            read.map_err(|e| format!("{what}/{language}.toml: {e}"))
        };
        let rules = read("rules", rules)?;
        complete(&rules).map_err(|e| format!("rules/{language}.toml: {e}"))?;
        let refusals = read("refusals", refusals)?.into_iter();
        let cut = |english: String| english.split("{}").map(str::to_owned).collect::<Vec<_>>();
        let mut refusals: Vec<_> = refusals.map(|(en, own)| (cut(en), own)).collect();
        let letters = |parts: &[String]| parts.iter().map(String::len).sum::<usize>();
        refusals.sort_by_key(|(parts, _)| std::cmp::Reverse(letters(parts)));
        Ok(Self { rules, refusals })
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

    /// An English sentence in this language; `value` names a value that stands in it.
    fn refusal(&self, english: &str, value: &dyn Fn(&str) -> String) -> Option<String> {
        let fits = |(parts, own): &(Vec<String>, String)| {
            let values = values(parts, english)?;
            filled(own, &values, &|v| self.refusal(v, value), value)
        };
        self.refusals.iter().find_map(fits)
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

/// What stands in the blanks of a sentence, if it is this one.
fn values<'a>(parts: &[String], said: &'a str) -> Option<Vec<&'a str>> {
    let (first, rest) = parts.split_first()?;
    let mut left = said.strip_prefix(first.as_str())?;
    let Some((last, middle)) = rest.split_last() else {
        return left.is_empty().then(Vec::new);
    };
    let mut values = Vec::new();
    for part in middle {
        let (value, after) = left.split_once(part.as_str())?;
        values.push(value);
        left = after;
    }
    values.push(left.strip_suffix(last.as_str())?);
    Some(values)
}

/// The sentence with its values: `{}` the next one, `{1}` the first, `{!}` the next one, which is a sentence itself.
fn filled(
    own: &str,
    values: &[&str],
    sentence: &dyn Fn(&str) -> Option<String>,
    value: &dyn Fn(&str) -> String,
) -> Option<String> {
    let (mut text, mut left, mut next) = (String::new(), own, 0);
    while let Some((before, (blank, after))) = left
        .split_once('{')
        .and_then(|(b, rest)| Some((b, rest.split_once('}')?)))
    {
        text += before;
        let number = match blank.parse::<usize>() {
            Ok(number) => number.checked_sub(1)?,
            Err(_) => {
                next += 1;
                next - 1
            }
        };
        let found = values.get(number)?;
        text += &match blank {
            "!" => sentence(found)?,
            _ => value(found),
        };
        left = after;
    }
    Some(text + left)
}

impl super::words::Words {
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

    /// A sentence in the page's language, if it has one; words of ours in it are told in that language, too.
    fn own(&self, english: &str) -> Option<String> {
        let value = |value: &str| {
            let word = VALUES.iter().map(|section| self.of(section, value));
            let mut word = word.filter(|word| *word != value);
            word.next().unwrap_or(value).to_owned()
        };
        self.sentences.refusal(english, &value)
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
mod tests;
