//! `quitus suppression`: who must not be written to. Exit code 1 of `check`: they must not.

use super::ask::{self, Ask, House};
use super::checking::{self, List};
use super::edge::{DONE, End};
use super::output;
use super::paging::Paging;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};

/// `quitus suppression …`
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
    /// May they be written to? 1 if somebody may not; of a list, every row with its verdict
    Check {
        /// An address, @domain, telephone, profile page or crm:ID, - for one in each line of standard input, or a list with a header
        #[arg(value_name = "ADDRESS|FILE", allow_hyphen_values = false)]
        whom: String,
        /// The column of the list that holds the addresses, and counts alone [default: all that say who somebody is]
        #[arg(long, value_name = "NAME")]
        column: Option<String>,
        /// Where the list goes with its verdicts [default: standard output]; it is there only once it is whole
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// No more prospecting to them
    Add {
        /// An address or @domain
        address: String,
        /// Only until a human has looked
        #[arg(long)]
        pause: bool,
        /// Why, as an auditor should read it; kept sealed
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// They may be written to again
    Lift {
        /// An address or @domain
        address: String,
        /// Why, as an auditor should read it
        #[arg(long)]
        reason: String,
    },
    /// Floods of STOPs, perhaps forged; of one: what a lift would do, then the lift itself by the hash of what was shown
    Flood(Flood),
    /// All that hold, by fingerprint
    List(Paging),
    /// Read a list in: an address, the SHA-256 sum of a lower-case address, or @domain in each line, or in one column of a table
    Import {
        /// The file, - for standard input; of any length
        file: PathBuf,
        /// The column that holds the addresses [default: the one whose header says so]
        #[arg(long, value_name = "NAME")]
        column: Option<String>,
        /// Only tell what it would change
        #[arg(long)]
        dry_run: bool,
        /// Why, as an auditor should read it; kept sealed
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// All that hold as CSV: keyed fingerprints, no addresses
    Export(Paging),
}

#[derive(clap::Args, Debug)]
struct Flood {
    /// A day, or a campaign, as the list shows it
    #[arg(value_name = "REF")]
    flood: Option<String>,
    /// Lift what nothing proved and no human confirmed; without --hash, only shows it
    #[arg(long, requires = "flood")]
    lift: bool,
    /// Lift nothing: it is genuine, and raises no alarm again
    #[arg(long, requires_all = ["flood", "reason"], conflicts_with_all = ["lift", "hash"])]
    leave: bool,
    /// The hash of what was shown
    #[arg(long, requires_all = ["lift", "reason"])]
    hash: Option<String>,
    /// Why, as an auditor should read it; kept sealed
    #[arg(long)]
    reason: Option<String>,
}

impl Flood {
    fn question(&self) -> Ask {
        let Some(flood) = &self.flood else {
            return Ask::Get("/suppression/floods".into());
        };
        let path = format!("/suppression/floods/{}", ask::quoted(flood.trim()));
        if !self.leave && self.hash.is_none() {
            return Ask::Get(path);
        }
        let order = json!({
            "leave": self.leave, "hash": self.hash.as_deref().unwrap_or_default(),
            "reason": self.reason, "by": ask::by(),
        });
        Ask::Post(path + "/settle", order)
    }
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let json = arguments.json;
    let (begins, ask) = match &arguments.command {
        Command::Check {
            whom,
            column,
            output,
        } => {
            let list = List {
                file: Path::new(whom),
                column: column.as_deref(),
                output: output.as_deref(),
            };
            if list.column.is_some() || list.output.is_some() || is_list(list.file) {
                return checking::run(&list, named, json);
            }
            match whom.as_str() {
                "-" => return many(named, json),
                address => (false, check(address)),
            }
        }
        Command::Add {
            address,
            pause,
            reason,
        } => {
            let order =
                json!({"address": address, "pause": pause, "reason": reason, "by": ask::by()});
            (true, Ask::Post("/suppression/add".into(), order))
        }
        Command::Lift { address, reason } => {
            let order = json!({"address": address, "reason": reason, "by": ask::by()});
            (false, Ask::Post("/suppression/lift".into(), order))
        }
        Command::Flood(flood) => (false, flood.question()),
        Command::List(page) => (false, Ask::Get(page.of("/suppression"))),
        Command::Export(page) if page.is_whole() && !json => return exported(named),
        Command::Export(page) => (false, Ask::Get(page.of("/suppression/export"))),
        Command::Import {
            file,
            column,
            dry_run,
            reason,
        } => {
            let column = column.as_deref().unwrap_or_default();
            (!dry_run, taken_in(file, column, reason, *dry_run)?)
        }
    };
    ask::once(named, json, begins, ask)
}

/// A list that is handed over as it is read.
fn taken_in(file: &Path, column: &str, reason: &str, dry_run: bool) -> Result<Ask, End> {
    let name = ask::quoted(&file.file_name().unwrap_or_default().to_string_lossy());
    let (by, reason) = (ask::quoted(&ask::by()), ask::quoted(reason));
    let column = ask::quoted(column);
    let how = format!("file={name}&by={by}&reason={reason}&column={column}&dry_run={dry_run}");
    let list = ask::opened(file)?;
    Ok(Ask::Stream(format!("/suppression/import?{how}"), list))
}

/// Fingerprints of an export that are read at a time.
const AT_ONCE: usize = 10_000;

/// All of it, however much it is, a part at a time.
fn exported(named: Option<&Path>) -> Result<u8, End> {
    let house = House::open(named, false)?;
    let mut out = output::people();
    let (mut after, mut head) = (String::new(), 0);
    loop {
        let path = format!("/suppression/export?limit={AT_ONCE}{after}");
        let page = house.ask(Ask::Get(path))?;
        let lines = page.text.lines().filter(|line| !line.starts_with('#'));
        for line in lines.skip(head) {
            writeln!(out, "{line}")?;
        }
        match page.data["next"].as_str() {
            Some(next) => after = format!("&after={}", ask::quoted(next)),
            None => break,
        }
        head = 1;
    }
    out.flush()?;
    house.close();
    Ok(DONE)
}

/// A list that is not there is told as one, and not as an address that is wrong.
fn is_list(file: &Path) -> bool {
    let ending = file.extension().and_then(|e| e.to_str());
    let is_named_so = matches!(ending, Some("csv" | "tsv" | "txt"));
    file.is_file() || (is_named_so && !file.to_string_lossy().contains('@'))
}

fn check(address: &str) -> Ask {
    Ask::Post("/suppression/check".into(), json!({"address": address}))
}

/// One answer for each line, in their order.
fn many(named: Option<&Path>, json: bool) -> Result<u8, End> {
    let house = House::open(named, false)?;
    let mut code = DONE;
    for line in std::io::stdin().lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        code = code.max(ask::print(&house.ask(check(&line))?, json)?);
    }
    house.close();
    Ok(code)
}
