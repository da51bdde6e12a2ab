//! The vocabulary: addresses and their key forms, ids, contacts, cases, letters, the closed list of events, and what
//! each event does to the state.
//!
//! Everything else is built on this room, and it uses none of the others. Deliberately absent: any I/O, clock,
//! randomness or storage. [`apply`] is the only place that says what an event *means*; the store only persists and projects.

mod address;
mod alarm;
mod apply;
mod by_person;
mod canary;
mod civility;
mod contact;
mod correction;
mod correspondence;
mod duty;
mod escalation;
mod event;
mod fault;
mod figures;
mod filing;
mod flood;
mod folder;
mod group;
mod ids;
mod judgement;
mod kept;
mod keyforms;
mod listed;
mod mailed;
mod mark;
mod memory;
mod note;
mod notice;
mod order;
mod owner;
mod paper;
mod recipient;
mod review;
mod rows;
mod state;
mod subject;
mod tables;
mod template;
mod time;
mod token;
mod uids;
mod undone;
mod words;

pub use address::{Address, AddressError, KeyForm, domain_to_ascii, is_freemail_domain};
pub use alarm::{Alarm, Flag, FlagRow};
pub use apply::{
    Frame, WAITS_FOR_SENDERS, all_counted, apply, apply_domains, count, hold_strictest, hour_key,
    says_strictest, strictest_domains,
};
pub use canary::{Canary, CanaryRow, CanaryStage, CanaryStep, RunId};
pub use civility::is_civility;
pub use contact::{Contact, Origin};
pub use correction::{Correction, CorrectionRow, Label, LoneCorrection};
pub use correspondence::{order_messages, place_mails};
pub use duty::{About, Duty, Fate, ToldRow};
pub use escalation::{EscalationStep, SeenRow};
pub use event::{ContactFacts, Event, LetterHead, SmtpReply, SuppressionReason};
pub use fault::Fault;
pub use figures::{KindFigures, KindRows, Times, Week, WeekFigures};
pub use filing::{Filing, FilingEnd, FilingRow, FilingStep};
pub use flood::{Flood, FloodOf, FloodRow, FloodSettled, UnprovedRow};
pub use folder::{FolderId, FolderRole, Location, PassedMany};
pub use group::{GroupRow, Grouping, TraceRow, Traced};
pub use ids::{
    CaseId, ContentKey, Fingerprint, Fingerprinter, KeyId, KeyKind, LetterId, MailIdHash, PersonId,
    Sealed, hex, unhex,
};
pub use judgement::Judgement;
pub use kept::{FrozenLetter, KeptMessage, Proof, ProofOfRequest, Proposal};
pub use keyforms::{CrmId, Phone, Profile};
pub use listed::{BEGINNING, ListEntry, ListRow, Listing};
pub use mailed::order_mails;
pub use mark::LogMark;
pub use memory::MemoryTables;
pub use note::{Note, NoteRow, Noted};
pub use notice::{
    Concerned, Notice, NoticeAct, NoticeEnd, NoticeRow, QueuedNotice, SECOND_LOOK_HOURS, Told, Whom,
};
pub use order::{CaseList, CasePlace, order_cases};
pub use owner::{OwnerNotice, OwnerNotices, OwnerRow};
pub use paper::{Media, Scan, ScanRow, Sheet};
pub use recipient::{
    RecipientEvent, RecipientItem, RecipientRow, RecipientState, RecipientTrouble, RecipientWay,
};
pub use review::{Channel, IdentityRow, Review, ReviewRow, SystemRow};
pub use rows::{
    CaseRow, Clock, ContactRow, Counts, FolderRow, HeadRow, ImportRow, IncidentRow, LetterRow,
    LogPosition, MessageRow, ModeRow, PersonRow, SentRow, SuppressionRow, TallyRow, Waiting,
};
pub use state::State;
pub use subject::{SubjectMark, subject_mark};
pub use tables::{Damaged, Found, Rows, Table, Tables, decode, encode};
pub use template::{TemplateChange, TemplateHow, TemplateRow};
pub use time::Timestamp;
pub use token::{NoToken, TOKEN_LETTERS, Token, TokenKind};
pub use uids::UidSet;
pub use words::{
    Language, LetterKind, LetterState, MessageState, Mode, Outcome, Reading, Relation, RequestKind,
    RequestState, RuleId, Stance, Suppression, Verdict,
};
