//! What events mean for letters: their states, the outbox, what waits for a human, and the counts of the caps.

use super::{Done, Event, Step, Table};
use crate::record::rows::LetterRow;
use crate::record::state::letter_key;
use crate::record::{
    Judgement, LetterHead, LetterId, LetterKind, LetterState, RequestKind, RuleId, SmtpReply,
    Timestamp, order,
};

/// The rule by which a letter waits until the senders have obeyed.
pub const WAITS_FOR_SENDERS: RuleId = RuleId::of("S1");

/// How many moments a domain's tally remembers; the setting of its cap may not be larger.
const TALLY_KEEPS: usize = 64;

/// The tally of all automatic letters of an hour: `hour` and the hours since 1970.
pub fn hour_key(at: Timestamp) -> [u8; 12] {
    let mut key = *b"hour........";
    key[4..].copy_from_slice(&(at.millis() / 3_600_000).to_be_bytes());
    key
}

impl Step<'_> {
    pub(super) fn letter(&mut self, event: &Event) -> Done {
        match event {
            Event::LetterDrafted { head, rule } => self.draft(head, rule),
            Event::LetterQueued { .. } => self.queue(event),
            Event::LetterSending { letter } => {
                self.move_letter(*letter, LetterState::Sending, |row| row.attempts += 1)
            }
            Event::LetterSent { letter, reply } => {
                self.move_letter(*letter, LetterState::Sent, |row| {
                    row.reply = Some(reply.clone())
                })?;
                self.last_letter(*letter)
            }
            Event::LetterDeferred {
                letter,
                reply,
                next,
            } => self.replied(*letter, LetterState::Deferred, reply, Some(*next)),
            Event::LetterRejected { letter, reply } => {
                self.replied(*letter, LetterState::Rejected, reply, None)
            }
            Event::LetterUncertain { letter, reply } => {
                self.replied(*letter, LetterState::Uncertain, reply, None)
            }
            Event::LetterBounced { letter, status, .. } => {
                let reply = SmtpReply {
                    phase: "bounce".into(),
                    text: status.clone(),
                };
                self.replied(*letter, LetterState::Bounced, &reply, None)?;
                self.reopen_case(letter.case)
            }
            Event::LetterHeld { letter, rule } => {
                self.move_letter(*letter, LetterState::Draft, |row| {
                    row.rule = Some(rule.clone())
                })
            }
            Event::LetterCancelled { letter, rule, by } => {
                self.move_letter(*letter, LetterState::Cancelled, |row| {
                    (row.rule, row.by) = (Some(rule.clone()), by.clone());
                })
            }
            _ => Ok(()),
        }
    }

    /// A human's word. What did not arrive is as if it had been refused: only a human sends it again.
    pub(super) fn judge(&mut self, judgement: &Judgement) -> Done {
        match judgement {
            Judgement::Settled {
                letter,
                arrived,
                by,
                ..
            } => {
                let (state, text) = match arrived {
                    true => (LetterState::Sent, "a human says that it arrived"),
                    false => (LetterState::Rejected, "a human says that it did not arrive"),
                };
                self.move_letter(*letter, state, |row| {
                    let (phase, text) = (String::from("settled"), text.to_owned());
                    (row.reply, row.by) = (Some(SmtpReply { phase, text }), by.clone());
                })?;
                match arrived {
                    true => self.last_letter(*letter),
                    false => Ok(()),
                }
            }
            Judgement::Resent {
                letter,
                not_before,
                expires,
                by,
            } => self.move_letter(*letter, LetterState::Queued, |row| {
                (row.next, row.expires, row.attempts) = (*not_before, *expires, 0);
                (row.rule, row.by) = (None, by.clone());
            }),
            Judgement::Printed { letter, .. } => {
                let position = self.position;
                self.change_draft(*letter, |row| row.position = Some(position))
            }
            Judgement::Posted { letter, on, by } => {
                let text = format!("posted on paper {on}");
                self.move_letter(*letter, LetterState::Sent, |row| {
                    let phase = String::from("post");
                    (row.reply, row.by) = (Some(SmtpReply { phase, text }), by.clone());
                })?;
                self.last_letter(*letter)
            }
        }
    }

    /// What is known of a draft beside its state; how long it waits does not begin anew.
    fn change_draft(&mut self, id: LetterId, change: impl FnOnce(&mut LetterRow)) -> Done {
        match self.state().letter(id)? {
            Some(mut row) if row.state == LetterState::Draft => {
                change(&mut row);
                self.write_letter(id, row)
            }
            _ => Ok(()),
        }
    }

    /// The person was written to now.
    fn last_letter(&mut self, letter: LetterId) -> Done {
        let Some(person) = self.state().letter(letter)?.and_then(|l| l.head.person) else {
            return Ok(());
        };
        let at = self.at;
        self.change_person(person, |row| row.last_letter = Some(at))
    }

    /// A letter that leaves by itself, and is written when the senders have obeyed; it counts for the caps from now on.
    pub(super) fn letter_waits(
        &mut self,
        head: &LetterHead,
        not_before: Timestamp,
        expires: Timestamp,
    ) -> Done {
        self.draft(head, &WAITS_FOR_SENDERS)?;
        self.move_letter(head.letter, LetterState::Draft, |row| {
            (row.next, row.expires) = (not_before, expires);
        })?;
        self.count_for_caps(head)
    }

    fn draft(&mut self, head: &LetterHead, rule: &RuleId) -> Done {
        let row = LetterRow {
            head: head.clone(),
            state: LetterState::Draft,
            rule: Some(rule.clone()),
            changed: self.at,
            next: self.at,
            expires: self.at,
            attempts: 0,
            reply: None,
            mail: None,
            position: None,
            by: String::new(),
        };
        self.write_letter(head.letter, row)?;
        self.step_taken(head.letter)
    }

    fn queue(&mut self, event: &Event) -> Done {
        let Event::LetterQueued {
            head,
            mail,
            not_before,
            expires,
            by,
            ..
        } = event
        else {
            return Ok(());
        };
        let before = self.state().letter(head.letter)?;
        let attempts = before.as_ref().map_or(0, |l| l.attempts);
        let counted = before.is_some_and(|l| l.rule.as_ref() == Some(&WAITS_FOR_SENDERS));
        let row = LetterRow {
            head: head.clone(),
            state: LetterState::Queued,
            rule: None,
            changed: self.at,
            next: *not_before,
            expires: *expires,
            attempts,
            reply: None,
            mail: Some(*mail),
            position: Some(self.position),
            by: by.clone(),
        };
        self.write_letter(head.letter, row)?;
        self.put(Table::LetterMail, &mail.0, &head.letter);
        self.step_taken(head.letter)?;
        match counted {
            true => Ok(()),
            false => self.count_for_caps(head),
        }
    }

    /// The next letter of the case gets the next step.
    fn step_taken(&mut self, letter: LetterId) -> Done {
        self.change_case(letter.case, |row| {
            row.steps = row.steps.max(letter.step.saturating_add(1))
        })
    }

    /// A7: automatic first letters count by person, by domain and by hour.
    fn count_for_caps(&mut self, head: &LetterHead) -> Done {
        if !head.automatic || head.letter.step > 0 || head.kind == LetterKind::Digest {
            return Ok(());
        }
        let at = self.at;
        if let Some(person) = head.person {
            let kinds = head
                .answers
                .iter()
                .fold(0, |bits, k: &RequestKind| bits | 1u8 << *k as u8);
            self.change_person(person, |row| {
                row.letters.push((at, kinds));
                if row.letters.len() > 8 {
                    row.letters.remove(0);
                }
            })?;
        }
        if let Some(domain) = &head.domain {
            let mut tally = self.state().tally(&domain.0)?;
            tally.at.retain(|t| at.millis_since(*t) < 86_400_000);
            tally.at.push(at);
            if tally.at.len() > TALLY_KEEPS {
                tally.at.remove(0);
            }
            self.put(Table::Tally, &domain.0, &tally);
        }
        let mut hour = self.state().tally(&hour_key(at))?;
        hour.count += 1;
        self.put(Table::Tally, &hour_key(at), &hour);
        self.tables
            .delete(Table::Tally, &hour_key(at.plus_days(-2)));
        Ok(())
    }

    fn replied(
        &mut self,
        id: LetterId,
        state: LetterState,
        reply: &SmtpReply,
        next: Option<Timestamp>,
    ) -> Done {
        self.move_letter(id, state, |row| {
            row.reply = Some(reply.clone());
            row.next = next.unwrap_or(row.next);
        })
    }

    fn move_letter(
        &mut self,
        id: LetterId,
        state: LetterState,
        change: impl FnOnce(&mut LetterRow),
    ) -> Done {
        let Some(mut row) = self.state().letter(id)? else {
            return Ok(());
        };
        row.state = state;
        row.changed = self.at;
        change(&mut row);
        self.write_letter(id, row)
    }

    /// Writes a letter's row, and keeps outbox, what waits and the counts in step with it.
    fn write_letter(&mut self, id: LetterId, row: LetterRow) -> Done {
        let key = letter_key(id);
        let old = self.state().letter(id)?;
        let mut counts = self.state().counts()?;
        if let Some(old) = &old {
            counts.letters[old.state as usize] =
                counts.letters[old.state as usize].saturating_sub(1);
            if let Some(slot) = outbox_key(&key, old) {
                self.tables.delete(Table::Outbox, &slot);
            }
            self.wait(old.waits_as(), None, old.changed, &key);
        }
        counts.letters[row.state as usize] += 1;
        self.put(Table::Meta, b"counts", &counts);
        if let Some(slot) = outbox_key(&key, &row) {
            self.tables.put(Table::Outbox, &slot, Vec::new());
        }
        self.wait(None, row.waits_as(), row.changed, &key);
        let known = old.as_ref().and_then(|old| old.head.domain.as_ref());
        if let Some(domain) = row.head.domain.as_ref().filter(|d| known != Some(*d)) {
            let key = order::domain_key(domain, row.head.letter.case);
            self.tables.put(Table::CaseOrder, &key, Vec::new());
        }
        self.put(Table::Letter, &key, &row);
        Ok(())
    }
}

/// The place in the outbox of a letter that is to be tried.
fn outbox_key(key: &[u8; 10], row: &LetterRow) -> Option<Vec<u8>> {
    matches!(row.state, LetterState::Queued | LetterState::Deferred).then(|| {
        let mut slot = row.next.millis().to_be_bytes().to_vec();
        slot.extend_from_slice(key);
        slot
    })
}
