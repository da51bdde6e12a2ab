//! Freezes a letter: envelope and letter become the bytes that leave, the same bytes for the same arguments.
//!
//! A letter is frozen once and sent again, if it must, byte for byte; so the date, the Message-ID and even the boundaries
//! between its parts come from arguments. Headers are built from types that cannot hold a line break ([`Line`],
//! [`Address`], [`MessageId`]), by lettre's builder. Deliberately absent: the SMTP envelope, DKIM, a User-Agent.

use super::compose::{Attachment, Letter};
use super::line::Line;
use crate::record::{Address, Timestamp, hex};
use lettre::message::header::{
    ContentDisposition, ContentTransferEncoding, ContentType, HeaderName, HeaderValue, InReplyTo,
    References,
};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use sha2::{Digest, Sha256};
use std::time::{Duration, SystemTime};

/// Ids that References may hold: the first, and the newest of the others.
const LONGEST_CHAIN: usize = 20;

/// A Message-ID with its angle brackets: visible ASCII around one `@`, at most 300 bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessageId(String);

impl MessageId {
    /// Reads one, with or without angle brackets; nothing if it cannot stand in a header of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let bare = text.trim().trim_start_matches('<').trim_end_matches('>');
        let fits = bare.len() <= 300
            && bare
                .bytes()
                .all(|b| b.is_ascii_graphic() && !b"<>,;()\"\\".contains(&b))
            && bare
                .split_once('@')
                .is_some_and(|(l, r)| !l.is_empty() && !r.is_empty());
        fits.then(|| Self(format!("<{bare}>")))
    }

    /// With its angle brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who or what let it leave (RFC 3834 section 5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Submitted {
    /// A human approved this one letter: it is no automatic reply, and says nothing.
    ByHuman,
    /// A machine's answer to a message: `auto-replied`.
    Replied,
    /// A machine's own mail that answers nobody: `auto-generated`.
    Generated,
}

/// Everything about a letter that is not the letter.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The name beside the sender's address; may be empty.
    pub from_name: Line,
    /// The mailbox for a STOP, the privacy address for the rest.
    pub from: Address,
    /// The one recipient.
    pub to: Address,
    /// Where an answer should go, if not to `from`.
    pub reply_to: Option<Address>,
    /// Ours, known before anything is sent.
    pub message_id: MessageId,
    /// The message that is answered.
    pub in_reply_to: Option<MessageId>,
    /// The thread, oldest first; long chains lose their middle.
    pub references: Vec<MessageId>,
    /// The moment of freezing.
    pub date: Timestamp,
    /// Whether a machine wrote it by itself.
    pub submitted: Submitted,
    /// The keyed value by which we know our own letters (rule A1).
    pub loop_value: String,
}

/// Why a letter could not become a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MimeError {
    /// An address that our SMTP library refuses (not ASCII in front of the @, for example).
    #[error("{0} cannot be written to: {1}")]
    Address(String, String),
    /// The loop header's value must be visible ASCII.
    #[error("the loop header's value is not one word of ASCII")]
    LoopValue,
    /// Anything else that the builder refuses.
    #[error("the message could not be built: {0}")]
    Build(String),
}

/// The bytes of a letter, with CRLF, ready for DATA (dots are not yet doubled).
pub fn mime(envelope: &Envelope, letter: &Letter) -> Result<Vec<u8>, MimeError> {
    let name = envelope.from_name.as_str();
    let from = mailbox(Some(name).filter(|n| !n.is_empty()), &envelope.from)?;
    let mut builder = Message::builder()
        .from(from)
        .to(mailbox(None, &envelope.to)?)
        .date(moment(envelope.date))
        .message_id(Some(envelope.message_id.0.clone()))
        .subject(Line::new(&letter.subject).as_str());
    if let Some(reply_to) = &envelope.reply_to {
        builder = builder.reply_to(mailbox(None, reply_to)?);
    }
    if let Some(id) = &envelope.in_reply_to {
        builder = builder.header(InReplyTo::from(id.0.clone()));
    }
    if let Some(chain) = chain(envelope) {
        builder = builder.header(References::from(chain));
    }
    let submitted = match envelope.submitted {
        Submitted::ByHuman => None,
        Submitted::Replied => Some("auto-replied"),
        Submitted::Generated => Some("auto-generated"),
    };
    if let Some(submitted) = submitted {
        builder = builder.raw_header(word("Auto-Submitted", submitted));
    }
    let value = &envelope.loop_value;
    if value.is_empty() || value.len() > 200 || !value.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(MimeError::LoopValue);
    }
    let message = builder
        .raw_header(word("X-Auto-Response-Suppress", "All"))
        .raw_header(word("X-Quitus-Loop", value))
        .multipart(body(&envelope.message_id, letter)?)
        .map_err(|e| MimeError::Build(e.to_string()))?;
    Ok(message.formatted())
}

pub(super) fn word(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

pub(super) fn mailbox(name: Option<&str>, address: &Address) -> Result<Mailbox, MimeError> {
    let refused =
        |e: lettre::address::AddressError| MimeError::Address(address.masked(), e.to_string());
    let address = address.as_str().parse().map_err(refused)?;
    Ok(Mailbox::new(name.map(str::to_owned), address))
}

/// The moment as lettre takes it; before 1970 counts as 1970.
pub(super) fn moment(date: Timestamp) -> SystemTime {
    let millis = u64::try_from(date.millis()).unwrap_or(0);
    // The last second of the year 9999 is the last that a Date header can say.
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis.min(253_402_300_799_000))
}

/// References: the whole chain and the answered message; the first and the newest if it is long (RFC 5322 3.6.4).
fn chain(envelope: &Envelope) -> Option<String> {
    let mut ids: Vec<&str> = Vec::new();
    for id in envelope.references.iter().chain(&envelope.in_reply_to) {
        if !ids.contains(&id.as_str()) {
            ids.push(id.as_str());
        }
    }
    if ids.len() > LONGEST_CHAIN {
        ids.drain(1..=ids.len() - LONGEST_CHAIN);
    }
    (!ids.is_empty()).then(|| ids.join(" "))
}

fn body(id: &MessageId, letter: &Letter) -> Result<MultiPart, MimeError> {
    let text = SinglePart::builder()
        .header(ContentType::TEXT_PLAIN)
        .body(crlf(&letter.text));
    let html = SinglePart::builder()
        .header(ContentType::TEXT_HTML)
        .body(crlf(&letter.html));
    let both = MultiPart::alternative()
        .boundary(boundary(id, "alternative"))
        .singlepart(text)
        .singlepart(html);
    if letter.attachments.is_empty() {
        return Ok(both);
    }
    let mut mixed = MultiPart::mixed()
        .boundary(boundary(id, "mixed"))
        .multipart(both);
    for file in &letter.attachments {
        mixed = mixed.singlepart(attached(file)?);
    }
    Ok(mixed)
}

fn attached(file: &Attachment) -> Result<SinglePart, MimeError> {
    let media_type =
        ContentType::parse(file.media_type).map_err(|e| MimeError::Build(e.to_string()))?;
    let name: String = file
        .name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
        .collect();
    // Always base64: lettre would send plain ASCII as it is, and its bare line ends may not stand in a letter.
    Ok(SinglePart::builder()
        .header(media_type)
        .header(ContentTransferEncoding::Base64)
        .header(ContentDisposition::attachment(&name))
        .body(file.bytes.clone()))
}

/// A boundary that is the same for the same letter; the Message-ID is keyed, so nobody can plant it in a text.
fn boundary(id: &MessageId, purpose: &str) -> String {
    let sum = Sha256::digest(format!("{purpose} {}", id.0).as_bytes());
    format!("quitus_{}", hex(&sum[..16]))
}

fn crlf(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    for line in text.lines() {
        out.push_str(line);
        out.push_str("\r\n");
    }
    out
}
