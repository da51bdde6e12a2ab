//! `quitus contacts`: the register that source and access letters are written from.

use super::ask::{self, Ask};
use super::edge::End;
use serde_json::json;
use std::path::{Path, PathBuf};

/// `quitus contacts …`
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
    /// Read a list in, as spreadsheets and CRMs export it; the same list again changes nothing. 1 if a row is bad
    Import {
        /// The CSV file, - for standard input
        file: PathBuf,
        /// Only say what would be stored
        #[arg(long)]
        dry_run: bool,
    },
    /// Why was this person written to? Register, sources, suppression, cases, last mail. 1 if nobody is known
    Show {
        /// Their address
        address: String,
    },
    /// For which share of the people a source letter could leave today, and what is missing for the others
    Coverage,
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let (begins, ask) = match &arguments.command {
        Command::Import { file, dry_run } => {
            let ask = Ask::import("/contacts/import", file, *dry_run)?;
            (true, ask)
        }
        Command::Show { address } => {
            let whom = json!({"address": address});
            (false, Ask::Post("/contacts/show".into(), whom))
        }
        Command::Coverage => (false, Ask::Get("/contacts/coverage".into())),
    };
    ask::once(named, arguments.json, begins, ask)
}
