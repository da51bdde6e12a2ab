//! `quitus token`: marks for mails that a sending tool sends, by which a reply or an unsubscription names its person.

use super::ask::{self, Ask};
use super::edge::End;
use serde_json::json;
use std::path::{Path, PathBuf};

/// `quitus token …`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// One JSON object
    #[arg(long, global = true)]
    json: bool,
}

/// What a token is for.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Kind {
    /// For Reply-To: whose reply it is
    Reply,
    /// For List-Unsubscribe: mail to it needs no words
    Unsubscribe,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Make a token for each address, as a CSV table: address, token, mail_to (the address that carries it), until, suppression
    Mint {
        /// What for
        #[arg(long)]
        kind: Kind,
        /// For how many days [default: 365 for reply, 1095 for unsubscribe]
        #[arg(long)]
        days: Option<u16>,
        /// The mailbox whose address carries it [default: the first; for unsubscribe, house.unsubscribe_address]
        #[arg(long, value_name = "NAME")]
        mailbox: Option<String>,
        /// A list with a column of addresses, - for standard input
        #[arg(long, value_name = "FILE", conflicts_with = "addresses")]
        csv: Option<PathBuf>,
        /// For whom
        #[arg(required_unless_present = "csv")]
        addresses: Vec<String>,
    },
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let Command::Mint {
        kind,
        days,
        mailbox,
        csv,
        addresses,
    } = &arguments.command;
    let kind = match kind {
        Kind::Reply => "reply",
        Kind::Unsubscribe => "unsubscribe",
    };
    let ask = match csv {
        None => Ask::Post(
            "/tokens/mint".into(),
            json!({"kind": kind, "days": days, "mailbox": mailbox, "addresses": addresses}),
        ),
        Some(file) => {
            let name = ask::quoted(&file.file_name().unwrap_or_default().to_string_lossy());
            let mut path = format!("/tokens/mint/list?kind={kind}&file={name}");
            if let Some(days) = days {
                path += &format!("&days={days}");
            }
            if let Some(mailbox) = mailbox {
                path += &format!("&mailbox={}", ask::quoted(mailbox));
            }
            Ask::List(path, ask::read(file)?)
        }
    };
    ask::once(named, arguments.json, true, ask)
}
