//! The set of templates as it stands on the disk, with edits of somebody who is still writing laid over it.

use super::{path, unread};
use crate::answer::{Source, builtin_templates};
use crate::api::Refusal;
use crate::config::Config;
use crate::record::Fault;
use crate::service::{Shelf, TemplatePath};
use serde::Deserialize;

/// A text that somebody has written, and not published.
#[derive(Clone, Debug, Deserialize)]
pub struct Edit {
    /// Its path in the folder.
    pub path: String,
    /// Its text; none: the firm's own file is removed, and that of Quitus is in force.
    pub text: Option<String>,
    /// The hash of the text that it replaces, as it was read; empty for a file that is new. Only who publishes needs it.
    #[serde(default)]
    pub seen: String,
}

/// The firm's own templates with edits over them.
pub fn edited(config: &Config, edits: &[Edit]) -> Result<Vec<Source>, Refusal> {
    let mut own = config.own_templates().map_err(|f| unreadable(&f))?;
    for edit in edits {
        let path = path(&edit.path)?;
        own.retain(|s| s.path != path.as_str());
        if let Some(text) = &edit.text {
            own.push(Source {
                file: file_of(config, &path),
                path: path.to_string(),
                // What a form sends ends its lines as HTTP does.
                text: text.replace("\r\n", "\n"),
            });
        }
    }
    Ok(own)
}

fn unreadable(faults: &[Fault]) -> Refusal {
    let all: Vec<String> = faults
        .iter()
        .map(|f| format!("{}: {}", f.file, f.what))
        .collect();
    Refusal::not_now(
        all.join("; "),
        "give the daemon's user the right to read it, or move it out of the folder",
    )
}

/// The file of a path, as somebody would open it.
pub fn file_of(config: &Config, path: &TemplatePath) -> String {
    match Shelf::of(config).folder() {
        Some(folder) => folder.join(path.as_str()).display().to_string(),
        None => path.to_string(),
    }
}

/// The path of a file that a mistake names; none if it is no template.
pub fn path_of(config: &Config, file: &str) -> Option<String> {
    let folder = Shelf::of(config).folder().map(|f| f.display().to_string());
    let own = folder.and_then(|f| file.strip_prefix(&f)?.strip_prefix('/').map(str::to_owned));
    let shipped = || file.strip_prefix("templates/").map(str::to_owned);
    let found = own.or_else(shipped).unwrap_or_else(|| file.to_owned());
    found.parse::<TemplatePath>().ok().map(|p| p.to_string())
}

/// Every path that there is: the firm's own and those of Quitus.
pub fn all_paths(own: &[Source]) -> Vec<TemplatePath> {
    let shipped = builtin_templates();
    let all = own.iter().chain(&shipped);
    let mut paths: Vec<TemplatePath> = all.filter_map(|s| s.path.parse().ok()).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// The text on the disk now.
pub fn on_disk(shelf: &Shelf, path: &TemplatePath) -> Result<Option<String>, Refusal> {
    shelf.on_disk(path).map_err(|e| unread(&e))
}
