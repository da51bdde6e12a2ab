//! `quitus senders`: the tools that send and must obey. Exit code 1 of `list` and `waiting`: one has not; of `test`: it failed.

use super::ask::{self, Ask, House};
use super::edge::{DONE, End};
use serde_json::json;
use std::path::Path;

/// `quitus senders …`
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
    /// How each is; 1 if one has not obeyed for an hour, or needs a hand
    List,
    /// A harmless round trip with one, or with each; 1 if one fails
    Test {
        /// As the configuration names it
        name: Option<String>,
    },
    /// Take over what people opted out of in the tool itself, from one or from each that can be asked
    Pull {
        /// As the configuration names it
        name: Option<String>,
    },
    /// Tell it of everybody of the register who is suppressed: for a tool that is new
    Push {
        /// As the configuration names it
        name: String,
    },
    /// Whom it has not obeyed yet, and why; 1 if there is anybody
    Waiting {
        /// As the configuration names it
        name: String,
    },
    /// Somebody was changed in the tool by hand
    Done {
        /// As the configuration names it
        name: String,
        /// An address, @domain, or the digits that `waiting` shows where no address is known; * for everybody, of a tool that is no longer configured
        address: String,
    },
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let json = arguments.json;
    let path = |name: &str, what: &str| format!("/senders/{}/{what}", ask::quoted(name));
    let by = || json!({"by": ask::by()});
    let one = match &arguments.command {
        Command::List => Ask::Get("/senders".into()),
        Command::Test { name: Some(name) } => Ask::Post(path(name, "test"), json!({})),
        Command::Pull { name: Some(name) } => Ask::Post(path(name, "pull"), by()),
        Command::Push { name } => Ask::Post(path(name, "push"), by()),
        Command::Waiting { name } => Ask::Get(path(name, "waiting")),
        Command::Done { name, address } => {
            let order = json!({"address": address, "by": ask::by()});
            Ask::Post(path(name, "done"), order)
        }
        Command::Test { name: None } => return each(named, json, "test", is_configured),
        Command::Pull { name: None } => return each(named, json, "pull", can_pull),
    };
    ask::once(named, json, false, one)
}

fn is_configured(sender: &serde_json::Value) -> bool {
    sender["sender"]["configured"] == true
}

fn can_pull(sender: &serde_json::Value) -> bool {
    sender["can_pull"] == true
}

/// The same with every sender; the strictest exit code.
fn each(
    named: Option<&Path>,
    json: bool,
    what: &str,
    which: fn(&serde_json::Value) -> bool,
) -> Result<u8, End> {
    let house = House::open(named, false)?;
    let list = house.ask(Ask::Get("/senders".into()))?;
    let all = list.data["senders"].as_array().cloned().unwrap_or_default();
    let mut code = DONE;
    for sender in all.iter().filter(|s| which(s)) {
        let name = sender["sender"]["name"].as_str().unwrap_or_default();
        let path = format!("/senders/{}/{what}", ask::quoted(name));
        let answer = house.ask(Ask::Post(path, json!({"by": ask::by()})));
        match answer.and_then(|a| ask::print(&a, json)) {
            Ok(printed) => code = code.max(printed),
            // One that cannot be asked hides no other.
            Err(End::Io(why)) => {
                anstream::eprintln!("{why}");
                code = code.max(super::edge::WRONG);
            }
            Err(end) => return Err(end),
        }
    }
    house.close();
    Ok(code)
}
