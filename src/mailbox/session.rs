//! One logged-in IMAP session that cannot be used after a doubt.
//!
//! Each command takes the connection out of the session and puts it back only when the answer is complete, so an error, a timeout or
//! a future that was given up in the middle drops the connection, and every later call fails with [`SessionError::Closed`]. A tagged NO is
//! a complete answer: the session goes on. Deliberately absent: reconnecting; `watch` and [`Standby`](super::Standby) do that.

use super::command::{Command, sequence_sets};
use super::connect;
use super::error::{SessionError, TlsProblem};
use super::folders::{self, Folder};
use super::settings::{Auth, ImapSettings, MailboxSettings, Security};
use super::wire::{Ending, Wire, capability_words};
use crate::config::Secret;
use crate::record::UidSet;
use async_imap::imap_proto::{MailboxDatum, Response, ResponseCode, Status, StatusAttribute};
use base64::Engine as _;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

/// What is needed to open sessions on one mailbox: its settings, and its trusted certificates, read once.
#[derive(Clone)]
pub struct Connector {
    settings: Arc<MailboxSettings>,
    tls: Option<TlsConnector>,
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

/// What a look at a server found, nothing changed (`check --online`).
#[derive(Clone, Debug)]
pub struct Probe {
    /// What the server can do.
    pub capabilities: Vec<String>,
    /// Whether what is said to it is protected.
    pub protected: bool,
    /// Its folders.
    pub folders: Vec<Folder>,
    /// The folders that the settings name, and what they are: the setting, and the folder or why not.
    pub named: Vec<(String, Result<Opened, SessionError>)>,
}

impl Connector {
    /// Reads the trusted certificates.
    pub fn new(settings: Arc<MailboxSettings>) -> Result<Self, SessionError> {
        let tls = connect::tls_for(&settings.imap)?;
        Ok(Self { settings, tls })
    }

    /// The mailbox's settings.
    pub fn settings(&self) -> &MailboxSettings {
        &self.settings
    }

    /// Connects, protects, logs in, lists the folders.
    pub async fn open(&self) -> Result<Session, SessionError> {
        let imap = &self.settings.imap;
        let source = imap.password.clone();
        let password = tokio::task::spawn_blocking(move || source.read());
        let password = password.await.map_err(|_| SessionError::Closed {
            during: "reading the password",
        })??;
        let (stream, greeted) = connect::connect(imap, self.tls.as_ref()).await?;
        let mut wire = Wire::new(stream, imap.timeout());
        let known_to_us = !greeted && greeting(&mut wire).await?;
        let mut session = Session {
            wire: Some(wire),
            capabilities: Vec::new(),
            folders: Vec::new(),
        };
        if !known_to_us {
            session.log_in(imap, &password).await?;
        } else {
            session.ask_capabilities().await?;
        }
        session.list().await?;
        Ok(session)
    }
}

/// Reads the greeting; true if the server knows us already (PREAUTH).
async fn greeting(wire: &mut Wire) -> Result<bool, SessionError> {
    let during = "the greeting";
    let status = wire.next(during, |response| match response {
        Response::Data {
            status: Status::Ok, ..
        } => Some(false),
        Response::Data {
            status: Status::PreAuth,
            ..
        } => Some(true),
        _ => None,
    });
    status.await?.ok_or_else(|| SessionError::Protocol {
        during,
        what: "it is not the greeting of an IMAP server".to_owned(),
    })
}

/// Logs in, looks, changes nothing: what `check --online` shows.
pub async fn probe(settings: &MailboxSettings) -> Result<Probe, SessionError> {
    let connector = Connector::new(Arc::new(settings.clone()))?;
    let mut session = connector.open().await?;
    let mut named = Vec::new();
    let extra = [&settings.sent, &settings.drafts];
    for meant in settings
        .folders
        .iter()
        .chain(extra)
        .filter(|m| !m.is_empty())
    {
        let opened = match session.find(meant) {
            Ok(folder) => session.examine(&folder).await,
            Err(e) => Err(e),
        };
        if let Err(e) = &opened
            && !e.leaves_session_usable()
        {
            return Err(e.clone());
        }
        named.push((meant.clone(), opened));
    }
    let probe = Probe {
        capabilities: session.capabilities.clone(),
        protected: session.wire.as_ref().is_some_and(Wire::is_protected),
        folders: session.folders.clone(),
        named,
    };
    session.log_out().await;
    Ok(probe)
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

    async fn ask_capabilities(&mut self) -> Result<(), SessionError> {
        let mut said = Vec::new();
        let ending = self.exec(Command::new("CAPABILITY"), |response| {
            if let Response::Capabilities(list) = response {
                said = capability_words(list);
            }
        });
        ending.await?.ok("CAPABILITY")?;
        self.capabilities = said;
        Ok(())
    }

    async fn log_in(&mut self, imap: &ImapSettings, password: &Secret) -> Result<(), SessionError> {
        self.ask_capabilities().await?;
        let protected = self.wire.as_ref().is_some_and(Wire::is_protected);
        if imap.security != Security::None && !protected {
            return Err(SessionError::Tls {
                host: imap.host.clone(),
                problem: TlsProblem::Other("the connection is not protected".to_owned()),
            });
        }
        let plain = match imap.auth {
            Auth::Plain => true,
            Auth::Login => false,
            Auth::Auto => self.can("AUTH=PLAIN") || self.can("LOGINDISABLED"),
        };
        let ending = match plain {
            true => self.authenticate_plain(&imap.username, password).await?,
            false => {
                let command = Command::new("LOGIN")
                    .string(&imap.username, "the username")?
                    .string(password.expose(), "the password")?;
                self.exec(command, |_| {}).await?
            }
        };
        if !ending.is_ok() {
            return Err(refused(ending.text()));
        }
        // RFC 3501 6.2: what was said before the login says nothing about what holds after it.
        match ending.capabilities {
            Some(list) => self.capabilities = list,
            None => self.ask_capabilities().await?,
        }
        Ok(())
    }

    /// RFC 4616, without an initial response, which not every server takes (RFC 4959).
    async fn authenticate_plain(
        &mut self,
        username: &str,
        password: &Secret,
    ) -> Result<Ending, SessionError> {
        let during = "AUTHENTICATE PLAIN";
        let joined = Zeroizing::new(format!("\0{username}\0{}", password.expose()));
        let answer =
            Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(joined.as_bytes()));
        let mut wire = self.take_wire(during)?;
        let tag = wire.send(Command::new(during)).await?;
        let ending = match wire.ready(tag, during, &mut |_| {}).await? {
            Some(refusal) => refusal,
            None => {
                wire.say(&answer, during).await?;
                wire.finish(tag, during, |_| {}).await?
            }
        };
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

    async fn open_folder(
        &mut self,
        command: Command,
        folder: &Folder,
    ) -> Result<Opened, SessionError> {
        let during = command.name();
        let (mut validity, mut next, mut exists) = (None, None, 0);
        let ending = self.exec(command.folder(&folder.wire)?, |response| match response {
            Response::MailboxData(MailboxDatum::Exists(n)) => exists = *n,
            Response::Data { outcome, .. } => match outcome.code {
                Some(ResponseCode::UidValidity(n)) => validity = Some(n),
                Some(ResponseCode::UidNext(n)) => next = Some(n),
                _ => {}
            },
            _ => {}
        });
        ending.await?.ok(during)?;
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

/// What kind of refusal a failed login is. Codes of RFC 5530, and what servers say without codes.
fn refused(text: &str) -> SessionError {
    let upper = text.to_ascii_uppercase();
    let owned = text.to_owned();
    let has = |words: &[&str]| words.iter().any(|w| upper.contains(w));
    if has(&[
        "[LIMIT]",
        "[OVERQUOTA]",
        "TOO MANY",
        "MAXIMUM NUMBER OF CONNECTIONS",
    ]) {
        SessionError::Limit { text: owned }
    } else if has(&[
        "[UNAVAILABLE]",
        "[INUSE]",
        "[SERVERBUG]",
        "TEMPORARY",
        "TRY AGAIN LATER",
    ]) {
        SessionError::No {
            during: "the login for now",
            text: owned,
        }
    } else {
        SessionError::Auth { text: owned }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_is_told_from_a_limit_and_from_a_bad_moment() {
        assert!(matches!(
            refused("[AUTHENTICATIONFAILED] Authentication failed."),
            SessionError::Auth { .. }
        ));
        assert!(matches!(refused("[LIMIT] x"), SessionError::Limit { .. }));
        assert!(matches!(
            refused("[UNAVAILABLE] Temporary authentication failure."),
            SessionError::No { .. }
        ));
        assert!(matches!(refused("nope"), SessionError::Auth { .. }));
    }
}
