//! Which phrases of a table stand in a text as words of their own: all of them in one pass over the text.
//!
//! The linter reads every letter, and its tables have some hundred phrases in seven languages; searched one by one they were a
//! tenth of the daemon's CPU.

use aho_corasick::AhoCorasick;

/// A table of phrases, ready to be looked for.
pub(super) struct Phrases {
    table: &'static [&'static str],
    /// `None` if the table is too large for one: then each phrase is looked for alone.
    automaton: Option<AhoCorasick>,
}

impl Phrases {
    /// Prepares a table.
    pub(super) fn of(table: &'static [&'static str]) -> Self {
        Self {
            table,
            automaton: AhoCorasick::new(table).ok(),
        }
    }

    /// The phrases that a text says, in the table's order.
    pub(super) fn said(&self, text: &str) -> impl Iterator<Item = &'static str> + use<> {
        let said: Vec<bool> = match &self.automaton {
            Some(automaton) => {
                let mut said = vec![false; self.table.len()];
                for found in automaton.find_overlapping_iter(text) {
                    let n = found.pattern().as_usize();
                    said[n] |= alone(text, found.start(), self.table[n]);
                }
                said
            }
            None => self.table.iter().map(|p| says(text, p)).collect(),
        };
        let table = self.table.iter().copied();
        table
            .zip(said)
            .filter_map(|(phrase, said)| said.then_some(phrase))
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

/// Whether what stands at a place is no part of a longer word.
fn alone(text: &str, at: usize, phrase: &str) -> bool {
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
        const TABLE: &[&str] = &["du", "du rgpd", "conforme", "{{", "audit", "audité", "é"];
        let phrases = Phrases::of(TABLE);
        for text in [
            "conforme du rgpd",
            "nonconforme, mais audité",
            "{{nom}} du",
            "dure",
            "audit é",
            "",
        ] {
            let said: Vec<_> = phrases.said(text).collect();
            let alone: Vec<_> = TABLE.iter().copied().filter(|p| says(text, p)).collect();
            assert_eq!(said, alone, "{text}");
        }
        assert_eq!(phrases.said("conforme du rgpd").count(), 3);
    }
}
