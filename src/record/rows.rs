//! What the index remembers of each thing: keys, states and where in the log the rest is. Never content.

use super::{
    CaseId, ContactFacts, ContentKey, Fingerprint, FolderRole, KeyId, Language, LetterHead,
    LetterState, Location, MailIdHash, MessageState, Mode, PersonId, RequestKind, RequestState,
    RuleId, SmtpReply, Suppression, SuppressionReason, Timestamp, UidSet, Verdict,
};
use serde::{Deserialize, Serialize};

/// A place in the log: segment number and offset of the frame, and which event of the frame.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct LogPosition {
    /// Number of the segment file.
    pub segment: u32,
    /// Offset of the frame in it, in octets.
    pub offset: u32,
    /// Index of the event in the frame.
    pub event: u16,
}

/// What stands in [`super::Table::Waiting`], by its first byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[repr(u8)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// A message is held.
    HeldMessage = b'h',
    /// A message is dead.
    DeadMessage = b'd',
    /// A case is held.
    HeldCase = b'c',
    /// A letter is a draft.
    Draft = b'l',
    /// A letter is `sending`: there is one only while a session holds it.
    Sending = b's',
    /// A letter was rejected.
    Rejected = b'r',
    /// A letter's fate is not known.
    Uncertain = b'u',
    /// A letter came back.
    Bounced = b'b',
    /// A letter waits for the senders: until they have obeyed, or for so long.
    Truth = b't',
}

impl Waiting {
    /// All classes.
    pub const ALL: [Self; 9] = [
        Self::HeldMessage,
        Self::DeadMessage,
        Self::HeldCase,
        Self::Draft,
        Self::Sending,
        Self::Rejected,
        Self::Uncertain,
        Self::Bounced,
        Self::Truth,
    ];
}

/// `head`: up to where the log is in the index.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct HeadRow {
    /// Number of the last applied frame; frames count from 1.
    pub frame: u64,
}

/// `mode`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ModeRow {
    /// What leaves.
    pub mode: Mode,
    /// The activation.
    pub since: Timestamp,
}

/// `counts`: how many rows are in each state, and what `status` says at once.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Messages by state, in the order of [`MessageState::ALL`].
    pub messages: [u64; 5],
    /// Letters by state, in the order of [`LetterState::ALL`].
    pub letters: [u64; 9],
    /// Persons paused and suppressed, in the order of [`Suppression::ALL`](super::Suppression::ALL).
    pub suppressed: [u64; 2],
    /// Contacts in the register.
    pub contacts: u64,
    /// Mails known from Sent.
    pub sent_mails: u64,
    /// Open cases.
    pub open_cases: u64,
    /// Mails after a STOP.
    pub after_stop: u64,
    /// Messages gone before they were read.
    pub gone: u64,
}

/// A folder and what of it is in the log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct FolderRow {
    /// The `[[mailbox]]`'s name.
    pub mailbox: String,
    /// The folder's name.
    pub name: String,
    /// What it is read for.
    pub role: FolderRole,
    /// The UIDVALIDITY under which `seen` holds.
    pub uidvalidity: u32,
    /// UIDs that are done with.
    pub seen: UidSet,
    /// How many were gone before they were read.
    pub gone: u64,
    /// How often UIDVALIDITY changed.
    pub resets: u32,
    /// The newest INTERNALDATE that was read in it.
    pub newest: Timestamp,
    /// After UIDVALIDITY changed: what is not newer was perhaps answered before (C7).
    pub reread_until: Option<Timestamp>,
}

/// A message.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct MessageRow {
    /// How it ended; `None` only between `received` and `decided` of one frame.
    pub state: Option<MessageState>,
    /// The rule that decided.
    pub rule: RuleId,
    /// The gate's verdict.
    pub verdict: Verdict,
    /// When it arrived.
    pub received: Timestamp,
    /// When it was decided.
    pub decided: Timestamp,
    /// Where it lies (first seen).
    pub location: Location,
    /// Its Message-ID.
    pub mail: Option<MailIdHash>,
    /// Who wrote.
    pub person: Option<PersonId>,
    /// The case that it belongs to.
    pub case: Option<CaseId>,
    /// Where its `Received` event stands.
    pub position: LogPosition,
    /// How often it was seen again elsewhere.
    pub joined: u16,
}

/// A suppression in force.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SuppressionRow {
    /// How far.
    pub suppression: Suppression,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub reason: SuppressionReason,
    /// Where it was asked.
    pub case: Option<CaseId>,
}

/// A person.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct PersonRow {
    /// Grows with each change: a decision expects the version that it saw.
    pub version: u32,
    /// All key forms.
    pub fingerprints: Vec<Fingerprint>,
    /// In force.
    pub suppression: Option<SuppressionRow>,
    /// Open cases, oldest first.
    pub open: Vec<CaseId>,
    /// Closed cases, newest last; the last eight.
    pub closed: Vec<CaseId>,
    /// Automatic first letters, newest last, the last eight: when, and a bit for each kind (caps, A7).
    pub letters: Vec<(Timestamp, u8)>,
    /// When the last letter of any kind was sent.
    pub last_letter: Option<Timestamp>,
    /// The last fresh words, keyed, and when (A5).
    pub spoke: Option<(u64, Timestamp)>,
    /// Automatic letters are held until then (a hard bounce).
    pub failing_until: Option<Timestamp>,
    /// Since when everything about them is erased at their request, and in which case: no list brings them back.
    pub erased: Option<(Timestamp, CaseId)>,
}

/// A contact of the register.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ContactRow {
    /// What may be known without opening it.
    pub facts: ContactFacts,
    /// The key that opens it.
    pub key: KeyId,
    /// Where its `ContactStored` event stands.
    pub position: LogPosition,
    /// When it was stored.
    pub stored: Timestamp,
}

/// A request's clock.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Clock {
    /// What was asked.
    pub request: RequestKind,
    /// Its life.
    pub state: RequestState,
    /// When it arrived.
    pub received: Timestamp,
    /// The internal target: the earliest reading, at most 28 days.
    pub target: Timestamp,
    /// The legal end.
    pub due: Timestamp,
    /// How often it was repeated.
    pub reminders: u16,
}

/// A case.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CaseRow {
    /// Grows with each change.
    pub version: u32,
    /// Who asks.
    pub person: Option<PersonId>,
    /// When it began.
    pub opened: Timestamp,
    /// The language of the first message.
    pub language: Option<Language>,
    /// Its requests.
    pub requests: Vec<Clock>,
    /// Its messages, oldest first.
    pub messages: Vec<ContentKey>,
    /// How many letters it has (the next step).
    pub steps: u8,
    /// Why a human must look, if one must.
    pub held: Option<RuleId>,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// Content key.
    pub content_key: KeyId,
    /// Proof key.
    pub proof_key: KeyId,
    /// Proof is kept whatever retention says.
    pub legal_hold: bool,
    /// The case before.
    pub previous: Option<CaseId>,
    /// Where its `CaseOpened` event stands.
    pub position: LogPosition,
    /// Where its `Proposed` events stand.
    pub proposals: Vec<LogPosition>,
    /// What a human decided beside its letters.
    pub review: super::ReviewRow,
}

/// A letter.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LetterRow {
    /// What it is.
    pub head: LetterHead,
    /// Its life.
    pub state: LetterState,
    /// Why it is held, if it is.
    pub rule: Option<RuleId>,
    /// When it became what it is.
    pub changed: Timestamp,
    /// The next try (queued, deferred).
    pub next: Timestamp,
    /// Given up after that.
    pub expires: Timestamp,
    /// How often it was tried.
    pub attempts: u16,
    /// The server's last word.
    pub reply: Option<SmtpReply>,
    /// Its Message-ID, once frozen.
    pub mail: Option<MailIdHash>,
    /// Where its `LetterQueued` event stands, once frozen.
    pub position: Option<LogPosition>,
    /// Who released it: `auto` or a reviewer.
    pub by: String,
}

/// A mail that we sent (not a letter of Quitus).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SentRow {
    /// To whom.
    pub to: Vec<PersonId>,
    /// When.
    pub at: Timestamp,
}

/// Letters that count for a cap.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct TallyRow {
    /// A domain: when each was queued, oldest first; the last 64 of the last 24 hours.
    pub at: Vec<Timestamp>,
    /// An hour: how many.
    pub count: u64,
}

/// An import.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ImportRow {
    /// The file's name.
    pub name: String,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
    /// When it began.
    pub began: Timestamp,
    /// When it ended, with stored, unchanged, refused; `None` = it was interrupted.
    pub ended: Option<(Timestamp, u64, u64, u64)>,
}

/// A mail to a suppressed person.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct IncidentRow {
    /// To whom.
    pub person: PersonId,
    /// When it was sent.
    pub at: Timestamp,
    /// Who has seen it.
    pub seen_by: Option<String>,
    /// Where an apology is drafted; none if no address was known.
    pub case: Option<CaseId>,
}
