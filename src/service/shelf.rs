//! The firm's templates as writers work on them: the files in the folder in force, drafts beside the store, and the text of
//! every version that was ever in force.
//!
//! Files on disk are the truth: who publishes says which text they had read, and a file that somebody changed meanwhile is
//! never overwritten. A file is replaced whole, by a rename. The log says by hash which text was in force when
//! ([`crate::record::TemplateChange`]); here the texts lie under their hashes, so that anybody can go back to one.
//! Deliberately absent: judging templates (`answer`), and who may do it (`api`).

use super::house::Office;
use crate::answer::{Source, builtin_template};
use crate::config::Config;
use crate::record::{Damaged, Event, Language, State, TemplateChange, TemplateHow, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The longest template, in octets; the same as of those that are read from the folder.
const LONGEST: usize = 1 << 20;

/// A template's path in its folder, such as `fr/stop/body.txt`: plain names only, so that nothing outside is meant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct TemplatePath(String);

impl TemplatePath {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its language; none for the frame that all languages share.
    pub fn language(&self) -> Option<Language> {
        self.0.split('/').next()?.parse().ok()
    }

    /// The folder: a kind of letter, or `parts`.
    pub fn kind(&self) -> &str {
        let mut steps = self.0.rsplit('/');
        steps.nth(1).unwrap_or_default()
    }

    /// The file's own name.
    pub fn file(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for TemplatePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TemplatePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        let step = |s: &str| !s.is_empty() && !s.starts_with(['.', '#']) && s.chars().all(plain);
        let steps: Vec<&str> = text.split('/').collect();
        let named = text.ends_with(".txt") || text.ends_with(".html");
        let good = (2..=3).contains(&steps.len()) && steps.iter().all(|s| step(s)) && named;
        match good && text.len() <= 120 {
            true => Ok(Self(text.to_owned())),
            false => Err(format!("\"{text}\" is no path of a template")),
        }
    }
}

/// SHA-256 of a text.
pub fn digest_of(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// A text that somebody works on; nothing is sent with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TemplateDraft {
    /// Its text.
    pub text: String,
    /// The hash of the text in force when the work began.
    pub base: String,
    /// Who wrote it last.
    pub by: String,
    /// When.
    pub at: String,
}

/// The folders of a configuration.
pub struct Shelf {
    folder: Option<PathBuf>,
    kept: PathBuf,
}

impl Shelf {
    /// Of this configuration.
    pub fn of(config: &Config) -> Self {
        Self {
            folder: config.templates.path.clone(),
            kept: config.store.path.join("templates"),
        }
    }

    /// The firm's own folder, if it has one.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The firm's own file, if it has one of this path.
    pub fn own(&self, path: &TemplatePath) -> io::Result<Option<String>> {
        let Some(file) = self.folder.as_ref().map(|f| f.join(path.as_str())) else {
            return Ok(None);
        };
        absent(std::fs::read_to_string(file))
    }

    /// The file that Quitus brings along.
    pub fn builtin(path: &TemplatePath) -> Option<Source> {
        builtin_template(path.as_str())
    }

    /// The text on the disk: the firm's own, or else that of Quitus.
    pub fn on_disk(&self, path: &TemplatePath) -> io::Result<Option<String>> {
        Ok(self
            .own(path)?
            .or_else(|| Self::builtin(path).map(|s| s.text)))
    }

    /// Replaces the firm's own file; without a text it is removed, and that of Quitus is in force.
    pub fn put(&self, path: &TemplatePath, text: Option<&str>) -> io::Result<()> {
        let Some(folder) = &self.folder else {
            return Err(io::Error::other("there is no folder for templates"));
        };
        let file = folder.join(path.as_str());
        let Some(text) = text else {
            absent(std::fs::remove_file(&file))?;
            return sync_folder(&file);
        };
        folders(&file, folder)?;
        replace(&file, text.as_bytes(), mode_for(&file, folder))
    }

    /// Keeps a text under its hash.
    pub fn keep(&self, text: &str) -> io::Result<[u8; 32]> {
        let digest = digest_of(text);
        let file = self.kept.join("texts").join(hex(&digest));
        if !file.exists() {
            private_folder(&self.kept.join("texts"))?;
            replace(&file, text.as_bytes(), 0o600)?;
        }
        Ok(digest)
    }

    /// The text with this hash, if it was kept; one that was changed since is none.
    pub fn kept(&self, digest: &[u8; 32]) -> io::Result<Option<String>> {
        let file = self.kept.join("texts").join(hex(digest));
        let text = absent(std::fs::read_to_string(file))?;
        Ok(text.filter(|t| digest_of(t) == *digest))
    }

    fn draft_file(&self, path: &TemplatePath) -> PathBuf {
        let name = path.as_str().replace('/', "~");
        self.kept.join("drafts").join(format!("{name}.json"))
    }

    /// What somebody works on, if anybody does.
    pub fn draft(&self, path: &TemplatePath) -> io::Result<Option<TemplateDraft>> {
        match absent(std::fs::read(self.draft_file(path)))? {
            Some(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(io::Error::other),
            None => Ok(None),
        }
    }

    /// The paths of all drafts.
    pub fn drafts(&self) -> io::Result<Vec<TemplatePath>> {
        let entries = match absent(std::fs::read_dir(self.kept.join("drafts")))? {
            Some(entries) => entries,
            None => return Ok(Vec::new()),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().replace('~', "/");
            paths.extend(name.strip_suffix(".json").and_then(|p| p.parse().ok()));
        }
        paths.sort();
        Ok(paths)
    }

    /// Keeps what somebody works on.
    pub fn keep_draft(&self, path: &TemplatePath, draft: &TemplateDraft) -> io::Result<()> {
        if draft.text.len() > LONGEST {
            return Err(io::Error::other("a template is not longer than 1 MiB"));
        }
        private_folder(&self.kept.join("drafts"))?;
        let bytes = serde_json::to_vec(draft).map_err(io::Error::other)?;
        replace(&self.draft_file(path), &bytes, 0o600)
    }

    /// Forgets it.
    pub fn drop_draft(&self, path: &TemplatePath) -> io::Result<()> {
        absent(std::fs::remove_file(self.draft_file(path))).map(drop)
    }

    /// Whether the firm's own file says what the newest version does not. A copy of what Quitus brings along changes no letter.
    pub fn is_outside(path: &TemplatePath, own: Option<&str>, newest: Option<[u8; 32]>) -> bool {
        match (own, newest) {
            (Some(text), None) => Self::builtin(path).is_none_or(|s| s.text != text),
            (own, newest) => own.map(digest_of) != newest,
        }
    }

    /// What somebody did to a file with an editor of their own, as far as it is not written down; its text is kept.
    pub fn outside_edit(
        &self,
        state: &State<'_>,
        path: &TemplatePath,
    ) -> Result<Option<TemplateChange>, NotShelved> {
        let own = self.own(path)?;
        let newest = state.template_versions(path.as_str(), 1)?.pop();
        if !Self::is_outside(path, own.as_deref(), newest.and_then(|v| v.digest)) {
            return Ok(None);
        }
        let found = own.as_deref().map(digest_of);
        if let Some(text) = &own {
            self.keep(text)?;
        }
        Ok(Some(TemplateChange {
            path: path.to_string(),
            digest: found,
            how: TemplateHow::Outside,
            by: String::new(),
        }))
    }

    /// The same for every file of the folder, and for every file that has gone.
    pub fn outside_edits(
        &self,
        state: &State<'_>,
        own: &[Source],
    ) -> Result<Vec<TemplateChange>, NotShelved> {
        let mut paths: Vec<TemplatePath> = own.iter().filter_map(|s| s.path.parse().ok()).collect();
        let known = state.newest_templates()?;
        paths.extend(known.iter().filter_map(|(p, _)| p.parse().ok()));
        paths.sort();
        paths.dedup();
        let mut edits = Vec::new();
        for path in paths {
            edits.extend(self.outside_edit(state, &path)?);
        }
        Ok(edits)
    }
}

/// Why the shelf could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum NotShelved {
    /// The system.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The index.
    #[error(transparent)]
    Damaged(#[from] Damaged),
}

/// Writes down what was changed outside: at the start, and whenever the daemon reads everything again.
pub async fn note_outside_edits(office: &Office) {
    let own = office.clone();
    let look = move || {
        let house = own.house.load();
        let shelf = Shelf::of(&house.config);
        // What cannot be read is told where templates are read.
        let sources = house.config.own_templates().unwrap_or_default();
        shelf.outside_edits(&own.sequencer.reader().state(), &sources)
    };
    let edits = match tokio::task::spawn_blocking(look).await {
        Ok(Ok(edits)) if !edits.is_empty() => edits,
        Ok(Ok(_)) => return,
        Ok(Err(error)) => return tracing::warn!(%error, "the versions of templates cannot be kept"),
        Err(error) => return tracing::error!(%error, "the look at the templates failed"),
    };
    let events = edits.into_iter().map(Event::Template).collect();
    let committed = office.sequencer.commit(super::Proposal::new(events)).await;
    if !matches!(committed, super::Committed::Frame(_)) {
        tracing::warn!("templates that were edited outside are not written down yet");
    }
}

/// What is not there is no error.
fn absent<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    use io::ErrorKind::{NotADirectory, NotFound};
    match result {
        Ok(found) => Ok(Some(found)),
        Err(e) if matches!(e.kind(), NotFound | NotADirectory) => Ok(None),
        Err(e) => Err(e),
    }
}

/// The rights of the file that is replaced; a new one can be read by whoever may read its folder.
fn mode_for(file: &Path, folder: &Path) -> u32 {
    let mode = |path: &Path| std::fs::metadata(path).map(|m| m.permissions().mode());
    let new = |_| mode(folder).map(|m| m & 0o666);
    mode(file).or_else(new).unwrap_or(0o600) & 0o777
}

/// The folders between, as open as the one that they lie in.
fn folders(file: &Path, folder: &Path) -> io::Result<()> {
    let rights = std::fs::metadata(folder)?.permissions();
    let missing: Vec<&Path> = file
        .ancestors()
        .skip(1)
        .take_while(|p| *p != folder && !p.exists())
        .collect();
    for path in missing.into_iter().rev() {
        std::fs::create_dir(path)?;
        std::fs::set_permissions(path, rights.clone())?;
    }
    Ok(())
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path)
}

/// The old content or the new, never a part: a hidden file beside it, synced, renamed.
fn replace(file: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let new = file.with_file_name(format!(".{name}.new"));
    let mut out = std::fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    out.write_all(bytes)?;
    out.set_permissions(Permissions::from_mode(mode))?;
    out.sync_all()?;
    std::fs::rename(&new, file)?;
    sync_folder(file)
}

fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) => std::fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
