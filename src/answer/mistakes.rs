//! What tera says about a template, as a [`Fault`] with file, line, column, and what to do.
//!
//! Tera reports one place at a time, or many joined in one text; a writer gets all of them, one each, in plain words.

use super::filters;
use super::templates::Source;
use crate::record::Fault;
use tera::{Error, ErrorKind, ReportError, Tera};

/// The file that a template of this name was read from.
fn file_of<'a>(sources: &'a [Source], path: &'a str) -> &'a str {
    sources
        .iter()
        .find(|s| s.path == path)
        .map_or(path, |s| s.file.as_str())
}

/// Mistakes of spelling the template language, one file at a time.
pub fn of_syntax(source: &Source) -> Option<Fault> {
    let error = Tera::default()
        .add_raw_template(&source.path, &source.text)
        .err()?;
    match error.kind() {
        ErrorKind::SyntaxError(report) => Some(at(
            &source.file,
            report,
            "close every {{ with }} and every {% if %} or {% for %} with its {% endif %} or {% endfor %}",
        )),
        _ => None,
    }
}

fn at(file: &str, report: &ReportError, fix: &str) -> Fault {
    Fault {
        file: file.to_owned(),
        line: report.span().start_line,
        column: report.span().start_col + 1,
        what: report.message().to_owned(),
        fix: fix.to_owned(),
    }
}

/// Everything in an error of loading all templates together, or of rendering one.
pub fn all(error: &Error, sources: &[Source], rendered: &str) -> Vec<Fault> {
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            let file = file_of(sources, report.filename());
            let fix = advice(report.message(), sources);
            vec![at(file, report, &fix)]
        }
        ErrorKind::CircularInclude { tpl, include_chain } => vec![Fault::of_file(
            file_of(sources, tpl),
            format!("the file includes itself: {}", include_chain.join(" → ")),
            "take one of these includes out",
        )],
        ErrorKind::Msg(text) if text.starts_with("error: ") => text
            .split("\n\n")
            .filter_map(|t| reported(t, sources))
            .collect(),
        ErrorKind::Io(_) => vec![Fault::of_file(
            file_of(sources, rendered),
            "the letter is longer than 512 KiB",
            "look for a loop that writes more than a person will read",
        )],
        other => vec![Fault::of_file(
            file_of(sources, rendered),
            other.to_string(),
            "templates/README.md shows what a template may do",
        )],
    }
}

/// One of tera's printed reports: `error: WHAT`, then `--> FILE:LINE:COLUMN`.
fn reported(text: &str, sources: &[Source]) -> Option<Fault> {
    let what = text.lines().next()?.strip_prefix("error: ")?;
    let place = text.lines().nth(1)?.split_once("--> ")?.1;
    let (rest, column) = place.rsplit_once(':')?;
    let (path, line) = rest.rsplit_once(':')?;
    Some(Fault {
        file: file_of(sources, path).to_owned(),
        line: line.parse().ok()?,
        column: column.parse().ok()?,
        what: what.to_owned(),
        fix: advice(what, sources),
    })
}

fn advice(what: &str, sources: &[Source]) -> String {
    let name = what.split('`').nth(1).unwrap_or_default();
    if what.starts_with("Unknown filter") {
        return format!("the filters of letters are {}", filters::NAMES.join(", "));
    }
    if what.starts_with("Unknown template") {
        let near = closest(name, sources.iter().map(|s| s.path.as_str()));
        return match near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => {
                "write the path from the templates folder, like \"fr/parts/closing.txt\"".to_owned()
            }
        };
    }
    if what.contains("is not defined") {
        return "use one of those, or ask for it with {% if … %} first".to_owned();
    }
    "templates/README.md shows what a template may do".to_owned()
}

/// The nearest of some names, if one is near enough to have been meant.
pub fn closest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|n| (distance(name, n), n))
        .min()
        .filter(|(d, _)| *d <= 1 + name.chars().count() / 4)
        .map(|(_, n)| n)
}

/// Levenshtein's.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = change.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
