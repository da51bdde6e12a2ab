//! Every visible word of the pages, by language: one file each, the same keys in all.
//!
//! A template writes `{{ w.today.title }}`; `{{ w.cases.total | fill(n=total) }}` puts values in for `{n}`. A language that
//! is missing is English. What the rooms themselves say (a rule's sentence, why something is refused) is told by [`super::said`].

use super::said::Sentences;
use crate::record::Language;
use serde::Serialize;

/// The languages of the pages: another one is another file, and a line here.
const FILES: [(Language, &str); 2] = [
    (Language::En, include_str!("words/en.toml")),
    (Language::Fr, include_str!("words/fr.toml")),
];

/// The words of one language.
#[derive(Debug, Serialize)]
pub struct Words {
    /// Which.
    #[serde(skip)]
    pub language: Language,
    #[serde(flatten)]
    tree: toml::Table,
    /// What the house says, in this language.
    #[serde(skip)]
    pub(super) sentences: Sentences,
}

impl Words {
    /// All languages, English first.
    ///
    /// # Errors
    /// What is wrong with a file.
    pub fn all() -> Result<Vec<Self>, String> {
        let read = |(language, text): (Language, &str)| {
            let tree = text.parse().map_err(|e| format!("{language}: {e}"))?;
            let sentences = Sentences::of(language)?;
            Ok(Self {
                language,
                tree,
                sentences,
            })
        };
        FILES.into_iter().map(read).collect()
    }

    /// A word; what has none stands for itself, so that nothing is ever hidden.
    pub fn of<'a>(&'a self, section: &str, key: &'a str) -> &'a str {
        self.known(section, key).unwrap_or(key)
    }

    /// A word, if there is one.
    pub fn known(&self, section: &str, key: &str) -> Option<&str> {
        self.tree.get(section)?.get(key)?.as_str()
    }

    /// A sentence with values put in for `{name}`.
    pub fn fill(&self, section: &str, key: &str, values: &[(&str, &str)]) -> String {
        let whole = self.of(section, key).to_owned();
        values.iter().fold(whole, |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    }
}

impl Words {
    /// How many days are left, or how many it is late.
    pub fn days(&self, days: i64) -> String {
        let key = if days < 0 { "late" } else { "left" };
        self.fill("today", key, &[("n", &days.abs().to_string())])
    }
}

/// Which of these languages a browser asks for first (`Accept-Language`); English if none.
pub fn wanted(header: &str) -> Language {
    let mut asked: Vec<(f32, Language)> = Vec::new();
    for one in header.split(',') {
        let mut parts = one.split(';');
        let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let quality = parts.find_map(|p| p.trim().strip_prefix("q=")?.parse().ok());
        let known = FILES
            .iter()
            .find(|(l, _)| tag.split('-').next() == Some(l.word()));
        if let Some((language, _)) = known {
            asked.push((quality.unwrap_or(1.0), *language));
        }
    }
    // Of two that are wanted alike, the first.
    asked.sort_by(|a, b| b.0.total_cmp(&a.0));
    asked
        .first()
        .map_or(Language::En, |(_, language)| *language)
}

/// The languages of the pages.
pub fn languages() -> impl Iterator<Item = Language> {
    FILES.into_iter().map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::super::paint::TEMPLATES;
    use super::*;
    use std::collections::BTreeSet;

    fn keys(words: &Words) -> BTreeSet<String> {
        let section = |(name, keys): (&String, &toml::Value)| {
            let keys = keys.as_table().unwrap().keys();
            keys.map(|k| format!("{name}.{k}")).collect::<Vec<_>>()
        };
        words.tree.iter().flat_map(section).collect()
    }

    #[test]
    fn every_language_has_the_same_words_with_the_same_blanks() {
        let all = Words::all().unwrap();
        let blank = regex::Regex::new(r"\{[a-z]+\}").unwrap();
        for words in &all[1..] {
            let (first, other) = (keys(&all[0]), keys(words));
            let differ: Vec<_> = first.symmetric_difference(&other).collect();
            assert!(differ.is_empty(), "{}: {differ:?}", words.language);
            for key in &first {
                let (section, key) = key.split_once('.').unwrap();
                let blanks = |w: &Words| -> BTreeSet<String> {
                    let found = blank.find_iter(w.of(section, key));
                    found.map(|b| b.as_str().to_owned()).collect()
                };
                assert_eq!(blanks(&all[0]), blanks(words), "{section}.{key}");
                assert!(!words.of(section, key).trim().is_empty(), "{section}.{key}");
            }
        }
    }

    #[test]
    fn templates_use_only_words_that_are_there() {
        let known = keys(&Words::all().unwrap()[0]);
        let used = regex::Regex::new(r"\bw\.([a-z_]+)\.([a-z_]+)").unwrap();
        let mut seen = 0;
        for (name, text) in TEMPLATES {
            for found in used.captures_iter(text) {
                let key = format!("{}.{}", &found[1], &found[2]);
                assert!(known.contains(&key), "{name}: {key}");
                seen += 1;
            }
        }
        assert!(seen > 20, "{seen} words in all templates");
    }

    #[test]
    fn a_browser_gets_the_language_that_it_wants_most() {
        for (header, language) in [
            ("fr-FR,fr;q=0.9,en;q=0.8", Language::Fr),
            ("en-GB,fr;q=0.9", Language::En),
            ("de, fr;q=0.5, en;q=0.7", Language::En),
            ("fr;q=0.1,en;q=0", Language::Fr),
            ("zh", Language::En),
            ("", Language::En),
        ] {
            assert_eq!(wanted(header), language, "{header}");
        }
    }
}
