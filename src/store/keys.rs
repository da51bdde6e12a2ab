//! Seals personal content, each thing under a key of its own kind, and forgets keys for good.
//!
//! A new key lives in memory until [`Keys::sync`]: a group's keys are durable before the frame that needs them. Erasing is an
//! event first, then zeroing; erasing again does no harm, so a replay may repeat it. Keys are wiped from memory when they are
//! dropped. What they open (a letter on its way, a person's row) is not: it stands in many other places of memory.

use super::master::{Master, random};
use super::slots::{Slot, SlotReport, Slots};
use crate::record::{KeyId, KeyKind, Sealed};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use zeroize::Zeroizing;

/// Opened keys kept in memory.
const OPENED: usize = 4096;
const NONCE: usize = 24;

type Key = Zeroizing<[u8; 32]>;

/// Why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key record is damaged in both files.
    #[error("key {} is damaged in both key files", .0.0)]
    Lost(KeyId),
    /// The key was erased; nothing can be sealed with it any more.
    #[error("key {} was erased", .0.0)]
    Erased(KeyId),
    /// The sealed bytes are not what was sealed, or were sealed with another key.
    #[error("what key {} sealed was changed or damaged", .0.0)]
    Content(KeyId),
    /// The disk, or the system's source of randomness.
    #[error("the key files cannot be used: {0}")]
    Io(#[from] io::Error),
}

/// The keys of contacts and cases; any number of threads may use it.
pub struct Keys {
    slots: Slots,
    cipher: XChaCha20Poly1305,
    memory: Mutex<Memory>,
}

struct Memory {
    next: u64,
    /// Made, and not in the files yet.
    new: BTreeMap<KeyId, (KeyKind, Key)>,
    opened: HashMap<KeyId, Key>,
    failed: bool,
}

impl Keys {
    /// Opens (or makes) the key files, and mends one from the other.
    pub(super) fn open(dir: &Path, master: &Master) -> io::Result<(Self, SlotReport)> {
        let (slots, count, report) = Slots::open(dir, &master.store, true)?;
        let memory = Memory {
            next: count + 1,
            new: BTreeMap::new(),
            opened: HashMap::new(),
            failed: false,
        };
        let keys = Self {
            slots,
            cipher: master.cipher(),
            memory: Mutex::new(memory),
        };
        Ok((keys, report))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // A thread that panicked with the lock held has changed a map or not; both are whole.
        match self.memory.lock() {
            Ok(memory) => memory,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// A new key. It becomes durable with the next group that is committed.
    pub fn allocate(&self, kind: KeyKind) -> Result<KeyId, KeyError> {
        let key = Key::new(random()?);
        let mut memory = self.memory();
        let id = KeyId(memory.next);
        memory.next += 1;
        memory.new.insert(id, (kind, key));
        Ok(id)
    }

    /// Makes all new keys durable, in both files.
    pub(super) fn sync(&self) -> Result<(), KeyError> {
        let mut memory = self.memory();
        if memory.failed {
            return Err(io::Error::other("an earlier write to the key files failed").into());
        }
        if memory.new.is_empty() {
            return Ok(());
        }
        let mut slots = Vec::with_capacity(memory.new.len());
        for (id, (kind, key)) in &memory.new {
            slots.push(self.slot(*id, *kind, key)?);
        }
        let done = self
            .slots
            .write("keys: write", &slots)
            .and_then(|()| self.slots.sync());
        memory.failed = done.is_err();
        done?;
        let new = std::mem::take(&mut memory.new);
        for (id, (_, key)) in new {
            memory.remember(id, key);
        }
        Ok(())
    }

    fn slot(&self, id: KeyId, kind: KeyKind, key: &Key) -> Result<Slot, KeyError> {
        let nonce: [u8; NONCE] = random()?;
        let payload = Payload {
            msg: key.as_slice(),
            aad: &slot_aad(id, kind as u8),
        };
        let cipher = self.cipher.encrypt(&nonce.into(), payload);
        let cipher = cipher.map_err(|_| KeyError::Content(id))?;
        let mut sealed = [0; 72];
        sealed[..NONCE].copy_from_slice(&nonce);
        sealed[NONCE..].copy_from_slice(&cipher);
        Ok(Slot {
            id,
            generation: 1,
            kind: kind as u8,
            erased: false,
            sealed,
        })
    }

    /// Zeroes keys in both files and in memory: what they sealed is unreadable for ever. Unknown ids are passed over.
    pub(super) fn erase(&self, ids: &[KeyId]) -> Result<(), KeyError> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let mut memory = self.memory();
        let mut slots = Vec::new();
        let next = memory.next;
        for id in ids.into_iter().filter(|id| (1..next).contains(&id.0)) {
            memory.opened.remove(&id);
            memory.new.remove(&id);
            let old = self.slots.read(id)?;
            let kind = old.as_ref().map_or(0, |s| s.kind);
            // Written even if this copy says erased: the other file may not.
            slots.push(Slot::erased(id, kind));
        }
        if !slots.is_empty() {
            self.slots.write("keys: erase", &slots)?;
            self.slots.sync()?;
        }
        Ok(())
    }

    /// Seals `content` under a key.
    pub fn seal<T: Serialize + ?Sized>(&self, id: KeyId, content: &T) -> Result<Sealed, KeyError> {
        let key = self.key(id)?.ok_or(KeyError::Erased(id))?;
        let plain = postcard::to_stdvec(content).map_err(|_| KeyError::Content(id))?;
        let nonce: [u8; NONCE] = random()?;
        let payload = Payload {
            msg: &plain,
            aad: &id.0.to_le_bytes(),
        };
        let sealed = XChaCha20Poly1305::new(&(*key).into()).encrypt(&nonce.into(), payload);
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed.map_err(|_| KeyError::Content(id))?);
        Ok(Sealed { key: id, bytes })
    }

    /// Opens what was sealed; `None` if its key was erased.
    pub fn open_sealed<T: DeserializeOwned>(&self, sealed: &Sealed) -> Result<Option<T>, KeyError> {
        let id = sealed.key;
        let Some(key) = self.key(id)? else {
            return Ok(None);
        };
        let (nonce, body) = sealed
            .bytes
            .split_first_chunk::<NONCE>()
            .ok_or(KeyError::Content(id))?;
        let payload = Payload {
            msg: body,
            aad: &id.0.to_le_bytes(),
        };
        let plain = XChaCha20Poly1305::new(&(*key).into())
            .decrypt(&(*nonce).into(), payload)
            .map_err(|_| KeyError::Content(id))?;
        postcard::from_bytes(&plain)
            .map(Some)
            .map_err(|_| KeyError::Content(id))
    }

    /// Whether this key was erased.
    pub fn is_erased(&self, id: KeyId) -> Result<bool, KeyError> {
        Ok(self.key(id)?.is_none())
    }

    fn key(&self, id: KeyId) -> Result<Option<Key>, KeyError> {
        let mut memory = self.memory();
        if let Some((_, key)) = memory.new.get(&id) {
            return Ok(Some(key.clone()));
        }
        if let Some(key) = memory.opened.get(&id) {
            return Ok(Some(key.clone()));
        }
        let slot = self.slots.read(id)?.ok_or(KeyError::Lost(id))?;
        if slot.erased {
            return Ok(None);
        }
        let (nonce, body) = slot.sealed.split_at(NONCE);
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| KeyError::Lost(id))?;
        let payload = Payload {
            msg: body,
            aad: &slot_aad(id, slot.kind),
        };
        let plain = self.cipher.decrypt(&nonce.into(), payload);
        let plain = Zeroizing::new(plain.map_err(|_| KeyError::Lost(id))?);
        let key: [u8; 32] = plain
            .as_slice()
            .try_into()
            .map_err(|_| KeyError::Lost(id))?;
        memory.remember(id, Key::new(key));
        Ok(Some(Key::new(key)))
    }
}

impl Memory {
    fn remember(&mut self, id: KeyId, key: Key) {
        if self.opened.len() >= OPENED {
            self.opened.clear();
        }
        self.opened.insert(id, key);
    }
}

/// A sealed key opens only in its own slot.
fn slot_aad(id: KeyId, kind: u8) -> [u8; 9] {
    let mut aad = [kind; 9];
    aad[..8].copy_from_slice(&id.0.to_le_bytes());
    aad
}
