//! A look at a server before anything is trusted to it: what `check --online` shows. Logs in and changes nothing.

use super::error::SessionError;
use super::folders::Folder;
use super::session::{Connector, Opened};
use super::settings::MailboxSettings;
use std::sync::Arc;

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
        capabilities: session.capabilities().to_vec(),
        protected: session.is_protected(),
        folders: session.folders().to_vec(),
        named,
    };
    session.log_out().await;
    Ok(probe)
}
