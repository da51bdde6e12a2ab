//! One letter's delivery: `sending` is made durable just before DATA, and the outcome, whatever it is, is written down.

use super::pauses::Pauses;
use super::{Due, held, lock, write};
use crate::delivery::{Courier, Next, Outcome, Trouble, backoff};
use crate::record::{Event, LetterId, LetterState, SmtpReply};
use crate::request::Expectation;
use crate::service::house::Office;
use crate::service::sequencer::{Committed, Proposal};
use crate::service::settling;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// What one session needs.
pub(super) struct Sender {
    pub(super) office: Office,
    pub(super) courier: Arc<Courier>,
    pub(super) busy: Arc<Mutex<HashSet<LetterId>>>,
    pub(super) pauses: Arc<Pauses>,
}

impl Sender {
    pub(super) async fn send(self, due: Due) {
        let letter = due.id;
        let before_data = || async {
            let state = self.office.sequencer.reader().state();
            let ready = state.letter(letter).ok().flatten();
            let Some(row) =
                ready.filter(|l| matches!(l.state, LetterState::Queued | LetterState::Deferred))
            else {
                return false;
            };
            // A flag may have gone up while this session got ready.
            if !state.flags().is_ok_and(|up| up.is_empty()) {
                return false;
            }
            // A human may have held or cancelled it this very moment.
            let proposal = Proposal::essential(vec![Event::LetterSending { letter }])
                .expecting(vec![Expectation::letter(letter, &row)]);
            let durable = matches!(
                self.office.sequencer.commit(proposal).await,
                Committed::Frame(_)
            );
            crate::faults::reached("letter: before DATA");
            durable
        };
        let outcome = self.courier.deliver(&due.parcel, &before_data).await;
        crate::faults::reached("letter: after the final dot");
        let events = self.outcome(&due, outcome);
        if !events.is_empty() {
            write(&self.office, events).await;
        }
        lock(&self.busy).remove(&letter);
    }

    /// The events of an outcome.
    fn outcome(&self, due: &Due, outcome: Outcome) -> Vec<Event> {
        let letter = due.id;
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
        let retry = self.office.house.load().config.smtp.retry.clone();
        // The server's trouble is not the letter's: the breaker waits, and no attempt is counted.
        let attempt = if trouble.is_relation() {
            1
        } else {
            u32::from(due.row.attempts) + 1
        };
        let mut jitter = [0u8; 1];
        let jitter = getrandom::fill(&mut jitter).map_or(0.5, |()| f64::from(jitter[0]) / 255.0);
        match backoff(attempt, due.row.changed.min(now), now, &retry, jitter) {
            Next::At { at, wait } => {
                self.pauses.begin(letter, wait);
                vec![Event::LetterDeferred {
                    letter,
                    reply,
                    next: at,
                }]
            }
            Next::GiveUp => vec![Event::LetterRejected { letter, reply }, held(letter)],
        }
    }
}
