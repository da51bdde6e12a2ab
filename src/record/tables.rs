//! The tables of the index, and how rows get into and out of them as bytes.
//!
//! Who keeps the rows (a disk, a map in memory, changes laid over either) stands behind two traits, so that events mean
//! the same wherever they are applied. Deliberately absent: what the rows say; that is in `rows`.

use super::ListEntry;
use serde::{Serialize, de::DeserializeOwned};

/// The tables of the index. The numbers are part of its format.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Table {
    /// Single rows: `head`, `mode`, `counts`, `instance`.
    Meta = 0,
    /// FolderId → [`super::FolderRow`].
    Folder = 1,
    /// ContentKey → [`super::MessageRow`].
    Message = 2,
    /// PersonId → [`super::PersonRow`].
    Person = 3,
    /// Fingerprint → PersonId.
    Alias = 4,
    /// Fingerprint of a domain → [`super::SuppressionRow`].
    Domain = 5,
    /// PersonId → [`super::ContactRow`].
    Contact = 6,
    /// CaseId (big endian) → [`super::CaseRow`].
    Case = 7,
    /// LetterId → [`super::LetterRow`].
    Letter = 8,
    /// Due time (ms, big endian) and LetterId of what is queued or deferred → nothing.
    Outbox = 9,
    /// Class (see [`super::Waiting`]), time, id → nothing: what waits for a human.
    Waiting = 10,
    /// MailIdHash of a letter → LetterId.
    LetterMail = 11,
    /// MailIdHash of a mail in Sent → [`super::SentRow`].
    Sent = 12,
    /// MailIdHash that a mail of ours (not of Quitus) answers → when it was sent (ms).
    AnsweredByHand = 13,
    /// Domain fingerprint or hour → [`super::TallyRow`], for the caps of A7.
    Tally = 14,
    /// MailIdHash of an inbound message → ContentKey.
    InboundMail = 15,
    /// Target time (ms, big endian), CaseId, kind → nothing: the clocks that run.
    Due = 16,
    /// Import number → [`super::ImportRow`].
    Import = 17,
    /// MailIdHash → [`super::IncidentRow`].
    Incident = 18,
    /// PersonId → when last mailed (ms), from Sent.
    Mailed = 19,
    /// Location whose reading failed → attempts.
    Failing = 20,
    /// Hash of a line of a mail we sent → nothing.
    OurLine = 21,
    /// Due time (ms, big endian) and step → [`super::FilingRow`]: what is to be filed.
    Filing = 22,
    /// What a note is about ([`super::Noted`]) → [`super::NoteRow`].
    Note = 24,
    /// Sender's name, whether of a backlog, due time (ms, big endian), whom it is about → [`super::QueuedNotice`]: what senders are to be told.
    Notice = 25,
    /// Whom it is about ([`super::Concerned`]) → [`super::NoticeRow`].
    Told = 26,
    /// Fingerprint of a telephone and PersonId → nothing: several people may share one.
    PhoneOf = 27,
    /// PersonId → [`super::GroupRow`]: their telephones, and who became one with them.
    Group = 28,
    /// A day, a campaign → [`super::FloodRow`]; a PersonId → [`super::UnprovedRow`], by a first letter.
    Flood = 29,
    /// By a first letter: an item of a recipient → [`super::RecipientRow`]; its place in the queue, while it is open, the
    /// MailIdHash of its mail → [`super::RecipientItem`].
    Recipient = 30,
    /// List, kind, deadline (or when it was closed), CaseId → nothing: cases in the order of [`super::CaseList`].
    CaseOrder = 31,
    /// Path of a template, 0, its version from the newest on → [`super::TemplateRow`].
    Template = 32,
    /// By a first letter: week and kind → [`super::KindFigures`]; week → [`super::WeekFigures`]; what is counted already.
    Figures = 33,
    /// ContentKey → [`super::CorrectionRow`]: what a human said that a message meant.
    Correction = 34,
    /// PersonId, when (ms, big endian), MailIdHash → nothing: the mails of Sent, by whom they went to.
    SentTo = 35,
    /// PersonId, when it arrived (ms, big endian), ContentKey → nothing: the messages of a person.
    Wrote = 36,
    /// MailIdHash of a mail in Sent → FolderId: where it was read.
    SentFrom = 37,
    /// SHA-256 of a suppression list's file → [`super::ListRow`].
    List = 38,
    /// Fingerprint or PersonId → where in the log it was lifted ([`super::LogPosition`]): earlier lists hold no more. Only where there are lists.
    Unlisted = 39,
}

impl Table {
    /// All of them: what compares two indexes compares these.
    pub const ALL: [Self; 39] = [
        Self::Meta,
        Self::Folder,
        Self::Message,
        Self::Person,
        Self::Alias,
        Self::Domain,
        Self::Contact,
        Self::Case,
        Self::Letter,
        Self::Outbox,
        Self::Waiting,
        Self::LetterMail,
        Self::Sent,
        Self::AnsweredByHand,
        Self::Tally,
        Self::InboundMail,
        Self::Due,
        Self::Import,
        Self::Incident,
        Self::Mailed,
        Self::Failing,
        Self::OurLine,
        Self::Filing,
        Self::Note,
        Self::Notice,
        Self::Told,
        Self::PhoneOf,
        Self::Group,
        Self::Flood,
        Self::Recipient,
        Self::CaseOrder,
        Self::Template,
        Self::Figures,
        Self::Correction,
        Self::SentTo,
        Self::Wrote,
        Self::SentFrom,
        Self::List,
        Self::Unlisted,
    ];
}

/// A row of the index cannot be read: the index is damaged, and is built again from the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the index is damaged: {0}")]
pub struct Damaged(pub String);

/// Keys and values, in the order of the keys.
pub type Found = Vec<(Vec<u8>, Vec<u8>)>;

/// Reads rows. Keys and values are bytes; [`super::State`] gives them their types.
pub trait Rows: Send + Sync {
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

    /// Whether there are suppression lists beside the rows: asked with every look-up, so it costs nothing.
    fn has_lists(&self) -> bool {
        false
    }

    /// Entries of suppression lists whose key forms begin so (at least [`super::BEGINNING`] octets).
    fn listed(&self, _beginning: &[u8]) -> Result<Vec<ListEntry>, Damaged> {
        Ok(Vec::new())
    }

    /// Whether the list with this digest lies beside the rows, as it must before the log names it.
    fn has_list(&self, _digest: &[u8; 32]) -> Result<(), Damaged> {
        Ok(())
    }
}

/// Reads and writes rows.
pub trait Tables: Rows {
    /// Writes one row.
    fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>);

    /// Removes one row.
    fn delete(&mut self, table: Table, key: &[u8]);
}

/// Octets of almost every row: these are written without growing a vector piece by piece.
const ROW: usize = 512;

/// The bytes of a row: postcard.
pub fn encode<T: Serialize>(row: &T) -> Vec<u8> {
    if let Ok(bytes) = postcard::to_slice(row, &mut [0; ROW]) {
        return bytes.to_vec();
    }
    // Writing to a growing vector has no way to fail for these types (no maps with unknown length, no custom impls).
    postcard::to_stdvec(row).unwrap_or_default()
}

/// A row from its bytes.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Damaged> {
    postcard::from_bytes(bytes).map_err(|e| Damaged(format!("a row cannot be read ({e})")))
}
