//! Who wrote what to whom around a case: the mails that colleagues sent to the person, the person's messages and our letters,
//! in one order of time.
//!
//! It is found by the person, never by a walk over everybody's mail. A Sent folder is remembered without subjects and texts;
//! a subject is known only of a mail that the person answered: it is that of their reply.

use super::drafting::CaseFile;
use super::gathering::Trouble;
use super::settling::frozen_letter;
use crate::record::{
    Address, CaseId, CaseRow, ContentKey, Event, KeptMessage, LetterRow, LetterState, MailIdHash,
    MessageRow, PersonId, Proof, State, Timestamp,
};
use crate::store::Reader;
use std::collections::HashMap;

/// What is shown at most, the newest of each: whoever looks must see it at once.
const SHOWN: usize = 100;

/// One thing that was written.
pub enum Written {
    /// A mail that a colleague or a tool sent.
    Mail {
        /// The mailbox of ours in whose Sent folder it was read; none, if it came with an export or a server's log.
        mailbox: Option<String>,
        /// Its subject, if the person answered it.
        subject: Option<String>,
    },
    /// A message of the person.
    Message {
        /// Its key.
        key: ContentKey,
        /// What became of it.
        row: Box<MessageRow>,
        /// Its text, if it is kept.
        kept: Option<Box<KeptMessage>>,
    },
    /// A letter of ours that has left, or is about to.
    Letter {
        /// Its case.
        case: CaseId,
        /// What became of it.
        row: Box<LetterRow>,
        /// Its subject, if its text was not erased.
        subject: Option<String>,
    },
}

/// What was written, the oldest first.
pub struct Correspondence {
    /// When, and what.
    pub all: Vec<(Timestamp, Written)>,
    /// How many older ones are left out.
    pub earlier: usize,
}

/// What was written between the person of a case and us, before it and since.
pub fn correspondence(reader: &Reader, case: &CaseFile) -> Result<Correspondence, Trouble> {
    let state = reader.state();
    let mut found = Found::default();
    let person = case.row.person.map(|p| state.standing(p)).transpose()?;
    found.messages(reader, case, person)?;
    if let Some(person) = person {
        found.mails(&state, person)?;
        let row = state.person(person)?;
        let others = row.open.iter().chain(&row.closed);
        for id in others.filter(|id| **id != case.id) {
            let letters = state.letters(*id)?;
            found.letters(reader, *id, letters.iter().map(|(_, row)| row))?;
        }
    }
    found.letters(reader, case.id, case.letters.iter())?;
    let Found {
        mut all, earlier, ..
    } = found;
    all.sort_by_key(|(at, _)| *at);
    let many = all.len().saturating_sub(SHOWN);
    all.drain(..many);
    Ok(Correspondence {
        all,
        earlier: earlier + many,
    })
}

/// The text of a message, if it was kept and not erased.
pub fn message_kept(reader: &Reader, row: &MessageRow) -> Result<Option<KeptMessage>, Trouble> {
    Ok(match reader.event(row.position)? {
        Event::Received {
            kept: Some(kept), ..
        } => reader.open_sealed(&kept)?,
        _ => None,
    })
}

/// Who asks in a case: the address that wrote, else the first one that the register knows.
pub fn asker(reader: &Reader, row: &CaseRow) -> Result<Option<Address>, Trouble> {
    let proof: Option<Proof> = match reader.event(row.position)? {
        Event::CaseOpened {
            proof: Some(sealed),
            ..
        } => reader.open_sealed(&sealed)?,
        _ => None,
    };
    if let Some(from) = proof.and_then(|p| p.from) {
        return Ok(Some(from));
    }
    let contact = row.person.map(|p| reader.state().contact(p)).transpose()?;
    let contact = super::people::contact(reader, contact.flatten().as_ref())?;
    Ok(contact.and_then(|c| c.addresses.into_iter().next()))
}

/// What is found, in no order yet.
#[derive(Default)]
struct Found {
    all: Vec<(Timestamp, Written)>,
    earlier: usize,
    /// Subjects of mails of ours, by what answered them.
    subjects: HashMap<MailIdHash, String>,
}

/// The newest of a list that is in order of time.
fn newest<T>(mut all: Vec<T>, earlier: &mut usize) -> Vec<T> {
    let many = all.len().saturating_sub(SHOWN);
    *earlier += many;
    all.split_off(many)
}

impl Found {
    fn messages(
        &mut self,
        reader: &Reader,
        case: &CaseFile,
        person: Option<PersonId>,
    ) -> Result<(), Trouble> {
        let state = reader.state();
        let theirs = person.map(|p| state.messages_from(p)).transpose()?;
        let theirs = newest(theirs.unwrap_or_default(), &mut self.earlier);
        let of_case = |key: &ContentKey| case.messages.iter().any(|(k, ..)| k == key);
        for (_, key) in theirs.into_iter().filter(|(_, key)| !of_case(key)) {
            if let Some(row) = state.message(key)? {
                let kept = message_kept(reader, &row)?;
                self.message(reader, key, row, kept);
            }
        }
        for (key, row, kept) in &case.messages {
            self.message(reader, *key, row.clone(), kept.clone());
        }
        Ok(())
    }

    fn message(
        &mut self,
        reader: &Reader,
        key: ContentKey,
        row: MessageRow,
        kept: Option<KeptMessage>,
    ) {
        if let Some(kept) = &kept {
            let reply = crate::answer::reply(&kept.subject);
            let bare = reply.strip_prefix("Re: ").unwrap_or_default();
            let answered = kept.references.iter().filter(|_| !bare.is_empty());
            for id in answered {
                let id = reader.fingerprinter().mail_id(id);
                self.subjects.entry(id).or_insert_with(|| bare.to_owned());
            }
        }
        let at = row.received;
        let (row, kept) = (Box::new(row), kept.map(Box::new));
        self.all.push((at, Written::Message { key, row, kept }));
    }

    fn mails(&mut self, state: &State<'_>, person: PersonId) -> Result<(), Trouble> {
        for (at, mail) in newest(state.mails_to(person)?, &mut self.earlier) {
            let folder = state.sent_from(mail)?.map(|id| state.folder(id));
            let mailbox = folder.transpose()?.flatten().map(|f| f.mailbox);
            let subject = self.subjects.get(&mail).cloned();
            self.all.push((at, Written::Mail { mailbox, subject }));
        }
        Ok(())
    }

    fn letters<'a>(
        &mut self,
        reader: &Reader,
        case: CaseId,
        letters: impl Iterator<Item = &'a LetterRow>,
    ) -> Result<(), Trouble> {
        let left = |l: &&LetterRow| !matches!(l.state, LetterState::Draft | LetterState::Cancelled);
        for row in letters.filter(left) {
            let subject = frozen_letter(reader, row)?.map(|letter| letter.subject);
            let (at, row) = (row.changed, Box::new(row.clone()));
            self.all.push((at, Written::Letter { case, row, subject }));
        }
        Ok(())
    }
}
