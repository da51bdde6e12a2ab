//! One folder of a replay: its headers in windows, the bodies that matter in portions, and what is done when the connection breaks.

use super::super::super::judging;
use super::super::desk::{Place, passed};
use super::super::notes::Notes;
use super::super::progress::Progress;
use super::{Broken, Reading};
use crate::mailbox::{Connector, FolderRole, Head, Past, PastFolder, SessionError};
use crate::record::{Timestamp, UidSet};
use crate::replay::{Note, Passed};
use jiff::ToSpan as _;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Headers that are asked for at once.
const HEADS: usize = 200;
/// Messages, and bytes, that are asked for at once.
const PORTION: usize = 50;
const PORTION_BYTES: u64 = 4 << 20;
/// What a long message counts for.
const LARGE: u64 = 256 << 10;
/// Pauses before a broken connection is opened again.
const PAUSES: [u64; 3] = [1, 5, 20];
/// How much longer ago sent mail is read than what answers it.
const SENT_BEFORE_DAYS: i64 = 180;

/// One folder, across broken connections.
pub(super) struct Visit<'a> {
    reading: &'a Reading<'a>,
    connector: &'a Connector,
    past: Option<Past>,
    name: String,
    role: FolderRole,
    portion: usize,
    /// Why the server does not open the folder.
    pub refused: Option<String>,
}

impl<'a> Visit<'a> {
    /// A folder by its name and role, over a connection that is there already.
    pub fn of(
        reading: &'a Reading<'a>,
        connector: &'a Connector,
        past: Option<Past>,
        (name, role): (String, FolderRole),
    ) -> Self {
        Self {
            reading,
            connector,
            past,
            name,
            role,
            portion: PORTION,
            refused: None,
        }
    }

    /// Gives the connection back, if it is whole.
    pub fn end(self) -> Option<Past> {
        self.past
    }

    /// Reads what is missing in the folder.
    pub async fn folder(&mut self, notes: &mut Notes) -> Result<(), Broken> {
        let mut breaks = 0;
        loop {
            let before = notes.taken();
            let Err(broken) = self.through(notes).await else {
                return Ok(());
            };
            let Broken::Session(error) = broken else {
                return Err(broken);
            };
            if notes.taken() > before {
                breaks = 0;
            }
            // What was under way is asked for in smaller and smaller portions, until one message alone is to blame.
            self.portion = match breaks {
                0 => PORTION,
                _ => 1,
            };
            let pause = PAUSES.get(breaks).copied();
            let Some(pause) = pause.filter(|_| !error.needs_a_person()) else {
                return Err(Broken::Session(error));
            };
            breaks += 1;
            self.past = None;
            let again = Instant::now() + Duration::from_secs(pause);
            while Instant::now() < again {
                if self.reading.stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
                sleep(Duration::from_millis(50)).await;
            }
        }
    }

    async fn through(&mut self, notes: &mut Notes) -> Result<(), Broken> {
        let reading = self.reading;
        let mut past = match self.past.take() {
            Some(past) => past,
            None => Past::open(self.connector).await?,
        };
        let since = match self.role {
            FolderRole::Sent => reading
                .since
                .map(|d| d.saturating_sub(SENT_BEFORE_DAYS.days())),
            _ => reading.since,
        };
        let folder = match past.folder(&self.name, self.role, since).await {
            Ok(folder) => folder,
            // A folder that refuses to be opened delays no other.
            Err(e) if e.leaves_session_usable() => {
                self.refused = Some(format!("{}: {e}", self.name));
                self.past = Some(past);
                return Ok(());
            }
            Err(e) => return Err(e.into()),
        };
        let mailbox = &self.connector.settings().name;
        let (number, done) = notes.folder(mailbox, folder.name(), folder.uidvalidity())?;
        let mut todo = folder.uids.without(&done);
        let mut progress = Progress::of(
            &format!("{mailbox}/{}", folder.name()),
            folder.uids.and(&done).len(),
            folder.uids.len(),
        );
        while !todo.is_empty() && !reading.stop.load(Ordering::Relaxed) {
            let window = todo.newest(HEADS);
            todo = todo.without(&window);
            let heads = past.heads(&window).await?;
            let wanted = self.matter(number, &window, heads, notes, &mut progress)?;
            for portion in portions(wanted, self.portion) {
                if reading.stop.load(Ordering::Relaxed) {
                    break;
                }
                let many = self
                    .portion(&mut past, &folder, number, &portion, notes)
                    .await?;
                progress.more(many);
            }
        }
        self.past = Some(past);
        Ok(())
    }

    /// Of these headers, those whose bodies may matter: UID and size. The others are noted as passed over.
    fn matter(
        &self,
        number: u32,
        window: &UidSet,
        heads: Vec<Head>,
        notes: &mut Notes,
        progress: &mut Progress,
    ) -> Result<BTreeMap<u32, u64>, Broken> {
        let mut wanted = BTreeMap::new();
        let mut over: BTreeMap<Passed, UidSet> = BTreeMap::new();
        let seen: UidSet = heads.iter().map(|h| h.uid).collect();
        let gone = window.without(&seen);
        if !gone.is_empty() {
            over.insert(Passed::Missing, gone);
        }
        for head in heads {
            let place = self.place(number, head.uid, head.internal_date);
            let passes = match self.role {
                FolderRole::Sent => None,
                _ => self.reading.desk.passes(&head.raw, place, &notes.known),
            };
            match passes {
                Some(why) => over.entry(why).or_default().insert(head.uid),
                None => {
                    wanted.insert(head.uid, head.size);
                }
            }
        }
        let passed = over.into_iter().map(|(why, uids)| Note::Passed {
            folder: number,
            uids,
            why,
        });
        let passed: Vec<Note> = passed.collect();
        progress.more(window.len() - wanted.len() as u64);
        notes.take(passed)?;
        Ok(wanted)
    }

    /// Reads one portion and notes it; what the server does not give is noted as missing.
    async fn portion(
        &self,
        past: &mut Past,
        folder: &PastFolder,
        number: u32,
        portion: &UidSet,
        notes: &mut Notes,
    ) -> Result<u64, Broken> {
        let began = Instant::now();
        let fetched = match past.bodies(folder, portion).await {
            Ok(fetched) => fetched,
            Err(_) if self.portion == 1 && portion.len() == 1 => {
                self.blame(past, folder).await?;
                notes.take(self.missing(number, portion))?;
                return Ok(1);
            }
            Err(e) => return Err(e.into()),
        };
        let (desk, known) = (self.reading.desk, &notes.known);
        let mut taken = Vec::with_capacity(fetched.len());
        tokio::task::block_in_place(|| {
            let judge = |mail: &crate::mailbox::Fetched| {
                desk.note(
                    &mail.raw,
                    self.place(number, mail.uid, mail.internal_date),
                    known,
                )
            };
            judging::in_order(&fetched, judge, |note| {
                taken.push(note);
                Ok(())
            })
        })?;
        let read: UidSet = fetched.iter().map(|m| m.uid).collect();
        taken.extend(self.missing(number, &portion.without(&read)));
        notes.take(taken)?;
        self.reading.pause(fetched.len(), began).await;
        Ok(portion.len())
    }

    /// It broke twice before, and one message was alone with it now. If the server is there all the same, that message is to blame.
    async fn blame(&self, past: &mut Past, folder: &PastFolder) -> Result<(), SessionError> {
        *past = Past::open(self.connector).await?;
        let since = self.reading.since;
        past.folder(folder.name(), self.role, since).await?;
        Ok(())
    }

    fn missing(&self, number: u32, uids: &UidSet) -> Vec<Note> {
        let place = |uid| self.place(number, uid, Timestamp::default());
        uids.iter()
            .map(|uid| passed(place(uid), Passed::Missing))
            .collect()
    }

    fn place(&self, folder: u32, uid: u32, received: Timestamp) -> Place {
        Place {
            folder,
            uid,
            received,
            junk: self.role == FolderRole::Junk,
            sent: self.role == FolderRole::Sent,
            file: false,
        }
    }
}

/// Cuts what is wanted into portions that are bounded by number and bytes, the newest first.
fn portions(wanted: BTreeMap<u32, u64>, most: usize) -> Vec<UidSet> {
    let (mut portions, mut bytes) = (vec![UidSet::new()], 0);
    for (uid, size) in wanted.into_iter().rev() {
        // Of a long message only the beginning is read.
        let size = size.min(LARGE);
        let last = portions.last().map_or(0, UidSet::len);
        if last > 0 && (last >= most as u64 || bytes + size > PORTION_BYTES) {
            portions.push(UidSet::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(portion) = portions.last_mut() {
            portion.insert(uid);
        }
    }
    portions.retain(|p| !p.is_empty());
    portions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_are_bounded_by_number_and_by_bytes() {
        let many: BTreeMap<u32, u64> = (1..=120).map(|uid| (uid, 1_000)).collect();
        let lengths = |p: Vec<UidSet>| p.iter().map(UidSet::len).collect::<Vec<_>>();
        assert_eq!(lengths(portions(many.clone(), 50)), [50, 50, 20]);
        assert_eq!(portions(many, 50)[0].last(), Some(120), "the newest first");
        let large: BTreeMap<u32, u64> = (1..=20).map(|uid| (uid, 50 << 20)).collect();
        assert_eq!(lengths(portions(large, 50)), [16, 4]);
        assert!(portions(BTreeMap::new(), 50).is_empty());
    }
}
