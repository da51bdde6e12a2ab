//! The letter that waits in a case, written anew from what is known now: the plan that held it, and the occasion.
//!
//! What was decided is in the log, not the decision itself; so the plan is put together from the letter's head, the kept
//! message and the register, by the rules by which it was decided (recipient and voice: rights.md; B9: a reader who may
//! not be the person gets no name and no data).

use super::{Desk, Refusal};
use crate::answer;
use crate::record::{
    Address, CaseId, CaseRow, Contact, ContentKey, Event, KeptMessage, LetterKind, LetterRow,
    LetterState, MessageRow, RequestKind, RequestState, Suppression, Timestamp,
};
use crate::request::{Identity, LetterPlan, Release};
use crate::service::{House, Occasion, write_letter};

/// Everything about a case that a human must see.
pub struct Case {
    /// Its reference.
    pub id: CaseId,
    /// Its row.
    pub row: CaseRow,
    /// The person's row of the register, opened.
    pub contact: Option<Contact>,
    /// Its messages with their text, if it was kept and not erased.
    pub messages: Vec<(ContentKey, MessageRow, Option<KeptMessage>)>,
    /// Its letters, oldest first.
    pub letters: Vec<LetterRow>,
    /// What holds for the person.
    pub suppression: Option<(Suppression, Timestamp)>,
}

impl Case {
    /// Reads it.
    pub fn read(desk: &Desk, id: CaseId) -> Result<Self, Refusal> {
        let reader = desk.office.sequencer.reader();
        let state = reader.state();
        let row = state.case(id)?.ok_or_else(|| {
            Refusal::unknown(
                format!("there is no case {id}"),
                "see `quitus requests list`",
            )
        })?;
        let contact = row.person.map(|p| state.contact(p)).transpose()?.flatten();
        let contact = crate::service::contact(reader, contact.as_ref())?;
        let mut messages = Vec::new();
        for key in &row.messages {
            let Some(message) = state.message(*key)? else {
                continue;
            };
            let kept = match reader.event(message.position)? {
                Event::Received {
                    kept: Some(kept), ..
                } => reader.open_sealed(&kept)?,
                _ => None,
            };
            messages.push((*key, message, kept));
        }
        let letters = state.letters(id)?.into_iter().map(|(_, l)| l).collect();
        let person = row.person.map(|p| state.person(p)).transpose()?;
        let suppression = person
            .and_then(|p| p.suppression)
            .map(|s| (s.suppression, s.since));
        Ok(Self {
            id,
            row,
            contact,
            messages,
            letters,
            suppression,
        })
    }

    /// The letter that waits for a human: the newest, because it answers all that is open.
    pub fn draft(&self) -> Option<&LetterRow> {
        self.letters
            .iter()
            .rev()
            .find(|l| l.state == LetterState::Draft)
    }

    /// The message that a letter replies to.
    fn message_of(&self, letter: &LetterRow) -> Option<(&MessageRow, &KeptMessage)> {
        let of = |key: &ContentKey| Some(*key) == letter.head.message;
        let found = self.messages.iter().find(|(key, ..)| of(key));
        let (_, row, kept) = found.or(self.messages.last())?;
        Some((row, kept.as_ref()?))
    }

    /// What an acknowledgement says will be answered: everything open that it does not answer itself.
    fn announces(&self, letter: &LetterRow) -> Vec<RequestKind> {
        if letter.head.kind != LetterKind::Acknowledgement {
            return Vec::new();
        }
        let open = self.row.requests.iter().filter(|r| is_open(r.state));
        let kinds = open.map(|r| r.request);
        kinds.filter(|k| !letter.head.answers.contains(k)).collect()
    }

    /// The plan of a draft; with it, its message.
    pub fn plan(&self, house: &House, letter: &LetterRow) -> Result<Planned<'_>, Refusal> {
        let erased = || {
            Refusal::not_now(
                "the message's text is no longer kept, so no letter can be written",
                "answer by hand from the mailbox, then refuse the draft",
            )
        };
        let (message, kept) = self.message_of(letter).ok_or_else(erased)?;
        let from = kept.from.as_ref().ok_or_else(erased)?;
        let own = self.contact.as_ref().map(|c| c.addresses.as_slice());
        let same = own.is_none_or(|all| all.iter().any(|a| a.same_person(from)));
        let stop_only = letter.head.answers == [RequestKind::Stop];
        let of_contact = self.contact.as_ref().and_then(|c| c.language);
        let language = self.row.language.or(of_contact);
        let plan = LetterPlan {
            letter: letter.head.letter,
            kind: letter.head.kind,
            answers: letter.head.answers.clone(),
            announces: self.announces(letter),
            language: language.unwrap_or(house.config.policy.settings.default_language),
            to: recipient(from, own, stop_only),
            identity: match stop_only {
                true => Identity::Mailbox,
                false => Identity::Privacy,
            },
            neutral: !same,
            person: letter.head.person,
            domain: letter.head.domain,
            message: letter.head.message.unwrap_or(ContentKey([0; 16])),
            release: Release::Held(letter.rule.clone().unwrap_or(crate::request::rule::MODE)),
        };
        let due = self.row.requests.iter().filter(|r| is_open(r.state));
        Ok(Planned {
            occasion: Occasion {
                contact: self.contact.as_ref(),
                subject: &kept.subject,
                references: references(kept),
                received: message.received,
                due: due.map(|r| r.due).min(),
                suppression: self.suppression,
                mailbox: kept.to.as_ref(),
                mails: Vec::new(),
                neutral: !same,
            },
            plan,
        })
    }
}

fn is_open(state: RequestState) -> bool {
    matches!(state, RequestState::Open | RequestState::AwaitingIdentity)
}

/// A plan and its occasion.
pub struct Planned<'a> {
    /// What the letter is.
    pub plan: LetterPlan,
    /// What it may know.
    pub occasion: Occasion<'a>,
}

impl Planned<'_> {
    /// The letter, if it can be written and the linter finds it clean.
    pub fn write(&self, house: &House) -> Result<answer::Letter, Refusal> {
        write_letter(house, &self.plan, &self.occasion).map_err(|e| {
            Refusal::not_now(
                format!("the letter cannot be written: {}", e.0),
                "complete the register or the templates, or answer by hand and refuse the draft",
            )
        })
    }
}

/// From for a STOP; personal data go only to an address of the person's own record.
fn recipient(from: &Address, own: Option<&[Address]>, stop_only: bool) -> Address {
    let own = own.unwrap_or_default();
    let same = own.iter().find(|a| a.same_person(from));
    match same.or(own.first()) {
        Some(address) if !stop_only => address.clone(),
        _ => from.clone(),
    }
}

fn references(kept: &KeptMessage) -> Vec<String> {
    let mut all = kept.references.clone();
    all.extend(kept.message_id.clone());
    let mut seen = std::collections::HashSet::new();
    all.retain(|id| seen.insert(id.clone()));
    all
}
