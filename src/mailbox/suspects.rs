//! Messages that were being read when something broke: read last and alone, and given up after three failures.
//!
//! A server that crashes on one message, or an answer that cannot be parsed, would otherwise stop every message behind it for ever
//! (C2: after 3 failed reads while its neighbours could be read → dead). Neither a bad network nor a server whose storage is out of order
//! must kill messages, so failures count only if something else could be read since.

use super::error::SessionError;
use crate::record::UidSet;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Failures before a message is given up.
const ENOUGH: u32 = 3;
/// Failures before it is given up although nothing else could be read (it may be the only new message).
const ENOUGH_ALONE: u32 = 8;
/// And for how long, where the server refuses it and the connection lives: an outage of its storage is shown meanwhile, and hopefully
/// ended. What breaks the connection keeps the other folders waiting.
const LONG_REFUSED: Duration = Duration::from_secs(6 * 3600);

/// The doubtful messages of one folder.
#[derive(Default, Debug)]
pub struct Suspects {
    mails: BTreeMap<u32, Doubt>,
    window: Option<usize>,
}

#[derive(Default, Debug)]
struct Doubt {
    failures: u32,
    /// Since when the server refuses it, if that is what fails.
    refused: Option<Instant>,
    /// It is asked for by itself, because the server refused to give it with others.
    by_itself: bool,
    others_read: bool,
    why: String,
}

impl Doubt {
    fn is_enough(&self) -> bool {
        let long = |since: Instant| since.elapsed() >= LONG_REFUSED;
        match self.others_read {
            true => self.failures >= ENOUGH,
            false => self.failures >= ENOUGH_ALONE && self.refused.is_none_or(long),
        }
    }

    /// Another was read. What failed before says nothing: perhaps all did.
    fn alone_no_more(&mut self) {
        if !self.others_read && (self.failures > 0 || self.by_itself) {
            (self.others_read, self.failures) = (true, 0);
        }
    }
}

impl Suspects {
    /// Their UIDs, the least suspicious first.
    pub fn in_order(&self) -> impl Iterator<Item = u32> + use<> {
        let mut uids: Vec<(u32, u32)> = self.mails.iter().map(|(u, d)| (d.failures, *u)).collect();
        uids.sort_unstable();
        uids.into_iter().map(|(_, uid)| uid)
    }

    /// How large a window may be, after windows that could not be read.
    pub fn window_limit(&self, most: usize) -> usize {
        self.window.unwrap_or(most).min(most).max(1)
    }

    /// The connection broke while the sizes of these were read.
    pub fn window_failed(&mut self, window: &UidSet, error: &SessionError) {
        if window.len() == 1 {
            self.batch_failed(window.iter().collect::<Vec<_>>().iter(), error, true);
        } else {
            let size = usize::try_from(window.len()).unwrap_or(usize::MAX);
            self.window = Some((size / 10).max(1));
        }
    }

    /// The connection broke while these were read. `counts` = nothing else was under way, so one message alone is to blame.
    pub fn batch_failed<'a>(
        &mut self,
        uids: impl ExactSizeIterator<Item = &'a u32>,
        error: &SessionError,
        counts: bool,
    ) {
        let alone = counts && uids.len() == 1;
        for uid in uids {
            let doubt = self.mails.entry(*uid).or_default();
            doubt.failures += u32::from(alone);
            doubt.refused = None;
            doubt.why = error.to_string();
        }
    }

    /// The server refused to give these together: each is asked for by itself, and what it gives shows that the others are to blame.
    pub fn were_refused(&mut self, uids: impl Iterator<Item = u32>) {
        uids.for_each(|uid| self.mails.entry(uid).or_default().by_itself = true);
    }

    /// The server refused to give this one, and said so; or it said that it gave it, and did not. Perhaps it would refuse every other.
    pub fn was_refused(&mut self, uid: u32, why: &str) {
        let doubt = self.mails.entry(uid).or_default();
        doubt.failures += 1;
        doubt.refused.get_or_insert_with(Instant::now);
        doubt.why = why.to_owned();
    }

    /// This one was read.
    pub fn was_read(&mut self, uid: u32) {
        self.mails.remove(&uid);
        self.mails.values_mut().for_each(Doubt::alone_no_more);
    }

    /// A whole reading ended well: windows may be large again.
    pub fn all_went_well(&mut self) {
        self.window = None;
    }

    /// Forgets those that are no longer there.
    pub fn keep(&mut self, existing: &UidSet) {
        self.mails.retain(|uid, _| existing.contains(*uid));
    }

    /// How many could not be read, and what was said of the first. Once is nothing: it may have been deleted that moment.
    pub fn in_words(&self) -> Option<String> {
        let mut failed = self.mails.values().filter(|d| d.failures > 1);
        let first = failed.next()?;
        Some(format!(
            "{} messages cannot be read now: {}",
            1 + failed.count(),
            first.why
        ))
    }

    /// Those that are given up, with the reason.
    pub fn given_up(&self) -> Vec<(u32, String)> {
        let given_up = self.mails.iter().filter(|(_, d)| d.is_enough());
        given_up.map(|(uid, d)| (*uid, d.why.clone())).collect()
    }

    /// Forgets one that was given up and reported.
    pub fn forget(&mut self, uid: u32) {
        self.mails.remove(&uid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUT: SessionError = SessionError::Closed {
        during: "UID FETCH",
    };

    #[test]
    fn a_message_is_given_up_only_while_its_neighbours_can_be_read() {
        let mut suspects = Suspects::default();
        suspects.batch_failed([1, 2, 3].iter(), &CUT, true);
        assert_eq!(suspects.in_order().collect::<Vec<_>>(), [1, 2, 3]);
        for _ in 0..3 {
            suspects.batch_failed([2].iter(), &CUT, true);
        }
        assert!(suspects.given_up().is_empty(), "perhaps it is the network");
        assert_eq!(suspects.in_order().collect::<Vec<_>>(), [1, 3, 2]);
        suspects.was_read(1);
        for _ in 0..3 {
            assert!(suspects.given_up().is_empty());
            suspects.batch_failed([2].iter(), &CUT, true);
        }
        assert_eq!(suspects.given_up(), [(2, CUT.to_string())]);
    }

    #[test]
    fn a_server_that_refuses_all_kills_none() {
        let mut suspects = Suspects::default();
        suspects.were_refused([1, 2].into_iter());
        for _ in 0..20 {
            suspects.was_refused(1, "storage is away");
            suspects.was_refused(2, "storage is away");
        }
        assert!(suspects.given_up().is_empty());
        // It is there again, and one of them is damaged indeed.
        suspects.was_read(1);
        assert!(
            suspects.given_up().is_empty(),
            "perhaps it is readable, too"
        );
        (0..3).for_each(|_| suspects.was_refused(2, "damaged"));
        assert_eq!(suspects.given_up(), [(2, "damaged".to_owned())]);
    }

    #[test]
    fn what_was_given_with_others_refused_is_to_blame_by_itself() {
        let mut suspects = Suspects::default();
        suspects.were_refused([1, 2].into_iter());
        suspects.was_read(1);
        (0..3).for_each(|_| suspects.was_refused(2, "damaged"));
        assert_eq!(suspects.given_up(), [(2, "damaged".to_owned())]);
    }

    #[test]
    fn windows_shrink_until_one_message_is_to_blame() {
        let mut suspects = Suspects::default();
        let mut size = 500;
        while size > 1 {
            suspects.window_failed(&UidSet::from(vec![(1, size)]), &CUT);
            size = suspects.window_limit(1_000) as u32;
        }
        suspects.window_failed(&UidSet::from(vec![(7, 7)]), &CUT);
        assert_eq!(suspects.in_order().collect::<Vec<_>>(), [7]);
        suspects.all_went_well();
        assert_eq!(suspects.window_limit(1_000), 1_000);
    }
}
