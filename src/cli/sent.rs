//! `quitus sent`: what was sent, for firms whose sending tool keeps no Sent folder.

use super::ask::{self, Ask};
use super::edge::End;
use std::path::{Path, PathBuf};

/// `quitus sent …`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// One JSON object
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Read in what a sending tool says it has sent: columns message_id, to, date; may have in_reply_to and text. The same
    /// export again changes nothing. 1 if a row is bad, or a mail went to somebody after their STOP
    Import {
        /// The CSV file, - for standard input
        file: PathBuf,
        /// Only say what would be stored
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let Command::Import { file, dry_run } = &arguments.command;
    let ask = Ask::import("/sent/import", file, *dry_run)?;
    ask::once(named, arguments.json, true, ask)
}
