//! The vocabulary: addresses and their key forms, ids, contacts, cases, letters, the closed list of events, and what
//! each event does to the state.
//!
//! Everything else is built on this room, and it uses none of the others. Deliberately absent: any I/O, clock,
//! randomness or storage. [`apply`] is the only place that says what an event *means*; the store only persists and projects.

mod address;
mod contact;
mod fault;
mod ids;
mod time;
mod uids;
mod words;

pub use address::{Address, AddressError, KeyForm, domain_to_ascii, is_freemail_domain};
pub use contact::{Contact, Origin};
pub use fault::Fault;
pub use ids::{
    CaseId, ContentKey, Fingerprint, Fingerprinter, KeyId, KeyKind, LetterId, MailIdHash, PersonId,
    Sealed, hex, unhex,
};
pub use time::Timestamp;
pub use uids::UidSet;
pub use words::{
    Language, LetterKind, LetterState, MessageState, Mode, Outcome, Reading, Relation, RequestKind,
    RequestState, RuleId, Stance, Suppression, Verdict,
};
