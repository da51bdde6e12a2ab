//! Everything that is known when a message is decided, gathered beforehand by whoever has the store open.
//!
//! `decide` looks nothing up, so whatever it may need stands here; a missing look-up is a missing field, not a hidden read.

use crate::intent::Classification;
use crate::mail::{Gate, InboundMessage};
use crate::record::{
    Address, CaseId, CaseRow, Contact, ContactRow, ContentKey, Fingerprint, FolderRole, KeyId,
    Language, LetterId, LetterKind, LetterRow, Location, MailIdHash, MessageRow, Mode, PersonId,
    PersonRow, RequestKind, SuppressionRow, Timestamp,
};

/// All that [`decide`](super::decide) knows.
#[derive(Clone)]
pub struct Situation<'a> {
    /// The message as it was read.
    pub message: &'a InboundMessage,
    /// What the gate said.
    pub gate: &'a Gate,
    /// What the reader understood of the fresh text.
    pub read: &'a Classification,
    /// Where and when it arrived.
    pub arrival: Arrival,
    /// The house: mode, templates, systems.
    pub house: House<'a>,
    /// Who wrote, and whom it is about.
    pub who: Who,
    /// What happened before.
    pub history: History,
    /// Ids for what may have to be made; random, and so an argument.
    pub ids: FreshIds,
}

/// Where and when the message arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// Its content key; also its id.
    pub content: ContentKey,
    /// Where it lies.
    pub location: Location,
    /// Its Message-ID, keyed.
    pub mail: Option<MailIdHash>,
    /// The role of the folder: from Junk it is obeyed, and letters are held (A5).
    pub role: FolderRole,
    /// Which mailbox of ours it was written to.
    pub mailbox: Option<Address>,
    /// INTERNALDATE: the clocks of requests run from here.
    pub received: Timestamp,
    /// The earliest of INTERNALDATE, Date and topmost Received: the age.
    pub written: Timestamp,
    /// The fresh words, keyed, to recognise a robot that says the same again (A5).
    pub words: u64,
    /// Read again after UIDVALIDITY changed, and older than the newest message already decided (C7).
    pub reread: bool,
}

/// Circumstances of the house.
#[derive(Clone, Copy)]
pub struct House<'a> {
    /// What leaves.
    pub mode: Mode,
    /// The activation; mail written before it is never answered by itself. `None` in shadow.
    pub activated: Option<Timestamp>,
    /// Whether the templates hold every part of such a letter.
    pub has_template: &'a dyn Fn(Language, LetterKind, &[RequestKind]) -> bool,
    /// Whether every `[[system]]` has delivered what it holds (an access or erasure letter may go by itself only then).
    pub systems_delivered: bool,
    /// Whether origin, date and provider of every datum of the person are proved, by the row or by an origin rule: a source
    /// letter or a copy leaves by itself only then.
    pub sourced: bool,
}

/// A person as the index knows them.
#[derive(Clone, Debug)]
pub struct Known {
    /// The person; born from the address if nobody knew it.
    pub person: PersonId,
    /// Their row; version 0 if nobody knew them.
    pub row: PersonRow,
    /// Their place in the register.
    pub contact: Option<ContactRow>,
    /// The register's data in plain text, if they were opened.
    pub opened: Option<Contact>,
    /// Fingerprints of the address at hand that are not in the row yet.
    pub fingerprints: Vec<Fingerprint>,
    /// When they were last mailed, from Sent.
    pub last_mailed: Option<Timestamp>,
}

/// Who wrote, and whom it is about (B1).
#[derive(Clone, Debug, Default)]
pub struct Who {
    /// The sender (evidence 3).
    pub from: Option<Known>,
    /// Whom our token names (evidence 1).
    pub token: Option<Known>,
    /// The token is that of our List-Unsubscribe address: the mail needs no words.
    pub unsubscribe: bool,
    /// To whom the mail was sent that this one answers, by the Sent index or by a letter of ours (evidence 2).
    pub thread: Vec<Known>,
    /// DMARC passed by our own border's word (B8).
    pub dmarc_pass: bool,
    /// From is one of us (B6).
    pub one_of_us: bool,
    /// What a colleague forwarded.
    pub forwarded: Option<Forwarded>,
    /// The recipients that a delivery or feedback report names.
    pub reported: Vec<Reported>,
    /// Other addresses in the fresh text, with the words around them (B1 4, B4).
    pub named: Vec<(Address, String)>,
    /// The sender's domain.
    pub domain: Option<Domain>,
}

/// The sender's domain, and how much of the register it is (B5).
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// Lower-case ASCII.
    pub name: String,
    /// Keyed.
    pub fingerprint: Fingerprint,
    /// A provider of private mailboxes: no firm speaks through it.
    pub freemail: bool,
    /// What holds for it.
    pub suppression: Option<SuppressionRow>,
    /// Contacts of the register in it, as far as they were counted.
    pub contacts: u64,
    /// Of these, not plain prospects.
    pub not_prospects: u64,
}

/// A mail that a colleague forwarded.
#[derive(Clone, Debug, Default)]
pub struct Forwarded {
    /// The inner From.
    pub from: Option<Address>,
    /// The same, looked up.
    pub known: Option<Known>,
    /// What the forwarded text asks.
    pub kinds: Vec<RequestKind>,
}

/// A recipient that a report names.
#[derive(Clone, Debug)]
pub struct Reported {
    /// Whom.
    pub known: Known,
    /// The letter of ours that the report is about.
    pub letter: Option<(LetterId, LetterRow)>,
    /// Delivery failed (or the recipient complained, in a feedback report).
    pub failed: bool,
    /// RFC 3463 status, as in `5.1.1`; empty in a feedback report.
    pub status: String,
}

/// A case with its letters.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its reference.
    pub id: CaseId,
    /// Its row.
    pub row: CaseRow,
    /// Its letters, in their order.
    pub letters: Vec<(LetterId, LetterRow)>,
}

/// What happened before.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// This very content is known: it lies in a second place, or came again (C2).
    pub same_content: Option<MessageRow>,
    /// Another message with the same Message-ID (C2).
    pub same_mail: Option<MessageRow>,
    /// The case whose letter stands in this thread, open or closed.
    pub thread_case: Option<Case>,
    /// Open cases of the people concerned, oldest first.
    pub open: Vec<Case>,
    /// The open case whose code this message carries (B8).
    pub identified: Option<Case>,
    /// A mail of ours in the thread after this one, \Answered, or a draft (A9).
    pub answered_by_hand: bool,
    /// Automatic letters of this hour, over all mailboxes (`State::tally(&hour_key(now))`).
    pub letters_this_hour: u64,
    /// When automatic first letters went to the sender's domain (A7).
    pub domain_letters: Vec<Timestamp>,
}

/// Ids that nobody has used yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FreshIds {
    /// For a case.
    pub case: CaseId,
    /// For its content key.
    pub content_key: KeyId,
    /// For its proof key.
    pub proof_key: KeyId,
}
