//! Recipients of data who are told of an erasure, a rectification, a restriction (Art. 19 GDPR), and what they said.
//!
//! What one recipient is told for one request of a case is an item. Its mail is frozen and sealed in the commit of the
//! decision, under the proof key of the case, like a letter. Deliberately absent: who the recipients are and how they
//! are reached; the configuration says it.

use super::tables::{Rows, decode};
use super::{
    CaseId, ContentKey, Damaged, Fingerprint, LogPosition, MailIdHash, RequestKind, Sealed,
    SmtpReply, State, Table, Timestamp,
};
use serde::{Deserialize, Serialize};

/// What one recipient is told for one request of a case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct RecipientItem {
    /// The case.
    pub case: CaseId,
    /// What was asked.
    pub request: RequestKind,
    /// The `[[recipient]]`'s name.
    pub recipient: String,
}

/// How a recipient is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipientWay {
    /// By mail: at most once.
    Mail,
    /// By a signed message to a place of the recipient's: may be repeated, under one id.
    Webhook,
}

/// Why a human must see to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipientTrouble {
    /// The server, or the webhook, refused it for good, or for too long.
    Refused,
    /// Nobody knows whether it arrived; it is not sent again by itself.
    Uncertain,
    /// It came back.
    Bounced,
    /// What was sealed is erased, or the recipient is configured no more.
    Lost,
}

impl RecipientTrouble {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Refused => "it was refused",
            Self::Uncertain => "nobody knows whether it arrived",
            Self::Bounced => "it came back",
            Self::Lost => "it cannot be sent any more",
        }
    }
}

/// What happens to an item.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum RecipientEvent {
    /// The recipient is to be told.
    Due {
        /// Which.
        item: RecipientItem,
        /// How.
        way: RecipientWay,
        /// Who answers for the recipient: the fingerprint of its address.
        address: Option<Fingerprint>,
        /// The Message-ID of the mail.
        mail: Option<MailIdHash>,
        /// The mail ([`super::FrozenLetter`]), or the message of the webhook (its JSON text).
        frozen: Sealed,
        /// When it should have answered.
        answer_by: Timestamp,
        /// Who decided.
        by: String,
    },
    /// RCPT was accepted; DATA comes next. From here on the outcome may be unknown (C4).
    Leaving {
        /// Which.
        item: RecipientItem,
    },
    /// The server, or the webhook, took it.
    Told {
        /// Which.
        item: RecipientItem,
        /// Its words.
        reply: SmtpReply,
    },
    /// Not now.
    Deferred {
        /// Which.
        item: RecipientItem,
        /// Why.
        reply: SmtpReply,
        /// Again then.
        next: Timestamp,
    },
    /// A human must see to it.
    Failed {
        /// Which.
        item: RecipientItem,
        /// Why.
        trouble: RecipientTrouble,
        /// The server's words.
        reply: SmtpReply,
    },
    /// The recipient acknowledged it.
    Acknowledged {
        /// Which.
        item: RecipientItem,
        /// The message that says so; none, if the webhook did.
        message: Option<ContentKey>,
    },
}

impl RecipientEvent {
    /// What it is about.
    pub const fn item(&self) -> &RecipientItem {
        match self {
            Self::Due { item, .. }
            | Self::Leaving { item }
            | Self::Told { item, .. }
            | Self::Deferred { item, .. }
            | Self::Failed { item, .. }
            | Self::Acknowledged { item, .. } => item,
        }
    }
}

/// Where an item stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipientState {
    /// It is to be told, at once or again.
    Queued,
    /// DATA began.
    Leaving,
    /// It was told, and has not acknowledged.
    Told,
    /// It acknowledged.
    Acknowledged,
    /// A human saw to it, and said so.
    ByHand,
    /// A human must see to it.
    Failed(RecipientTrouble),
}

/// An item, as the index knows it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RecipientRow {
    /// What it is about.
    pub item: RecipientItem,
    /// How the recipient is told.
    pub way: RecipientWay,
    /// Where it stands.
    pub state: RecipientState,
    /// Since when it should be told.
    pub asked: Timestamp,
    /// When it was told.
    pub told: Option<Timestamp>,
    /// When it acknowledged.
    pub acknowledged: Option<Timestamp>,
    /// The message by which it did.
    pub message: Option<ContentKey>,
    /// When it should have answered.
    pub answer_by: Timestamp,
    /// When it is tried (again), while it is queued.
    pub next: Timestamp,
    /// How often it could not be told.
    pub attempts: u16,
    /// How often a mail was written for it: each has a Message-ID of its own.
    pub number: u16,
    /// The server's last words.
    pub reply: Option<SmtpReply>,
    /// The fingerprint of the recipient's address.
    pub address: Option<Fingerprint>,
    /// The Message-ID of the last mail.
    pub mail: Option<MailIdHash>,
    /// Where its `Due` stands.
    pub position: LogPosition,
}

impl RecipientRow {
    /// Whether nobody has acknowledged or seen to it.
    pub const fn is_open(&self) -> bool {
        !matches!(
            self.state,
            RecipientState::Acknowledged | RecipientState::ByHand
        )
    }

    /// What was acknowledged, or seen to by a human, stays so.
    pub(super) fn becomes(&mut self, state: RecipientState) {
        if self.is_open() {
            self.state = state;
        }
    }

    /// Whether it should have answered by now, and has not; perhaps because it could not be told.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let waits = matches!(self.state, RecipientState::Told | RecipientState::Queued);
        waits && self.answer_by < now
    }
}

impl RecipientItem {
    /// What begins the keys of a case's items.
    fn of_case(case: CaseId) -> Vec<u8> {
        case.bits().to_be_bytes().to_vec()
    }

    fn key(&self) -> Vec<u8> {
        let mut key = Self::of_case(self.case);
        key.push(self.request as u8);
        key.extend_from_slice(self.recipient.as_bytes());
        key
    }

    /// The key of its row.
    pub(super) fn row_key(&self) -> Vec<u8> {
        [b"i", &*self.key()].concat()
    }

    /// The key by which it is found while it is open.
    pub(super) fn open_key(&self) -> Vec<u8> {
        [b"o", &*self.key()].concat()
    }

    /// Its place in the queue.
    pub(super) fn queue_key(&self, due: Timestamp) -> Vec<u8> {
        [b"q", &due.millis().to_be_bytes()[..], &self.key()].concat()
    }
}

/// The key by which the mail of an item is found.
pub(super) fn mail_key(mail: MailIdHash) -> Vec<u8> {
    [b"m", &mail.0[..]].concat()
}

impl State<'_> {
    /// Where an item stands; nothing, if it was never asked.
    pub fn recipient(&self, item: &RecipientItem) -> Result<Option<RecipientRow>, Damaged> {
        self.row(Table::Recipient, &item.row_key())
    }

    /// The items of a case, by request and name.
    pub fn recipients_of(&self, case: CaseId) -> Result<Vec<RecipientRow>, Damaged> {
        let prefix = [b"i", &*RecipientItem::of_case(case)].concat();
        rows(self.0, &prefix, usize::MAX)
    }

    /// The item that this mail of ours told.
    pub fn recipient_by_mail(&self, mail: MailIdHash) -> Result<Option<RecipientItem>, Damaged> {
        self.row(Table::Recipient, &mail_key(mail))
    }

    /// Items that are due by now, what is due first at the head.
    pub fn recipients_due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<RecipientRow>, Damaged> {
        let items: Vec<RecipientItem> = rows(self.0, b"q", limit)?;
        let mut due = Vec::new();
        for item in items {
            let row = self.recipient(&item)?;
            due.extend(row.filter(|r| r.next <= now));
        }
        Ok(due)
    }

    /// Every item that nobody has acknowledged or seen to.
    pub fn recipients_open(&self, limit: usize) -> Result<Vec<RecipientRow>, Damaged> {
        let items: Vec<RecipientItem> = rows(self.0, b"o", limit)?;
        let mut open = Vec::new();
        for item in items {
            open.extend(self.recipient(&item)?);
        }
        Ok(open)
    }
}

fn rows<T: serde::de::DeserializeOwned>(
    tables: &dyn Rows,
    prefix: &[u8],
    limit: usize,
) -> Result<Vec<T>, Damaged> {
    let found = tables.scan(Table::Recipient, prefix, &[], limit)?;
    found.iter().map(|(_, value)| decode(value)).collect()
}
