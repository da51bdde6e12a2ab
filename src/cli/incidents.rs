//! `quitus incidents`: mails that went to people after their STOP. Exit code 1 of `list`: nobody has looked at one yet.

use super::ask::{self, Ask};
use super::edge::End;
use serde_json::json;
use std::path::Path;

/// `quitus incidents …`
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
    /// Every mail that went to somebody after their STOP; 1 while one is open
    List,
    /// Somebody has looked at it
    Seen {
        /// As `incidents list` shows it
        id: String,
        /// What was found, as an auditor should read it
        #[arg(long)]
        reason: String,
    },
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let ask = match &arguments.command {
        Command::List => Ask::Get("/incidents".into()),
        Command::Seen { id, reason } => {
            let order = json!({"by": ask::by(), "reason": reason});
            Ask::Post(format!("/incidents/{}/seen", ask::quoted(id)), order)
        }
    };
    ask::once(named, arguments.json, false, ask)
}
