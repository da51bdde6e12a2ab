//! The words that decided, marked in what a person wrote.

use regex::RegexBuilder;
use serde::Serialize;

/// A stretch of the text; marked, if it is the evidence of this number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Piece {
    /// As it was written.
    pub text: String,
    /// Which evidence, from 1.
    pub mark: Option<usize>,
}

/// Cuts the text where the words of the evidence stand in it; where two overlap, the earlier and longer one is marked.
/// White space may be broken otherwise than in the evidence. Words that do not stand there are marked nowhere.
pub fn pieces(text: &str, evidence: &[(usize, &str)]) -> Vec<Piece> {
    let mut found: Vec<(usize, usize, usize)> = Vec::new();
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
        found.extend(
            pattern
                .find_iter(text)
                .map(|m| (m.start(), m.end(), *number)),
        );
    }
    found.sort_by_key(|(start, end, number)| (*start, std::cmp::Reverse(*end), *number));
    let (mut all, mut at) = (Vec::new(), 0);
    let plain = |from: usize, to: usize| Piece {
        text: text[from..to].to_owned(),
        mark: None,
    };
    for (start, end, number) in found.into_iter().filter(|(s, e, _)| s < e) {
        if start < at {
            continue;
        }
        if at < start {
            all.push(plain(at, start));
        }
        all.push(Piece {
            text: text[start..end].to_owned(),
            mark: Some(number),
        });
        at = end;
    }
    if at < text.len() {
        all.push(plain(at, text.len()));
    }
    all
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
    fn of_two_that_overlap_the_longer_is_marked_and_nothing_is_lost() {
        let text = "remove me from your list (a+b)";
        let evidence = [
            (1, "remove me"),
            (2, "remove me from your list"),
            (3, "(a+b)"),
        ];
        assert_eq!(
            marked(text, &evidence),
            "[2:remove me from your list] [3:(a+b)]"
        );
        let all: String = pieces(text, &evidence)
            .into_iter()
            .map(|p| p.text)
            .collect();
        assert_eq!(all, text);
    }
}
