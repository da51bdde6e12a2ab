//! The tables of an evaluation, for people.

use super::super::output::{BAD, CARE, FAINT, GOOD, STRONG, harmless, painted};
use super::Mistake;
use crate::intent::eval::{Count, Score, Tally};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Shows them: all tables, then the worst.
pub fn show(out: &mut impl Write, tally: &Tally, errors: &[Mistake]) -> io::Result<()> {
    head(out, "")?;
    row(out, "all", &tally.total)?;
    section(
        out,
        "by set",
        tally.sets.iter().map(|(n, c)| (n.as_str(), c)),
    )?;
    let languages = tally.languages.iter().map(|(n, c)| (n.as_str(), c));
    section(out, "by language", languages)?;
    let kinds = tally.kinds.iter().map(|(n, c)| (*n, c));
    section(out, "by what is asked or said first", kinds)?;
    confusion(out, tally)?;
    if !errors.is_empty() {
        writeln!(out, "\n{}", painted(STRONG, "the worst"))?;
    }
    errors.iter().try_for_each(|e| mistake(out, e))
}

/// How wide the names of rows are.
const NAME: usize = 32;

fn head(out: &mut impl Write, name: &str) -> io::Result<()> {
    let columns = format!(
        "{name:<NAME$} {:>8} {:>14} {:>14} {:>14} {:>8} {:>14}",
        "messages", "right", "held", "wrong", "(mild)", "missed"
    );
    writeln!(out, "{}", painted(STRONG, &columns))
}

fn row(out: &mut impl Write, name: &str, count: &Count) -> io::Result<()> {
    let all = count.messages.max(1) as f64;
    let part = |n: usize| format!("{n:>6} {:>5.1} %", 100.0 * n as f64 / all);
    writeln!(
        out,
        "{:<NAME$} {:>8} {} {} {} {:>8} {}",
        harmless(name),
        count.messages,
        part(count.right),
        part(count.held),
        part(count.wrong),
        count.mild,
        part(count.missed)
    )
}

fn section<'a>(
    out: &mut impl Write,
    name: &str,
    rows: impl Iterator<Item = (&'a str, &'a Count)>,
) -> io::Result<()> {
    writeln!(out)?;
    head(out, name)?;
    for (name, count) in rows {
        row(out, name, count)?;
    }
    Ok(())
}

/// Wanted in rows, read in columns; only what occurs.
fn confusion(out: &mut impl Write, tally: &Tally) -> io::Result<()> {
    let read: BTreeSet<&str> = tally
        .confusion
        .values()
        .flat_map(|row| row.keys().copied())
        .collect();
    let width = |name: &str| name.chars().count().max(5);
    let mut line = format!("{:<16}", "wanted ↓ read →");
    for name in &read {
        line += &format!(" {name:>0$}", width(name));
    }
    writeln!(out, "\n{}", painted(STRONG, &line))?;
    for (wanted, row) in &tally.confusion {
        let mut line = format!("{wanted:<16}");
        for name in &read {
            let words = row.get(name).map_or("·".to_owned(), usize::to_string);
            line += &format!(" {words:>0$}", width(name));
        }
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn mistake(out: &mut impl Write, e: &Mistake) -> io::Result<()> {
    let (style, mild) = match (e.score, e.mild) {
        (Score::Right, _) => (GOOD, ""),
        (_, true) => (CARE, ", mild"),
        (_, false) => (BAD, ""),
    };
    let mut wanted = e.wanted.join(" + ");
    for (is_so, words) in [
        (e.needs_human, ", for a human"),
        (e.must_not_answer, ", no answer"),
    ] {
        wanted.push_str(if is_so { words } else { "" });
    }
    writeln!(
        out,
        "{}{mild}  {}  {}:{}",
        painted(style, &e.score.to_string()),
        harmless(&e.id),
        harmless(&e.file),
        e.line
    )?;
    writeln!(
        out,
        "    wanted {wanted}; read {}, {}",
        e.read.join(" + "),
        e.outcome
    )?;
    writeln!(out, "    {}", painted(FAINT, &e.body))?;
    for ground in &e.grounds {
        let words = format!("“{}”", harmless(&ground.text));
        writeln!(out, "    {words}  {}", painted(FAINT, &ground.rule))?;
    }
    Ok(())
}
