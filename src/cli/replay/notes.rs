//! The folder of a replay: the notes while it is read, one line each, and the report once it is told. Its owner's alone.
//!
//! A note counts once its line is whole; a line that was cut is read again. When the report is made the notes are deleted: they name
//! people of whom it has nothing to say.

use super::super::edge::End;
use crate::mail::OurLines;
use crate::record::{Address, UidSet};
use crate::replay::{Findings, Note};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// What is replayed: notes of another job are not gone on with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The version of the notes.
    pub replay: u32,
    /// The configuration.
    pub config: Option<PathBuf>,
    /// Mailboxes or files.
    pub sources: Vec<String>,
    /// Folders that were named.
    pub folders: Vec<String>,
    /// Since when.
    pub since: Option<Date>,
}

/// What the notes so far say.
#[derive(Default)]
pub struct Known {
    folders: HashMap<(String, String, u32), u32>,
    done: HashMap<u32, UidSet>,
    sent: HashSet<String>,
    read: HashSet<String>,
    lines: HashSet<u32>,
    own: Vec<Address>,
}

impl Known {
    /// Whether a mail of ours has this Message-ID.
    pub fn has_sent(&self, id: &str) -> bool {
        self.sent.contains(id)
    }

    /// Whether a message with this Message-ID was read.
    pub fn has_read(&self, id: &str) -> bool {
        self.read.contains(id)
    }

    /// Whether mail that we sent came from this address.
    pub fn owns(&self, address: &Address) -> bool {
        self.own.iter().any(|own| own.same_person(address))
    }

    /// An address of ours, learned from a file of sent mail.
    pub fn own(&mut self, address: Address) {
        if !self.owns(&address) {
            self.own.push(address);
        }
    }

    fn learn(&mut self, note: &Note) {
        let mut done = |folder: u32, uid| self.done.entry(folder).or_default().insert(uid);
        match note {
            Note::Folder {
                number,
                mailbox,
                name,
                uidvalidity,
            } => {
                let key = (mailbox.clone(), name.clone(), *uidvalidity);
                self.folders.insert(key, *number);
            }
            Note::Sent(mail) => {
                done(mail.folder, mail.uid);
                self.sent.extend(mail.id.clone());
                self.lines.extend(&mail.lines);
            }
            Note::Mail(mail) => {
                done(mail.folder, mail.uid);
                self.read.extend(mail.id.clone());
            }
            Note::Passed { folder, uids, .. } => {
                self.done.entry(*folder).or_default().extend(uids);
            }
        }
    }
}

impl OurLines for Known {
    fn is_ours(&self, line_hash: u32) -> bool {
        self.lines.contains(&line_hash)
    }
}

/// The notes of one replay.
pub struct Notes {
    folder: PathBuf,
    file: File,
    taken: u64,
    /// What they say.
    pub known: Known,
}

impl Notes {
    /// Goes on with the notes of the same job, or begins.
    pub fn open(folder: &Path, job: &Job, fresh: bool) -> Result<Self, End> {
        let unusable =
            |e: io::Error| End::Usage(format!("{} cannot be used: {e}", folder.display()));
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(folder).map_err(unusable)?;
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600);
        let file = options.open(folder.join(NOTES)).map_err(unusable)?;
        if file.try_lock().is_err() {
            return Err(End::Usage(format!(
                "another replay is at work in {}\n  → wait for it, or name another folder with --state",
                folder.display()
            )));
        }
        let mut notes = Self {
            folder: folder.to_owned(),
            file,
            taken: 0,
            known: Known::default(),
        };
        match fresh {
            true => notes.begin(job)?,
            false => notes.go_on(job)?,
        }
        Ok(notes)
    }

    fn begin(&mut self, job: &Job) -> Result<(), End> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.line(job)?;
        Ok(())
    }

    fn go_on(&mut self, job: &Job) -> Result<(), End> {
        let mut lines = Lines::of(&self.file)?;
        match lines.next::<Job>()? {
            None => return self.begin(job),
            Some(before) if before == *job => {}
            Some(before) => {
                return Err(End::Usage(format!(
                    "an unfinished replay of {} lies in {}\n  → finish it with the same words as before, or give it up with --fresh; --state DIR keeps both",
                    before.sources.join(", "),
                    self.folder.display()
                )));
            }
        }
        while let Some(note) = lines.next::<Note>()? {
            self.known.learn(&note);
            self.taken += u64::from(!matches!(note, Note::Folder { .. }));
        }
        let whole = lines.whole;
        self.file.set_len(whole)?;
        self.file.seek(io::SeekFrom::Start(whole))?;
        if self.taken > 0 {
            anstream::eprintln!("going on: {} notes are there already", self.taken);
        }
        Ok(())
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value).map_err(io::Error::from)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    /// How many notes there are.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// The number of a folder, and what of it is done with.
    pub fn folder(
        &mut self,
        mailbox: &str,
        name: &str,
        uidvalidity: u32,
    ) -> io::Result<(u32, UidSet)> {
        let key = (mailbox.to_owned(), name.to_owned(), uidvalidity);
        if let Some(number) = self.known.folders.get(&key) {
            let done = self.known.done.get(number);
            return Ok((*number, done.cloned().unwrap_or_default()));
        }
        let number = u32::try_from(self.known.folders.len()).unwrap_or(u32::MAX);
        let (mailbox, name, _) = key;
        let note = Note::Folder {
            number,
            mailbox,
            name,
            uidvalidity,
        };
        self.line(&note)?;
        self.known.learn(&note);
        Ok((number, UidSet::new()))
    }

    /// Writes notes down. A message that was noted a moment ago under the same Message-ID is not noted twice.
    pub fn take(&mut self, notes: Vec<Note>) -> io::Result<()> {
        for mut note in notes {
            if let Note::Mail(mail) = &note
                && mail.id.as_deref().is_some_and(|id| self.known.has_read(id))
            {
                note = Note::Passed {
                    folder: mail.folder,
                    uids: UidSet::from_iter([mail.uid]),
                    why: crate::replay::Passed::Again,
                };
            }
            self.line(&note)?;
            self.known.learn(&note);
            self.taken += 1;
        }
        Ok(())
    }

    /// All of them.
    pub fn all(&self) -> Result<Vec<Note>, End> {
        let mut lines = Lines::of(&self.file)?;
        lines.next::<Job>()?;
        let mut all = Vec::new();
        while let Some(note) = lines.next::<Note>()? {
            all.push(note);
        }
        Ok(all)
    }

    /// Keeps the report, and deletes the notes.
    pub fn finish(self, found: &Findings) -> Result<(), End> {
        let draft = self.folder.join("report.unfinished");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&draft)?;
        serde_json::to_writer(&mut file, found).map_err(io::Error::from)?;
        file.sync_all()?;
        std::fs::rename(&draft, self.folder.join(REPORT))?;
        std::fs::remove_file(self.folder.join(NOTES))?;
        Ok(())
    }
}

const NOTES: &str = "notes";
const REPORT: &str = "report.json";

/// The whole lines of the notes, one after the other.
struct Lines {
    reader: BufReader<File>,
    whole: u64,
}

impl Lines {
    fn of(file: &File) -> io::Result<Self> {
        let mut file = file.try_clone()?;
        file.rewind()?;
        Ok(Self {
            reader: BufReader::new(file),
            whole: 0,
        })
    }

    /// The next; `None` at the end, and at a line that was cut or is none of ours.
    fn next<T: serde::de::DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let mut line = Vec::new();
        let length = self.reader.read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Ok(None);
        }
        let read = serde_json::from_slice(&line).ok();
        if read.is_some() {
            self.whole += length as u64;
        }
        Ok(read)
    }
}

/// Where notes and report are.
pub fn folder(named: Option<&Path>) -> Result<PathBuf, End> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let variable = |name| {
        std::env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    let state = variable("XDG_STATE_HOME").filter(|p| p.is_absolute());
    let state = state.or_else(|| variable("HOME").map(|home| home.join(".local/state")));
    state.map(|s| s.join("quitus/replay")).ok_or_else(|| {
        End::Usage("there is no place for the notes: neither $XDG_STATE_HOME nor $HOME\n  → name a folder with --state".into())
    })
}

/// The report of the last replay.
pub fn last(folder: &Path) -> Result<Findings, End> {
    let file = folder.join(REPORT);
    let none = |why: String| {
        End::Usage(format!(
            "there is no report in {}: {why}\n  → `quitus replay` makes one",
            folder.display()
        ))
    };
    let bytes = std::fs::read(file).map_err(|e| none(e.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|e| none(e.to_string()))
}

/// Deletes both; only what a replay makes.
pub fn forget(folder: &Path) -> Result<(), End> {
    for name in [NOTES, REPORT, "report.unfinished"] {
        match std::fs::remove_file(folder.join(name)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e.into()),
            _ => {}
        }
    }
    // Another file may lie there; then the folder stays.
    let _ = std::fs::remove_dir(folder);
    Ok(())
}
