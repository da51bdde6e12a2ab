//! What events mean for the register, its imports, and what is known of mail that was sent.

use super::{ContactRow, Damaged, Done, Event, ImportRow, IncidentRow, SentRow, Step, Table};
use crate::record::{CaseId, ContactFacts, KeyId, MailIdHash, PersonId, Timestamp, mailed};

impl Step<'_> {
    pub(super) fn register(&mut self, event: &Event) -> Done {
        match event {
            Event::ImportBegun {
                import,
                name,
                digest,
            } => {
                let row = ImportRow {
                    name: name.clone(),
                    digest: *digest,
                    began: self.at,
                    ended: None,
                };
                self.put(Table::Import, &import.to_be_bytes(), &row);
            }
            Event::ImportEnded {
                import,
                stored,
                unchanged,
                refused,
            } => {
                if let Some(mut row) = self.state().import(*import)? {
                    row.ended = Some((self.at, *stored, *unchanged, *refused));
                    self.put(Table::Import, &import.to_be_bytes(), &row);
                }
            }
            Event::ContactStored {
                person,
                facts,
                contact,
                ..
            } => {
                let person = self.state().standing(*person)?;
                return self.store_contact(person, facts, contact.key);
            }
            Event::ContactErased { person, case } => return self.erase_contact(*person, *case),
            _ => {}
        }
        Ok(())
    }

    /// A contact, in the campaign that its row names.
    fn store_contact(&mut self, person: PersonId, facts: &ContactFacts, key: KeyId) -> Done {
        let before = self.state().contact(person)?;
        if before.is_none() {
            self.count_contacts(1)?;
        }
        let campaign = before.and_then(|row| row.facts.campaign);
        if campaign != facts.campaign {
            self.count_campaign(campaign, -1)?;
            self.count_campaign(facts.campaign, 1)?;
        }
        let row = ContactRow {
            facts: facts.clone(),
            key,
            position: self.position,
            stored: self.at,
        };
        self.put(Table::Contact, &person.0, &row);
        self.touch(person)
    }

    /// At their own request, the person is remembered as erased, so that no list brings them back.
    fn erase_contact(&mut self, person: PersonId, case: Option<CaseId>) -> Done {
        let (at, person) = (self.at, self.state().standing(person)?);
        if let Some(case) = case {
            self.change_person(person, |row| row.erased = Some((at, case)))?;
        }
        let Some(before) = self.state().contact(person)? else {
            return Ok(());
        };
        self.count_contacts(-1)?;
        self.count_campaign(before.facts.campaign, -1)?;
        self.tables.delete(Table::Contact, &person.0);
        self.touch(person)
    }

    pub(super) fn count_contacts(&mut self, change: i64) -> Done {
        let mut counts = self.state().counts()?;
        counts.contacts = counts.contacts.saturating_add_signed(change);
        self.put(Table::Meta, b"counts", &counts);
        Ok(())
    }

    pub(super) fn sent(&mut self, event: &Event) -> Done {
        match event {
            Event::SentSeen { .. } => self.learn_sent(event),
            Event::MailAfterStop { person, mail, at } => self.note_incident(*mail, *person, *at),
            Event::IncidentSeen { mail, by } => {
                if let Some(mut row) = self.incident(*mail)? {
                    row.seen_by = Some(by.clone());
                    self.put(Table::Incident, &mail.0, &row);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A mail in Sent: whom it reached, what it answered, and its lines.
    fn learn_sent(&mut self, event: &Event) -> Done {
        let Event::SentSeen {
            location,
            mail,
            to,
            at,
            answers,
            lines,
        } = event
        else {
            return Ok(());
        };
        if let Some(location) = location {
            self.done_with(*location, None)?;
            self.put(Table::SentFrom, &mail.0, &location.folder);
        }
        let before = self.state().sent(*mail)?;
        let mut counts = self.state().counts()?;
        counts.sent_mails += u64::from(before.is_none());
        self.put(Table::Meta, b"counts", &counts);
        let (to, at) = (to.clone(), *at);
        for answered in answers {
            let known = self.state().answered_by_hand(*answered)?;
            if known.is_none_or(|k| k < at) {
                self.put(Table::AnsweredByHand, &answered.0, &at);
            }
        }
        for person in &to {
            let person = self.state().standing(*person)?;
            if self.state().last_mailed(person)?.is_none_or(|k| k < at) {
                self.put(Table::Mailed, &person.0, &at);
            }
        }
        self.order_mail(*mail, before, &to, at);
        self.put(Table::Sent, &mail.0, &SentRow { to, at });
        for line in lines {
            self.tables
                .put(Table::OurLine, &line.to_be_bytes(), Vec::new());
        }
        Ok(())
    }

    /// Among the mails of those to whom it went, and of nobody else.
    fn order_mail(
        &mut self,
        mail: MailIdHash,
        before: Option<SentRow>,
        to: &[PersonId],
        at: Timestamp,
    ) {
        if let Some(row) = &before {
            for person in &row.to {
                let key = mailed::key(*person, row.at, mail);
                self.tables.delete(Table::SentTo, &key);
            }
        }
        for person in to {
            let key = mailed::key(*person, at, mail);
            self.tables.put(Table::SentTo, &key, Vec::new());
        }
    }

    /// Who ordered something, and where the reason stands.
    pub(super) fn note(&mut self, note: &crate::record::Note) {
        let row = crate::record::NoteRow {
            by: note.by.clone(),
            at: self.at,
            position: self.position,
        };
        self.put(Table::Note, &note.about.key(), &row);
    }

    fn incident(&self, mail: MailIdHash) -> Result<Option<IncidentRow>, Damaged> {
        self.state().row(Table::Incident, &mail.0)
    }

    /// A mail after a STOP is one incident, however often it is seen.
    fn note_incident(&mut self, mail: MailIdHash, person: PersonId, at: Timestamp) -> Done {
        if self.incident(mail)?.is_some() {
            return Ok(());
        }
        let mut counts = self.state().counts()?;
        counts.after_stop += 1;
        self.put(Table::Meta, b"counts", &counts);
        let row = IncidentRow {
            person: self.state().standing(person)?,
            at,
            seen_by: None,
            case: None,
        };
        self.put(Table::Incident, &mail.0, &row);
        Ok(())
    }

    /// An apology is drafted for it.
    pub(super) fn answer_incident(&mut self, mail: MailIdHash, case: CaseId) -> Done {
        if let Some(mut row) = self.incident(mail)? {
            row.case = row.case.or(Some(case));
            self.put(Table::Incident, &mail.0, &row);
        }
        Ok(())
    }
}
