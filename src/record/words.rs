//! The words of the domain: one word for one thing, in code, configuration, log and pages alike.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A closed list of words, each with the one spelling used everywhere that people and programs see it.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// All of them, in their order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|w| w.word() == text).ok_or_else(|| {
                    let all: Vec<_> = Self::ALL.iter().map(|w| w.word()).collect();
                    format!("\"{text}\" is none of {}", all.join(", "))
                })
            }
        }
    };
}

words! {
    /// What a data subject asks. The order is the order of the parts of a letter.
    RequestKind {
        /// Objection to prospecting, Art. 21(2) GDPR.
        Stop = "stop",
        /// Where the data came from, Art. 14(2)(f) and 15(1)(g).
        Source = "source",
        /// What is stored, Art. 15.
        Access = "access",
        /// Erasure, Art. 17.
        Erasure = "erasure",
        /// Rectification, Art. 16.
        Rectification = "rectification",
        /// Restriction, Art. 18.
        Restriction = "restriction",
        /// Portability, Art. 20.
        Portability = "portability",
        /// A complaint, a lawyer, an authority.
        Complaint = "complaint",
    }
}

words! {
    /// What a reply says about the business itself, beside any request.
    Stance {
        /// Wants to hear more, now or later.
        Interested = "interested",
        /// A no without the wish to be left alone.
        NotInterested = "not_interested",
        /// Somebody else should be asked.
        WrongPerson = "wrong_person",
        /// Away for now.
        OutOfOffice = "out_of_office",
        /// Asks something that is no request.
        Question = "question",
        /// Has left the firm.
        Departed = "departed",
    }
}

words! {
    /// What live mode with every kind on `auto` does with the content of a message.
    Outcome {
        /// Obeyed and answered.
        Act = "act",
        /// A human sees it first.
        Hold = "hold",
        /// There is no request in it.
        Ignore = "ignore",
    }
}

words! {
    /// The gate's first verdict: may this message be answered?
    Verdict {
        /// Yes.
        Answer = "answer",
        /// It is read and obeyed, the letter is held.
        ActOnly = "act_only",
        /// Never.
        Never = "never",
    }
}

words! {
    /// The gate's second verdict: what of it is read?
    Reading {
        /// Read and obeyed.
        Obey = "obey",
        /// Read only for a note: absent, has left, a standing opt-out for a human.
        Note = "note",
        /// Read as a delivery report (RFC 3464) or a feedback report (RFC 5965).
        Report = "report",
        /// Not read.
        Nothing = "nothing",
    }
}

words! {
    /// How a message ended. Every message ends in exactly one of these (promise 1).
    MessageState {
        /// A letter answers it, or will.
        Answered = "answered",
        /// Obeyed, without a letter.
        Acted = "acted",
        /// Waits for a human.
        Held = "held",
        /// Nothing in it asks for anything.
        Ignored = "ignored",
        /// Could not be read; waits for a human too.
        Dead = "dead",
    }
}

words! {
    /// How far a suppression goes.
    Suppression {
        /// No prospecting until a human (or a written policy) lifts it.
        Paused = "paused",
        /// No prospecting.
        Suppressed = "suppressed",
    }
}

words! {
    /// The life of a request.
    RequestState {
        /// Its clock runs.
        Open = "open",
        /// Waits for the person to prove who they are.
        AwaitingIdentity = "awaiting_identity",
        /// Answered.
        Answered = "answered",
        /// Refused, by a human, with reasons (Art. 12(4)).
        Refused = "refused",
    }
}

words! {
    /// The life of a letter.
    LetterState {
        /// Held for a human; rendered anew at each look.
        Draft = "draft",
        /// Frozen: from now on the same bytes.
        Queued = "queued",
        /// Given to a server, outcome unknown.
        Sending = "sending",
        /// The server took it.
        Sent = "sent",
        /// Not taken yet; tried again.
        Deferred = "deferred",
        /// Refused for good; a human decides.
        Rejected = "rejected",
        /// Perhaps delivered; a human decides with the evidence.
        Uncertain = "uncertain",
        /// Came back later.
        Bounced = "bounced",
        /// Will not be sent: a human refused it, or somebody was faster.
        Cancelled = "cancelled",
    }
}

words! {
    /// What a letter is for; also the folder of its template.
    LetterKind {
        /// Answers a request (its parts are the case's requests).
        Answer = "answer",
        /// "Received on …, answered by …".
        Acknowledgement = "acknowledgement",
        /// A code to the address on file, to prove identity.
        Identity = "identity",
        /// Tells a reviewer what waits.
        Digest = "digest",
        /// "It takes two months more, because …" (Art. 12(3)).
        Extension = "extension",
        /// "You were written to although you had asked us not to."
        Apology = "apology",
    }
}

words! {
    /// What leaves the house (design.md, Modes).
    Mode {
        /// Nothing leaves.
        Shadow = "shadow",
        /// Every letter is held.
        Review = "review",
        /// By kind: automatic or held.
        Live = "live",
    }
}

words! {
    /// What the controller and a person are to each other.
    Relation {
        /// Somebody whom one would like to sell to.
        Prospect = "prospect",
        /// A sale is under way.
        OpenDeal = "open_deal",
        /// Buys.
        Customer = "customer",
        /// Bought once.
        Former = "former",
        /// Sells to us.
        Supplier = "supplier",
        /// Works with us.
        Partner = "partner",
        /// Wants to work for us.
        Candidate = "candidate",
        /// Is one of us.
        Staff = "staff",
        /// Nobody has said.
        Unknown = "unknown",
    }
}

words! {
    /// The languages that letters are written in and lexicons read, by their ISO 639-1 code.
    Language {
        /// French: home.
        Fr = "fr",
        /// English.
        En = "en",
        /// German.
        De = "de",
        /// Spanish.
        Es = "es",
        /// Italian.
        It = "it",
        /// Dutch.
        Nl = "nl",
        /// Portuguese.
        Pt = "pt",
        /// Polish.
        Pl = "pl",
        /// Swedish.
        Sv = "sv",
        /// Danish.
        Da = "da",
        /// Norwegian.
        No = "no",
        /// Finnish.
        Fi = "fi",
        /// Czech.
        Cs = "cs",
        /// Slovak.
        Sk = "sk",
        /// Romanian.
        Ro = "ro",
        /// Hungarian.
        Hu = "hu",
        /// Greek.
        El = "el",
        /// Croatian.
        Hr = "hr",
        /// Bulgarian.
        Bg = "bg",
    }
}

/// The rule that decided something, as the processing log shows it: `A3`, `B8`, `C2`, `I.unsure`, `P.mode`.
///
/// Letters A, B, C are answering.md's; `I` is for what the reader of intents says, `P` for policy and settings.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(pub std::borrow::Cow<'static, str>);

impl RuleId {
    /// A rule known when the program was written.
    pub const fn of(text: &'static str) -> Self {
        Self(std::borrow::Cow::Borrowed(text))
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
