//! Everything that can happen, as a closed list. The processing log is a sequence of these; nothing else is the truth about us.
//!
//! Personal content is in `Sealed` fields only; people, domains and Message-IDs appear as keyed fingerprints. A server's
//! reply is cleaned of addresses before it comes here. What an event does to the state is said in `apply`, nowhere else.

use super::{
    CaseId, ContentKey, Fingerprint, FolderId, FolderRole, KeyId, Language, LetterId, LetterKind,
    Location, MailIdHash, MessageState, Mode, PersonId, Reading, Relation, RequestKind,
    RequestState, RuleId, Sealed, Suppression, Timestamp, UidSet, Verdict,
};
use serde::{Deserialize, Serialize};

/// Why a suppression was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressionReason {
    /// The person asked for it, or asked something that entails it.
    Request(RequestKind),
    /// A no without the wish to be left alone.
    NotInterested,
    /// In doubt: paused until a human has looked.
    Unclear,
    /// A feedback report (somebody pressed "spam").
    FeedbackReport,
    /// The person has left, is ill, has died.
    Departed,
    /// A hard bounce: the address does not exist.
    Undeliverable,
    /// Somebody spoke for the whole firm.
    WholeFirm,
    /// Came with a list.
    Imported,
    /// A reviewer or operator did it.
    ByHand,
    /// They opted out in a tool that sends.
    OptedOut,
}

/// What the index may know about a contact without opening it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ContactFacts {
    /// Prospect, customer, …
    pub relation: Relation,
    /// Whether the address on file is a private mailbox's.
    pub freemail: bool,
    /// Whether the row itself names origin, date and provider of every datum.
    pub sourced: bool,
    /// The campaign or list, keyed.
    pub campaign: Option<Fingerprint>,
    /// The salesperson, keyed.
    pub owner: Option<Fingerprint>,
    /// Keyed digest of the whole row: an import that brings nothing new changes nothing.
    pub digest: [u8; 16],
}

/// Why a letter did not go, or came back: the phase of the SMTP dialogue and the server's words, without addresses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SmtpReply {
    /// `connect`, `tls`, `auth`, `mail`, `rcpt`, `data`, `final_dot`, …
    pub phase: String,
    /// Code and cleaned text.
    pub text: String,
}

/// Everything a frozen letter's row needs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LetterHead {
    /// The letter.
    pub letter: LetterId,
    /// Answer, acknowledgement, …
    pub kind: LetterKind,
    /// The requests that it answers, in the order of its parts.
    pub answers: Vec<RequestKind>,
    /// The person, if known.
    pub person: Option<PersonId>,
    /// The recipient's domain, keyed: for the caps of A7.
    pub domain: Option<Fingerprint>,
    /// The message that it replies to.
    pub message: Option<ContentKey>,
    /// Whether the machine decided it alone (caps count these) or a human approved it.
    pub automatic: bool,
}

/// One thing that happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Event {
    // -- the house
    /// A process began to write this log.
    Opened { instance: [u8; 16], version: String },
    /// What may leave changed; `since` is the activation: older mail is never answered by itself.
    ModeSet {
        mode: Mode,
        since: Timestamp,
        by: String,
    },

    // -- mailbox
    /// A folder was seen under a UIDVALIDITY for the first time (or again).
    FolderOpened {
        folder: FolderId,
        mailbox: String,
        name: String,
        role: FolderRole,
        uidvalidity: u32,
    },
    /// Messages arrived and were gone before they were read.
    Gone {
        folder: FolderId,
        uidvalidity: u32,
        uids: UidSet,
    },
    /// A message could not be fetched or read this time; after three times it is dead.
    ReadFailed { location: Location, why: String },

    // -- message
    /// A message was read and judged by the gate.
    Received {
        message: ContentKey,
        location: Location,
        mail: Option<MailIdHash>,
        /// When it arrived (INTERNALDATE).
        received: Timestamp,
        /// The earliest of INTERNALDATE, Date and topmost Received.
        written: Timestamp,
        person: Option<PersonId>,
        verdict: Verdict,
        reading: Reading,
        rule: RuleId,
        /// Sender, subject, fresh text, …: only of replies to what was sent, mail from people in the register, clear requests.
        kept: Option<Sealed>,
    },
    /// The same message lies in another place too, or came again.
    Joined {
        message: ContentKey,
        location: Location,
        rule: RuleId,
    },
    /// A location that holds nothing for us: one of our own mails in Sent, a draft.
    Passed { location: Location },
    /// How the message ended, and by which rule.
    Decided {
        message: ContentKey,
        state: MessageState,
        rule: RuleId,
        case: Option<CaseId>,
    },
    /// A message without readable content ended (dead), at its location.
    Died {
        location: Location,
        message: ContentKey,
        rule: RuleId,
        why: String,
    },

    // -- person and suppression
    /// These fingerprints are this person.
    Recognised {
        person: PersonId,
        fingerprints: Vec<Fingerprint>,
    },
    /// No more prospecting to this person.
    Suppressed {
        person: PersonId,
        suppression: Suppression,
        reason: SuppressionReason,
        case: Option<CaseId>,
    },
    /// Lifted by a human or a written policy.
    Lifted {
        person: PersonId,
        by: String,
        note: Option<Sealed>,
    },
    /// No more prospecting to a whole domain.
    DomainSuppressed {
        domain: Fingerprint,
        suppression: Suppression,
        reason: SuppressionReason,
        case: Option<CaseId>,
    },
    /// The same, lifted.
    DomainLifted { domain: Fingerprint, by: String },
    /// Something for a reviewer to decide: a domain, another address, an unknown sender's person. `what` is sealed.
    Proposed {
        case: Option<CaseId>,
        rule: RuleId,
        what: Option<Sealed>,
    },
    /// Mail to this person comes back; automatic letters are held until then.
    AddressFailed {
        person: PersonId,
        until: Timestamp,
        hard: bool,
    },
    /// Fresh words of this sender, keyed: the same words again within a minute of our letter are a robot's (A5).
    Spoke { person: PersonId, words: u64 },

    // -- case
    /// A case began.
    CaseOpened {
        case: CaseId,
        person: Option<PersonId>,
        message: Option<ContentKey>,
        received: Timestamp,
        language: Option<Language>,
        content_key: KeyId,
        proof_key: KeyId,
        /// Who asked, and the words that decided.
        proof: Option<Sealed>,
        previous: Option<CaseId>,
    },
    /// A request was added to a case, with its clock.
    RequestOpened {
        case: CaseId,
        request: RequestKind,
        received: Timestamp,
        target: Timestamp,
        due: Timestamp,
    },
    /// A request moved.
    RequestMoved {
        case: CaseId,
        request: RequestKind,
        state: RequestState,
        by: String,
    },
    /// The clock was extended (Art. 12(3)), told to the person within the first month.
    RequestExtended {
        case: CaseId,
        request: RequestKind,
        due: Timestamp,
        by: String,
    },
    /// The same request again: no new clock, no letter.
    Reminded {
        case: CaseId,
        request: RequestKind,
        message: ContentKey,
    },
    /// A message joined the case.
    MessageAdded { case: CaseId, message: ContentKey },
    /// A human must look, and why.
    CaseHeld { case: CaseId, rule: RuleId },
    /// A human has looked.
    CaseReleased {
        case: CaseId,
        by: String,
        note: Option<Sealed>,
    },
    /// Nothing is left to do.
    CaseClosed { case: CaseId, by: String },
    /// Proof is kept whatever retention says.
    LegalHold { case: CaseId, on: bool, by: String },

    // -- letter
    /// A letter waits for a human; it is rendered anew at each look.
    LetterDrafted { head: LetterHead, rule: RuleId },
    /// The letter is frozen: these bytes, this Message-ID.
    LetterQueued {
        head: LetterHead,
        mail: MailIdHash,
        not_before: Timestamp,
        expires: Timestamp,
        frozen: Sealed,
        digest: [u8; 32],
        by: String,
    },
    /// RCPT was accepted; DATA comes next. From here on the outcome may be unknown.
    LetterSending { letter: LetterId },
    /// The server took it.
    LetterSent { letter: LetterId, reply: SmtpReply },
    /// Not now.
    LetterDeferred {
        letter: LetterId,
        reply: SmtpReply,
        next: Timestamp,
    },
    /// Never.
    LetterRejected { letter: LetterId, reply: SmtpReply },
    /// Perhaps.
    LetterUncertain { letter: LetterId, reply: SmtpReply },
    /// It came back.
    LetterBounced {
        letter: LetterId,
        status: String,
        hard: bool,
    },
    /// A queued letter waits for a human again (somebody was faster, a limit, a change of mind).
    LetterHeld { letter: LetterId, rule: RuleId },
    /// It will not be sent.
    LetterCancelled {
        letter: LetterId,
        rule: RuleId,
        by: String,
    },
    /// Something is to be filed, was filed, or could not be (C6).
    Filed(super::Filing),

    // -- register
    /// An import began; `name` is the file's name only.
    ImportBegun {
        import: u64,
        name: String,
        digest: [u8; 32],
    },
    /// A contact, sealed under its own key.
    ContactStored {
        person: PersonId,
        import: u64,
        facts: ContactFacts,
        contact: Sealed,
    },
    /// An import ended.
    ImportEnded {
        import: u64,
        stored: u64,
        unchanged: u64,
        refused: u64,
    },
    /// The register no longer holds this person; their fingerprint and suppression stay.
    ContactErased {
        person: PersonId,
        case: Option<CaseId>,
    },
    /// These keys are zeroed next: what they sealed is unreadable for ever.
    KeysErased { keys: Vec<KeyId> },

    // -- what was sent
    /// A mail in a Sent folder, or in an export of a sender.
    SentSeen {
        location: Option<Location>,
        mail: MailIdHash,
        to: Vec<PersonId>,
        at: Timestamp,
        /// Ids that it answers, keyed.
        answers: Vec<MailIdHash>,
        /// Hashes of its lines (mail::line_hash).
        lines: Vec<u32>,
    },
    /// A mail to a suppressed person after the suppression: an incident.
    MailAfterStop {
        person: PersonId,
        mail: MailIdHash,
        at: Timestamp,
    },
    /// A human has seen the incident.
    IncidentSeen { mail: MailIdHash, by: String },
    /// Another installation answers the same mailbox.
    ForeignInstance { mail: MailIdHash },

    // -- people around
    /// The reviewers' digest of this day (days since 1970) was queued.
    DigestMade { day: i32 },

    // -- the store itself; new events go to the end, because their order is part of the log's format
    /// All rows as they were after `frame` were exported; `digest` is the file's SHA-256. Changes no state.
    Checkpointed { frame: u64, digest: [u8; 32] },
    /// A human decided something about a case beside its letters (B3 to B6, B8, Art. 12(3)).
    Reviewed(super::Review),
    /// A human decided what becomes of a letter whose fate was not known, or that came to nothing (C5).
    LetterJudged(super::Judgement),
    /// The daily round is done (design.md: the daily checkpoint, retention).
    Duty(super::Duty),
    /// Who ordered a suppression by hand, or looked at a mail after a stop, and why (design, What was sent).
    Noted(super::Note),
    /// A flag that stops all sending went up, or a human took it down (faults.md: damaged store, two daemons; C8).
    Alarm(super::Alarm),
    /// A sender is told of a suppression, and what became of it (design, Where a STOP takes effect).
    Notice(super::Notice),
    /// Who is who: telephones that people share, two persons that are one, one that is two (the person, not the address).
    Grouped(super::Grouping),
    /// A STOP is counted, or a human has looked at a flood of them (B11).
    Flood(super::Flood),
    /// A recipient of data is told, or has acknowledged it (Art. 19).
    Recipient(super::RecipientEvent),
    /// Up to here the log of a mail server was read.
    SentLogRead {
        /// Its name in the configuration.
        log: String,
        /// How far.
        mark: super::LogMark,
    },
    /// A template's file has another text from now on; its hash, not the text.
    Template(super::TemplateChange),
    /// A human says what a message meant.
    Corrected(super::Correction),
    /// The canary's mail, and how far it came.
    Canary(super::Canary),
    /// A human says what a message meant that belongs to no case.
    CorrectedAlone(super::LoneCorrection),
    /// A suppression list is in force: everybody on it, at once.
    Listed(super::Listing),
    /// The owner of a contact is told that a letter to them has left.
    Owner(super::OwnerNotice),
    /// Locations that hold nothing for us: numbers that were given out before we came, messages that are known already.
    PassedMany(super::PassedMany),
}
