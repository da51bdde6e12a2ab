//! Who may use the pages: names, roles and hashed passwords, in `users.toml` in the store's folder, read again when it changes.
//!
//! A password is kept as argon2id with a salt of its own, a token of the HTTP API as SHA-256: neither can be read back.
//! Whoever guesses a name learns nothing by the time that the answer takes.

use crate::record::{Language, hex};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The file's name in the store's folder.
pub const FILE: &str = "users.toml";
/// The shortest password.
pub const SHORTEST: usize = 10;
/// The longest password, in octets: hashing more only costs.
const LONGEST: usize = 1024;

/// What somebody may do; each may do what the one before may.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Edits templates too.
    Writer,
    /// Decides too.
    Reviewer,
}

impl Role {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Writer => "writer",
            Self::Reviewer => "reviewer",
        }
    }
}

/// One who may sign in.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The name, which stands in the log as who did it.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// argon2id, as a PHC string; none if only a proxy lets them in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub password: String,
    /// The language of the pages; else the browser's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// SHA-256 of the token for the HTTP API.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub token: String,
}

impl User {
    /// What a session was opened with: another password, or none any more, ends it.
    pub fn seal(&self) -> [u8; 32] {
        Sha256::digest(format!("{}\0{}", self.name, self.password)).into()
    }
}

/// The file.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Roster {
    #[serde(default)]
    user: Vec<User>,
}

/// When the file was written, and which file it is.
type Stamp = (u64, i64, i64, u64);

/// Everybody who may sign in.
pub struct Users {
    path: PathBuf,
    read: Mutex<Option<(Stamp, Arc<Vec<User>>)>>,
}

impl Users {
    /// Those of this store.
    pub fn of_store(store: &Path) -> Self {
        Self {
            path: store.join(FILE),
            read: Mutex::new(None),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All of them, as the file says now.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn all(&self) -> io::Result<Arc<Vec<User>>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match std::fs::metadata(&self.path) {
            Ok(found) => found,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Arc::default()),
            Err(e) => return Err(e),
        };
        let stamp = (found.ino(), found.mtime(), found.mtime_nsec(), found.len());
        if let Some((known, users)) = &*read
            && *known == stamp
        {
            return Ok(users.clone());
        }
        let text = std::fs::read_to_string(&self.path)?;
        let roster: Roster = toml::from_str(&text).map_err(|e| {
            let what = format!("{}: {}", self.path.display(), e.message());
            io::Error::new(io::ErrorKind::InvalidData, what)
        })?;
        let users = Arc::new(roster.user);
        *read = Some((stamp, users.clone()));
        Ok(users)
    }

    /// The one of this name.
    pub fn find(&self, name: &str) -> io::Result<Option<User>> {
        Ok(self.all()?.iter().find(|u| u.name == name).cloned())
    }

    /// Whose token this is.
    pub fn of_token(&self, token: &str) -> io::Result<Option<User>> {
        let hash = hash_of_token(token);
        let users = self.all()?;
        let mut theirs = users
            .iter()
            .filter(|u| same(u.token.as_bytes(), hash.as_bytes()));
        Ok(theirs.next().cloned())
    }

    /// Changes the list and writes it whole, readable only by its owner, beside the old one and then in its place.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub fn change<T>(&self, change: impl FnOnce(&mut Vec<User>) -> T) -> io::Result<T> {
        let mut all = self.all()?.as_ref().clone();
        let done = change(&mut all);
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let text = toml::to_string(&Roster { user: all }).map_err(io::Error::other)?;
        let head = "# Who may use the review desk: written by `quitus users`.\n\n";
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let beside = self.path.with_extension("toml.new");
        // A half-written one of before is of no use to anybody.
        let _ = std::fs::remove_file(&beside);
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(head.as_bytes())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        Ok(done)
    }
}

/// Whether this may be a name: it stands in the log and in lists.
pub fn is_name(text: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    (1..=64).contains(&text.chars().count()) && text.chars().all(letter)
}

/// Why a password is none.
pub fn unfit(password: &str) -> Option<String> {
    match password.chars().count() {
        n if n < SHORTEST => Some(format!("a password has {SHORTEST} characters at least")),
        _ if password.len() > LONGEST => Some(format!("a password has {LONGEST} octets at most")),
        _ => None,
    }
}

/// The hash of a password, with a salt of its own.
///
/// # Errors
/// If there is no randomness.
pub fn hash(password: &str) -> io::Result<String> {
    let hashed: Result<PasswordHash, _> = Argon2::default().hash_password(password.as_bytes());
    hashed
        .map(|h| h.to_string())
        .map_err(|e| io::Error::other(e.to_string()))
}

/// Whether the password is the user's. An unknown user costs the same time, and so does one without a password.
pub fn proves(user: Option<&User>, password: &str) -> bool {
    // The hash of nothing that anybody can type.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$YWFhYWFhYWFhYWFhYWFhYQ$E9hG9GjVTVr5gCFVPcTTUXl9gvbd0vhBvaGDvuFfbcE";
    let known = user.map(|u| u.password.as_str()).filter(|p| !p.is_empty());
    let typed = match password.len() {
        0..=LONGEST => password,
        _ => "",
    };
    let Ok(hash) = PasswordHash::new(known.unwrap_or(NOBODY)) else {
        return false;
    };
    let right = Argon2::default()
        .verify_password(typed.as_bytes(), &hash)
        .is_ok();
    right && known.is_some() && !typed.is_empty()
}

/// What is kept of a token.
pub fn hash_of_token(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// Random letters that nobody guesses: 256 bits.
///
/// # Errors
/// If there is no randomness.
pub fn secret() -> io::Result<String> {
    let mut bits = [0u8; 32];
    getrandom::fill(&mut bits).map_err(|e| io::Error::other(e.to_string()))?;
    Ok(hex(&bits))
}

/// Whether they are the same, in a time that does not tell where they differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    let differs = a.iter().zip(b).fold(0, |d, (a, b)| d | (a ^ b));
    a.len() == b.len() && differs == 0
}
