//! All that one reading of a configuration tells, also of a broken one: its mistakes, and those of what it leads to.
//!
//! A daemon needs a wholly good configuration. Whoever looks for mistakes needs every one of them at once, in the file, in
//! the templates and lexicons, and in where the passwords are; and whoever asks a running daemon needs its socket only.

use super::assemble::assemble;
use super::{Config, FolderSettings, Place, SecretError, SecretSource, pieces, sheets};
use crate::record::Fault;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A configuration as far as it could be read.
pub struct Survey {
    /// The whole, or every mistake of the file itself.
    pub config: Result<Config, Vec<Fault>>,
    /// Where a daemon of it would answer; empty if even that cannot be told.
    pub control_socket: PathBuf,
    /// Where each setting stands that somebody wrote, by its path with dots (`mailbox.0.imap.host`): first the place that is
    /// in force, then those that it replaced.
    pub written: BTreeMap<String, Vec<Place>>,
    pub(super) templates: FolderSettings,
    pub(super) lexicon: FolderSettings,
    pub(super) secrets: Vec<SecretPlace>,
}

/// Where the file says that a secret is.
pub(super) struct SecretPlace {
    /// Whose: `mailbox sales`, `smtp`.
    pub(super) of: String,
    pub(super) source: SecretSource,
    /// The mistake of it, if there is one, without its words.
    pub(super) nowhere: Fault,
}

impl Survey {
    /// Reads a file, those of `conf.d` beside it and the environment's overrides, and judges the whole.
    pub fn of(path: &Path) -> Self {
        let main = match pieces::read(
            path,
            "name another with --config, or let `quitus init` write one",
        ) {
            Ok(main) => main,
            Err(fault) => {
                let own = FolderSettings::default();
                return Self::wrong(
                    vec![fault],
                    Vec::new(),
                    [&own, &own],
                    Path::new(""),
                    BTreeMap::new(),
                );
            }
        };
        let mut faults = Vec::new();
        let mut texts = vec![main];
        texts.extend(pieces::beside(path, &mut faults));
        texts.extend(pieces::environment(std::env::vars_os(), &mut faults));
        assemble(path, &texts, faults)
    }

    /// What was read, before it is known to be good.
    pub(super) fn wrong(
        faults: Vec<Fault>,
        secrets: Vec<SecretPlace>,
        [templates, lexicon]: [&FolderSettings; 2],
        control_socket: &Path,
        written: BTreeMap<String, Vec<Place>>,
    ) -> Self {
        Self {
            config: Err(faults),
            control_socket: control_socket.to_owned(),
            written,
            templates: templates.clone(),
            lexicon: lexicon.clone(),
            secrets,
        }
    }

    /// Whether no mistake was found so far.
    pub(super) fn is_flawless(&self) -> bool {
        matches!(&self.config, Err(faults) if faults.is_empty())
    }

    /// Every mistake of templates and lexicons, and phrases that are in each other's way, with which a daemon runs. A folder that is not there is a mistake of the file, told there.
    pub fn sheets(&self) -> Vec<Fault> {
        let there = |own: &&FolderSettings| own.path.as_ref().is_none_or(|p| p.is_dir());
        let of_folder = |own| match &self.config {
            Ok(config) => config.read_templates().err(),
            Err(_) => sheets::templates(own).err(),
        };
        let templates = Some(&self.templates).filter(there).and_then(of_folder);
        let lexicons = Some(&self.lexicon).filter(there);
        let wrong = lexicons.and_then(|own| sheets::lexicons(own, false).err());
        let clashes = lexicons.map(sheets::lexicon_clashes);
        let lexicons = wrong.into_iter().chain(clashes);
        templates.into_iter().chain(lexicons).flatten().collect()
    }

    /// Reads every secret and forgets it: for each that cannot be had, whose it is and the mistake. Runs the commands that
    /// the file names.
    pub fn secrets(&self) -> Vec<(String, Fault)> {
        let wrong = |place: &SecretPlace| {
            let why = place.source.read().err()?;
            let fault = Fault {
                what: format!("the password of {}: {why}", place.of),
                fix: match place.source {
                    _ if matches!(why, SecretError::Unusable(..)) => {
                        "write the password there, in one line and nothing else".to_owned()
                    }
                    SecretSource::Credential(_) => {
                        "as root while the service runs: CREDENTIALS_DIRECTORY=/run/credentials/quitus.service quitus check; or say \
                         here where else it is"
                            .to_owned()
                    }
                    _ => "make it readable for the user of the daemon, or say here where it is"
                        .to_owned(),
                },
                ..place.nowhere.clone()
            };
            Some((place.of.clone(), fault))
        };
        self.secrets.iter().filter_map(wrong).collect()
    }
}
