//! What events mean for messages: their states, what waits for a human, and the counts of both.

use super::{Done, Event, Step, Table, Waiting};
use crate::record::rows::MessageRow;
use crate::record::{
    CaseId, ContentKey, Location, MailIdHash, MessageState, RuleId, Timestamp, Verdict,
    correspondence,
};

impl Step<'_> {
    pub(super) fn message(&mut self, event: &Event) -> Done {
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
                    verdict: *verdict,
                    received: *received,
                    mail: *mail,
                    person: *person,
                    ..self.unread(*location, rule)
                };
                self.replace_message(*message, &row)?;
                self.know_mail(*mail, *message)
            }
            Event::Joined {
                message, location, ..
            } => self.join(*message, *location),
            Event::Decided {
                message,
                state,
                rule,
                case,
            } => self.decide(*message, *state, rule, *case),
            Event::Died {
                location,
                message,
                rule,
                ..
            } => self.die(*message, *location, rule),
            _ => Ok(()),
        }
    }

    /// The row of a message of which nothing is known but where it lies.
    fn unread(&self, location: Location, rule: &RuleId) -> MessageRow {
        MessageRow {
            state: None,
            rule: rule.clone(),
            verdict: Verdict::Never,
            received: self.at,
            decided: self.at,
            location,
            mail: None,
            person: None,
            case: None,
            position: self.position,
            joined: 0,
        }
    }

    /// A Message-ID that several messages carry stays the first one's.
    fn know_mail(&mut self, mail: Option<MailIdHash>, message: ContentKey) -> Done {
        if let Some(mail) = mail
            && self.state().inbound(mail)?.is_none()
        {
            self.put(Table::InboundMail, &mail.0, &message);
        }
        Ok(())
    }

    /// The same message, seen again elsewhere.
    fn join(&mut self, message: ContentKey, location: Location) -> Done {
        self.done_with(location, None)?;
        if let Some(mut row) = self.state().message(message)? {
            row.joined = row.joined.saturating_add(1);
            self.put(Table::Message, &message.0, &row);
        }
        Ok(())
    }

    fn decide(
        &mut self,
        message: ContentKey,
        state: MessageState,
        rule: &RuleId,
        case: Option<CaseId>,
    ) -> Done {
        let Some(mut row) = self.state().message(message)? else {
            return Ok(());
        };
        self.count_message(message, row.state, Some(state), row.received)?;
        (row.state, row.rule, row.decided) = (Some(state), rule.clone(), self.at);
        row.case = case.or(row.case);
        self.put(Table::Message, &message.0, &row);
        Ok(())
    }

    /// A message that cannot be read waits for a human.
    fn die(&mut self, message: ContentKey, location: Location, rule: &RuleId) -> Done {
        self.done_with(location, None)?;
        self.uncount_message(message)?;
        self.count_message(message, None, Some(MessageState::Dead), self.at)?;
        let row = MessageRow {
            state: Some(MessageState::Dead),
            ..self.unread(location, rule)
        };
        self.replace_message(message, &row)
    }

    /// A message as it is read now, among those of whoever wrote it.
    fn replace_message(&mut self, id: ContentKey, row: &MessageRow) -> Done {
        let before = self.state().message(id)?;
        if let Some(key) = before.and_then(|row| correspondence::key_of(id, &row)) {
            self.tables.delete(Table::Wrote, &key);
        }
        if let Some(key) = correspondence::key_of(id, row) {
            self.tables.put(Table::Wrote, &key, Vec::new());
        }
        self.put(Table::Message, &id.0, row);
        Ok(())
    }

    /// A message that is read once more is counted, and waits, only as what it is now.
    fn uncount_message(&mut self, id: ContentKey) -> Done {
        match self.state().message(id)? {
            Some(row) => self.count_message(id, row.state, None, row.received),
            None => Ok(()),
        }
    }

    /// Keeps the counts and the list of what waits in step with a message's state.
    fn count_message(
        &mut self,
        id: ContentKey,
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
}
