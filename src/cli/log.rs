//! `quitus log`: what happened, in words; `quitus log verify` reads the whole log without any key.

use super::ask::{self, Ask, House};
use super::edge::{self, DONE, End, WRONG};
use super::output::{self, BAD, GOOD, painted};
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
    /// How many frames
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// JSON
    #[arg(long)]
    json: bool,
}

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

/// How long `--follow` waits before it looks again.
const LOOK: std::time::Duration = std::time::Duration::from_secs(1);

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    match &arguments.command {
        Some(command) => verify(command, named),
        None => show(arguments, named),
    }
}

/// What happened; with `--follow` until somebody ends it.
fn show(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let house = House::open(named, false)?;
    if arguments.follow && !house.is_daemon() {
        house.close();
        let why = "no daemon runs, so nothing will happen\n  → leave --follow out";
        return Err(End::Usage(why.to_owned()));
    }
    let (limit, follow) = (arguments.limit.max(1), arguments.follow);
    let mut from = arguments
        .from
        .or(arguments.after.map(|n| n.saturating_add(1)));
    loop {
        let first = from.map(|n| format!("&from={n}")).unwrap_or_default();
        let answer = house.ask(Ask::Get(format!(
            "/log?limit={limit}&follow={follow}{first}"
        )))?;
        if !arguments.follow {
            house.close();
            return ask::print(&answer, arguments.json);
        }
        let shown = answer.data["events"].as_array().map_or(0, Vec::len);
        if shown > 0 {
            ask::print(&answer, arguments.json)?;
        }
        from = answer.data["next"].as_u64().or(from);
        if shown == 0 {
            std::thread::sleep(LOOK);
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
    if !folder.join("log").is_dir() {
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
