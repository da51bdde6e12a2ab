//! The file of one account's tokens: sealed, private, replaced whole and synced before anything in it is used.
//!
//! It has a key of its own beside it and not the store's: people log in while a daemon holds the store, and before there is
//! one. The seal keeps a token out of a stray copy, a search, a core of the file system; whoever can read the whole folder is the
//! user whose mail it is. One lock file for an account holds across processes, so a refresh token is never used twice at once.

use super::account::now;
use super::error::OauthError;
use super::unwritten::{self, Unwritten};
use crate::store::{private_dir, replace};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use zeroize::{Zeroize, Zeroizing};

const MAGIC: &[u8; 8] = b"quittok\0";
const FORMAT: u8 = 1;
const NONCE: usize = 24;
/// How long somebody else may be asking for a token; longer than one question may take by default.
const PATIENCE: Duration = Duration::from_secs(90);

/// What is known of one account. Times are milliseconds since 1970.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    pub refresh: Option<String>,
    pub access: Option<String>,
    /// When the access token ends, and when it was given.
    pub expires: i64,
    pub obtained: i64,
    /// What the tokens are for, as the provider says.
    pub scope: String,
    /// When somebody logged in.
    pub login: i64,
    /// When a token that should have been good was last replaced because a mail server refused it.
    pub replaced: i64,
    /// The provider gives no more.
    pub ended: Option<Ended>,
    /// The provider could not be asked.
    pub trouble: Option<Hindrance>,
}

/// The provider gives no more tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ended {
    pub at: i64,
    pub code: String,
    pub why: String,
    /// Of what was asked with: another secret in the settings is worth another try.
    pub print: [u8; 32],
}

/// The provider could not be asked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hindrance {
    pub since: i64,
    pub next: i64,
    pub times: u32,
    pub why: String,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.refresh.zeroize();
        self.access.zeroize();
    }
}

/// Where one account's tokens are.
#[derive(Clone, Debug)]
pub(super) struct Vault {
    folder: PathBuf,
    id: String,
}

/// Nobody else asks for this account's tokens while it lives.
pub(super) struct Turn {
    _held: File,
}

impl Vault {
    pub(super) fn new(folder: &Path, id: String) -> Self {
        Self {
            folder: folder.to_owned(),
            id,
        }
    }

    /// Which account's.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    fn file(&self) -> PathBuf {
        self.folder.join(format!("{}.tokens", self.id))
    }

    /// What is known; nothing where nobody has logged in, or where the file cannot be opened with this key any more. Nothing is
    /// forgotten here: whoever reads without the turn may have seen the file as it was before the last two tokens.
    pub(super) fn read(&self) -> io::Result<Kept> {
        let (more, written) = (unwritten::of(&self.file()), self.written());
        match more {
            Some(more) if more.counts(written.as_ref().ok()) => Ok(more.kept),
            _ => written,
        }
    }

    /// The same from the file alone.
    fn written(&self) -> io::Result<Kept> {
        let Some(bytes) = present(std::fs::read(self.file()))? else {
            return Ok(Kept::default());
        };
        let Some(key) = self.key()? else {
            return Ok(Kept::default());
        };
        let opened = self.open(&bytes, &key);
        if opened.is_none() {
            tracing::warn!(file = %self.file().display(), "a file of tokens cannot be opened: somebody must log in again");
        }
        Ok(opened.unwrap_or_default())
    }

    /// On the disk when it returns.
    pub(super) fn write(&self, kept: &Kept) -> io::Result<()> {
        private_dir(&self.folder)?;
        let key = self.key_or_new()?;
        let cipher = XChaCha20Poly1305::new((&*key).into());
        let plain = Zeroizing::new(postcard::to_stdvec(kept).map_err(io::Error::other)?);
        let nonce = random::<NONCE>()?;
        let payload = Payload {
            msg: &plain,
            aad: self.id.as_bytes(),
        };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| io::Error::other("the tokens cannot be sealed"))?;
        let bytes = [MAGIC.as_slice(), &[FORMAT], &nonce, &sealed].concat();
        replace("oauth: tokens", &self.file(), &bytes)?;
        unwritten::forget(&self.file());
        Ok(())
    }

    /// On the disk when it returns; where it takes nothing, in the memory of this process.
    pub(super) fn keep(&self, kept: &Kept) {
        let Err(why) = self.write(kept) else {
            return;
        };
        let file = self.file();
        let since = self.unwritten().map(|(since, _)| since);
        if since.is_none() {
            tracing::error!(file = %file.display(), %why, "tokens cannot be written: a restart before they can be loses the log-in");
        }
        let what = Unwritten {
            kept: kept.clone(),
            instead_of: self.written().ok(),
            since: since.unwrap_or_else(now),
            why: why.to_string(),
        };
        unwritten::keep(file, what);
    }

    /// Tries to write what could not be written, unless somebody else has the turn.
    pub(super) fn write_again(&self) {
        if unwritten::of(&self.file()).is_none() {
            return;
        }
        // What cannot be read or locked now is tried the next time.
        let Ok(Some(_turn)) = self.turn_now() else {
            return;
        };
        match (self.unwritten(), self.read()) {
            (Some(_), Ok(kept)) => self.keep(&kept),
            (Some(_), Err(_)) => {}
            // Somebody else has written the file since.
            (None, _) => unwritten::forget(&self.file()),
        }
    }

    /// Since when something could not be written, and why.
    pub(super) fn unwritten(&self) -> Option<(i64, String)> {
        let what = unwritten::of(&self.file())?;
        let counts = what.counts(self.written().as_ref().ok());
        counts.then_some((what.since, what.why))
    }

    /// Nothing is known any more.
    pub(super) fn remove(&self) -> io::Result<()> {
        unwritten::forget(&self.file());
        present(std::fs::remove_file(self.file())).map(drop)
    }

    fn open(&self, bytes: &[u8], key: &[u8; 32]) -> Option<Kept> {
        let rest = bytes.strip_prefix(MAGIC)?.strip_prefix(&[FORMAT])?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
        let payload = Payload {
            msg: sealed,
            aad: self.id.as_bytes(),
        };
        let cipher = XChaCha20Poly1305::new(key.into());
        let plain = cipher.decrypt(&XNonce::from(*nonce), payload).ok()?;
        postcard::from_bytes(&Zeroizing::new(plain)).ok()
    }

    fn key(&self) -> io::Result<Option<Zeroizing<[u8; 32]>>> {
        let read = present(std::fs::read(self.folder.join("key")))?.map(Zeroizing::new);
        Ok(read.and_then(|bytes| Some(Zeroizing::new(<[u8; 32]>::try_from(&bytes[..]).ok()?))))
    }

    fn key_or_new(&self) -> io::Result<Zeroizing<[u8; 32]>> {
        let lock = lock_file(&self.folder.join("key.lock"))?;
        lock.lock()?;
        if let Some(key) = self.key()? {
            return Ok(key);
        }
        let key = Zeroizing::new(random()?);
        replace("oauth: key", &self.folder.join("key"), &*key)?;
        Ok(key)
    }

    /// Waits until nobody else, in this process or another, asks for this account.
    pub(super) async fn turn(&self) -> Result<Turn, OauthError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.turn_now()? {
                Some(turn) => return Ok(turn),
                None if Instant::now() > until => {
                    return Err(OauthError::later(
                        "another process has been asking for too long",
                    ));
                }
                None => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// The turn, if nobody else has it now.
    fn turn_now(&self) -> io::Result<Option<Turn>> {
        private_dir(&self.folder)?;
        let file = lock_file(&self.folder.join(format!("{}.lock", self.id)))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Turn { _held: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }
}

fn lock_file(path: &Path) -> io::Result<File> {
    File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

/// What is not there is nothing.
fn present<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Ok(all) => Ok(Some(all)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Random bytes from the system.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| io::Error::other(e.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn tokens_are_sealed_private_and_found_again() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("oauth");
        let vault = Vault::new(&folder, "a1".into());
        assert!(vault.read().unwrap() == Kept::default());
        let mut kept = Kept::default();
        kept.refresh = Some("planted-refresh".into());
        kept.access = Some("planted-access".into());
        vault.write(&kept).unwrap();
        assert!(vault.read().unwrap() == kept);
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(7).any(|w| w == b"planted"), "{path:?}");
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{path:?}");
        }
        // The file of one account is worth nothing under the name of another, nor with a flipped bit.
        std::fs::copy(vault.file(), folder.join("b2.tokens")).unwrap();
        assert!(Vault::new(&folder, "b2".into()).read().unwrap() == Kept::default());
        let mut bytes = std::fs::read(vault.file()).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(vault.file(), bytes).unwrap();
        assert!(vault.read().unwrap() == Kept::default());
        vault.remove().unwrap();
        vault.remove().unwrap();
    }

    #[test]
    fn who_reads_without_the_turn_forgets_nothing_that_could_not_be_written() {
        let root = tempfile::tempdir().unwrap();
        let vault = Vault::new(root.path(), "a1".into());
        let of = |refresh: &str| {
            let mut kept = Kept::default();
            kept.refresh = Some(refresh.into());
            kept
        };
        vault.write(&of("first")).unwrap();
        // The reader sees the first, while the second was written and the third could not be.
        let third = Unwritten {
            kept: of("third"),
            instead_of: Some(of("second")),
            since: 1,
            why: "full".into(),
        };
        unwritten::keep(vault.file(), third.clone());
        assert!(vault.read().unwrap() == of("first"));
        assert!(unwritten::of(&vault.file()).is_some());
        vault.write(&of("second")).unwrap();
        unwritten::keep(vault.file(), third.clone());
        assert!(vault.read().unwrap() == of("third") && vault.unwritten().is_some());
        vault.write_again();
        assert!(vault.read().unwrap() == of("third") && vault.unwritten().is_none());
        // Whoever has the turn forgets what somebody else's log-in has overtaken.
        unwritten::keep(vault.file(), third);
        vault.write_again();
        assert!(unwritten::of(&vault.file()).is_none());
        assert!(vault.read().unwrap() == of("third"));
    }

    #[tokio::test]
    async fn one_at_a_time_also_within_one_process() {
        let root = tempfile::tempdir().unwrap();
        let vault = Vault::new(root.path(), "a1".into());
        let first = vault.turn().await.unwrap();
        let second = tokio::time::timeout(Duration::from_millis(100), vault.turn()).await;
        assert!(second.is_err());
        drop(first);
        assert!(vault.turn().await.is_ok());
    }
}
