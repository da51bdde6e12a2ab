//! Sees that recipients are told: mails at most once (intent, sync, act, outcome, sync), webhooks until they take it.
//!
//! Nothing leaves in shadow mode or while a flag stops all letters. What was leaving when a process ended is uncertain,
//! and a human decides (C5). What is due at once is told at once, so that one recipient that hangs delays no other's mail.

use crate::delivery::{Courier, Next, Outcome, backoff};
use crate::record::{
    Damaged, Event, FrozenLetter, Mode, RecipientEvent, RecipientRow, RecipientState,
    RecipientTrouble, RecipientWay, SmtpReply, hex,
};
use crate::request::Expectation;
use crate::sender::{HookSaid, RecipientHook};
use crate::service::house::Office;
use crate::service::outbox;
use crate::service::sequencer::{Committed, Proposal};
use futures::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often the queue is looked at.
const NAP: Duration = Duration::from_millis(500);
/// After trouble of the store.
const AGAIN: Duration = Duration::from_secs(10);
/// Items told side by side.
const ROUND: usize = 16;

/// Tells the recipients.
pub struct Herald {
    office: Office,
    courier: Arc<Courier>,
}

/// What is told.
enum Opened {
    Mail(FrozenLetter),
    Message(String),
}

impl Herald {
    /// Nothing is told yet.
    pub fn new(office: Office, courier: Arc<Courier>) -> Self {
        Self { office, courier }
    }

    /// Tells what is due, until `stop` becomes true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        if let Err(why) = self.settle().await {
            tracing::error!(%why, "what became of mails to recipients cannot be written down");
        }
        while !*stop.borrow_and_update() {
            let rest = match self.round().await {
                Ok(()) => NAP,
                Err(why) => {
                    tracing::warn!(%why, "recipients wait to be told");
                    AGAIN
                }
            };
            tokio::select! {
                _ = stop.changed() => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    /// C5: what was leaving when the process ended may have arrived.
    async fn settle(&self) -> Result<(), Damaged> {
        let open = self
            .office
            .sequencer
            .reader()
            .state()
            .recipients_open(usize::MAX)?;
        for row in open
            .into_iter()
            .filter(|r| r.state == RecipientState::Leaving)
        {
            let why = "the process ended while the mail was being sent";
            self.failed(&row, RecipientTrouble::Uncertain, reply("final_dot", why))
                .await;
        }
        Ok(())
    }

    async fn round(&self) -> Result<(), Damaged> {
        let (reader, now) = (self.office.sequencer.reader(), self.office.clock.now());
        let state = reader.state();
        let shadow = state.mode()?.is_none_or(|m| m.mode == Mode::Shadow);
        if shadow || !state.flags()?.is_empty() || reader.check_room().is_err() {
            return Ok(());
        }
        let due = state.recipients_due(now, ROUND)?;
        join_all(due.iter().map(|row| self.tell(row))).await;
        Ok(())
    }

    async fn tell(&self, row: &RecipientRow) {
        let opened = match self.open(row) {
            Ok(Some(opened)) => opened,
            Ok(None) => {
                let why = "the texts of the case are erased";
                return self
                    .failed(row, RecipientTrouble::Lost, reply("before", why))
                    .await;
            }
            Err(why) => {
                tracing::error!(case = %row.item.case, %why, "a recipient cannot be told");
                return;
            }
        };
        match opened {
            Opened::Mail(letter) => self.send(row, &letter).await,
            Opened::Message(message) => self.hand_over(row, message).await,
        }
    }

    /// What was sealed in the decision.
    fn open(&self, row: &RecipientRow) -> Result<Option<Opened>, Damaged> {
        let reader = self.office.sequencer.reader();
        let broken = |e: &dyn std::fmt::Display| Damaged(e.to_string());
        let event = reader.event(row.position).map_err(|e| broken(&e))?;
        let Event::Recipient(RecipientEvent::Due { frozen, .. }) = event else {
            return Err(Damaged(
                "an item's place in the log holds something else".into(),
            ));
        };
        Ok(match row.way {
            RecipientWay::Mail => {
                let letter = reader.open_sealed(&frozen).map_err(|e| broken(&e))?;
                letter.map(Opened::Mail)
            }
            RecipientWay::Webhook => {
                let message = reader.open_sealed(&frozen).map_err(|e| broken(&e))?;
                message.map(Opened::Message)
            }
        })
    }

    async fn send(&self, row: &RecipientRow, letter: &FrozenLetter) {
        let parcel = match outbox::parcel(letter) {
            Ok(parcel) => parcel,
            Err(why) => {
                return self
                    .failed(row, RecipientTrouble::Lost, reply("before", why))
                    .await;
            }
        };
        let before_data = || async {
            let durable = self.leaving(row).await;
            crate::faults::reached("recipient: before DATA");
            durable
        };
        let outcome = self.courier.deliver(&parcel, &before_data).await;
        crate::faults::reached("recipient: after the final dot");
        match outcome {
            Outcome::Sent { reply: said } => self.told(row, reply("final_dot", said)).await,
            Outcome::Deferred {
                phase,
                trouble,
                reply: said,
            } => {
                // The server's trouble is not the mail's: no attempt is counted.
                let counts = !trouble.is_relation();
                self.later(row, counts, reply(&phase.to_string(), said))
                    .await;
            }
            Outcome::Rejected { phase, reply: said } => {
                let said = reply(&phase.to_string(), said);
                self.failed(row, RecipientTrouble::Refused, said).await;
            }
            Outcome::Uncertain { phase, why } => {
                let said = reply(&phase.to_string(), why);
                self.failed(row, RecipientTrouble::Uncertain, said).await;
            }
            Outcome::Withdrawn => {}
        }
    }

    /// Makes it durable that it may have left, if it may still go: a human may have seen to it this very moment.
    async fn leaving(&self, row: &RecipientRow) -> bool {
        let state = self.office.sequencer.reader().state();
        let (id, item) = (row.item.case, row.item.clone());
        let waits = state
            .recipient(&item)
            .is_ok_and(|now| now.as_ref() == Some(row));
        let (flags, case) = (state.flags(), state.case(id));
        if !waits || !flags.is_ok_and(|up| up.is_empty()) {
            return false;
        }
        let version = case.ok().flatten().map_or(0, |c| c.version);
        let events = vec![Event::Recipient(RecipientEvent::Leaving { item })];
        let proposal =
            Proposal::essential(events).expecting(vec![Expectation::Case { id, version }]);
        matches!(
            self.office.sequencer.commit(proposal).await,
            Committed::Frame(_)
        )
    }

    async fn hand_over(&self, row: &RecipientRow, message: String) {
        let Some(hook) = self.hook(row) else {
            let why = "no such [[recipient]] with a webhook is configured";
            return self
                .failed(row, RecipientTrouble::Lost, reply("before", why))
                .await;
        };
        let parts = [
            &row.item.case.bits().to_be_bytes()[..],
            row.item.request.word().as_bytes(),
            row.item.recipient.as_bytes(),
            &row.number.to_be_bytes(),
        ];
        let id = hex(&self.office.keys().keyed("recipient", &parts)[..16]);
        let hidden = addresses(&message);
        match hook.tell(&format!("msg_{id}"), message, &hidden).await {
            Ok(HookSaid::Took) => self.told(row, reply("webhook", "it took it")).await,
            Ok(HookSaid::Done) => {
                let item = row.item.clone();
                let said = reply("webhook", "it took it, and says that it is done");
                let told = RecipientEvent::Told { item, reply: said };
                let item = row.item.clone();
                let done = RecipientEvent::Acknowledged {
                    item,
                    message: None,
                };
                self.write(row, vec![told, done]).await;
            }
            Ok(HookSaid::Refused(words)) => {
                self.failed(row, RecipientTrouble::Refused, reply("webhook", words))
                    .await;
            }
            Err(trouble) => self.later(row, true, reply("webhook", trouble.words)).await,
        }
    }

    fn hook(&self, row: &RecipientRow) -> Option<RecipientHook> {
        let house = self.office.house.load();
        let mut recipients = house.config.recipients.iter();
        let settings = recipients.find(|r| r.name == row.item.recipient)?;
        settings.hook()?.ok()
    }

    async fn told(&self, row: &RecipientRow, reply: SmtpReply) {
        tracing::info!(case = %row.item.case, recipient = row.item.recipient, "a recipient was told");
        let item = row.item.clone();
        self.write(row, vec![RecipientEvent::Told { item, reply }])
            .await;
    }

    async fn later(&self, row: &RecipientRow, counts: bool, reply: SmtpReply) {
        let now = self.office.clock.now();
        let retry = self.office.house.load().config.smtp.retry.clone();
        let attempt = if counts {
            u32::from(row.attempts) + 1
        } else {
            1
        };
        match backoff(attempt, row.asked.min(now), now, &retry, 0.5) {
            Next::At { at, .. } => {
                let (item, next) = (row.item.clone(), at);
                self.write(row, vec![RecipientEvent::Deferred { item, reply, next }])
                    .await;
            }
            Next::GiveUp => self.failed(row, RecipientTrouble::Refused, reply).await,
        }
    }

    async fn failed(&self, row: &RecipientRow, trouble: RecipientTrouble, reply: SmtpReply) {
        let (case, recipient) = (row.item.case, &row.item.recipient);
        tracing::warn!(%case, recipient, why = reply.text, "a recipient was not told: a human must see to it");
        let event = RecipientEvent::Failed {
            item: row.item.clone(),
            trouble,
            reply,
        };
        self.write(row, vec![event]).await;
    }

    /// What happened is written down, unless the item was asked anew meanwhile, or a human saw to it.
    async fn write(&self, row: &RecipientRow, events: Vec<RecipientEvent>) {
        let state = self.office.sequencer.reader().state();
        let now = state.recipient(&row.item);
        if now.is_ok_and(|r| r.is_some_and(|r| r.position == row.position && r.is_open())) {
            let events = events.into_iter().map(Event::Recipient).collect();
            outbox::write(&self.office, events).await;
        }
    }
}

fn reply(phase: &str, text: impl Into<String>) -> SmtpReply {
    SmtpReply {
        phase: phase.into(),
        text: text.into(),
    }
}

/// Whom a webhook's message is about: never in words of trouble.
fn addresses(message: &str) -> Vec<String> {
    let read: serde_json::Value = serde_json::from_str(message).unwrap_or_default();
    let all = read["data"]["addresses"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    all.iter()
        .filter_map(|a| a.as_str().map(str::to_owned))
        .collect()
}
