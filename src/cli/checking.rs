//! `quitus suppression check FILE.csv`: a list of any length, each row with the verdict on whom it names: by address, telephone,
//! profile or CRM id, whichever columns there are; the strictest counts.
//!
//! It streams, in batches, through the daemon if one runs. It fails closed: the output has its name only once it is whole,
//! and what cannot be read counts as not to be written to.

use super::ask::{Ask, House};
use super::edge::{DONE, End, WRONG};
use crate::record::Timestamp;
use crate::register::{NoTable, Table, Verdict};
use serde::Deserialize;
use serde_json::json;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Rows of one question.
const BATCH: usize = 10_000;
/// The columns that are added.
const ADDED: [&str; 2] = ["quitus_verdict", "quitus_since"];

/// A list to be checked.
pub struct List<'a> {
    /// The file, `-` for standard input.
    pub file: &'a Path,
    /// The name of the column of addresses; else it is recognised.
    pub column: Option<&'a str>,
    /// Where the list goes with its verdicts; else standard output.
    pub output: Option<&'a Path>,
}

/// How many rows had which verdict.
#[derive(Default)]
struct Tally {
    rows: u64,
    free: u64,
    paused: u64,
    suppressed: u64,
    unreadable: u64,
}

/// What is answered to a batch.
#[derive(Deserialize)]
struct Found {
    /// A letter for each address.
    verdicts: String,
    /// Since when, for each that is paused or suppressed.
    since: Vec<i64>,
}

/// Checks it; 1 if a row is not free.
pub fn run(list: &List<'_>, named: Option<&Path>, json: bool) -> Result<u8, End> {
    let wrong = |e: NoTable| End::Usage(format!("{}: {e}", list.file.display()));
    // First of all, so that a list of before never looks like the answer of now.
    let draft = list.output.map(|output| Draft::of(output, list.file));
    let draft = draft.transpose()?;
    let table = Table::of_people(open(list.file)?, list.column).map_err(wrong)?;
    if let Some(twice) = table.header().iter().find(|h| ADDED.contains(h)) {
        let file = list.file.display();
        return Err(End::Usage(format!(
            "{file} has a column {twice} already\n  → check the list that it was made from, or remove the column"
        )));
    }
    let house = House::open(named, false)?;
    let done = match &draft {
        None => copied(&house, table, list, io::stdout().lock()),
        Some(draft) => copied(&house, table, list, &draft.file),
    };
    house.close();
    let tally = done.map_err(cut_short)?;
    draft.map(Draft::name).transpose()?;
    tell(&tally, json, list.output.is_none())?;
    Ok(if tally.free == tally.rows {
        DONE
    } else {
        WRONG
    })
}

/// Elsewhere a reader that stops early makes no error; here 0 would say that everybody may be written to.
fn cut_short(end: End) -> End {
    match end {
        End::Io(e) if e.kind() == io::ErrorKind::BrokenPipe => {
            io::Error::other("whoever reads the list stopped before its end").into()
        }
        other => other,
    }
}

fn open(file: &Path) -> Result<Box<dyn Read>, End> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    match File::open(file) {
        Ok(opened) => Ok(Box::new(opened)),
        Err(e) => Err(End::Usage(format!(
            "{} cannot be read: {e}",
            file.display()
        ))),
    }
}

/// A file that has not its name yet, and is gone if it never gets it.
struct Draft {
    file: File,
    path: PathBuf,
    /// Its name, once it is whole.
    output: PathBuf,
    named: bool,
}

impl Draft {
    fn of(output: &Path, input: &Path) -> Result<Self, End> {
        let unusable = |why: &dyn std::fmt::Display| {
            End::Usage(format!("{} cannot be written: {why}", output.display()))
        };
        let Some(name) = output.file_name() else {
            return Err(unusable(&"it names no file"));
        };
        if let Ok(found) = std::fs::symlink_metadata(output) {
            let same = |path: &Path| std::fs::canonicalize(path).ok();
            if same(output) == same(input) {
                return Err(unusable(&"it is the list itself"));
            }
            if !found.is_file() {
                return Err(unusable(&"something that is no file lies there"));
            }
            std::fs::remove_file(output).map_err(|e| unusable(&e))?;
        }
        let mut draft = std::ffi::OsString::from(".");
        draft.push(name);
        draft.push(format!(".{}.unfinished", std::process::id()));
        let path = output.with_file_name(draft);
        let file = File::create_new(&path).map_err(|e| unusable(&e))?;
        Ok(Self {
            file,
            path,
            output: output.to_owned(),
            named: false,
        })
    }

    fn name(mut self) -> Result<(), End> {
        self.file.sync_all()?;
        std::fs::rename(&self.path, &self.output)?;
        self.named = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.named {
            // Nothing else can be done about it, and its name says what it is.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Every row with its verdict.
fn copied(
    house: &House,
    mut table: Table<Box<dyn Read>>,
    list: &List<'_>,
    to: impl Write,
) -> Result<Tally, End> {
    let wrong = |e: NoTable| End::Usage(format!("{}: {e}", list.file.display()));
    let mut rows = csv::WriterBuilder::new()
        .delimiter(table.delimiter())
        .from_writer(BufWriter::new(to));
    let header = table.header().iter().chain(ADDED);
    rows.write_record(header).map_err(io::Error::from)?;
    let mut tally = Tally::default();
    let mut batch = vec![csv::StringRecord::new(); BATCH];
    loop {
        let mut full = 0;
        while full < BATCH && table.next(&mut batch[full]).map_err(wrong)? {
            full += 1;
        }
        if full == 0 {
            break;
        }
        let mut lines = String::new();
        for row in &batch[..full] {
            lines.push_str(&table.person(row));
            lines.push('\n');
        }
        let found = verdicts(house, lines, full)?;
        for (row, (verdict, since)) in batch[..full].iter_mut().zip(found) {
            tally.count(verdict);
            row.push_field(verdict.word());
            row.push_field(&since);
            rows.write_record(&*row).map_err(io::Error::from)?;
        }
    }
    rows.flush()?;
    Ok(tally)
}

/// A verdict for each, and since when; anything else is an error.
fn verdicts(house: &House, lines: String, asked: usize) -> Result<Vec<(Verdict, String)>, End> {
    let answer = house.ask(Ask::List("/suppression/check/list".into(), lines.into()))?;
    let Found { verdicts, since } =
        serde_json::from_value(answer.data).map_err(io::Error::other)?;
    let mut since = since.into_iter();
    let read = |letter| {
        let verdict = Verdict::of_letter(letter)?;
        let since = match verdict {
            Verdict::Free | Verdict::Unreadable => String::new(),
            _ => Timestamp::from_millis(since.next()?).to_string(),
        };
        Some((verdict, since))
    };
    let read: Option<Vec<_>> = verdicts.chars().map(read).collect();
    let whole = read.filter(|all| all.len() == asked);
    whole.ok_or_else(|| io::Error::other("the answer does not fit the question").into())
}

impl Tally {
    fn count(&mut self, verdict: Verdict) {
        self.rows += 1;
        *match verdict {
            Verdict::Free => &mut self.free,
            Verdict::Paused => &mut self.paused,
            Verdict::Suppressed => &mut self.suppressed,
            Verdict::Unreadable => &mut self.unreadable,
        } += 1;
    }
}

/// How many; on standard error where the list itself goes to standard output.
fn tell(tally: &Tally, json: bool, aside: bool) -> Result<(), End> {
    let Tally {
        rows,
        free,
        paused,
        suppressed,
        unreadable,
    } = tally;
    let words = format!(
        "{rows} rows: {free} may be written to, {paused} paused, {suppressed} suppressed, {unreadable} unreadable (not to be written to)"
    );
    let data = json!({
        "rows": rows, "free": free, "paused": paused, "suppressed": suppressed, "unreadable": unreadable,
    });
    let line = if json { data.to_string() } else { words };
    match aside {
        true => anstream::eprintln!("{line}"),
        false => writeln!(io::stdout(), "{line}")?,
    }
    Ok(())
}
