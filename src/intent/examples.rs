//! Runs the `[[test]]` examples of a lexicon when it is loaded, so that a writer sees at once what a change did.

use super::compile::compile;
use super::lexicon::{Lexicon, LexiconSource};
use super::question::Question;
use super::read::Reader;
use crate::record::Fault;

/// Reads every example; a different reading is a fault of the file.
pub fn verify(
    reader: &Reader,
    lexicon: &Lexicon,
    source: &LexiconSource<'_>,
    faults: &mut Vec<Fault>,
) {
    for test in &lexicon.tests {
        let read = reader.read(&Question {
            fresh: &test.say,
            ..Question::default()
        });
        let mut found: Vec<&str> = read.requests.iter().map(|f| f.kind.word()).collect();
        let mut expected: Vec<&str> = test.expect.iter().map(|s| s.text.as_str()).collect();
        found.sort_unstable();
        expected.sort_unstable();
        let held = !read.human.is_empty() || read.unsure.is_some();
        if found == expected && held == test.hold {
            continue;
        }
        let rules: Vec<String> = read
            .requests
            .iter()
            .flat_map(|f| &f.evidence)
            .map(|e| format!("{} by \"{}\"", e.rule, e.text))
            .chain(
                read.human
                    .iter()
                    .chain(&read.unsure)
                    .map(|s| format!("{} ({}) by \"{}\"", s.rule, s.reason, s.text)),
            )
            .collect();
        let what = format!(
            "the example \"{}\" is read as [{}]{}, not as [{}]{}",
            test.say,
            found.join(", "),
            hold(held),
            expected.join(", "),
            hold(test.hold)
        );
        let fix = if rules.is_empty() {
            "no rule fired: add a phrase, or change the example".to_owned()
        } else {
            format!("these rules fired: {}", rules.join("; "))
        };
        faults.push(Fault::at(source.path, source.text, test.at, what, fix));
    }
}

/// How many examples a lexicon has, and each that this reader reads otherwise: what is lost where a firm's own file stands in
/// its place.
pub fn astray(reader: &Reader, source: &LexiconSource<'_>) -> (usize, Vec<Fault>) {
    let mut faults = Vec::new();
    let Some(lexicon) = compile(source, &mut faults) else {
        return (0, faults);
    };
    verify(reader, &lexicon, source, &mut faults);
    (lexicon.tests.len(), faults)
}

fn hold(held: bool) -> &'static str {
    if held { " and held" } else { "" }
}
