//! The report on a terminal: 80 columns, the first rows of each subject, words of people on lines of their own.

use super::super::output::{BAD, CARE, FAINT, GOOD, STRONG, harmless, painted};
use crate::replay::{Findings, Report, Row, Section, Tone, Tongue};
use anstyle::Style;
use std::io::{self, Write};

/// Columns of a terminal, and a margin.
const WIDTH: usize = 79;
/// Rows of a subject that are shown unless all are asked for.
const FIRST: usize = 12;

/// The whole report.
pub fn report(out: &mut impl Write, report: &Report, tongue: Tongue, all: bool) -> io::Result<()> {
    writeln!(out, "{}", painted(STRONG, &report.title))?;
    for line in &report.lead {
        paragraph(out, line, 0, FAINT)?;
    }
    for section in &report.sections {
        writeln!(out)?;
        self::section(out, section, tongue, all)?;
    }
    Ok(())
}

fn section(out: &mut impl Write, section: &Section, tongue: Tongue, all: bool) -> io::Result<()> {
    let style = match section.tone {
        Tone::Bad => BAD.bold(),
        Tone::Care => CARE.bold(),
        Tone::Good => GOOD.bold(),
        Tone::Plain => STRONG,
    };
    writeln!(out, "{}", painted(style, &section.title))?;
    if !section.lead.is_empty() {
        paragraph(out, &section.lead, 2, FAINT)?;
    }
    let shown = if all { section.rows.len() } else { FIRST };
    let rows: Vec<&Row> = section.rows.iter().take(shown).collect();
    let widths = widths(section, &rows);
    if !rows.is_empty() {
        let names: Vec<String> = section.columns.iter().map(|c| (*c).to_owned()).collect();
        cells(out, &names, &widths, FAINT)?;
    }
    for row in &rows {
        cells(out, &row.cells, &widths, Style::new())?;
        for line in &row.detail {
            paragraph(out, line, 6, FAINT)?;
        }
    }
    if let Some(more) = section
        .rows
        .len()
        .checked_sub(rows.len())
        .filter(|n| *n > 0)
    {
        let line = match tongue {
            Tongue::En => format!("… and {more} more: --all, --html FILE or --csv FILE"),
            Tongue::Fr => format!("… et {more} de plus : --all, --html FILE ou --csv FILE"),
        };
        writeln!(out, "  {}", painted(FAINT, &line))?;
    }
    if !section.code.is_empty() {
        writeln!(out)?;
        for line in &section.code {
            writeln!(out, "      {}", harmless(line))?;
        }
    }
    Ok(())
}

/// How wide each column is; the last one takes what is left.
fn widths(section: &Section, rows: &[&Row]) -> Vec<usize> {
    let long = |text: &str| text.chars().count();
    let mut widths: Vec<usize> = section.columns.iter().map(|c| long(c)).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(&row.cells) {
            *width = long(cell).max(*width);
        }
    }
    widths
}

fn cells(out: &mut impl Write, cells: &[String], widths: &[usize], style: Style) -> io::Result<()> {
    let mut line = String::from(" ");
    let mut indent = 1;
    for (n, (cell, width)) in cells.iter().zip(widths).enumerate() {
        line.push(' ');
        indent += 1;
        if n + 1 == cells.len() {
            break;
        }
        let cell = harmless(cell);
        line.push_str(&format!("{cell:<width$} "));
        indent += width + 1;
    }
    let last = harmless(cells.last().map(String::as_str).unwrap_or_default());
    // What does not fit beside the others goes on below itself.
    let mut parts = wrapped(&last, WIDTH.saturating_sub(indent).max(20)).into_iter();
    let first = parts.next().unwrap_or_default();
    writeln!(out, "{}", painted(style, &format!("{line}{first}")))?;
    for part in parts {
        writeln!(out, "{:indent$}{}", "", painted(style, &part))?;
    }
    Ok(())
}

fn paragraph(out: &mut impl Write, text: &str, indent: usize, style: Style) -> io::Result<()> {
    for line in wrapped(&harmless(text), WIDTH - indent) {
        writeln!(out, "{:indent$}{}", "", painted(style, &line))?;
    }
    Ok(())
}

/// Lines of at most so many letters, cut between words; a word that is longer stays whole, because it is an address.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(0, |l| l.chars().count());
        if line > 0 && line + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// What can be done now.
pub fn next(
    out: &mut impl Write,
    found: &Findings,
    tongue: Tongue,
    masked: bool,
) -> io::Result<()> {
    writeln!(out)?;
    let many = found.stops().len();
    let mut line = |en: &str, fr: &str| paragraph(out, tongue.say(en, fr), 0, Style::new());
    if many > 0 {
        let (en, fr) = (
            format!("quitus replay --apply: suppress the {many} addresses that asked for it"),
            format!(
                "quitus replay --apply : enregistrer l'opposition des {many} adresses qui l'ont demandé"
            ),
        );
        line(&en, &fr)?;
    }
    line(
        "quitus replay --last --html FILE: this report as a page that can be printed",
        "quitus replay --last --html FILE : ce rapport en une page imprimable",
    )?;
    line(
        "quitus replay --forget: delete what was found",
        "quitus replay --forget : effacer ce qui a été trouvé",
    )?;
    if masked {
        line(
            "Addresses are masked here; --full shows them.",
            "Les adresses sont masquées ici ; --full les montre.",
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_fits_eighty_columns_and_moves_no_cursor() {
        let long = "ne veux plus recevoir aucun mail ".repeat(12);
        let row = |n: usize| Row {
            cells: vec![
                "2026-03-02".into(),
                "fr".into(),
                "no".into(),
                format!("anna{n}@client.example"),
            ],
            detail: vec![format!("“{long}\u{1b}[2J”")],
        };
        let section = Section {
            title: "Asked to be left alone: 30".into(),
            tone: Tone::Bad,
            lead: long.clone(),
            columns: vec!["date", "lang", "answered", "who"],
            rows: (0..30).map(row).collect(),
            code: vec!["tags = [\"x\"]".into()],
        };
        let report = Report {
            title: "t".into(),
            lead: vec![long.clone()],
            sections: vec![section],
        };
        let mut out = Vec::new();
        super::report(&mut out, &report, Tongue::En, false).unwrap();
        let text = anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string();
        assert!(
            !text.contains("\u{1b}") && text.contains("and 18 more"),
            "{text}"
        );
        for line in text.lines() {
            assert!(line.chars().count() < 80, "{line}");
        }
    }
}
