//! Reads the messages of a folder: the newest window first, in batches bounded by number and bytes, the next command always under way.
//!
//! Sizes come first (RFC822.SIZE, INTERNALDATE; never ENVELOPE, which servers compute), so that no message is larger than expected; what is
//! over the limit is read in part. A batch counts only with its tagged OK. A batch that the server refuses is read
//! again one by one, so that one damaged message does not hide its neighbours; messages that were under way when a connection broke are
//! [`Suspects`]: read last, and alone.

use super::error::SessionError;
use super::handover::{Fetched, FolderRole, Refused, Sink};
use super::plan::{Batch, Facts, Plan, Step};
use super::session::Session;
use super::settings::ReadLimits;
use super::suspects::Suspects;
use super::wire::{Ending, Tag, Wire};
use crate::record::{Timestamp, UidSet};
use async_imap::imap_proto::{AttributeValue, Response};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a backlog is interrupted to see what arrived meanwhile. Servers tell of new messages when a command ends, but Dovecot
/// only with the last of several that are under way, so nothing else may be.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What is said of a message that a server answers for without its bytes. One that is no longer there is forgotten at the next look.
const NOT_GIVEN: &str = "the server ended its answer well and left the message out";

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
    /// Its UIDNEXT when it was opened: what arrives while it is read has this UID or a higher one.
    pub uidnext: u32,
    /// How many messages it had then.
    pub exists: u32,
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

/// Reads `wanted` from the open folder, and before the rest of it what arrives meanwhile. `taken` grows with every batch that
/// the sink took, also when the reading stops early.
pub async fn read_messages(
    session: &mut Session,
    place: &Place,
    wanted: &UidSet,
    limits: &ReadLimits,
    suspects: &mut Suspects,
    taken: &mut UidSet,
    sink: &impl Sink,
) -> Result<(), Stopped> {
    let mut plan = Plan::new(wanted, place.uidnext, limits, suspects);
    let mut wire = session.take_wire("UID FETCH")?;
    let mut under_way: Vec<(Tag, Step)> = Vec::new();
    let mut arrived = Arrived::default();
    let mut seen = Seen {
        exists: place.exists,
        looked: Instant::now(),
    };
    loop {
        seen.ask(&mut wire, &mut plan, suspects, &mut under_way)
            .await?;
        if under_way.is_empty() {
            wire.longest = 0;
            session.put_back(wire);
            return Ok(());
        }
        let answer = next_ending(&mut wire, &under_way, &mut arrived).await;
        let (n, ending) = answer.inspect_err(|e| blame(&under_way, suspects, e))?;
        match under_way.remove(n).1 {
            Step::Sizes(window) => {
                let news = arrived.sizes.split_off(&place.uidnext);
                let found = std::mem::replace(&mut arrived.sizes, news);
                plan.sized(&window, found, ending.is_ok());
            }
            // From now on: a server that takes long to answer would be asked nothing else.
            Step::Look => seen.looked = Instant::now(),
            Step::News(from) => plan.sized_news(arrived.sizes.split_off(&from)),
            Step::Bodies(batch) => {
                let mails = arrived.take(&batch, place);
                match ending.is_ok() {
                    true => hand_over(&batch, mails, suspects, taken, sink).await?,
                    false => refused(batch, ending.text(), suspects, &mut plan),
                }
            }
        }
    }
}

/// What was last seen of the folder.
struct Seen {
    exists: u32,
    looked: Instant,
}

impl Seen {
    /// Sends what comes next: the plan's steps, and now and then a look at what arrived, with nothing else under way.
    async fn ask(
        &mut self,
        wire: &mut Wire,
        plan: &mut Plan<'_>,
        suspects: &Suspects,
        under_way: &mut Vec<(Tag, Step)>,
    ) -> Result<(), SessionError> {
        if wire.exists > self.exists {
            plan.arrived();
        }
        self.exists = wire.exists;
        let due = self.looked.elapsed() >= LOOK_EVERY;
        if due && under_way.is_empty() {
            let tag = wire.send(Step::Look.command()).await?;
            under_way.push((tag, Step::Look));
        }
        let looks = matches!(under_way[..], [(_, Step::Look)]);
        while !due && !looks && under_way.len() < plan.depth() {
            let Some(step) = plan.next(suspects) else {
                break;
            };
            let tag = wire.send(step.command()).await?;
            under_way.push((tag, step));
        }
        Ok(())
    }
}

async fn hand_over(
    batch: &Batch,
    mails: Vec<Fetched>,
    suspects: &mut Suspects,
    taken: &mut UidSet,
    sink: &impl Sink,
) -> Result<(), Refused> {
    let uids: UidSet = mails.iter().map(|m| m.uid).collect();
    if !mails.is_empty() {
        sink.fetched(mails).await?;
    }
    taken.extend(&uids);
    uids.iter().for_each(|uid| suspects.was_read(uid));
    let left_out = batch.mails.keys().filter(|uid| !uids.contains(**uid));
    left_out.for_each(|uid| suspects.was_refused(*uid, NOT_GIVEN));
    Ok(())
}

fn refused(batch: Batch, why: &str, suspects: &mut Suspects, plan: &mut Plan<'_>) {
    let mut uids = batch.mails.keys().copied();
    match (uids.next(), uids.next()) {
        (Some(uid), None) => suspects.was_refused(uid, why),
        _ => {
            suspects.were_refused(batch.mails.keys().copied());
            plan.one_by_one(batch);
        }
    }
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
                (Step::News(from), Some(size), _) if uid >= *from => {
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
    let longest = under_way.iter().map(|(_, step)| step.longest()).max();
    wire.longest = longest.unwrap_or_default();
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
            Step::Sizes(_) | Step::Look | Step::News(_) => {}
            Step::Bodies(batch) => suspects.batch_failed(batch.mails.keys(), error, alone),
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

pub(super) fn now() -> Timestamp {
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
}
