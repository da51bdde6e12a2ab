//! A CSV file to which a line is added for each address: for tools that only import lists.
//!
//! The file may be taken away at any time; the next notice begins a new one with its header. A line counts once it is on
//! the disk, in the file that stands at the path then: what was taken away before may have been read before.

use super::told::{Told, Trouble, TroubleKind};
use crate::record::{NoticeAct, Whom};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
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

/// For its owner and its group alone: whoever imports it may be another user.
const MODE: u32 = 0o640;
/// So often the lines are written again because the file was taken away meanwhile.
const TRIES: usize = 5;

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

/// The file; a new one gets its mode whatever the daemon's umask is.
fn open(path: &Path) -> io::Result<File> {
    let mut how = OpenOptions::new();
    how.read(true).append(true).mode(MODE);
    match how.clone().create_new(true).open(path) {
        Ok(file) => {
            file.set_permissions(Permissions::from_mode(MODE))?;
            Ok(file)
        }
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => how.create(true).open(path),
        Err(e) => Err(e),
    }
}

fn append(path: &Path, lines: &[[String; 7]]) -> io::Result<()> {
    append_to(open(path)?, path, lines)
}

/// Adds the lines to the file that was opened, and to the one after it if that was taken away meanwhile: twice does no harm.
fn append_to(mut file: File, path: &Path, lines: &[[String; 7]]) -> io::Result<()> {
    for _ in 0..TRIES {
        add(&mut file, path, lines)?;
        if is_at(&file, path)? {
            return Ok(());
        }
        file = open(path)?;
    }
    Err(io::Error::other("it is taken away again and again"))
}

/// Whether this is the file at the path.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let own = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (own.dev(), own.ino())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

fn add(file: &mut File, path: &Path, lines: &[[String; 7]]) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_went_into_a_file_that_was_taken_away_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let (path, taken) = (folder.path().join("stop.csv"), folder.path().join("taken"));
        let line = ["now", "suppress", "jane@example.org", "", "", "", ""].map(str::to_owned);
        let line = std::slice::from_ref(&line);
        append(&path, line).unwrap();
        let file = open(&path).unwrap();
        std::fs::rename(&path, &taken).unwrap();
        append_to(file, &path, line).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let header = HEADER.join(",");
        assert_eq!(lines, [&*header, "now,suppress,jane@example.org,,,,"]);
        assert_eq!(std::fs::read_to_string(&taken).unwrap().lines().count(), 3);
    }
}
