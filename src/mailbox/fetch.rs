//! Reads the messages of a folder: the newest window first, in batches bounded by number and bytes, the next command always under way.
//!
//! Sizes come first (RFC822.SIZE, INTERNALDATE; never ENVELOPE, which servers compute), so that no message is larger than expected; what is
//! over the limit is read in part. A batch counts only with its tagged OK. A batch that the server refuses is read
//! again one by one, so that one damaged message does not hide its neighbours; messages that were under way when a connection broke are
//! [`Suspects`]: read last, and alone.

use super::command::{Command, sequence_sets};
use super::error::SessionError;
use super::handover::{Fetched, FolderRole, Refused, Sink};
use super::session::Session;
use super::settings::ReadLimits;
use super::suspects::Suspects;
use super::wire::{Ending, Tag, Wire};
use crate::record::{Timestamp, UidSet};
use async_imap::imap_proto::{AttributeValue, Response};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Commands under way at once: one that is read, one that the server works on.
const UNDER_WAY: usize = 2;

/// Which folder is read.
#[derive(Clone, Debug)]
pub struct Place {
    /// The mailbox, by the name in the configuration.
    pub mailbox: Arc<str>,
    /// The folder.
    pub folder: Arc<str>,
    /// What it is for.
    pub role: FolderRole,
    /// Its UIDVALIDITY.
    pub uidvalidity: u32,
}

/// Why reading stopped early.
#[derive(Debug)]
pub enum Stopped {
    /// The connection, or the server.
    Session(SessionError),
    /// The store.
    Refused(Refused),
}

impl From<SessionError> for Stopped {
    fn from(e: SessionError) -> Self {
        Self::Session(e)
    }
}

impl From<Refused> for Stopped {
    fn from(e: Refused) -> Self {
        Self::Refused(e)
    }
}

/// What is known of a message before its bytes.
#[derive(Clone, Copy)]
struct Facts {
    size: u64,
    date: Timestamp,
}

/// Messages for one FETCH; `beginning` = only so many bytes of each.
struct Batch {
    mails: BTreeMap<u32, Facts>,
    beginning: Option<u64>,
}

enum Step {
    Sizes(UidSet),
    Bodies(Batch),
}

/// Reads `wanted` from the open folder. `taken` grows with every batch that the sink took, also when the reading stops early.
pub async fn read_messages(
    session: &mut Session,
    place: &Place,
    wanted: &UidSet,
    limits: &ReadLimits,
    suspects: &mut Suspects,
    taken: &mut UidSet,
    sink: &impl Sink,
) -> Result<(), Stopped> {
    let mut plan = Plan::new(wanted, limits, suspects);
    let mut wire = session.take_wire("UID FETCH")?;
    let mut under_way: Vec<(Tag, Step)> = Vec::new();
    let mut arrived = Arrived::default();
    loop {
        while under_way.len() < plan.depth() {
            let Some(step) = plan.next(suspects) else {
                break;
            };
            let tag = wire.send(step.command()).await?;
            under_way.push((tag, step));
        }
        if under_way.is_empty() {
            break;
        }
        let answer = next_ending(&mut wire, &under_way, &mut arrived).await;
        let (n, ending) = answer.inspect_err(|e| blame(&under_way, suspects, e))?;
        match under_way.remove(n).1 {
            Step::Sizes(window) => {
                let found = std::mem::take(&mut arrived.sizes);
                plan.sized(&window, found, ending.is_ok());
            }
            Step::Bodies(batch) => {
                let mails = arrived.take(&batch, place);
                if ending.is_ok() {
                    let uids: UidSet = mails.iter().map(|m| m.uid).collect();
                    if !mails.is_empty() {
                        sink.fetched(mails).await?;
                    }
                    taken.extend(&uids);
                    uids.iter().for_each(|uid| suspects.was_read(uid));
                } else if let (1, Some(uid)) = (batch.mails.len(), batch.mails.keys().next()) {
                    suspects.was_refused(*uid, ending.text());
                } else {
                    plan.one_by_one(batch);
                }
            }
        }
    }
    session.put_back(wire);
    Ok(())
}

/// What has arrived for commands that have not ended. A server may work on both commands under way at once (RFC 3501 5.5; Dovecot
/// does), so data belong to whoever asked for that UID, not to the command that ends next.
#[derive(Default)]
struct Arrived {
    sizes: BTreeMap<u32, Facts>,
    bodies: BTreeMap<u32, Vec<u8>>,
}

impl Arrived {
    /// Keeps what was asked for, and drops the rest.
    fn keep(&mut self, response: &Response<'_>, under_way: &[(Tag, Step)]) {
        let Response::Fetch(_, attributes) = response else {
            return;
        };
        let (mut uid, mut size, mut date, mut raw) = (None, None, None, None);
        for attribute in attributes {
            match attribute {
                AttributeValue::Uid(n) => uid = Some(*n),
                AttributeValue::Rfc822Size(n) => size = Some(u64::from(*n)),
                AttributeValue::InternalDate(text) => date = internal_date(text),
                AttributeValue::BodySection { data, .. } => raw = data.as_deref(),
                _ => {}
            }
        }
        let Some(uid) = uid else { return };
        for (_, step) in under_way {
            match (step, size, raw) {
                (Step::Sizes(window), Some(size), _) if window.contains(uid) => {
                    let date = date.unwrap_or_else(now);
                    self.sizes.insert(uid, Facts { size, date });
                }
                (Step::Bodies(batch), _, Some(raw)) if batch.mails.contains_key(&uid) => {
                    self.bodies.insert(uid, raw.to_vec());
                }
                _ => {}
            }
        }
    }

    /// The messages of one batch, by their UIDs.
    fn take(&mut self, batch: &Batch, place: &Place) -> Vec<Fetched> {
        let found = batch.mails.iter().filter_map(|(uid, facts)| {
            let raw = self.bodies.remove(uid)?;
            Some(place.message(*uid, *facts, raw, batch.beginning))
        });
        found.collect()
    }
}

/// Reads until one of the commands under way has ended; tells which.
async fn next_ending(
    wire: &mut Wire,
    under_way: &[(Tag, Step)],
    arrived: &mut Arrived,
) -> Result<(usize, Ending), SessionError> {
    let tags: Vec<Tag> = under_way.iter().map(|(tag, _)| *tag).collect();
    wire.finish_any(&tags, "UID FETCH", |response| {
        arrived.keep(response, under_way);
    })
    .await
}

/// The connection broke: whatever was under way is read alone from now on; it counts as a failure of a message that was alone already.
fn blame(under_way: &[(Tag, Step)], suspects: &mut Suspects, error: &SessionError) {
    let alone = under_way.len() == 1;
    for (_, step) in under_way {
        match step {
            Step::Sizes(window) if alone => suspects.window_failed(window, error),
            Step::Sizes(_) => {}
            Step::Bodies(batch) => suspects.batch_failed(batch.mails.keys(), error, alone),
        }
    }
}

/// What is still to be asked, in its order.
struct Plan<'a> {
    limits: &'a ReadLimits,
    rest: UidSet,
    alone: VecDeque<u32>,
    batches: VecDeque<Batch>,
    sizes_under_way: bool,
    careful: bool,
}

impl<'a> Plan<'a> {
    fn new(wanted: &UidSet, limits: &'a ReadLimits, suspects: &Suspects) -> Self {
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
        }
    }

    /// How many commands may be under way: one, once the suspects' turn has come, so that the right one is blamed.
    fn depth(&self) -> usize {
        if self.careful { 1 } else { UNDER_WAY }
    }

    /// The next command: sizes as soon as few batches are left, so that the server never waits for us.
    fn next(&mut self, suspects: &Suspects) -> Option<Step> {
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
    fn sized(&mut self, window: &UidSet, found: BTreeMap<u32, Facts>, complete: bool) {
        self.sizes_under_way = false;
        let beginning = Some(self.limits.partial_bytes);
        let mut batch = BTreeMap::new();
        let mut bytes = 0;
        for (uid, facts) in &found {
            if facts.size > self.limits.max_message_bytes {
                self.batches.push_back(Batch {
                    mails: BTreeMap::from([(*uid, *facts)]),
                    beginning,
                });
                continue;
            }
            let full = batch.len() >= self.limits.batch_messages.max(1);
            if full || (!batch.is_empty() && bytes + facts.size > self.limits.batch_bytes) {
                let mails = std::mem::take(&mut batch);
                self.batches.push_back(Batch {
                    mails,
                    beginning: None,
                });
                bytes = 0;
            }
            bytes += facts.size;
            batch.insert(*uid, *facts);
        }
        if !batch.is_empty() {
            self.batches.push_back(Batch {
                mails: batch,
                beginning: None,
            });
        }
        if !complete {
            for uid in window.iter().filter(|uid| !found.contains_key(uid)) {
                let facts = Facts {
                    size: 0,
                    date: now(),
                };
                self.batches.push_back(Batch {
                    mails: BTreeMap::from([(uid, facts)]),
                    beginning,
                });
            }
        }
    }

    fn one_by_one(&mut self, batch: Batch) {
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
    fn command(&self) -> Command {
        let command = Command::new("UID FETCH");
        match self {
            Self::Sizes(window) => command
                .word(&sequence_sets(window).join(","))
                .word("(UID RFC822.SIZE INTERNALDATE)"),
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

impl Place {
    fn message(&self, uid: u32, facts: Facts, raw: Vec<u8>, beginning: Option<u64>) -> Fetched {
        let length = raw.len() as u64;
        Fetched {
            mailbox: self.mailbox.clone(),
            folder: self.folder.clone(),
            role: self.role,
            uidvalidity: self.uidvalidity,
            uid,
            internal_date: facts.date,
            size: facts.size.max(length),
            partial: beginning.is_some_and(|most| length >= most),
            raw,
        }
    }
}

fn now() -> Timestamp {
    jiff::Timestamp::now().into()
}

/// INTERNALDATE, `17-Jul-1996 02:44:25 -0700` (RFC 3501 9, date-time).
pub(super) fn internal_date(text: &str) -> Option<Timestamp> {
    let parsed = jiff::fmt::strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?;
    parsed.to_timestamp().ok().map(Timestamp::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_arrival_is_read_with_its_zone() {
        let date = internal_date(" 7-Jul-1996 02:44:25 -0700").unwrap();
        assert_eq!(date.to_string(), "1996-07-07T09:44:25Z");
        assert_eq!(
            internal_date("17-Jul-1996 02:44:25 +0000")
                .unwrap()
                .to_string(),
            "1996-07-17T02:44:25Z"
        );
        assert_eq!(internal_date("yesterday"), None);
    }

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
        let mut plan = Plan::new(&wanted, &limits, &suspects);
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
}
