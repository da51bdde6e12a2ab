//! What each event means: the one function that turns the log into the state.
//!
//! A frame is applied whole, and only once: a frame that the state has already seen changes nothing, so that any part of
//! the log may be replayed at any time. Deliberately absent: decisions. What is applied here has happened.

use super::event::Event;
use super::rows::{
    CaseRow, Clock, ContactRow, Damaged, FolderRow, HeadRow, ImportRow, IncidentRow, LogPosition,
    MessageRow, ModeRow, SentRow, Table, Tables, Waiting, encode,
};
use super::state::{State, location_key};
use super::{MessageState, Timestamp, UidSet};
use serde::{Deserialize, Serialize};

mod letter;
mod person;
mod register;

pub use letter::hour_key;

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

    fn event(&mut self, event: &Event) -> Done {
        match event {
            Event::Opened { instance, .. } => self.put(Table::Meta, b"instance", instance),
            Event::ModeSet { mode, since, .. } => {
                self.put(
                    Table::Meta,
                    b"mode",
                    &ModeRow {
                        mode: *mode,
                        since: *since,
                    },
                );
            }
            Event::FolderOpened { .. } | Event::Gone { .. } | Event::Passed { .. } => {
                return self.folder(event);
            }
            Event::ReadFailed { location, .. } => {
                let failures = self.state().failures(*location)?;
                self.put(
                    Table::Failing,
                    &location_key(*location),
                    &failures.saturating_add(1),
                );
            }
            Event::Received { .. }
            | Event::Joined { .. }
            | Event::Decided { .. }
            | Event::Died { .. } => {
                return self.message(event);
            }
            Event::Recognised { .. }
            | Event::Suppressed { .. }
            | Event::Lifted { .. }
            | Event::DomainSuppressed { .. }
            | Event::DomainLifted { .. }
            | Event::AddressFailed { .. }
            | Event::Spoke { .. } => return self.person(event),
            Event::CaseOpened { .. }
            | Event::RequestOpened { .. }
            | Event::RequestMoved { .. }
            | Event::RequestExtended { .. }
            | Event::Reminded { .. }
            | Event::MessageAdded { .. }
            | Event::CaseHeld { .. }
            | Event::CaseReleased { .. }
            | Event::CaseClosed { .. }
            | Event::LegalHold { .. }
            | Event::Proposed { .. } => return self.case(event),
            Event::LetterDrafted { .. }
            | Event::LetterQueued { .. }
            | Event::LetterSending { .. }
            | Event::LetterSent { .. }
            | Event::LetterDeferred { .. }
            | Event::LetterRejected { .. }
            | Event::LetterUncertain { .. }
            | Event::LetterBounced { .. }
            | Event::LetterHeld { .. }
            | Event::LetterCancelled { .. } => return self.letter(event),
            Event::Filed { .. } | Event::KeysErased { .. } | Event::Checkpointed { .. } => {}
            Event::ImportBegun { .. }
            | Event::ContactStored { .. }
            | Event::ImportEnded { .. }
            | Event::ContactErased { .. } => return self.register(event),
            Event::SentSeen { .. } | Event::MailAfterStop { .. } | Event::IncidentSeen { .. } => {
                return self.sent(event);
            }
            Event::ForeignInstance { .. } => self.put(Table::Meta, b"foreign", &self.at.clone()),
            Event::DigestMade { day } => self.put(Table::Meta, b"digest", day),
        }
        Ok(())
    }

    fn folder(&mut self, event: &Event) -> Done {
        match event {
            Event::FolderOpened {
                folder,
                mailbox,
                name,
                role,
                uidvalidity,
            } => {
                let old = self.state().folder(*folder)?;
                let same = old.as_ref().is_some_and(|f| f.uidvalidity == *uidvalidity);
                let row = FolderRow {
                    mailbox: mailbox.clone(),
                    name: name.clone(),
                    role: *role,
                    uidvalidity: *uidvalidity,
                    seen: old
                        .as_ref()
                        .filter(|_| same)
                        .map_or_else(UidSet::new, |f| f.seen.clone()),
                    gone: old.as_ref().map_or(0, |f| f.gone),
                    resets: old.as_ref().map_or(0, |f| f.resets + u32::from(!same)),
                    newest: old.as_ref().map_or_else(Timestamp::default, |f| f.newest),
                    reread_until: match &old {
                        Some(f) if !same && !f.seen.is_empty() => Some(f.newest),
                        Some(f) => f.reread_until,
                        None => None,
                    },
                };
                self.put(Table::Folder, &folder.0.to_be_bytes(), &row);
            }
            Event::Gone {
                folder,
                uidvalidity,
                uids,
            } => {
                let Some(mut row) = self
                    .state()
                    .folder(*folder)?
                    .filter(|f| f.uidvalidity == *uidvalidity)
                else {
                    return Ok(());
                };
                uids.ranges()
                    .iter()
                    .for_each(|(low, high)| row.seen.insert_range(*low, *high));
                row.gone += uids.len();
                self.put(Table::Folder, &folder.0.to_be_bytes(), &row);
                let mut counts = self.state().counts()?;
                counts.gone += uids.len();
                self.put(Table::Meta, b"counts", &counts);
            }
            Event::Passed { location } => self.done_with(*location, None)?,
            _ => {}
        }
        Ok(())
    }

    /// The location's UID will not be fetched again.
    fn done_with(&mut self, at: super::Location, received: Option<Timestamp>) -> Done {
        let Some(mut row) = self
            .state()
            .folder(at.folder)?
            .filter(|f| f.uidvalidity == at.uidvalidity)
        else {
            return Ok(());
        };
        row.seen.insert(at.uid);
        row.newest = received.map_or(row.newest, |r| r.max(row.newest));
        self.put(Table::Folder, &at.folder.0.to_be_bytes(), &row);
        self.tables.delete(Table::Failing, &location_key(at));
        Ok(())
    }

    fn message(&mut self, event: &Event) -> Done {
        match event {
            Event::Received {
                message,
                location,
                mail,
                received,
                person,
                verdict,
                rule,
                ..
            } => {
                self.done_with(*location, Some(*received))?;
                self.uncount_message(*message)?;
                let row = MessageRow {
                    state: None,
                    rule: rule.clone(),
                    verdict: *verdict,
                    received: *received,
                    decided: self.at,
                    location: *location,
                    mail: *mail,
                    person: *person,
                    case: None,
                    position: self.position,
                    joined: 0,
                };
                self.put(Table::Message, &message.0, &row);
                if let Some(mail) = mail
                    && self.state().inbound(*mail)?.is_none()
                {
                    self.put(Table::InboundMail, &mail.0, message);
                }
            }
            Event::Joined {
                message, location, ..
            } => {
                self.done_with(*location, None)?;
                if let Some(mut row) = self.state().message(*message)? {
                    row.joined = row.joined.saturating_add(1);
                    self.put(Table::Message, &message.0, &row);
                }
            }
            Event::Decided {
                message,
                state,
                rule,
                case,
            } => {
                let Some(mut row) = self.state().message(*message)? else {
                    return Ok(());
                };
                self.count_message(*message, row.state, Some(*state), row.received)?;
                (row.state, row.rule, row.decided) = (Some(*state), rule.clone(), self.at);
                row.case = case.or(row.case);
                self.put(Table::Message, &message.0, &row);
            }
            Event::Died {
                location,
                message,
                rule,
                ..
            } => {
                self.done_with(*location, None)?;
                self.uncount_message(*message)?;
                self.count_message(*message, None, Some(MessageState::Dead), self.at)?;
                let row = MessageRow {
                    state: Some(MessageState::Dead),
                    rule: rule.clone(),
                    verdict: super::Verdict::Never,
                    received: self.at,
                    decided: self.at,
                    location: *location,
                    mail: None,
                    person: None,
                    case: None,
                    position: self.position,
                    joined: 0,
                };
                self.put(Table::Message, &message.0, &row);
            }
            _ => {}
        }
        Ok(())
    }

    /// A message that is read once more is counted, and waits, only as what it is now.
    fn uncount_message(&mut self, id: super::ContentKey) -> Done {
        match self.state().message(id)? {
            Some(row) => self.count_message(id, row.state, None, row.received),
            None => Ok(()),
        }
    }

    /// Keeps the counts and the list of what waits in step with a message's state.
    fn count_message(
        &mut self,
        id: super::ContentKey,
        old: Option<MessageState>,
        new: Option<MessageState>,
        received: Timestamp,
    ) -> Done {
        let class = |state: Option<MessageState>| match state {
            Some(MessageState::Held) => Some(Waiting::HeldMessage),
            Some(MessageState::Dead) => Some(Waiting::DeadMessage),
            _ => None,
        };
        let mut counts = self.state().counts()?;
        if let Some(old) = old {
            counts.messages[old as usize] = counts.messages[old as usize].saturating_sub(1);
        }
        if let Some(new) = new {
            counts.messages[new as usize] += 1;
        }
        self.put(Table::Meta, b"counts", &counts);
        self.wait(class(old), class(new), received, &id.0);
        Ok(())
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
