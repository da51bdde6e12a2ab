//! Follows a file that grows: put aside and begun anew, cut off and begun anew, or read on by the next process.
//!
//! A file is the same as long as its number and its beginning are. What was put aside is read to its end first: through the
//! handle that is still open, or, after a restart, under its usual name beside it (`mail.log.1`).

use crate::record::LogMark;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Octets of the beginning by which a file is known again.
const HEAD: usize = 256;
/// Octets read at once.
const PART: usize = 1 << 20;
/// Octets before the mark that are read again at the start.
const BEFORE: u64 = 8 << 20;

/// The file, and the place up to which it was read.
pub(super) struct Follower {
    path: PathBuf,
    mark: LogMark,
    open: Option<File>,
}

impl Follower {
    pub(super) fn new(path: PathBuf, mark: LogMark) -> Self {
        let mut follower = Self {
            path,
            mark,
            open: None,
        };
        let aside = PathBuf::from(format!("{}.1", follower.path.display()));
        let places = [follower.path.clone(), aside];
        let mut known = places.iter().filter_map(|p| File::open(p).ok());
        follower.open = known.find(|file| follower.is_the_same(file));
        follower
    }

    /// What stands right before the mark, from the beginning of a line.
    pub(super) fn before(&mut self) -> String {
        let (mark, begin) = (self.mark.offset, self.mark.offset.saturating_sub(BEFORE));
        let Some(file) = &mut self.open else {
            return String::new();
        };
        let mut bytes = Vec::new();
        let read = file.seek(SeekFrom::Start(begin));
        if read.is_err() || file.take(mark - begin).read_to_end(&mut bytes).is_err() {
            return String::new();
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The whole lines that follow, and the mark behind them; the mark moves by `read_to`.
    pub(super) fn next(&mut self) -> io::Result<(String, LogMark)> {
        if let Some(file) = self.open.take() {
            if self.is_the_same(&file) {
                let (text, mark) = self.part(&file)?;
                let goes_on = !text.is_empty() || self.is_still_there();
                self.open = Some(file);
                if goes_on {
                    return Ok((text, mark));
                }
            }
            // Put aside and read to its end, or cut off: another one begins.
            self.open = None;
        }
        let file = File::open(&self.path)?;
        if !self.is_the_same(&file) {
            self.mark = LogMark {
                inode: file.metadata()?.ino(),
                ..LogMark::default()
            };
        }
        let read = self.part(&file)?;
        self.open = Some(file);
        Ok(read)
    }

    pub(super) fn read_to(&mut self, mark: LogMark) {
        self.mark = mark;
    }

    /// Whether the file under the name is the one that is open.
    fn is_still_there(&self) -> bool {
        File::open(&self.path).is_ok_and(|file| self.is_the_same(&file))
    }

    /// Whether this is the file of the mark, and not shorter than it was.
    fn is_the_same(&self, file: &File) -> bool {
        let Ok(metadata) = file.metadata() else {
            return false;
        };
        metadata.ino() == self.mark.inode
            && metadata.len() >= self.mark.offset
            && head(file, self.mark.covers as usize).is_ok_and(|(sum, n)| {
                (sum, n) == (self.mark.head, self.mark.covers as usize) || self.mark.covers == 0
            })
    }

    /// Whole lines from the mark on.
    fn part(&self, mut file: &File) -> io::Result<(String, LogMark)> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(self.mark.offset))?;
        file.take(PART as u64).read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
        // A line without an end, as long as that, is none of a log: it is passed over.
        let passed = if whole == 0 && bytes.len() == PART {
            PART
        } else {
            whole
        };
        bytes.truncate(whole);
        let (sum, covers) = head(file, HEAD)?;
        // A beginning that still grows is taken as far as it was read.
        let read = usize::try_from(self.mark.offset + passed as u64).unwrap_or(usize::MAX);
        let (sum, covers) = match covers > read {
            true => head(file, read)?,
            false => (sum, covers),
        };
        let mark = LogMark {
            head: sum,
            covers: u32::try_from(covers).unwrap_or_default(),
            offset: self.mark.offset + passed as u64,
            ..self.mark
        };
        Ok((String::from_utf8_lossy(&bytes).into_owned(), mark))
    }
}

/// The sum of the first octets, and how many there are.
fn head(mut file: &File, most: usize) -> io::Result<([u8; 16], usize)> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(most as u64).read_to_end(&mut bytes)?;
    let sum: [u8; 32] = Sha256::digest(&bytes).into();
    let mut short = [0; 16];
    short.copy_from_slice(&sum[..16]);
    Ok((short, bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    fn add(path: &std::path::Path, text: &str) {
        let mut file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// All that is new, as one text; the mark moves with it.
    fn all(follower: &mut Follower) -> String {
        let mut text = String::new();
        for _ in 0..10 {
            let (part, mark) = follower.next().unwrap();
            follower.read_to(mark);
            text += &part;
        }
        text
    }

    #[test]
    fn each_line_is_read_once_through_rotation_truncation_and_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let (path, aside) = (
            folder.path().join("mail.log"),
            folder.path().join("mail.log.1"),
        );
        let mut one = Follower::new(path.clone(), LogMark::default());
        assert!(one.next().is_err(), "it is not there yet");
        add(&path, "a\nb\nhalf");
        assert_eq!(all(&mut one), "a\nb\n");
        add(&path, " a line\n");
        assert_eq!(all(&mut one), "half a line\n");
        // Put aside with a line that was not read yet, and begun anew.
        add(&path, "last\n");
        fs::rename(&path, &aside).unwrap();
        add(&path, "first\n");
        assert_eq!(all(&mut one), "last\nfirst\n");
        // The next process goes on where this one was, in the file that was put aside meanwhile.
        add(&path, "unread\n");
        let mark = one.mark;
        drop(one);
        fs::rename(&path, &aside).unwrap();
        add(&path, "new\n");
        let mut two = Follower::new(path.clone(), mark);
        assert_eq!(two.before(), "first\n");
        assert_eq!(all(&mut two), "unread\nnew\n");
        // Cut off and begun anew in the same file, shorter, then longer than before.
        fs::write(&path, "x\n").unwrap();
        assert_eq!(all(&mut two), "x\n");
        fs::write(&path, "another beginning\nand more\n").unwrap();
        assert_eq!(all(&mut two), "another beginning\nand more\n");
        let mut three = Follower::new(path, two.mark);
        assert_eq!(all(&mut three), "");
    }
}
