//! The words that decided, marked in what a person wrote.

use regex::RegexBuilder;
use serde::Serialize;
use std::ops::Range;

/// A stretch of the text; marked, if it is the evidence of this number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Piece {
    /// As it was written.
    pub text: String,
    /// Which evidence, from 1.
    pub mark: Option<usize>,
}

/// Cuts the text where the words of the evidence stand in it; where two overlap, the shorter one is marked and the longer one
/// around it: a phrase of a lexicon within the sentence that moved the learned reader.
/// White space may be broken otherwise than in the evidence. Words that do not stand there are marked nowhere.
pub fn pieces(text: &str, evidence: &[(usize, &str)]) -> Vec<Piece> {
    let found = places(text, evidence);
    let ends = found.iter().flat_map(|(at, _)| [at.start, at.end]);
    let mut cuts: Vec<usize> = ends.chain([0, text.len()]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut all: Vec<Piece> = Vec::new();
    for cut in cuts.windows(2) {
        let (start, end) = (cut[0], cut[1]);
        let over = (found.iter()).filter(|(at, _)| at.start <= start && end <= at.end);
        let nearest = over.min_by_key(|(at, number)| (at.len(), *number));
        let mark = nearest.map(|(_, number)| *number);
        let stretch = text[start..end].to_owned();
        match all.last_mut().filter(|last| last.mark == mark) {
            Some(last) => last.text += &stretch,
            None => all.push(Piece {
                text: stretch,
                mark,
            }),
        }
    }
    all
}

/// Where the evidence stands, with its number.
fn places(text: &str, evidence: &[(usize, &str)]) -> Vec<(Range<usize>, usize)> {
    let mut found = Vec::new();
    for (number, words) in evidence {
        let flexible: Vec<String> = words.split_whitespace().map(regex::escape).collect();
        if flexible.is_empty() {
            continue;
        }
        let pattern = RegexBuilder::new(&flexible.join(r"\s+"))
            .case_insensitive(true)
            .build();
        // The evidence of a mail that is all pattern would be too large to compile; then nothing is marked.
        let Ok(pattern) = pattern else { continue };
        found.extend(pattern.find_iter(text).map(|m| (m.range(), *number)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, evidence: &[(usize, &str)]) -> String {
        let shown = |p: &Piece| match p.mark {
            Some(n) => format!("[{n}:{}]", p.text),
            None => p.text.clone(),
        };
        pieces(text, evidence).iter().map(shown).collect()
    }

    #[test]
    fn the_deciding_words_are_marked_wherever_the_lines_break() {
        let text = "Bonjour,\narrêtez de\n m'écrire. Merci <b>";
        assert_eq!(
            marked(text, &[(1, "Arrêtez de m'écrire")]),
            "Bonjour,\n[1:arrêtez de\n m'écrire]. Merci <b>"
        );
        assert_eq!(marked(text, &[(1, "nowhere"), (2, " ")]), text);
        assert_eq!(marked("", &[(1, "a")]), "");
    }

    #[test]
    fn of_two_that_overlap_both_are_marked_and_nothing_is_lost() {
        for (text, evidence, wanted) in [
            (
                "remove me from your list (a+b)",
                vec![
                    (1, "remove me"),
                    (2, "remove me from your list"),
                    (3, "(a+b)"),
                ],
                "[1:remove me][2: from your list] [3:(a+b)]",
            ),
            (
                "So, remove me now. Bye",
                vec![(1, "So, remove me now."), (2, "remove me")],
                "[1:So, ][2:remove me][1: now.] Bye",
            ),
            ("a b c", vec![(1, "a b"), (2, "b c")], "[1:a b][2: c]"),
            ("été à", vec![(2, "été"), (1, "été")], "[1:été] à"),
        ] {
            assert_eq!(marked(text, &evidence), wanted);
            let all: String = pieces(text, &evidence)
                .into_iter()
                .map(|p| p.text)
                .collect();
            assert_eq!(all, text);
        }
    }
}
