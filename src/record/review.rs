//! What a human decided about a case beside its letters: entered by hand, extended, identity, proposals, other systems.
//!
//! A reviewer's words are sealed under the case's proof key; who said them stands beside, so that an auditor sees both.
//! Letters, requests and suppressions that follow have events of their own; these say why.

use super::{
    CaseId, ContentKey, LetterId, LogPosition, MailIdHash, Media, RequestKind, RuleId, ScanRow,
    Sealed, Timestamp,
};
use serde::{Deserialize, Serialize};

/// How a request came that no watched mailbox received: no form and no channel may be imposed (rights.md).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By telephone.
    Phone,
    /// On paper.
    Letter,
    /// By a message on LinkedIn.
    Linkedin,
    /// By mail to an address that is not watched.
    Email,
    /// By any other way.
    Other,
    /// A colleague forwarded it (B6).
    Forwarded,
}

impl Channel {
    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Letter => "letter",
            Self::Linkedin => "linkedin",
            Self::Email => "email",
            Self::Other => "other",
            Self::Forwarded => "forwarded",
        }
    }
}

/// One decision of a human.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Review {
    /// The case was entered by hand.
    Entered {
        case: CaseId,
        channel: Channel,
        by: String,
        note: Option<Sealed>,
    },
    /// Why its clocks were extended (Art. 12(3)); the clocks move by `RequestExtended`.
    Extended {
        case: CaseId,
        by: String,
        reason: Option<Sealed>,
    },
    /// A code goes to the address on file with this letter (B8); good until `expires`.
    IdentityAsked {
        case: CaseId,
        letter: LetterId,
        expires: Timestamp,
        by: String,
    },
    /// The person is who they say: a reply carried the code, or a human saw to it.
    IdentityProved {
        case: CaseId,
        rule: RuleId,
        message: Option<ContentKey>,
        by: String,
        note: Option<Sealed>,
    },
    /// A proposal of the case, by its place among them, was carried out or dismissed (B3 to B6).
    ProposalSettled {
        case: CaseId,
        number: u16,
        accepted: bool,
        by: String,
        note: Option<Sealed>,
    },
    /// A system that holds data has delivered its copy, or erased them, for this request (design, States).
    SystemDone {
        case: CaseId,
        request: RequestKind,
        system: String,
        by: String,
        /// What happened there, as the person reads it.
        words: Option<Sealed>,
    },
    /// A mail went out after a suppression: the apology of this case is for it (design, What was sent).
    MailAfterStop {
        case: CaseId,
        mail: MailIdHash,
        at: Timestamp,
    },
    /// A scan of what came on paper was handed in, under the content key.
    Scanned {
        case: CaseId,
        media: Media,
        octets: u64,
        by: String,
        scan: Sealed,
    },
    /// The person is answered on paper, at this address: its lines, under the proof key.
    OnPaper {
        case: CaseId,
        by: String,
        to: Sealed,
    },
    /// Somebody has opened the case and looked at it.
    Seen { case: CaseId, by: String },
}

impl Review {
    /// The case that it is about.
    pub const fn case(&self) -> CaseId {
        match self {
            Self::Entered { case, .. }
            | Self::Extended { case, .. }
            | Self::IdentityAsked { case, .. }
            | Self::IdentityProved { case, .. }
            | Self::ProposalSettled { case, .. }
            | Self::SystemDone { case, .. }
            | Self::MailAfterStop { case, .. }
            | Self::Scanned { case, .. }
            | Self::OnPaper { case, .. }
            | Self::Seen { case, .. } => *case,
        }
    }
}

/// The code that was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IdentityRow {
    /// The letter that carries it.
    pub letter: LetterId,
    /// When it was asked.
    pub asked: Timestamp,
    /// Until when it proves anything.
    pub expires: Timestamp,
}

/// What of these decisions the index remembers of a case.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ReviewRow {
    /// Where its `Entered` event stands.
    pub entered: Option<LogPosition>,
    /// Where its last `Extended` event stands.
    pub extended: Option<LogPosition>,
    /// The last code.
    pub identity: Option<IdentityRow>,
    /// Since when the identity is proved.
    pub proved: Option<Timestamp>,
    /// Proposals that were carried out (`true`) or dismissed, by their place.
    pub settled: Vec<(u16, bool)>,
    /// Systems that are done, by request.
    pub systems: Vec<SystemRow>,
    /// Mails after a suppression for which its letter apologises, and when they were sent.
    pub mails: Vec<(MailIdHash, Timestamp)>,
    /// Scans of what came on paper.
    pub scans: Vec<ScanRow>,
    /// Where its last `OnPaper` event stands: it is answered on paper.
    pub paper: Option<LogPosition>,
}

/// A system that is done with a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SystemRow {
    /// Which request.
    pub request: RequestKind,
    /// Its name.
    pub system: String,
    /// Since when.
    pub at: Timestamp,
    /// Who said so.
    pub by: String,
    /// Where its `SystemDone` event stands.
    pub position: LogPosition,
}

impl ReviewRow {
    /// What became of a proposal; nothing yet, if nobody decided.
    pub fn settled(&self, number: u16) -> Option<bool> {
        let found = self.settled.iter().find(|(n, _)| *n == number);
        found.map(|(_, accepted)| *accepted)
    }
}
