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
    CaseId, ContentKey, Correction, Event, LetterId, MailIdHash, MessageState, RequestKind,
    RequestState, State, Timestamp,
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
            Event::Corrected(correction) => self.corrected(correction),
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
    fn corrected(&mut self, correction: &Correction) -> Done {
        let key = [b"x".as_slice(), &correction.message.0].concat();
        let known: Option<bool> = self.row(&key)?;
        let newly_wrong = correction.wrong && known != Some(true);
        if known.is_some() && !newly_wrong {
            return Ok(());
        }
        self.put(&key, &correction.wrong);
        let week = Week::of(self.at);
        self.of_week(week, |w| {
            w.corrections += u64::from(known.is_none());
            w.wrong += u64::from(newly_wrong);
        })?;
        for kind in correction.read.iter().filter(|_| newly_wrong) {
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
mod tests {
    use super::*;
    use crate::record::apply::apply;
    use crate::record::{KeyId, LetterHead, LetterKind, LogPosition, MemoryTables, RuleId};

    const MONDAY: i64 = 1_795_392_000_000; // 2026-11-23T00:00:00Z
    const MINUTE: i64 = 60_000;
    const WEEK: i64 = 7 * 24 * 60 * MINUTE;

    struct Log {
        tables: MemoryTables,
        frames: Vec<Frame>,
    }

    impl Log {
        fn new() -> Self {
            Self {
                tables: MemoryTables::default(),
                frames: Vec::new(),
            }
        }

        fn at(&mut self, ms: i64, events: Vec<Event>) {
            let number = self.frames.len() as u64 + 1;
            let at = Timestamp::from_millis(MONDAY + ms);
            let frame = Frame { number, at, events };
            apply(&mut self.tables, LogPosition::default(), &frame).unwrap();
            self.frames.push(frame);
        }

        fn kind(&self, week: u32, kind: RequestKind) -> KindFigures {
            let week = Week(Week::of(Timestamp::from_millis(MONDAY)).0 + week);
            let rows = State(&self.tables).kind_figures(week, week).unwrap();
            let mut of = rows.into_iter().filter(|(_, k, _)| *k == kind);
            of.next().map(|(.., row)| row).unwrap_or_default()
        }
    }

    fn case(n: u64) -> CaseId {
        CaseId::from_bits(n)
    }

    fn opened(n: u64, kind: RequestKind, ms: i64) -> Vec<Event> {
        let received = Timestamp::from_millis(MONDAY + ms);
        let key = KeyId(1);
        vec![
            Event::CaseOpened {
                case: case(n),
                person: None,
                message: None,
                received,
                language: None,
                content_key: key,
                proof_key: key,
                proof: None,
                previous: None,
            },
            Event::RequestOpened {
                case: case(n),
                request: kind,
                received,
                target: received,
                due: received,
            },
        ]
    }

    fn moved(n: u64, request: RequestKind, state: RequestState) -> Vec<Event> {
        let (case, by) = (case(n), "auto".to_owned());
        vec![Event::RequestMoved {
            case,
            request,
            state,
            by,
        }]
    }

    fn held(n: u64) -> Event {
        let rule = RuleId::of("B2");
        Event::CaseHeld {
            case: case(n),
            rule,
        }
    }

    fn story() -> Log {
        use RequestKind::{Access, Stop};
        let mut log = Log::new();
        for n in 1..=10 {
            log.at(0, opened(n, Stop, 0));
            log.at(
                n as i64 * 10 * MINUTE,
                moved(n, Stop, RequestState::Answered),
            );
        }
        // Held in the frame that opens it, whichever stands first; twice is once.
        let mut frame = vec![held(11)];
        frame.extend(opened(11, Access, MINUTE));
        log.at(MINUTE, frame);
        log.at(2 * MINUTE, vec![held(11)]);
        log.at(3 * MINUTE, moved(11, Access, RequestState::Refused));
        // The letter of the next week's request waits for a human; it is answered, bounces, and is answered again.
        log.at(WEEK, opened(12, Stop, WEEK));
        let head = LetterHead {
            letter: LetterId {
                case: case(12),
                step: 0,
                series: 0,
            },
            kind: LetterKind::Answer,
            answers: vec![Stop],
            person: None,
            domain: None,
            message: None,
            automatic: false,
        };
        let rule = RuleId::of("A8");
        log.at(WEEK + MINUTE, vec![Event::LetterDrafted { head, rule }]);
        log.at(WEEK + 60 * MINUTE, moved(12, Stop, RequestState::Answered));
        log.at(WEEK + 70 * MINUTE, moved(12, Stop, RequestState::Answered));
        log.at(WEEK + 80 * MINUTE, moved(12, Stop, RequestState::Open));
        log.at(WEEK + 600 * MINUTE, moved(12, Stop, RequestState::Answered));
        let mail = MailIdHash([7; 16]);
        let stop = |at| Event::MailAfterStop {
            person: crate::record::PersonId([1; 16]),
            mail,
            at: Timestamp::from_millis(MONDAY + at),
        };
        log.at(2 * WEEK, vec![stop(WEEK), stop(WEEK)]);
        log
    }

    #[test]
    fn a_request_counts_in_the_week_in_which_it_arrived_whatever_becomes_of_it() {
        let log = story();
        let stops = log.kind(0, RequestKind::Stop);
        assert_eq!((stops.requests, stops.answered, stops.held), (10, 10, 0));
        let median = stops.times.within(50).unwrap() / 60;
        assert!((46..=54).contains(&median), "{median}");
        let access = log.kind(0, RequestKind::Access);
        assert_eq!((access.requests, access.held, access.refused), (1, 1, 1));
        let next = log.kind(1, RequestKind::Stop);
        assert_eq!((next.requests, next.held, next.answered), (1, 1, 1));
        let took = next.times.within(95).unwrap() / 60;
        assert!((560..=640).contains(&took), "{took}");
        let week = Week(Week::of(Timestamp::from_millis(MONDAY)).0 + 1);
        let weeks = State(&log.tables).week_figures(week, week).unwrap();
        assert_eq!(weeks[0].1.after_stop, 1);
    }

    #[test]
    fn an_index_that_an_older_version_wrote_is_counted_with_the_same_result() {
        let log = story();
        let figures = |tables: &MemoryTables| {
            use crate::record::Rows;
            tables.scan(Table::Figures, &[], &[], usize::MAX).unwrap()
        };
        let counted = figures(&log.tables);
        assert!(counted.len() > 5);
        let mut old = log.tables;
        for (key, _) in &counted {
            old.delete(Table::Figures, key);
        }
        old.delete(Table::Meta, COUNTED);
        assert!(!State(&old).is_counted().unwrap());
        for frame in &log.frames {
            count(&mut old, frame).unwrap();
        }
        all_counted(&mut old);
        assert!(State(&old).is_counted().unwrap());
        assert_eq!(figures(&old), counted);
    }
}
