//! One process owns a store; a second one is told which.

use super::{OpenError, disk};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// Held as long as it lives; the system lets go of it when the process dies, however it dies.
pub(super) struct Lock {
    _held: File,
}

impl Lock {
    pub(super) fn take(dir: &Path) -> Result<Self, OpenError> {
        let mut file = disk::open(&dir.join("lock"))?;
        let mut tries = 0;
        // A program that is being started holds a copy of every lock of its parent for a moment, between fork and exec.
        while matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)) && tries < 20 {
            tries += 1;
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                let mut pid = String::new();
                file.read_to_string(&mut pid)?;
                let pid = match pid.trim() {
                    "" => "?".to_owned(),
                    pid => pid.to_owned(),
                };
                return Err(OpenError::Locked { pid });
            }
            Err(std::fs::TryLockError::Error(e)) => return Err(e.into()),
        }
        file.set_len(0)?;
        // The number serves people only: a full disk must not keep the store from being opened.
        let _ = writeln!(file, "{}", std::process::id());
        Ok(Self { _held: file })
    }
}
