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
        /// Only say what each column is taken for, and what would be stored
        #[arg(long)]
        dry_run: bool,
    },
    /// Why was this person written to? Register, sources, suppression, cases, last mail. 1 if nobody is known
    Show {
        /// Their address; or a telephone, a profile page, crm:ID
        address: String,
    },
    /// These two addresses are one person's: the first person stays, and what holds for either holds for them
    Merge {
        /// An address of the person who stays
        first: String,
        /// An address of the person who becomes the first
        second: String,
        /// Why, as an auditor should read it; kept sealed
        #[arg(long)]
        reason: String,
    },
    /// This address is somebody else's: it becomes a person of its own, suppressed as it was
    Split {
        /// The address
        address: String,
        /// Why, as an auditor should read it; kept sealed
        #[arg(long)]
        reason: String,
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
        Command::Merge {
            first,
            second,
            reason,
        } => {
            let order =
                json!({"first": first, "second": second, "reason": reason, "by": ask::by()});
            (false, Ask::Post("/contacts/merge".into(), order))
        }
        Command::Split { address, reason } => {
            let order = json!({"address": address, "reason": reason, "by": ask::by()});
            (false, Ask::Post("/contacts/split".into(), order))
        }
        Command::Coverage => (false, Ask::Get("/contacts/coverage".into())),
    };
    ask::once(named, arguments.json, begins, ask)
}
