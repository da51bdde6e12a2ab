//! The mails of a person: those of Sent by whom they went to, so that the copy of somebody's data is no walk over everybody's mail.
//!
//! Deliberately absent: what stood in them. A Sent folder is remembered without subjects and texts.

use super::rows::SentRow;
use super::state::fixed;
use super::tables::{Table, Tables, decode};
use super::{Damaged, MailIdHash, PersonId, State, Timestamp};

/// Rows read at a time while mails are put in order.
const BATCH: usize = 1024;

/// The key of a mail among those of a person.
pub(super) fn key(person: PersonId, at: Timestamp, mail: MailIdHash) -> Vec<u8> {
    [&person.0[..], &at.millis().to_be_bytes(), &mail.0].concat()
}

impl State<'_> {
    /// The mails that a person was sent, oldest first, with those to whoever became one with them.
    pub fn mails_to(&self, person: PersonId) -> Result<Vec<(Timestamp, MailIdHash)>, Damaged> {
        let mut all = Vec::new();
        for id in [vec![person], self.group(person)?.members].concat() {
            for (key, _) in self.0.scan(Table::SentTo, &id.0, &[], usize::MAX)? {
                let rest = key.get(id.0.len()..).unwrap_or_default();
                let (at, mail) = rest
                    .split_at_checked(8)
                    .ok_or_else(|| Damaged("a short key of a mail".into()))?;
                let at = Timestamp::from_millis(i64::from_be_bytes(fixed(at)?));
                all.push((at, MailIdHash(fixed(mail)?)));
            }
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }
}

/// Puts mails among those of their people that were seen before there was such an order, from one on; the next call begins at
/// what it returns.
pub fn order_mails(
    tables: &mut dyn Tables,
    from: Option<MailIdHash>,
) -> Result<Option<MailIdHash>, Damaged> {
    let from = from.map(|mail| mail.0.to_vec()).unwrap_or_default();
    // One more than is put in order: there the next call begins.
    let mut found = tables.scan(Table::Sent, &[], &from, BATCH + 1)?;
    let next = match found.len() > BATCH {
        true => found.pop(),
        false => None,
    };
    for (mail, row) in found {
        let (mail, row) = (MailIdHash(fixed(&mail)?), decode::<SentRow>(&row)?);
        for person in row.to {
            tables.put(Table::SentTo, &key(person, row.at, mail), Vec::new());
        }
    }
    next.map(|(mail, _)| Ok(MailIdHash(fixed(&mail)?)))
        .transpose()
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
