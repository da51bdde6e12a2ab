//! The canary: every day a marked STOP and a marked access request travel the whole way, from another provider's server to
//! our mailbox, through reader, decision and letter, and back; whoever hears nothing in time raises an alarm.
//!
//! Every step stands in the log before the next, so a run survives a restart: what was not sent is sent again (the same
//! bytes' worth, one mark), an answer whose DATA began is not (C4). It leaves in every mode, since it goes to nobody whose
//! data we hold, and not while a flag stops all letters, since no letter leaves then. Deliberately absent: the outbox, which
//! belongs to cases; the delay, office hours and caps, which belong to people.

mod hearing;
mod mark;
mod report;

pub(super) use hearing::heard;
pub use report::CanaryReport;

use super::daily::is_due;
use super::house::Office;
use super::outbox;
use super::sequencer::{Committed, Proposal};
use crate::answer::{CanaryMail, MessageId, canary_mail};
use crate::config::CanarySettings;
use crate::delivery::{Courier, Credentials, Frozen, Outcome, Parcel};
use crate::mailbox::awaited;
use crate::record::{
    Canary, CanaryRow, CanaryStage, CanaryStep, Event, FrozenLetter, RequestKind, RunId, Timestamp,
    hex,
};
use mark::BOTH;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often the clock and the runs are looked at.
const LOOK: Duration = Duration::from_millis(500);
/// After something that did not go through.
const AGAIN: Duration = Duration::from_secs(30);
/// Between two looks into the canary's mailbox; each is a log-in.
const PAUSE: Duration = Duration::from_secs(10);
/// The same once an answer is too late.
const SELDOM: Duration = Duration::from_secs(300);
/// How long one look waits for what just left.
const PATIENCE: Duration = Duration::from_secs(5);

/// What begins a run of both requests now. `by` is whoever wants it.
///
/// # Errors
/// If the system gives no random numbers.
pub fn begin(by: &str) -> Result<Vec<Event>, super::gathering::Trouble> {
    let mut events = Vec::new();
    for request in BOTH {
        let mut run: RunId = [0; 16];
        getrandom::fill(&mut run).map_err(|_| super::gathering::Trouble::Random)?;
        let by = by.to_owned();
        events.push(Event::Canary(Canary::Begun { request, run, by }));
    }
    Ok(events)
}

/// Sends, answers and looks.
pub(super) struct Keeper {
    office: Office,
    courier: Arc<Courier>,
    /// What went wrong last on the way of a run.
    trouble: HashMap<(RequestKind, RunId), String>,
    /// Not before then.
    rest: HashMap<RequestKind, Instant>,
}

impl Keeper {
    pub(super) fn new(office: Office, courier: Arc<Courier>) -> Self {
        Self {
            office,
            courier,
            trouble: HashMap::new(),
            rest: HashMap::new(),
        }
    }

    /// Keeps it until `stop` becomes true.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow_and_update() {
            let settings = self.office.house.load().config.canary.clone();
            if let Some(settings) = settings
                && let Err(why) = self.round(&settings, &stop).await
            {
                tracing::error!(%why, "the canary could not be kept");
                tokio::select! {
                    _ = stop.changed() => {}
                    () = tokio::time::sleep(AGAIN) => {}
                }
            }
            tokio::select! {
                _ = stop.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    async fn round(
        &mut self,
        settings: &CanarySettings,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), String> {
        self.begin_if_due(settings).await?;
        for request in BOTH {
            let Some(row) = self.row(request)? else {
                continue;
            };
            self.judge(settings, request, &row).await?;
            let rests = self.rest.get(&request);
            if rests.is_some_and(|until| *until > Instant::now()) || *stop.borrow() {
                continue;
            }
            self.rest.remove(&request);
            match row.stage {
                CanaryStage::Begun if !row.over => self.send(settings, request, &row).await?,
                CanaryStage::Answered => self.answer(request, &row).await?,
                CanaryStage::Leaving | CanaryStage::Left => {
                    let mut stop = stop.clone();
                    // Looking changes nothing, so a look that is given up has done no harm.
                    tokio::select! {
                        _ = stop.wait_for(|stop| *stop) => {}
                        done = self.look(settings, request, &row) => done?,
                    }
                }
                CanaryStage::Begun | CanaryStage::Sent | CanaryStage::Arrived => {}
            }
        }
        Ok(())
    }

    fn row(&self, request: RequestKind) -> Result<Option<CanaryRow>, String> {
        let state = self.office.sequencer.reader().state();
        state.canary(request).map_err(|e| e.to_string())
    }

    /// Once a day, and at once if there never was a run.
    async fn begin_if_due(&mut self, settings: &CanarySettings) -> Result<(), String> {
        let now = self.office.clock.now();
        let today = self.day(now, settings.hour);
        let mut due = false;
        for request in BOTH {
            let row = self.row(request)?;
            let last = row.map(|row| self.day(row.begun, settings.hour));
            due |= last.is_none_or(|last| is_due(today, last));
        }
        if due {
            let events = begin("auto").map_err(|e| e.to_string())?;
            self.write(events).await?;
        }
        Ok(())
    }

    /// The day whose hour has come, since 1970-01-01.
    fn day(&self, at: Timestamp, hour: u8) -> i32 {
        let house = self.office.house.load();
        let local = house.config.policy.calendar.zone.to_datetime(at.to_jiff());
        let day = (local.date() - jiff::civil::date(1970, 1, 1)).get_days();
        day - i32::from(local.hour() < i8::try_from(hour).unwrap_or(i8::MAX))
    }

    /// An answer that is late is an alarm.
    async fn judge(
        &mut self,
        settings: &CanarySettings,
        request: RequestKind,
        row: &CanaryRow,
    ) -> Result<(), String> {
        let late = i64::from(settings.patience_minutes) * 60_000;
        if row.over || self.office.clock.now().millis_since(row.begun) < late {
            return Ok(());
        }
        let where_to = match row.stage {
            CanaryStage::Begun => "its mail was not sent",
            CanaryStage::Sent => "its mail left and was not read in the watched mailbox",
            CanaryStage::Answered => "it was read, and the answer did not leave",
            CanaryStage::Leaving => "nobody knows whether the answer left; it did not arrive",
            CanaryStage::Left | CanaryStage::Arrived => "the answer left and did not arrive",
        };
        let last = self.trouble.get(&(request, row.run));
        let why = match last {
            Some(last) => format!("{where_to}: {last}"),
            None => where_to.to_owned(),
        };
        self.failed(request, row, why).await
    }

    async fn failed(
        &self,
        request: RequestKind,
        row: &CanaryRow,
        why: String,
    ) -> Result<(), String> {
        tracing::error!(%request, %why, "the canary was not answered");
        self.moved(request, row, CanaryStep::Failed { why }).await
    }

    async fn moved(
        &self,
        request: RequestKind,
        row: &CanaryRow,
        step: CanaryStep,
    ) -> Result<(), String> {
        let run = row.run;
        let mut events = Vec::new();
        let arrived = matches!(step, CanaryStep::Arrived { .. });
        events.push(Event::Canary(Canary::Moved { request, run, step }));
        // Nobody needs the answer's copy any more.
        if let Some((_, key, _)) = row.answer.filter(|_| arrived) {
            events.push(Event::KeysErased { keys: vec![key] });
        }
        self.write(events).await
    }

    /// Sends the mail from the canary's account.
    async fn send(
        &mut self,
        settings: &CanarySettings,
        request: RequestKind,
        row: &CanaryRow,
    ) -> Result<(), String> {
        let parcel = self.parcel(settings, request, row)?;
        let login = Credentials::of(&settings.smtp);
        let outcome = match Courier::new(&settings.smtp, login) {
            Ok(courier) => {
                let outcome = courier.deliver(&parcel, &|| async { true }).await;
                courier.rest().await;
                crate::faults::reached("canary: its mail has left");
                outcome
            }
            Err(problem) => {
                self.put_off(request, row, problem.to_string());
                return Ok(());
            }
        };
        match outcome {
            // Perhaps it left: a second copy is the same mail.
            Outcome::Sent { .. } | Outcome::Uncertain { .. } => {
                self.moved(request, row, CanaryStep::Sent).await
            }
            Outcome::Rejected { phase, reply } => {
                let why = format!("its mail was refused: {phase}: {reply}");
                self.failed(request, row, why).await
            }
            Outcome::Deferred { phase, reply, .. } => {
                self.put_off(request, row, format!("{phase}: {reply}"));
                Ok(())
            }
            Outcome::Withdrawn => Ok(()),
        }
    }

    fn put_off(&mut self, request: RequestKind, row: &CanaryRow, why: String) {
        tracing::warn!(%request, %why, "the canary waits");
        self.trouble.retain(|(of, _), _| *of != request);
        self.trouble.insert((request, row.run), why);
        self.rest.insert(request, Instant::now() + AGAIN);
    }

    fn parcel(
        &self,
        settings: &CanarySettings,
        request: RequestKind,
        row: &CanaryRow,
    ) -> Result<Parcel, String> {
        let house = self.office.house.load();
        let watched = settings.watched(&house.config.mailboxes);
        let watched = watched.ok_or("[canary] mailbox: there is no such mailbox")?;
        let from = settings.address.clone();
        let id = format!("<{}.{request}@{}>", hex(&row.run), from.domain());
        let mail = CanaryMail {
            from: from.clone(),
            to: watched.address.clone(),
            request,
            language: house.config.policy.settings.default_language,
            message_id: MessageId::parse(&id).ok_or("the canary's Message-ID is malformed")?,
            mark: mark::written(self.office.keys(), &from, request, &row.run),
            date: self.office.clock.now(),
        };
        let bytes = canary_mail(&mail).map_err(|e| e.to_string())?;
        Ok(Parcel {
            sender: Some(from),
            recipient: mail.to,
            blind_copy: None,
            letter: Frozen::new(bytes).map_err(|e| e.to_string())?,
        })
    }

    /// Sends the frozen answer, as every letter leaves: through `[smtp]`, marked before DATA.
    async fn answer(&mut self, request: RequestKind, row: &CanaryRow) -> Result<(), String> {
        let flags = self.office.sequencer.reader().state().flags();
        if !flags.map_err(|e| e.to_string())?.is_empty() {
            self.put_off(request, row, "a flag stops all letters".to_owned());
            return Ok(());
        }
        let Some(frozen) = self.frozen(row)? else {
            return Ok(());
        };
        let parcel = outbox::parcel(&frozen)?;
        let marked = AtomicBool::new(false);
        let before_data = || async {
            let durable = self.moved(request, row, CanaryStep::Leaving).await.is_ok();
            marked.store(durable, Ordering::Relaxed);
            crate::faults::reached("canary: before DATA");
            durable
        };
        let outcome = self.courier.deliver(&parcel, &before_data).await;
        crate::faults::reached("canary: after the final dot");
        match outcome {
            Outcome::Sent { .. } => self.moved(request, row, CanaryStep::Left).await,
            Outcome::Rejected { phase, reply } => {
                let why = format!("the answer was refused: {phase}: {reply}");
                self.failed(request, row, why).await
            }
            Outcome::Deferred { phase, reply, .. } => {
                let why = format!("{phase}: {reply}");
                match marked.load(Ordering::Relaxed) {
                    // DATA was begun and answered "not now": this run's answer is not sent again.
                    true => self.failed(request, row, why).await,
                    false => {
                        self.put_off(request, row, why);
                        Ok(())
                    }
                }
            }
            // It is looked for like one that left.
            Outcome::Uncertain { .. } | Outcome::Withdrawn => Ok(()),
        }
    }

    /// The answer as it was frozen; nothing once it is erased.
    fn frozen(&self, row: &CanaryRow) -> Result<Option<FrozenLetter>, String> {
        let Some((_, _, position)) = row.answer else {
            return Ok(None);
        };
        let reader = self.office.sequencer.reader();
        match reader.event(position).map_err(|e| e.to_string())? {
            Event::Canary(Canary::Moved {
                step: CanaryStep::Answered { frozen, .. },
                ..
            }) => reader.open_sealed(&frozen).map_err(|e| e.to_string()),
            _ => Err("the canary's place in the log holds something else".into()),
        }
    }

    /// Looks for the answer in the canary's own mailbox.
    async fn look(
        &mut self,
        settings: &CanarySettings,
        request: RequestKind,
        row: &CanaryRow,
    ) -> Result<(), String> {
        let Some(frozen) = self.frozen(row)? else {
            return Ok(());
        };
        let found = awaited(&settings.account(), &frozen.message_id, PATIENCE).await;
        match found {
            Ok(Some((folder, _))) => {
                tracing::info!(%request, %folder, "the canary was answered");
                self.moved(request, row, CanaryStep::Arrived { folder })
                    .await
            }
            Ok(None) => {
                let pause = if row.over { SELDOM } else { PAUSE };
                self.rest.insert(request, Instant::now() + pause);
                Ok(())
            }
            Err(why) => {
                self.put_off(request, row, format!("its mailbox cannot be read: {why}"));
                Ok(())
            }
        }
    }

    async fn write(&self, events: Vec<Event>) -> Result<(), String> {
        match (self.office.sequencer).commit(Proposal::new(events)).await {
            Committed::Frame(_) => Ok(()),
            Committed::Conflict => Err("something came between".into()),
            Committed::Full(why) | Committed::Failed(why) => Err(why),
        }
    }
}
