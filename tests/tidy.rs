//! The rules of the house hold in every file: who may use whom, what the core may not touch, how long things may be.
//!
//! Files are parsed (syn), so words in comments and strings are free. A rule that finds nothing proves nothing: each has
//! planted violations here that it must find, at the right line, and lawful neighbours that it must leave alone.

#[path = "tidy/parse.rs"]
mod parse;
#[path = "tidy/planted.rs"]
mod planted;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/tokens.rs"]
mod tokens;

use parse::Source;
use std::path::Path;

/// Every Rust file below this folder, as paths from the repository's root.
fn files(root: &Path, below: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(root.join(below)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{below}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            files(root, &path, found);
        } else if path.ends_with(".rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_file_keeps_the_rules_of_the_house() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(root, "src", &mut paths);
    let in_src = paths.len();
    files(root, "tests", &mut paths);
    assert!(
        in_src > 0 && paths.len() > in_src,
        "no files were found below {}",
        root.display()
    );
    let mut sources: Vec<Source> = paths
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(root.join(path)).unwrap();
            Source::parse(path, &text).unwrap_or_else(|e| panic!("{e}"))
        })
        .collect();
    let broken = rules::violations(&mut sources);
    let (owed, new): (Vec<_>, Vec<_>) = broken
        .iter()
        .map(ToString::to_string)
        .partition(|line| is_owed(line));
    assert!(
        new.is_empty(),
        "{} places break a rule:\n{}",
        new.len(),
        new.join("\n")
    );
    let paid = |(path, name): &&(&str, &str)| !owed.iter().any(|line| is_this(line, path, name));
    let paid: Vec<_> = DEBT.iter().filter(paid).collect();
    assert!(
        paid.is_empty(),
        "no longer too long, so take them out of DEBT: {paid:?}"
    );
}

/// Functions that were too long when the rule came, and wait to be cut. This list only gets shorter: a row that is no
/// longer true fails the test, and so does anything long that is not in it.
const DEBT: &[(&str, &str)] = &[];

fn is_owed(line: &str) -> bool {
    DEBT.iter().any(|(path, name)| is_this(line, path, name))
}

fn is_this(line: &str, path: &str, name: &str) -> bool {
    line.starts_with(&format!("{path}:")) && line.contains(&format!("`{name}` has "))
}
