//! The keys of the installation: the store key, the fingerprint chain, the key for ids. They exist here and nowhere else.
//!
//! They are written once, when the store is made, in two copies: without them no suppression is recognised and no sealed
//! content opens, so a backup of the store without them is worth little, and one with them must be kept apart.

use super::disk;
use crate::record::Fingerprinter;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

const MAGIC: &[u8; 8] = b"quitkey\0";
const FORMAT: u8 = 1;

/// What `keys/master` holds.
#[derive(Serialize, Deserialize)]
pub(super) struct Master {
    /// Names the store; every other file of it repeats it.
    pub(super) store: [u8; 16],
    store_key: [u8; 32],
    chain: Vec<[u8; 32]>,
    ids: [u8; 32],
}

impl Drop for Master {
    fn drop(&mut self) {
        self.store_key.zeroize();
        self.chain.zeroize();
        self.ids.zeroize();
    }
}

/// `keys/master` cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum MasterError {
    #[error("both copies are missing or damaged")]
    Lost,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Random bytes from the system.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| io::Error::other(e.to_string()))?;
    Ok(bytes)
}

fn copies(dir: &Path) -> [PathBuf; 2] {
    let keys = dir.join("keys");
    [keys.join("master"), keys.join("master.copy")]
}

impl Master {
    /// Makes the keys of a new store.
    pub(super) fn create(dir: &Path) -> io::Result<Self> {
        disk::private_dir(&dir.join("keys"))?;
        let master = Self {
            store: random()?,
            store_key: random()?,
            chain: vec![random()?],
            ids: random()?,
        };
        let bytes = master.to_bytes();
        // The copy first: a store exists from the moment that `master` does.
        let [first, copy] = copies(dir);
        disk::replace("keys: master copy", &copy, &bytes)?;
        disk::replace("keys: master", &first, &bytes)?;
        disk::sync_dir("keys: store folder", dir)?;
        Ok(master)
    }

    /// Reads the keys, and mends a copy from the other; `true` if one was mended.
    pub(super) fn load(dir: &Path) -> Result<(Self, bool), MasterError> {
        let [first, copy] = copies(dir).map(|path| (read(&path), path));
        let (good, bad) = match (first.0?, copy.0?) {
            (Some(master), Some(other)) if master.store == other.store => {
                return Ok((master, false));
            }
            (Some(master), _) => (master, copy.1),
            (None, Some(master)) => (master, first.1),
            (None, None) => return Err(MasterError::Lost),
        };
        disk::replace("keys: master mended", &bad, &good.to_bytes())?;
        Ok((good, true))
    }

    /// Whether there is anything that was once a master file.
    pub(super) fn exists(dir: &Path) -> bool {
        copies(dir).iter().any(|path| path.exists())
    }

    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let body = Zeroizing::new(postcard::to_stdvec(self).unwrap_or_default());
        let mut bytes = Zeroizing::new(Vec::with_capacity(body.len() + 13));
        bytes.extend_from_slice(MAGIC);
        bytes.push(FORMAT);
        bytes.extend_from_slice(&body);
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Makes fingerprints and ids.
    pub(super) fn fingerprinter(&self) -> Fingerprinter {
        Fingerprinter::new(self.chain.clone(), self.ids)
    }

    /// Seals the keys of contacts and cases.
    pub(super) fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.store_key.into())
    }
}

fn read(path: &Path) -> io::Result<Option<Master>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let Some((content, sum)) = bytes.split_last_chunk::<4>() else {
        return Ok(None);
    };
    let body = content
        .strip_prefix(MAGIC)
        .and_then(|b| b.strip_prefix(&[FORMAT]));
    Ok(body
        .filter(|_| crc32fast::hash(content) == u32::from_le_bytes(*sum))
        .and_then(|body| postcard::from_bytes(body).ok()))
}
