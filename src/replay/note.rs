//! What is remembered of one message between reading it and telling the whole: enough to decide it, and none of its text but the deciding words.
//!
//! Reading takes hours and may be interrupted; deciding needs the order of time, in which no mailbox is read. So each message
//! leaves a note. Of a message that asks nothing, the note holds who wrote, when, and in which thread.

use super::patterns;
use crate::intent::{Classification, Reader};
use crate::mail::{self, Gate, House, InboundMessage, OurLines};
use crate::record::{Address, Reading, RequestKind, RuleId, Timestamp, UidSet, Verdict};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Ids of a thread that are kept.
const THREAD: usize = 20;
/// Lines of one sent mail that are remembered.
const LINES: usize = 200;
/// Letters of the deciding words that are kept.
const WORDS: usize = 160;

/// One line of the notes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// A folder was opened; later notes name it by its number.
    Folder {
        /// Its number.
        number: u32,
        /// The mailbox, or the kind of file.
        mailbox: String,
        /// The folder, or the path.
        name: String,
        /// Its UIDVALIDITY; 0 for files.
        uidvalidity: u32,
    },
    /// A mail of ours.
    Sent(SentMail),
    /// A message to us.
    Mail(Box<Mail>),
    /// Messages that were not read, or not to the end.
    Passed {
        /// The folder.
        folder: u32,
        /// Which.
        uids: UidSet,
        /// Why.
        why: Passed,
    },
}

/// Why a message leaves no note of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passed {
    /// A list or a newsletter (A4): its headers say so.
    List,
    /// Marked as warm-up traffic by the configuration (A11).
    WarmUp,
    /// From ourselves (A1), or a copy of a sent mail.
    Ours,
    /// The same message was read in another folder.
    Again,
    /// Nobody can read it (A0).
    Unreadable,
    /// It was gone, or could not be fetched.
    Missing,
}

impl Passed {
    /// What the gate's "read nothing" means here.
    pub fn by_rule(rule: &RuleId) -> Self {
        match rule.as_str() {
            "A4" => Self::List,
            "A11" => Self::WarmUp,
            _ => Self::Ours,
        }
    }
}

/// A mail of ours, as far as it says whose reply something is and who was written to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentMail {
    /// Its folder.
    pub folder: u32,
    /// Its UID, or its number in the file.
    pub uid: u32,
    /// Its Message-ID.
    pub id: Option<String>,
    /// To and Cc, colleagues apart.
    pub to: Vec<Address>,
    /// When it was sent.
    pub at: Timestamp,
    /// The mails that it answers.
    pub answers: Vec<String>,
    /// It has an In-Reply-To: an answer is no prospecting.
    pub is_answer: bool,
    /// Hashes of its lines that were new.
    pub lines: Vec<u32>,
}

/// A message to us.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mail {
    /// Its folder.
    pub folder: u32,
    /// Its UID, or its number in the file.
    pub uid: u32,
    /// When it arrived.
    pub received: Timestamp,
    /// The earliest of arrival, Date and topmost Received.
    pub written: Timestamp,
    /// Its Message-ID.
    pub id: Option<String>,
    /// The mails that it answers, nearest first.
    pub thread: Vec<String>,
    /// Who wrote it.
    pub from: Option<Address>,
    /// It lay in Junk.
    pub junk: bool,
    /// What the gate said.
    pub gate: GateSaid,
    /// What was understood; its words are cut.
    pub read: Classification,
    /// The fresh words as a number, to know them again.
    pub words: u64,
    /// The fresh text has a dozen words, or was angry (`stop_answer`).
    pub long: bool,
    /// The recipients that a report names.
    pub report: Option<Returned>,
    /// One of us wrote it.
    pub one_of_us: bool,
    /// Our own border says that DMARC passed.
    pub dmarc_pass: bool,
    /// What a colleague forwarded.
    pub forward: Option<Forward>,
    /// Other addresses stand in the fresh text.
    pub names_others: bool,
    /// What may be the mark of a warm-up tool.
    pub marks: Vec<String>,
}

/// The gate's words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateSaid {
    /// May it be answered?
    pub verdict: Verdict,
    /// What of it is read?
    pub reading: Reading,
    /// The rule.
    pub rule: RuleId,
    /// What matched.
    pub sign: String,
}

/// A report about mails of ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returned {
    /// Somebody pressed "spam"; else it is about a delivery.
    pub feedback: bool,
    /// Whom it is about, whether it failed, and the status.
    pub about: Vec<(Address, bool, String)>,
}

/// A mail that a colleague forwarded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forward {
    /// The inner From.
    pub from: Option<Address>,
    /// What it asks.
    pub kinds: Vec<RequestKind>,
}

/// Takes the note of a mail of ours; `known` are lines that were noted before.
pub fn sent(
    message: &InboundMessage,
    house: &House,
    place: (u32, u32),
    received: Timestamp,
    known: &dyn OurLines,
) -> SentMail {
    let mut to: Vec<Address> = Vec::new();
    for address in message.to.iter().chain(&message.cc) {
        let colleague = house.own_domains.iter().any(|d| d == address.domain())
            || house.mailboxes.iter().any(|m| m.same_person(address));
        if !colleague && !to.contains(address) {
            to.push(address.clone());
        }
    }
    let own = |e: &&mail::Elided| {
        matches!(
            e.kind,
            mail::ElidedKind::Signature | mail::ElidedKind::Disclaimer
        )
    };
    let signature = message.fresh.elided.iter().filter(own).map(|e| &e.text);
    let text: Vec<&str> = std::iter::once(&message.fresh.text)
        .chain(signature)
        .map(String::as_str)
        .collect();
    let mut lines = mail::line_hashes(&text.join("\n"));
    lines.truncate(LINES);
    lines.retain(|line| !known.is_ours(*line));
    SentMail {
        folder: place.0,
        uid: place.1,
        id: message.message_id.clone(),
        to,
        at: message.date.unwrap_or(received).min(received),
        answers: thread(message),
        is_answer: !message.in_reply_to.is_empty(),
        lines,
    }
}

/// Takes the note of a message to us.
pub fn seen(
    reader: &Reader,
    house: &House,
    message: &InboundMessage,
    (gate, read): (&Gate, &Classification),
    place: (u32, u32),
    (received, junk): (Timestamp, bool),
) -> Mail {
    let text = &message.fresh.text;
    let one_of_us = mail::who(message, house) == mail::Writer::OneOfUs;
    let dmarc = mail::authentication(&message.signs, house.authserv_id.as_deref()).dmarc;
    let earliest = [message.date, message.last_received];
    Mail {
        folder: place.0,
        uid: place.1,
        received,
        written: earliest.into_iter().flatten().fold(received, std::cmp::min),
        id: message.message_id.clone(),
        thread: thread(message),
        from: message.from.clone(),
        junk,
        gate: GateSaid {
            verdict: gate.verdict,
            reading: gate.reading,
            rule: gate.rule.clone(),
            sign: gate.sign.clone(),
        },
        read: cut(read),
        words: words(&message.subject, text),
        long: text.split_whitespace().count() >= 12 || text.matches('!').count() >= 2,
        report: message.report.as_ref().and_then(returned),
        one_of_us,
        dmarc_pass: dmarc == Some(mail::Dmarc::Pass),
        forward: one_of_us.then(|| forward(reader, house, message)).flatten(),
        names_others: names_others(message),
        marks: patterns::marks(message),
    }
}

fn thread(message: &InboundMessage) -> Vec<String> {
    let ids = message.thread().into_iter().take(THREAD);
    ids.map(str::to_owned).collect()
}

/// The words by which a robot is known that says the same again.
fn words(subject: &str, text: &str) -> u64 {
    let text: Vec<&str> = subject
        .split_whitespace()
        .chain(text.split_whitespace())
        .collect();
    let digest: [u8; 32] = Sha256::digest(text.join(" ").as_bytes()).into();
    digest
        .iter()
        .take(8)
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// The deciding words, and no more of them than a reader of the report needs.
fn cut(read: &Classification) -> Classification {
    let mut read = read.clone();
    let short = |text: &mut String| *text = text.chars().take(WORDS).collect();
    for found in &mut read.requests {
        found.evidence.truncate(3);
        found.evidence.iter_mut().for_each(|e| short(&mut e.text));
    }
    for signal in read.human.iter_mut().chain(&mut read.unsure) {
        short(&mut signal.text);
    }
    read
}

fn returned(report: &mail::Report) -> Option<Returned> {
    match report {
        mail::Report::Delivery { recipients, .. } => {
            let about = |r: &mail::DeliveryStatus| {
                let address = r.recipient.clone()?;
                Some((address, r.failed, r.status.clone()))
            };
            Some(Returned {
                feedback: false,
                about: recipients.iter().filter_map(about).collect(),
            })
        }
        mail::Report::Feedback { recipient, .. } => Some(Returned {
            feedback: true,
            about: recipient
                .iter()
                .map(|a| (a.clone(), true, String::new()))
                .collect(),
        }),
        mail::Report::Disposition { .. } => None,
    }
}

/// Whether the fresh text names an address that is not the sender's (B4).
fn names_others(message: &InboundMessage) -> bool {
    let words = message
        .fresh
        .text
        .split(|c: char| c.is_whitespace() || "<>()[],;:\"«»".contains(c));
    let named = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let address = Address::parse(bare).ok();
        address.is_some_and(|a| Some(&a) != message.from.as_ref())
    };
    words.filter(|w| w.contains('@')).any(named)
}

/// B6: what a colleague forwarded, by the header block of the forwarded mail.
fn forward(reader: &Reader, house: &House, message: &InboundMessage) -> Option<Forward> {
    let inner = message
        .fresh
        .elided
        .iter()
        .find(|e| e.kind == mail::ElidedKind::Forwarded)?;
    let address = inner.text.lines().take(8).find_map(|line| {
        let (_, value) = line.split_once(':')?;
        value
            .split(['<', '>', ' ', '[', ']', '"'])
            .find_map(|w| Address::parse(w).ok())
    });
    let from = address.filter(|a| !house.own_domains.iter().any(|d| d == a.domain()));
    let body = inner
        .text
        .split_once("\n\n")
        .map_or(inner.text.as_str(), |(_, body)| body);
    let understood = reader.read(&crate::intent::Question {
        fresh: body,
        subject: "",
        subject_is_reply: true,
        elided: "",
        automatic: false,
        from: from.as_ref().map(Address::as_str).unwrap_or_default(),
    });
    Some(Forward {
        kinds: understood.requests.iter().map(|f| f.kind).collect(),
        from,
    })
}
