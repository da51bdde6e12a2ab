//! `quitus log`: what happened, in words; `quitus log verify` reads the whole log without any key.

use super::ask::{self, Ask, House};
use super::edge::{self, DONE, End, WRONG};
use super::output::{self, BAD, FAINT, GOOD, STRONG, painted};
use super::screen::{Screen, folded, plain};
use crate::api::{Answer, LogEntry, LogForm};
use crate::proof;
use crate::record::hex;
use std::io::Write;
use std::path::{Path, PathBuf};

/// `quitus log …`
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Go on with what happens
    #[arg(long)]
    follow: bool,
    /// The first frame [default: the last ones]
    #[arg(long, value_name = "N")]
    from: Option<u64>,
    /// The frames behind this one, as the last line of the page before says it
    #[arg(long, value_name = "N", conflicts_with = "from")]
    after: Option<u64>,
    /// How many frames [default: 100; an export: all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// All of it as a table (csv), or one JSON object a line (json), in words and without names
    #[arg(long, value_name = "FORM", conflicts_with_all = ["follow", "json"])]
    export: Option<Form>,
    /// JSON
    #[arg(long)]
    json: bool,
}

/// The form of an export.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Form {
    Csv,
    Json,
}

/// Frames shown unless somebody says how many.
const SHOWN: usize = 100;

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Check that every frame follows from the one before it; a daemon may be running
    Verify {
        /// The store's folder [default: that of the configuration]
        #[arg(value_name = "FOLDER")]
        folder: Option<PathBuf>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Frames asked for at a time by an export.
const AT_ONCE: usize = 1_000;

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    match (&arguments.command, arguments.export) {
        (Some(command), _) => verify(command, named),
        (None, Some(form)) => export(arguments, form, named),
        (None, None) => show(arguments, named),
    }
}

impl Arguments {
    /// The first frame, if one was named.
    fn first(&self) -> Option<u64> {
        self.from.or(self.after.map(|n| n.saturating_add(1)))
    }
}

/// What happened; with `--follow` until somebody ends it. The daemon answers as soon as something is written.
fn show(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let house = House::open(named, false)?;
    if arguments.follow && !house.is_daemon() {
        house.close();
        let why = "no daemon runs, so nothing will happen\n  → leave --follow out";
        return Err(End::Usage(why.to_owned()));
    }
    let limit = arguments.limit.unwrap_or(SHOWN).max(1);
    let screen = Screen::of_stdout().filter(|_| !arguments.json);
    let (follow, mut from, mut day) = (arguments.follow, arguments.first(), String::new());
    loop {
        let first = from.map(|n| format!("&from={n}")).unwrap_or_default();
        let answer = house.ask(Ask::Get(format!(
            "/log?limit={limit}&follow={follow}{first}"
        )))?;
        let shown = answer.data["events"].as_array().map_or(0, Vec::len);
        if shown > 0 || !follow {
            match screen {
                Some(screen) => laid_out(&answer, screen, &mut day)?,
                None => drop(ask::print(&answer, arguments.json)?),
            }
        }
        if !follow {
            house.close();
            return Ok(DONE);
        }
        from = answer.data["next"].as_u64().or(from);
    }
}

/// On a terminal: the day once, then what happened, its continuation under it.
fn laid_out(answer: &Answer, screen: Screen, day: &mut String) -> Result<(), End> {
    let mut out = output::people();
    for entry in entries(answer)? {
        let (date, time) = entry.at.split_once('T').unwrap_or(("", &entry.at));
        if date != day.as_str() {
            date.clone_into(day);
            writeln!(out, "{}", painted(STRONG, &format!("{date} (UTC)")))?;
        }
        let time = time.get(..8).unwrap_or(time);
        let head = format!("{time} {:>6}  {:<16} ", entry.frame, entry.event);
        let indent = if screen.width < 72 { 9 } else { head.len() };
        let line = format!("{head}{}", plain(&entry.said()));
        for (n, line) in folded(&line, screen.width, indent).iter().enumerate() {
            match line
                .get(..head.len())
                .filter(|start| n == 0 && **start == head)
            {
                Some(_) => {
                    let (when, event) = head.split_at(time.len() + 9);
                    let rest = &line[head.len()..];
                    writeln!(
                        out,
                        "{}{}{rest}",
                        painted(FAINT, when),
                        painted(STRONG, event)
                    )?;
                }
                None => writeln!(out, "{line}")?,
            }
        }
    }
    if let Some(more) = answer
        .text
        .lines()
        .last()
        .filter(|l| l.starts_with("more: "))
    {
        writeln!(out, "{more}")?;
    }
    Ok(out.flush()?)
}

fn entries(answer: &Answer) -> Result<Vec<LogEntry>, End> {
    let read = serde_json::from_value(answer.data["events"].clone());
    read.map_err(|e| End::Io(std::io::Error::other(e.to_string())))
}

/// The whole log, or so many frames of it, a thousand at a time; as far as it went when this began.
fn export(arguments: &Arguments, form: Form, named: Option<&Path>) -> Result<u8, End> {
    let form = match form {
        Form::Csv => LogForm::Csv,
        Form::Json => LogForm::Json,
    };
    let house = House::open(named, false)?;
    let written = written(arguments, form, &house);
    house.close();
    written.map(|()| DONE)
}

fn written(arguments: &Arguments, form: LogForm, house: &House) -> Result<(), End> {
    let mut out = output::programs();
    out.write_all(form.head().as_bytes())?;
    let mut from = arguments.first().unwrap_or(1).max(1);
    let limit = arguments.limit.map_or(u64::MAX, |n| n.max(1) as u64);
    let mut end = from.saturating_add(limit);
    loop {
        let many = (end - from).min(AT_ONCE as u64);
        let answer = house.ask(Ask::Get(format!("/log?limit={many}&from={from}")))?;
        let last = answer.data["last"].as_u64().unwrap_or_default();
        end = end.min(last.saturating_add(1));
        for entry in entries(&answer)? {
            out.write_all(form.line(&entry).as_bytes())?;
        }
        from = answer.data["next"].as_u64().unwrap_or(end);
        if from >= end || answer.data["more"] != true {
            return Ok(out.flush()?);
        }
    }
}

/// 1 if a place of the log is not as it was written.
fn verify(command: &Command, named: Option<&Path>) -> Result<u8, End> {
    let Command::Verify { folder, json } = command;
    let folder = match folder {
        Some(folder) => folder.clone(),
        None => edge::config(named)?.store.path,
    };
    if !edge::has_store(&folder)? {
        return Err(End::Usage(format!(
            "there is no log in {}",
            folder.display()
        )));
    }
    let report = proof::verify_log(&folder)?;
    if *json {
        let mut out = output::programs();
        let bad = report
            .bad
            .as_ref()
            .map(|b| serde_json::json!({"segment": b.segment, "offset": b.offset, "what": b.what}));
        let shown = serde_json::json!({
            "frames": report.frames, "first": report.first, "last": report.last.number,
            "hash": hex(&report.last.hash), "bad": bad,
        });
        output::json_line(&mut out, &shown)?;
        out.flush()?;
    } else {
        let mut out = output::people();
        let word = match report.bad {
            None => painted(GOOD, "intact"),
            Some(_) => painted(BAD, "damaged"),
        };
        writeln!(out, "{word}: {report}")?;
        out.flush()?;
    }
    Ok(if report.bad.is_none() { DONE } else { WRONG })
}
