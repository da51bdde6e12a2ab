//! Labelled sets as files: one JSON object a line; a bad line is told with its place, and the others are read.

use crate::intent::eval::Labelled;
use crate::record::Fault;
use std::path::{Path, PathBuf};

/// A labelled reply, and where it stands.
pub struct Row {
    /// The file, as it was named; also the name of its set.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// The reply.
    pub reply: Labelled,
}

/// All replies of these files, and of the `.jsonl` files in these folders and below, in their order.
pub fn read(inputs: &[PathBuf]) -> (Vec<Row>, Vec<Fault>) {
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for input in inputs {
        if input.is_dir() {
            let before = (rows.len(), faults.len());
            folder(input, &mut rows, &mut faults);
            if before == (rows.len(), faults.len()) {
                let what = "there is no labelled set in this folder";
                let fix = "name a file, or a folder that holds .jsonl files";
                faults.push(Fault::of_file(&input.to_string_lossy(), what, fix));
            }
        } else {
            file(input, &mut rows, &mut faults);
        }
    }
    (rows, faults)
}

fn folder(path: &Path, rows: &mut Vec<Row>, faults: &mut Vec<Fault>) {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(e) => return faults.push(unreadable(path, &e)),
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            folder(&path, rows, faults);
        } else if path.extension().is_some_and(|e| e == "jsonl") {
            file(&path, rows, faults);
        }
    }
}

fn unreadable(path: &Path, why: &std::io::Error) -> Fault {
    let what = format!("it cannot be read: {why}");
    let fix = "name a file of labelled replies, UTF-8, one JSON object a line";
    Fault::of_file(&path.to_string_lossy(), what, fix)
}

fn file(path: &Path, rows: &mut Vec<Row>, faults: &mut Vec<Fault>) {
    let name = path.to_string_lossy();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) => return faults.push(unreadable(path, &e)),
    };
    for (n, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<Labelled>(line) {
            Ok(reply) => rows.push(Row {
                file: name.to_string(),
                line: n + 1,
                reply,
            }),
            Err(e) => {
                let said = e.to_string();
                // serde_json counts the lines of this line.
                let what = said.split(" at line ").next().unwrap_or(&said);
                faults.push(Fault {
                    file: name.to_string(),
                    line: n + 1,
                    column: e.column(),
                    what: format!("this is no labelled reply: {what}"),
                    fix: "write one JSON object with the fields of tests/texts/README.md; this line was not evaluated"
                        .to_owned(),
                });
            }
        }
    }
}
