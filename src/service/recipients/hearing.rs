//! What answers a mail to a recipient: an acknowledgement, something for a human to look at, a robot's note, a bounce.
//!
//! None of it is a request of a person, and none is ever answered. Known by our Message-ID in its thread or report, which
//! nobody can guess; or by the reference in its subject, if it comes from the recipient's own address. It acknowledges only
//! what that address wrote itself, in words, without asking back; the words are kept as evidence, under the proof key.

use crate::mail::{self, Dmarc, InboundMessage, Report};
use crate::record::{
    CaseId, CaseRow, Event, KeptMessage, MailIdHash, MessageState, Reading, RecipientEvent,
    RecipientRow, RecipientState, RecipientTrouble, RuleId, SmtpReply, State, Verdict,
};
use crate::request::{Expectation, rule};
use crate::service::deciding::Decided;
use crate::service::filing;
use crate::service::gathering::{Gathered, Trouble};
use crate::service::house::House;
use crate::service::reception::Reception;
use crate::service::sequencer::Proposal;
use crate::store::Reader;

/// What a message says about an item.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Heard {
    /// The recipient answered.
    Acknowledged,
    /// A human must look: another address, a question, doubt whether somebody wrote it.
    Unsure,
    /// A machine's note.
    Automatic,
    /// The mail came back, with the status.
    Returned(String),
}

impl Reception {
    /// Hears an answer to a mail to a recipient; nothing, if the message is none.
    pub(in crate::service) fn hear(
        &self,
        house: &House,
        message: &InboundMessage,
        g: &Gathered,
    ) -> Result<Option<Decided>, Trouble> {
        let reader = self.office.sequencer.reader();
        let state = reader.state();
        if g.history.same_content.is_some() {
            return Ok(None);
        }
        let Some((row, mail)) = item_of(reader, message)? else {
            return Ok(None);
        };
        let Some(case) = state.case(row.item.case)? else {
            return Ok(None);
        };
        let heard = heard(reader, house, message, g, &row);
        // Somebody of the register who is not the recipient speaks for themselves.
        let known = g.who.from.as_ref().is_some_and(|k| k.contact.is_some());
        if heard == Heard::Unsure && known && !is_from(reader, message, &row) {
            return Ok(None);
        }
        let received = received(reader, &case, message, g)?;
        Ok(Some(self.written_down(
            house,
            g,
            (row, mail),
            &case,
            (received, heard),
        )))
    }

    /// What is committed.
    fn written_down(
        &self,
        house: &House,
        g: &Gathered,
        (row, mail): (RecipientRow, Option<MailIdHash>),
        case: &CaseRow,
        (received, heard): (Event, Heard),
    ) -> Decided {
        let mut events = vec![received];
        if case.closed.is_none() {
            let (case, message) = (row.item.case, g.arrival.content);
            events.push(Event::MessageAdded { case, message });
        }
        let (state, rule) = follows(&heard, &row, mail, &mut events);
        events.push(Event::Decided {
            message: g.arrival.content,
            state,
            rule: rule.clone(),
            case: Some(row.item.case),
        });
        let (ended, to) = ((g.arrival.content, state), g.arrival.mailbox.as_ref());
        let now = self.office.clock.now();
        events.extend(filing::when_decided(house, to, ended, g.mode.0, now));
        let expectations = vec![
            Expectation::Unseen(g.arrival.location),
            Expectation::NewContent(g.arrival.content),
            unchanged(row.item.case, case),
        ];
        Decided {
            proposal: Proposal::new(events).expecting(expectations),
            state,
            rule,
            seen: None,
            unwritten: None,
        }
    }
}

fn unchanged(id: CaseId, case: &CaseRow) -> Expectation {
    let version = case.version;
    Expectation::Case { id, version }
}

/// What follows for the item, and how the message ends.
fn follows(
    heard: &Heard,
    row: &RecipientRow,
    mail: Option<MailIdHash>,
    events: &mut Vec<Event>,
) -> (MessageState, RuleId) {
    let item = row.item.clone();
    match heard {
        Heard::Acknowledged => {
            if let (true, Event::Received { message, .. }) = (row.is_open(), &events[0]) {
                let message = Some(*message);
                events.push(Event::Recipient(RecipientEvent::Acknowledged {
                    item,
                    message,
                }));
            }
            (MessageState::Acted, rule::ACKNOWLEDGED)
        }
        Heard::Unsure => (MessageState::Held, rule::RECIPIENT_UNSURE),
        Heard::Automatic => (MessageState::Ignored, rule::RECIPIENT_ROBOT),
        Heard::Returned(status) => {
            // The bounce of an earlier mail says nothing of the one that was sent since.
            let current = mail.is_none_or(|m| row.mail == Some(m));
            let told = row.is_open() && row.state != RecipientState::Queued;
            if current && told {
                let case = item.case;
                let reply = SmtpReply {
                    phase: "bounce".into(),
                    text: status.clone(),
                };
                let trouble = RecipientTrouble::Bounced;
                events.push(Event::Recipient(RecipientEvent::Failed {
                    item,
                    trouble,
                    reply,
                }));
                let rule = rule::RECIPIENT_RETURNED;
                events.push(Event::CaseHeld { case, rule });
            }
            (MessageState::Acted, rule::RECIPIENT_RETURNED)
        }
    }
}

/// The item that the message is about, and the mail of ours that it names.
fn item_of(
    reader: &Reader,
    message: &InboundMessage,
) -> Result<Option<(RecipientRow, Option<MailIdHash>)>, Trouble> {
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let returned = message.report.as_ref().and_then(Report::original_id);
    for id in message.thread().into_iter().chain(returned) {
        let mail = keys.mail_id(id);
        if let Some(item) = state.recipient_by_mail(mail)? {
            return Ok(state.recipient(&item)?.map(|row| (row, Some(mail))));
        }
    }
    Ok(by_reference(reader, &state, message)?.map(|row| (row, None)))
}

/// The only open item of the case in the subject whose recipient wrote it: many ticket systems drop the thread.
fn by_reference(
    reader: &Reader,
    state: &State<'_>,
    message: &InboundMessage,
) -> Result<Option<RecipientRow>, Trouble> {
    let words = message
        .subject
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let cases = words.filter(|w| w.len() == 11 && w.starts_with("Q-"));
    for case in cases.filter_map(|w| w.parse::<CaseId>().ok()) {
        let rows = state.recipients_of(case)?;
        let mut theirs = rows
            .into_iter()
            .filter(|r| is_from(reader, message, r) && r.is_open());
        if let (Some(row), None) = (theirs.next(), theirs.next()) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// Whether the recipient's own address wrote it.
fn is_from(reader: &Reader, message: &InboundMessage, row: &RecipientRow) -> bool {
    let from = message.from.as_ref();
    let from = from.map(|a| reader.fingerprinter().of(&a.canonical()));
    from.is_some() && from == row.address
}

fn heard(
    reader: &Reader,
    house: &House,
    message: &InboundMessage,
    g: &Gathered,
    row: &RecipientRow,
) -> Heard {
    match &message.report {
        Some(Report::Delivery { recipients, .. }) => {
            let mut failed = recipients.iter().filter(|r| r.failed);
            return match failed.next() {
                Some(one) => Heard::Returned(one.status.clone()),
                None => Heard::Automatic,
            };
        }
        Some(_) => return Heard::Automatic,
        None if g.gate.reading == Reading::Report => return Heard::Returned(String::new()),
        None if g.gate.reading != Reading::Obey => return Heard::Automatic,
        None => {}
    }
    let authserv_id = house.gate.authserv_id.as_deref();
    let forged = mail::authentication(&message.signs, authserv_id).dmarc == Some(Dmarc::Fail);
    let words = message.fresh.text.trim();
    let plain = !words.is_empty() && !words.contains('?');
    let sure = g.gate.verdict == Verdict::Answer && !forged && plain;
    match sure && is_from(reader, message, row) {
        true => Heard::Acknowledged,
        false => Heard::Unsure,
    }
}

/// The message with its words: they prove what the recipient said, so they stay as long as the case's proof.
fn received(
    reader: &Reader,
    case: &CaseRow,
    message: &InboundMessage,
    g: &Gathered,
) -> Result<Event, Trouble> {
    let kept = KeptMessage {
        from: message.from.clone(),
        from_name: message.from_name.clone(),
        to: g.arrival.mailbox.clone(),
        subject: message.subject.clone(),
        message_id: message.message_id.clone(),
        references: message.thread().into_iter().map(str::to_owned).collect(),
        date: message.date,
        fresh: message.fresh.text.clone(),
        elided: Vec::new(),
        understood: "a recipient's answer".into(),
    };
    let kept = match reader.is_erased(case.proof_key)? {
        true => None,
        false => Some(reader.seal(case.proof_key, &kept)?),
    };
    Ok(Event::Received {
        message: g.arrival.content,
        location: g.arrival.location,
        mail: g.arrival.mail,
        received: g.arrival.received,
        written: g.arrival.written,
        person: None,
        verdict: g.gate.verdict,
        reading: g.gate.reading,
        rule: g.gate.rule.clone(),
        kept,
    })
}
