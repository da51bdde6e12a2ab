//! One letter's delivery: `sending` is made durable just before DATA, and the outcome, whatever it is, is written down.

use super::pauses::Pauses;
use super::{Due, held, lock, write};
use crate::delivery::{Courier, Next, Outcome, Trouble, backoff};
use crate::record::{Event, LetterId, LetterState, RequestState, SmtpReply};
use crate::service::erasing;
use crate::service::house::Office;
use crate::service::sequencer::{Committed, Proposal};
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
            if !ready
                .is_some_and(|l| matches!(l.state, LetterState::Queued | LetterState::Deferred))
            {
                return false;
            }
            let proposal = Proposal::essential(vec![Event::LetterSending { letter }]);
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
                events.extend(self.answered(due));
                events.extend(erasing::with_letter(&self.office, &due.row.head));
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

    /// The requests that the letter answered, and the case if nothing is left.
    fn answered(&self, due: &Due) -> Vec<Event> {
        let (case, by) = (due.id.case, String::from("auto"));
        let answers = &due.row.head.answers;
        // A code, an extension, an acknowledgement alone; one that comes with a STOP answers the STOP.
        if answers.is_empty() {
            return Vec::new();
        }
        let mut events: Vec<Event> = answers
            .iter()
            .map(|request| Event::RequestMoved {
                case,
                request: *request,
                state: RequestState::Answered,
                by: by.clone(),
            })
            .collect();
        let row = self
            .office
            .sequencer
            .reader()
            .state()
            .case(case)
            .ok()
            .flatten();
        let open = row.is_some_and(|c| {
            c.held.is_some()
                || c.requests.iter().any(|r| {
                    !answers.contains(&r.request)
                        && matches!(r.state, RequestState::Open | RequestState::AwaitingIdentity)
                })
        });
        if !open {
            events.push(Event::CaseClosed { case, by });
        }
        events
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
