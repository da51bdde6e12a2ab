//! The rows that are on their way into sled, in a file beside it: a process that is killed in the middle has them put in again.
//!
//! sled's own batch is all or nothing, and costs for it: it is a hash map, so rows go in in no order, and what they replace is
//! freed only when the last is in. The same rows one by one in the order of their keys take a sixth less time and a tenth
//! of the memory. So all or nothing is made here: the file first, then a mark in sled that names it, then the rows,
//! and the mark goes. sled writes what one thread does in its order, so where the mark is missing no row is in; and
//! where it stands the file tells all of them. A sync is not needed: after a machine that stopped, the index is made
//! again from the log anyhow.

use super::disk;
use super::index::{Changes, Place};
use crate::record::{decode, encode};
use std::io;
use std::path::Path;

/// Names what a file holds: its checksum and length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Name {
    sum: u32,
    octets: u64,
}

impl Name {
    fn of(bytes: &[u8]) -> Self {
        Self {
            sum: crc32fast::hash(bytes),
            octets: bytes.len() as u64,
        }
    }
}

/// Writes down what goes into sled next, over what went there before; and up to where the log is in it, before and after.
pub(super) fn write(path: &Path, rows: &Changes, places: [Place; 2]) -> io::Result<Name> {
    let bytes = encode(&(places, rows));
    let file = disk::create(path)?;
    disk::write_at("index: settle", &file, &bytes, 0)?;
    Ok(Name::of(&bytes))
}

/// What the file of this name holds; `None` if it is not there, or another one.
pub(super) fn read(path: &Path, name: Name) -> Option<([Place; 2], Changes)> {
    let bytes = std::fs::read(path).ok()?;
    match Name::of(&bytes) == name {
        true => decode(&bytes).ok(),
        false => None,
    }
}
