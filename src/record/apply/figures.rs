//! What a frame adds to the figures of its week. Counted once, beside everything else that the frame means.
//!
//! It keeps rows of its own for what it counted, and looks at the state only for what does not change, so that a log which
//! was applied before there were figures is counted later with the same result.

use super::{Done, Frame};
use crate::record::figures::{
    COUNTED, Counted, End, KindFigures, Week, WeekFigures, case_prefix, class, kind_key, week_key,
};
use crate::record::tables::{Damaged, Table, Tables, decode, encode};
use crate::record::{
    CaseId, ContentKey, Event, LetterId, MailIdHash, MessageState, RequestKind, RequestState,
    State, Timestamp,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// Says that every frame of the log is counted: at its first frame, or once an older index was counted as a whole.
pub fn all_counted(tables: &mut dyn Tables) {
    tables.put(Table::Meta, COUNTED, encode(&1u8));
}

/// Adds a frame to the figures: before it is applied, or later, if an older version applied it.
pub fn count(tables: &mut dyn Tables, frame: &Frame) -> Done {
    let mut of = Counting {
        tables,
        at: frame.at,
        received: BTreeSet::new(),
    };
    // Requests first: what holds them may stand before them.
    for event in &frame.events {
        if let Event::RequestOpened {
            case,
            request,
            received,
            ..
        } = event
        {
            of.opened(*case, *request, *received)?;
        }
    }
    for event in &frame.events {
        of.event(event)?;
    }
    Ok(())
}

struct Counting<'a> {
    tables: &'a mut dyn Tables,
    at: Timestamp,
    /// Messages that this frame read.
    received: BTreeSet<ContentKey>,
}

impl Counting<'_> {
    fn row<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, Damaged> {
        let found = self.tables.get(Table::Figures, key)?;
        found.map(|bytes| decode(&bytes)).transpose()
    }

    fn put<T: Serialize>(&mut self, key: &[u8], row: &T) {
        self.tables.put(Table::Figures, key, encode(row));
    }

    fn of_kind(
        &mut self,
        week: Week,
        kind: RequestKind,
        change: impl FnOnce(&mut KindFigures),
    ) -> Done {
        let key = kind_key(week, kind);
        let mut row: KindFigures = self.row(&key)?.unwrap_or_default();
        change(&mut row);
        self.put(&key, &row);
        Ok(())
    }

    fn of_week(&mut self, week: Week, change: impl FnOnce(&mut WeekFigures)) -> Done {
        let key = week_key(week);
        let mut row: WeekFigures = self.row(&key)?.unwrap_or_default();
        change(&mut row);
        self.put(&key, &row);
        Ok(())
    }

    fn event(&mut self, event: &Event) -> Done {
        match event {
            Event::Received { message, .. } => {
                self.received.insert(*message);
                Ok(())
            }
            Event::Decided { message, state, .. } => self.decided(*message, *state),
            Event::CaseHeld { case, .. } => self.case_held(*case),
            Event::LetterDrafted { head, .. } => self.letter_held(head.letter.case, &head.answers),
            Event::LetterHeld { letter, .. } => self.held_again(*letter),
            Event::RequestMoved {
                case,
                request,
                state,
                ..
            } => self.moved(*case, *request, *state),
            Event::MailAfterStop { mail, at, .. } => self.after_stop(*mail, *at),
            Event::Corrected(c) => self.corrected(c.message, c.wrong, &c.read),
            Event::CorrectedAlone(c) => self.corrected(c.message, false, &[]),
            _ => Ok(()),
        }
    }

    /// A message counts when it is read and decided in one commit; what a human decides later is no second message.
    fn decided(&mut self, message: ContentKey, state: MessageState) -> Done {
        if !self.received.remove(&message) {
            return Ok(());
        }
        let held = matches!(state, MessageState::Held | MessageState::Dead);
        self.of_week(Week::of(self.at), |week| {
            week.messages += 1;
            week.held += u64::from(held);
        })
    }

    fn opened(&mut self, case: CaseId, request: RequestKind, received: Timestamp) -> Done {
        let key = request_key(case, request);
        if self.row::<Counted>(&key)?.is_some() {
            return Ok(());
        }
        let held = State(self.tables)
            .case(case)?
            .is_some_and(|c| c.held.is_some());
        let week = Week::of(received);
        let end = None;
        let counted = Counted {
            week,
            received,
            held,
            end,
        };
        self.put(&key, &counted);
        self.of_kind(week, request, |kind| {
            kind.requests += 1;
            kind.held += u64::from(held);
        })
    }

    /// A human must look at all that a case asks.
    fn case_held(&mut self, case: CaseId) -> Done {
        let all = RequestKind::ALL.to_vec();
        self.letter_held(case, &all)
    }

    fn held_again(&mut self, letter: LetterId) -> Done {
        match State(self.tables).letter(letter)? {
            Some(row) => self.letter_held(letter.case, &row.head.answers),
            None => Ok(()),
        }
    }

    fn letter_held(&mut self, case: CaseId, requests: &[RequestKind]) -> Done {
        for request in requests {
            let key = request_key(case, *request);
            let Some(mut counted) = self.row::<Counted>(&key)?.filter(|c| !c.held) else {
                continue;
            };
            counted.held = true;
            self.put(&key, &counted);
            self.of_kind(counted.week, *request, |kind| kind.held += 1)?;
        }
        Ok(())
    }

    fn moved(&mut self, case: CaseId, request: RequestKind, state: RequestState) -> Done {
        let key = request_key(case, request);
        let Some(mut counted) = self.row::<Counted>(&key)? else {
            return Ok(());
        };
        let took = class(self.at.millis_since(counted.received));
        let end = match state {
            RequestState::Answered => Some(End::Answered(took)),
            RequestState::Refused => Some(End::Refused),
            _ => None,
        };
        // The first answer counts, not one that is told again.
        if matches!(
            (counted.end, end),
            (Some(End::Answered(_)), Some(End::Answered(_)))
        ) {
            return Ok(());
        }
        let before = std::mem::replace(&mut counted.end, end);
        self.put(&key, &counted);
        self.of_kind(counted.week, request, |kind| {
            match before {
                Some(End::Answered(class)) => {
                    kind.answered = kind.answered.saturating_sub(1);
                    kind.times.take(class);
                }
                Some(End::Refused) => kind.refused = kind.refused.saturating_sub(1),
                None => {}
            }
            match end {
                Some(End::Answered(class)) => {
                    kind.answered += 1;
                    kind.times.add(class);
                }
                Some(End::Refused) => kind.refused += 1,
                None => {}
            }
        })
    }

    /// A message counts once, and once more if it is found later that its letter was wrong.
    fn corrected(&mut self, message: ContentKey, wrong: bool, read: &[RequestKind]) -> Done {
        let key = [b"x".as_slice(), &message.0].concat();
        let known: Option<bool> = self.row(&key)?;
        let newly_wrong = wrong && known != Some(true);
        if known.is_some() && !newly_wrong {
            return Ok(());
        }
        self.put(&key, &wrong);
        let week = Week::of(self.at);
        self.of_week(week, |w| {
            w.corrections += u64::from(known.is_none());
            w.wrong += u64::from(newly_wrong);
        })?;
        for kind in read.iter().filter(|_| newly_wrong) {
            self.of_kind(week, *kind, |k| k.wrong += 1)?;
        }
        Ok(())
    }

    /// A mail that is seen twice is one.
    fn after_stop(&mut self, mail: MailIdHash, at: Timestamp) -> Done {
        let key = [b"i".as_slice(), &mail.0].concat();
        if self.row::<()>(&key)?.is_some() {
            return Ok(());
        }
        self.put(&key, &());
        self.of_week(Week::of(at), |week| week.after_stop += 1)
    }
}

fn request_key(case: CaseId, request: RequestKind) -> Vec<u8> {
    let mut key = case_prefix(case).to_vec();
    key.push(request as u8);
    key
}

#[cfg(test)]
mod tests;
