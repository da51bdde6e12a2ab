//! One suppression list as a file: entries in blocks with a checksum each, a first key for each block, and a filter.
//!
//! ```text
//! "quitlist" version:u32 store:16 zero:4                                   head, 32 octets
//! up to 64 entries (fingerprint:32 person:16), CRC-32 of block number and entries:u32    each block
//! first 8 octets of each block's first fingerprint                         in memory
//! blocked Bloom filter, 64 octets each, 10 bits an entry, 6 set            in memory
//! entries:u64 octets of the filter:u64 CRC-32 of head, firsts, filter and these two:u32, SHA-256 of all before it:32
//! ```
//!
//! Numbers are little endian, the firsts big endian as the fingerprints are. A look-up asks the filter, then reads one block and
//! trusts it by its checksum; the digest over everything is held against the log by `quitus store verify`.

use super::super::disk;
use crate::faults;
use crate::record::{BEGINNING, Fingerprint, ListEntry, PersonId};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// A fingerprint and a person.
pub(super) type Entry = [u8; 48];

const MAGIC: &[u8; 8] = b"quitlist";
const FORMAT: u32 = 1;
const HEAD: usize = 32;
const TAIL: usize = 52;
const ENTRY: usize = 48;
/// Entries of a block.
pub(super) const BLOCK: usize = 64;
const FULL: usize = BLOCK * ENTRY + 4;
/// Bits of the filter for each entry: one in a hundred who are not on it costs a read.
const BITS: u64 = 10;
const SET: u32 = 6;

/// A list that is open.
pub(in crate::store) struct ListFile {
    pub(in crate::store) digest: [u8; 32],
    file: File,
    path: PathBuf,
    entries: u64,
    firsts: Vec<u64>,
    filter: Filter,
}

/// Says of most key forms that are not on the list that they are not.
struct Filter(Vec<u64>);

impl Filter {
    fn of(entries: u64) -> Self {
        let blocks = (entries * BITS).div_ceil(512).max(1);
        Self(vec![0; blocks as usize * 8])
    }

    /// The words of the block for a key, and which bits of it. Fingerprints are random already.
    fn bits(&self, key: u64) -> (usize, u64) {
        let blocks = (self.0.len() / 8) as u128;
        let block = ((u128::from(key) * blocks) >> 64) as usize;
        // The first octets chose the block: others choose the bits.
        (block * 8, key.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn set(&mut self, key: u64) {
        let (at, mut bits) = self.bits(key);
        for _ in 0..SET {
            self.0[at + (bits as usize & 7)] |= 1 << ((bits >> 3) & 63);
            bits = bits.rotate_right(9);
        }
    }

    fn may_hold(&self, key: u64) -> bool {
        let (at, mut bits) = self.bits(key);
        (0..SET).all(|_| {
            let word = self.0.get(at + (bits as usize & 7)).copied().unwrap_or(!0);
            let set = word & (1 << ((bits >> 3) & 63)) != 0;
            bits = bits.rotate_right(9);
            set
        })
    }
}

fn number(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(bytes.get(..8).unwrap_or(&[0; 8]));
    u64::from_be_bytes(eight)
}

fn head(store: &[u8; 16]) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(MAGIC);
    head[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    head[12..28].copy_from_slice(store);
    head
}

fn block_sum(block: u64, entries: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&block.to_le_bytes());
    sum.update(entries);
    sum.finalize()
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Where things lie in a file of so many entries.
struct Layout {
    blocks: u64,
    firsts: u64,
    filter: u64,
}

impl Layout {
    fn of(entries: u64) -> Option<Self> {
        let blocks = entries.div_ceil(BLOCK as u64);
        let data = entries.checked_mul(ENTRY as u64)?.checked_add(blocks * 4)?;
        let firsts = data.checked_add(HEAD as u64)?;
        Some(Self {
            blocks,
            firsts,
            filter: firsts + blocks * 8,
        })
    }
}

fn entry_of(bytes: &[u8], list: [u8; 32]) -> ListEntry {
    let (mut fingerprint, mut person) = ([0; 32], [0; 16]);
    fingerprint.copy_from_slice(&bytes[..32]);
    person.copy_from_slice(&bytes[32..ENTRY]);
    ListEntry {
        fingerprint: Fingerprint(fingerprint),
        person: PersonId(person),
        list,
    }
}

impl ListFile {
    /// Opens a file: head, firsts and filter are checked, blocks when they are read.
    pub(super) fn open(path: &Path, store: &[u8; 16]) -> io::Result<Self> {
        let file = File::open(path)?;
        let octets = file.metadata()?.len();
        let mut tail = [0; TAIL];
        let at = octets
            .checked_sub(TAIL as u64)
            .ok_or_else(|| bad("it is too short"))?;
        file.read_exact_at(&mut tail, at)?;
        let count = |at: usize| number(&tail[at..]).swap_bytes();
        let (entries, filter_octets) = (count(0), count(8));
        let layout = Layout::of(entries).ok_or_else(|| bad("its length is wrong"))?;
        if layout.filter.checked_add(filter_octets) != Some(at) || filter_octets % 64 != 0 {
            return Err(bad("its length is wrong"));
        }
        let mut found = [0; HEAD];
        file.read_exact_at(&mut found, 0)?;
        if found != head(store) {
            return Err(bad("it is no list of this store"));
        }
        let mut kept = vec![0; (at - layout.firsts) as usize];
        file.read_exact_at(&mut kept, layout.firsts)?;
        let mut sum = crc32fast::Hasher::new();
        sum.update(&found);
        sum.update(&kept);
        sum.update(&tail[..16]);
        if sum.finalize().to_le_bytes() != tail[16..20] {
            return Err(bad("a checksum is wrong"));
        }
        let words = |bytes: &[u8]| bytes.chunks_exact(8).map(number).collect();
        let (firsts, filter) = kept.split_at((layout.blocks * 8) as usize);
        let mut digest = [0; 32];
        digest.copy_from_slice(&tail[20..]);
        Ok(Self {
            digest,
            file,
            path: path.to_owned(),
            entries,
            firsts: words(firsts),
            filter: Filter(words(filter)),
        })
    }

    /// Entries of it.
    pub(in crate::store) fn len(&self) -> u64 {
        self.entries
    }

    /// Reads a block; gives its entries.
    fn block<'b>(&self, block: u64, bytes: &'b mut [u8; FULL]) -> io::Result<&'b [u8]> {
        let before = block * BLOCK as u64;
        let many = self.entries.saturating_sub(before).min(BLOCK as u64) as usize;
        let octets = many * ENTRY;
        let at = HEAD as u64 + block * FULL as u64;
        self.file.read_exact_at(&mut bytes[..octets + 4], at)?;
        let (entries, sum) = bytes[..octets + 4].split_at(octets);
        match block_sum(block, entries).to_le_bytes() == *sum {
            true => Ok(entries),
            false => Err(bad("is damaged (a checksum is wrong)")),
        }
    }

    /// Adds the entries that begin so.
    pub(super) fn find(&self, beginning: &[u8], found: &mut Vec<ListEntry>) -> io::Result<()> {
        if beginning.len() < BEGINNING {
            return Err(bad("is asked for too short a key"));
        }
        let key = number(beginning);
        if self.entries == 0 || !self.filter.may_hold(key) {
            return Ok(());
        }
        let after = self.firsts.partition_point(|first| *first < key);
        let mut bytes = [0; FULL];
        for block in after.saturating_sub(1)..self.firsts.len() {
            if self.firsts[block] > key {
                break;
            }
            let entries = self.block(block as u64, &mut bytes)?;
            for entry in entries.chunks_exact(ENTRY) {
                if entry.starts_with(beginning) {
                    found.push(entry_of(entry, self.digest));
                }
            }
        }
        Ok(())
    }

    /// The entries of a block and its number's neighbours in order: for whoever reads the whole list.
    pub(in crate::store) fn entries(&self, from: u64, limit: usize) -> io::Result<Vec<ListEntry>> {
        let (mut all, mut bytes) = (Vec::new(), [0; FULL]);
        let mut next = from;
        while next < self.entries && all.len() < limit {
            let entries = self.block(next / BLOCK as u64, &mut bytes)?;
            let skipped = (next % BLOCK as u64) as usize;
            for entry in entries
                .chunks_exact(ENTRY)
                .skip(skipped)
                .take(limit - all.len())
            {
                all.push(entry_of(entry, self.digest));
                next += 1;
            }
        }
        Ok(all)
    }

    /// Reads every octet, and holds the digest against them.
    pub(in crate::store) fn verify(&self) -> io::Result<()> {
        let mut file = File::open(&self.path)?;
        let octets = file.metadata()?.len().saturating_sub(32);
        let (mut sum, mut left) = (Sha256::new(), octets);
        let mut bytes = vec![0; 256 << 10];
        while left > 0 {
            let part = bytes.len().min(left as usize);
            file.read_exact(&mut bytes[..part])?;
            sum.update(&bytes[..part]);
            left -= part as u64;
        }
        let found: [u8; 32] = sum.finalize().into();
        match found == self.digest {
            true => Ok(()),
            false => Err(bad("its octets are not what the log says")),
        }
    }
}

/// A list that is being written; entries come in the order of their key forms, each once.
pub(super) struct Writer {
    out: BufWriter<File>,
    sum: Sha256,
    path: PathBuf,
    store: [u8; 16],
    block: Vec<u8>,
    entries: u64,
    firsts: Vec<u8>,
    filter: Filter,
}

impl Writer {
    /// Begins the file at `path` (a name that it will not keep), for at most so many entries.
    pub(super) fn create(path: &Path, store: [u8; 16], most: u64) -> io::Result<Self> {
        faults::reached("list: write");
        faults::fail_write()?;
        let mut writer = Self {
            out: BufWriter::with_capacity(256 << 10, disk::create(path)?),
            sum: Sha256::new(),
            path: path.to_owned(),
            store,
            block: Vec::with_capacity(FULL),
            entries: 0,
            firsts: Vec::new(),
            filter: Filter::of(most),
        };
        writer.write(&head(&store))?;
        Ok(writer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.out.write_all(bytes)
    }

    pub(super) fn push(&mut self, entry: &Entry) -> io::Result<()> {
        if self.block.is_empty() {
            self.firsts.extend_from_slice(&entry[..8]);
        }
        self.filter.set(number(entry));
        self.block.extend_from_slice(entry);
        self.entries += 1;
        match self.block.len() == BLOCK * ENTRY {
            true => self.end_block(),
            false => Ok(()),
        }
    }

    fn end_block(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let number = (self.entries - 1) / BLOCK as u64;
        let sum = block_sum(number, &self.block);
        self.block.extend_from_slice(&sum.to_le_bytes());
        let block = std::mem::take(&mut self.block);
        let written = self.write(&block);
        self.block = block;
        self.block.clear();
        written
    }

    /// Ends it, makes it durable, and gives it its name; the digest and the entries. A list of nobody is none.
    pub(super) fn finish(
        mut self,
        name: impl Fn(&[u8; 32]) -> PathBuf,
    ) -> io::Result<Option<ListFile>> {
        if self.entries == 0 {
            drop(self.out);
            std::fs::remove_file(&self.path)?;
            return Ok(None);
        }
        self.end_block()?;
        let filter: Vec<u8> = (self.filter.0.iter())
            .flat_map(|word| word.to_be_bytes())
            .collect();
        let firsts = std::mem::take(&mut self.firsts);
        let mut counts = [0; 16];
        counts[..8].copy_from_slice(&self.entries.to_le_bytes());
        counts[8..].copy_from_slice(&(filter.len() as u64).to_le_bytes());
        let mut sum = crc32fast::Hasher::new();
        for part in [&head(&self.store)[..], &firsts, &filter, &counts] {
            sum.update(part);
        }
        for part in [&firsts, &filter, &counts[..], &sum.finalize().to_le_bytes()] {
            self.write(part)?;
        }
        let digest: [u8; 32] = self.sum.clone().finalize().into();
        self.out.write_all(&digest)?;
        let file = self.out.into_inner().map_err(|e| e.into_error())?;
        faults::reached("list: write");
        disk::sync("list: sync", &file)?;
        let path = name(&digest);
        disk::rename("list: rename", &self.path, &path)?;
        ListFile::open(&path, &self.store).map(Some)
    }
}
