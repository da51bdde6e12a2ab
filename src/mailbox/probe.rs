//! A look at a server before anything is trusted to it: what `check --online`, `init` and `doctor` show. Logs in and changes nothing.

use super::command::Command;
use super::connect;
use super::error::SessionError;
use super::folders::Folder;
use super::session::{self, Connector, Opened, Session};
use super::settings::{ImapSettings, MailboxSettings};
use crate::config::Secret;
use crate::record::Timestamp;
use async_imap::imap_proto::{AttributeValue, Response};
use std::sync::Arc;

/// Of so many last messages of a folder the newest is looked for: some programs file older ones behind.
const LAST: u32 = 10;

/// What a look at a server found, nothing changed (`check --online`).
#[derive(Clone, Debug)]
pub struct Probe {
    /// What the server can do.
    pub capabilities: Vec<String>,
    /// Whether what is said to it is protected.
    pub protected: bool,
    /// The certificate that it showed, and that was found good (DER); none in clear text.
    pub certificate: Option<Vec<u8>>,
    /// Its folders.
    pub folders: Vec<Folder>,
    /// The folders that the settings name, and what they are: the setting, and the folder or why not.
    pub named: Vec<(String, Result<Opened, SessionError>)>,
    /// When the newest message of each of `named` arrived there, by the server's clock (INTERNALDATE).
    pub newest: Vec<(String, Timestamp)>,
}

/// Logs in, looks, changes nothing: what `check --online` shows.
pub async fn probe(settings: &MailboxSettings) -> Result<Probe, SessionError> {
    let connector = Connector::new(Arc::new(settings.clone()))?;
    let session = connector.open().await?;
    look(settings, session).await
}

/// The same with a password that stands nowhere yet.
pub async fn probe_as(
    settings: &MailboxSettings,
    password: &Secret,
) -> Result<Probe, SessionError> {
    let connector = Connector::new(Arc::new(settings.clone()))?;
    let session = connector.open_as(password).await?;
    look(settings, session).await
}

/// Whether an IMAP server with a good certificate is there; no login.
pub async fn greet(imap: &ImapSettings) -> Result<(), SessionError> {
    let tls = connect::tls_for(imap)?;
    session::greet(imap, tls.as_ref()).await.map(drop)
}

async fn look(settings: &MailboxSettings, mut session: Session) -> Result<Probe, SessionError> {
    let (mut named, mut newest) = (Vec::new(), Vec::new());
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
        if let Ok(opened) = &opened
            && opened.exists > 0
        {
            let last = opened.exists.saturating_sub(LAST - 1).max(1);
            let fetch = Command::new("FETCH").word(&format!("{last}:*"));
            let at = arrived_last(&mut session, fetch).await?;
            newest.extend(at.map(|at| (meant.clone(), at)));
        }
        named.push((meant.clone(), opened));
    }
    let probe = Probe {
        capabilities: session.capabilities().to_vec(),
        protected: session.is_protected(),
        certificate: session.certificate(),
        folders: session.folders().to_vec(),
        named,
        newest,
    };
    session.log_out().await;
    Ok(probe)
}

/// When the last of the messages that a FETCH names arrived; nothing if they are gone meanwhile.
pub(super) async fn arrived_last(
    session: &mut Session,
    fetch: Command,
) -> Result<Option<Timestamp>, SessionError> {
    let mut last = None;
    let ending = session.exec(fetch.word("(INTERNALDATE)"), |response| {
        if let Response::Fetch(_, attributes) = response {
            let date = attributes.iter().find_map(|a| match a {
                AttributeValue::InternalDate(date) => super::fetch::internal_date(date),
                _ => None,
            });
            last = last.max(date);
        }
    });
    match ending.await?.ok("FETCH") {
        Ok(_) => Ok(last),
        Err(e) if e.leaves_session_usable() => Ok(None),
        Err(e) => Err(e),
    }
}
