//! `quitus requests`: what people asked and a human must decide.

use super::ask::{self, Ask};
use super::edge::End;
use serde_json::json;
use std::path::Path;

/// `quitus requests …`
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
    /// Open cases, the one that is due first at the head
    List,
    /// One case: who asked, in which words, and the letter as it would leave
    Show {
        /// The reference, as `list` shows it
        #[arg(value_name = "REF")]
        case: String,
    },
    /// The letter leaves
    Approve {
        /// The reference
        #[arg(value_name = "REF")]
        case: String,
    },
    /// No letter leaves; the case is closed with the reason
    Refuse {
        /// The reference
        #[arg(value_name = "REF")]
        case: String,
        /// Why, as an auditor should read it
        #[arg(long)]
        reason: String,
    },
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let path = |case: &str, what: &str| format!("/requests/{}{what}", ask::quoted(case.trim()));
    let ask = match &arguments.command {
        Command::List => Ask::Get("/requests".into()),
        Command::Show { case } => Ask::Get(path(case, "")),
        Command::Approve { case } => Ask::Post(path(case, "/approve"), json!({"by": ask::by()})),
        Command::Refuse { case, reason } => {
            let word = json!({"by": ask::by(), "reason": reason});
            Ask::Post(path(case, "/refuse"), word)
        }
    };
    ask::once(named, arguments.json, false, ask)
}
