//! `quitus learning`: what reviewers corrected and is kept, what a corrected message would have needed; of a case, or of a
//! message that belongs to none.

use super::ask::{self, Ask};
use super::edge::End;
use serde_json::json;
use std::path::Path;

/// `quitus learning list|show|correct|suggest`
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
    /// One message, whether or not it belongs to a case: what it said, which rule decided, what it really meant
    Show {
        /// Its digits, as `log` and `contacts show` name it
        message: String,
    },
    /// Say what a message really meant; its words are kept only with [learning] keep = true
    Correct {
        /// The reference of its case, or the digits of the message itself, as `log` names it
        #[arg(value_name = "REF")]
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
        /// The reference of its case, or the digits of the message itself, as `log` names it
        #[arg(value_name = "REF")]
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
        Command::Show { message } => Ask::Get(format!("/messages/{}", ask::quoted(message.trim()))),
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
            Ask::Post(format!("{}/correct", of(case)), word)
        }
        Command::Suggest { case, message } => {
            let (of, message) = (of(case), ask::quoted(message));
            Ask::Get(format!("{of}/suggest?message={message}"))
        }
    };
    ask::once(named, arguments.json, false, ask)
}

/// Where a case, or a message, is asked about: a reference is no hexadecimal number.
fn of(named: &str) -> String {
    let named = named.trim();
    let digits = named.bytes().all(|b| b.is_ascii_hexdigit()) && !named.is_empty();
    let room = if digits { "messages" } else { "requests" };
    format!("/{room}/{}", ask::quoted(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_name_a_message_and_a_reference_its_case() {
        assert_eq!(of("0a1b2c3d4e5f"), "/messages/0a1b2c3d4e5f");
        assert_eq!(of(" Q-7F3K-92MD "), "/requests/Q-7F3K-92MD");
    }
}
