//! What a recipient is told, written at the moment of the decision: a mail that is frozen, or the message of a webhook.

use super::MARK;
use crate::answer::{self, Envelope, Line, MessageId, RecipientFacts, Submitted, mime};
use crate::config::RecipientSettings;
use crate::delivery::EnvelopeSender;
use crate::record::{
    Address, CaseId, Contact, Event, FrozenLetter, KeyId, Mode, RecipientEvent, RecipientItem,
    RecipientWay, RequestKind, Sealed, Timestamp, hex,
};
use crate::request::{Decision, Release, rule};
use crate::service::gathering::{Gathered, Trouble};
use crate::service::house::{House, Office, loop_value};
use serde_json::json;

/// What the recipients of a case are to be told.
pub struct ToTell<'a> {
    /// The case.
    pub case: CaseId,
    /// Its proof key: what leaves is sealed under it.
    pub proof_key: KeyId,
    /// The person's row of the register.
    pub contact: Option<&'a Contact>,
    /// Who asked.
    pub from: Option<&'a Address>,
    /// What of.
    pub request: RequestKind,
    /// What exactly is to be done.
    pub details: Option<&'a str>,
    /// Who decided.
    pub by: &'a str,
    /// Whether the machine decided it alone.
    pub automatic: bool,
}

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum NotAsked {
    /// The store has trouble.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// Nobody knows an address of the person.
    #[error("no address of the person is known")]
    Nobody,
    /// The mail cannot be written.
    #[error("{0}")]
    Unwritten(String),
}

/// The recipients that are told of this request of this person.
pub fn applies<'h>(
    house: &'h House,
    contact: Option<&Contact>,
    request: RequestKind,
) -> impl Iterator<Item = &'h RecipientSettings> {
    let register = &house.config.register;
    let all = house.config.recipients.iter();
    all.filter(move |r| r.requests.contains(&request) && r.received(contact, register))
}

/// Whether somebody else must do something before the message can be answered: another system, or, where an erasure is
/// asked, a recipient who must be told.
pub fn others_are_asked(house: &House, g: &Gathered) -> bool {
    let erasure = RequestKind::Erasure;
    let asked = g.read.requests.iter().any(|r| r.kind == erasure);
    let tells = || applies(house, person(g), erasure).next().is_some();
    !house.config.systems.is_empty() || (asked && tells())
}

/// The person's row of the register, as the decision sees it.
fn person(g: &Gathered) -> Option<&Contact> {
    let mut known = g.who.token.iter().chain(&g.who.thread).chain(&g.who.from);
    known.find_map(|k| k.opened.as_ref())
}

/// The events that belong to an erasure that the machine decided alone: only what other systems or recipients have to do
/// holds its letter. Whatever cannot be written waits for a human like the letter.
pub fn ask_at_once(
    office: &Office,
    house: &House,
    g: &Gathered,
    decision: &Decision,
) -> Result<Vec<Event>, Trouble> {
    let plans = decision.letter.iter().chain(&decision.draft);
    let waits = |r: &Release| matches!(r, Release::Held(why) if *why == rule::SYSTEMS);
    let mut erasures = plans.filter(|l| l.answers.contains(&RequestKind::Erasure));
    let alone = erasures.any(|l| waits(&l.release) && !l.answers.contains(&RequestKind::Access));
    let Some(case) = decision
        .case
        .as_ref()
        .filter(|_| alone && g.mode.0 == Mode::Live)
    else {
        return Ok(Vec::new());
    };
    let task = ToTell {
        case: case.case,
        proof_key: case.proof_key,
        contact: person(g),
        from: case.proof.as_ref().and_then(|p| p.from.as_ref()),
        request: RequestKind::Erasure,
        details: None,
        by: "auto",
        automatic: true,
    };
    let recipients: Vec<_> = applies(house, task.contact, task.request).collect();
    match ask(office, house, &task, &recipients) {
        Ok(events) => Ok(events),
        Err(NotAsked::Trouble(trouble)) => Err(trouble),
        Err(why) => {
            tracing::warn!(case = %task.case, %why, "recipients wait for a human to tell them");
            Ok(Vec::new())
        }
    }
}

/// One event for each recipient; what was told of the same before is told anew.
pub fn ask(
    office: &Office,
    house: &House,
    task: &ToTell<'_>,
    recipients: &[&RecipientSettings],
) -> Result<Vec<Event>, NotAsked> {
    let on_file = task
        .contact
        .map(|c| c.addresses.as_slice())
        .unwrap_or_default();
    let addresses: Vec<&Address> = match on_file {
        [] => task.from.into_iter().collect(),
        some => some.iter().collect(),
    };
    if addresses.is_empty() {
        return Err(NotAsked::Nobody);
    }
    let mut events = Vec::new();
    for recipient in recipients {
        let desk = Desk {
            office,
            house,
            task,
            recipient,
            addresses: &addresses,
            now: office.clock.now(),
        };
        events.push(Event::Recipient(desk.due()?));
    }
    Ok(events)
}

struct Desk<'a> {
    office: &'a Office,
    house: &'a House,
    task: &'a ToTell<'a>,
    recipient: &'a RecipientSettings,
    addresses: &'a [&'a Address],
    now: Timestamp,
}

impl Desk<'_> {
    fn due(&self) -> Result<RecipientEvent, NotAsked> {
        let (task, reader) = (self.task, self.office.sequencer.reader());
        let item = RecipientItem {
            case: task.case,
            request: task.request,
            recipient: self.recipient.name.clone(),
        };
        let answer_by = self.now.plus_days(i64::from(self.recipient.answer_days));
        let before = reader.state().recipient(&item).map_err(Trouble::from)?;
        let number = before.map_or(1, |row| row.number.saturating_add(1));
        let (way, mail, frozen): (_, _, Sealed) = match &self.recipient.email {
            Some(to) => {
                let letter = self.letter(to, number, answer_by)?;
                let mail = reader.fingerprinter().mail_id(&letter.message_id);
                (RecipientWay::Mail, Some(mail), self.seal(&letter)?)
            }
            None => (
                RecipientWay::Webhook,
                None,
                self.seal(&self.message(answer_by))?,
            ),
        };
        let keys = reader.fingerprinter();
        Ok(RecipientEvent::Due {
            item,
            way,
            address: self
                .recipient
                .email
                .as_ref()
                .map(|a| keys.of(&a.canonical())),
            mail,
            frozen,
            answer_by,
            by: task.by.to_owned(),
        })
    }

    fn seal<T: serde::Serialize>(&self, plain: &T) -> Result<Sealed, NotAsked> {
        let reader = self.office.sequencer.reader();
        let sealed = reader.seal(self.task.proof_key, plain);
        Ok(sealed.map_err(Trouble::from)?)
    }

    fn day(&self, at: Timestamp) -> jiff::civil::Date {
        self.house.config.policy.calendar.day(at)
    }

    /// The message of a webhook: the same as the mail says.
    fn message(&self, answer_by: Timestamp) -> String {
        let addresses: Vec<&str> = self.addresses.iter().map(|a| a.as_str()).collect();
        let task = self.task;
        json!({
            "type": task.request,
            "timestamp": self.now.to_string(),
            "data": {
                "article": answer::article(task.request),
                "addresses": addresses,
                "details": task.details,
                "reference": task.case.to_string(),
                "answer_by": self.day(answer_by).to_string(),
            },
        })
        .to_string()
    }

    /// The mail, frozen: from now on the same bytes, under a Message-ID that was certain before.
    fn letter(
        &self,
        to: &Address,
        number: u16,
        answer_by: Timestamp,
    ) -> Result<FrozenLetter, NotAsked> {
        let config = &self.house.config;
        let facts = self.facts(answer_by);
        let letter = answer::compose_recipient(&self.house.templates, &facts);
        let letter = letter.map_err(|e| NotAsked::Unwritten(e.to_string()))?;
        let from = &config.controller.privacy_email;
        let message_id = self.message_id(number, from.domain());
        let envelope = self.envelope(to, &message_id)?;
        let bytes = mime(&envelope, &letter).map_err(|e| NotAsked::Unwritten(e.to_string()))?;
        // A token names a letter of a case; this is none, so its bounce is known by its Message-ID.
        let mail_from = match config.smtp.envelope_sender {
            EnvelopeSender::Null => String::new(),
            _ => from.as_str().to_owned(),
        };
        Ok(FrozenLetter {
            mail_from,
            rcpt_to: to.as_str().to_owned(),
            message_id,
            subject: letter.subject,
            bytes,
            replies_to: None,
        })
    }

    /// Only what the recipient needs.
    fn facts(&self, answer_by: Timestamp) -> RecipientFacts {
        let (config, task) = (&self.house.config, self.task);
        let usual = config.policy.settings.default_language;
        let language = self.recipient.language.unwrap_or(usual);
        let addresses = self.addresses.iter();
        RecipientFacts {
            language,
            controller: config.controller.facts(language),
            recipient: Line::new(&self.recipient.name),
            request: task.request,
            article: answer::article(task.request).unwrap_or_default(),
            addresses: addresses.map(|a| Line::new(a.as_str())).collect(),
            details: task.details.map(Line::new),
            reference: Line::new(&task.case.to_string()),
            answer_by: self.day(answer_by),
        }
    }

    fn envelope(&self, to: &Address, message_id: &str) -> Result<Envelope, NotAsked> {
        let config = &self.house.config;
        let from = config.controller.privacy_email.clone();
        let malformed = || NotAsked::Unwritten("our Message-ID is malformed".into());
        let watched = config.mailboxes.iter().any(|m| m.address == from);
        let first = config.first_mailbox().map(|m| m.address.clone());
        Ok(Envelope {
            from_name: Line::new(&config.controller.legal_name),
            from,
            to: to.clone(),
            // An answer that nobody reads would acknowledge nothing.
            reply_to: first.filter(|_| !watched),
            message_id: MessageId::parse(message_id).ok_or_else(malformed)?,
            in_reply_to: None,
            references: Vec::new(),
            date: self.now,
            submitted: match self.task.automatic {
                true => Submitted::Generated,
                false => Submitted::ByHuman,
            },
            loop_value: loop_value(self.office.keys(), message_id),
        })
    }

    /// Nobody who does not have the mail can guess it: an answer that names it was written by somebody who does.
    fn message_id(&self, number: u16, domain: &str) -> String {
        let task = self.task;
        let parts: [&[u8]; 4] = [
            &task.case.bits().to_be_bytes(),
            task.request.word().as_bytes(),
            self.recipient.name.as_bytes(),
            &number.to_be_bytes(),
        ];
        let name = hex(&self.office.keys().keyed("recipient", &parts)[..16]);
        format!("<{name}{MARK}@{domain}>")
    }
}
