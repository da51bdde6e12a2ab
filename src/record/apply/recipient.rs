//! What events mean for recipients who are told: the queue, what is open, and which mail told what.

use super::{Done, Step, Table};
use crate::record::recipient::mail_key;
use crate::record::{
    CaseId, RecipientEvent, RecipientItem, RecipientRow, RecipientState, RequestKind,
};

impl Step<'_> {
    pub(super) fn recipient(&mut self, event: &RecipientEvent) -> Done {
        let at = self.at;
        match event {
            RecipientEvent::Due { .. } => self.ask_recipient(event),
            RecipientEvent::Leaving { item } => self.change_recipient(item, |row| {
                row.becomes(RecipientState::Leaving);
            }),
            RecipientEvent::Told { item, reply } => self.change_recipient(item, |row| {
                row.becomes(RecipientState::Told);
                (row.told, row.reply) = (Some(at), Some(reply.clone()));
            }),
            RecipientEvent::Deferred { item, reply, next } => self.change_recipient(item, |row| {
                row.attempts = row.attempts.saturating_add(1);
                row.becomes(RecipientState::Queued);
                (row.next, row.reply) = (*next, Some(reply.clone()));
            }),
            RecipientEvent::Failed {
                item,
                trouble,
                reply,
            } => self.change_recipient(item, |row| {
                // What came back was not told.
                row.told = row.told.filter(|_| !row.is_open());
                row.becomes(RecipientState::Failed(*trouble));
                row.reply = Some(reply.clone());
            }),
            RecipientEvent::Acknowledged { item, message } => self.change_recipient(item, |row| {
                row.state = RecipientState::Acknowledged;
                (row.acknowledged, row.message) = (Some(at), *message);
            }),
        }
    }

    /// A human saw to it: nothing is sent to it any more.
    pub(super) fn recipient_by_hand(
        &mut self,
        case: CaseId,
        request: RequestKind,
        recipient: &str,
    ) -> Done {
        let item = RecipientItem {
            case,
            request,
            recipient: recipient.to_owned(),
        };
        self.change_recipient(&item, |row| row.state = RecipientState::ByHand)
    }

    /// What was asked before of this recipient, for the same request, is asked anew.
    fn ask_recipient(&mut self, event: &RecipientEvent) -> Done {
        let RecipientEvent::Due {
            item,
            way,
            address,
            mail,
            answer_by,
            ..
        } = event
        else {
            return Ok(());
        };
        let before = self.state().recipient(item)?;
        if let Some(old) = &before {
            let key = old.item.queue_key(old.next);
            self.tables.delete(Table::Recipient, &key);
        }
        if let Some(mail) = mail {
            self.put(Table::Recipient, &mail_key(*mail), item);
        }
        let row = RecipientRow {
            item: item.clone(),
            way: *way,
            state: RecipientState::Queued,
            asked: self.at,
            told: None,
            acknowledged: None,
            message: None,
            answer_by: *answer_by,
            next: self.at,
            attempts: 0,
            number: before.map_or(1, |old| old.number.saturating_add(1)),
            reply: None,
            address: *address,
            mail: *mail,
            position: self.position,
        };
        self.keep_recipient(&row)
    }

    fn change_recipient(
        &mut self,
        item: &RecipientItem,
        change: impl FnOnce(&mut RecipientRow),
    ) -> Done {
        let Some(mut row) = self.state().recipient(item)? else {
            return Ok(());
        };
        let key = item.queue_key(row.next);
        self.tables.delete(Table::Recipient, &key);
        change(&mut row);
        self.keep_recipient(&row)
    }

    /// Whoever decided on the case as it was before is told that something came between.
    fn keep_recipient(&mut self, row: &RecipientRow) -> Done {
        let item = &row.item;
        if row.state == RecipientState::Queued {
            self.put(Table::Recipient, &item.queue_key(row.next), item);
        }
        match row.is_open() {
            true => self.put(Table::Recipient, &item.open_key(), item),
            false => self.tables.delete(Table::Recipient, &item.open_key()),
        }
        self.put(Table::Recipient, &item.row_key(), row);
        self.change_case(item.case, |_| {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::apply::{Frame, apply};
    use crate::record::{
        Event, KeyId, LogPosition, MailIdHash, MemoryTables, RecipientTrouble, RecipientWay,
        Sealed, SmtpReply, State, Timestamp,
    };

    fn item(name: &str) -> RecipientItem {
        RecipientItem {
            case: CaseId::from_bits(7),
            request: RequestKind::Erasure,
            recipient: name.into(),
        }
    }

    fn due(name: &str, mail: u8) -> RecipientEvent {
        RecipientEvent::Due {
            item: item(name),
            way: RecipientWay::Mail,
            address: None,
            mail: Some(MailIdHash([mail; 16])),
            frozen: Sealed {
                key: KeyId(1),
                bytes: Vec::new(),
            },
            answer_by: Timestamp::from_millis(50),
            by: "odile".into(),
        }
    }

    fn reply() -> SmtpReply {
        SmtpReply {
            phase: "final_dot".into(),
            text: "250 ok".into(),
        }
    }

    /// The state after these, a frame each, a millisecond apart.
    fn after(events: &[RecipientEvent]) -> MemoryTables {
        let mut tables = MemoryTables::default();
        for (n, event) in (1..).zip(events) {
            let frame = Frame {
                number: n,
                at: Timestamp::from_millis(i64::try_from(n).unwrap()),
                events: vec![Event::Recipient(event.clone())],
            };
            apply(&mut tables, LogPosition::default(), &frame).unwrap();
        }
        tables
    }

    fn counts(tables: &MemoryTables) -> (usize, usize) {
        let state = State(tables);
        let due = state.recipients_due(Timestamp::from_millis(20), 9).unwrap();
        (due.len(), state.recipients_open(9).unwrap().len())
    }

    #[test]
    fn an_item_is_queued_until_it_is_told_and_open_until_it_is_acknowledged() {
        let mut events = vec![due("Dropcontact", 1), due("Drop", 2)];
        assert_eq!(counts(&after(&events)), (2, 2));
        let (item, next) = (item("Dropcontact"), Timestamp::from_millis(30));
        events.push(RecipientEvent::Deferred {
            item: item.clone(),
            reply: reply(),
            next,
        });
        assert_eq!(counts(&after(&events)), (1, 2), "it waits for its next try");
        events.push(RecipientEvent::Leaving { item: item.clone() });
        events.push(RecipientEvent::Told {
            item: item.clone(),
            reply: reply(),
        });
        let tables = after(&events);
        assert_eq!(counts(&tables), (1, 2));
        let row = State(&tables).recipient(&item).unwrap().unwrap();
        assert!(!row.is_overdue(Timestamp::from_millis(50)));
        assert!(row.is_overdue(Timestamp::from_millis(51)));
        events.push(RecipientEvent::Acknowledged {
            item: item.clone(),
            message: None,
        });
        assert_eq!(counts(&after(&events)), (1, 1));
    }

    #[test]
    fn an_answer_or_a_human_that_is_faster_than_our_own_note_of_the_sending_keeps_its_word() {
        let item = item("Drop");
        let done = RecipientEvent::Acknowledged {
            item: item.clone(),
            message: None,
        };
        let told = RecipientEvent::Told {
            item: item.clone(),
            reply: reply(),
        };
        let tables = after(&[due("Drop", 1), done, told]);
        let row = State(&tables).recipient(&item).unwrap().unwrap();
        assert_eq!(row.state, RecipientState::Acknowledged);
        assert_eq!(counts(&tables), (0, 0));
    }

    #[test]
    fn what_came_back_is_open_and_is_asked_anew_under_another_number() {
        let failed = RecipientEvent::Failed {
            item: item("Drop"),
            trouble: RecipientTrouble::Bounced,
            reply: reply(),
        };
        let told = RecipientEvent::Told {
            item: item("Drop"),
            reply: reply(),
        };
        let tables = after(&[due("Drop", 1), told, failed, due("Drop", 2)]);
        let row = State(&tables).recipient(&item("Drop")).unwrap().unwrap();
        assert_eq!((row.number, row.told), (2, None));
        assert_eq!(counts(&tables), (1, 1));
        for mail in [1, 2] {
            let found = State(&tables).recipient_by_mail(MailIdHash([mail; 16]));
            assert_eq!(found.unwrap(), Some(item("Drop")), "a late answer counts");
        }
    }
}
