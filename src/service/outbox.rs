//! Sees that queued letters leave: takes what is due, looks once more whether a human was faster, and writes every outcome down.
//!
//! `sending` is committed after the server accepted the recipient and before DATA, so that after a crash the log knows
//! which letters may have left (C4). What was found `sending` at the start is uncertain until somebody knows (C5).

mod looking;
mod pauses;
mod queue;
mod session;

use super::house::Office;
use super::sequencer::{Committed, Proposal};
use super::settling::{blind_copy, frozen_letter};
use crate::delivery::{Courier, Credentials, Frozen, Parcel, Problem};
use crate::mailbox::{Faster, LookAgain};
use crate::record::{
    Address, Event, FrozenLetter, LetterId, LetterRow, LetterState, MessageState, Mode, RuleId,
    SmtpReply, Timestamp,
};
use crate::request::Expectation;
use looking::answered_by_hand;
use pauses::Pauses;
use queue::Queue;
use session::Sender;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// How long the outbox sleeps when nothing is due and nobody wakes it.
const NAP: Duration = Duration::from_millis(500);
/// How long before a session begins with a letter somebody must have looked whether a human was faster.
const LOOK_COUNTS: Duration = Duration::from_secs(30);
/// How long a letter waits that nobody could look for.
const LOOK_PAUSE: Duration = Duration::from_secs(10);

/// Asks the mailboxes whether a human was faster (A9).
pub trait SecondLook: Send + Sync + 'static {
    /// One answer for each message; an error means that nobody could look, and then nothing is sent.
    fn look(
        &self,
        mailbox: String,
        messages: Vec<LookAgain>,
    ) -> impl Future<Output = Result<Vec<Option<Faster>>, String>> + Send;
}

/// The outbox.
pub struct Outbox<L> {
    office: Office,
    courier: Arc<Courier>,
    look: Arc<L>,
    /// Letters that wait for a session, or are with one.
    queue: Arc<Queue>,
    /// Letters that were put off.
    pauses: Arc<Pauses>,
    /// Wakes it: a letter was queued.
    wake: Arc<Notify>,
}

/// A letter ready to go.
struct Due {
    id: LetterId,
    row: LetterRow,
    letter: FrozenLetter,
    parcel: Arc<Parcel>,
    /// When somebody looked whether a human was faster, if that is done.
    looked: Option<Instant>,
}

impl Due {
    /// Whether that look still counts: a session that is stuck with a slow server holds up the letters behind it.
    fn is_fresh(&self) -> bool {
        self.looked
            .is_none_or(|looked| looked.elapsed() < LOOK_COUNTS)
    }
}

impl<L: SecondLook> Outbox<L> {
    /// Prepares it; nothing is sent yet.
    pub fn new(office: Office, courier: Arc<Courier>, look: Arc<L>) -> Self {
        Self {
            wake: office.sequencer.letters(),
            office,
            courier,
            look,
            queue: Arc::default(),
            pauses: Arc::default(),
        }
    }

    /// Sends until `stop` becomes true; then lets the running sessions end the letter that they have.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut sessions = JoinSet::new();
        while !*stop.borrow_and_update() {
            while sessions.try_join_next().is_some() {}
            // Looking may take long, at a server that does not answer; nothing is lost by giving it up.
            let due = tokio::select! {
                biased;
                changed = stop.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => break,
                },
                due = self.due() => due,
            };
            match due {
                Ok(letters) => self.queue.put(letters),
                Err(why) => tracing::warn!(%why, "the outbox waits"),
            }
            let most = self.office.house.load().config.smtp.max_sessions;
            for _ in sessions.len()..most.min(self.queue.waiting() + sessions.len()) {
                sessions.spawn(self.session());
            }
            let enough = self.queue.room() == 0;
            tokio::select! {
                _ = stop.changed() => {}
                () = self.wake.notified(), if !enough => {}
                () = self.queue.low() => {}
                Some(_) = sessions.join_next(), if !sessions.is_empty() => {}
                () = tokio::time::sleep(NAP) => {}
            }
        }
        self.queue.empty();
        while sessions.join_next().await.is_some() {}
        self.courier.rest().await;
    }

    /// A session that carries letters until none waits.
    fn session(&self) -> impl Future<Output = ()> + Send + use<L> {
        let (courier, queue) = (self.courier.clone(), self.queue.clone());
        let mut house = Sender::new(self.office.clone(), queue.clone(), self.pauses.clone());
        async move {
            while queue.waiting() > 0 {
                courier.carry(&mut house).await;
            }
        }
    }

    /// What is due, opened, and not answered by a human meanwhile.
    async fn due(&self) -> Result<Vec<Due>, String> {
        let reader = self.office.sequencer.reader();
        let (state, now) = (reader.state(), self.office.clock.now());
        let mode = state.mode().map_err(|e| e.to_string())?;
        if mode.is_none_or(|m| m.mode == Mode::Shadow)
            || !state.flags().map_err(|e| e.to_string())?.is_empty()
        {
            return Ok(Vec::new());
        }
        let room = self.queue.room();
        if reader.check_room().is_err() || room == 0 {
            return Ok(Vec::new());
        }
        let most = room + self.queue.busy() + self.pauses.len();
        let ids = state.outbox(now, most).map_err(|e| e.to_string())?;
        let mut letters = Vec::new();
        for id in self.pauses.over(ids.into_iter().map(|(_, id)| id)) {
            if self.queue.holds(id) {
                continue;
            }
            self.pauses.end(id);
            match self.open(id, now).await {
                Ok(Some(due)) => letters.push(due),
                Ok(None) => {}
                // It is looked at again in a while, and holds up no other.
                Err(why) => {
                    tracing::warn!(letter = %id, %why, "a letter cannot be read now");
                    self.pauses.begin(id, LOOK_PAUSE);
                }
            }
        }
        self.not_answered_by_hand(letters).await
    }

    /// Opens a frozen letter. What cannot be sent any more is written down here.
    async fn open(&self, id: LetterId, now: Timestamp) -> Result<Option<Due>, String> {
        let reader = self.office.sequencer.reader();
        let row = reader.state().letter(id).map_err(|e| e.to_string())?;
        let waits = |s: LetterState| matches!(s, LetterState::Queued | LetterState::Deferred);
        let Some(row) = row.filter(|row| waits(row.state)) else {
            return Ok(None);
        };
        if now > row.expires && row.attempts > 0 {
            let last = row.reply.map_or_else(String::new, |r| r.text);
            return self.reject(id, "expired", last).await;
        }
        if row.position.is_none() {
            return Ok(None);
        }
        let frozen = match frozen_letter(reader, &row) {
            Ok(frozen) => frozen,
            Err(why) if why.is_passing() => return Err(why.to_string()),
            // Damaged, or its key is lost: it never leaves as it is, and a human writes another.
            Err(why) => {
                let text = format!("it cannot be read any more: {why}");
                return self.reject(id, "before", text).await;
            }
        };
        let Some(letter) = frozen else {
            let (rule, by) = (RuleId::of("P.erased"), "auto".into());
            self.write(vec![Event::LetterCancelled {
                letter: id,
                rule,
                by,
            }])
            .await;
            return Ok(None);
        };
        match parcel(&letter) {
            Ok(parcel) => Ok(Some(Due {
                parcel: Arc::new(Parcel {
                    blind_copy: blind_copy(&self.office, &row),
                    ..parcel
                }),
                id,
                row,
                letter,
                looked: None,
            })),
            Err(why) => self.reject(id, "before", why).await,
        }
    }

    async fn reject(
        &self,
        letter: LetterId,
        phase: &str,
        text: String,
    ) -> Result<Option<Due>, String> {
        let reply = SmtpReply {
            phase: phase.into(),
            text,
        };
        self.write(vec![Event::LetterRejected { letter, reply }, held(letter)])
            .await;
        Ok(None)
    }

    async fn write(&self, events: Vec<Event>) {
        write(&self.office, events).await;
    }
}

/// Writes an outcome down; it has happened, so it is tried until it stands there or the store has failed for good.
pub(super) async fn write(office: &Office, events: Vec<Event>) {
    write_if(office, events, Vec::new()).await;
}

/// The same, if this is still true; whether it stands there.
pub(super) async fn write_if(
    office: &Office,
    mut events: Vec<Event>,
    expected: Vec<Expectation>,
) -> bool {
    events.extend(messages_held(office, &events));
    loop {
        let proposal = Proposal::essential(events.clone()).expecting(expected.clone());
        match office.sequencer.commit(proposal).await {
            Committed::Frame(_) => return true,
            Committed::Full(why) => {
                tracing::error!(%why, "an outcome cannot be written down yet");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Committed::Conflict => return false,
            Committed::Failed(why) => {
                tracing::error!(%why, "an outcome was not written down");
                return false;
            }
        }
    }
}

/// A message whose letter waits for a human waits with it (promise 1: one visible state, and the true one).
fn messages_held(office: &Office, events: &[Event]) -> Vec<Event> {
    let state = office.sequencer.reader().state();
    let waits = events.iter().filter_map(|event| match event {
        Event::LetterHeld { letter, rule } => Some((*letter, rule.clone())),
        Event::LetterUncertain { letter, .. } | Event::LetterRejected { letter, .. } => {
            Some((*letter, RuleId::of("C4")))
        }
        _ => None,
    });
    waits
        .filter_map(|(letter, rule)| {
            let message = state.letter(letter).ok()??.head.message?;
            let (state, case) = (MessageState::Held, Some(letter.case));
            Some(Event::Decided {
                message,
                state,
                rule,
                case,
            })
        })
        .collect()
}

/// A human must look at the letter's case.
pub(super) fn held(letter: LetterId) -> Event {
    Event::CaseHeld {
        case: letter.case,
        rule: RuleId::of("C4"),
    }
}

/// The bytes of a frozen letter on their way.
pub(super) fn parcel(letter: &FrozenLetter) -> Result<Parcel, String> {
    let sender = match letter.mail_from.as_str() {
        "" => None,
        text => Some(Address::parse(text).map_err(|e| e.to_string())?),
    };
    let recipient =
        Address::parse(&letter.rcpt_to).map_err(|_| "the recipient is no address".to_owned())?;
    let letter = Frozen::new(letter.bytes.clone()).map_err(|e| e.to_string())?;
    Ok(Parcel {
        sender,
        recipient,
        blind_copy: None,
        letter,
    })
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The courier for a configuration; no password is read yet.
pub fn courier(config: &crate::config::Config) -> Result<Courier, Problem> {
    Courier::new(&config.smtp, Credentials::of(&config.smtp))
}
