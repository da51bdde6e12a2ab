//! Mails to our own reviewers: the daily digest, and at once what cannot wait for it (C8).
//!
//! They belong to no case and go to nobody whose data we hold, so they leave in every mode and also while a flag stops all
//! letters: it is they who tell of the flag. Each leaves at most once: a mark is durable before DATA (C4), and what was
//! leaving when a process ended is uncertain and not sent again; the next digest says so. Deliberately absent: what waits,
//! which is `needs`; when a case is brought to more people, which is `escalating`; and any word of the mail, which is a template.

mod calling;
mod escalating;
mod facts;
pub(super) mod ids;
mod sending;

use super::daily;
use super::house::Office;
use super::needs::Need;
use super::sequencer::{Committed, Proposal};
use super::status::Status;
use crate::answer::{DigestFacts, Happened};
use crate::config::Reviewer;
use crate::delivery::Courier;
use crate::record::{About, Damaged, Duty, Event, Fate, Fingerprint, Mode, Timestamp};
use facts::Day;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// After a mail that did not leave.
const AGAIN: Duration = Duration::from_secs(60);

/// Says how everything is.
pub(super) type Teller = Arc<dyn Fn() -> Result<Status, Damaged> + Send + Sync>;

/// Writes to the reviewers.
pub(super) struct Mailer {
    office: Office,
    courier: Arc<Courier>,
    status: Teller,
    /// When the clocks were looked at last.
    clocks: Option<Timestamp>,
    /// Not before then: the server is in trouble.
    rest: Option<Instant>,
}

/// A reviewer, and what they were told.
#[derive(Clone)]
struct Reader {
    reviewer: Reviewer,
    key: Fingerprint,
}

impl Mailer {
    pub(super) fn new(office: Office, courier: Arc<Courier>, status: Teller) -> Self {
        Self {
            office,
            courier,
            status,
            clocks: None,
            rest: None,
        }
    }

    /// Writes what is due, until `stop` becomes true.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        if let Err(why) = self.settle().await {
            tracing::error!(%why, "what became of mails to reviewers cannot be written down");
        }
        while !*stop.borrow_and_update() {
            if self.rest.is_none_or(|until| until <= Instant::now()) {
                self.rest = None;
                if let Err(why) = self.round().await {
                    tracing::error!(%why, "a mail to a reviewer could not be written or sent");
                    self.rest = Some(Instant::now() + AGAIN);
                }
            }
            tokio::select! {
                _ = stop.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// C5: what was leaving when the process ended is uncertain.
    async fn settle(&self) -> Result<(), String> {
        let state = self.office.sequencer.reader().state();
        let told = state.every_told().map_err(|e| e.to_string())?;
        let leaving = told.into_iter().filter(|row| row.fate == Fate::Leaving);
        let events: Vec<Event> = leaving
            .map(|row| {
                Event::Duty(Duty::Told {
                    reviewer: row.reviewer,
                    about: vec![row.about],
                    fate: Fate::Uncertain,
                })
            })
            .collect();
        match events.is_empty() {
            true => Ok(()),
            false => self.write(events).await,
        }
    }

    async fn round(&mut self) -> Result<(), String> {
        let readers = self.readers();
        // Whoever is above the reviewers hears of a case also where there are none.
        if readers.is_empty() && self.office.house.load().config.above().is_empty() {
            return Ok(());
        }
        let alarms = self.alarms(&readers).await;
        match readers.is_empty() {
            true => alarms,
            false => alarms.and(self.daily(&readers).await),
        }
    }

    /// Who reads today: the reviewers, and for those who are away their deputies.
    fn readers(&self) -> Vec<Reader> {
        let (house, now) = (self.office.house.load(), self.office.clock.now());
        let review = &house.config.review;
        let today = house.config.policy.calendar.day(now);
        let all = review.reading(today).into_iter();
        all.map(|one| self.reader(one)).collect()
    }

    fn reader(&self, one: &Reviewer) -> Reader {
        Reader {
            key: self.office.keys().of(&one.address.canonical()),
            reviewer: one.clone(),
        }
    }

    /// The daily mail, once the hour has come.
    async fn daily(&self, readers: &[Reader]) -> Result<(), String> {
        let (now, reader) = (self.office.clock.now(), self.office.sequencer.reader());
        let day = daily::day_due(&self.office, now);
        let last = reader.state().last_digest().map_err(|e| e.to_string())?;
        let last = match last {
            Some(day) => day,
            None => daily::day_due(&self.office, daily::began(reader)?.unwrap_or(now)),
        };
        if !daily::is_due(day, last) {
            return Ok(());
        }
        let frame = reader.head().map_err(|e| e.to_string())?.number;
        let status = (self.status)().map_err(|e| e.to_string())?;
        let found = Day::read(reader, frame).await?;
        let mut trouble = Ok(());
        let empty = status.needs.is_empty() && found.happened == Happened::default();
        if !empty || self.office.house.load().config.review.digest_when_empty {
            let about = [About::Digest(day)];
            for reader in readers {
                let new = self.untold(reader, &about)?;
                if new.is_empty() {
                    continue;
                }
                let mut facts = self.facts(&reader.reviewer, &status, &status.needs);
                facts.happened = Some(found.happened);
                if status.mode == Mode::Shadow {
                    facts.stops.clone_from(&found.stops);
                }
                // Whoever cannot be told now keeps nobody else waiting.
                let told = self.tell(reader, new, &facts).await;
                trouble = trouble.and(told);
            }
        }
        trouble?;
        let done = Duty::DigestUpTo { day, frame };
        self.write(vec![Event::Duty(done)]).await
    }

    /// What this reviewer was not told yet.
    fn untold(&self, reader: &Reader, about: &[About]) -> Result<Vec<About>, String> {
        let state = self.office.sequencer.reader().state();
        let mut new = Vec::new();
        for about in about {
            let told = (state.told(&reader.key, about)).map_err(|e| e.to_string())?;
            if told.is_none_or(|row| row.fate == Fate::NotSent) {
                new.push(*about);
            }
        }
        Ok(new)
    }

    fn facts(&self, reviewer: &Reviewer, status: &Status, needs: &[Need]) -> DigestFacts {
        let house = self.office.house.load();
        facts::of(
            &house.config,
            reviewer,
            self.office.clock.now(),
            status,
            needs,
        )
    }

    async fn write(&self, events: Vec<Event>) -> Result<(), String> {
        match (self.office.sequencer).commit(Proposal::new(events)).await {
            Committed::Frame(_) => Ok(()),
            Committed::Conflict => Err("something came between".into()),
            Committed::Full(why) | Committed::Failed(why) => Err(why),
        }
    }
}
