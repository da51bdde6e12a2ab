//! Waits until one message has arrived: `doctor --letter` looks for its letter. Only looked at, never changed.

use super::command::Command;
use super::error::SessionError;
use super::probe::arrived_last;
use super::session::{Connector, Session};
use super::settings::MailboxSettings;
use crate::record::Timestamp;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// The folder in which a Message-ID arrived, and when by the server's clock; nothing if it did not come in time.
pub async fn awaited(
    settings: &MailboxSettings,
    message_id: &str,
    patience: Duration,
) -> Result<Option<(String, Option<Timestamp>)>, SessionError> {
    let connector = Connector::new(Arc::new(settings.clone()))?;
    let mut session = connector.open().await?;
    let began = Instant::now();
    loop {
        for meant in &settings.folders {
            if let Ok(folder) = session.find(meant)
                && let Some(at) = there(&mut session, &folder, message_id).await?
            {
                session.log_out().await;
                return Ok(Some((folder.name, at)));
            }
        }
        if began.elapsed() >= patience {
            session.log_out().await;
            return Ok(None);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether it lies in this folder; then when it arrived, if the server says so.
async fn there(
    session: &mut Session,
    folder: &super::Folder,
    message_id: &str,
) -> Result<Option<Option<Timestamp>>, SessionError> {
    session.examine(folder).await?;
    let command = Command::new("UID SEARCH")
        .word("HEADER MESSAGE-ID")
        .string(message_id, "a Message-ID")?;
    match session.search_by(command).await?.last() {
        None => Ok(None),
        Some(uid) => {
            let command = Command::new("UID FETCH").word(&uid.to_string());
            Ok(Some(arrived_last(session, command).await?))
        }
    }
}
