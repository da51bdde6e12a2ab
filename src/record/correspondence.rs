//! What was written between a person and us: their messages in the order in which they arrived, and from which folder a mail
//! to them was read. The mails themselves stand in [`super::mailed`], our letters in their cases.
//!
//! So a case can show what came before it without a walk over everybody's mail. Deliberately absent: what stood in any of it.

use super::event::Event;
use super::rows::MessageRow;
use super::tables::{Table, Tables, decode, encode};
use super::{
    ContentKey, Damaged, FolderId, Frame, MailIdHash, PersonId, State, Timestamp, by_person,
};

/// The key under which a message stands, if it is known who wrote it.
pub(super) fn key_of(message: ContentKey, row: &MessageRow) -> Option<Vec<u8>> {
    Some(by_person::key(row.person?, row.received, message.0))
}

impl State<'_> {
    /// The messages that a person wrote, oldest first, with those of whoever became one with them.
    pub fn messages_from(&self, person: PersonId) -> Result<Vec<(Timestamp, ContentKey)>, Damaged> {
        let all = self.of_person(Table::Wrote, person)?.into_iter();
        Ok(all.map(|(at, message)| (at, ContentKey(message))).collect())
    }

    /// The folder in which a mail of ours was seen last; none, if it came with an export or a log.
    pub fn sent_from(&self, mail: MailIdHash) -> Result<Option<FolderId>, Damaged> {
        self.row(Table::SentFrom, &mail.0)
    }
}

/// Puts messages in order that were read before there was one, from one on; the next call begins at what it returns.
pub fn order_messages(
    tables: &mut dyn Tables,
    from: Option<ContentKey>,
) -> Result<Option<ContentKey>, Damaged> {
    let keys = |message, row: &[u8]| {
        let row: MessageRow = decode(row)?;
        Ok(key_of(ContentKey(message), &row).into_iter().collect())
    };
    let way = (Table::Message, Table::Wrote);
    let next = by_person::put_in_order(tables, way, from.map(|message| message.0), keys)?;
    Ok(next.map(ContentKey))
}

/// Remembers from which folders the mails of a frame were read: for an index that is older than this.
pub fn place_mails(tables: &mut dyn Tables, frame: &Frame) {
    for event in &frame.events {
        if let Event::SentSeen {
            location: Some(at),
            mail,
            ..
        } = event
        {
            tables.put(Table::SentFrom, &mail.0, encode(&at.folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{
        Grouping, Location, LogPosition, MemoryTables, Reading, RuleId, Verdict, apply,
    };

    const JANE: PersonId = PersonId([1; 16]);
    const OTTO: PersonId = PersonId([2; 16]);

    fn message(n: u64) -> ContentKey {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        ContentKey(id)
    }

    fn at(folder: u32, uid: u32) -> Location {
        Location {
            folder: FolderId(folder),
            uidvalidity: 1,
            uid,
        }
    }

    fn received(n: u64, at_ms: i64, person: Option<PersonId>) -> Event {
        let received = Timestamp::from_millis(at_ms);
        Event::Received {
            message: message(n),
            location: at(1, n as u32 + 1),
            mail: None,
            received,
            written: received,
            person,
            verdict: Verdict::Never,
            reading: Reading::Nothing,
            rule: RuleId::of("A4"),
            kept: None,
        }
    }

    fn sent(n: u8, location: Option<Location>) -> Event {
        Event::SentSeen {
            location,
            mail: MailIdHash([n; 16]),
            to: vec![JANE],
            at: Timestamp::from_millis(5),
            answers: Vec::new(),
            lines: Vec::new(),
        }
    }

    fn frames(events: Vec<Event>) -> Vec<Frame> {
        let numbered = (1..).zip(events);
        let frame = |(number, event)| Frame {
            number,
            at: Timestamp::from_millis(number as i64),
            events: vec![event],
        };
        numbered.map(frame).collect()
    }

    fn applied(events: Vec<Event>) -> MemoryTables {
        let mut tables = MemoryTables::default();
        for frame in frames(events) {
            apply(&mut tables, LogPosition::default(), &frame).unwrap();
        }
        tables
    }

    fn moments(tables: &MemoryTables, person: PersonId) -> Vec<i64> {
        let all = State(tables).messages_from(person).unwrap();
        all.iter().map(|(at, _)| at.millis()).collect()
    }

    #[test]
    fn a_persons_messages_are_theirs_alone_oldest_first_and_each_once() {
        let tables = applied(vec![
            received(1, 900, Some(JANE)),
            received(2, 300, Some(OTTO)),
            received(3, 100, None),
            received(4, 200, Some(JANE)),
            // Read once more: it arrived at another time, and somebody else wrote it.
            received(4, 250, Some(JANE)),
            received(2, 300, Some(JANE)),
        ]);
        assert_eq!(moments(&tables, JANE), [250, 300, 900]);
        assert_eq!(moments(&tables, OTTO), [0; 0]);
    }

    #[test]
    fn a_message_that_cannot_be_read_any_more_is_nobodys() {
        let died = Event::Died {
            location: at(1, 2),
            message: message(1),
            rule: RuleId::of("A0"),
            why: "unreadable".into(),
        };
        let tables = applied(vec![received(1, 900, Some(JANE)), died]);
        assert_eq!(moments(&tables, JANE), [0; 0]);
    }

    #[test]
    fn who_became_one_with_somebody_brings_their_messages() {
        let merged = Event::Grouped(Grouping::Merged {
            into: JANE,
            from: OTTO,
            by: "odile".into(),
            why: None,
        });
        let tables = applied(vec![
            received(1, 900, Some(JANE)),
            received(2, 300, Some(OTTO)),
            merged,
        ]);
        assert_eq!(moments(&tables, JANE), [300, 900]);
    }

    #[test]
    fn messages_that_are_older_than_the_order_get_the_same_one() {
        let all = (0..2_500).map(|n| received(n, 7 * n as i64, Some(JANE)));
        let whole = applied(all.collect());
        let mut old = whole.clone();
        old.0.retain(|(table, _), _| *table != Table::Wrote);
        let (mut from, mut calls) = (None, 0);
        loop {
            (from, calls) = (order_messages(&mut old, from).unwrap(), calls + 1);
            if from.is_none() {
                break;
            }
        }
        assert!(old == whole && calls == 3);
    }

    #[test]
    fn a_mail_keeps_the_folder_it_was_read_from_whatever_an_export_says_later() {
        let events = vec![sent(1, Some(at(7, 1))), sent(1, None), sent(2, None)];
        let tables = applied(events.clone());
        let from = |tables: &MemoryTables, n| State(tables).sent_from(MailIdHash([n; 16])).unwrap();
        assert_eq!(from(&tables, 1), Some(FolderId(7)));
        assert_eq!(from(&tables, 2), None);
        let mut old = tables.clone();
        old.0.retain(|(table, _), _| *table != Table::SentFrom);
        for frame in frames(events) {
            place_mails(&mut old, &frame);
        }
        assert!(old == tables);
    }
}
