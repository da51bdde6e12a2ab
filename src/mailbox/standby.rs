//! A connection for what is done once in a while: opened when it is needed, replaced when it is doubtful.
//!
//! The watching connection waits in IDLE and must not be disturbed; this one is beside it. Servers count connections (Dovecot
//! allows 10 for a user and an address), so there is one for a mailbox, not one for a task.

use super::error::SessionError;
use super::session::{Connector, Session};
use std::time::{Duration, Instant};

/// A connection that was not used for longer is asked first whether it is still there.
const FRESH: Duration = Duration::from_secs(60);

/// One connection, when needed.
pub struct Standby {
    connector: Connector,
    session: Option<(Session, Instant)>,
}

impl Standby {
    /// Connects only when it is used.
    pub fn new(connector: Connector) -> Self {
        Self {
            connector,
            session: None,
        }
    }

    /// A session that can be used now.
    pub async fn session(&mut self) -> Result<&mut Session, SessionError> {
        let mut usable = None;
        if let Some((mut session, used)) = self.session.take()
            && session.is_usable()
            && (used.elapsed() < FRESH || session.noop().await.is_ok())
        {
            usable = Some(session);
        }
        let session = match usable {
            Some(session) => session,
            None => self.connector.open().await?,
        };
        let (session, _) = self.session.insert((session, Instant::now()));
        Ok(session)
    }

    /// Ends the connection, if there is one.
    pub async fn close(&mut self) {
        if let Some((session, _)) = self.session.take() {
            session.log_out().await;
        }
    }
}
