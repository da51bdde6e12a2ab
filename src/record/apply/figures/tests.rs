//! Figures over rows in memory: what counts once, in which week, and that counting later gives the same.

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
