//! Where messages lie: single files, mbox files, Maildirs, folders of them, standard input.
//!
//! Everything is found first, in a stable order; a message is read only when its turn comes. What cannot be read is a row
//! with an error, so that nothing is passed over in silence.

use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One message, or why it cannot be had.
#[derive(Debug)]
pub struct Input {
    /// As it is shown: the path, and for an mbox `path#3`; standard input is `-`.
    pub name: String,
    /// Where its bytes are.
    pub place: Place,
}

/// Where the bytes of a message are.
#[derive(Debug)]
pub enum Place {
    /// A file of its own.
    File(PathBuf),
    /// A part of an mbox file, which may be larger than the memory.
    Part(Arc<Path>, Range<u64>),
    /// A part of an mbox that is here.
    Mbox(Arc<Vec<u8>>, Range<u64>),
    /// Here.
    Bytes(Vec<u8>),
    /// Nowhere.
    Missing(String),
}

impl Place {
    /// The bytes of the message.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        match self {
            Self::File(path) => std::fs::read(path),
            Self::Part(path, range) => {
                let mut file = std::fs::File::open(path)?;
                file.seek(SeekFrom::Start(range.start))?;
                let mut part = Vec::new();
                file.take(range.end - range.start).read_to_end(&mut part)?;
                Ok(unquoted(&part))
            }
            Self::Mbox(all, range) => {
                let at = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
                let part = all.get(at(range.start)..at(range.end));
                Ok(unquoted(part.unwrap_or_default()))
            }
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::Missing(why) => Err(io::Error::other(why.clone())),
        }
    }
}

/// All messages that the arguments name.
pub fn find(arguments: &[PathBuf]) -> Vec<Input> {
    let mut found = Vec::new();
    for argument in arguments {
        let before = found.len();
        if argument.as_os_str() == "-" {
            let mut bytes = Vec::new();
            match io::stdin().lock().read_to_end(&mut bytes) {
                Ok(_) => take("-", bytes, &mut found),
                Err(e) => found.push(missing("-", e.to_string())),
            }
        } else if argument.is_dir() {
            walk(argument, &mut found);
            if found.len() == before {
                let why = "there is no message in this folder (.eml, mbox, or a Maildir)";
                found.push(missing(&argument.to_string_lossy(), why.to_owned()));
            }
        } else {
            file(argument, &mut found);
        }
    }
    found
}

fn missing(name: &str, why: String) -> Input {
    Input {
        name: name.to_owned(),
        place: Place::Missing(why),
    }
}

/// A folder: the `.eml` and mbox files in it and below, and the messages of every Maildir.
fn walk(folder: &Path, found: &mut Vec<Input>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) => return found.push(missing(&folder.to_string_lossy(), e.to_string())),
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    let is_maildir = paths.iter().any(|p| p.is_dir() && p.ends_with("cur"));
    let holds_messages = folder.ends_with("cur") || folder.ends_with("new");
    for path in paths {
        if path.is_dir() {
            // What lies in tmp is not delivered yet.
            if !(is_maildir && path.ends_with("tmp")) {
                walk(&path, found);
            }
        } else if holds_messages && !is_hidden(&path) {
            found.push(whole(&path));
        } else if has_extension(&path, &["eml", "mbox", "mbx"]) {
            file(&path, found);
        }
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|n| n.to_string_lossy().starts_with('.'))
}

fn has_extension(path: &Path, any: &[&str]) -> bool {
    path.extension()
        .is_some_and(|e| any.iter().any(|a| e.eq_ignore_ascii_case(a)))
}

fn whole(path: &Path) -> Input {
    Input {
        name: path.to_string_lossy().into_owned(),
        place: Place::File(path.to_owned()),
    }
}

/// A file is an mbox if it begins like one, whatever it is called.
fn file(path: &Path, found: &mut Vec<Input>) {
    let name = path.to_string_lossy();
    let mut head = Vec::new();
    let begun = std::fs::File::open(path).and_then(|f| f.take(5).read_to_end(&mut head));
    match begun {
        Err(e) => found.push(missing(&name, e.to_string())),
        Ok(_) if head != b"From " => found.push(whole(path)),
        Ok(_) => match std::fs::File::open(path).and_then(|f| split(BufReader::new(f))) {
            Ok(parts) => {
                let whole: Arc<Path> = path.into();
                found.extend(parts.into_iter().enumerate().map(|(n, part)| Input {
                    name: format!("{name}#{}", n + 1),
                    place: Place::Part(Arc::clone(&whole), part),
                }));
            }
            Err(e) => found.push(missing(&name, e.to_string())),
        },
    }
}

/// One message, or the messages of an mbox.
fn take(name: &str, bytes: Vec<u8>, found: &mut Vec<Input>) {
    let parts = split(bytes.as_slice()).unwrap_or_default();
    if parts.is_empty() {
        let place = Place::Bytes(bytes);
        return found.push(Input {
            name: name.to_owned(),
            place,
        });
    }
    let all = Arc::new(bytes);
    found.extend(parts.into_iter().enumerate().map(|(n, part)| Input {
        name: format!("{name}#{}", n + 1),
        place: Place::Mbox(Arc::clone(&all), part),
    }));
}

/// The messages of an mbox (RFC 4155): each begins after a separator line at the start or after an empty line.
fn split(mut mbox: impl io::BufRead) -> io::Result<Vec<Range<u64>>> {
    let (mut parts, mut begun): (Vec<Range<u64>>, Option<u64>) = (Vec::new(), None);
    let (mut at, mut after_empty) = (0, true);
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = mbox.read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            break;
        }
        if after_empty && is_separator(&line, at == 0) {
            parts.extend(begun.map(|from| from..at));
            begun = Some(at + length);
        } else if at == 0 {
            return Ok(parts);
        }
        after_empty = matches!(line.as_slice(), b"\n" | b"\r\n");
        at += length;
    }
    parts.extend(begun.map(|from| from..at));
    Ok(parts)
}

/// `From sender Mon Nov 23 10:00:00 2026`. A sentence may begin with "From " too, so a time of day must stand in it.
fn is_separator(line: &[u8], is_first: bool) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else {
        return false;
    };
    let has_time = rest
        .windows(5)
        .any(|w| w[2] == b':' && [w[0], w[1], w[3], w[4]].iter().all(u8::is_ascii_digit));
    is_first || has_time
}

/// Takes one `>` off lines that were quoted because they began like a separator (mboxrd).
fn unquoted(part: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(part.len());
    for line in part.split_inclusive(|b| *b == b'\n') {
        let marks = line.iter().take_while(|b| **b == b'>').count();
        let quoted = marks > 0 && line[marks..].starts_with(b"From ");
        message.extend_from_slice(&line[usize::from(quoted)..]);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_begins_with_from_ends_no_message() {
        let mbox = b"From a@b.c Mon Nov 23 10:00:00 2026\nSubject: 1\n\nHello\n\nFrom today on, stop.\n>From here\n\nFrom x Mon Nov 23 10:00:00 2026\nSubject: 2\n\n";
        let split = |bytes: &[u8]| split(bytes).unwrap();
        let parts = split(mbox);
        assert_eq!(parts.len(), 2);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mbox");
        std::fs::write(&path, mbox).unwrap();
        let whole = Arc::new(mbox.to_vec());
        let here = Place::Mbox(whole, parts[0].clone()).read().unwrap();
        let first = Place::Part(path.into(), parts[0].clone()).read().unwrap();
        assert_eq!(here, first);
        assert!(String::from_utf8_lossy(&first).ends_with("From today on, stop.\nFrom here\n\n"));
        assert!(split(b"Subject: x\n\nFrom a Mon Nov 23 10:00:00 2026\n").is_empty());
        assert!(split(b"").is_empty());
    }
}
