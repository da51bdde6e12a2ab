//! In which order the messages of a folder are asked for, and how many at once.
//!
//! What arrives meanwhile before everything else, so that a STOP of this moment waits for no backlog; then the newest window first, within it the oldest; batches
//! bounded by number and bytes; what is too large is read in part and alone; suspects come last, alone, and with nothing else under way, so that the right one is blamed.

use super::command::{Command, sequence_sets};
use super::fetch::now;
use super::settings::ReadLimits;
use super::suspects::Suspects;
use crate::record::{Timestamp, UidSet};
use std::collections::{BTreeMap, VecDeque};

/// Commands under way at once: one that is read, one that the server works on.
const UNDER_WAY: usize = 2;

/// What is known of a message before its bytes.
#[derive(Clone, Copy)]
pub(super) struct Facts {
    pub size: u64,
    pub date: Timestamp,
}

/// Messages for one FETCH; `beginning` = only so many bytes of each.
pub(super) struct Batch {
    pub mails: BTreeMap<u32, Facts>,
    pub beginning: Option<u64>,
}

/// One command.
pub(super) enum Step {
    Sizes(UidSet),
    /// Whether anything arrived since the folder was opened.
    Look,
    /// The sizes of what arrived since the folder was opened, from this UID on.
    News(u32),
    Bodies(Batch),
}

/// What is still to be asked, in its order.
pub(super) struct Plan<'a> {
    limits: &'a ReadLimits,
    rest: UidSet,
    alone: VecDeque<u32>,
    batches: VecDeque<Batch>,
    sizes_under_way: bool,
    careful: bool,
    /// The first UID that had not been given out when the folder was last looked at.
    uidnext: u32,
    news: bool,
    news_under_way: bool,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        wanted: &UidSet,
        uidnext: u32,
        limits: &'a ReadLimits,
        suspects: &Suspects,
    ) -> Self {
        let alone: VecDeque<u32> = suspects
            .in_order()
            .filter(|u| wanted.contains(*u))
            .collect();
        Self {
            limits,
            rest: wanted.without(&alone.iter().copied().collect()),
            alone,
            batches: VecDeque::new(),
            sizes_under_way: false,
            careful: false,
            uidnext,
            news: false,
            news_under_way: false,
        }
    }

    /// The server says that something arrived.
    pub(super) fn arrived(&mut self) {
        self.news = true;
    }

    /// How many commands may be under way: one, once the suspects' turn has come, so that the right one is blamed.
    pub(super) fn depth(&self) -> usize {
        if self.careful { 1 } else { UNDER_WAY }
    }

    /// The next command: sizes as soon as few batches are left, so that the server never waits for us.
    pub(super) fn next(&mut self, suspects: &Suspects) -> Option<Step> {
        if self.news && !self.news_under_way {
            (self.news, self.news_under_way) = (false, true);
            return Some(Step::News(self.uidnext));
        }
        if self.batches.len() < UNDER_WAY
            && !self.sizes_under_way
            && let Some(window) = self.next_window(suspects)
        {
            self.sizes_under_way = true;
            return Some(Step::Sizes(window));
        }
        self.batches.pop_front().map(Step::Bodies)
    }

    fn next_window(&mut self, suspects: &Suspects) -> Option<UidSet> {
        if self.rest.is_empty() {
            let uid = self.alone.pop_front()?;
            self.careful = true;
            return Some(std::iter::once(uid).collect());
        }
        let mut most = suspects.window_limit(self.limits.window);
        loop {
            let window = self.rest.newest(most);
            if most <= 1 || sequence_sets(&window).len() == 1 {
                self.rest = self.rest.without(&window);
                return Some(window);
            }
            most /= 2;
        }
    }

    /// Cuts a window into batches, oldest first. A message whose size the server would not tell is read in part.
    pub(super) fn sized(&mut self, window: &UidSet, found: BTreeMap<u32, Facts>, complete: bool) {
        self.sizes_under_way = false;
        let untold = window.iter().filter(|uid| !found.contains_key(uid));
        let untold: Vec<u32> = if complete {
            Vec::new()
        } else {
            untold.collect()
        };
        self.batches.extend(self.cut(found));
        let beginning = Some(self.limits.partial_bytes);
        self.batches.extend(untold.into_iter().map(|uid| {
            let facts = Facts {
                size: 0,
                date: now(),
            };
            Batch {
                mails: BTreeMap::from([(uid, facts)]),
                beginning,
            }
        }));
    }

    /// What arrived is read next. What the server would not tell now is found when the folder is looked at again.
    pub(super) fn sized_news(&mut self, found: BTreeMap<u32, Facts>) {
        self.news_under_way = false;
        if let Some((last, _)) = found.last_key_value() {
            self.uidnext = last.saturating_add(1);
        }
        for batch in self.cut(found).into_iter().rev() {
            self.batches.push_front(batch);
        }
    }

    fn cut(&self, found: BTreeMap<u32, Facts>) -> Vec<Batch> {
        let whole = |mails| Batch {
            mails,
            beginning: None,
        };
        let (mut batches, mut batch, mut bytes) = (Vec::new(), BTreeMap::new(), 0);
        for (uid, facts) in found {
            if facts.size > self.limits.max_message_bytes {
                batches.push(Batch {
                    mails: BTreeMap::from([(uid, facts)]),
                    beginning: Some(self.limits.partial_bytes),
                });
                continue;
            }
            let full = batch.len() >= self.limits.batch_messages.max(1);
            if full || (!batch.is_empty() && bytes + facts.size > self.limits.batch_bytes) {
                batches.push(whole(std::mem::take(&mut batch)));
                bytes = 0;
            }
            bytes += facts.size;
            batch.insert(uid, facts);
        }
        if !batch.is_empty() {
            batches.push(whole(batch));
        }
        batches
    }

    pub(super) fn one_by_one(&mut self, batch: Batch) {
        for (uid, facts) in batch.mails.into_iter().rev() {
            let mails = BTreeMap::from([(uid, facts)]);
            self.batches.push_front(Batch {
                mails,
                beginning: batch.beginning,
            });
        }
    }
}

impl Step {
    /// Octets of the longest message that it may bring: one answer takes as long as these take.
    pub(super) fn longest(&self) -> u64 {
        let Self::Bodies(batch) = self else { return 0 };
        let longest = batch.mails.values().map(|facts| facts.size).max();
        let longest = longest.unwrap_or_default();
        batch.beginning.map_or(longest, |most| longest.min(most))
    }

    pub(super) fn command(&self) -> Command {
        if matches!(self, Self::Look) {
            return Command::new("NOOP");
        }
        let command = Command::new("UID FETCH");
        let facts = "(UID RFC822.SIZE INTERNALDATE)";
        match self {
            Self::Sizes(window) => command.word(&sequence_sets(window).join(",")).word(facts),
            // At least one message is always told of (RFC 9051 6.4.9, the UIDs of a range may be swapped): it is dropped.
            Self::Look => command,
            Self::News(from) => command.word(&format!("{from}:*")).word(facts),
            Self::Bodies(batch) => {
                let uids: UidSet = batch.mails.keys().copied().collect();
                let command = command.word(&sequence_sets(&uids).join(","));
                match batch.beginning {
                    None => command.word("(UID BODY.PEEK[])"),
                    Some(bytes) => command.word(&format!("(UID BODY.PEEK[]<0.{bytes}>)")),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_window_comes_first_and_batches_are_bounded_by_bytes() {
        let limits = ReadLimits {
            window: 4,
            batch_messages: 3,
            batch_bytes: 100,
            max_message_bytes: 1_000,
            partial_bytes: 10,
        };
        let wanted = UidSet::from(vec![(1, 10)]);
        let suspects = Suspects::default();
        let mut plan = Plan::new(&wanted, 11, &limits, &suspects);
        let Some(Step::Sizes(window)) = plan.next(&suspects) else {
            panic!()
        };
        assert_eq!(window.ranges(), &[(7, 10)]);
        assert!(
            plan.next(&suspects).is_none(),
            "one question for sizes at a time"
        );
        let facts = |size| Facts {
            size,
            date: Timestamp::default(),
        };
        let found = BTreeMap::from([
            (7, facts(60)),
            (8, facts(50)),
            (9, facts(5_000)),
            (10, facts(1)),
        ]);
        plan.sized(&window, found, true);
        let cut: Vec<(Vec<u32>, bool)> = plan
            .batches
            .iter()
            .map(|b| (b.mails.keys().copied().collect(), b.beginning.is_some()))
            .collect();
        assert_eq!(
            cut,
            [(vec![7], false), (vec![9], true), (vec![8, 10], false)]
        );
    }

    #[test]
    fn what_arrives_meanwhile_is_read_before_the_rest() {
        let (limits, suspects) = (ReadLimits::default(), Suspects::default());
        let facts = Facts {
            size: 10,
            date: Timestamp::default(),
        };
        let mut plan = Plan::new(&UidSet::from(vec![(1, 3)]), 4, &limits, &suspects);
        let first = plan.next(&suspects);
        assert!(matches!(first, Some(Step::Sizes(_))));
        plan.arrived();
        assert!(matches!(plan.next(&suspects), Some(Step::News(4))));
        plan.arrived();
        assert!(plan.next(&suspects).is_none(), "one question at a time");
        let (old, new): (BTreeMap<_, _>, _) = (1..7).map(|u| (u, facts)).partition(|(u, _)| *u < 4);
        plan.sized(&UidSet::from(vec![(1, 3)]), old, true);
        plan.sized_news(new);
        assert!(matches!(plan.next(&suspects), Some(Step::News(7))));
        plan.sized_news(BTreeMap::new());
        let Some(Step::Bodies(batch)) = plan.next(&suspects) else {
            panic!()
        };
        assert_eq!(batch.mails.into_keys().collect::<Vec<_>>(), [4, 5, 6]);
    }
}
