//! The signed place where a shortened log begins: retention drops whole segments only behind it.
//!
//! Without it a log whose first frame is not number 1 has lost its beginning; with it the operator has let it go.

use super::disk;
use super::frame::Link;
use crate::record::{Fingerprinter, decode, encode};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The last frame that was dropped, signed with the key for ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Anchor {
    pub(super) before: Link,
    signature: [u8; 32],
}

fn sign(keys: &Fingerprinter, before: &Link) -> [u8; 32] {
    keys.keyed("anchor", &[&before.number.to_le_bytes(), &before.hash])
}

/// Writes the anchor.
pub(super) fn write(dir: &Path, keys: &Fingerprinter, before: Link) -> io::Result<()> {
    let signature = sign(keys, &before);
    let bytes = encode(&Anchor { before, signature });
    disk::replace("anchor: write", &dir.join("anchor"), &bytes)
}

/// Reads the anchor; `None` if there is none, or its signature is wrong.
pub(super) fn read(dir: &Path, keys: &Fingerprinter) -> Option<Anchor> {
    let bytes = std::fs::read(dir.join("anchor")).ok()?;
    let anchor: Anchor = decode(&bytes).ok()?;
    (anchor.signature == sign(keys, &anchor.before)).then_some(anchor)
}
