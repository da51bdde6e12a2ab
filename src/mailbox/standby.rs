//! A connection for what is done once in a while: opened when it is needed, replaced when it is doubtful.
//!
//! The watching connection waits in IDLE and must not be disturbed; this one is beside it. Servers count connections (Dovecot
//! allows 10 for a user and an address), so there is one for a mailbox, not one for a task.

use super::error::SessionError;
use super::session::{Connector, Session};
use std::time::{Duration, Instant};

/// A connection that was not used for longer is asked first whether it is still there.
const FRESH: Duration = Duration::from_secs(60);

/// The first pause after a failure; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// When a person must act first: asking more often locks the account.
const SLOW_PAUSE: Duration = Duration::from_secs(300);

/// One connection, when needed.
pub struct Standby {
    connector: Connector,
    session: Option<(Session, Instant)>,
    /// Why there is none, and until when nobody tries again.
    refused: Option<(SessionError, Instant)>,
    failures: u32,
}

impl Standby {
    /// Connects only when it is used.
    pub fn new(connector: Connector) -> Self {
        Self {
            connector,
            session: None,
            refused: None,
            failures: 0,
        }
    }

    /// Connects, unless it failed a moment ago: then the same error again, without troubling the server.
    async fn open(&mut self) -> Result<Session, SessionError> {
        if let Some((why, until)) = &self.refused
            && Instant::now() < *until
        {
            return Err(why.clone());
        }
        let opened = self.connector.open().await;
        match &opened {
            Ok(_) => (self.refused, self.failures) = (None, 0),
            Err(why) => {
                let doubled = FIRST_PAUSE * 2_u32.saturating_pow(self.failures.min(12));
                let pause = match why.needs_a_person() {
                    true => SLOW_PAUSE,
                    false => doubled.min(LONGEST_PAUSE),
                };
                let host = self.connector.left_alone_for().unwrap_or_default();
                let pause = pause.max(host);
                let mailbox = &self.connector.settings().name;
                tracing::warn!(mailbox, next_try_s = pause.as_secs(), "letters wait: {why}");
                self.failures = self.failures.saturating_add(1);
                self.refused = Some((why.clone(), Instant::now() + pause));
            }
        }
        opened
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
            None => self.open().await?,
        };
        let (session, _) = self.session.insert((session, Instant::now()));
        Ok(session)
    }

    /// Ends the connection if nobody needed it for so long: most servers count, and memory counts too.
    pub async fn close_if_unused(&mut self, how_long: Duration) {
        let unused = |(_, used): &(Session, Instant)| used.elapsed() >= how_long;
        if self.session.as_ref().is_some_and(unused) {
            self.close().await;
        }
    }

    /// Ends the connection, if there is one.
    pub async fn close(&mut self) {
        if let Some((session, _)) = self.session.take() {
            session.log_out().await;
        }
    }
}
