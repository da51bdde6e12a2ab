//! How a command ends, and where it finds its configuration.

use crate::config::Config;
use crate::record::Fault;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Done, nothing wrong.
pub const DONE: u8 = 0;
/// Done, and something wrong was found.
pub const WRONG: u8 = 1;

/// Usage or configuration.
pub const MISTAKEN: u8 = 2;

/// Why a command could not do its work.
#[derive(Debug)]
pub enum End {
    /// Mistakes in what people edit: exit code 2.
    Faults(Vec<Fault>),
    /// A sentence for a person: exit code 2.
    Usage(String),
    /// Reading or writing failed: exit code 1. A closed pipe: 0.
    Io(io::Error),
}

impl From<io::Error> for End {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

impl From<Vec<Fault>> for End {
    fn from(faults: Vec<Fault>) -> Self {
        Self::Faults(faults)
    }
}

impl End {
    /// Tells it on standard error.
    pub fn tell(self) -> ExitCode {
        match self {
            Self::Io(e) if e.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::Io(e) => {
                anstream::eprintln!("quitus: {e}");
                ExitCode::from(WRONG)
            }
            Self::Usage(said) => {
                anstream::eprintln!("quitus: {said}");
                ExitCode::from(MISTAKEN)
            }
            Self::Faults(faults) => {
                tell_faults(&faults);
                ExitCode::from(MISTAKEN)
            }
        }
    }
}

/// Every mistake with its place, and how many there are.
pub fn tell_faults(faults: &[Fault]) {
    for fault in faults {
        anstream::eprintln!("{fault}");
    }
    let many = if faults.len() == 1 { "" } else { "s" };
    anstream::eprintln!("{} mistake{many}", faults.len());
}

/// Where a configuration is looked for that nobody named.
const USUAL: [&str; 2] = ["config/quitus.toml", "/etc/quitus/quitus.toml"];

/// What to do where a folder may not be entered.
const AS_WHOM: &str = "run this as the user of the daemon, as in `sudo -u quitus quitus status`";

fn is_shut(path: &Path) -> bool {
    std::fs::metadata(path).is_err_and(|e| e.kind() == io::ErrorKind::PermissionDenied)
}

/// Whether a store lies in this folder. One that may not be entered says nothing, so nobody is told to make another.
pub fn has_store(folder: &Path) -> Result<bool, End> {
    let log = folder.join("log");
    match is_shut(&log) {
        true => Err(End::Usage(format!(
            "this user may not look into the store {}\n  → {AS_WHOM}",
            folder.display()
        ))),
        false => Ok(log.is_dir()),
    }
}

/// Where the configuration is: as named, as the environment names it, here, or in /etc.
pub fn find_config(named: Option<&Path>) -> Option<PathBuf> {
    let environment = || {
        let named = std::env::var_os("QUITUS_CONFIG").filter(|name| !name.is_empty());
        named.map(PathBuf::from)
    };
    let usual = || USUAL.map(PathBuf::from).into_iter().find(|p| p.is_file());
    named
        .map(Path::to_owned)
        .or_else(environment)
        .or_else(usual)
}

/// The configuration's file, for a command that needs one.
pub fn config_file(named: Option<&Path>) -> Result<PathBuf, End> {
    find_config(named).ok_or_else(|| {
        if let Some(shut) = USUAL.iter().find(|p| is_shut(Path::new(p))) {
            return End::Usage(format!(
                "this user may not look for {shut}\n  → {AS_WHOM}"
            ));
        }
        End::Usage(
            "there is no configuration: neither --config, nor $QUITUS_CONFIG, nor config/quitus.toml here, nor \
             /etc/quitus/quitus.toml\n  → `quitus init` writes one, or begin with a copy of the example config/quitus.toml"
                .to_owned(),
        )
    })
}

/// The configuration, for a command that needs one.
pub fn config(named: Option<&Path>) -> Result<Config, End> {
    Ok(Config::load(&config_file(named)?)?)
}
