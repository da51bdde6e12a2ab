//! What the index remembers of each thing: keys, states and where in the log the rest is. Never content.

use super::{
    CaseId, ContactFacts, ContentKey, Fingerprint, FolderRole, KeyId, Language, LetterHead,
    LetterState, Location, MailIdHash, MessageState, Mode, PersonId, RequestKind, RequestState,
    RuleId, SmtpReply, Suppression, SuppressionReason, Timestamp, UidSet, Verdict,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

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

/// The tables of the index. The numbers are part of its format.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Table {
    /// Single rows: `head`, `mode`, `counts`, `instance`.
    Meta = 0,
    /// FolderId → [`FolderRow`].
    Folder = 1,
    /// ContentKey → [`MessageRow`].
    Message = 2,
    /// PersonId → [`PersonRow`].
    Person = 3,
    /// Fingerprint → PersonId.
    Alias = 4,
    /// Fingerprint of a domain → [`SuppressionRow`].
    Domain = 5,
    /// PersonId → [`ContactRow`].
    Contact = 6,
    /// CaseId (big endian) → [`CaseRow`].
    Case = 7,
    /// LetterId → [`LetterRow`].
    Letter = 8,
    /// Due time (ms, big endian) and LetterId of what is queued or deferred → nothing.
    Outbox = 9,
    /// Class (see [`Waiting`]), time, id → nothing: what waits for a human.
    Waiting = 10,
    /// MailIdHash of a letter → LetterId.
    LetterMail = 11,
    /// MailIdHash of a mail in Sent → [`SentRow`].
    Sent = 12,
    /// MailIdHash that a mail of ours (not of Quitus) answers → when it was sent (ms).
    AnsweredByHand = 13,
    /// Domain fingerprint or hour → [`TallyRow`], for the caps of A7.
    Tally = 14,
    /// MailIdHash of an inbound message → ContentKey.
    InboundMail = 15,
    /// Target time (ms, big endian), CaseId, kind → nothing: the clocks that run.
    Due = 16,
    /// Import number → [`ImportRow`].
    Import = 17,
    /// MailIdHash → [`IncidentRow`].
    Incident = 18,
    /// PersonId → when last mailed (ms), from Sent.
    Mailed = 19,
    /// Location whose reading failed → attempts.
    Failing = 20,
    /// Hash of a line of a mail we sent → nothing.
    OurLine = 21,
}

/// What stands in [`Table::Waiting`], by its first byte.
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
}

impl Waiting {
    /// All classes.
    pub const ALL: [Self; 8] = [
        Self::HeldMessage,
        Self::DeadMessage,
        Self::HeldCase,
        Self::Draft,
        Self::Sending,
        Self::Rejected,
        Self::Uncertain,
        Self::Bounced,
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
    /// Persons suppressed and paused.
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
}

/// A row of the index cannot be read: the index is damaged, and is built again from the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the index is damaged: {0}")]
pub struct Damaged(pub String);

/// Keys and values, in the order of the keys.
pub type Found = Vec<(Vec<u8>, Vec<u8>)>;

/// Reads rows. Keys and values are bytes; [`super::State`] gives them their types.
pub trait Rows {
    /// One row.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged>;

    /// Up to `limit` rows whose keys begin with `prefix` and are not before `from`, in the order of their keys.
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        from: &[u8],
        limit: usize,
    ) -> Result<Found, Damaged>;
}

/// Reads and writes rows.
pub trait Tables: Rows {
    /// Writes one row.
    fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>);

    /// Removes one row.
    fn delete(&mut self, table: Table, key: &[u8]);
}

/// The bytes of a row: postcard.
pub fn encode<T: Serialize>(row: &T) -> Vec<u8> {
    // Writing to a growing vector has no way to fail for these types (no maps with unknown length, no custom impls).
    postcard::to_stdvec(row).unwrap_or_default()
}

/// A row from its bytes.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Damaged> {
    postcard::from_bytes(bytes).map_err(|e| Damaged(format!("a row cannot be read ({e})")))
}

/// Rows in memory: the model that tests hold the real index against, and the overlay of a group that is being written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemoryTables(pub std::collections::BTreeMap<(Table, Vec<u8>), Vec<u8>>);

impl Rows for MemoryTables {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        Ok(self.0.get(&(table, key.to_vec())).cloned())
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        from: &[u8],
        limit: usize,
    ) -> Result<Found, Damaged> {
        let start = prefix.max(from).to_vec();
        Ok(self
            .0
            .range((table, start)..)
            .take_while(|((t, k), _)| *t == table && k.starts_with(prefix))
            .take(limit)
            .map(|((_, k), v)| (k.clone(), v.clone()))
            .collect())
    }
}

impl Tables for MemoryTables {
    fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>) {
        self.0.insert((table, key.to_vec()), value);
    }

    fn delete(&mut self, table: Table, key: &[u8]) {
        self.0.remove(&(table, key.to_vec()));
    }
}
