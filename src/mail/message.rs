//! One inbound message as the rest of the house sees it: who wrote, to whom, in which thread, and what they freshly typed.

use crate::record::{Address, Timestamp};

/// A message that could be read. Damage is reported as [`Defect`]s, never by failing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InboundMessage {
    /// Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// Ids of In-Reply-To, without angle brackets.
    pub in_reply_to: Vec<String>,
    /// Ids of References, oldest first, without angle brackets.
    pub references: Vec<String>,
    /// The one From mailbox (X-Original-From or X-Original-Sender where a group of ours rewrote it).
    pub from: Option<Address>,
    /// Its display name: shown to people, never used to decide.
    pub from_name: Option<String>,
    /// Sender header, if it is another mailbox (an assistant, a mailing service).
    pub sender: Option<Address>,
    /// Reply-To.
    pub reply_to: Vec<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Delivered-To, X-Original-To, Envelope-To, in that order.
    pub delivered_to: Vec<Address>,
    /// The subject as typed, decoded.
    pub subject: String,
    /// The Date header, if it is a valid date.
    pub date: Option<Timestamp>,
    /// The date of the topmost Received header.
    pub last_received: Option<Timestamp>,
    /// What the person typed, apart from everything else.
    pub fresh: Fresh,
    /// What the gate looks at.
    pub signs: Signs,
    /// A delivery, disposition or feedback report, if the message is one.
    pub report: Option<Report>,
    /// File name (or media type) and size in octets of each attachment.
    pub attachments: Vec<(String, usize)>,
    /// What was wrong with it.
    pub defects: Vec<Defect>,
}

impl InboundMessage {
    /// All ids of the thread: In-Reply-To first (nearest), then References from the newest to the oldest; no repeats.
    pub fn thread(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        for id in self.in_reply_to.iter().chain(self.references.iter().rev()) {
            if !ids.contains(&id.as_str()) {
                ids.push(id);
            }
        }
        ids
    }
}

/// What the person typed, and what was taken for something else. Nothing is thrown away.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Fresh {
    /// The fresh text: lines separated by `\n`, trimmed at both ends. Only this decides.
    pub text: String,
    /// The rest, in its order in the message.
    pub elided: Vec<Elided>,
}

/// A piece of a message that does not decide.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Elided {
    /// What it was taken for.
    pub kind: ElidedKind,
    /// The text.
    pub text: String,
}

/// Why a piece of text does not decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ElidedKind {
    /// An earlier message, with its attribution line or header block.
    Quotation,
    /// Name, function, telephone.
    Signature,
    /// "This e-mail is confidential …".
    Disclaimer,
    /// A mail that was forwarded.
    Forwarded,
    /// A line that is nearly a line of a mail that we sent.
    OurLine,
}

/// The facts that the gate's rules look at (answering.md A), found once while reading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signs {
    /// Topmost Return-Path; `Some("")` is the null sender `<>`.
    pub return_path: Option<String>,
    /// Top-level header fields, name in lower case and unfolded decoded value, in their order (bounded).
    pub headers: Vec<(String, String)>,
    /// Media type of the top level, lower case, with `report-type` if it has one: `multipart/report; report-type=delivery-status`.
    pub content_type: String,
    /// Number of Received fields.
    pub hops: usize,
    /// The MTA's own words of a bounce: a fully failed delivery was announced outside RFC 3464 (`X-Failed-Recipients`).
    pub failed_recipients: Vec<Address>,
    /// It reads like a mail server's report that a mail could not be delivered.
    pub notice: Option<Notice>,
}

/// How sure it is that a message in prose is a report about a mail that could not be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Sender, subject and text agree.
    Sure,
    /// A person may have written it.
    Perhaps,
}

impl Signs {
    /// Values of a header field (name in lower case).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.headers
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// First value of a header field (name in lower case).
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }
}

/// A report about a mail of ours.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// RFC 3464: what happened to each recipient.
    Delivery {
        /// One for each recipient block.
        recipients: Vec<DeliveryStatus>,
        /// Message-ID of the returned original, without angle brackets.
        original_id: Option<String>,
    },
    /// RFC 8098: read or deleted.
    Disposition {
        /// Original-Message-ID, without angle brackets.
        original_id: Option<String>,
    },
    /// RFC 5965 (ARF): somebody pressed "spam".
    Feedback {
        /// Original-Rcpt-To, or the To of the returned original.
        recipient: Option<Address>,
        /// Message-ID of the returned original.
        original_id: Option<String>,
    },
}

impl Report {
    /// Message-ID of the mail that it reports about, without angle brackets.
    pub fn original_id(&self) -> Option<&str> {
        let (Self::Delivery { original_id, .. }
        | Self::Disposition { original_id }
        | Self::Feedback { original_id, .. }) = self;
        original_id.as_deref()
    }
}

/// One recipient of a delivery report.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryStatus {
    /// Final-Recipient or Original-Recipient, if it is an address.
    pub recipient: Option<Address>,
    /// Action failed (`true`), or delayed, relayed, delivered, expanded.
    pub failed: bool,
    /// Status, as in `5.1.1`.
    pub status: String,
}

/// Something wrong with a message that did not prevent reading it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Defect {
    /// Only the beginning was read.
    Truncated,
    /// A charset is unknown or lies.
    Charset(String),
    /// A header field could not be read.
    Header(String),
    /// Too many or too deep MIME parts; the rest was not read.
    Parts,
    /// There is an encrypted part (S/MIME, PGP): what was typed cannot be seen.
    Encrypted,
    /// There is no text at all.
    NoText,
    /// A text, or the rest of one, lies beyond what is looked at: somebody may have typed there.
    UnreadText,
}

/// Why nobody can read it (A0): it is dead, and a human looks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Empty, or nothing that looks like a header.
    #[error("not a mail message")]
    NotAMessage,
    /// RFC 5322 3.6.2: From must be there once.
    #[error("{0} usable From mailboxes, where one is needed")]
    From(usize),
    /// A loop.
    #[error("{0} Received hops")]
    Hops(usize),
    /// Larger than the limit, even after a header-only parse.
    #[error("{0} octets")]
    TooLarge(u64),
}
