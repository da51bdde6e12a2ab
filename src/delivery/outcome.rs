//! How the attempt to send one letter ended: sent, put off, refused, perhaps sent, or withdrawn; and where it stopped.
//!
//! The line between "put off" and "perhaps sent" is the server's 354 to DATA: before it nothing was handed over and
//! trying again is safe; after it only a reply tells (answering.md C4). An unknown outcome is never called temporary.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The step of the dialog in which something was said or went wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Looking up the server's name.
    Dns,
    /// Opening the TCP connection.
    Connect,
    /// STARTTLS and the TLS handshake.
    Tls,
    /// The server's first line.
    Greeting,
    /// EHLO.
    Hello,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    MailFrom,
    /// RCPT TO.
    RcptTo,
    /// DATA, until its 354.
    Data,
    /// The bytes and the final dot, until the reply to it.
    FinalDot,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Dns => "looking up the server",
            Self::Connect => "connecting",
            Self::Tls => "TLS",
            Self::Greeting => "the server's greeting",
            Self::Hello => "EHLO",
            Self::Auth => "AUTH",
            Self::MailFrom => "MAIL FROM",
            Self::RcptTo => "RCPT TO",
            Self::Data => "DATA",
            Self::FinalDot => "the final dot",
        })
    }
}

/// Whose trouble a temporary failure is: this letter's alone, or that of everything that goes to this server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The server is well and said "later" to this letter (4xx).
    Letter,
    /// The name cannot be resolved.
    Dns,
    /// Nobody listens there, or the network does not reach it.
    Unreachable,
    /// No trusted connection: expired, wrong name, unknown authority, no STARTTLS offered.
    Tls,
    /// The login was refused, or the server wants one and there is none.
    Login,
    /// The server sends us away: a greeting that is no 220, 421 at any point.
    Refused,
    /// No reply in time.
    Silent,
    /// The connection ended in the middle.
    Cut,
    /// What came was no SMTP, or not the reply that the command can have.
    Garbled,
    /// Nothing was tried: the breaker is open.
    BreakerOpen,
}

impl Trouble {
    /// Whether it concerns the relation to the server, not the letter: such a failure costs the letter no attempt,
    /// and counts for the breaker.
    pub const fn is_relation(self) -> bool {
        !matches!(self, Self::Letter)
    }

    /// Whether only a person can mend it: trying again soon would at best be useless, at worst lock the account.
    pub const fn needs_a_person(self) -> bool {
        matches!(self, Self::Tls | Self::Login)
    }
}

/// What stands between us and the server.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{phase}: {reply}")]
pub struct Problem {
    /// Where.
    pub phase: Phase,
    /// What sort.
    pub trouble: Trouble,
    /// The server's reply or our words for it, cleaned of addresses ([`crate::delivery::reply::clean`]).
    pub reply: String,
}

/// How one attempt ended. All replies are cleaned of addresses and at most 200 characters long.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "an outcome that is not written down is a letter that may be sent twice"]
pub enum Outcome {
    /// The server took it: its reply to the final dot.
    Sent {
        /// Code, enhanced status and text.
        reply: String,
    },
    /// Certainly not taken; to be tried again.
    Deferred {
        /// Where it stopped.
        phase: Phase,
        /// The letter's trouble, or the server's.
        trouble: Trouble,
        /// The reply, or our words.
        reply: String,
    },
    /// Refused for good; a human decides.
    Rejected {
        /// Where it was refused.
        phase: Phase,
        /// The reply, or our words.
        reply: String,
    },
    /// Perhaps taken: the connection ended or fell silent after the 354.
    Uncertain {
        /// Always [`Phase::FinalDot`] today; kept for the log.
        phase: Phase,
        /// What happened.
        why: String,
    },
    /// The house said no just before DATA; nothing was handed over.
    Withdrawn,
}

impl From<Problem> for Outcome {
    fn from(p: Problem) -> Self {
        Self::Deferred {
            phase: p.phase,
            trouble: p.trouble,
            reply: p.reply,
        }
    }
}
