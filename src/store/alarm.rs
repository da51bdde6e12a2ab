//! Writes damage down in the log, once for each place, so that it outlives the opening that found it.
//!
//! Damage is seen only while the log is replayed; after that the index is good again and nobody would know. So the places
//! go into a small file before the index takes anything, and from there into the log: a process that is killed between
//! leaves the file to the next one. Deliberately absent: what a flag means; that is in `record`.

use super::{Damage, DamageKind, OpenError, OpenReport, Store, disk};
use crate::record::{Alarm, Event, Timestamp};
use std::io;
use std::path::{Path, PathBuf};

/// Places that one event names; more of them are counted.
const MOST: usize = 200;

fn file(dir: &Path) -> PathBuf {
    dir.join("damage.seen")
}

/// The places that an opening has found and not yet written into the log.
fn pending(dir: &Path) -> io::Result<Vec<String>> {
    match std::fs::read_to_string(file(dir)) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(e),
    }
}

/// Keeps what was found until it stands in the log; what is harmless is not kept.
pub(super) fn remember(dir: &Path, found: &[Damage]) -> io::Result<()> {
    let mut places = pending(dir)?;
    let before = places.len();
    // What stood before an anchor was dropped on purpose.
    let anchored = dir.join("anchor").exists();
    let dropped = |d: &Damage| anchored && d.kind == DamageKind::History;
    for damage in found.iter().filter(|d| d.kind.is_serious() && !dropped(d)) {
        add(&mut places, damage.to_string());
    }
    if places.len() == before {
        return Ok(());
    }
    let text = places.join("\n");
    disk::replace("damage: remember", &file(dir), text.as_bytes())
}

fn add(places: &mut Vec<String>, place: String) {
    if !places.contains(&place) {
        places.push(place);
    }
}

impl Store {
    /// Puts the flag up for places that are not known yet.
    pub(super) fn raise(&mut self, report: &OpenReport, now: Timestamp) -> Result<(), OpenError> {
        let dir = self.shared.dir.clone();
        let mut places = pending(&dir)?;
        let waited = !places.is_empty();
        let serious = report.damage.iter().filter(|d| d.kind.is_serious());
        serious.for_each(|d| add(&mut places, d.to_string()));
        for key in &report.keys.lost {
            let lost = format!("key {} is unreadable in both key files", key.0);
            add(&mut places, lost);
        }
        let mut new = Vec::new();
        for place in places {
            if !self.state().knows_damage(&place)? {
                new.push(place);
            }
        }
        if !new.is_empty() {
            let rest = new.len().saturating_sub(MOST);
            new.truncate(MOST);
            if rest > 0 {
                new.push(format!("and {rest} places more"));
            }
            let mut group = self.group(now);
            let failed = |e| OpenError::Io(io::Error::other(e));
            group
                .push(vec![Event::Alarm(Alarm::Damaged { places: new })])
                .map_err(failed)?;
            group.commit_essential().map_err(failed)?;
        }
        if waited {
            std::fs::remove_file(file(&dir))?;
            disk::sync_dir("damage: written down", &dir)?;
        }
        Ok(())
    }
}
