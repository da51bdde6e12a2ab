//! Looks up everything that a decision needs: who wrote, whom it is about, what happened before.
//!
//! The look-ups see what is committed; what comes between is caught by the decision's expectations. Nothing is decided here.

use super::house::{House, Office};
use crate::answer::Part;
use crate::intent::Question;
use crate::mail::{self, Dmarc, InboundMessage, Report, Writer};
use crate::mailbox::Fetched;
use crate::record::{
    Address, CaseId, Contact, ContentKey, Damaged, Event, FolderId, FolderRole, KeyId, KeyKind,
    Language, LetterKind, Location, Mode, RequestKind, State, Timestamp, hour_key,
    is_freemail_domain,
};
use crate::register;
use crate::request::{
    self, Arrival, Decision, Domain, Forwarded, FreshIds, History, Known, Reported, Who,
};
use crate::store::Reader;

/// Contacts of a domain that are looked at before a domain is proposed (B5).
const DOMAIN_SAMPLE: usize = 1_000;

/// Why a message cannot be decided now; all of these are the store's trouble, never the message's.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The index.
    #[error(transparent)]
    Index(#[from] Damaged),
    /// A key could not be made or used.
    #[error(transparent)]
    Key(#[from] crate::store::KeyError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] crate::store::ReadError),
    /// No random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

/// A message that was read, before anything was looked up for the decision.
pub struct Read {
    /// Where it lies.
    pub location: Location,
    /// The role of its folder.
    pub role: FolderRole,
    /// The mailbox of ours, by name.
    pub mailbox: std::sync::Arc<str>,
    /// INTERNALDATE.
    pub received: Timestamp,
    /// What was read, or why not.
    pub message: Result<InboundMessage, mail::Unreadable>,
}

/// Where a fetched message lies.
pub fn location(f: &Fetched) -> Location {
    Location {
        folder: FolderId::of(&f.mailbox, &f.folder),
        uidvalidity: f.uidvalidity,
        uid: f.uid,
    }
}

/// The store's word for a folder's role.
pub fn role(role: crate::mailbox::FolderRole) -> FolderRole {
    match role {
        crate::mailbox::FolderRole::Junk => FolderRole::Junk,
        crate::mailbox::FolderRole::Sent => FolderRole::Sent,
        _ => FolderRole::Inbound,
    }
}

/// Lines of mails that we sent, from the index. A damaged index says "not ours": text stays fresh rather than vanishing.
pub struct OurLines<'r>(pub &'r Reader);

impl mail::OurLines for OurLines<'_> {
    fn is_ours(&self, line_hash: u32) -> bool {
        self.0.state().is_our_line(line_hash).unwrap_or(false)
    }
}

/// The earliest of INTERNALDATE, Date and topmost Received; a date in the future says nothing.
pub fn written(read: &InboundMessage, received: Timestamp) -> Timestamp {
    let known = [read.date, read.last_received];
    known.into_iter().flatten().fold(received, std::cmp::min)
}

/// Everything about one message that the decision needs, owned.
pub struct Gathered {
    /// The gate's word.
    pub gate: mail::Gate,
    /// What was understood.
    pub read: crate::intent::Classification,
    /// Where and when.
    pub arrival: Arrival,
    /// Who.
    pub who: Who,
    /// What happened before.
    pub history: History,
    /// New ids.
    pub ids: FreshIds,
    /// What leaves, and since when.
    pub mode: (Mode, Option<Timestamp>),
    /// Whether every datum of the person has a proved origin.
    pub sourced: bool,
}

/// Gathers it.
pub fn gather(
    office: &Office,
    house: &House,
    read: &Read,
    message: &InboundMessage,
) -> Result<Gathered, Trouble> {
    let reader = office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let now = office.clock.now();
    let from = message.from.as_ref();
    let words = fold_words(keys.keyed("words", &[message.fresh.text.as_bytes()]));
    let sender = from.map(|a| known(reader, a)).transpose()?;
    let (thread, thread_letter) = request::evidence(&state, keys, message)?;
    let mail_id = message.message_id.as_deref().map(|id| keys.mail_id(id));
    let circumstances = mail::Circumstances {
        in_junk: read.role == FolderRole::Junk,
        is_our_message: mail_id
            .map(|id| state.letter_by_mail(id))
            .transpose()?
            .flatten()
            .is_some(),
        answers_ours: !thread.is_empty() || thread_letter.is_some(),
        same_text_before: sender
            .as_ref()
            .is_some_and(|k| k.row.spoke.is_some_and(|(w, _)| w == words)),
        seconds_since_letter: sender
            .as_ref()
            .and_then(|k| k.row.last_letter)
            .map(|at| now.millis_since(at) / 1000),
        spam_flag: false,
    };
    let gate = mail::gate(message, &house.gate, &circumstances);
    let classification = understand(house, message, &gate);
    let content = keys.content(
        from.map(Address::as_str).unwrap_or_default(),
        message.message_id.as_deref().unwrap_or_default(),
        &format!("{}\n{}", message.subject, message.fresh.text),
    );
    let mut who = Who {
        token: None,
        unsubscribe: addressed(message).any(|a| (house.gate.unsubscribe_token)(a)),
        thread: thread
            .into_iter()
            .map(|k| opened(reader, k))
            .collect::<Result<_, _>>()?,
        dmarc_pass: mail::authentication(&message.signs, house.gate.authserv_id.as_deref()).dmarc
            == Some(Dmarc::Pass),
        one_of_us: mail::who(message, &house.gate) == Writer::OneOfUs,
        forwarded: None,
        reported: reported(reader, message)?,
        named: named(message),
        domain: from.map(|a| domain(reader, a)).transpose()?,
        from: sender,
    };
    if who.one_of_us {
        who.forwarded = forwarded(reader, house, message)?;
    }
    let history = history(
        &state,
        message,
        &who,
        thread_letter.map(|(id, _)| id.case),
        content,
        mail_id,
        now,
    )?;
    let person = who.thread.first().or(who.from.as_ref());
    let contact = person.and_then(|k| k.opened.as_ref());
    let sourced =
        contact.is_some_and(|c| register::origins_for(c, &house.config.register.origin).is_ok());
    let mode = state.mode()?;
    Ok(Gathered {
        arrival: Arrival {
            content,
            location: read.location,
            mail: mail_id,
            role: read.role,
            mailbox: house
                .config
                .mailboxes
                .iter()
                .find(|m| *m.name == *read.mailbox)
                .map(|m| m.address.clone()),
            received: read.received,
            written: written(message, read.received),
            words,
            reread: reread(&state, read)?,
        },
        gate,
        read: classification,
        who,
        history,
        ids: fresh_ids()?,
        mode: mode.map_or((Mode::Shadow, None), |m| (m.mode, Some(m.since))),
        sourced,
    })
}

/// C7: after UIDVALIDITY changed, what is older than the newest message already decided was perhaps answered before.
fn reread(state: &State<'_>, read: &Read) -> Result<bool, Damaged> {
    let folder = state.folder(read.location.folder)?;
    Ok(folder
        .and_then(|f| f.reread_until)
        .is_some_and(|until| read.received <= until))
}

/// Reads the fresh text with the lexicons.
fn understand(
    house: &House,
    message: &InboundMessage,
    gate: &mail::Gate,
) -> crate::intent::Classification {
    let elided: Vec<&str> = message
        .fresh
        .elided
        .iter()
        .map(|e| e.text.as_str())
        .collect();
    house.reader.read(&Question {
        fresh: &message.fresh.text,
        subject: &message.subject,
        subject_is_reply: !message.in_reply_to.is_empty() || is_reply(&message.subject),
        elided: &elided.join("\n"),
        automatic: gate.reading == crate::record::Reading::Note,
        from: message
            .from
            .as_ref()
            .map(Address::as_str)
            .unwrap_or_default(),
    })
}

/// Whether a subject begins with a reply mark of any language.
pub fn is_reply(subject: &str) -> bool {
    let head: String = subject
        .trim_start()
        .chars()
        .take_while(|c| *c != ':')
        .take(6)
        .collect();
    let head = head.to_lowercase();
    [
        "re", "aw", "sv", "vs", "odp", "rv", "r", "antw", "ynt", "res", "ref", "tr", "réf",
    ]
    .contains(&head.trim())
        && subject.contains(':')
}

fn addressed(message: &InboundMessage) -> impl Iterator<Item = &Address> {
    message
        .to
        .iter()
        .chain(&message.cc)
        .chain(&message.delivered_to)
}

fn fold_words(mac: [u8; 32]) -> u64 {
    u64::from_le_bytes([
        mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], mac[6], mac[7],
    ])
}

/// The person behind an address, with the register's row opened.
pub fn known(reader: &Reader, address: &Address) -> Result<Known, Trouble> {
    let known = request::known(&reader.state(), reader.fingerprinter(), address)?;
    opened(reader, known)
}

fn opened(reader: &Reader, mut known: Known) -> Result<Known, Trouble> {
    known.opened = contact(reader, known.contact.as_ref())?;
    Ok(known)
}

/// Opens a row of the register; `None` once it was erased.
pub fn contact(
    reader: &Reader,
    row: Option<&crate::record::ContactRow>,
) -> Result<Option<Contact>, Trouble> {
    let Some(row) = row else { return Ok(None) };
    match reader.event(row.position)? {
        Event::ContactStored { contact, .. } => Ok(reader.open_sealed(&contact)?),
        _ => Ok(None),
    }
}

fn domain(reader: &Reader, address: &Address) -> Result<Domain, Trouble> {
    let fingerprint = reader.fingerprinter().of_domain(address.domain());
    let suppression = reader.state().domain(&fingerprint)?;
    let freemail = is_freemail_domain(address.domain());
    let (contacts, not_prospects) = (0, 0);
    Ok(Domain {
        name: address.domain().to_owned(),
        fingerprint,
        freemail,
        suppression,
        contacts,
        not_prospects,
    })
}

/// B5: how much of the register a domain is; opened contact by contact, so asked only when somebody speaks for a firm.
pub fn count_domain(reader: &Reader, domain: &mut Domain) -> Result<(), Trouble> {
    for (_, row) in reader.state().contacts(None, DOMAIN_SAMPLE)? {
        let Some(contact) = contact(reader, Some(&row))? else {
            continue;
        };
        if contact.addresses.iter().any(|a| a.domain() == domain.name) {
            domain.contacts += 1;
            domain.not_prospects +=
                u64::from(row.facts.relation != crate::record::Relation::Prospect);
        }
    }
    Ok(())
}

fn reported(reader: &Reader, message: &InboundMessage) -> Result<Vec<Reported>, Trouble> {
    let state = reader.state();
    let letter_of = |id: &Option<String>| -> Result<_, Trouble> {
        let Some(id) = id else { return Ok(None) };
        let Some(letter) = state.letter_by_mail(reader.fingerprinter().mail_id(id))? else {
            return Ok(None);
        };
        Ok(state.letter(letter)?.map(|row| (letter, row)))
    };
    match &message.report {
        Some(Report::Delivery {
            recipients,
            original_id,
        }) => {
            let letter = letter_of(original_id)?;
            let named = recipients
                .iter()
                .filter_map(|r| Some((r, r.recipient.as_ref()?)));
            named
                .map(|(r, address)| {
                    let (failed, status) = (r.failed, r.status.clone());
                    Ok(Reported {
                        known: known(reader, address)?,
                        letter: letter.clone(),
                        failed,
                        status,
                    })
                })
                .collect()
        }
        Some(Report::Feedback {
            recipient: Some(address),
            original_id,
        }) => Ok(vec![Reported {
            known: known(reader, address)?,
            letter: letter_of(original_id)?,
            failed: true,
            status: String::new(),
        }]),
        _ => Ok(Vec::new()),
    }
}

/// Other addresses in the fresh text, each with the line in which it stands.
fn named(message: &InboundMessage) -> Vec<(Address, String)> {
    let mut found: Vec<(Address, String)> = Vec::new();
    for line in message.fresh.text.lines() {
        let words = line.split(|c: char| c.is_whitespace() || "<>()[],;:\"«»".contains(c));
        for word in words.filter(|w| w.contains('@')) {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            if let Ok(address) = Address::parse(bare)
                && Some(&address) != message.from.as_ref()
                && found.len() < 20
                && !found.iter().any(|(a, _)| *a == address)
            {
                found.push((address, line.trim().chars().take(200).collect()));
            }
        }
    }
    found
}

/// B6: what a colleague forwarded, by the header block of the forwarded mail.
fn forwarded(
    reader: &Reader,
    house: &House,
    message: &InboundMessage,
) -> Result<Option<Forwarded>, Trouble> {
    let Some(inner) = message
        .fresh
        .elided
        .iter()
        .find(|e| e.kind == mail::ElidedKind::Forwarded)
    else {
        return Ok(None);
    };
    let address = inner.text.lines().take(8).find_map(|line| {
        let (_, value) = line.split_once(':')?;
        value
            .split(['<', '>', ' ', '[', ']', '"'])
            .find_map(|w| Address::parse(w).ok())
    });
    let from = address.filter(|a| !house.gate.own_domains.iter().any(|d| d == a.domain()));
    let body = inner
        .text
        .split_once("\n\n")
        .map_or(inner.text.as_str(), |(_, body)| body);
    let understood = house.reader.read(&Question {
        fresh: body,
        subject: "",
        subject_is_reply: true,
        elided: "",
        automatic: false,
        from: from.as_ref().map(Address::as_str).unwrap_or_default(),
    });
    Ok(Some(Forwarded {
        known: from.as_ref().map(|a| known(reader, a)).transpose()?,
        from,
        kinds: understood.requests.iter().map(|f| f.kind).collect(),
    }))
}

fn history(
    state: &State<'_>,
    message: &InboundMessage,
    who: &Who,
    thread_case: Option<CaseId>,
    content: ContentKey,
    mail: Option<crate::record::MailIdHash>,
    now: Timestamp,
) -> Result<History, Trouble> {
    let same_mail = match mail.map(|m| state.inbound(m)).transpose()?.flatten() {
        Some(other) if other != content => state.message(other)?,
        _ => None,
    };
    let people = who.thread.iter().chain(&who.from);
    let open = people.flat_map(|k| k.row.open.iter().copied());
    let _ = message;
    Ok(History {
        same_content: state.message(content)?,
        same_mail,
        thread_case: request::cases_of(state, thread_case)?.into_iter().next(),
        open: request::cases_of(state, open)?,
        answered_by_hand: mail
            .map(|m| state.answered_by_hand(m))
            .transpose()?
            .flatten()
            .is_some(),
        letters_this_hour: state.tally(&hour_key(now))?.count,
        domain_letters: match &who.domain {
            Some(domain) => state.tally(&domain.fingerprint.0)?.at,
            None => Vec::new(),
        },
    })
}

/// Stand in a decision until it is known that it opens a case: keys are made only for cases, not for every message.
const CONTENT_KEY: KeyId = KeyId(u64::MAX);
const PROOF_KEY: KeyId = KeyId(u64::MAX - 1);

fn fresh_ids() -> Result<FreshIds, Trouble> {
    let mut random = [0u8; 8];
    getrandom::fill(&mut random).map_err(|_| Trouble::Random)?;
    let case = CaseId::from_bits(u64::from_le_bytes(random));
    Ok(FreshIds {
        case,
        content_key: CONTENT_KEY,
        proof_key: PROOF_KEY,
    })
}

/// Gives a decision that opens a case keys of its own.
pub fn make_keys(reader: &Reader, decision: &mut Decision) -> Result<(), Trouble> {
    let Some(case) = decision.case.as_mut().filter(|c| c.new) else {
        return Ok(());
    };
    case.content_key = reader.allocate(KeyKind::Content)?;
    case.proof_key = reader.allocate(KeyKind::Proof)?;
    if let Some(kept) = decision.kept.as_mut().filter(|k| k.key == CONTENT_KEY) {
        kept.key = case.content_key;
    }
    Ok(())
}

/// Whether there is a template for every part of such a letter.
pub fn has_template(
    house: &House,
    language: Language,
    kind: LetterKind,
    answers: &[RequestKind],
) -> bool {
    let parts = parts_of(kind, answers);
    !parts.is_empty()
        && parts
            .iter()
            .all(|p| house.templates.has(language, p.word()))
}

/// The parts of a letter: what it answers; an acknowledgement comes with what is answered at once (a STOP).
pub fn parts_of(kind: LetterKind, answers: &[RequestKind]) -> Vec<Part> {
    let mut parts: Vec<Part> = answers.iter().filter_map(|k| Part::answering(*k)).collect();
    if kind == LetterKind::Acknowledgement {
        parts.push(Part::Acknowledgement);
    }
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// How a message without a content of its own is named: by its bytes.
pub fn digest_key(digest: &[u8; 32]) -> ContentKey {
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    ContentKey(short)
}
