//! What each event means: the one function that turns the log into the state.
//!
//! A frame is applied whole, and only once: a frame that the state has already seen changes nothing, so that any part of
//! the log may be replayed at any time. Deliberately absent: decisions. What is applied here has happened.

use super::event::Event;
use super::rows::{
    CaseRow, Clock, ContactRow, HeadRow, ImportRow, IncidentRow, LogPosition, ModeRow, SentRow,
    Waiting,
};
use super::state::State;
use super::tables::{Damaged, Table, Tables, encode};
use super::{Mode, Timestamp};
use serde::{Deserialize, Serialize};

mod alarm;
mod canary;
mod case;
mod correction;
mod domain;
mod duty;
mod figures;
mod filing;
mod flood;
mod folder;
mod group;
mod letter;
mod listed;
mod message;
mod notice;
mod owner;
mod person;
mod recipient;
mod register;
mod review;
mod template;

pub use domain::{apply_domains, hold_strictest, says_strictest, strictest_domains};
pub use figures::{all_counted, count};
pub use letter::{WAITS_FOR_SENDERS, hour_key};

/// One commit: events that hold together or not at all.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Frame {
    /// Its number; the first is 1.
    pub number: u64,
    /// When it was committed.
    pub at: Timestamp,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// Applies a frame that stands at `place` (its segment and offset) of the log. `false` if it was already applied.
pub fn apply(tables: &mut dyn Tables, place: LogPosition, frame: &Frame) -> Result<bool, Damaged> {
    let head = State(tables).head()?.frame;
    if frame.number <= head {
        return Ok(false);
    }
    if head == 0 {
        figures::all_counted(tables);
        domain::strictest_domains(tables);
    }
    // An index of an older version is counted as a whole, when it is opened.
    if State(tables).is_counted()? {
        figures::count(tables, frame)?;
    }
    for (event, index) in frame.events.iter().zip(0..) {
        let position = LogPosition {
            event: index,
            ..place
        };
        Step {
            tables,
            at: frame.at,
            position,
        }
        .event(event)?;
    }
    tables.put(
        Table::Meta,
        b"head",
        encode(&HeadRow {
            frame: frame.number,
        }),
    );
    Ok(true)
}

/// The circumstances of one event.
struct Step<'a> {
    tables: &'a mut dyn Tables,
    at: Timestamp,
    position: LogPosition,
}

type Done = Result<(), Damaged>;

impl Step<'_> {
    fn state(&self) -> State<'_> {
        State(self.tables)
    }

    fn put<T: Serialize>(&mut self, table: Table, key: &[u8], row: &T) {
        self.tables.put(table, key, encode(row));
    }

    /// Hands the event to what it is about.
    fn event(&mut self, event: &Event) -> Done {
        match event {
            Event::Opened { .. } | Event::ModeSet { .. } => self.installation(event),
            Event::ForeignInstance { .. } | Event::DigestMade { .. } => self.day_mark(event),
            Event::FolderOpened { .. }
            | Event::Gone { .. }
            | Event::Passed { .. }
            | Event::PassedMany(_)
            | Event::ReadFailed { .. } => self.folder(event),
            Event::Received { .. }
            | Event::Joined { .. }
            | Event::Decided { .. }
            | Event::Died { .. } => self.message(event),
            Event::Recognised { .. }
            | Event::Suppressed { .. }
            | Event::Lifted { .. }
            | Event::AddressFailed { .. }
            | Event::Spoke { .. } => self.person(event),
            Event::DomainSuppressed { .. } | Event::DomainLifted { .. } => self.domain(event),
            Event::RequestOpened { .. }
            | Event::RequestMoved { .. }
            | Event::RequestExtended { .. }
            | Event::Reminded { .. } => self.request(event),
            Event::CaseOpened { .. }
            | Event::MessageAdded { .. }
            | Event::CaseHeld { .. }
            | Event::CaseReleased { .. }
            | Event::CaseClosed { .. }
            | Event::LegalHold { .. }
            | Event::Proposed { .. } => self.case(event),
            Event::LetterDrafted { .. }
            | Event::LetterQueued { .. }
            | Event::LetterSending { .. }
            | Event::LetterSent { .. }
            | Event::LetterDeferred { .. }
            | Event::LetterRejected { .. }
            | Event::LetterUncertain { .. }
            | Event::LetterBounced { .. }
            | Event::LetterHeld { .. }
            | Event::LetterCancelled { .. } => self.letter(event),
            Event::ImportBegun { .. }
            | Event::ContactStored { .. }
            | Event::ImportEnded { .. }
            | Event::ContactErased { .. } => self.register(event),
            Event::SentSeen { .. } => self.sent(event),
            Event::MailAfterStop { .. } | Event::IncidentSeen { .. } => self.sent(event),
            Event::Reviewed(review) => self.review(review),
            Event::Filed(_) | Event::LetterJudged(_) => self.afterwards(event),
            Event::Duty(duty) => self.duty(duty),
            Event::Noted(note) => {
                self.note(note);
                Ok(())
            }
            Event::Alarm(alarm) => self.alarm(alarm),
            Event::Notice(notice) => self.notice(notice),
            Event::Grouped(grouping) => self.group(grouping),
            Event::Flood(flood) => self.flood(flood),
            Event::Recipient(event) => self.recipient(event),
            Event::SentLogRead { log, mark } => {
                self.put(Table::Meta, &super::mark::mark_key(log), mark);
                Ok(())
            }
            Event::Template(change) => self.template(change),
            Event::Corrected(_) | Event::CorrectedAlone(_) => {
                self.correct(event);
                Ok(())
            }
            Event::Canary(canary) => self.canary(canary),
            Event::Listed(listing) => self.list(listing),
            Event::Owner(notice) => self.owner(notice),
            Event::KeysErased { .. } | Event::Checkpointed { .. } => Ok(()),
        }
    }

    /// What became of letters and messages after the answer.
    fn afterwards(&mut self, event: &Event) -> Done {
        match event {
            Event::Filed(filing) => self.file(filing),
            Event::LetterJudged(judgement) => self.judge(judgement),
            _ => Ok(()),
        }
    }

    fn installation(&mut self, event: &Event) -> Done {
        match event {
            Event::Opened { instance, .. } => self.put(Table::Meta, b"instance", instance),
            Event::ModeSet { mode, since, .. } => self.set_mode(*mode, *since),
            _ => {}
        }
        Ok(())
    }

    /// What is only known by when it last happened.
    fn day_mark(&mut self, event: &Event) -> Done {
        match event {
            // Up since it was seen first: each letter of the other would else be news.
            Event::ForeignInstance { .. } if self.state().foreign_instance()?.is_none() => {
                self.put(Table::Meta, b"foreign", &self.at.clone());
            }
            Event::DigestMade { day } => self.put(Table::Meta, b"digest", day),
            _ => {}
        }
        Ok(())
    }

    fn set_mode(&mut self, mode: Mode, since: Timestamp) {
        self.put(Table::Meta, b"mode", &ModeRow { mode, since });
    }

    /// Moves an id from one waiting class to another.
    fn wait(&mut self, old: Option<Waiting>, new: Option<Waiting>, since: Timestamp, id: &[u8]) {
        let key = |class: Waiting| {
            let mut key = vec![class as u8];
            key.extend_from_slice(&since.millis().to_be_bytes());
            key.extend_from_slice(id);
            key
        };
        if let Some(old) = old {
            self.tables.delete(Table::Waiting, &key(old));
        }
        if let Some(new) = new {
            self.tables.put(Table::Waiting, &key(new), Vec::new());
        }
    }
}
