//! `[[sent_log]]`: logs of mail servers in which mail after a STOP is looked for.

use super::mta_log::Delivered;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// `[[sent_log]]`: a mail server's log in which mail after a STOP is looked for.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SentLogSettings {
    /// How status, log and incidents know it; never changes once it was used.
    pub name: String,
    /// Postfix' log: `/var/log/mail.log`.
    pub file: PathBuf,
    /// Only mail of these envelope senders: addresses, or `@domain`. Default: all but the null sender.
    #[serde(default)]
    pub from: Vec<String>,
}

impl SentLogSettings {
    /// Makes a relative path relative to the folder of the configuration.
    pub fn resolve_in(&mut self, folder: &Path) {
        if self.file.is_relative() {
            self.file = folder.join(&self.file);
        }
    }

    /// Whether a mail is looked at: a bounce is no prospecting, and one whose sender the log does not tell counts.
    pub fn counts(&self, mail: &Delivered) -> bool {
        let Some(from) = mail.from.as_deref().map(str::to_ascii_lowercase) else {
            return true;
        };
        let fits = |wanted: &String| {
            let wanted = wanted.to_ascii_lowercase();
            from == wanted || (wanted.starts_with('@') && from.ends_with(&wanted))
        };
        !from.is_empty() && (self.from.is_empty() || self.from.iter().any(fits))
    }

    /// What the log tells of it, for whoever looks at the incident.
    pub fn told(&self, mail: &Delivered) -> String {
        let from = mail.from.as_deref().unwrap_or("an unknown sender");
        let id = mail.message_id.as_deref().unwrap_or("unknown");
        format!("sent from {from}, queue id {}, Message-ID {id}", mail.queue)
    }

    /// What is wrong with it: the setting, what, and what to do.
    pub fn fault(&self) -> Option<(&'static str, String, &'static str)> {
        let no_name = self.name.is_empty() || self.name.len() > 64;
        if no_name || self.name.chars().any(char::is_control) {
            let fix = "give it a short name, such as \"mx-1\"";
            return Some(("name", "this cannot be the name of a log".into(), fix));
        }
        if let Some(from) = self.from.iter().find(|f| !f.contains('@')) {
            let fix = "write addresses, or domains as @acme.example";
            return Some(("from", format!("\"{from}\" is no sender"), fix));
        }
        // Rotation takes a log away for a moment; its folder stays.
        let found = std::fs::File::open(&self.file);
        let why = found.err().filter(|e| {
            let folder = self.file.parent().is_some_and(Path::is_dir);
            e.kind() != std::io::ErrorKind::NotFound || !folder
        })?;
        let what = format!("{} cannot be read: {why}", self.file.display());
        let fix = "name the log of Postfix, and let the daemon's user read it (group adm, or systemd's SupplementaryGroups)";
        Some(("file", what, fix))
    }
}
