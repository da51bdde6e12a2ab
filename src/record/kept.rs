//! What is sealed: the plain content behind the `Sealed` fields of events. It exists unsealed only in memory.

use super::{Address, RequestKind, Timestamp};
use serde::{Deserialize, Serialize};

/// The text of an inbound message, under the content key of its case (or the contact key of its person).
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct KeptMessage {
    /// From.
    pub from: Option<Address>,
    /// The display name, for people only.
    pub from_name: Option<String>,
    /// The mailbox of ours that it was written to.
    pub to: Option<Address>,
    /// Subject as typed.
    pub subject: String,
    /// Message-ID without brackets.
    pub message_id: Option<String>,
    /// References, oldest first, In-Reply-To last.
    pub references: Vec<String>,
    /// Date header.
    pub date: Option<Timestamp>,
    /// What was typed.
    pub fresh: String,
    /// What did not decide, by kind.
    pub elided: Vec<(String, String)>,
    /// What was understood, in words (language, stance, signals).
    pub understood: String,
}

/// What proves a case, under its proof key.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Proof {
    /// Who asked.
    pub from: Option<Address>,
    /// For each request the rule and the exact words.
    pub evidence: Vec<ProofOfRequest>,
    /// How the person and the identity were found (B1, B8).
    pub identity: String,
}

/// Rule and words behind one request.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProofOfRequest {
    /// What was asked.
    pub kind: RequestKind,
    /// 0 to 1.
    pub confidence: f32,
    /// Rule id and words.
    pub words: Vec<(String, String)>,
}

/// A letter as it will leave, under the proof key of its case.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct FrozenLetter {
    /// RFC5321.MailFrom; empty for the null sender.
    pub mail_from: String,
    /// The one recipient.
    pub rcpt_to: String,
    /// The Message-ID with brackets.
    pub message_id: String,
    /// Subject, for people who look.
    pub subject: String,
    /// The whole message, CRLF.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// Where the message that it answers lies: looked at again just before DATA (A9).
    pub replies_to: Option<String>,
}

/// What a reviewer is asked to decide, under the proof key.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Proposal {
    /// Another address was named (B4, B5).
    Address {
        /// The address.
        address: Address,
        /// The words around it.
        words: String,
    },
    /// A whole firm objects (B5).
    Domain {
        /// The domain.
        domain: String,
        /// Contacts of that domain in the register.
        contacts: u64,
        /// Of these, not plain prospects.
        not_prospects: u64,
    },
    /// A colleague forwarded somebody's request (B6).
    Forwarded {
        /// The inner From.
        from: Option<Address>,
        /// Requests found in the forwarded text.
        kinds: Vec<RequestKind>,
    },
    /// Nobody of the register matches the sender (B3).
    UnknownSender {
        /// The sender.
        from: Address,
    },
}
