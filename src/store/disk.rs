//! Files as the store writes them: private, synced, and every durable step named for the kill test.

use crate::faults;
use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Makes a folder that only its owner can enter; one that exists is closed to others.
pub fn private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// Makes a file that only its owner can read; one that exists is emptied.
pub(super) fn create(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

/// Opens a file for reading and writing; a new one is private.
pub(super) fn open(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

/// Writes all of `bytes` at `offset`.
pub(super) fn write_at(
    step: &'static str,
    file: &File,
    bytes: &[u8],
    offset: u64,
) -> io::Result<()> {
    faults::reached(step);
    faults::fail_write()?;
    file.write_all_at(bytes, offset)?;
    faults::reached(step);
    Ok(())
}

/// fdatasync: the content, and the length that is needed to read it, are on the disk.
pub(super) fn sync(step: &'static str, file: &File) -> io::Result<()> {
    faults::reached(step);
    faults::fail_sync()?;
    file.sync_data()?;
    faults::reached(step);
    Ok(())
}

/// fsync of a folder: a new, renamed or removed name in it is on the disk.
pub(super) fn sync_dir(step: &'static str, dir: &Path) -> io::Result<()> {
    let dir = File::open(dir)?;
    faults::reached(step);
    faults::fail_sync()?;
    dir.sync_all()?;
    faults::reached(step);
    Ok(())
}

/// Puts `bytes` into `path` so that it holds the old content or the new, never a part: temporary file, fsync, rename,
/// fsync of the folder.
pub fn replace(step: &'static str, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let file = create(&new)?;
    write_at(step, &file, bytes, 0)?;
    sync(step, &file)?;
    rename(step, &new, path)
}

/// Renames within one folder, and syncs the folder.
pub(super) fn rename(step: &'static str, from: &Path, to: &Path) -> io::Result<()> {
    faults::reached(step);
    std::fs::rename(from, to)?;
    faults::reached(step);
    match to.parent() {
        Some(dir) => sync_dir(step, dir),
        None => Ok(()),
    }
}
