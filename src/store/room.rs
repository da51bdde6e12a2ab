//! Keeps room on the disk to write down what is already known: a floor of free space, and a ballast file to throw off.

use super::CommitError;
use super::disk;
use rustix::fs::{FallocateFlags, fallocate, statvfs};
use std::io;
use std::path::{Path, PathBuf};

/// The ballast and the floor of one store.
pub(super) struct Room {
    dir: PathBuf,
    ballast: u64,
    floor: u64,
    /// Whether the ballast lies on the disk.
    loaded: bool,
}

impl Room {
    pub(super) fn new(dir: &Path, ballast: u64, floor: u64) -> Self {
        let path = dir.join("ballast");
        let loaded = std::fs::metadata(path).is_ok_and(|m| m.len() >= ballast);
        let mut room = Self {
            dir: dir.to_owned(),
            ballast,
            floor,
            loaded,
        };
        room.load();
        room
    }

    /// Free octets where the store is.
    pub(super) fn free(&self) -> io::Result<u64> {
        free(&self.dir)
    }

    /// Whether new work of `octets` may be written.
    pub(super) fn check(&mut self, octets: u64) -> Result<(), CommitError> {
        check(&self.dir, self.floor, octets)?;
        self.load();
        Ok(())
    }

    /// Makes room for something that must be written down, by the ballast if nothing else helps.
    pub(super) fn force(&mut self, octets: u64) -> Result<(), CommitError> {
        let free = self.free().map_err(CommitError::Log)?;
        if free >= self.floor.saturating_add(octets) {
            return Ok(());
        }
        if self.loaded && std::fs::remove_file(self.dir.join("ballast")).is_ok() {
            self.loaded = false;
        }
        // A group cut short by a full disk would poison the log; refused before, it can be tried again.
        let free = self.free().map_err(CommitError::Log)?;
        match free < octets.saturating_add(64 << 10) {
            true => Err(CommitError::Full {
                free,
                floor: self.floor,
            }),
            false => Ok(()),
        }
    }

    /// Puts the ballast (back) where there is room for it above the floor. Without it the store works too.
    fn load(&mut self) {
        let needed = self.floor.saturating_add(self.ballast);
        if self.loaded || self.ballast == 0 || self.free().map_or(0, |free| free) < needed {
            return;
        }
        let file = disk::create(&self.dir.join("ballast"));
        self.loaded =
            file.is_ok_and(|f| fallocate(f, FallocateFlags::empty(), 0, self.ballast).is_ok());
    }
}

fn free(dir: &Path) -> io::Result<u64> {
    let disk = statvfs(dir)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Whether `octets` of new work leave the floor untouched.
pub(super) fn check(dir: &Path, floor: u64, octets: u64) -> Result<(), CommitError> {
    let free = free(dir).map_err(CommitError::Log)?;
    match free < floor.saturating_add(octets) {
        true => Err(CommitError::Full { free, floor }),
        false => Ok(()),
    }
}
