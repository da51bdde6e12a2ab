//! IDLE (RFC 2177): a hint that INBOX has changed, so that a STOP is obeyed in seconds and not in a minute.
//!
//! Polling stays the truth: whatever IDLE says or fails to say, every folder is looked at again when its time comes. An IDLE that
//! the server ends by itself is a lost connection.

use super::command::Command;
use super::error::SessionError;
use super::session::Session;
use super::wire::ending;
use async_imap::imap_proto::{MailboxDatum, Response};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Some networks forget a silent connection after 10 minutes.
const LONGEST: Duration = Duration::from_secs(9 * 60);

/// Why waiting ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Woken {
    /// Something in the folder changed.
    Change,
    /// Nothing was said until the time came.
    Time,
}

enum Said {
    Change,
    Ended(Result<(), SessionError>),
    Nothing,
}

/// Waits in the open folder until something changes or the time comes. `exists` = how many messages we know of.
pub async fn idle(
    session: &mut Session,
    exists: u32,
    until: Instant,
) -> Result<Woken, SessionError> {
    let during = "IDLE";
    let mut wire = session.take_wire(during)?;
    let tag = wire.send(Command::new(during)).await?;
    if let Some(refusal) = wire.ready(tag, during, &mut |_| {}).await? {
        // Announced in CAPABILITY and refused: it is in step, but no hint will come.
        session.put_back(wire);
        refusal.ok(during)?;
        return Err(SessionError::Closed { during });
    }
    let until = until.min(Instant::now() + LONGEST);
    // What was announced between the last look and the `+` counts too.
    let mut woken = if wire.exists != exists {
        Woken::Change
    } else {
        Woken::Time
    };
    while woken == Woken::Time {
        let said = wire.next_whenever(during, |response| match response {
            Response::MailboxData(MailboxDatum::Exists(_) | MailboxDatum::Recent(_))
            | Response::Expunge(_)
            | Response::Vanished { .. } => Said::Change,
            Response::Done { .. } => Said::Ended(ending(tag, response, during).map(drop)),
            _ => Said::Nothing,
        });
        match timeout_at(until, said).await {
            Err(_) => break,
            Ok(Err(e)) => return Err(e),
            Ok(Ok(Said::Ended(Err(e)))) => return Err(e),
            Ok(Ok(Said::Ended(Ok(())))) => return Err(SessionError::Closed { during }),
            Ok(Ok(Said::Change)) => woken = Woken::Change,
            Ok(Ok(Said::Nothing)) => {}
        }
    }
    wire.say("DONE", during).await?;
    wire.finish(tag, during, |_| {}).await?.ok(during)?;
    session.put_back(wire);
    Ok(woken)
}
