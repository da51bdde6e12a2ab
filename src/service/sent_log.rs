//! The log of a mail server as a tripwire: a mail in it to somebody after their STOP is an incident, as one in a Sent folder is.
//!
//! The file is followed by octets, through rotation, truncation and restarts; reading a line twice does no harm, because a mail
//! that is known is no news. Only mail to suppressed people leaves a trace: nothing is kept of anybody else. What came from
//! Quitus itself is known by its Message-ID. Deliberately absent: mail to a suppressed domain of which no person is suppressed.

use super::apologising::{expected, told_again};
use super::gathering::Trouble;
use super::health::Health;
use super::house::{House, Office};
use super::sent_index::{Sent, recipients};
use super::sequencer::{Committed, Proposal};
use crate::record::{
    Address, Event, KeyKind, LogMark, Note, Noted, PersonId, Suppression, Timestamp,
};
use crate::register::{Delivered, MtaLog, SentLogSettings};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

mod follow;

use follow::Follower;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Seconds after which it is written down how far a log was read, if nothing else is to be written.
const MARKED: i64 = 60;
/// A letter of ours may stand in a queue for so long; what is delivered then without its Message-ID may be that letter.
const OURS: i64 = 7 * 86_400_000;

/// One log.
struct Log {
    follower: Follower,
    parsed: MtaLog,
    /// What the store knows.
    marked: (LogMark, Timestamp),
    /// What is wrong was told.
    ill: bool,
}

/// Follows all logs of the configuration in force, until `stop` becomes true.
pub(super) async fn run(office: Office, health: Arc<Health>, mut stop: watch::Receiver<bool>) {
    let mut logs: BTreeMap<SentLogKey, Log> = BTreeMap::new();
    while !*stop.borrow_and_update() {
        let house = office.house.load_full();
        logs.retain(|key, _| {
            let followed = house.config.sent_logs.iter().any(|s| key.is(s));
            if !followed {
                health.log_is(&key.0, None);
            }
            followed
        });
        for settings in &house.config.sent_logs {
            let key = SentLogKey::of(settings);
            let begun = match logs.remove(&key) {
                Some(log) => Ok(log),
                None => begin(&office, settings),
            };
            let Ok(mut log) = begun else { continue };
            while let Round::More = round(&office, &health, &house, settings, &mut log).await {
                if *stop.borrow() {
                    break;
                }
            }
            logs.insert(key, log);
        }
        tokio::select! {
            _ = stop.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// A log, as long as its name and file stay the same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct SentLogKey(String, std::path::PathBuf);

impl SentLogKey {
    fn of(settings: &SentLogSettings) -> Self {
        Self(settings.name.clone(), settings.file.clone())
    }

    fn is(&self, settings: &SentLogSettings) -> bool {
        *self == Self::of(settings)
    }
}

fn begin(office: &Office, settings: &SentLogSettings) -> Result<Log, Trouble> {
    let mark = office.sequencer.reader().state().log_mark(&settings.name)?;
    let mark = mark.unwrap_or_default();
    let mut parsed = MtaLog::new(TimeZone::system());
    let now = office.clock.now();
    let mut follower = Follower::new(settings.file.clone(), mark);
    // Who sent a mail that was under way stands before the place up to which the log was read.
    for line in follower.before().lines() {
        let _ = parsed.line(line, now);
    }
    Ok(Log {
        follower,
        parsed,
        marked: (mark, now),
        ill: false,
    })
}

enum Round {
    /// There is more to be read.
    More,
    /// Nothing now.
    Done,
}

/// What is new in the log; nothing if it cannot be read, which is told, and told no more once it can.
fn look(
    health: &Health,
    settings: &SentLogSettings,
    log: &mut Log,
    now: Timestamp,
) -> Option<(String, LogMark)> {
    match log.follower.next() {
        Ok(read) => {
            if std::mem::take(&mut log.ill) {
                tracing::info!(log = settings.name, "the log can be read again");
                health.log_is(&settings.name, None);
            }
            Some(read)
        }
        Err(why) => {
            if !std::mem::replace(&mut log.ill, true) {
                tracing::error!(log = settings.name, %why, "the log of a mail server cannot be read: mail after a STOP in it is not seen");
                let why = format!("{}: {why}", settings.file.display());
                health.log_is(&settings.name, Some((now, why)));
            }
            None
        }
    }
}

/// Reads what is new, judges it, and writes both down together.
async fn round(
    office: &Office,
    health: &Health,
    house: &House,
    settings: &SentLogSettings,
    log: &mut Log,
) -> Round {
    let now = office.clock.now();
    let Some((text, mark)) = look(health, settings, log, now) else {
        return Round::Done;
    };
    let lines = text.lines().filter_map(|line| log.parsed.line(line, now));
    let delivered: Vec<Delivered> = lines.collect();
    let mut proposal = match judged(office, house, settings, &delivered) {
        Ok(proposal) => proposal,
        Err(why) => {
            tracing::warn!(log = settings.name, %why, "a log of a mail server waits");
            return Round::Done;
        }
    };
    let rest = now.millis_since(log.marked.1) < 1000 * MARKED;
    if proposal.events.is_empty() && (mark == log.marked.0 || rest) {
        log.follower.read_to(mark);
        return if text.is_empty() {
            Round::Done
        } else {
            Round::More
        };
    }
    let name = settings.name.clone();
    proposal.events.push(Event::SentLogRead { log: name, mark });
    match office.sequencer.commit(proposal).await {
        Committed::Frame(_) => {
            log.follower.read_to(mark);
            log.marked = (mark, now);
            if text.is_empty() {
                Round::Done
            } else {
                Round::More
            }
        }
        // Read again at the next look, by what is known then.
        Committed::Conflict | Committed::Full(_) | Committed::Failed(_) => Round::Done,
    }
}

/// The incidents among these.
fn judged(
    office: &Office,
    house: &House,
    settings: &SentLogSettings,
    delivered: &[Delivered],
) -> Result<Proposal, Trouble> {
    let (reader, mut events) = (office.sequencer.reader(), Vec::new());
    let (mut to, mut seen): (Vec<Address>, Vec<_>) = (Vec::new(), Vec::new());
    for mail in delivered.iter().filter(|m| settings.counts(m)) {
        for address in &mail.to {
            if let Some((id, person)) = news(office, mail, address, settings)?
                && !seen.contains(&(id, person))
            {
                seen.push((id, person));
                to.push(address.clone());
                let sent = Sent {
                    mail: id,
                    at: mail.at,
                    is_answer: false,
                    before: &events,
                };
                let mut own = Vec::new();
                let mut named = recipients(reader, house, [address].into_iter(), &sent, &mut own)?;
                let known = reader.state().sent(id)?.map(|row| row.to);
                named.extend(known.unwrap_or_default());
                events.append(&mut own);
                events.push(Event::SentSeen {
                    location: None,
                    mail: id,
                    to: named,
                    at: mail.at,
                    answers: Vec::new(),
                    lines: Vec::new(),
                });
                let why = reader.seal(reader.allocate(KeyKind::Proof)?, &settings.told(mail))?;
                events.push(Event::Noted(Note {
                    about: Noted::Incident(id),
                    by: format!("log {}", settings.name),
                    why: Some(why),
                }));
            }
        }
    }
    let notices = told_again(office, house, &events, || to)?;
    let expectations = expected(reader, &events)?;
    events.extend(notices);
    Ok(Proposal::new(events).expecting(expectations))
}

/// The mail and the person, if it went to somebody after their STOP and nobody has seen it yet.
fn news(
    office: &Office,
    mail: &Delivered,
    address: &Address,
    settings: &SentLogSettings,
) -> Result<Option<(crate::record::MailIdHash, PersonId)>, Trouble> {
    let reader = office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let Some(person) = state.person_of(&keys.of_address(address))? else {
        return Ok(None);
    };
    let row = state.person(person)?;
    let stopped = |s: &crate::record::SuppressionRow| {
        s.suppression == Suppression::Suppressed && mail.at > s.since
    };
    if !row.suppression.as_ref().is_some_and(stopped) {
        return Ok(None);
    }
    let id = match &mail.message_id {
        Some(id) => keys.mail_id(id),
        None => keys.mail_id(&format!("{}@{}", mail.queue, settings.name)),
    };
    let known = state.sent(id)?.is_some_and(|row| row.to.contains(&person));
    if known || state.letter_by_mail(id)?.is_some() {
        return Ok(None);
    }
    let wrote = |at: Timestamp| mail.at.millis_since(at).abs() < OURS;
    if mail.message_id.is_none() && row.last_letter.is_some_and(wrote) {
        tracing::warn!(to = %address.masked(), queue = mail.queue, "a mail without a known Message-ID may be a letter of ours");
        return Ok(None);
    }
    Ok(Some((id, person)))
}
