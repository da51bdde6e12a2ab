//! A CSV file to which a line is added for each address: for tools that only import lists.
//!
//! The file may be taken away at any time; the next notice begins a new one with its header. A line counts once it is on
//! the disk.

use super::told::{Told, Trouble, TroubleKind};
use crate::record::{NoticeAct, Whom};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const HEADER: [&str; 7] = [
    "time",
    "act",
    "address",
    "domain",
    "phone",
    "profile_url",
    "crm_id",
];

/// A file that grows.
pub(super) struct Spool {
    file: Arc<PathBuf>,
    /// One line at a time.
    turn: Arc<Mutex<()>>,
}

impl Spool {
    pub(super) fn new(file: PathBuf) -> Self {
        Self {
            file: Arc::new(file),
            turn: Arc::default(),
        }
    }

    pub(super) async fn tell(&self, act: NoticeAct, whom: &Whom) -> Told {
        let lines = lines(act, whom);
        match self.apart(move |file| append(file, &lines)).await {
            Ok(()) => Told::Obeyed {
                words: "it stands in the file".to_owned(),
            },
            Err(trouble) => Told::Later(trouble),
        }
    }

    /// Opens the file as for a line, and adds none.
    pub(super) async fn test(&self) -> Result<String, Trouble> {
        self.apart(|file| open(file).map(drop)).await?;
        Ok("lines can be added to the file".to_owned())
    }

    async fn apart(
        &self,
        work: impl FnOnce(&Path) -> io::Result<()> + Send + 'static,
    ) -> Result<(), Trouble> {
        let (file, turn) = (Arc::clone(&self.file), Arc::clone(&self.turn));
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            work(&file).map_err(|e| format!("{} cannot be written: {e}", file.display()))
        });
        let failed = |words: String| Trouble::new(TroubleKind::Local, words);
        done.await
            .map_err(|_| failed("the file was not written".to_owned()))?
            .map_err(failed)
    }
}

/// For its owner and its group alone: whoever imports it may be another user.
fn open(file: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o640)
        .open(file)
}

fn append(path: &Path, lines: &[[String; 7]]) -> io::Result<()> {
    let mut file = open(path)?;
    let size = file.metadata()?.len();
    let mut text = Vec::new();
    if size > 0 {
        // After a crash the last line may be half a line; ours begins on its own.
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        text.extend((last != *b"\n").then_some(b'\n'));
    }
    let mut writer = csv::Writer::from_writer(text);
    if size == 0 {
        writer.write_record(HEADER).map_err(io::Error::other)?;
    }
    for line in lines {
        writer.write_record(line).map_err(io::Error::other)?;
    }
    let text = writer
        .into_inner()
        .map_err(|e| io::Error::other(e.to_string()))?;
    file.write_all(&text)?;
    file.sync_all()?;
    if size == 0 {
        let folder = path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// A line for each address; one for a person without any, and for a domain.
fn lines(act: NoticeAct, whom: &Whom) -> Vec<[String; 7]> {
    let time = jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let line = |address: &str| {
        [
            time.clone(),
            act.word().to_owned(),
            address.to_owned(),
            text(&whom.domain),
            text(&whom.phone),
            text(&whom.profile_url),
            text(&whom.crm_id),
        ]
    };
    if whom.addresses.is_empty() {
        return vec![line("")];
    }
    whom.addresses.iter().map(|a| line(a.as_str())).collect()
}
