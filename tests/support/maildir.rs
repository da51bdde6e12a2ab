//! What arrived in the Maildir behind the tests' Postfix.

use crate::postfix::Postfix;
use std::time::{Duration, Instant};

impl Postfix {
    /// The letters delivered so far, once there are at least so many; gives up after a minute.
    pub fn letters(&self, at_least: usize) -> Vec<Vec<u8>> {
        let folder = self.folder.path().join("mail/all/new");
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let files = std::fs::read_dir(&folder).map(|all| all.flatten().collect::<Vec<_>>());
            let files = files.unwrap_or_default();
            if files.len() >= at_least || Instant::now() > end {
                return files
                    .iter()
                    .map(|f| std::fs::read(f.path()).unwrap())
                    .collect();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
