//! sled, guarded: every row with a checksum, every panic of it damage and not the end of the program.
//!
//! It is never the truth. sled's `flush` is no fsync, a flipped byte can panic its `open`, a lost tail can open as an empty
//! database. sled's types do not leave this file.

use crate::record::Damaged;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long an index that is being dropped may take to let go of its lock.
const LET_GO: Duration = Duration::from_secs(5);

/// The open tree.
pub(super) struct Tree(sled::Db);

/// sled 0.34 tells a lock that is taken only by its words.
fn is_locked(e: &sled::Error) -> bool {
    matches!(e, sled::Error::Io(io) if io.to_string().starts_with("could not acquire lock"))
}

/// Whatever went wrong is damage: the rows are made again from the log.
pub(super) fn damaged(e: impl std::fmt::Display) -> Damaged {
    Damaged(e.to_string())
}

fn guarded<T>(call: impl FnOnce() -> Result<T, Damaged>) -> Result<T, Damaged> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err(damaged("sled panicked")))
}

/// What stands before a row: a checksum over key and value.
fn sum(key: &[u8], value: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(key);
    sum.update(value);
    sum.finalize()
}

fn checked<'a>(key: &[u8], bytes: &'a [u8]) -> Result<&'a [u8], Damaged> {
    let (found, value) = bytes
        .split_first_chunk::<4>()
        .ok_or_else(|| damaged("a short row"))?;
    match sum(key, value) == u32::from_le_bytes(*found) {
        true => Ok(value),
        false => Err(damaged("a row's checksum is wrong")),
    }
}

impl Tree {
    /// Opens the one at `path`, or makes an empty one, in a thread of its own, so that a panic of sled ends there.
    ///
    /// Who opens it holds the lock of the store, so a lock of sled's that is still taken belongs to an index of this very
    /// process that is being dropped: sled's own threads let go of it a moment after the last handle. That is waited for,
    /// since an index that is only busy must not be taken for a damaged one and built again.
    ///
    /// `cache` is sled's memory in octets.
    pub(super) fn open(path: &Path, cache: u64) -> Result<Self, Damaged> {
        let until = Instant::now() + LET_GO;
        loop {
            let path = path.to_owned();
            let opening = std::thread::Builder::new()
                .name("index".into())
                .spawn(move || {
                    sled::Config::new()
                        .path(path)
                        .cache_capacity(cache)
                        .flush_every_ms(None)
                        .open()
                })
                .map_err(damaged)?;
            let opened = opening
                .join()
                .map_err(|_| damaged("sled panicked while opening it"))?;
            match opened {
                Ok(db) => return Ok(Self(db)),
                Err(e) if is_locked(&e) && Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(e) => return Err(damaged(e)),
            }
        }
    }

    /// The row of a key.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        let found = guarded(|| self.0.get(key).map_err(damaged))?;
        found
            .map(|bytes| checked(key, &bytes).map(<[u8]>::to_vec))
            .transpose()
    }

    /// Puts rows in, and takes out those that are `None`, one after the other. What one thread puts in, a process that is
    /// killed leaves behind in that order: some of the first, none of the last.
    pub(super) fn put<'r>(
        &self,
        rows: impl IntoIterator<Item = (&'r [u8], Option<&'r [u8]>)>,
    ) -> Result<(), Damaged> {
        guarded(|| {
            let mut summed = Vec::new();
            for (key, value) in rows {
                match value {
                    Some(value) => {
                        summed.clear();
                        summed.extend_from_slice(&sum(key, value).to_le_bytes());
                        summed.extend_from_slice(value);
                        self.0.insert(key, summed.as_slice()).map_err(damaged)?
                    }
                    None => self.0.remove(key).map_err(damaged)?,
                };
            }
            Ok(())
        })
    }

    /// The first key from a key on, whatever its row is.
    pub(super) fn first_from(&self, start: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        guarded(|| {
            let first = self.0.range(start..).next().transpose().map_err(damaged)?;
            Ok(first.map(|(key, _)| key.to_vec()))
        })
    }

    /// Calls `see` with the rows from a key on that begin so, in the order of keys, until it says `false`. Others may be
    /// damaged.
    pub(super) fn each_from(
        &self,
        start: &[u8],
        prefix: &[u8],
        mut see: impl FnMut(&[u8], &[u8]) -> Result<bool, Damaged>,
    ) -> Result<(), Damaged> {
        guarded(|| {
            for row in self.0.range(start..) {
                let (key, bytes) = row.map_err(damaged)?;
                if !key.starts_with(prefix) || !see(&key, checked(&key, &bytes)?)? {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Hands everything to the operating system. This is no fsync.
    pub(super) fn flush(&self) -> Result<(), Damaged> {
        guarded(|| self.0.flush().map(|_| ()).map_err(damaged))
    }

    /// Octets on the disk.
    pub(super) fn size(&self) -> u64 {
        guarded(|| self.0.size_on_disk().map_err(damaged)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_row_spoils_only_what_asks_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::open(&folder.path().join("index"), 1 << 20).unwrap();
        let row: &[u8] = b"row";
        tree.put([(b"a1".as_slice(), Some(row)), (b"a2", Some(row))])
            .unwrap();
        tree.0.insert(b"b1", b"damaged").unwrap();
        let mut seen = 0;
        let mut count = |prefix: &[u8]| {
            tree.each_from(b"a", prefix, |_, _| {
                seen += 1;
                Ok(true)
            })
        };
        count(b"a").unwrap();
        assert!(count(b"").is_err());
        assert_eq!(seen, 4);
        assert_eq!(tree.first_from(b"b").unwrap(), Some(b"b1".to_vec()));
        assert!(tree.get(b"b1").is_err());
    }
}
