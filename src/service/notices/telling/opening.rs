//! A notice with everything that it needs to be told, or why it cannot be told.

use crate::record::{Concerned, Damaged, Event, Notice, Told, Whom};
use crate::store::{KeyError, ReadError, Reader};

/// Its sender was not configured for a while.
const ERASED: &str = "the address is not kept any more: keep them out there by hand";
/// It is damaged, or retention dropped it.
const UNREADABLE: &str = "its entry in the log cannot be read: keep them out there by hand";

/// A notice with its address.
pub(super) struct Task {
    pub(super) told: Told,
    pub(super) whom: Whom,
}

/// What became of a notice until its turn.
pub(super) enum Opened {
    Task(Box<Task>),
    /// Somebody else ended it.
    Ended,
    /// Nobody will ever read its address again: a human must do it there, and why.
    ByHand(Box<Told>, &'static str),
    /// The disk has trouble; such a notice keeps no other from being told.
    Later(Box<Told>, String),
}

/// Opens what a sender is to be told about somebody.
pub(super) fn open(reader: &Reader, sender: &str, about: Concerned) -> Result<Opened, Damaged> {
    let row = reader.state().senders_told(&about)?;
    let found = row.told.into_iter().find(|t| t.sender == sender);
    let Some(told) = found.filter(|t| t.next.is_some()) else {
        return Ok(Opened::Ended);
    };
    let later = |told, why: &std::io::Error| {
        let why = format!("its entry in the log cannot be read yet: {why}");
        Ok(Opened::Later(Box::new(told), why))
    };
    let whom = match reader.event(told.position) {
        Ok(Event::Notice(Notice::Due { whom, .. })) => reader.open_sealed::<Whom>(&whom),
        Err(ReadError::Io(why)) => return later(told, &why),
        Ok(_) | Err(ReadError::Dropped | ReadError::Damaged(_)) => {
            return Ok(Opened::ByHand(Box::new(told), UNREADABLE));
        }
    };
    match whom {
        Ok(Some(whom)) => Ok(Opened::Task(Box::new(Task { told, whom }))),
        Ok(None) => Ok(Opened::ByHand(Box::new(told), ERASED)),
        Err(KeyError::Io(why)) => later(told, &why),
        Err(_) => Ok(Opened::ByHand(Box::new(told), UNREADABLE)),
    }
}
