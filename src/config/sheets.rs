//! The firm's own templates and lexicons, read from their folders and checked over those that Quitus brings along.
//!
//! At start, at `quitus check`, and whenever somebody saved one: the whole set is good, or the last good one stays in force.

use super::{Config, FolderSettings, RecipientSettings};
use crate::answer::{DIGEST, RECIPIENT, Source, Templates};
use crate::intent::{self, LexiconSource};
use crate::record::{Fault, Language};
use std::path::{Path, PathBuf};

/// A template or lexicon longer than this is something else.
const LONGEST: u64 = 1 << 20;

impl Config {
    /// The templates in force: the firm's own files over the built-in ones.
    ///
    /// # Errors
    /// Every mistake of every file.
    pub fn read_templates(&self) -> Result<Templates, Vec<Fault>> {
        let good = templates(&self.templates)?;
        let faults = self.without_letters(&good);
        match faults.is_empty() {
            true => Ok(good),
            false => Err(faults),
        }
    }

    /// The firm's own templates as they stand in their folder, without judging them.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn own_templates(&self) -> Result<Vec<Source>, Vec<Fault>> {
        let Some(folder) = &self.templates.path else {
            return Ok(Vec::new());
        };
        let mut faults = Vec::new();
        let sources = own_templates(folder, &mut faults);
        match faults.is_empty() {
            true => Ok(sources),
            false => Err(faults),
        }
    }

    /// Judges templates before they are in force, as [`Self::read_templates`] does; a set that can be rendered is given with
    /// its mistakes.
    pub fn try_templates(&self, own: &[Source]) -> (Option<Templates>, Vec<Fault>) {
        let (templates, mut faults) = Templates::tried(own);
        if let Some(good) = templates.as_ref().filter(|_| faults.is_empty()) {
            faults = self.without_letters(good);
        }
        (templates, faults)
    }

    fn without_letters(&self, templates: &Templates) -> Vec<Fault> {
        let mut faults = self.without_digest(templates);
        faults.extend(self.without_mail(templates));
        faults
    }

    /// Reviewers in whose language there is no digest.
    fn without_digest(&self, templates: &Templates) -> Vec<Fault> {
        let mut faults = Vec::new();
        let review = &self.review;
        let all = review.reviewers.iter().chain(&review.deputies);
        for reviewer in all.chain(&review.escalation.controller) {
            let language = self.language_of(reviewer);
            if templates.has(language, DIGEST) {
                continue;
            }
            let have: Vec<&str> = (Language::ALL.iter())
                .filter(|l| templates.has(**l, DIGEST))
                .map(|l| l.word())
                .collect();
            let who = reviewer.address.as_str();
            faults.push(Fault::of_file(
                &self.file.display().to_string(),
                format!("[review]: there is no digest in \"{language}\" for {who}"),
                format!(
                    "write {{ address = \"{who}\", language = \"en\" }} (or {}), or a digest of your own in {language}/{DIGEST}/",
                    have.join(", ")
                ),
            ));
        }
        faults
    }

    /// Recipients of data in whose language there is no mail.
    fn without_mail(&self, templates: &Templates) -> Vec<Fault> {
        let usual = self.policy.settings.default_language;
        let by_mail = self.recipients.iter().filter(|r| r.email.is_some());
        let language = |r: &RecipientSettings| r.language.unwrap_or(usual);
        let without = by_mail.filter(|r| !templates.has(language(r), RECIPIENT));
        without
            .map(|r| {
                let (name, language) = (&r.name, language(r));
                Fault::of_file(
                    &self.file.display().to_string(),
                    format!("[[recipient]]: there is no mail in \"{language}\" for {name}"),
                    format!(
                        "write language = \"en\", or a mail of your own in {language}/{RECIPIENT}/"
                    ),
                )
            })
            .collect()
    }

    /// A lexicon in force: its file, and what stands in it.
    ///
    /// # Errors
    /// If the firm's own files cannot be read.
    pub fn lexicon(&self, code: &str) -> Result<(String, String), Vec<Fault>> {
        let mut faults = Vec::new();
        let own = self
            .lexicon
            .path
            .as_ref()
            .map(|f| own_lexicons(f, &mut faults));
        if !faults.is_empty() {
            return Err(faults);
        }
        let own = own.into_iter().flatten().find(|(c, ..)| c == code);
        let shipped = || {
            let mut all = intent::LEXICONS.iter();
            let (_, source) = all.find(|(c, _)| *c == code)?;
            Some((source.path.to_owned(), source.text.to_owned()))
        };
        let found = own.map(|(_, path, text)| (path, text)).or_else(shipped);
        Ok(found.unwrap_or_else(|| (format!("{code}.toml"), String::new())))
    }

    /// The reader as it would be with another text of a lexicon.
    ///
    /// # Errors
    /// Every mistake of every file.
    pub fn try_lexicon(
        &self,
        code: &str,
        path: &str,
        text: &str,
    ) -> Result<intent::Reader, Vec<Fault>> {
        let mut faults = Vec::new();
        let own = self
            .lexicon
            .path
            .as_ref()
            .map(|f| own_lexicons(f, &mut faults));
        if !faults.is_empty() {
            return Err(faults);
        }
        let own: Vec<_> = own
            .into_iter()
            .flatten()
            .filter(|(c, ..)| c != code)
            .collect();
        let mut sources: Vec<(&str, LexiconSource<'_>)> = own
            .iter()
            .map(|(code, path, text)| (code.as_str(), LexiconSource { path, text }))
            .collect();
        sources.push((code, LexiconSource { path, text }));
        compiler(self.reader.learned)(&sources)
    }

    /// The reader with the lexicons in force: the firm's own file of a language replaces the built-in one.
    ///
    /// # Errors
    /// Every mistake of every file.
    pub fn read_lexicons(&self) -> Result<intent::Reader, Vec<Fault>> {
        lexicons(&self.lexicon, self.reader.learned)
    }
}

/// Files of a folder whose names end in `.md`, which are nobody's templates, apart from READMEs.
pub(super) fn passed_over(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        for path in entries.map(|e| e.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_readme = name.to_lowercase().starts_with("readme");
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".md") && !name.starts_with(['.', '#']) && !is_readme {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

pub(super) fn templates(own: &FolderSettings) -> Result<Templates, Vec<Fault>> {
    let Some(folder) = &own.path else {
        return Templates::builtin();
    };
    let mut faults = Vec::new();
    let sources = own_templates(folder, &mut faults);
    match Templates::compile(&sources) {
        Ok(templates) if faults.is_empty() => Ok(templates),
        Ok(_) => Err(faults),
        Err(more) => {
            faults.extend(more);
            Err(faults)
        }
    }
}

fn own_templates(folder: &Path, faults: &mut Vec<Fault>) -> Vec<Source> {
    let found = files(folder, faults).into_iter();
    let sources = found.map(|(path, text)| Source {
        path: within(folder, &path),
        file: path.display().to_string(),
        text,
    });
    sources.collect()
}

/// Makes a reader of lexicons, beside the learned one or alone.
type Compiler = fn(&[(&str, LexiconSource<'_>)]) -> Result<intent::Reader, Vec<Fault>>;

/// Where the learned reader is not wanted it is not made ready either.
fn compiler(learned: bool) -> Compiler {
    if learned { intent::with } else { intent::alone }
}

pub(super) fn lexicons(own: &FolderSettings, learned: bool) -> Result<intent::Reader, Vec<Fault>> {
    let compile = compiler(learned);
    let Some(folder) = &own.path else {
        return compile(&[]);
    };
    let mut faults = Vec::new();
    let own = own_lexicons(folder, &mut faults);
    let sources: Vec<(&str, LexiconSource<'_>)> = own
        .iter()
        .map(|(code, path, text)| (code.as_str(), LexiconSource { path, text }))
        .collect();
    match compile(&sources) {
        Ok(reader) if faults.is_empty() => Ok(reader),
        Ok(_) => Err(faults),
        Err(more) => {
            faults.extend(more);
            Err(faults)
        }
    }
}

/// Phrases of the firm's own lexicons that are in each other's way; the built-in ones have none.
pub(super) fn lexicon_clashes(own: &FolderSettings) -> Vec<Fault> {
    let Some(folder) = &own.path else {
        return Vec::new();
    };
    let clashes =
        |(_, path, text): &(String, String, String)| intent::clashes(&LexiconSource { path, text });
    // What cannot be read is told where the lexicons are read.
    let own = own_lexicons(folder, &mut Vec::new());
    own.iter().flat_map(clashes).collect()
}

/// Code, path and text of each lexicon in a folder.
pub(super) fn own_lexicons(
    folder: &Path,
    faults: &mut Vec<Fault>,
) -> Vec<(String, String, String)> {
    let mut own = Vec::new();
    for (path, text) in files(folder, faults) {
        let code = within(folder, &path);
        match code.strip_suffix(".toml") {
            Some(code) if !code.contains('/') => {
                faults.extend(misnamed(code, &path, &text));
                own.push((code.to_owned(), path.display().to_string(), text));
            }
            _ => faults.push(Fault::of_file(
                &path.display().to_string(),
                "no lexicon is called so",
                "name it after its language, as in fr.toml, or move it out of this folder",
            )),
        }
    }
    own
}

/// A file takes the place of the built-in one of its name: called after another language it would silence that one.
fn misnamed(code: &str, path: &Path, text: &str) -> Option<Fault> {
    #[derive(serde::Deserialize)]
    struct Head {
        language: String,
    }
    // What cannot be read is told where the lexicon is.
    let head: Head = toml::from_str(text).ok()?;
    let language = head.language;
    (language != code).then(|| {
        Fault::of_file(
            &path.display().to_string(),
            format!(
                "the file would replace the lexicon \"{code}\", and says language = \"{language}\""
            ),
            format!("rename it to {language}.toml, or correct the language"),
        )
    })
}

/// The path within the folder, with `/`.
fn within(folder: &Path, path: &Path) -> String {
    let inner = path.strip_prefix(folder).unwrap_or(path);
    let steps: Vec<_> = inner.iter().map(|s| s.to_string_lossy()).collect();
    steps.join("/")
}

/// All text files below a folder, in order; editors' backups, hidden files and READMEs are nobody's templates.
fn files(folder: &Path, faults: &mut Vec<Fault>) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) => {
                faults.push(unreadable(&folder, &e.to_string()));
                continue;
            }
        };
        for path in entries.flatten().map(|e| e.path()) {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
            let name = name.unwrap_or_default();
            if name.starts_with(['.', '#']) || name.ends_with(['~', '#']) || name.ends_with(".md") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            match read(&path) {
                Ok(text) => found.push((path, text)),
                Err(why) => faults.push(unreadable(&path, &why)),
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
    if length > LONGEST {
        return Err("it is longer than 1 MiB".to_owned());
    }
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}

fn unreadable(path: &Path, why: &str) -> Fault {
    let fix = match why.contains("UTF-8") {
        true => "save it as UTF-8 (\"encoding\" where the editor saves)",
        false => "give the user of the daemon the right to read it, or move it out of the folder",
    };
    let what = format!("this cannot be read: {why}");
    Fault::of_file(&path.display().to_string(), what, fix)
}
