//! Turns a planned letter into frozen bytes: facts from the register and the case, the template, the linter, the headers.
//!
//! Whatever is missing or unclean holds the letter (A8) and never fails the message: obeying does not wait for a letter.

use super::elsewhere;
use super::house::{House, loop_value};
use super::notices::Standing;
use super::sources;
use crate::answer::{
    self, Channel, Envelope, Letter, LetterFacts, Line, MessageId, Submitted, Thread, compose,
    lint, mime,
};
use crate::delivery::{EnvelopeSender, bounce};
use crate::record::{
    Address, Contact, Fingerprinter, FrozenLetter, LetterKind, RecipientRow, RequestKind,
    Suppression, Timestamp,
};
use crate::register;
use crate::request::{Identity, LetterPlan};
use crate::sender;
use jiff::civil::Date;

/// What of the message and the person a letter needs.
pub struct Occasion<'a> {
    /// The person's row of the register, if it may be used in this letter.
    pub contact: Option<&'a Contact>,
    /// The subject of the message.
    pub subject: &'a str,
    /// Its Message-ID and the ids before it, oldest first.
    pub references: Vec<String>,
    /// When it arrived.
    pub received: Timestamp,
    /// When the requests are due.
    pub due: Option<Timestamp>,
    /// What holds for the person once this commit is made, and since when.
    pub suppression: Option<(Suppression, Timestamp)>,
    /// What happened in other systems: for which request, where, in which words.
    pub systems: &'a [(RequestKind, String, String)],
    /// Recipients of data, and what each was told and said.
    pub recipients: &'a [RecipientRow],
    /// How the tools that send stand to the person.
    pub standing: Standing,
    /// The mailbox that was written to.
    pub mailbox: Option<&'a Address>,
    /// The mails that the person was sent, for an access letter: date, and the subject where a reply tells it.
    pub mails: Vec<(Timestamp, Option<String>)>,
    /// The code that this letter carries, and until when it counts (B8).
    pub code: Option<(String, Timestamp)>,
    /// Why it takes longer, and until when (Art. 12(3)).
    pub extension: Option<(String, Timestamp)>,
    /// Mails after a suppression, and whether the person had asked for none.
    pub apology: Option<(Vec<Timestamp>, bool)>,
    /// The lines of the postal address, for a letter on paper.
    pub postal: &'a [String],
    /// The moment at which the letter is written.
    pub now: Timestamp,
    /// No name, no register data: the reader may not be the person (B9).
    pub neutral: bool,
}

/// Why it stays a draft: rule A8, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwritten(pub String);

/// The day of a moment in the controller's zone.
pub(in crate::service) fn day(house: &House, at: Timestamp) -> Date {
    house.config.policy.calendar.day(at)
}

/// Writes the letter and reads it with the linter's eyes.
pub fn write(
    house: &House,
    plan: &LetterPlan,
    occasion: &Occasion<'_>,
) -> Result<Letter, Unwritten> {
    let parts = super::gathering::parts_of(plan.kind, &plan.answers);
    if parts.contains(&answer::Part::Erasure) {
        elsewhere::kept(house, plan.language)?;
    }
    let facts = facts(house, plan, occasion);
    let letter = compose(&house.templates, &parts, &facts);
    let letter = letter.map_err(|e| Unwritten(e.to_string()))?;
    let findings = lint(&letter, &facts, &parts);
    match findings.first() {
        None => Ok(letter),
        Some(first) => Err(Unwritten(match findings.len() {
            1 => format!("{first}: {}", first.advice()),
            many => format!("{first}: {} ({many} findings)", first.advice()),
        })),
    }
}

/// Whether no human need see it first: a copy that does not tell of each datum where it comes from leaves only as a human
/// approved it (Art. 15(1)(g)).
pub fn may_leave_alone(
    house: &House,
    plan: &LetterPlan,
    occasion: &Occasion<'_>,
) -> Result<(), Unwritten> {
    let copied = plan.answers.contains(&RequestKind::Access);
    let contact = occasion.contact.filter(|_| copied);
    let rules = &house.config.register.origin;
    match contact.and_then(|c| register::origins_for(c, rules).err()) {
        None => Ok(()),
        Some(why) => Err(Unwritten(why.to_string())),
    }
}

/// What the letter may say: only what is known now.
pub fn facts(house: &House, plan: &LetterPlan, occasion: &Occasion<'_>) -> LetterFacts {
    let language = plan.language;
    let contact = occasion
        .contact
        .filter(|_| !occasion.neutral && !plan.neutral);
    let mut person = answer::Person::of(&reached(plan, occasion));
    person.salutation = contact
        .and_then(Contact::formal_name)
        .map(|n| Line::new(&n));
    let why = contact.and_then(|c| register::why_for(c, &house.config.register.origin));
    let told = contact.map(|c| sources::told(house, c, plan, day(house, occasion.now)));
    let (origins, providers) = told.unwrap_or_default();
    // An acknowledgement names what is answered later; what is answered at once stands in the letter already.
    let requests = match plan.announces.is_empty() {
        true => plan.answers.clone(),
        false => plan.announces.clone(),
    };
    let last_day = |(text, at): &(String, Timestamp)| (Line::new(text), day(house, *at));
    LetterFacts {
        language,
        controller: house.config.controller.facts(language),
        person,
        case: answer::Case {
            reference: Line::new(&plan.letter.case.to_string()),
            received_on: day(house, occasion.received),
            due_on: occasion.due.map(|d| day(house, d)),
        },
        requests,
        suppression: suppression(house, plan.kind, occasion),
        origins,
        providers,
        processing: house.config.processing.facts(language, why.as_deref()),
        copy: contact.map(|c| copy(house, c, occasion)),
        erased: (plan.answers.contains(&RequestKind::Erasure))
            .then(|| elsewhere::erased(house, occasion, language)),
        identity: (occasion.code.as_ref().map(last_day))
            .map(|(code, expires_on)| answer::IdentityCode { code, expires_on }),
        extension: (occasion.extension.as_ref().map(last_day))
            .map(|(reason, due_on)| answer::Extension { reason, due_on }),
        apology: (occasion.apology.as_ref()).map(|mails| apology(house, mails)),
        thread: Thread {
            subject: Line::new(occasion.subject),
        },
    }
}

/// Where the letter goes: an address, or the lines of a postal one.
fn reached(plan: &LetterPlan, occasion: &Occasion<'_>) -> String {
    let by_mail = plan.to.as_ref().map(|a| a.as_str().to_owned());
    by_mail.unwrap_or_else(|| occasion.postal.join(", "))
}

/// What may be said of the suppression: that it is done, only where everybody who sends has obeyed.
fn suppression(
    house: &House,
    kind: LetterKind,
    occasion: &Occasion<'_>,
) -> Option<answer::Suppression> {
    let (state, since) = occasion.suppression?;
    let since = day(house, since);
    Some(match &occasion.standing {
        // Something did send; without a tool that obeys, nothing proves that it has stopped.
        Standing::NoSenders if kind == LetterKind::Apology => {
            answer::Suppression::on_its_way(state, since)
        }
        Standing::NoSenders => answer::Suppression::obeyed(state, since, vec![Channel::Email]),
        Standing::Obeyed(channels) => {
            let channels = channels.iter().map(channel).collect();
            answer::Suppression::obeyed(state, since, channels)
        }
        Standing::OnTheWay | Standing::NotTold => answer::Suppression::on_its_way(state, since),
    })
}

/// The days of the mails, each once.
fn apology(house: &House, (mails, asked): &(Vec<Timestamp>, bool)) -> answer::Apology {
    let mut mails: Vec<Date> = mails.iter().map(|at| day(house, *at)).collect();
    mails.sort_unstable();
    mails.dedup();
    answer::Apology {
        mails,
        asked: *asked,
    }
}

/// A way that a sender closed, as letters name it.
fn channel(closed: &sender::Channel) -> Channel {
    match closed {
        sender::Channel::Email => Channel::Email,
        sender::Channel::Phone => Channel::Phone,
        sender::Channel::Linkedin => Channel::Linkedin,
    }
}

/// The copy of Art. 15(3).
fn copy(house: &House, contact: &Contact, occasion: &Occasion<'_>) -> answer::Copy {
    let mails = occasion.mails.iter();
    answer::Copy {
        fields: fields(contact),
        mails: mails
            .map(|(at, subject)| answer::PastMail {
                date: day(house, *at),
                subject: subject.as_deref().map(Line::whole),
            })
            .collect(),
        systems: elsewhere::systems(occasion, RequestKind::Access),
    }
}

/// The register's row as an access letter shows it; labels are the columns' own words.
fn fields(c: &Contact) -> Vec<answer::Field> {
    let mut all: Vec<(&str, String)> = Vec::new();
    all.extend(c.addresses.iter().map(|a| ("email", a.as_str().to_owned())));
    let relation = c.relation.map(|r| r.to_string());
    let language = c.language.map(|l| l.to_string());
    let single = [
        ("civility", &c.civility),
        ("first_name", &c.first_name),
        ("last_name", &c.last_name),
        ("role", &c.role),
        ("firm", &c.firm),
        ("country", &c.country),
        ("language", &language),
        ("phone", &c.phone),
        ("profile", &c.profile_url),
        ("crm_id", &c.crm_id),
        ("relation", &relation),
        ("owner", &c.owner),
        ("campaign", &c.campaign),
        ("basis", &c.basis),
        ("why", &c.why),
    ];
    all.extend(
        single
            .into_iter()
            .filter_map(|(label, value)| Some((label, value.clone()?))),
    );
    let mut fields: Vec<answer::Field> = all
        .into_iter()
        .map(|(label, value)| answer::Field {
            label: Line::new(label),
            value: Line::whole(&value),
        })
        .collect();
    let extra = c.extra.iter().map(|(k, v)| answer::Field {
        label: Line::new(k),
        value: Line::whole(v),
    });
    fields.extend(extra);
    fields
}

/// Freezes a composed letter: from now on the same bytes, under a Message-ID that was certain before.
pub fn freeze(
    house: &House,
    keys: &Fingerprinter,
    plan: &LetterPlan,
    occasion: &Occasion<'_>,
    letter: &Letter,
    now: Timestamp,
    automatic: bool,
) -> Result<FrozenLetter, Unwritten> {
    let to = by_mail(plan)?;
    let from = sender(house, plan, occasion);
    let message_id = plan.letter.message_id(keys, from.domain());
    let own = MessageId::parse(&message_id)
        .ok_or_else(|| Unwritten("our Message-ID is malformed".into()))?;
    let mut references: Vec<MessageId> = occasion
        .references
        .iter()
        .filter_map(|id| MessageId::parse(id))
        .collect();
    references.dedup();
    let name = match plan.identity {
        Identity::Mailbox => &house.config.controller.name,
        Identity::Privacy => &house.config.controller.legal_name,
    };
    let envelope = Envelope {
        from_name: Line::new(name),
        from: from.clone(),
        to,
        reply_to: house.config.reply_to(&from, occasion.mailbox).cloned(),
        in_reply_to: references.last().cloned(),
        references,
        message_id: own,
        date: now,
        submitted: match automatic {
            true => Submitted::Replied,
            false => Submitted::ByHuman,
        },
        loop_value: loop_value(keys, &message_id),
    };
    let bytes = mime(&envelope, letter).map_err(|e| Unwritten(e.to_string()))?;
    let mail_from = mail_from(house, keys, plan, &from);
    Ok(FrozenLetter {
        mail_from,
        rcpt_to: envelope.to.as_str().to_owned(),
        message_id,
        subject: letter.subject.clone(),
        bytes,
        replies_to: occasion.references.last().cloned(),
    })
}

fn by_mail(plan: &LetterPlan) -> Result<Address, Unwritten> {
    let printed = || Unwritten("it is printed, and not sent".into());
    plan.to.clone().ok_or_else(printed)
}

/// MAIL FROM: where a bounce comes back to.
fn mail_from(house: &House, keys: &Fingerprinter, plan: &LetterPlan, from: &Address) -> String {
    let smtp = &house.config.smtp;
    match smtp.envelope_sender {
        EnvelopeSender::Mailbox => from.as_str().to_owned(),
        EnvelopeSender::Null => String::new(),
        EnvelopeSender::BounceToken => smtp
            .bounce_address
            .as_ref()
            .and_then(|base| bounce::address(keys, base, plan.letter))
            .map_or_else(|| from.as_str().to_owned(), |a| a.as_str().to_owned()),
    }
}

/// In whose name: a STOP from the mailbox that was written to, unless that closes; the rest from the privacy address.
fn sender(house: &House, plan: &LetterPlan, occasion: &Occasion<'_>) -> Address {
    let config = &house.config;
    match (plan.identity, occasion.mailbox) {
        (Identity::Mailbox, Some(address)) => {
            let stays = !config.closing(address);
            stays.then(|| address.clone())
        }
        (Identity::Mailbox, None) => config.first_mailbox().map(|m| m.address.clone()),
        (Identity::Privacy, _) => None,
    }
    .unwrap_or_else(|| house.config.controller.privacy_email.clone())
}
