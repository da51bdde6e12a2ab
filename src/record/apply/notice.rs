//! What events mean for notices to senders: their queues, and how each sender stands to each person.

use super::{Done, Step, Table};
use crate::record::notice::{NEVER, NoticeRow, Told, pulled_key, queue_key, queued};
use crate::record::{Concerned, Notice, NoticeAct, Sealed, Timestamp};

impl Step<'_> {
    pub(super) fn notice(&mut self, notice: &Notice) -> Done {
        let at = self.at;
        match notice {
            Notice::Due {
                sender,
                act,
                about,
                whom,
                case,
                fresh,
            } => self.notify(sender, *act, *about, whom, (*case, *fresh)),
            Notice::Ended {
                sender,
                about,
                end,
                words,
                again,
            } => self.change_told(sender, *about, |told| {
                told.ended = Some((*end, at, words.clone()));
                (told.next, told.why, told.stuck) = (*again, None, false);
            }),
            Notice::Failed {
                sender,
                about,
                next,
                why,
            } => self.change_told(sender, *about, |told| {
                told.attempts = told.attempts.saturating_add(1);
                (told.next, told.why) = (Some(*next), Some(why.clone()));
            }),
            Notice::Stuck { sender, about, why } => self.change_told(sender, *about, |told| {
                told.attempts = told.attempts.saturating_add(1);
                (told.next, told.why, told.stuck) = (Some(NEVER), Some(why.clone()), true);
            }),
            Notice::Pulled { sender, .. } => {
                self.put(Table::Meta, &pulled_key(sender), &at);
                Ok(())
            }
            Notice::LetterWaits {
                head,
                not_before,
                expires,
            } => self.letter_waits(head, *not_before, *expires),
        }
    }

    /// What was asked of this sender before, for the same person, is asked no more.
    fn notify(
        &mut self,
        sender: &str,
        act: NoticeAct,
        about: Concerned,
        whom: &Sealed,
        (case, fresh): (Option<crate::record::CaseId>, bool),
    ) -> Done {
        let mut row = self.state().senders_told(&about)?;
        let new = Told {
            sender: sender.to_owned(),
            act,
            asked: self.at,
            ended: None,
            next: Some(self.at),
            attempts: 0,
            why: None,
            stuck: false,
            case,
            fresh,
            key: whom.key,
            position: self.position,
        };
        match row.told.iter_mut().find(|t| t.sender == sender) {
            Some(old) => {
                if let Some(next) = old.next {
                    let key = queue_key(sender, old.fresh, next, &about);
                    self.tables.delete(Table::Notice, &key);
                }
                *old = new;
            }
            None => row.told.push(new),
        }
        self.queue_notice(sender, about, &row);
        self.put(Table::Told, &about.key(), &row);
        Ok(())
    }

    fn change_told(
        &mut self,
        sender: &str,
        about: Concerned,
        change: impl FnOnce(&mut Told),
    ) -> Done {
        let mut row = self.state().senders_told(&about)?;
        let Some(told) = row.told.iter_mut().find(|t| t.sender == sender) else {
            return Ok(());
        };
        let (before, fresh): (Option<Timestamp>, bool) = (told.next, told.fresh);
        change(told);
        if let Some(next) = before {
            let key = queue_key(sender, fresh, next, &about);
            self.tables.delete(Table::Notice, &key);
        }
        self.queue_notice(sender, about, &row);
        self.put(Table::Told, &about.key(), &row);
        Ok(())
    }

    fn queue_notice(&mut self, sender: &str, about: Concerned, row: &NoticeRow) {
        let told = row.told.iter().find(|t| t.sender == sender);
        if let Some((told, next)) = told.and_then(|t| Some((t, t.next?))) {
            let key = queue_key(sender, told.fresh, next, &about);
            self.tables.put(Table::Notice, &key, queued(about, told));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::record::apply::{Frame, apply};
    use crate::record::{
        Concerned, Event, KeyId, LogPosition, MemoryTables, Notice, NoticeAct, NoticeEnd, PersonId,
        QueuedNotice, Sealed, State, Table, Timestamp,
    };

    fn person(n: u8) -> Concerned {
        Concerned::Person(PersonId([n; 16]))
    }

    fn due(n: u8, act: NoticeAct, fresh: bool) -> Notice {
        Notice::Due {
            sender: "crm".into(),
            act,
            about: person(n),
            whom: Sealed {
                key: KeyId(1),
                bytes: Vec::new(),
            },
            case: None,
            fresh,
        }
    }

    fn ended(n: u8, again: Option<i64>) -> Notice {
        Notice::Ended {
            sender: "crm".into(),
            about: person(n),
            end: NoticeEnd::Obeyed,
            words: String::new(),
            again: again.map(Timestamp::from_millis),
        }
    }

    /// The state after these notices, a frame each, a millisecond apart.
    fn after(notices: &[Notice]) -> MemoryTables {
        let mut tables = MemoryTables::default();
        for (n, notice) in (1..).zip(notices) {
            let frame = Frame {
                number: n,
                at: Timestamp::from_millis(i64::try_from(n).unwrap()),
                events: vec![Event::Notice(notice.clone())],
            };
            apply(&mut tables, LogPosition::default(), &frame).unwrap();
        }
        tables
    }

    #[test]
    fn a_second_look_that_fails_or_is_refused_is_open_again() {
        let (stop, about) = (NoticeAct::Suppress, person(1));
        let unknown = Notice::Ended {
            sender: "crm".into(),
            about,
            end: NoticeEnd::Unknown,
            words: String::new(),
            again: Some(Timestamp::from_millis(86_400_002)),
        };
        let failed = Notice::Failed {
            sender: "crm".into(),
            about,
            next: Timestamp::from_millis(9),
            why: "it has a fault of its own".into(),
        };
        let stuck = Notice::Stuck {
            sender: "crm".into(),
            about,
            why: "it refuses this".into(),
        };
        let look = |more: &[Notice]| {
            let first = [due(1, stop, true), unknown.clone()];
            let tables = after(&[&first[..], more].concat());
            let row = State(&tables).senders_told(&about).unwrap();
            let queue = State(&tables).notices("crm", 10).unwrap();
            assert_eq!(queue[0].1.since, row.told[0].open_since());
            (row.told[0].is_open(), queue[0].1.stuck)
        };
        assert_eq!(look(&[]), (false, false));
        assert_eq!(look(std::slice::from_ref(&failed)), (true, false));
        assert_eq!(look(&[failed.clone(), stuck]), (true, true));
        assert_eq!(look(&[ended(1, Some(99))]), (false, false));
        // Older versions queued it without since when.
        let tables = after(&[due(1, stop, true), unknown.clone(), failed.clone()]);
        let row = State(&tables).senders_told(&about).unwrap();
        let since = |due: i64, stuck: bool| {
            let since = None;
            let old = QueuedNotice {
                about,
                since,
                stuck,
            };
            let old = (Timestamp::from_millis(due), old);
            let now = Timestamp::from_millis(10);
            State(&tables).open_since("crm", &old, now).unwrap()
        };
        assert_eq!(since(9, false), row.told[0].open_since());
        assert_eq!(since(i64::MAX, true), row.told[0].open_since());
        assert_eq!(since(11, false), None, "it is not looked at again yet");
    }

    fn queue(tables: &MemoryTables) -> Vec<Concerned> {
        let all = State(tables).notices("crm", 10).unwrap();
        all.into_iter().map(|(_, n)| n.about).collect()
    }

    #[test]
    fn what_was_asked_just_now_stands_before_a_backlog() {
        let stop = NoticeAct::Suppress;
        let tables = after(&[due(1, stop, false), due(2, stop, false), due(3, stop, true)]);
        assert_eq!(queue(&tables), [person(3), person(1), person(2)]);
    }

    #[test]
    fn a_later_word_takes_the_place_of_the_earlier_and_what_ended_is_in_no_queue() {
        let (stop, lift) = (NoticeAct::Suppress, NoticeAct::Lift);
        let tables = after(&[due(1, stop, false), due(1, lift, true)]);
        assert_eq!(queue(&tables), [person(1)]);
        let row = State(&tables).senders_told(&person(1)).unwrap();
        assert_eq!((row.told.len(), row.told[0].act), (1, lift));
        let tables = after(&[due(1, stop, true), ended(1, None)]);
        assert!(tables.0.keys().all(|(table, _)| *table != Table::Notice));
        let tables = after(&[due(1, stop, true), ended(1, Some(99))]);
        let again = State(&tables).notices("crm", 10).unwrap();
        assert_eq!(again[0].1.since, None, "told again, though it has obeyed");
    }

    #[test]
    fn what_a_human_must_do_waits_behind_everything_that_is_due_some_day() {
        let stuck = Notice::Stuck {
            sender: "crm".into(),
            about: person(1),
            why: String::new(),
        };
        let stop = NoticeAct::Suppress;
        let tables = after(&[due(1, stop, true), stuck, due(2, stop, true)]);
        assert_eq!(queue(&tables), [person(2), person(1)]);
        let other = State(&tables).notices("cr", 10).unwrap();
        assert!(other.is_empty(), "a name that begins another's");
    }
}
