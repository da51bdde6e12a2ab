//! `quitus requests`: what people asked and a human must decide.

use super::ask::{self, Ask};
use super::edge::End;
use super::paging::Paging;
use super::paper;
use crate::record::{Channel, Language, RequestKind};
use serde_json::json;
use std::path::{Path, PathBuf};

/// `quitus requests …`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    command: Every,
    /// One JSON object
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand, Debug)]
enum Every {
    #[command(flatten)]
    Case(Command),
    #[command(flatten)]
    Paper(paper::Command),
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Open cases, the one that is due first at the head; or those that are held, or closed
    List(List),
    /// What is known by an address, a reference, a domain, a telephone, a profile's page, crm:ID; typed whole
    Find {
        /// What
        #[arg(value_name = "WHAT")]
        what: String,
    },
    /// One case: who asked, in which words, what is proposed, and each letter as it would leave, with its hash
    Show {
        /// The reference, as `list` shows it
        #[arg(value_name = "REF")]
        case: String,
    },
    /// A letter leaves: the one that was shown with this hash; without it, only shows what would leave
    Approve {
        /// The reference
        #[arg(value_name = "REF")]
        case: String,
        /// The hash beside the letter in `show`
        #[arg(long)]
        hash: Option<String>,
    },
    /// You answered by hand: the case is closed; if erasure was asked, the person is erased now
    Answered {
        /// The reference
        #[arg(value_name = "REF")]
        case: String,
        /// How, as an auditor should read it
        #[arg(long)]
        reason: String,
    },
    /// It is done in another system (see [[system]]), or at a recipient ([[recipient]]); the letter says so in these words
    Done(Done),
    /// The erasure, rectification or restriction is carried out: tell whoever received the data (see [[recipient]])
    Tell(Tell),
    /// No letter leaves; the case is closed with the reason. You tell the person why, within the month (Art. 12(4))
    Refuse {
        /// The reference
        #[arg(value_name = "REF")]
        case: String,
        /// Why, and how the person was told of it, as an auditor should read it
        #[arg(long)]
        reason: String,
    },
    /// Enter a request that came by telephone, letter, LinkedIn: it takes effect at once, its letter is a draft
    New(New),
    /// Two months more (Art. 12(3)), once, within the first, from when the letter that says so has left; it is a draft
    Extend {
        /// The reference
        #[arg(value_name = "REF")]
        case: String,
        /// Why it takes longer; the person reads it
        #[arg(long)]
        reason: String,
        /// You told the person another way: no letter is made, and the two months count at once
        #[arg(long)]
        told: bool,
    },
    /// Prove who asks: a draft with a code to the address on file, or a human's word
    Identify {
        /// The reference
        #[arg(value_name = "REF")]
        case: String,
        /// You have seen to it yourself: no code is needed
        #[arg(long, requires = "reason")]
        proved: bool,
        /// How you know, as an auditor should read it
        #[arg(long)]
        reason: Option<String>,
    },
    /// Carry out what is proposed in a case: suppress the people named, the firm; open the case that was forwarded
    Accept {
        /// The reference
        #[arg(value_name = "REF")]
        case: String,
        /// The number of the proposal, as `show` counts
        #[arg(value_name = "N")]
        number: u16,
        /// Who it is, where the proposal cannot tell
        #[arg(long, value_name = "ADDRESS")]
        is: Option<String>,
        /// The day on which a forwarded request arrived at the colleague's
        #[arg(long, value_name = "DATE")]
        received: Option<String>,
    },
    /// Do not carry it out
    Dismiss {
        /// The reference
        #[arg(value_name = "REF")]
        case: String,
        /// The number of the proposal
        #[arg(value_name = "N")]
        number: u16,
        /// Why, as an auditor should read it
        #[arg(long)]
        reason: String,
    },
}

#[derive(clap::Args, Debug)]
struct List {
    /// open, draft, held, awaiting_identity, by_hand, proposed; answered, refused, closed (the last one first), all
    #[arg(long, value_name = "STATE", default_value = "open")]
    state: String,
    /// Of one kind: stop, source, access …
    #[arg(long)]
    kind: Option<RequestKind>,
    /// Written in one language: fr, en …
    #[arg(long)]
    language: Option<Language>,
    /// That came into one mailbox
    #[arg(long, value_name = "NAME")]
    mailbox: Option<String>,
    /// Of one salesperson
    #[arg(long, value_name = "ADDRESS")]
    owner: Option<String>,
    /// overdue, or due within so many days
    #[arg(long, value_name = "DAYS")]
    due: Option<String>,
    #[command(flatten)]
    page: Paging,
}

impl List {
    fn question(&self) -> Ask {
        let mut path = format!("/requests?state={}", ask::quoted(&self.state));
        path += &self.kind.map_or_else(String::new, |k| format!("&kind={k}"));
        path += &(self.language).map_or_else(String::new, |l| format!("&language={l}"));
        let others = [
            ("mailbox", &self.mailbox),
            ("owner", &self.owner),
            ("due", &self.due),
        ];
        for (name, value) in others {
            let said = value.as_deref().map(ask::quoted);
            path += &said.map_or_else(String::new, |v| format!("&{name}={v}"));
        }
        Ask::Get(self.page.of(&path))
    }
}

#[derive(clap::Args, Debug)]
struct Done {
    /// The reference
    #[arg(value_name = "REF")]
    case: String,
    /// Where, as the configuration names it
    #[arg(long)]
    system: String,
    /// access, erasure, rectification, restriction [default: whatever is left to do there]
    #[arg(long = "kind")]
    request: Option<RequestKind>,
    /// What happened there, as the person reads it
    #[arg(long)]
    words: String,
}

impl Done {
    fn word(&self) -> serde_json::Value {
        json!({"system": self.system, "request": self.request, "words": self.words})
    }
}

#[derive(clap::Args, Debug)]
struct Tell {
    /// The reference
    #[arg(value_name = "REF")]
    case: String,
    /// erasure, rectification or restriction [default: whatever is open]
    #[arg(long = "kind")]
    request: Option<RequestKind>,
    /// Whom, as the configuration names it; told again, if it was told [default: everybody who is left]
    #[arg(long, value_name = "NAME")]
    recipient: Option<String>,
    /// What exactly is to be done, as the recipient reads it
    #[arg(long)]
    words: Option<String>,
}

impl Tell {
    fn word(&self) -> serde_json::Value {
        let words = self.words.as_deref().unwrap_or_default();
        json!({"request": self.request, "recipient": self.recipient, "words": words})
    }
}

#[derive(clap::Args, Debug)]
struct New {
    /// stop, source, access, erasure, rectification, restriction, portability, complaint; several with commas
    #[arg(long = "kind", value_delimiter = ',', required = true)]
    kinds: Vec<RequestKind>,
    /// Who asks; the letter goes to this address (personal data only if it is on file)
    #[arg(long)]
    address: Option<String>,
    /// Who asks, as `quitus log` names people
    #[arg(long, value_name = "DIGITS", conflicts_with = "address")]
    person: Option<String>,
    /// The day on which it arrived, as in 2026-11-20: the clock starts there
    #[arg(long, value_name = "DATE")]
    received: String,
    /// phone, letter, linkedin, email (to an address that is not watched), other
    #[arg(long, value_parser = channel)]
    channel: Channel,
    /// In which language it is answered [default: that of the register, or of the house]
    #[arg(long)]
    language: Option<Language>,
    /// What else an auditor should know; it is sealed
    #[arg(long)]
    note: Option<String>,
    /// A scan of what came on paper (PDF, PNG, JPEG, TIFF, WebP, HEIC), sealed with the case; may be said several times
    #[arg(long = "scan", value_name = "FILE")]
    scans: Vec<PathBuf>,
    /// Answer on paper: a line of the postal address, the name first; said once for each line
    #[arg(long, value_name = "LINE")]
    postal: Vec<String>,
}

impl New {
    fn question(&self) -> Result<Ask, End> {
        let word = json!({
            "scans": paper::handed(&self.scans)?, "postal": self.postal,
            "kinds": self.kinds, "address": self.address, "person": self.person, "received": self.received,
            "channel": self.channel, "language": self.language, "note": self.note, "by": ask::by(),
        });
        Ok(Ask::Post("/requests/new".into(), word))
    }
}

fn channel(word: &str) -> Result<Channel, String> {
    use Channel::{Email, Letter, Linkedin, Other, Phone};
    [Phone, Letter, Linkedin, Email, Other]
        .into_iter()
        .find(|c| c.word() == word)
        .ok_or_else(|| "it is none of phone, letter, linkedin, email, other".to_owned())
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    match &arguments.command {
        Every::Case(look @ (Command::List(_) | Command::Find { .. })) => {
            ask::shown(named, arguments.json, question(look)?)
        }
        Every::Case(Command::Show { case }) => ask::case(named, arguments.json, case),
        Every::Case(command) => ask::once(named, arguments.json, false, question(command)?),
        Every::Paper(command) => command.run(named, arguments.json),
    }
}

/// What a command asks of the house.
fn question(command: &Command) -> Result<Ask, End> {
    let path = |case: &str, what: &str| format!("/requests/{}{what}", ask::quoted(case.trim()));
    let order = |case: &str, what: &str, mut word: serde_json::Value| {
        word["by"] = json!(ask::by());
        Ask::Post(path(case, what), word)
    };
    Ok(match command {
        Command::List(list) => list.question(),
        Command::Find { what } => Ask::Post("/search".into(), json!({"what": what})),
        Command::Show { case } => Ask::Get(path(case, "")),
        Command::Approve { case, hash } => {
            let hash = hash.as_deref().unwrap_or_default();
            order(case, "/approve", json!({"hash": hash}))
        }
        Command::Answered { case, reason } => order(case, "/answered", json!({"reason": reason})),
        Command::Refuse { case, reason } => order(case, "/refuse", json!({"reason": reason})),
        Command::Done(done) => order(&done.case, "/done", done.word()),
        Command::Tell(tell) => order(&tell.case, "/tell", tell.word()),
        Command::New(new) => return new.question(),
        Command::Extend { case, reason, told } => {
            order(case, "/extend", json!({"reason": reason, "told": told}))
        }
        Command::Identify {
            case,
            proved,
            reason,
        } => {
            let reason = reason.as_deref().unwrap_or_default();
            let word = json!({"proved": proved, "reason": reason});
            order(case, "/identify", word)
        }
        Command::Accept {
            case,
            number,
            is,
            received,
        } => {
            let what = format!("/proposals/{number}/accept");
            order(case, &what, json!({"is": is, "received": received}))
        }
        Command::Dismiss {
            case,
            number,
            reason,
        } => {
            let what = format!("/proposals/{number}/dismiss");
            order(case, &what, json!({"reason": reason}))
        }
    })
}
