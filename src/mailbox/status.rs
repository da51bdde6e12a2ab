//! What an operator sees of a mailbox: is it watched, when was it last looked at, what is wrong, in plain words.

use super::error::SessionError;
use super::handover::FolderRole;
use super::session::Opened;
use crate::record::Timestamp;
use std::fmt;

/// What a mailbox is doing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub enum MailboxState {
    /// Nothing was tried yet.
    #[default]
    Starting,
    /// On the way to the server.
    Connecting,
    /// Looking at the folders.
    Reading,
    /// All was read; the server tells us of new mail (IDLE), and we look again at the next poll.
    Watching,
    /// All was read; the server cannot tell us, we look again at the next poll.
    Polling,
    /// The connection was lost or not to be had; it is tried again soon.
    Reconnecting,
    /// The server refuses the login, the password cannot be read, or somebody must log in again: a person must act.
    LoginRefused,
    /// The server's protection cannot be trusted: a person must act.
    Untrusted,
    /// The store takes nothing now.
    StoreRefuses,
    /// Ended on request.
    Stopped,
    /// Its last day is over: it is no longer connected.
    Closed,
}

impl MailboxState {
    /// The word that status, log and metrics show.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Connecting => "connecting",
            Self::Reading => "reading",
            Self::Watching => "watching",
            Self::Polling => "polling",
            Self::Reconnecting => "reconnecting",
            Self::LoginRefused => "login_refused",
            Self::Untrusted => "untrusted",
            Self::StoreRefuses => "store_refuses",
            Self::Stopped => "stopped",
            Self::Closed => "closed",
        }
    }

    /// The state after a failure.
    pub(super) const fn after(error: &SessionError) -> Self {
        match error {
            SessionError::Auth { .. }
            | SessionError::Secret(_)
            | SessionError::Unsendable { .. } => Self::LoginRefused,
            SessionError::Oauth(error) if error.needs_a_person() => Self::LoginRefused,
            SessionError::Tls { .. } => Self::Untrusted,
            _ => Self::Reconnecting,
        }
    }
}

impl fmt::Display for MailboxState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One mailbox, as `quitus status`, `/readyz` and the metrics show it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct MailboxStatus {
    /// Its name in the configuration.
    pub name: String,
    /// What it is doing.
    pub state: MailboxState,
    /// When every folder was last looked at with success.
    pub last_poll: Option<Timestamp>,
    /// What went wrong last, in plain words, and when; stays until the next good poll.
    pub last_error: Option<(Timestamp, String)>,
    /// When it is tried again after a failure.
    pub next_try: Option<Timestamp>,
    /// Connections that were opened since the daemon started.
    pub connections: u64,
    /// Its folders.
    pub folders: Vec<FolderStatus>,
}

/// One folder of a mailbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FolderStatus {
    /// Its name, or what the settings call it while it was not found.
    pub name: String,
    /// What it is for.
    pub role: FolderRole,
    /// Its UIDVALIDITY; 0 until it was opened.
    pub uidvalidity: u32,
    /// Its UIDNEXT; 0 until it was opened.
    pub uidnext: u32,
    /// How many messages are in it.
    pub exists: u32,
    /// Messages handed over since the daemon started.
    pub read: u64,
    /// UIDs of it that are stored or passed over.
    pub seen: u64,
    /// UIDs that are still to be read.
    pub waiting: u64,
    /// Announced, and gone before they were read, since the daemon started (C1).
    pub gone: u64,
    /// Given up after three failures, since the daemon started.
    pub unreadable: u64,
    /// What is wrong with this folder alone.
    pub error: Option<String>,
}

impl FolderStatus {
    /// Takes over what the folder said when it was opened.
    pub(super) fn found(&mut self, opened: &Opened) {
        self.name.clone_from(&opened.folder.name);
        self.uidvalidity = opened.uidvalidity;
        self.uidnext = opened.uidnext;
        self.exists = opened.exists;
    }

    pub(super) fn new(name: &str, role: FolderRole) -> Self {
        Self {
            name: name.to_owned(),
            role,
            uidvalidity: 0,
            uidnext: 0,
            exists: 0,
            read: 0,
            seen: 0,
            waiting: 0,
            gone: 0,
            unreadable: 0,
            error: None,
        }
    }
}
