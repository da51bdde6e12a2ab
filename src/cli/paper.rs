//! `quitus requests scan|print|posted`: what came on paper and what leaves on it, from and to files.
//!
//! A file that is there already is never written over, and whatever is written here can be read by its owner only.

use super::ask::{self, Ask, House};
use super::edge::{DONE, End};
use super::output;
use crate::api::SMALLER;
use crate::service::LARGEST_SCAN;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The commands.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Give a scan back that was handed in with `new`
    Scan(Scan),
    /// Write the letter of a case that is answered on paper (`new --postal`), to be printed and posted
    Print(Print),
    /// The letter that was printed last is in the post: what it answers is answered
    Posted(Posted),
}

impl Command {
    /// Runs it.
    pub fn run(&self, named: Option<&Path>, json: bool) -> Result<u8, End> {
        match self {
            Self::Scan(scan) => scan.run(named, json),
            Self::Print(print) => print.run(named, json),
            Self::Posted(posted) => ask::once(named, json, false, posted.question()),
        }
    }
}

/// Gives a scan back.
#[derive(clap::Args, Debug)]
pub struct Scan {
    /// The reference
    #[arg(value_name = "REF")]
    case: String,
    /// Which one, as `show` counts
    #[arg(long, default_value_t = 1)]
    number: usize,
    /// Where to; the file must not be there yet, `-` is standard output
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

/// Writes a letter as it is printed.
#[derive(clap::Args, Debug)]
pub struct Print {
    /// The reference
    #[arg(value_name = "REF")]
    case: String,
    /// Which letter, as `show` counts, if several wait
    #[arg(long, value_name = "N")]
    letter: Option<u8>,
    /// Where to: a page for a browser (A4); the file must not be there yet, `-` is standard output
    #[arg(long, value_name = "FILE.html")]
    output: PathBuf,
}

/// Says that it was posted.
#[derive(clap::Args, Debug)]
pub struct Posted {
    /// The reference
    #[arg(value_name = "REF")]
    case: String,
    /// The day on which it was posted, as in 2026-11-20
    #[arg(long, value_name = "DATE")]
    on: String,
    /// Which letter, as `show` counts, if several wait
    #[arg(long, value_name = "N")]
    letter: Option<u8>,
}

impl Posted {
    /// What it asks of the house.
    fn question(&self) -> Ask {
        let path = format!("/requests/{}/posted", ask::quoted(self.case.trim()));
        Ask::Post(
            path,
            json!({"by": ask::by(), "on": self.on, "letter": self.letter}),
        )
    }
}

impl Scan {
    fn run(&self, named: Option<&Path>, json: bool) -> Result<u8, End> {
        let case = ask::quoted(self.case.trim());
        let ask = Ask::Get(format!("/requests/{case}/scans/{}", self.number));
        written(named, json, &self.output, ask, |data| {
            let content = data["content"].as_str().unwrap_or_default();
            let bytes = STANDARD.decode(content).map_err(io::Error::other)?;
            Ok(bytes)
        })
    }
}

impl Print {
    fn run(&self, named: Option<&Path>, json: bool) -> Result<u8, End> {
        let case = ask::quoted(self.case.trim());
        let word = json!({"by": ask::by(), "letter": self.letter});
        let ask = Ask::Post(format!("/requests/{case}/print"), word);
        written(named, json, &self.output, ask, |data| {
            Ok(data["html"].as_str().unwrap_or_default().into())
        })
    }
}

/// Asks, and writes what came into the file; nothing is asked if it cannot be written, nothing is left if it is refused.
fn written(
    named: Option<&Path>,
    json: bool,
    output: &Path,
    ask: Ask,
    content: impl FnOnce(&Value) -> Result<Vec<u8>, End>,
) -> Result<u8, End> {
    let house = House::open(named, false)?;
    let to_screen = output == Path::new("-");
    let mut file = match to_screen {
        true => None,
        false => Some(begun(output)?),
    };
    let answer = house.ask(ask);
    house.close();
    let done = answer.and_then(|answer| {
        let bytes = content(&answer.data)?;
        match &mut file {
            Some(file) => file.write_all(&bytes).and_then(|()| file.sync_all())?,
            None => io::stdout().write_all(&bytes)?,
        }
        Ok(answer)
    });
    let mut answer = done.inspect_err(|_| {
        // What was begun says nothing.
        if !to_screen {
            let _ = std::fs::remove_file(output);
        }
    })?;
    if to_screen {
        return Ok(DONE);
    }
    if let Some(data) = answer.data.as_object_mut() {
        data.retain(|key, _| key != "content" && key != "html");
        data.insert("output".into(), json!(output.display().to_string()));
    }
    if !json {
        let path = output::harmless(&output.display().to_string());
        answer.text = format!("{path}: {}", answer.text);
    }
    ask::print(&answer, json)
}

fn begun(output: &Path) -> Result<File, End> {
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(output);
    file.map_err(|e| {
        let name = output.display();
        End::Usage(match e.kind() {
            io::ErrorKind::AlreadyExists => {
                format!("{name} is there already\n  → name a file that is not")
            }
            _ => format!("{name} cannot be written: {e}"),
        })
    })
}

/// Files as they are handed over with a request.
pub fn handed(files: &[PathBuf]) -> Result<Vec<Value>, End> {
    let one = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        // A film of an hour is not read to be refused.
        if std::fs::metadata(file).is_ok_and(|m| m.len() > LARGEST_SCAN as u64) {
            let (path, most) = (file.display(), LARGEST_SCAN >> 20);
            return Err(End::Usage(format!(
                "{path} is larger than {most} MiB\n  → {SMALLER}"
            )));
        }
        let bytes = ask::read(file)?;
        Ok(json!({"name": name, "content": STANDARD.encode(bytes)}))
    };
    files.iter().map(one).collect()
}
