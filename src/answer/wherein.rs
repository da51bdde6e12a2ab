//! In which line of which template stands what the linter found in a letter.
//!
//! The linter reads the finished letter, and a writer mends a template. A phrase that must not be said is looked for in the
//! files of that letter and in the pieces that it includes, those of the firm before ours; what is missing stands in no line.

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
    /// The findings of a letter as mistakes of files. What a page of ours repeats of the text is told once.
    pub(super) fn faults(&self, findings: &[Finding]) -> Vec<Fault> {
        let own_page = self.file("body.html").is_some_and(is_own);
        let in_text = |f: &Finding| {
            let mut all = findings.iter().filter(|o| o.place == Place::Text);
            all.any(|o| o.rule == f.rule && o.what == f.what)
        };
        let repeats = |f: &&Finding| f.place == Place::Html && !own_page && in_text(f);
        let told = findings.iter().filter(|f| !repeats(f));
        told.map(|f| self.fault(f)).collect()
    }

    /// A finding as a mistake of the file and line that say it. Our own files say nothing wrong by themselves: where the firm has
    /// written one that the letter is made of, the mistake is looked for there, and is that file's if it stands in no line.
    pub(super) fn fault(&self, finding: &Finding) -> Fault {
        let (what, fix) = (finding.to_string(), finding.advice());
        let all = self.made_of(match finding.place {
            Place::Subject => &["subject.txt"],
            Place::Text | Place::Attachment => &["body.txt"],
            Place::Html => &["body.html", "body.txt"],
        });
        let own: Vec<&Source> = all.iter().copied().filter(|s| is_own(s)).collect();
        let suspects = if own.is_empty() { &all } else { &own };
        let words = words(finding);
        let said = words.and_then(|words| {
            let mut suspects = suspects.iter();
            suspects.find_map(|source| Some((source, place(&source.text, words)?)))
        });
        match (said, suspects.first()) {
            (Some((source, at)), _) => Fault::at(&source.file, &source.text, at, what, fix),
            (None, first) => Fault::of_file(first.map_or("", |s| &s.file), what, fix),
        }
    }

    fn file(&self, name: &str) -> Option<&Source> {
        let path = format!("{}/{}/{name}", self.language, self.folder);
        self.sources.iter().find(|s| s.path == path)
    }

    /// The files of the letter of these names, and all that they include, nearest first.
    fn made_of(&self, names: &[&str]) -> Vec<&Source> {
        let mut all: Vec<&Source> = names.iter().filter_map(|n| self.file(n)).collect();
        let mut next = 0;
        while let Some(source) = all.get(next).copied() {
            for path in included(&source.text) {
                let piece = self.sources.iter().find(|s| s.path == path);
                let new = piece.filter(|p| !all.iter().any(|known| known.path == p.path));
                all.extend(new);
            }
            next += 1;
        }
        all
    }
}

/// Whether the firm has written it, or changed one of ours.
fn is_own(source: &Source) -> bool {
    super::builtin::source(&source.path).is_none_or(|ours| ours.text != source.text)
}

/// The paths that a template takes in.
fn included(text: &str) -> impl Iterator<Item = &str> {
    text.split("{%").skip(1).filter_map(|tag| {
        let tag = tag.trim_start_matches(['-', ' ', '\t', '\n', '\r']);
        let path = tag.strip_prefix("include")?.trim_start();
        let quote = path.chars().next().filter(|c| ['"', '\''].contains(c))?;
        path.get(1..)?.split(quote).next()
    })
}

/// The words that a finding quotes, if they may stand in a line; what is missing stands in none.
fn words(finding: &Finding) -> Option<&str> {
    let nowhere = ["missing", "too_long", "vague_source", "subject"];
    match nowhere.contains(&finding.rule) {
        true => None,
        false => quoted(&finding.what),
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
            "Bonjour,\nnous sommes Conformes\nau RGPD.\n{% include \"fr/parts/closing.txt\" %}",
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
    fn a_mistake_is_of_the_file_that_the_firm_wrote_and_the_letter_includes() {
        let ours = |path: &str| super::super::builtin::source(path).unwrap();
        let stop = source(
            "fr/parts/stop.txt",
            "{{ controller.name }} ne vous enverra plus rien.",
        );
        let elsewhere = source("fr/parts/access.txt", "Une autre pièce.");
        let all = [
            elsewhere,
            ours("fr/parts/apology.txt"),
            ours("fr/parts/closing.txt"),
            ours("fr/parts/greeting.txt"),
            stop,
            ours("fr/stop/body.html"),
            ours("fr/stop/body.txt"),
        ];
        for (rule, what) in [
            (
                "unproved",
                "\"ne vous enverra plus\" is said, but not proved",
            ),
            ("missing", "the firm's name (\"Relais\")"),
        ] {
            let said = fault(&all, rule, what);
            assert!(said.starts_with("/own/fr/parts/stop.txt:"), "{said}");
        }
    }

    #[test]
    fn what_is_missing_stands_in_no_line() {
        let all = [source("fr/stop/body.txt", "Relais\n")];
        let said = fault(&all, "missing", "the firm's name (\"Relais\")");
        assert!(said.starts_with("/own/fr/stop/body.txt: missing"), "{said}");
    }
}
