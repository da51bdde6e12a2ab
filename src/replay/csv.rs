//! The findings as one table for a spreadsheet or a CRM: a row for each thing found, who it is about, and the dates.
//!
//! A cell that a spreadsheet would run as a formula gets an apostrophe in front, since people write what they like into mails.

use super::findings::{Findings, Heard};
use crate::record::{Language, RequestKind, Timestamp};
use crate::request::Calendar;

/// The columns; their names are a promise.
const COLUMNS: [&str; 12] = [
    "what",
    "who",
    "also",
    "date",
    "language",
    "kind",
    "due",
    "overdue_days",
    "answered",
    "mails_after",
    "last_mail",
    "words",
];

type Cells = [String; 12];

/// The table, with CRLF and a header (RFC 4180).
///
/// # Errors
/// Never for lack of room: it is written into memory.
pub fn table(found: &Findings, calendar: &Calendar) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    out.write_record(COLUMNS)?;
    for cells in rows(found, calendar) {
        out.write_record(cells.iter().map(|cell| harmless(cell)))?;
    }
    let whole = out.into_inner();
    whole.map_err(|e| csv::Error::from(e.into_error()))
}

fn rows(found: &Findings, calendar: &Calendar) -> Vec<Cells> {
    let day = |at: Timestamp| calendar.day(at).to_string();
    let some_day = |at: Option<Timestamp>| at.map(day).unwrap_or_default();
    let heard = |what: &str, h: &Heard| {
        let mut cells = named(what, &h.who, day(h.at));
        cells[2] = h.also.clone().unwrap_or_default();
        cells[4] = word(h.language);
        cells[5] = kinds(&h.kinds);
        cells[8] = some_day(h.answered);
        cells[11].clone_from(&h.words);
        cells
    };
    let mut rows: Vec<Cells> = Vec::new();
    for after in &found.mailed_after {
        let mut cells = named("mailed_after_stop", &after.who, day(after.stopped));
        cells[9] = after.mails.to_string();
        cells[10] = day(after.last);
        rows.push(cells);
    }
    rows.extend(found.objections.iter().map(|h| heard("objection", h)));
    for asked in &found.requests {
        let mut cells = named("request", &asked.who, day(asked.at));
        cells[4] = word(asked.language);
        asked.kind.word().clone_into(&mut cells[5]);
        cells[6] = day(asked.due);
        cells[7] = asked.overdue.map(|d| d.to_string()).unwrap_or_default();
        cells[8] = some_day(asked.answered);
        cells[11].clone_from(&asked.words);
        rows.push(cells);
    }
    rows.extend(found.doubtful.iter().map(|h| heard("doubtful", h)));
    rows.extend(found.left.iter().map(|h| heard("has_left", h)));
    for bounced in &found.bounces {
        let what = if bounced.hard {
            "bounce_hard"
        } else {
            "bounce_soft"
        };
        let mut cells = named(what, &bounced.who, day(bounced.at));
        cells[11].clone_from(&bounced.status);
        rows.push(cells);
    }
    for robot in &found.robots {
        let mut cells = named("robot", &robot.who, String::new());
        cells[11].clone_from(&robot.sign);
        rows.push(cells);
    }
    rows
}

fn named(what: &str, who: &str, date: String) -> Cells {
    let mut cells = Cells::default();
    (cells[0], cells[1], cells[3]) = (what.to_owned(), who.to_owned(), date);
    cells
}

fn word(language: Option<Language>) -> String {
    language.map(|l| l.word().to_owned()).unwrap_or_default()
}

fn kinds(kinds: &[RequestKind]) -> String {
    let words: Vec<&str> = kinds.iter().map(|k| k.word()).collect();
    words.join("+")
}

/// No formula, and one line.
fn harmless(cell: &str) -> String {
    let line: String = cell
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    // Full-width signs are read as the plain ones by some spreadsheets.
    let formula = |c: char| "=+-@\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(c);
    match line.trim_start().starts_with(formula) {
        true => format!("'{line}"),
        false => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_breaks_its_line() {
        for evil in [
            "=HYPERLINK(1)",
            "+1",
            "-2+3",
            "@SUM(A1)",
            "\t=1",
            " =1",
            "＝1",
        ] {
            assert!(harmless(evil).starts_with('\''), "{evil}");
        }
        assert_eq!(harmless("a\r\n=b"), "a  =b");
        assert_eq!(harmless("anna@client.example"), "anna@client.example");
    }
}
