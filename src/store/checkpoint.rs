//! Checkpoints: all rows of the state after one frame, in one file with a digest that the chain of the log contains.
//!
//! ```text
//! "quitckpt" version:u32 store:16 place:postcard with length:u32, then for each row
//! length of the key:u32 length of the value:u32 key value, then u32::MAX, rows:u64, SHA-256 of all before it:32
//! ```
//!
//! Rows stand in the order of their keys, so that the same state gives the same file. Two are kept: a rebuild takes the
//! newest good one and the log after it.

use super::disk;
use super::index::{Changes, Index, Place};
use crate::faults;
use crate::record::{Damaged, decode, encode};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"quitckpt";
const FORMAT: u32 = 1;
/// How many are kept.
const KEPT: usize = 2;
/// Rows put into the index at a time.
const BATCH: usize = 2048;

/// A checkpoint file whose digest is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last frame whose effect is in it.
    pub frame: u64,
    /// Rows.
    pub rows: u64,
    /// SHA-256, as the log has it.
    pub digest: [u8; 32],
    /// The file.
    pub path: PathBuf,
}

pub(super) fn folder(dir: &Path) -> PathBuf {
    dir.join("checkpoints")
}

/// The checkpoint files that are there, newest first: frame and file.
pub(super) fn list(dir: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut all = Vec::new();
    let entries = match std::fs::read_dir(folder(dir)) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(all),
        Err(e) => return Err(e),
    };
    for entry in entries {
        let path = entry?.path();
        let frame = path
            .file_name()
            .and_then(|n| n.to_str()?.strip_suffix(".ckpt")?.parse().ok());
        if let Some(frame) = frame {
            all.push((frame, path));
        }
    }
    all.sort_unstable_by(|a, b| b.cmp(a));
    Ok(all)
}

/// Hashes what passes through it.
struct Hashing<T> {
    inner: T,
    sum: Sha256,
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.sum.update(&bytes[..n]);
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(bytes)?;
        self.sum.update(&bytes[..n]);
        Ok(n)
    }
}

/// Writes all rows of the index into `checkpoints/<frame>.ckpt`.
pub(super) fn write(dir: &Path, store: [u8; 16], index: &Index) -> io::Result<Checkpoint> {
    disk::private_dir(&folder(dir))?;
    let place = index.place().map_err(io::Error::other)?;
    let path = folder(dir).join(format!("{:012}.ckpt", place.link.number));
    let new = path.with_extension("new");
    faults::reached("checkpoint: write");
    faults::fail_write()?;
    let mut out = Hashing {
        inner: BufWriter::with_capacity(256 << 10, disk::create(&new)?),
        sum: Sha256::new(),
    };
    let head = encode(&place);
    out.write_all(MAGIC)?;
    out.write_all(&FORMAT.to_le_bytes())?;
    out.write_all(&store)?;
    out.write_all(&(head.len() as u32).to_le_bytes())?;
    out.write_all(&head)?;
    let mut rows = 0u64;
    index
        .each(|key, value| {
            rows += 1;
            write_row(&mut out, key, value).map_err(|e| Damaged(e.to_string()))
        })
        .map_err(io::Error::other)?;
    out.write_all(&u32::MAX.to_le_bytes())?;
    out.write_all(&rows.to_le_bytes())?;
    let digest: [u8; 32] = out.sum.finalize().into();
    let mut file = out.inner;
    file.write_all(&digest)?;
    let file = file.into_inner().map_err(|e| e.into_error())?;
    faults::reached("checkpoint: write");
    disk::sync("checkpoint: sync", &file)?;
    disk::rename("checkpoint: rename", &new, &path)?;
    Ok(Checkpoint {
        frame: place.link.number,
        rows,
        digest,
        path,
    })
}

fn write_row(out: &mut impl Write, key: &[u8], value: &[u8]) -> io::Result<()> {
    out.write_all(&(key.len() as u32).to_le_bytes())?;
    out.write_all(&(value.len() as u32).to_le_bytes())?;
    out.write_all(key)?;
    out.write_all(value)
}

/// Removes all but the newest two.
pub(super) fn remove_old(dir: &Path) -> io::Result<()> {
    for (_, path) in list(dir)?.into_iter().skip(KEPT) {
        faults::reached("checkpoint: remove old");
        std::fs::remove_file(path)?;
        faults::reached("checkpoint: remove old");
    }
    Ok(())
}

/// Reads a checkpoint row by row (full keys); everything that was seen is worthless unless this ends well.
pub(super) fn read(
    path: &Path,
    store: &[u8; 16],
    mut see: impl FnMut(&Place, Vec<u8>, Vec<u8>) -> Result<(), Damaged>,
) -> Result<(Place, Checkpoint), Damaged> {
    let broken = |e: io::Error| Damaged(format!("{}: {e}", path.display()));
    let bad = |what: &str| Damaged(format!("{}: {what}", path.display()));
    let mut file = Hashing {
        inner: BufReader::with_capacity(256 << 10, File::open(path).map_err(broken)?),
        sum: Sha256::new(),
    };
    let mut head = [0; 28];
    file.read_exact(&mut head).map_err(broken)?;
    if &head[..8] != MAGIC || head[8..12] != FORMAT.to_le_bytes() || &head[12..] != store {
        return Err(bad("this is no checkpoint of this store"));
    }
    let place = read_sized(&mut file, 1 << 10).map_err(broken)?;
    let place: Place = decode(&place)?;
    let mut rows = 0u64;
    loop {
        let key_length = read_u32(&mut file).map_err(broken)?;
        if key_length == u32::MAX {
            break;
        }
        let value_length = read_u32(&mut file).map_err(broken)?;
        if key_length > 4 << 10 || value_length > 64 << 20 {
            return Err(bad("a row is too long"));
        }
        let key = read_n(&mut file, key_length as usize).map_err(broken)?;
        let value = read_n(&mut file, value_length as usize).map_err(broken)?;
        rows += 1;
        see(&place, key, value)?;
    }
    let mut counted = [0; 8];
    file.read_exact(&mut counted).map_err(broken)?;
    let digest: [u8; 32] = file.sum.finalize().into();
    let mut found = [0; 32];
    file.inner.read_exact(&mut found).map_err(broken)?;
    if found != digest || u64::from_le_bytes(counted) != rows {
        return Err(bad("its digest is wrong"));
    }
    let checkpoint = Checkpoint {
        frame: place.link.number,
        rows,
        digest,
        path: path.to_owned(),
    };
    Ok((place, checkpoint))
}

fn read_u32(file: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn read_sized(file: &mut impl Read, most: usize) -> io::Result<Vec<u8>> {
    let n = read_u32(file)? as usize;
    if n > most {
        return Err(io::Error::other("a length is too large"));
    }
    read_n(file, n)
}

fn read_n(file: &mut impl Read, n: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(n as u64).read_to_end(&mut bytes)?;
    match bytes.len() == n {
        true => Ok(bytes),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Puts a checkpoint into an empty index, once it has been read to its end and found good.
pub(super) fn load(path: &Path, store: &[u8; 16], index: &Index) -> Result<Place, Damaged> {
    let (place, _) = read(path, store, |_, _, _| Ok(()))?;
    let mut changes = Changes::new();
    read(path, store, |_, key, value| {
        changes.insert(key, Some(value));
        if changes.len() >= BATCH {
            index.apply(std::mem::take(&mut changes), &Place::default())?;
        }
        Ok(())
    })?;
    index.apply(changes, &place)?;
    Ok(place)
}
