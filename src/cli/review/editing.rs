//! A draft in the reviewer's own editor: the first line is the subject, the rest the text; then it is shown as it will leave.
//!
//! The file is readable for its owner alone and is removed at once afterwards, whatever the editor said.

use super::show::Draft;
use crate::cli::edge::End;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::Command;

/// Stands before the subject.
const SUBJECT: &str = "Subject: ";

/// A file that is removed when this is dropped.
struct Paper(PathBuf);

impl Paper {
    fn with(words: &str) -> std::io::Result<Self> {
        let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let folder = folder.filter(|f| f.is_dir());
        let folder = folder.unwrap_or_else(std::env::temp_dir);
        let name = format!("quitus-letter-{}.txt", std::process::id());
        let paper = Self(folder.join(name));
        let mut file = std::fs::File::options()
            .write(true)
            // Never into a file, or a link, that somebody else has put there.
            .create_new(true)
            .mode(0o600)
            .open(&paper.0)?;
        file.write_all(words.as_bytes())?;
        Ok(paper)
    }
}

impl Drop for Paper {
    fn drop(&mut self) {
        // Some editors put another file in its place; what has this name goes.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What the reviewer made of it: subject and text; nothing, if it was left as it was.
pub fn edited(subject: &str, text: &str) -> Result<Option<(String, String)>, End> {
    let before = format!("{SUBJECT}{subject}\n\n{text}");
    let paper = Paper::with(&before)?;
    let named = |name: &&str| std::env::var_os(name).filter(|e| !e.is_empty());
    let editor = ["VISUAL", "EDITOR"].iter().find_map(named);
    let editor = editor.unwrap_or_else(|| "vi".into());
    // It may be a command with flags, as in `code --wait`: the shell takes it apart, and the file is an argument of its own.
    let mut shell = Command::new("sh");
    shell.arg("-c").arg("exec $QUITUS_EDITOR \"$1\"");
    let ended = shell.arg("sh").arg(&paper.0).env("QUITUS_EDITOR", &editor);
    if !ended.status()?.success() {
        let editor = editor.to_string_lossy().into_owned();
        return Err(End::Usage(format!(
            "{editor} ended with an error: nothing is changed"
        )));
    }
    let after = std::fs::read_to_string(&paper.0)?;
    Ok((after != before).then(|| apart(&after)))
}

/// The subject, and the text behind it.
fn apart(words: &str) -> (String, String) {
    let words = words.trim_start_matches('\u{feff}');
    match words.strip_prefix(SUBJECT.trim_end()) {
        Some(rest) => {
            let (subject, text) = rest.split_once('\n').unwrap_or((rest, ""));
            (subject.trim().to_owned(), text.trim_start().to_owned())
        }
        // Without a subject the linter finds that there is none.
        None => (String::new(), words.to_owned()),
    }
}

/// The words of a draft.
pub fn of(draft: &Draft) -> Result<Option<(String, String)>, End> {
    edited(&draft.subject, &draft.text)
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn the_first_line_is_the_subject_and_the_rest_the_text() {
        let of = |words| apart(words);
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            of("Subject: Hi\n\nText\nmore\n"),
            pair("Hi", "Text\nmore\n")
        );
        assert_eq!(of("Subject:\nText"), pair("", "Text"));
        assert_eq!(of("Text only"), pair("", "Text only"));
    }
}
