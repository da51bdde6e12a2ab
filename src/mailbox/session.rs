//! One logged-in IMAP session that cannot be used after a doubt.
//!
//! Each command takes the connection out of the session and puts it back only when the answer is complete, so an error, a timeout or
//! a future that was given up in the middle drops the connection, and every later call fails with [`SessionError::Closed`]. A tagged NO is
//! a complete answer: the session goes on. Deliberately absent: reconnecting; `watch` and [`Standby`](super::Standby) do that.

use super::command::{Command, sequence_sets};
use super::connect;
use super::error::SessionError;
use super::folders::{self, Folder};
use super::hosts::{Host, Hosts};
use super::login::{Pass, greeting};
use super::settings::{ImapSettings, MailboxSettings};
use super::wire::{Ending, Wire};
use crate::config::Secret;
use crate::oauth::Account;
use crate::record::UidSet;
use async_imap::imap_proto::{MailboxDatum, Response, ResponseCode, StatusAttribute};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsConnector;

/// What is needed to open sessions on one mailbox: its settings, its trusted certificates, read once, and its server.
#[derive(Clone)]
pub struct Connector {
    settings: Arc<MailboxSettings>,
    tls: Option<TlsConnector>,
    host: Arc<Host>,
}

/// A session: logged in, in step.
pub struct Session {
    wire: Option<Wire>,
    capabilities: Vec<String>,
    folders: Vec<Folder>,
}

/// What a folder said when it was opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The folder.
    pub folder: Folder,
    /// Changes when the folder is another one under the same name.
    pub uidvalidity: u32,
    /// The next message will have this UID or a greater one.
    pub uidnext: u32,
    /// How many messages are in it.
    pub exists: u32,
}

impl Connector {
    /// Reads the trusted certificates; for one who comes alone and shares its server with nobody.
    pub fn new(settings: Arc<MailboxSettings>) -> Result<Self, SessionError> {
        Self::among(settings, &Hosts::default())
    }

    /// The same for one of many mailboxes, whose servers wait and rest for all of them.
    pub fn among(settings: Arc<MailboxSettings>, hosts: &Hosts) -> Result<Self, SessionError> {
        let tls = connect::tls_for(&settings.imap)?;
        let host = hosts.of(&settings.imap);
        Ok(Self {
            settings,
            tls,
            host,
        })
    }

    /// How long its server is left alone because it failed, if it is.
    pub(super) fn left_alone_for(&self) -> Option<Duration> {
        self.host.left_alone_for()
    }

    /// The mailbox's settings.
    pub fn settings(&self) -> &MailboxSettings {
        &self.settings
    }

    /// Connects, protects, logs in, lists the folders.
    pub async fn open(&self) -> Result<Session, SessionError> {
        let imap = &self.settings.imap;
        if let Some(oauth) = &imap.oauth {
            return self.open_by_token(&Account::of(oauth)).await;
        }
        let none = SessionError::Unsendable {
            what: "a password that is not there",
        };
        let source = imap.password.clone().ok_or(none)?;
        let password = tokio::task::spawn_blocking(move || source.read());
        let password = password.await.map_err(|_| SessionError::Closed {
            during: "reading the password",
        })??;
        self.open_as(&password).await
    }

    /// With a token; one that the server refuses is replaced once, for it may have been revoked before its end.
    async fn open_by_token(&self, account: &Account) -> Result<Session, SessionError> {
        let token = account.access().await?;
        let refused = match self.open_with(&Pass::Token(&token)).await {
            Err(SessionError::Auth { text }) => text,
            opened => return opened,
        };
        match account.instead_of(&token).await? {
            Some(other) => self.open_with(&Pass::Token(&other)).await,
            None => Err(SessionError::Auth { text: refused }),
        }
    }

    /// With a password that stands nowhere yet.
    pub async fn open_as(&self, password: &Secret) -> Result<Session, SessionError> {
        self.open_with(&Pass::Password(password)).await
    }

    async fn open_with(&self, pass: &Pass<'_>) -> Result<Session, SessionError> {
        let imap = &self.settings.imap;
        // Held until the folders are listed: that is what opening a connection costs a server.
        let mut entry = self.host.enter().await?;
        let greeted = greet(imap, self.tls.as_ref()).await;
        let (wire, known_to_us) = greeted.inspect_err(|why| entry.failed(why))?;
        entry.reached();
        let mut session = Session {
            wire: Some(wire),
            capabilities: Vec::new(),
            folders: Vec::new(),
        };
        if !known_to_us {
            session.log_in(imap, pass).await?;
        } else {
            session.ask_capabilities().await?;
        }
        session.list().await?;
        Ok(session)
    }
}

/// Connects, protects, hears the greeting; true if the server knows us already (PREAUTH).
pub(super) async fn greet(
    imap: &ImapSettings,
    tls: Option<&TlsConnector>,
) -> Result<(Wire, bool), SessionError> {
    let (stream, greeted) = connect::connect(imap, tls).await?;
    let mut wire = Wire::new(stream, imap.timeout());
    let known_to_us = !greeted && greeting(&mut wire).await?;
    Ok((wire, known_to_us))
}

impl Session {
    /// Whether it can still be used.
    pub fn is_usable(&self) -> bool {
        self.wire.is_some()
    }

    /// Whether the server can do this (upper-case word).
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|c| c == capability)
    }

    /// What the server can do, in upper-case words.
    pub fn capabilities(&self) -> &[String] {
        &self.capabilities
    }

    /// Takes over what the server says it can do.
    pub(super) fn learn(&mut self, capabilities: Vec<String>) {
        self.capabilities = capabilities;
    }

    /// Whether what is said on it is protected.
    pub fn is_protected(&self) -> bool {
        self.wire.as_ref().is_some_and(Wire::is_protected)
    }

    /// The certificate that the server showed, and that was found good (DER); none in clear text.
    pub fn certificate(&self) -> Option<Vec<u8>> {
        self.wire.as_ref().and_then(Wire::certificate)
    }

    /// The folders, as they were listed at login.
    pub fn folders(&self) -> &[Folder] {
        &self.folders
    }

    /// The folder that a name or a special use means.
    pub fn find(&self, meant: &str) -> Result<Folder, SessionError> {
        folders::find(&self.folders, meant)
            .cloned()
            .ok_or_else(|| SessionError::NoFolder(meant.to_owned()))
    }

    /// Takes the connection out; whoever does not put it back has dropped it.
    pub(super) fn take_wire(&mut self, during: &'static str) -> Result<Wire, SessionError> {
        self.wire.take().ok_or(SessionError::Closed { during })
    }

    /// Puts a connection back that is in step.
    pub(super) fn put_back(&mut self, wire: Wire) {
        self.wire = Some(wire);
    }

    /// One command, to its tagged end; NO comes back as an [`Ending`], everything worse as an error.
    pub(super) async fn exec(
        &mut self,
        command: Command,
        each: impl FnMut(&Response<'_>),
    ) -> Result<Ending, SessionError> {
        let mut wire = self.take_wire(command.name())?;
        let ending = wire.exec(command, each).await?;
        self.put_back(wire);
        Ok(ending)
    }

    /// Asks for the folders again.
    pub(super) async fn list(&mut self) -> Result<(), SessionError> {
        let mut command = Command::new("LIST").word("\"\" \"*\"");
        if self.can("SPECIAL-USE") && self.can("LIST-EXTENDED") {
            command = command.word("RETURN (SPECIAL-USE)");
        }
        let mut found: Vec<Folder> = Vec::new();
        let ending = self.exec(command, |response| {
            if let Response::MailboxData(MailboxDatum::List(data)) = response {
                found.push(Folder::listed(data));
            }
        });
        ending.await?.ok("LIST")?;
        // INBOX exists always (RFC 3501 5.1), even where a server does not list it.
        if !found.iter().any(|f| f.name == "INBOX") {
            found.push(Folder::named("INBOX"));
        }
        self.folders = found;
        Ok(())
    }

    /// Opens a folder for reading: no flag of any message changes.
    pub async fn examine(&mut self, folder: &Folder) -> Result<Opened, SessionError> {
        self.open_folder(Command::new("EXAMINE"), folder).await
    }

    /// Opens a folder for filing.
    pub async fn select(&mut self, folder: &Folder) -> Result<Opened, SessionError> {
        self.open_folder(Command::new("SELECT"), folder).await
    }

    fn set_at_work(&mut self, at_work: bool) {
        if let Some(wire) = &mut self.wire {
            wire.at_work = at_work;
        }
    }

    async fn open_folder(
        &mut self,
        command: Command,
        folder: &Folder,
    ) -> Result<Opened, SessionError> {
        let during = command.name();
        let (mut validity, mut next, mut exists) = (None, None, 0);
        self.set_at_work(true);
        let ending = self.exec(command.folder(&folder.wire)?, |response| match response {
            Response::MailboxData(MailboxDatum::Exists(n)) => exists = *n,
            Response::Data { outcome, .. } => match outcome.code {
                Some(ResponseCode::UidValidity(n)) => validity = Some(n),
                Some(ResponseCode::UidNext(n)) => next = Some(n),
                _ => {}
            },
            _ => {}
        });
        let ending = ending.await;
        self.set_at_work(false);
        ending?.ok(during)?;
        let Some(uidvalidity) = validity.filter(|n| *n > 0) else {
            self.wire = None;
            return Err(SessionError::Protocol {
                during,
                what: format!("it gives no UIDVALIDITY for {}", folder.name),
            });
        };
        let uidnext = match next {
            Some(next) => next,
            None => self.uidnext_otherwise(folder).await?,
        };
        Ok(Opened {
            folder: folder.clone(),
            uidvalidity,
            uidnext,
            exists,
        })
    }

    /// UIDNEXT from servers that leave it out when a folder is opened (RFC 3501 allows it).
    async fn uidnext_otherwise(&mut self, folder: &Folder) -> Result<u32, SessionError> {
        let command = Command::new("STATUS")
            .folder(&folder.wire)?
            .word("(UIDNEXT)");
        let mut next = None;
        let ending = self.exec(command, |response| {
            if let Response::MailboxData(MailboxDatum::Status { status, .. }) = response {
                next = status.iter().find_map(|s| match s {
                    StatusAttribute::UidNext(n) => Some(*n),
                    _ => None,
                });
            }
        });
        ending.await?.ok("STATUS")?;
        match next {
            Some(next) => Ok(next),
            None => {
                let last = self.search("UID *").await?.last();
                Ok(last.map_or(1, |uid| uid.saturating_add(1)))
            }
        }
    }

    /// UID SEARCH with fixed words; the answer is complete or an error.
    pub(super) async fn search(&mut self, words: &str) -> Result<UidSet, SessionError> {
        let command = Command::new("UID SEARCH").word(words);
        self.search_by(command).await
    }

    /// UID SEARCH with a command that was put together from safe parts.
    pub(super) async fn search_by(&mut self, command: Command) -> Result<UidSet, SessionError> {
        let mut found = Vec::new();
        let ending = self.exec(command, |response| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                found.extend_from_slice(uids);
            }
        });
        ending.await?.ok("UID SEARCH")?;
        found.sort_unstable();
        Ok(found.into_iter().collect())
    }

    /// Which of these UIDs exist in the open folder.
    pub async fn existing(&mut self, wanted: &UidSet) -> Result<UidSet, SessionError> {
        let mut found = UidSet::new();
        for set in sequence_sets(wanted) {
            found.extend(&self.search(&format!("UID {set}")).await?);
        }
        // What was not asked for is dropped: a range that ends above the last message always names that one.
        Ok(found.and(wanted))
    }

    /// NOOP: is the other side still there?
    pub async fn noop(&mut self) -> Result<(), SessionError> {
        self.exec(Command::new("NOOP"), |_| {}).await?.ok("NOOP")?;
        Ok(())
    }

    /// Says goodbye, without insisting.
    pub async fn log_out(mut self) {
        let goodbye = self.exec(Command::new("LOGOUT"), |_| {});
        // Whatever the answer: the connection ends here.
        let _ = tokio::time::timeout(Duration::from_secs(2), goodbye).await;
    }
}
