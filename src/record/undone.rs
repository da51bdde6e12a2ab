//! Letters that are not done with: those of the outbox, and those that wait, found without reading the many that are.

use super::rows::{LetterRow, Waiting};
use super::state::letter_from;
use super::tables::Table;
use super::{Damaged, LetterId, LetterState, State, WAITS_FOR_SENDERS};

/// What letters wait as.
const CLASSES: [Waiting; 6] = [
    Waiting::Draft,
    Waiting::Sending,
    Waiting::Rejected,
    Waiting::Uncertain,
    Waiting::Bounced,
    Waiting::Truth,
];

impl LetterRow {
    /// What it waits as, if it waits for anybody.
    pub fn waits_as(&self) -> Option<Waiting> {
        match self.state {
            LetterState::Draft if self.rule.as_ref() == Some(&WAITS_FOR_SENDERS) => {
                Some(Waiting::Truth)
            }
            LetterState::Draft => Some(Waiting::Draft),
            LetterState::Sending => Some(Waiting::Sending),
            LetterState::Rejected => Some(Waiting::Rejected),
            LetterState::Uncertain => Some(Waiting::Uncertain),
            LetterState::Bounced => Some(Waiting::Bounced),
            _ => None,
        }
    }
}

impl State<'_> {
    /// Letters that are neither sent nor cancelled.
    pub fn letters_not_done(&self) -> Result<Vec<(LetterId, LetterRow)>, Damaged> {
        let mut ids = Vec::new();
        for (key, _) in self.0.scan(Table::Outbox, &[], &[], usize::MAX)? {
            ids.push(letter_from(key.get(8..).unwrap_or_default())?);
        }
        for class in CLASSES {
            let waiting = self.waiting_letters(class, usize::MAX)?;
            ids.extend(waiting.into_iter().map(|(_, id)| id));
        }
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            all.extend(self.letter(id)?.map(|row| (id, row)));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{
        CaseId, Event, Fingerprint, Frame, KeyId, LetterHead, LetterKind, LogPosition, MailIdHash,
        MemoryTables, RuleId, Sealed, SmtpReply, Timestamp, apply,
    };

    /// What makes a letter what it is.
    fn becomes(state: LetterState, letter: LetterId) -> Vec<Event> {
        let at = Timestamp::from_millis(1);
        let head = LetterHead {
            letter,
            kind: LetterKind::Answer,
            answers: Vec::new(),
            person: None,
            domain: Some(Fingerprint([1; 32])),
            message: None,
            automatic: false,
        };
        let queued = Event::LetterQueued {
            head: head.clone(),
            mail: MailIdHash([state as u8; 16]),
            not_before: at,
            expires: at,
            frozen: Sealed {
                key: KeyId(1),
                bytes: Vec::new(),
            },
            digest: [0; 32],
            by: "auto".into(),
        };
        let reply = SmtpReply {
            phase: "data".into(),
            text: String::new(),
        };
        let (by, rule) = ("odile".to_owned(), RuleId::of("A7"));
        let then = match state {
            LetterState::Draft => return vec![Event::LetterDrafted { head, rule }],
            LetterState::Queued => return vec![queued],
            LetterState::Sending => Event::LetterSending { letter },
            LetterState::Sent => Event::LetterSent { letter, reply },
            LetterState::Deferred => Event::LetterDeferred {
                letter,
                reply,
                next: at,
            },
            LetterState::Rejected => Event::LetterRejected { letter, reply },
            LetterState::Uncertain => Event::LetterUncertain { letter, reply },
            LetterState::Bounced => Event::LetterBounced {
                letter,
                status: "5.1.1".into(),
                hard: true,
            },
            LetterState::Cancelled => Event::LetterCancelled { letter, rule, by },
        };
        vec![queued, then]
    }

    #[test]
    fn they_are_all_letters_but_those_that_are_sent_or_cancelled() {
        let mut tables = MemoryTables::default();
        let letter = |n: u64| LetterId {
            case: CaseId::from_bits(n),
            step: 0,
            series: 0,
        };
        let mut all: Vec<Vec<Event>> = (1..)
            .zip(LetterState::ALL)
            .map(|(n, state)| becomes(*state, letter(n)))
            .collect();
        // One that leaves by itself, when the senders have obeyed.
        let waits = becomes(LetterState::Draft, letter(99)).pop();
        if let Some(Event::LetterDrafted { head, .. }) = waits {
            let rule = WAITS_FOR_SENDERS;
            all.push(vec![Event::LetterDrafted { head, rule }]);
        }
        for (number, events) in (1..).zip(all) {
            let at = Timestamp::from_millis(1);
            let frame = Frame { number, at, events };
            apply(&mut tables, LogPosition::default(), &frame).unwrap();
        }
        let state = State(&tables);
        let mut found = state.letters_not_done().unwrap();
        found.sort_by_key(|(id, _)| *id);
        let done =
            |row: &LetterRow| matches!(row.state, LetterState::Sent | LetterState::Cancelled);
        let mut wanted = state.every_letter().unwrap();
        assert_eq!(wanted.len(), 10);
        wanted.retain(|(_, row)| !done(row));
        assert_eq!((found.len(), found), (8, wanted));
    }
}
