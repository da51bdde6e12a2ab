//! The two files of key records, `keys/a` and `keys/b`: the same slots in both, so that one rotten slot loses no key.
//!
//! Key `n` stands in slot `n - 1`, 96 octets each after a header of 64. A slot is written twice in its life: when the key
//! is made, and when it is erased, in place, because only that makes what it sealed unreadable. Limits of that on disks that
//! copy on write are the operator's to know (config/README.md).

use super::disk;
use crate::record::KeyId;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

const MAGIC: &[u8; 8] = b"quitslot";
const FORMAT: u32 = 1;
const HEADER: u64 = 64;
/// Octets of a slot.
pub(super) const SLOT: usize = 96;
/// Slots read at a time.
const STRETCH: usize = 4096;

/// One key record. The key in it is sealed with the store key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) id: KeyId,
    pub(super) generation: u32,
    pub(super) kind: u8,
    pub(super) erased: bool,
    /// Nonce (24), sealed key (32), tag (16); zero when erased.
    pub(super) sealed: [u8; 72],
}

impl Slot {
    /// What an erased key leaves.
    pub(super) fn erased(id: KeyId, kind: u8) -> Self {
        Self {
            id,
            generation: 2,
            kind,
            erased: true,
            sealed: [0; 72],
        }
    }

    fn to_bytes(&self) -> [u8; SLOT] {
        let mut bytes = [0; SLOT];
        bytes[..8].copy_from_slice(&self.id.0.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.generation.to_le_bytes());
        bytes[12] = self.kind;
        bytes[13] = u8::from(self.erased);
        bytes[16..88].copy_from_slice(&self.sealed);
        let sum = crc32fast::hash(&bytes[..92]);
        bytes[92..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8], id: KeyId) -> Option<Self> {
        let bytes: &[u8; SLOT] = bytes.try_into().ok()?;
        let sum = u32::from_le_bytes(bytes[92..].try_into().ok()?);
        let slot = Self {
            id: KeyId(u64::from_le_bytes(bytes[..8].try_into().ok()?)),
            generation: u32::from_le_bytes(bytes[8..12].try_into().ok()?),
            kind: bytes[12],
            erased: bytes[13] != 0,
            sealed: bytes[16..88].try_into().ok()?,
        };
        (crc32fast::hash(&bytes[..92]) == sum && slot.id == id).then_some(slot)
    }
}

/// What reading both files found.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct SlotReport {
    /// Slots that one file had lost and the other had.
    pub mended: u64,
    /// Keys that are unreadable in both files.
    pub lost: Vec<KeyId>,
}

/// Both files, open.
pub(super) struct Slots {
    files: [File; 2],
}

fn place(id: KeyId) -> u64 {
    HEADER + id.0.saturating_sub(1) * SLOT as u64
}

fn header(store: &[u8; 16]) -> [u8; HEADER as usize] {
    let mut bytes = [0; HEADER as usize];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    bytes[12..28].copy_from_slice(store);
    let sum = crc32fast::hash(&bytes[..60]);
    bytes[60..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

impl Slots {
    /// Opens both files, mends each from the other (unless `mend` is false), and counts the slots.
    pub(super) fn open(
        dir: &Path,
        store: &[u8; 16],
        mend: bool,
    ) -> io::Result<(Self, u64, SlotReport)> {
        let keys = dir.join("keys");
        let slots = Self {
            files: [disk::open(&keys.join("a"))?, disk::open(&keys.join("b"))?],
        };
        let mut report = SlotReport::default();
        let good = header(store);
        for file in &slots.files {
            let mut found = [0; HEADER as usize];
            let whole = file.read_exact_at(&mut found, 0).is_ok();
            if mend && (!whole || found != good) {
                report.mended += u64::from(file.metadata()?.len() > 0);
                disk::write_at("keys: header", file, &good, 0)?;
                disk::sync("keys: header", file)?;
            }
        }
        let count = slots.compare(mend, &mut report)?;
        Ok((slots, count, report))
    }

    /// Reads both files side by side. A slot that is erased in one is erased; a good copy replaces a bad one.
    fn compare(&self, mend: bool, report: &mut SlotReport) -> io::Result<u64> {
        let slots_in = |file: &File| -> io::Result<u64> {
            let octets = file.metadata()?.len().saturating_sub(HEADER);
            Ok(octets.div_ceil(SLOT as u64))
        };
        let count = slots_in(&self.files[0])?.max(slots_in(&self.files[1])?);
        let mut first = 1;
        while first <= count {
            let n = (count - first + 1).min(STRETCH as u64) as usize;
            let [a, b] = [0, 1].map(|f| read_stretch(&self.files[f], first, n));
            let (a, b) = (a?, b?);
            for i in 0..n {
                let id = KeyId(first + i as u64);
                let at = i * SLOT..(i + 1) * SLOT;
                if a[at.clone()] == b[at.clone()] && Slot::from_bytes(&a[at.clone()], id).is_some()
                {
                    continue;
                }
                self.settle(id, &a[at.clone()], &b[at], mend, report)?;
            }
            first += n as u64;
        }
        if mend && report.mended > 0 {
            self.sync()?;
        }
        Ok(count)
    }

    fn settle(
        &self,
        id: KeyId,
        a: &[u8],
        b: &[u8],
        mend: bool,
        report: &mut SlotReport,
    ) -> io::Result<()> {
        let (a, b) = (Slot::from_bytes(a, id), Slot::from_bytes(b, id));
        let good = match (a, b) {
            (Some(a), Some(b)) if b.generation > a.generation => b,
            (Some(a), _) => a,
            (None, Some(b)) => b,
            (None, None) => {
                report.lost.push(id);
                return Ok(());
            }
        };
        report.mended += 1;
        match mend {
            true => self.write("keys: mended", &[good]),
            false => Ok(()),
        }
    }

    /// A slot, from whichever file has it whole.
    pub(super) fn read(&self, id: KeyId) -> io::Result<Option<Slot>> {
        for file in &self.files {
            let mut bytes = [0; SLOT];
            match file.read_exact_at(&mut bytes, place(id)) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => continue,
                Err(e) => return Err(e),
            }
            if let Some(slot) = Slot::from_bytes(&bytes, id) {
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }

    /// Writes slots (sorted by id) to both files; neighbours in one write.
    pub(super) fn write(&self, step: &'static str, slots: &[Slot]) -> io::Result<()> {
        for file in &self.files {
            for run in slots.chunk_by(|a, b| a.id.0 + 1 == b.id.0) {
                let bytes: Vec<u8> = run.iter().flat_map(|s| s.to_bytes()).collect();
                if let Some(first) = run.first() {
                    disk::write_at(step, file, &bytes, place(first.id))?;
                }
            }
        }
        Ok(())
    }

    /// Makes both files durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.files
            .iter()
            .try_for_each(|file| disk::sync("keys: sync", file))
    }
}

fn read_stretch(file: &File, first: u64, n: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; n * SLOT];
    let mut have = 0;
    while have < bytes.len() {
        match file.read_at(&mut bytes[have..], place(KeyId(first)) + have as u64) {
            Ok(0) => break,
            Ok(n) => have += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(bytes)
}
