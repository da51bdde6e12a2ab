//! Which phrases of a table stand in a text as words of their own: all of them in one pass over the text.
//!
//! The linter reads every letter, and its tables have some hundred phrases in seven languages; searched one by one they were a
//! tenth of the daemon's CPU.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Where a phrase counts that stands in a text at a place.
pub(super) type Counts = fn(text: &str, at: usize, phrase: &str) -> bool;

/// A table of phrases, and where each of them counts.
pub(super) type Table = (Vec<&'static str>, Counts);

/// Tables of phrases, looked for together.
pub(super) struct Phrases {
    tables: Vec<Table>,
    /// All phrases, and where each counts.
    all: Vec<(&'static str, Counts)>,
    /// `None` if they are too large for one: then each phrase is looked for alone.
    automaton: Option<AhoCorasick>,
}

impl Phrases {
    /// Prepares tables.
    pub(super) fn of(tables: impl Into<Vec<Table>>) -> Self {
        let tables = tables.into();
        let all = tables.iter();
        let all = all.flat_map(|(phrases, counts)| phrases.iter().map(|p| (*p, *counts)));
        let all: Vec<(&str, Counts)> = all.collect();
        // The quickest kind; it takes some hundred KB.
        let mut builder = AhoCorasick::builder();
        builder.kind(Some(AhoCorasickKind::DFA));
        Self {
            automaton: builder.build(all.iter().map(|(phrase, _)| phrase)).ok(),
            tables,
            all,
        }
    }

    /// What a text says of all tables.
    pub(super) fn said(&self, text: &str) -> Said<'_> {
        let said = match &self.automaton {
            Some(automaton) => {
                let mut said = vec![false; self.all.len()];
                for found in automaton.find_overlapping_iter(text) {
                    let n = found.pattern().as_usize();
                    let (phrase, counts) = self.all[n];
                    said[n] = said[n] || counts(text, found.start(), phrase);
                }
                said
            }
            None => {
                let counted = |(phrase, counts): &(&str, Counts)| {
                    let mut found = text.match_indices(phrase);
                    found.any(|(at, _)| counts(text, at, phrase))
                };
                self.all.iter().map(counted).collect()
            }
        };
        Said {
            tables: &self.tables,
            said,
        }
    }
}

/// What a text says.
pub(super) struct Said<'p> {
    tables: &'p [Table],
    said: Vec<bool>,
}

impl Said<'_> {
    /// The phrases of a table, by its number, in its order.
    pub(super) fn of(&self, table: usize) -> impl Iterator<Item = &'static str> {
        let before = self.tables[..table].iter().map(|(p, _)| p.len()).sum();
        let phrases = self.tables[table].0.iter().copied();
        let said = phrases.zip(self.said[before..].iter());
        said.filter_map(|(phrase, said)| said.then_some(phrase))
    }
}

/// The places at which a phrase stands in a text as words of its own.
pub(super) fn places(text: &str, phrase: &str) -> Vec<usize> {
    let found = text.match_indices(phrase).map(|(at, _)| at);
    found.filter(|at| alone(text, *at, phrase)).collect()
}

/// Whether a phrase stands in a text as words of its own.
pub(super) fn says(text: &str, phrase: &str) -> bool {
    !places(text, phrase).is_empty()
}

/// Wherever it stands.
pub(super) fn anywhere(_: &str, _: usize, _: &str) -> bool {
    true
}

/// Whether what stands at a place is no part of a longer word.
pub(super) fn alone(text: &str, at: usize, phrase: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let starts = is_word(phrase.chars().next());
    let ends = is_word(phrase.chars().next_back());
    let before = is_word(text[..at].chars().next_back());
    let after = is_word(text[at + phrase.len()..].chars().next());
    !((starts && before) || (ends && after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pass_says_the_same_as_each_phrase_alone() {
        const WORDS: &[&str] = &["du", "du rgpd", "conforme", "{{", "audit", "audité", "é"];
        const PARTS: &[&str] = &["form", "du"];
        let phrases = Phrases::of([
            (PARTS.to_vec(), anywhere as Counts),
            (WORDS.to_vec(), alone),
        ]);
        for text in [
            "conforme du rgpd",
            "nonconforme, mais audité",
            "{{nom}} du",
            "dure",
            "audit é",
            "",
        ] {
            let said = phrases.said(text);
            let alone: Vec<_> = WORDS.iter().copied().filter(|p| says(text, p)).collect();
            assert_eq!(said.of(1).collect::<Vec<_>>(), alone, "{text}");
            let within = PARTS.iter().copied().filter(|p| text.contains(p));
            assert_eq!(said.of(0).collect::<Vec<_>>(), within.collect::<Vec<_>>());
        }
        assert_eq!(phrases.said("conforme du rgpd").of(1).count(), 3);
    }
}
