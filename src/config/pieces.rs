//! The texts that one configuration is made of: the main file, `conf.d/*.toml` beside it in the order of their names, and
//! the environment.
//!
//! Their places lie one after the other in one row of positions, so that every mistake and every setting knows the text
//! that it stands in.

use crate::record::Fault;
use std::ffi::OsString;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What every variable that overrides a setting begins with; two underscores stand between the steps of its path.
pub const PREFIX: &str = "QUITUS__";
/// The folder beside the main file.
const FOLDER: &str = "conf.d";

/// What one text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A file: its mistakes have lines.
    File,
    /// The value of an environment variable.
    Variable,
}

/// One of the texts.
#[derive(Clone, Debug)]
pub struct Text {
    /// The file's path, or the variable's name.
    pub name: String,
    /// What stands in it.
    pub text: String,
    /// What it is.
    pub kind: Kind,
}

/// One of the texts, with where it begins in the row.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'t> {
    pub name: &'t str,
    pub text: &'t str,
    pub kind: Kind,
    pub start: usize,
}

/// Where something stands, for people and for programs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// In a file.
    File {
        /// As it was opened.
        file: String,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
    },
    /// In the environment.
    Variable(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, .. } => write!(f, "{file}:{line}"),
            Self::Variable(name) => write!(f, "${name}"),
        }
    }
}

/// All of them in a row; between two of them lies one position that belongs to nobody.
pub fn in_a_row(texts: &[Text]) -> Vec<Piece<'_>> {
    let mut start = 0;
    let mut row = Vec::new();
    for text in texts {
        row.push(Piece {
            name: &text.name,
            text: &text.text,
            kind: text.kind,
            start,
        });
        start += text.text.len() + 1;
    }
    row
}

impl Piece<'_> {
    /// A mistake at a position of the row.
    pub fn fault(&self, position: usize, what: &str, fix: &str) -> Fault {
        match self.kind {
            Kind::File => Fault::at(self.name, self.text, position - self.start, what, fix),
            Kind::Variable => Fault::of_file(&format!("${}", self.name), what, fix),
        }
    }

    /// The place of a position of the row.
    pub fn place(&self, position: usize) -> Place {
        let at = self.fault(position, "", "");
        match self.kind {
            Kind::File => Place::File {
                file: at.file,
                line: at.line,
                column: at.column,
            },
            Kind::Variable => Place::Variable(self.name.to_owned()),
        }
    }

    /// Whether what stands there is a block, as in `[[mailbox]]`; a list of values is none.
    pub fn is_block(&self, span: &Range<usize>) -> bool {
        let text = self.text.get(span.start.saturating_sub(self.start)..);
        text.is_some_and(|t| t.starts_with("[["))
    }
}

/// The piece that a position lies in: the first, if it lies nowhere.
pub fn piece_at<'p, 't>(row: &'p [Piece<'t>], position: usize) -> Option<&'p Piece<'t>> {
    row.iter()
        .rev()
        .find(|p| p.start <= position)
        .or(row.first())
}

/// Reads a file; the mistake, if it cannot be read.
pub fn read(path: &Path, fix: &str) -> Result<Text, Fault> {
    let name = path.display().to_string();
    match std::fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => Ok(Text {
            name,
            text,
            kind: Kind::File,
        }),
        Ok(Err(_)) => Err(Fault::of_file(
            &name,
            "the file is not UTF-8 text",
            "save it again as UTF-8",
        )),
        Err(e) => Err(Fault::of_file(
            &name,
            format!("the file cannot be read: {e}"),
            fix,
        )),
    }
}

/// The files of `conf.d` beside the main one, in the order of their names; the mistakes of those that cannot be read.
pub fn beside(main: &Path, faults: &mut Vec<Fault>) -> Vec<Text> {
    let folder = main.parent().unwrap_or(Path::new("")).join(FOLDER);
    let unreadable = |e: std::io::Error| {
        let what = format!("the folder cannot be read: {e}");
        let fix = "give the user of the daemon the right to read it, or remove it";
        Fault::of_file(&folder.display().to_string(), what, fix)
    };
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(e) => {
            faults.push(unreadable(e));
            return Vec::new();
        }
    };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|e| e.path())
        .filter(|p| counts(p))
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        read(
            path,
            "give the user of the daemon the right to read it, or move it away",
        )
    };
    let mut texts = Vec::new();
    for path in &paths {
        match read(path) {
            Ok(text) => texts.push(text),
            Err(fault) => faults.push(fault),
        }
    }
    texts
}

/// Editors' backups, hidden files and what a package manager leaves behind (`.dpkg-old`) are nobody's settings.
fn counts(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".toml") && !name.starts_with(['.', '#'])
}

/// The variables that override settings, in the order of their names. Of one that is not text, only the name is told.
pub fn environment(
    all: impl Iterator<Item = (OsString, OsString)>,
    faults: &mut Vec<Fault>,
) -> Vec<Text> {
    let mut texts = Vec::new();
    for (name, value) in all {
        let Some(name) = name.to_str().filter(|n| n.starts_with(PREFIX)) else {
            continue;
        };
        match value.into_string() {
            Ok(text) => texts.push(Text {
                name: name.to_owned(),
                text,
                kind: Kind::Variable,
            }),
            Err(_) => faults.push(Fault::of_file(
                &format!("${name}"),
                "the value is not UTF-8 text",
                "set it again, or unset it",
            )),
        }
    }
    texts.sort_by(|a, b| a.name.cmp(&b.name));
    texts
}
