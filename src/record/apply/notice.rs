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
