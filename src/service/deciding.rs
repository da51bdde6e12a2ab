//! From what is known to what is committed: the decision, its letter, its seals, and the order of its events.
//!
//! The core decides and composes; here it is given what it asks for, and what it returns is sealed.

use super::composing::{self, Occasion};
use super::extending;
use super::filing;
use super::floods;
use super::gathering::{self, Gathered, Trouble};
use super::house::House;
use super::mailed::past_mails;
use super::notices::{self, InSight, Standing};
use super::reception::Reception;
use super::recipients;
use super::sequencer::Proposal;
use crate::mail::{self, Report};
use crate::record::{
    Address, Event, MessageState, Mode, RequestKind, RuleId, Suppression, Timestamp,
};
use crate::request::{self, Decision, Known, Plain, Release, SealedLetter, SealedParts};
use crate::sender::Connector;
use crate::store::Reader;
use sha2::{Digest, Sha256};

/// A message that arrived not longer ago (ms) is no backlog: what it asks of the tools that send goes before what a backlog asks.
const JUST_NOW: i64 = 5_000;

/// A decision, ready to be committed.
pub(super) struct Decided {
    pub(super) proposal: Proposal,
    pub(super) state: MessageState,
    pub(super) rule: RuleId,
    /// The decision itself, for a witness.
    pub(super) seen: Option<Box<Decision>>,
    /// Why a letter stayed a draft, in words.
    pub(super) unwritten: Option<String>,
}

impl Reception {
    /// Decides, writes the letter if one may leave, seals, and orders the events.
    pub(super) fn decide(
        &self,
        house: &House,
        message: &mail::InboundMessage,
        g: &Gathered,
    ) -> Result<Decided, Trouble> {
        let (now, reader) = (self.office.clock.now(), self.office.sequencer.reader());
        let has_template = |language, kind, answers: &[RequestKind]| {
            gathering::has_template(house, language, kind, answers)
        };
        let situation = request::Situation {
            message,
            gate: &g.gate,
            read: &g.read,
            arrival: g.arrival.clone(),
            house: request::House {
                mode: g.mode.0,
                activated: g.mode.1.filter(|_| g.mode.0 != Mode::Shadow),
                has_template: &has_template,
                systems_delivered: !recipients::others_are_asked(house, g),
                sourced: g.sourced,
            },
            who: g.who.clone(),
            history: g.history.clone(),
            ids: g.ids,
        };
        let mut decision = request::decide(&situation, &house.config.policy, now);
        gathering::make_keys(reader, &mut decision)?;
        gathering::forget_erased(reader, &mut decision)?;
        let beside = self.beside(house, message, g, &mut decision)?;
        let (letter, unwritten) = self.letter(house, message, g, &mut decision, now)?;
        let parts = SealedParts {
            letter,
            ..sealed(reader, &decision)?
        };
        let (state, rule) = (decision.state, decision.rule.clone());
        let seen = self.witness.as_ref().map(|_| Box::new(decision.clone()));
        let expectations = std::mem::take(&mut decision.expectations);
        let mut events = decision.into_events(parts);
        let (ended, to) = ((g.arrival.content, state), g.arrival.mailbox.as_ref());
        events.extend(beside);
        events.extend(filing::when_decided(house, to, ended, g.mode.0, now));
        Ok(Decided {
            proposal: Proposal::new(events).expecting(expectations),
            state,
            rule,
            seen,
            unwritten,
        })
    }

    /// What stands in the frame beside the decision: what tools and recipients are told, and how a STOP is counted.
    fn beside(
        &self,
        house: &House,
        message: &mail::InboundMessage,
        g: &Gathered,
        decision: &mut Decision,
    ) -> Result<Vec<Event>, Trouble> {
        let state = self.office.sequencer.reader().state();
        let counted = floods::counted(&state, house, g, decision)?;
        let mut beside = self.notices(house, message, g.arrival.received, decision)?;
        beside.extend(counted);
        beside.extend(recipients::ask_at_once(&self.office, house, g, decision)?);
        let bounced = decision.bounced.iter().map(|(letter, ..)| *letter);
        beside.extend(extending::came_back(&self.office, bounced)?);
        Ok(beside)
    }

    /// What the tools that send must be told; a letter waits for them.
    fn notices(
        &self,
        house: &House,
        message: &mail::InboundMessage,
        received: Timestamp,
        decision: &mut Decision,
    ) -> Result<Vec<Event>, Trouble> {
        if house.senders.is_empty() {
            return Ok(Vec::new());
        }
        let sight = InSight {
            backlog: self.office.clock.now().millis_since(received) > JUST_NOW,
            ..in_sight(message)
        };
        let notices = notices::ask(&self.office, house, &decision.suppressed(), &sight)?;
        let told = |n: &Event| matches!(n, Event::Notice(_));
        let state = self.office.sequencer.reader().state();
        let standing = Standing::of(&state, &house.senders, decision.person)?;
        if notices.iter().any(told) || standing == Standing::OnTheWay {
            decision.wait_for_senders();
        }
        Ok(notices)
    }

    /// The letter that leaves by itself, frozen and sealed; if it cannot be written, it is held (A8).
    fn letter(
        &self,
        house: &House,
        message: &mail::InboundMessage,
        g: &Gathered,
        decision: &mut Decision,
        now: Timestamp,
    ) -> Result<(Option<SealedLetter>, Option<String>), Trouble> {
        let Some(plan) = decision
            .letter
            .clone()
            .filter(|l| matches!(l.release, Release::Automatic { .. }))
        else {
            return Ok((None, None));
        };
        let Some(proof_key) = decision.case.as_ref().map(|c| c.proof_key) else {
            return Ok((None, None));
        };
        let reader = self.office.sequencer.reader();
        let occasion = occasion(reader, &house.senders, message, g, decision, now)?;
        let alone = composing::may_leave_alone(house, &plan, &occasion);
        let written = alone.and_then(|()| composing::write(house, &plan, &occasion));
        let frozen = written.and_then(|written| {
            composing::freeze(
                house,
                reader.fingerprinter(),
                &plan,
                &occasion,
                &written,
                now,
                true,
            )
        });
        match frozen {
            Ok(frozen) => {
                let letter = SealedLetter {
                    mail: reader.fingerprinter().mail_id(&frozen.message_id),
                    digest: Sha256::digest(&frozen.bytes).into(),
                    frozen: reader.seal(proof_key, &frozen)?,
                };
                Ok((Some(letter), None))
            }
            Err(composing::Unwritten(why)) => {
                decision.hold_letter(RuleId::of("A8"));
                Ok((None, Some(why)))
            }
        }
    }
}

/// The decision's personal content, each thing under its key; the letter apart.
fn sealed(reader: &Reader, decision: &Decision) -> Result<SealedParts, Trouble> {
    Ok(decision.seal(|key, plain| match plain {
        Plain::Kept(kept) => reader.seal(key, kept),
        Plain::Proof(proof) => reader.seal(key, proof),
        Plain::Proposal(proposal) => reader.seal(key, proposal),
    })?)
}

/// What the letter may know of the message and the person.
fn occasion<'a>(
    reader: &Reader,
    senders: &[Connector],
    message: &'a mail::InboundMessage,
    g: &'a Gathered,
    decision: &Decision,
    now: Timestamp,
) -> Result<Occasion<'a>, Trouble> {
    let person = decision.person.and_then(|p| {
        g.who
            .thread
            .iter()
            .chain(&g.who.from)
            .find(|k| k.person == p)
    });
    let person = person.or(g.who.thread.first()).or(g.who.from.as_ref());
    let references = references(message);
    let letter = decision.letter.as_ref();
    let accessed = letter.filter(|l| l.answers.contains(&RequestKind::Access));
    let mails = match accessed.and_then(|l| l.person) {
        Some(person) => past_mails(reader, person, &references, &message.subject)?,
        None => Vec::new(),
    };
    Ok(Occasion {
        contact: person.and_then(|k| k.opened.as_ref()),
        subject: &message.subject,
        references,
        received: g.arrival.received,
        due: decision
            .case
            .as_ref()
            .and_then(|c| c.opened.iter().map(|o| o.due).min()),
        suppression: holds(decision, person, now),
        systems: &[],
        recipients: &[],
        standing: Standing::of(&reader.state(), senders, person.map(|k| k.person))?,
        mailbox: g.arrival.mailbox.as_ref(),
        mails,
        code: None,
        extension: None,
        apology: None,
        postal: &[],
        now,
        neutral: letter.is_some_and(|l| l.neutral),
    })
}

/// What holds for the person once this is committed, and since when.
fn holds(
    decision: &Decision,
    person: Option<&Known>,
    now: Timestamp,
) -> Option<(Suppression, Timestamp)> {
    let new = decision.suppressions.iter().map(|s| s.suppression).max();
    let old = person.and_then(|k| k.row.suppression.as_ref());
    let old = old.map(|s| (s.suppression, s.since));
    match (new, old) {
        (Some(new), Some((old, since))) if old >= new => Some((old, since)),
        (Some(new), _) => Some((new, now)),
        (None, old) => old,
    }
}

/// The addresses and the firm of which the decision may be.
fn in_sight(message: &mail::InboundMessage) -> InSight {
    let mut addresses: Vec<Address> = message.from.iter().cloned().collect();
    match &message.report {
        Some(Report::Delivery { recipients, .. }) => {
            addresses.extend(recipients.iter().filter_map(|r| r.recipient.clone()));
        }
        Some(Report::Feedback { recipient, .. }) => addresses.extend(recipient.iter().cloned()),
        _ => {}
    }
    let domains = message.from.iter().map(|a| a.domain().to_owned()).collect();
    InSight {
        addresses,
        domains,
        backlog: false,
    }
}

/// The thread, oldest first, ending with the message itself.
fn references(message: &mail::InboundMessage) -> Vec<String> {
    let mut references = message.references.clone();
    references.extend(message.in_reply_to.iter().cloned());
    references.extend(message.message_id.clone());
    let mut seen = std::collections::HashSet::new();
    references.retain(|id| seen.insert(id.clone()));
    references
}
