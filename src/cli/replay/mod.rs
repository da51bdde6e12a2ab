//! `quitus replay`: what a mailbox has missed so far. Nothing is sent, nothing is changed, no store is needed.
//!
//! Reading leaves notes in a folder of its own, so that it can be interrupted; the notes are told as a report (`replay`), which is kept for
//! `--last` and `--apply` and is gone with `--forget`. Only `--apply` touches the store, through the same door as `suppression add`.

mod apply;
mod desk;
mod files;
mod mailboxes;
mod notes;
mod progress;
mod show;

use super::edge::{self, DONE, End, WRONG};
use super::output;
use crate::record::Language;
use crate::replay::{self, Findings, Report, Tongue};
use desk::Desk;
use jiff::civil::Date;
use notes::{Job, Notes};
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// `quitus replay [FILE…]`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Messages (.eml), mbox files, Maildirs or folders of them, instead of the configured mailboxes
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Files that hold sent mail; in a Maildir its folder of sent mail is found by its name
    #[arg(long, value_name = "FILE", requires = "files")]
    sent: Vec<PathBuf>,
    /// Only what arrived since this day, as 2026-01-31
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,
    /// Only this configured mailbox (may be repeated)
    #[arg(long, value_name = "NAME", conflicts_with = "files")]
    mailbox: Vec<String>,
    /// Only this folder, by name or special use such as \Archive (may be repeated) [default: those that are watched, the archive, the bin]
    #[arg(long, value_name = "NAME", conflicts_with = "files")]
    folder: Vec<String>,
    /// Messages a second at most, so that a provider is not upset; 0 = as fast as it goes
    #[arg(long, value_name = "NUMBER", default_value_t = 40)]
    pace: u32,
    /// Write the report as a page that can be printed
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write what was found as a table
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// One JSON object instead of the report
    #[arg(long)]
    json: bool,
    /// The report's language: fr or en [default: the configuration's]
    #[arg(long, value_name = "LANG")]
    language: Option<Language>,
    /// Show addresses masked everywhere, also in files
    #[arg(long, conflicts_with = "full")]
    masked: bool,
    /// Show addresses in full also where the output is no terminal
    #[arg(long)]
    full: bool,
    /// Every row on the terminal, not only the first
    #[arg(long)]
    all: bool,
    /// The folder of notes and report [default: $XDG_STATE_HOME/quitus/replay, ~/.local/state/quitus/replay]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Begin anew, also if an unfinished replay could go on
    #[arg(long)]
    fresh: bool,
    /// Show the last report again, without reading anything
    #[arg(long, conflicts_with_all = ["files", "fresh", "apply", "forget"])]
    last: bool,
    /// Suppress everybody of the last report who asked to be left alone
    #[arg(long, conflicts_with_all = ["files", "fresh", "forget"])]
    apply: bool,
    /// With --apply: do it without asking
    #[arg(long, requires = "apply")]
    yes: bool,
    /// Delete notes and report
    #[arg(long, conflicts_with = "files")]
    forget: bool,
}

/// Runs it. 1 if something was missed, or not all could be read.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let folder = notes::folder(arguments.state.as_deref())?;
    if arguments.forget {
        notes::forget(&folder)?;
        anstream::eprintln!("nothing of a replay is left in {}", folder.display());
        return Ok(DONE);
    }
    if arguments.apply {
        let order = apply::Order {
            yes: arguments.yes,
            json: arguments.json,
            masked: is_masked(arguments),
        };
        return apply::run(&order, &notes::last(&folder)?, named);
    }
    let desk = Desk::of(named, !arguments.files.is_empty())?;
    let found = match arguments.last {
        true => notes::last(&folder)?,
        false => match read(arguments, &desk, &folder)? {
            Some(found) => found,
            None => return Ok(WRONG),
        },
    };
    tell(arguments, &desk, &found)?;
    Ok(if found.is_grave() { WRONG } else { DONE })
}

/// Reads everything and tells it; `None` if it was interrupted.
fn read(arguments: &Arguments, desk: &Desk, folder: &Path) -> Result<Option<Findings>, End> {
    let sources = match arguments.files.is_empty() {
        true => mailboxes::names(desk, &arguments.mailbox)?,
        false => arguments
            .files
            .iter()
            .chain(&arguments.sent)
            .map(|f| std::path::absolute(f).unwrap_or_else(|_| f.clone()))
            .map(|f| f.to_string_lossy().into_owned())
            .collect(),
    };
    let job = Job {
        replay: 1,
        config: desk.config.as_ref().map(|c| c.file.clone()),
        sources: sources.clone(),
        folders: arguments.folder.clone(),
        since: arguments.since,
    };
    let mut notes = Notes::open(folder, &job, arguments.fresh)?;
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.spawn(heed(stop.clone()));
    let trouble = match arguments.files.is_empty() {
        true => {
            let reading = mailboxes::Reading {
                desk,
                stop: &stop,
                folders: &arguments.folder,
                since: arguments.since,
                pace: arguments.pace,
            };
            runtime.block_on(reading.run(&sources, &mut notes))?
        }
        false => files::run(desk, &stop, arguments, &mut notes)?,
    };
    runtime.shutdown_background();
    if stop.load(Ordering::Relaxed) {
        let many = notes.taken();
        anstream::eprintln!(
            "interrupted: {many} messages are noted in {}\n  → the same command goes on from here; --fresh begins anew, --forget deletes them",
            folder.display()
        );
        return Ok(None);
    }
    let shown = sources.iter().map(|s| source_name(s)).collect();
    let mut found = desk.tell(&notes.all()?)?;
    (found.sources, found.trouble) = (shown, trouble);
    notes.finish(&found)?;
    Ok(Some(found))
}

/// A mailbox by its name, a file by the last part of its path.
fn source_name(source: &str) -> String {
    let name = Path::new(source).file_name();
    name.map_or(source.to_owned(), |n| n.to_string_lossy().into_owned())
}

/// Ctrl-C and SIGTERM: end after what is under way; a second one ends at once, which loses nothing that was noted.
async fn heed(stop: Arc<AtomicBool>) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut ended) = signal(SignalKind::terminate()) else {
        return;
    };
    for _ in 0..2 {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = ended.recv() => {}
        }
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(WRONG));
        }
    }
}

fn is_masked(arguments: &Arguments) -> bool {
    arguments.masked || !(arguments.full || std::io::stdout().is_terminal())
}

/// Prints the report and writes the files.
fn tell(arguments: &Arguments, desk: &Desk, found: &Findings) -> Result<(), End> {
    let tongue = match arguments.language {
        Some(language) => Tongue::of(language),
        None => desk.tongue(),
    };
    let calendar = &desk.policy.calendar;
    // A file was asked for by its name, so it names people unless told otherwise.
    let of_files = if arguments.masked {
        &found.masked()
    } else {
        found
    };
    if let Some(file) = &arguments.html {
        let report = Report::of(of_files, tongue, calendar);
        write(file, replay::html::page(&report, tongue).as_bytes())?;
    }
    if let Some(file) = &arguments.csv {
        let table = replay::csv::table(of_files, calendar);
        let table = table.map_err(|e| End::Io(std::io::Error::other(e)))?;
        write(file, &table)?;
    }
    let shown = if is_masked(arguments) {
        &found.masked()
    } else {
        found
    };
    if arguments.json {
        let mut out = output::programs();
        output::json_line(&mut out, shown)?;
        out.flush()?;
        return Ok(());
    }
    let mut out = output::people();
    let report = Report::of(shown, tongue, calendar);
    show::report(&mut out, &report, tongue, arguments.all)?;
    show::next(&mut out, found, tongue, is_masked(arguments))?;
    out.flush()?;
    Ok(())
}

/// A file that names people: its owner's alone.
fn write(file: &Path, bytes: &[u8]) -> Result<(), End> {
    let unusable =
        |e: std::io::Error| End::Usage(format!("{} cannot be written: {e}", file.display()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut out = options.open(file).map_err(unusable)?;
    out.write_all(bytes).map_err(unusable)?;
    anstream::eprintln!("written: {}", file.display());
    Ok(())
}

/// The configuration, if there is one.
fn config(named: Option<&Path>) -> Result<Option<crate::config::Config>, End> {
    match edge::find_config(named) {
        Some(_) => Ok(Some(edge::config(named)?)),
        None => Ok(None),
    }
}
