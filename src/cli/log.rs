//! `quitus log verify`: reads the processing log from its first frame to its last, without any key.

use super::edge::{self, DONE, End, WRONG};
use super::output::{self, BAD, GOOD, painted};
use crate::proof;
use crate::record::hex;
use std::io::Write;
use std::path::{Path, PathBuf};

/// `quitus log …`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
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

/// Runs it. 1 if a place of the log is not as it was written.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let Command::Verify { folder, json } = &arguments.command;
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
