//! Looks up everything that a decision needs: who wrote, whom it is about, what happened before.
//!
//! The look-ups see what is committed; what comes between is caught by the decision's expectations. Nothing is decided here.

use super::digest;
use super::house::{House, Office};
use super::identity;
use super::people::{domain, forwarded, known, named, opened, reported};
use super::tokens;
use crate::answer::Part;
use crate::intent::understand;
use crate::mail::{self, Dmarc, InboundMessage, Writer};
use crate::mailbox::Fetched;
use crate::record::{
    Address, CaseId, ContentKey, Damaged, FolderId, FolderRole, KeyId, KeyKind, Language,
    LetterKind, Location, Mode, RequestKind, State, Timestamp, hour_key,
};
use crate::register;
use crate::request::{self, Arrival, Decision, FreshIds, History, Known, Who};
use crate::store::{KeyError, ReadError, Reader};

/// Why a message cannot be decided now; all of these are the store's trouble, never the message's.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The index.
    #[error(transparent)]
    Index(#[from] Damaged),
    /// A key could not be made or used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// No random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

impl Trouble {
    /// Whether it may be over in a while, since the disk did not answer. What is damaged stays so.
    pub(super) fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Random | Self::Key(KeyError::Io(_)) | Self::Log(ReadError::Io(_))
        )
    }
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
    let (thread, letter) = request::evidence(&state, keys, message)?;
    let arrival = arrival(reader, house, read, message)?;
    let sender = message
        .from
        .as_ref()
        .map(|a| known(reader, a))
        .transpose()?;
    let answers_ours = !thread.is_empty() || letter.is_some();
    let circumstances = mail::Circumstances {
        answers_digest: digest::ids::is_answered_by(reader.fingerprinter(), message),
        ..circumstances(&state, &arrival, sender.as_ref(), answers_ours, now)?
    };
    let gate = mail::gate(message, &house.gate, &circumstances);
    let who = who(reader, house, message, read.received, (sender, thread))?;
    let mut history = history(&state, &arrival, &who, letter.map(|(id, _)| id.case), now)?;
    let known = history.thread_case.iter().chain(&history.open).cloned();
    history.identified = identity::carried(reader, message, known, now)?;
    let person = who.token.iter().chain(&who.thread).chain(&who.from).next();
    let contact = person.and_then(|k| k.opened.as_ref());
    let rules = &house.config.register.origin;
    let mode = state.mode()?;
    let (gate, read) = understand(&house.reader, message, gate);
    Ok(Gathered {
        gate,
        read,
        sourced: contact.is_some_and(|c| register::origins_for(c, rules).is_ok()),
        mode: mode.map_or((Mode::Shadow, None), |m| (m.mode, Some(m.since))),
        ids: fresh_ids()?,
        arrival,
        who,
        history,
    })
}

/// Where and when, and under which keyed names it will be known.
fn arrival(
    reader: &Reader,
    house: &House,
    read: &Read,
    message: &InboundMessage,
) -> Result<Arrival, Trouble> {
    let keys = reader.fingerprinter();
    let mut mailboxes = house.config.mailboxes.iter();
    Ok(Arrival {
        content: keys.content(
            message
                .from
                .as_ref()
                .map(Address::as_str)
                .unwrap_or_default(),
            message.message_id.as_deref().unwrap_or_default(),
            &format!("{}\n{}", message.subject, message.fresh.text),
        ),
        location: read.location,
        mail: message.message_id.as_deref().map(|id| keys.mail_id(id)),
        role: read.role,
        mailbox: mailboxes
            .find(|m| *m.name == *read.mailbox)
            .map(|m| m.address.clone()),
        received: read.received,
        written: written(message, read.received),
        words: fold_words(keys.keyed("words", &[message.fresh.text.as_bytes()])),
        reread: reread(&reader.state(), read)?,
    })
}

/// What the gate must know from outside the message.
fn circumstances(
    state: &State<'_>,
    arrival: &Arrival,
    sender: Option<&Known>,
    answers_ours: bool,
    now: Timestamp,
) -> Result<mail::Circumstances, Trouble> {
    let ours = arrival
        .mail
        .map(|id| state.letter_by_mail(id))
        .transpose()?
        .flatten();
    let spoke = sender.and_then(|k| k.row.spoke);
    let last_letter = sender.and_then(|k| k.row.last_letter);
    Ok(mail::Circumstances {
        received: arrival.received,
        in_junk: arrival.role == FolderRole::Junk,
        is_our_message: ours.is_some(),
        answers_digest: false,
        answers_ours,
        same_text_before: spoke.is_some_and(|(words, _)| words == arrival.words),
        seconds_since_letter: last_letter.map(|at| now.millis_since(at) / 1000),
        spam_flag: false,
    })
}

/// Who wrote, and whom it is about (B1).
fn who(
    reader: &Reader,
    house: &House,
    message: &InboundMessage,
    received: Timestamp,
    (sender, thread): (Option<Known>, Vec<Known>),
) -> Result<Who, Trouble> {
    let (named_by_token, unsubscribe) = tokens::named(reader, house, message, received)?;
    let look_up = |p| request::look_up(&reader.state(), p, Vec::new());
    let authserv_id = house.gate.authserv_id.as_deref();
    let one_of_us = mail::who(message, &house.gate) == Writer::OneOfUs;
    Ok(Who {
        token: match named_by_token {
            Some(person) => Some(opened(reader, look_up(person)?)?),
            None => None,
        },
        unsubscribe,
        thread: thread
            .into_iter()
            .map(|k| opened(reader, k))
            .collect::<Result<_, _>>()?,
        dmarc_pass: mail::authentication(&message.signs, authserv_id).dmarc == Some(Dmarc::Pass),
        one_of_us,
        forwarded: if one_of_us {
            forwarded(reader, house, message)?
        } else {
            None
        },
        reported: reported(reader, message)?,
        named: named(message),
        domain: message
            .from
            .as_ref()
            .map(|a| domain(reader, a))
            .transpose()?,
        from: sender,
    })
}

/// C7: after UIDVALIDITY changed, what is older than the newest message already decided was perhaps answered before.
fn reread(state: &State<'_>, read: &Read) -> Result<bool, Damaged> {
    let folder = state.folder(read.location.folder)?;
    Ok(folder
        .and_then(|f| f.reread_until)
        .is_some_and(|until| read.received <= until))
}

fn fold_words(mac: [u8; 32]) -> u64 {
    u64::from_le_bytes([
        mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], mac[6], mac[7],
    ])
}

fn history(
    state: &State<'_>,
    arrival: &Arrival,
    who: &Who,
    thread_case: Option<CaseId>,
    now: Timestamp,
) -> Result<History, Trouble> {
    let (content, mail) = (arrival.content, arrival.mail);
    let same_mail = match mail.map(|m| state.inbound(m)).transpose()?.flatten() {
        Some(other) if other != content => state.message(other)?,
        _ => None,
    };
    let people = who.token.iter().chain(&who.thread).chain(&who.from);
    let open = people.flat_map(|k| k.row.open.iter().copied());
    Ok(History {
        same_content: state.message(content)?,
        same_mail,
        thread_case: request::cases_of(state, thread_case)?.into_iter().next(),
        open: request::cases_of(state, open)?,
        identified: None,
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

/// A reference that nobody can guess.
pub fn fresh_case() -> Result<CaseId, Trouble> {
    let mut random = [0u8; 8];
    getrandom::fill(&mut random).map_err(|_| Trouble::Random)?;
    Ok(CaseId::from_bits(u64::from_le_bytes(random)))
}

fn fresh_ids() -> Result<FreshIds, Trouble> {
    Ok(FreshIds {
        case: fresh_case()?,
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

/// Nothing is sealed with a key that an erasure destroyed: the text is not kept, and is fetched from the mailbox when a
/// reviewer looks. The message itself is decided like any other (promise 1).
pub fn forget_erased(reader: &Reader, decision: &mut Decision) -> Result<(), Trouble> {
    let old = decision.case.as_ref().is_none_or(|c| !c.new);
    if let Some(kept) = decision.kept.as_ref().filter(|_| old)
        && reader.is_erased(kept.key)?
    {
        decision.kept = None;
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
    // A letter that says nothing of one of its requests would not answer it.
    let all_said = answers.iter().all(|k| Part::answering(*k).is_some());
    all_said
        && !parts.is_empty()
        && parts
            .iter()
            .all(|p| house.templates.has(language, p.word()))
}

/// The parts of a letter: what it answers; an acknowledgement comes with what is answered at once (a STOP).
pub fn parts_of(kind: LetterKind, answers: &[RequestKind]) -> Vec<Part> {
    let mut parts: Vec<Part> = answers.iter().filter_map(|k| Part::answering(*k)).collect();
    match kind {
        LetterKind::Acknowledgement => parts.push(Part::Acknowledgement),
        LetterKind::Identity => return vec![Part::Identity],
        LetterKind::Extension => return vec![Part::Extension],
        LetterKind::Apology => return vec![Part::Apology],
        LetterKind::Answer | LetterKind::Digest => {}
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
