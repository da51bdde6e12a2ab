//! How a command asks the house: through the daemon's socket, or, if none runs, with the store opened for as long as it takes.

use super::edge::{self, DONE, End, WRONG, has_store};
use super::output;
use super::screen::Screen;
use crate::api::{Answer, Client, NoAnswer};
use crate::config::{Config, Survey};
use serde_json::Value;
use std::io::{self, Write};
use std::path::Path;
use tokio::runtime::Runtime;

/// A question or an order.
pub enum Ask {
    /// A look.
    Get(String),
    /// An order with its particulars.
    Post(String, Value),
    /// A list that is handed over.
    List(String, Vec<u8>),
    /// A list of any length that is handed over as it is read.
    Stream(String, Box<dyn io::Read + Send>),
}

impl Ask {
    /// A file to be read in by this path of the API, under its own name.
    pub fn import(path: &str, file: &Path, dry_run: bool) -> Result<Self, End> {
        let name = quoted(&file.file_name().unwrap_or_default().to_string_lossy());
        let by = quoted(&by());
        let path = format!("{path}?file={name}&dry_run={dry_run}&by={by}");
        Ok(Self::List(path, read(file)?))
    }
}

/// Somebody who can be asked.
pub struct House {
    runtime: Runtime,
    client: Client,
}

impl House {
    /// The house of the configuration. A store is made only by what writes (`may_begin`).
    pub fn open(named: Option<&Path>, may_begin: bool) -> Result<Self, End> {
        let survey = Survey::of(&edge::config_file(named)?);
        let runtime = Runtime::new()?;
        let config = match survey.config {
            Ok(config) => config,
            // A daemon that runs goes on with what was good, and can be asked how it is.
            Err(faults) => match runtime.block_on(Client::daemon(&survey.control_socket)) {
                None => return Err(End::Faults(faults)),
                Some(client) => {
                    edge::tell_faults(&faults);
                    anstream::eprintln!("the daemon goes on with the configuration before");
                    return Ok(Self { runtime, client });
                }
            },
        };
        if !may_begin {
            must_exist(&config)?;
        }
        let client = runtime.block_on(Client::of(&config)).map_err(end)?;
        Ok(Self { runtime, client })
    }

    /// Whether a daemon answers.
    pub fn is_daemon(&self) -> bool {
        matches!(self.client, Client::Socket(_))
    }

    /// Asks.
    pub fn ask(&self, ask: Ask) -> Result<Answer, End> {
        let answer = async {
            match ask {
                Ask::Get(path) => self.client.get(&path).await,
                Ask::Post(path, body) => self.client.post(&path, &body).await,
                Ask::List(path, list) => self.client.hand_over(&path, list).await,
                Ask::Stream(path, list) => self.client.stream(&path, list).await,
            }
        };
        self.runtime.block_on(answer).map_err(end)
    }

    /// Closes the store, if it was opened here.
    pub fn close(self) {
        self.runtime.block_on(self.client.end());
    }
}

/// Asks one thing and prints the answer; 1 if something is wrong.
pub fn once(named: Option<&Path>, json: bool, may_begin: bool, ask: Ask) -> Result<u8, End> {
    let house = House::open(named, may_begin)?;
    let answer = house.ask(ask);
    house.close();
    print(&answer?, json)
}

/// The same of a case; whoever reads it has looked at it, and a program has not.
pub fn case(named: Option<&Path>, json: bool, case: &str) -> Result<u8, End> {
    let house = House::open(named, false)?;
    let path = format!("/requests/{}", quoted(case.trim()));
    let shown = house.ask(Ask::Get(path.clone())).inspect(|answer| {
        if answer.data["unseen"] == true && !json {
            let word = serde_json::json!({"by": by()});
            // A disk that is full hides no case.
            let _ = house.ask(Ask::Post(format!("{path}/seen"), word));
        }
    });
    house.close();
    print(&shown?, json)
}

/// The same for what people read on a terminal: lines are broken at words, and labels stand out.
pub fn shown(named: Option<&Path>, json: bool, ask: Ask) -> Result<u8, End> {
    let house = House::open(named, false)?;
    let answer = house.ask(ask);
    house.close();
    let answer = answer?;
    let Some(screen) = Screen::of_stdout().filter(|_| !json) else {
        return print(&answer, json);
    };
    let mut out = output::people();
    for line in answer.text.lines() {
        for line in screen.dressed(line) {
            writeln!(out, "{line}")?;
        }
    }
    out.flush()?;
    Ok(if answer.wrong { WRONG } else { DONE })
}

/// Prints an answer: one JSON object, or words in which a stranger's text moves no cursor.
pub fn print(answer: &Answer, json: bool) -> Result<u8, End> {
    if json {
        let mut out = output::programs();
        output::json_line(&mut out, &answer.data)?;
        out.flush()?;
    } else {
        let mut out = output::people();
        for line in answer.text.lines() {
            writeln!(out, "{}", output::harmless(line))?;
        }
        out.flush()?;
    }
    Ok(if answer.wrong { WRONG } else { DONE })
}

fn must_exist(config: &Config) -> Result<(), End> {
    if has_store(&config.store.path)? {
        return Ok(());
    }
    Err(End::Usage(format!(
        "there is no store in {}\n  → `quitus run` or `quitus contacts import` makes it",
        config.store.path.display()
    )))
}

fn end(no: NoAnswer) -> End {
    match no {
        NoAnswer::Faults(faults) => End::Faults(faults),
        NoAnswer::Io(e) => End::Io(e),
        NoAnswer::Refused(refusal) if refusal.is_usage() => {
            End::Usage(NoAnswer::Refused(refusal).to_string())
        }
        other => End::Io(io::Error::other(other.to_string())),
    }
}

/// Who gives an order: the name behind the process's own user id, which the environment cannot change.
pub fn by() -> String {
    let id = rustix::process::getuid().as_raw();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    };
    users
        .lines()
        .find_map(of)
        .unwrap_or_else(|| format!("user {id}"))
}

/// A value as it may stand in a path or a query.
pub fn quoted(text: &str) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._".contains(b);
    text.bytes()
        .map(|b| match plain(&b) {
            true => char::from(b).to_string(),
            false => format!("%{b:02X}"),
        })
        .collect()
}

/// A file that the operator named, `-` for standard input, to be read as it is needed.
pub fn opened(file: &Path) -> Result<Box<dyn io::Read + Send>, End> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    match std::fs::File::open(file) {
        Ok(opened) if opened.metadata().is_ok_and(|m| m.is_dir()) => {
            Err(unreadable(file, &io::ErrorKind::IsADirectory.into()))
        }
        Ok(opened) => Ok(Box::new(opened)),
        Err(e) => Err(unreadable(file, &e)),
    }
}

fn unreadable(file: &Path, why: &io::Error) -> End {
    End::Usage(format!("{} cannot be read: {why}", file.display()))
}

/// A file that the operator named, `-` for standard input.
pub fn read(file: &Path) -> Result<Vec<u8>, End> {
    let mut all = Vec::new();
    if file == Path::new("-") {
        io::Read::read_to_end(&mut io::stdin(), &mut all)?;
        return Ok(all);
    }
    std::fs::read(file).map_err(|e| unreadable(file, &e))
}
