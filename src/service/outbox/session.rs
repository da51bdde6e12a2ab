//! A session's side of the house: gives it one letter after the other, makes `sending` durable just before DATA, and writes
//! every outcome down, together with the next letter's `sending` where one follows at once.

use super::pauses::Pauses;
use super::queue::Queue;
use super::{Due, answered_by_hand, held, messages_held, write, write_if};
use crate::delivery::{House, Next, Outcome, Parcel, Trouble, backoff};
use crate::record::{Event, LetterId, LetterState, Mode, SmtpReply};
use crate::request::Expectation;
use crate::service::house::Office;
use crate::service::sequencer::{Committed, Proposal};
use crate::service::settling;
use std::collections::VecDeque;
use std::sync::Arc;

/// What one session needs.
pub(super) struct Sender {
    office: Office,
    queue: Arc<Queue>,
    pauses: Arc<Pauses>,
    /// Letters that have not ended; the first is the one whose turn it is.
    carried: VecDeque<Due>,
    /// Outcomes that are not written down yet, and whose they are.
    unwritten: Vec<Event>,
    ended: Vec<LetterId>,
    /// The letter whose `sending` is durable.
    sending: Option<LetterId>,
}

impl House for Sender {
    fn next(&mut self) -> Option<Arc<Parcel>> {
        let due = self.queue.fresh()?;
        let parcel = due.parcel.clone();
        self.carried.push_back(due);
        Some(parcel)
    }

    async fn committed(&mut self) -> bool {
        let durable = match self.sending() {
            Some(proposal) => match self.office.sequencer.commit(proposal).await {
                Committed::Frame(_) => {
                    self.written();
                    self.sending = self.carried.front().map(|due| due.id);
                    true
                }
                _ => false,
            },
            None => false,
        };
        if !durable {
            self.settle().await;
        }
        crate::faults::reached("letter: before DATA");
        durable
    }

    async fn ended(&mut self, outcome: Outcome) {
        crate::faults::reached("letter: after the final dot");
        let Some(due) = self.carried.pop_front() else {
            return;
        };
        let mut events = self.outcome(&due, outcome);
        if self.sending.take() != Some(due.id) && !events.is_empty() {
            // Nothing was handed over, and a human may have cancelled or held it meanwhile: then that stands.
            self.settle().await;
            let as_read = vec![Expectation::letter(due.id, &due.row)];
            write_if(&self.office, events, as_read).await;
            self.queue.done(due.id);
            return;
        }
        events.extend(messages_held(&self.office, &events));
        self.unwritten.extend(events);
        self.ended.push(due.id);
        if self.carried.is_empty() {
            self.settle().await;
        }
    }

    async fn settle(&mut self) {
        let events = std::mem::take(&mut self.unwritten);
        if !events.is_empty() {
            write(&self.office, events).await;
        }
        self.written();
    }
}

impl Sender {
    pub(super) fn new(office: Office, queue: Arc<Queue>, pauses: Arc<Pauses>) -> Self {
        Self {
            office,
            queue,
            pauses,
            carried: VecDeque::new(),
            unwritten: Vec::new(),
            ended: Vec::new(),
            sending: None,
        }
    }

    /// What makes `sending` durable, if the letter may still go.
    fn sending(&self) -> Option<Proposal> {
        let due = self.carried.front()?;
        let letter = due.id;
        // The server may have taken long to say that it takes the letter, and a mail in Sent was read meanwhile. How old the look
        // is matters before a session begins only: a server that always takes longer would never be given the letter.
        if due.looked.is_some() && answered_by_hand(&self.office, due).unwrap_or(true) {
            return None;
        }
        let state = self.office.sequencer.reader().state();
        let row = state.letter(letter).ok().flatten()?;
        // A flag may have gone up, or the mode become shadow, while this session got ready.
        let waits = matches!(row.state, LetterState::Queued | LetterState::Deferred);
        let leaves = state.mode().ok()?.is_some_and(|m| m.mode != Mode::Shadow);
        if !waits || !leaves || !state.flags().is_ok_and(|up| up.is_empty()) {
            return None;
        }
        let mut events = self.unwritten.clone();
        events.push(Event::LetterSending { letter });
        // A human may have held or cancelled it this very moment.
        Some(Proposal::essential(events).expecting(vec![Expectation::letter(letter, &row)]))
    }

    /// What has ended is written down: its letters are nobody's business any more.
    fn written(&mut self) {
        self.unwritten.clear();
        self.ended
            .drain(..)
            .for_each(|letter| self.queue.done(letter));
    }

    /// The events of an outcome.
    fn outcome(&self, due: &Due, outcome: Outcome) -> Vec<Event> {
        let letter = due.id;
        if !matches!(outcome, Outcome::Deferred { .. } | Outcome::Withdrawn) {
            self.pauses.forget(letter);
        }
        let words = |phase: crate::delivery::Phase, text: String| SmtpReply {
            phase: phase.to_string(),
            text,
        };
        match outcome {
            Outcome::Sent { reply } => {
                let mut events = vec![Event::LetterSent {
                    letter,
                    reply: words(crate::delivery::Phase::FinalDot, reply),
                }];
                events.extend(settling::when_sent(&self.office, letter, &due.row.head));
                events
            }
            Outcome::Deferred {
                phase,
                trouble,
                reply,
            } => self.deferred(due, trouble, words(phase, reply)),
            Outcome::Rejected { phase, reply } => {
                vec![
                    Event::LetterRejected {
                        letter,
                        reply: words(phase, reply),
                    },
                    held(letter),
                ]
            }
            Outcome::Uncertain { phase, why } => {
                vec![
                    Event::LetterUncertain {
                        letter,
                        reply: words(phase, why),
                    },
                    held(letter),
                ]
            }
            Outcome::Withdrawn => Vec::new(),
        }
    }

    fn deferred(&self, due: &Due, trouble: Trouble, reply: SmtpReply) -> Vec<Event> {
        let (letter, now) = (due.id, self.office.clock.now());
        let house = self.office.house.load();
        let retry = &house.config.smtp.retry;
        // The server's trouble is not the letter's: the breaker waits, and no attempt is counted.
        let attempt = match trouble.is_relation() {
            true => 1,
            false => (u32::from(due.row.attempts) + 1).max(self.pauses.put_off(letter)),
        };
        if !trouble.is_relation() && now > due.row.expires {
            self.pauses.forget(letter);
            return vec![Event::LetterRejected { letter, reply }, held(letter)];
        }
        let mut jitter = [0u8; 1];
        let jitter = getrandom::fill(&mut jitter).map_or(0.5, |()| f64::from(jitter[0]) / 255.0);
        // Since it was due for the first time, or was sent again: `changed` is that of its last try.
        let days = i64::from(house.config.policy.settings.letter_expiry_days);
        let first_due = due.row.expires.plus_days(-days).min(now);
        match backoff(attempt, first_due, now, retry, jitter) {
            Next::At { at, wait } => {
                self.pauses.begin(letter, wait);
                vec![Event::LetterDeferred {
                    letter,
                    reply,
                    next: at,
                }]
            }
            Next::GiveUp => {
                self.pauses.forget(letter);
                vec![Event::LetterRejected { letter, reply }, held(letter)]
            }
        }
    }
}
