//! `quitus store`: verify and rebuild the folder that holds log, keys and index, while no daemon uses it; and a human's word
//! that damage or a second installation was looked at, so that sending goes on.

use super::ask::{self, Ask};
use super::edge::{self, DONE, End, WRONG};
use super::output::{self, BAD, CARE, GOOD, painted};
use crate::config::StoreSettings;
use crate::record::Timestamp;
use crate::store::{self, OpenError, OpenReport, VerifyReport};
use std::io::Write;
use std::path::Path;

/// `quitus store …`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Read everything and compare; changes nothing
    Verify {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Make the index again from the newest checkpoint and the log
    Rebuild {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Somebody has looked at the damage, or has stopped the other installation: sending goes on. With or without a daemon
    Acknowledge {
        /// What was found and done, as an auditor should read it
        #[arg(long)]
        reason: String,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Runs it. 1 if something is wrong with the store, or another process uses it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    match &arguments.command {
        Command::Verify { json } => {
            let settings = folder(named)?;
            let found = store::verify(&settings.path);
            found.map_or_else(|e| Ok(not_opened(e, &settings)), |r| verified(&r, *json))
        }
        Command::Rebuild { json } => {
            let settings = folder(named)?;
            rebuild(&settings).map_or_else(|e| Ok(not_opened(e, &settings)), |r| rebuilt(&r, *json))
        }
        Command::Acknowledge { reason, json } => {
            let order = serde_json::json!({"by": ask::by(), "reason": reason});
            let ask = Ask::Post("/store/acknowledge".into(), order);
            ask::once(named, *json, false, ask)
        }
    }
}

/// Where the store lies; it must be there.
fn folder(named: Option<&Path>) -> Result<StoreSettings, End> {
    let settings = edge::config(named)?.store;
    if edge::has_store(&settings.path)? {
        return Ok(settings);
    }
    let path = settings.path.display();
    Err(End::Usage(format!("there is no store in {path}")))
}

fn not_opened(why: OpenError, settings: &StoreSettings) -> u8 {
    anstream::eprintln!("quitus: {}", why.of(&settings.path));
    WRONG
}

fn rebuild(settings: &StoreSettings) -> Result<OpenReport, OpenError> {
    let now = Timestamp::from(jiff::Timestamp::now());
    store::rebuild(&settings.path, &settings.options(now))
}

fn verified(report: &VerifyReport, json: bool) -> Result<u8, End> {
    let code = if report.is_clean() { DONE } else { WRONG };
    let wrong = wrong_in(report);
    if json {
        let mut out = output::programs();
        let shown = serde_json::json!({
            "clean": report.is_clean(), "frames": report.frames, "last": report.last,
            "index_frame": report.index_frame, "good_checkpoints": report.good_checkpoints, "wrong": wrong,
        });
        output::json_line(&mut out, &shown)?;
        out.flush()?;
        return Ok(code);
    }
    let mut out = output::people();
    writeln!(
        out,
        "{} frames, the last is {}; the index is at {}; {} good checkpoints",
        report.frames, report.last, report.index_frame, report.good_checkpoints
    )?;
    for what in &wrong {
        writeln!(out, "{} {what}", painted(BAD, "wrong:"))?;
    }
    if wrong.is_empty() {
        writeln!(out, "{}", painted(GOOD, "all good"))?;
    } else if report.index_error.is_some() || report.index_differs > 0 {
        writeln!(
            out,
            "  → quitus store rebuild makes the index again from the log"
        )?;
    }
    out.flush()?;
    Ok(code)
}

/// Each thing that is wrong, in a sentence.
pub fn wrong_in(report: &VerifyReport) -> Vec<String> {
    let mut wrong: Vec<String> = report.damage.iter().map(ToString::to_string).collect();
    let mut count = |n: u64, what: &str| {
        if n > 0 {
            wrong.push(format!("{n} {what}"));
        }
    };
    count(
        report.keys.mended,
        "keys are in one of the two key files only; opening the store mends them",
    );
    count(
        report.keys.lost.len() as u64,
        "keys are unreadable in both key files: what they sealed is lost",
    );
    count(
        report.not_erased,
        "keys that the log says are erased still open",
    );
    count(
        report.index_differs,
        "rows of the index are not what the log gives",
    );
    let bad = report.bad_checkpoints.iter();
    wrong.extend(bad.map(|p| format!("the checkpoint {} is damaged", p.display())));
    wrong.extend(report.bad_lists.iter().cloned());
    wrong.extend(report.index_error.iter().map(|e| format!("the index: {e}")));
    wrong
}

fn rebuilt(report: &OpenReport, json: bool) -> Result<u8, End> {
    let damage: Vec<String> = report.damage.iter().map(ToString::to_string).collect();
    let code = if report.sending_must_wait() {
        WRONG
    } else {
        DONE
    };
    if json {
        let mut out = output::programs();
        let shown = serde_json::json!({
            "frame": report.frame, "replayed": report.replayed, "damage": damage,
            "suppressions_restored": report.suppressions_restored, "sending_must_wait": report.sending_must_wait(),
        });
        output::json_line(&mut out, &shown)?;
        out.flush()?;
        return Ok(code);
    }
    let mut out = output::people();
    writeln!(
        out,
        "the index is made again up to frame {} ({} frames replayed)",
        report.frame, report.replayed
    )?;
    for what in &damage {
        writeln!(out, "{} {what}", painted(CARE, "damage:"))?;
    }
    if report.sending_must_wait() {
        writeln!(
            out,
            "{} nothing is sent until `quitus store acknowledge --reason …`",
            painted(BAD, "something may be lost:")
        )?;
    } else {
        writeln!(out, "{}", painted(GOOD, "all good"))?;
    }
    out.flush()?;
    Ok(code)
}
