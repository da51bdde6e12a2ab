//! `quitus learning`: what reviewers corrected and is kept, what a corrected message would have needed.

use super::ask::{self, Ask};
use super::edge::End;
use serde_json::json;
use std::path::Path;

/// `quitus learning list|correct|suggest`
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
    /// The replies that are kept, and the file that `quitus eval` reads
    List,
    /// Say what a message really meant; its words are kept only with [learning] keep = true
    Correct {
        /// The reference of its case
        case: String,
        /// What it asks or says, the operative one first: stop, source, access, erasure, not_interested, question, ooo, none, …
        #[arg(required = true, value_name = "INTENT")]
        intents: Vec<String>,
        /// Which message of the case, as `requests show --json` names it [default: the last one]
        #[arg(long, default_value = "")]
        message: String,
        /// A human must see such a message
        #[arg(long)]
        needs_human: bool,
        /// A letter has left that was wrong
        #[arg(long)]
        wrong: bool,
    },
    /// Which phrase of which lexicon would have caught it, and what else that would change; changes nothing
    Suggest {
        /// The reference of its case
        case: String,
        /// Which message of the case [default: the last one]
        #[arg(long, default_value = "")]
        message: String,
    },
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let ask = match &arguments.command {
        Command::List => Ask::Get("/learning".into()),
        Command::Correct {
            case,
            intents,
            message,
            needs_human,
            wrong,
        } => {
            let word = json!({
                "by": ask::by(), "intents": intents, "message": message, "needs_human": needs_human, "wrong": wrong,
            });
            Ask::Post(format!("/requests/{}/correct", ask::quoted(case)), word)
        }
        Command::Suggest { case, message } => {
            let (case, message) = (ask::quoted(case), ask::quoted(message));
            Ask::Get(format!("/requests/{case}/suggest?message={message}"))
        }
    };
    ask::once(named, arguments.json, false, ask)
}
