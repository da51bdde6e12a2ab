//! Mails to our own reviewers: the daily digest, and at once what cannot wait for it (C8).
//!
//! They belong to no case and go to nobody whose data we hold, so they leave in every mode and also while a flag stops all
//! letters: it is they who tell of the flag. Each leaves at most once: a mark is durable before DATA (C4), and what was
//! leaving when a process ended is uncertain and not sent again; the next digest says so. Deliberately absent: what waits,
//! which is `needs`; and any word of the mail, which is a template.

mod facts;
pub(super) mod ids;
mod sending;

use super::daily;
use super::floods::floods_unseen;
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
/// How often the clocks of requests are looked at, in milliseconds.
const CLOCKS: i64 = 60_000;

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
        if readers.is_empty() {
            return Ok(());
        }
        self.alarms(&readers).await?;
        self.daily(&readers).await
    }

    fn readers(&self) -> Vec<Reader> {
        let keys = self.office.keys();
        let house = self.office.house.load();
        let all = house.config.review.reviewers.iter();
        all.map(|reviewer| Reader {
            reviewer: reviewer.clone(),
            key: keys.of(&reviewer.address.canonical()),
        })
        .collect()
    }

    /// What cannot wait: each reviewer is told of it once.
    async fn alarms(&mut self, readers: &[Reader]) -> Result<(), String> {
        let now = self.office.clock.now();
        let state = self.office.sequencer.reader().state();
        let flags = state.flags().map_err(|e| e.to_string())?;
        let mut about: Vec<About> = (flags.iter())
            .map(|row| About::Flag(row.flag, row.since))
            .collect();
        let look = self
            .clocks
            .is_none_or(|last| now.millis_since(last).abs() >= CLOCKS);
        if look {
            let house = self.office.house.load();
            let days = house.config.review.alarm_days;
            about.extend(facts::ending(&state, now, days).map_err(|e| e.to_string())?);
            let floods = floods_unseen(&state, &house.config.policy.settings.floods);
            let floods = floods.map_err(|e| e.to_string())?.into_iter();
            about.extend(floods.map(|(of, _)| About::Flood(of)));
        }
        for reader in readers {
            let new = self.untold(reader, &about)?;
            if new.is_empty() {
                continue;
            }
            let status = (self.status)().map_err(|e| e.to_string())?;
            let is_new = |need: &Need| new.iter().any(|a| facts::tells(a, need));
            let needs: Vec<Need> = status.needs.iter().filter(|n| is_new(n)).cloned().collect();
            // The rest was dealt with between two looks.
            let tells = |a: &About| needs.iter().any(|need| facts::tells(a, need));
            let new: Vec<About> = new.iter().copied().filter(tells).collect();
            if new.is_empty() {
                continue;
            }
            let facts = DigestFacts {
                urgent: true,
                ..self.facts(&reader.reviewer, &status, &needs)
            };
            self.tell(reader, new, &facts).await?;
        }
        if look {
            self.clocks = Some(now);
        }
        Ok(())
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
        if day <= last {
            return Ok(());
        }
        let frame = reader.head().map_err(|e| e.to_string())?.number;
        let status = (self.status)().map_err(|e| e.to_string())?;
        let found = Day::read(reader, frame).await?;
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
                self.tell(reader, new, &facts).await?;
            }
        }
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
