//! The mails of a person: those of Sent by whom they went to, so that the copy of somebody's data is no walk over everybody's mail.
//!
//! Deliberately absent: what stood in them. A Sent folder is remembered without subjects and texts.

use super::rows::SentRow;
use super::tables::{Table, Tables, decode};
use super::{Damaged, MailIdHash, PersonId, State, Timestamp, by_person};

/// The key of a mail among those of a person.
pub(super) fn key(person: PersonId, at: Timestamp, mail: MailIdHash) -> Vec<u8> {
    by_person::key(person, at, mail.0)
}

impl State<'_> {
    /// The mails that a person was sent, oldest first, with those to whoever became one with them.
    pub fn mails_to(&self, person: PersonId) -> Result<Vec<(Timestamp, MailIdHash)>, Damaged> {
        let all = self.of_person(Table::SentTo, person)?.into_iter();
        Ok(all.map(|(at, mail)| (at, MailIdHash(mail))).collect())
    }
}

/// Puts mails among those of their people that were seen before there was such an order, from one on; the next call begins at
/// what it returns.
pub fn order_mails(
    tables: &mut dyn Tables,
    from: Option<MailIdHash>,
) -> Result<Option<MailIdHash>, Damaged> {
    let keys = |mail, row: &[u8]| {
        let row: SentRow = decode(row)?;
        let to = row.to.into_iter();
        Ok(to
            .map(|person| by_person::key(person, row.at, mail))
            .collect())
    };
    let way = (Table::Sent, Table::SentTo);
    let next = by_person::put_in_order(tables, way, from.map(|mail| mail.0), keys)?;
    Ok(next.map(MailIdHash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Event, Frame, Grouping, LogPosition, MemoryTables, apply};

    const JANE: PersonId = PersonId([1; 16]);
    const OTTO: PersonId = PersonId([2; 16]);

    fn mail(n: u64) -> MailIdHash {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        MailIdHash(id)
    }

    fn sent(n: u64, at: i64, to: &[PersonId]) -> Event {
        Event::SentSeen {
            location: None,
            mail: mail(n),
            to: to.to_vec(),
            at: Timestamp::from_millis(at),
            answers: Vec::new(),
            lines: Vec::new(),
        }
    }

    fn applied(events: Vec<Event>) -> MemoryTables {
        let mut tables = MemoryTables::default();
        for (number, event) in (1..).zip(events) {
            let (at, events) = (Timestamp::from_millis(number as i64), vec![event]);
            let frame = Frame { number, at, events };
            apply(&mut tables, LogPosition::default(), &frame).unwrap();
        }
        tables
    }

    fn moments(tables: &MemoryTables, person: PersonId) -> Vec<i64> {
        let all = State(tables).mails_to(person).unwrap();
        all.iter().map(|(at, _)| at.millis()).collect()
    }

    #[test]
    fn a_persons_mails_are_theirs_alone_oldest_first_and_each_once() {
        let tables = applied(vec![
            sent(1, 900, &[JANE]),
            sent(2, 300, &[JANE, OTTO]),
            sent(3, 100, &[OTTO]),
            // Seen again, in another folder: its copy says another time, and names one person only.
            sent(2, 400, &[JANE]),
        ]);
        assert_eq!(moments(&tables, JANE), [400, 900]);
        assert_eq!(moments(&tables, OTTO), [100]);
        assert_eq!(moments(&tables, PersonId([3; 16])), [0; 0]);
    }

    #[test]
    fn who_became_one_with_somebody_brings_their_mails() {
        let merged = Event::Grouped(Grouping::Merged {
            into: JANE,
            from: OTTO,
            by: "odile".into(),
            why: None,
        });
        let tables = applied(vec![
            sent(1, 900, &[JANE]),
            sent(2, 300, &[OTTO]),
            sent(3, 500, &[JANE, OTTO]),
            merged,
        ]);
        assert_eq!(moments(&tables, JANE), [300, 500, 900]);
    }

    #[test]
    fn mails_that_are_older_than_the_order_get_the_same_one() {
        let whole = applied((0..2_500).map(|n| sent(n, 7 * n as i64, &[JANE])).collect());
        let mut old = whole.clone();
        old.0.retain(|(table, _), _| *table != Table::SentTo);
        let (mut from, mut calls) = (None, 0);
        loop {
            (from, calls) = (order_mails(&mut old, from).unwrap(), calls + 1);
            if from.is_none() {
                break;
            }
        }
        assert!(old == whole && calls == 3);
    }
}
