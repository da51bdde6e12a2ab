//! `quitus letters`: what became of letters, and what a human does about those that came to nothing.

use super::ask::{self, Ask};
use super::edge::End;
use serde_json::json;
use std::path::Path;

/// `quitus letters …`
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
    /// Letters that are not done with, or all in one state
    List {
        /// draft, queued, sending, sent, deferred, rejected, uncertain, bounced or cancelled
        #[arg(long)]
        state: Option<String>,
    },
    /// One letter: its bytes, what happened to it, what the servers said
    Show {
        /// The letter, as `list` shows it
        #[arg(value_name = "ID")]
        letter: String,
    },
    /// Say what became of an uncertain letter
    #[command(group(clap::ArgGroup::new("word").required(true).args(["sent", "not_sent"])))]
    Settle {
        /// The letter
        #[arg(value_name = "ID")]
        letter: String,
        /// It arrived: as if the server had said so
        #[arg(long)]
        sent: bool,
        /// It did not arrive: it may be sent again
        #[arg(long)]
        not_sent: bool,
        /// How you know, as an auditor should read it
        #[arg(long)]
        reason: String,
    },
    /// Send the same bytes once more; refused while the letter may have arrived
    Resend {
        /// The letter
        #[arg(value_name = "ID")]
        letter: String,
    },
    /// It will not be sent; its case waits for a human
    Cancel {
        /// The letter
        #[arg(value_name = "ID")]
        letter: String,
    },
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let path = |letter: &str, what: &str| format!("/letters/{}{what}", ask::quoted(letter.trim()));
    let order = || json!({"by": ask::by()});
    let ask = match &arguments.command {
        Command::List { state: None } => Ask::Get("/letters".into()),
        Command::List { state: Some(state) } => {
            Ask::Get(format!("/letters?state={}", ask::quoted(state)))
        }
        Command::Show { letter } => Ask::Get(path(letter, "")),
        Command::Settle {
            letter,
            sent,
            reason,
            ..
        } => {
            let word = json!({"by": ask::by(), "arrived": sent, "reason": reason});
            Ask::Post(path(letter, "/settle"), word)
        }
        Command::Resend { letter } => Ask::Post(path(letter, "/resend"), order()),
        Command::Cancel { letter } => Ask::Post(path(letter, "/cancel"), order()),
    };
    ask::once(named, arguments.json, false, ask)
}
