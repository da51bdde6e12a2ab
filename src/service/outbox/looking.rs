//! A9: was a human faster? Asked of the mailboxes before a letter is given to a session, and of the store just before DATA.

use super::{Due, LOOK_PAUSE, Outbox, SecondLook, write_if};
use crate::mailbox::LookAgain;
use crate::record::{Damaged, Event, RuleId};
use crate::request::Expectation;
use crate::service::house::Office;
use std::collections::BTreeMap;
use std::time::Instant;

impl<L: SecondLook> Outbox<L> {
    /// A9, just before DATA: \Answered, a draft, or a mail in Sent holds the letter.
    pub(super) async fn not_answered_by_hand(&self, letters: Vec<Due>) -> Result<Vec<Due>, String> {
        if letters.is_empty() || !self.office.house.load().config.policy.settings.look_again {
            return Ok(letters);
        }
        // `None`: nobody could look. These letters wait, those of other mailboxes leave.
        let mut faster = vec![Some(false); letters.len()];
        let questions = self.questions(&letters).map_err(|e| e.to_string())?;
        for (mailbox, asked) in questions {
            let (which, messages): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
            match self.look.look(mailbox, messages).await {
                Ok(answers) => (which.into_iter().zip(answers))
                    .for_each(|(n, answer)| faster[n] = Some(answer.is_some())),
                Err(why) => {
                    tracing::warn!(%why, letters = which.len(), "nobody could look whether a human was faster: letters wait");
                    which.into_iter().for_each(|n| faster[n] = None);
                }
            }
        }
        let (mut free, now) = (Vec::new(), Instant::now());
        for (mut due, faster) in letters.into_iter().zip(faster) {
            let (letter, case, rule) = (due.id, due.id.case, RuleId::of("A9"));
            let by_hand = || answered_by_hand(&self.office, &due).map_err(|e| e.to_string());
            match faster {
                Some(false) if !by_hand()? => {
                    due.looked = Some(now).filter(|_| due.row.head.automatic);
                    free.push(due);
                }
                // Those behind it are looked for meanwhile.
                None => self.pauses.begin(letter, LOOK_PAUSE),
                Some(_) => {
                    let held = Event::LetterHeld {
                        letter,
                        rule: rule.clone(),
                    };
                    let as_read = vec![Expectation::letter(letter, &due.row)];
                    write_if(
                        &self.office,
                        vec![held, Event::CaseHeld { case, rule }],
                        as_read,
                    )
                    .await;
                }
            }
        }
        Ok(free)
    }

    /// What to ask each mailbox: for each automatic letter, with its number, the message that it answers.
    fn questions(
        &self,
        letters: &[Due],
    ) -> Result<BTreeMap<String, Vec<(usize, LookAgain)>>, Damaged> {
        let state = self.office.sequencer.reader().state();
        let mut by_mailbox: BTreeMap<String, Vec<(usize, LookAgain)>> = BTreeMap::new();
        for (n, due) in letters
            .iter()
            .enumerate()
            .filter(|(_, d)| d.row.head.automatic)
        {
            let Some(message) = due.row.head.message else {
                continue;
            };
            let Some(row) = state.message(message)? else {
                continue;
            };
            let Some(folder) = state.folder(row.location.folder)? else {
                continue;
            };
            let message_id = due
                .letter
                .replies_to
                .as_ref()
                .map(|id| format!("<{id}>"))
                .unwrap_or_default();
            let (uidvalidity, uid) = (row.location.uidvalidity, row.location.uid);
            let look = LookAgain {
                folder: folder.name,
                uidvalidity,
                uid,
                message_id,
            };
            by_mailbox
                .entry(folder.mailbox)
                .or_default()
                .push((n, look));
        }
        Ok(by_mailbox)
    }
}

/// Whether a mail in Sent that was read meanwhile answers the message of an automatic letter.
pub(super) fn answered_by_hand(office: &Office, due: &Due) -> Result<bool, Damaged> {
    let state = office.sequencer.reader().state();
    let message = due.row.head.message.filter(|_| due.row.head.automatic);
    let Some(row) = message.map(|id| state.message(id)).transpose()?.flatten() else {
        return Ok(false);
    };
    let by_hand = row
        .mail
        .map(|mail| state.answered_by_hand(mail))
        .transpose()?;
    Ok(by_hand.flatten().is_some())
}
