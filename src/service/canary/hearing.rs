//! The canary's mail as it arrives: read, gated, understood and decided as a person's is, answered by the firm's own letter.
//!
//! What is decided stays here: no case, no suppression, no figure, no notice to a tool; only the answer is kept, frozen and
//! sealed. The person is a prospect of nobody, known by a mark that only we can make, with no history; the policy is the
//! firm's, except that nothing of it waits for a human, because it is the way that is tried and not the policy.

use super::mark;
use crate::config::CanarySettings;
use crate::mail::InboundMessage;
use crate::record::{
    Address, Canary, CanaryStep, Contact, ContactFacts, ContactRow, Event, FrozenLetter, KeyId,
    KeyKind, Language, LogPosition, Mode, Origin, Relation, RequestKind, Suppression, Timestamp,
};
use crate::request::{
    self, Automation, Decision, History, Known, Policy, Release, StopAnswer, Who,
};
use crate::service::composing::{self, Occasion};
use crate::service::gathering::{self, Gathered, Read, Trouble, gather};
use crate::service::house::{House, Office};
use crate::service::notices::Standing;

/// What is written down of a mail of the canary, or of a bounce of its answer; nothing if it is an ordinary message.
pub(in crate::service) fn heard(
    office: &Office,
    house: &House,
    read: &Read,
    message: &InboundMessage,
) -> Result<Option<Vec<Event>>, Trouble> {
    let Some(settings) = &house.config.canary else {
        return Ok(None);
    };
    let reader = office.sequencer.reader();
    let mut events = vec![Event::Passed {
        location: read.location,
    }];
    if let Some(bounced) = bounced(office, message)? {
        events.push(bounced);
        return Ok(Some(events));
    }
    let Some((request, run)) = mark::read(reader.fingerprinter(), settings, message) else {
        return Ok(None);
    };
    let row = reader.state().canary(request)?;
    // A run that was given up, or a second copy of a mail that was answered.
    let waits = row.is_some_and(|row| row.run == run && row.content.is_none());
    if waits {
        let step = match answered(office, house, settings, read, message, request)? {
            Ok(step) => step,
            Err(why) => CanaryStep::Failed { why },
        };
        events.push(Event::Canary(Canary::Moved { request, run, step }));
    }
    Ok(Some(events))
}

/// A delivery report that names the canary's answer.
fn bounced(office: &Office, message: &InboundMessage) -> Result<Option<Event>, Trouble> {
    let reader = office.sequencer.reader();
    let report = message.report.as_ref();
    let Some(id) = report.and_then(crate::mail::Report::original_id) else {
        return Ok(None);
    };
    let id = reader.fingerprinter().mail_id(id);
    for request in mark::BOTH {
        let Some(row) = reader.state().canary(request)? else {
            continue;
        };
        if row.answer.is_some_and(|(answer, ..)| answer == id) {
            let why = "the answer came back (a delivery report)".to_owned();
            let (run, step) = (row.run, CanaryStep::Failed { why });
            return Ok(Some(Event::Canary(Canary::Moved { request, run, step })));
        }
    }
    Ok(None)
}

/// The answer, frozen; or why there is none.
fn answered(
    office: &Office,
    house: &House,
    settings: &CanarySettings,
    read: &Read,
    message: &InboundMessage,
    request: RequestKind,
) -> Result<Result<CanaryStep, String>, Trouble> {
    let (now, reader) = (office.clock.now(), office.sequencer.reader());
    let contact = contact(house, &settings.address, now);
    let mut g = gather(office, house, read, message)?;
    as_canary(office, &mut g, &contact, now);
    let decision = decided(house, message, &g, now);
    let plan = match planned(&decision, request) {
        Ok(plan) => plan,
        Err(why) => return Ok(Err(why)),
    };
    let occasion = occasion(message, &g, &contact, request, now);
    let keys = reader.fingerprinter();
    let frozen = composing::write(house, plan, &occasion)
        .and_then(|letter| composing::freeze(house, keys, plan, &occasion, &letter, now, true));
    let frozen: FrozenLetter = match frozen {
        Ok(frozen) => frozen,
        Err(composing::Unwritten(why)) => {
            return Ok(Err(format!("the answer cannot be written (A8): {why}")));
        }
    };
    Ok(Ok(CanaryStep::Answered {
        content: g.arrival.content,
        rule: decision.rule,
        answer: keys.mail_id(&frozen.message_id),
        frozen: reader.seal(reader.allocate(KeyKind::Content)?, &frozen)?,
    }))
}

/// A prospect of whom there is something to tell, with an origin that can be named.
fn contact(house: &House, address: &Address, now: Timestamp) -> Contact {
    let settings = &house.config.register;
    let (from, why) = match house.config.policy.settings.default_language {
        Language::Fr => (
            "la configuration de cette installation",
            "vous êtes le compte témoin de cette installation",
        ),
        _ => (
            "the configuration of this installation",
            "you are the test account of this installation",
        ),
    };
    let day = composing::day(house, now).to_string();
    let origin = Origin {
        data: vec!["email".to_owned()],
        provider: settings.provider.first().map(|p| p.id.clone()),
        from: Some(from.to_owned()),
        date: Some(day),
        public: Some(false),
    };
    Contact {
        addresses: vec![address.clone()],
        country: Some(house.config.controller.country.clone()),
        relation: Some(Relation::Prospect),
        why: Some(why.to_owned()),
        origins: vec![origin],
        ..Contact::default()
    }
}

/// Whom it is about: the canary, of whom nothing is known but that.
fn as_canary(office: &Office, g: &mut Gathered, contact: &Contact, now: Timestamp) {
    let keys = office.keys();
    let facts = ContactFacts {
        relation: Relation::Prospect,
        freemail: false,
        sourced: true,
        campaign: None,
        owner: None,
        digest: [0; 16],
    };
    let known = contact.addresses.first().map(|address| Known {
        person: keys.person(address),
        row: Default::default(),
        contact: Some(ContactRow {
            facts,
            key: KeyId(u64::MAX),
            position: LogPosition::default(),
            stored: now,
        }),
        opened: Some(contact.clone()),
        fingerprints: Vec::new(),
        last_mailed: None,
    });
    let domain = g.who.domain.take();
    g.who = Who {
        from: known.clone(),
        token: known,
        dmarc_pass: g.who.dmarc_pass,
        one_of_us: g.who.one_of_us,
        domain,
        ..Who::default()
    };
    (g.history, g.sourced) = (History::default(), true);
}

/// The decision of the real core, live, with the firm's policy but for what waits for a human.
fn decided(house: &House, message: &InboundMessage, g: &Gathered, now: Timestamp) -> Decision {
    let has_template =
        |language, kind, answers: &[_]| gathering::has_template(house, language, kind, answers);
    let situation = request::Situation {
        message,
        gate: &g.gate,
        read: &g.read,
        arrival: g.arrival.clone(),
        house: request::House {
            mode: Mode::Live,
            activated: Some(g.arrival.written.plus_seconds(-1)),
            has_template: &has_template,
            systems_delivered: true,
            sourced: g.sourced,
        },
        who: g.who.clone(),
        history: g.history.clone(),
        ids: g.ids,
    };
    let mut policy: Policy = house.config.policy.clone();
    let own = &mut policy.settings;
    (own.stop, own.access, own.acknowledgement) =
        (Automation::Auto, Automation::Auto, Automation::Auto);
    own.stop_answer = StopAnswer::Always;
    request::decide(&situation, &policy, now)
}

/// The letter that leaves by itself and answers what was asked; or which rule has none.
fn planned(decision: &Decision, request: RequestKind) -> Result<&request::LetterPlan, String> {
    let (state, rule) = (decision.state, &decision.rule);
    let none = || format!("read, and not answered: {state} by rule {rule}");
    let plan = decision.letter.as_ref().ok_or_else(none)?;
    match plan.release {
        Release::Automatic { .. } if plan.answers == [request] => Ok(plan),
        Release::Automatic { .. } => Err(format!("read as something else than {request}")),
        _ => Err(none()),
    }
}

/// What the letter may know.
fn occasion<'a>(
    message: &'a InboundMessage,
    g: &'a Gathered,
    contact: &'a Contact,
    request: RequestKind,
    now: Timestamp,
) -> Occasion<'a> {
    let stopped = (Suppression::Suppressed, now);
    Occasion {
        contact: Some(contact),
        subject: &message.subject,
        references: message.message_id.iter().cloned().collect(),
        received: g.arrival.received,
        due: None,
        suppression: (request == RequestKind::Stop).then_some(stopped),
        systems: &[],
        recipients: &[],
        standing: Standing::NoSenders,
        mailbox: g.arrival.mailbox.as_ref(),
        mails: Vec::new(),
        code: None,
        extension: None,
        apology: None,
        postal: &[],
        now,
        neutral: false,
    }
}
