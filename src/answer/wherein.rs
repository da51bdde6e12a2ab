//! In which line of which template stands what the linter found in a letter.
//!
//! The linter reads the finished letter, and a writer mends a template. A phrase that must not be said is looked for in the
//! files of that letter, then in the pieces that it may include; what is missing stands nowhere, and is a mistake of the
//! whole text.

use super::lint::{Finding, Place, normal};
use super::phrases::says;
use super::templates::Source;
use crate::record::{Fault, Language};

/// A letter, as its templates are named.
pub(super) struct Written<'a> {
    pub(super) sources: &'a [Source],
    pub(super) language: Language,
    pub(super) folder: &'a str,
}

impl Written<'_> {
    /// A finding as a mistake of the file and line that say it.
    pub(super) fn fault(&self, finding: &Finding) -> Fault {
        let (what, fix) = (finding.to_string(), finding.advice());
        match self.said(finding) {
            Some((source, offset)) => Fault::at(&source.file, &source.text, offset, what, fix),
            None => {
                let file = self.file("body.txt").map_or("", |s| &s.file);
                Fault::of_file(file, what, fix)
            }
        }
    }

    fn file(&self, name: &str) -> Option<&Source> {
        let path = format!("{}/{}/{name}", self.language, self.folder);
        self.sources.iter().find(|s| s.path == path)
    }

    /// Where the words of a finding stand: the source, and the byte offset in its text.
    fn said(&self, finding: &Finding) -> Option<(&Source, usize)> {
        if matches!(
            finding.rule,
            "missing" | "too_long" | "vague_source" | "subject"
        ) {
            return None;
        }
        let words = quoted(&finding.what)?;
        let files: &[&str] = match finding.place {
            Place::Subject => &["subject.txt"],
            Place::Text | Place::Attachment => &["body.txt"],
            Place::Html => &["body.html", "body.txt"],
        };
        let own = files.iter().filter_map(|name| self.file(name));
        let pieces = format!("{}/parts/", self.language);
        let shared = self.sources.iter().filter(|s| {
            s.path.starts_with(&pieces)
                || (finding.place == Place::Html && s.path.starts_with("parts/"))
        });
        let mut all = own.chain(shared);
        all.find_map(|source| Some((source, place(&source.text, words)?)))
    }
}

/// The words between the first quotation mark and the next.
fn quoted(what: &str) -> Option<&str> {
    let (_, rest) = what.split_once('"')?;
    let (words, _) = rest.split_once('"')?;
    (!words.trim().is_empty()).then_some(words)
}

/// Where words stand in a text, however it is wrapped and capitalised.
fn place(text: &str, words: &str) -> Option<usize> {
    let wanted = normal(words);
    let first = wanted.split(' ').next()?;
    let lines = text.split_inclusive('\n');
    let starts = lines.scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    for (start, line) in starts {
        // A phrase may go on in the next line.
        let two: String = text[start..].split_inclusive('\n').take(2).collect();
        if !says(&normal(&two), &wanted) || !normal(line).contains(first) {
            continue;
        }
        let lower = |(at, _): &(usize, char)| normal(&line[*at..]).starts_with(first);
        let within = line.char_indices().find(lower).map_or(0, |(at, _)| at);
        return Some(start + within);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.into(),
            file: format!("/own/{path}"),
            text: text.into(),
        }
    }

    fn fault(sources: &[Source], rule: &'static str, what: &str) -> String {
        let written = Written {
            sources,
            language: Language::Fr,
            folder: "stop",
        };
        let (what, place) = (what.to_owned(), Place::Text);
        written.fault(&Finding { rule, what, place }).to_string()
    }

    #[test]
    fn a_claim_is_shown_in_the_line_that_makes_it_wherever_it_is_wrapped() {
        let body = source(
            "fr/stop/body.txt",
            "Bonjour,\nnous sommes Conformes\nau RGPD.\n",
        );
        let piece = source("fr/parts/closing.txt", "Audité.\n");
        let all = [body, piece];
        let said = fault(&all, "claim", "\"conformes au rgpd\"");
        assert!(
            said.starts_with("/own/fr/stop/body.txt:2:13: claim"),
            "{said}"
        );
        let said = fault(&all, "claim", "\"audité\"");
        assert!(
            said.starts_with("/own/fr/parts/closing.txt:1:1: claim"),
            "{said}"
        );
    }

    #[test]
    fn what_is_missing_stands_in_no_line() {
        let all = [source("fr/stop/body.txt", "Relais\n")];
        let said = fault(&all, "missing", "the firm's name (\"Relais\")");
        assert!(said.starts_with("/own/fr/stop/body.txt: missing"), "{said}");
    }
}
