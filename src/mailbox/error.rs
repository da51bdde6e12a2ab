//! What can go wrong between us and an IMAP server, in words that an operator understands.
//!
//! The variants are what a caller decides by: who must act (a wrong password), how long to wait (a limit), what is
//! merely the network. After every one of them except [`SessionError::No`] the connection is gone (see `session`).

use crate::config::SecretError;
use crate::oauth::OauthError;
use std::time::Duration;

/// Why something on an IMAP server was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The name of the server could not be looked up; temporary until proved otherwise.
    #[error("the name {host} cannot be looked up: {why}")]
    Dns {
        /// The name.
        host: String,
        /// The resolver's words.
        why: String,
    },
    /// Nobody listens there, or the way is blocked.
    #[error("{host}:{port} cannot be reached: {why}")]
    Connect {
        /// The server.
        host: String,
        /// The port.
        port: u16,
        /// The system's words.
        why: String,
    },
    /// There is no protected connection to be had; nothing was said in clear text.
    #[error("no protected connection to {host}: {problem}")]
    Tls {
        /// The server.
        host: String,
        /// What is wrong with its protection.
        problem: TlsProblem,
    },
    /// The password could not be read on our side.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// There is no token to log in with.
    #[error(transparent)]
    Oauth(#[from] OauthError),
    /// The server refuses this name and password, or token.
    #[error("the server refuses the login: {text}")]
    Auth {
        /// The server's words.
        text: String,
    },
    /// Too many connections, or a quota.
    #[error("the server's limit is reached: {text}")]
    Limit {
        /// The server's words.
        text: String,
    },
    /// The server says no to one command; the connection is still good.
    #[error("the server refuses {during}: {text}")]
    No {
        /// The command.
        during: &'static str,
        /// The server's words.
        text: String,
    },
    /// The server does not understand us.
    #[error("the server does not understand {during}: {text}")]
    Bad {
        /// The command.
        during: &'static str,
        /// The server's words.
        text: String,
    },
    /// The server says goodbye.
    #[error("the server ends the connection: {text}")]
    Bye {
        /// The server's words.
        text: String,
    },
    /// The connection ended before the answer was complete.
    #[error("the connection was lost during {during}")]
    Closed {
        /// The command.
        during: &'static str,
    },
    /// The server did not answer in time.
    #[error("the server did not answer {during} within {} s", .after.as_secs())]
    Timeout {
        /// The command.
        during: &'static str,
        /// How long we waited.
        after: Duration,
    },
    /// The server said something that does not follow the rules.
    #[error("the server's answer to {during} cannot be understood: {what}")]
    Protocol {
        /// The command.
        during: &'static str,
        /// What was odd.
        what: String,
    },
    /// A folder or search word that cannot be put into a command.
    #[error(
        "{what} cannot be sent to the server: it holds a line end or another control character"
    )]
    Unsendable {
        /// What it was to be.
        what: &'static str,
    },
    /// The folder is not there.
    #[error("there is no folder {0}")]
    NoFolder(String),
}

/// What is wrong with a server's protection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsProblem {
    /// Past its last day.
    #[error("its certificate has expired; the server's operator must renew it")]
    Expired,
    /// Before its first day.
    #[error("its certificate is not valid yet; is this machine's clock right?")]
    NotYetValid,
    /// A certificate for somebody else.
    #[error("its certificate is for another name; is `host` the name that the provider gave?")]
    WrongName,
    /// Signed by nobody whom this machine trusts.
    #[error(
        "its certificate is signed by an authority that this machine does not know; a firm's own authority is named by `ca_file`"
    )]
    UnknownAuthority,
    /// Withdrawn by its authority.
    #[error("its certificate was revoked")]
    Revoked,
    /// STARTTLS was asked for and is not offered.
    #[error("the server does not offer STARTTLS: {0}")]
    NotOffered(String),
    /// Something spoke before the protection was up: perhaps somebody in between.
    #[error(
        "something was said in clear text after STARTTLS; somebody may be tampering with the connection"
    )]
    Injected,
    /// The `ca_file` is missing or holds no certificate.
    #[error("ca_file {file} {why}")]
    CaFile {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl SessionError {
    /// Whether trying again soon can only do harm (locked accounts, log noise): a person must act first.
    pub fn needs_a_person(&self) -> bool {
        match self {
            Self::Oauth(error) => error.needs_a_person(),
            Self::Auth { .. } | Self::Tls { .. } | Self::Secret(_) | Self::Unsendable { .. } => {
                true
            }
            _ => false,
        }
    }

    /// Whether it concerns this account alone, and says nothing about its server.
    pub(super) fn is_of_the_account(&self) -> bool {
        matches!(
            self,
            Self::Secret(_)
                | Self::Oauth(_)
                | Self::Auth { .. }
                | Self::Limit { .. }
                | Self::Unsendable { .. }
        )
    }

    /// Whether the session it came from can still be used.
    pub fn leaves_session_usable(&self) -> bool {
        matches!(
            self,
            Self::No { .. } | Self::NoFolder(_) | Self::Unsendable { .. }
        )
    }
}
