//! How everything is, looked at for several at once: whoever asks within a second sees the same, so that asking often costs little.

use crate::record::Damaged;
use crate::service::{MailboxReport, Need, Status};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long a look counts.
const FRESH: Duration = Duration::from_secs(1);

/// Says how everything is; takes its time, and so is asked on a thread of its own.
pub type Teller = Arc<dyn Fn() -> Result<Status, Damaged> + Send + Sync>;

/// What was seen, or why nothing can be.
pub(super) type Seen = Result<Arc<Status>, Arc<str>>;

/// The look that counts.
pub(super) struct Watch {
    tell: Teller,
    last: Mutex<Option<(Instant, Seen)>>,
}

impl Watch {
    pub(super) fn new(tell: Teller) -> Self {
        Self {
            tell,
            last: Mutex::default(),
        }
    }

    /// How everything is, or was a moment ago.
    pub(super) async fn look(&self) -> Seen {
        let mut last = self.last.lock().await;
        if let Some((at, seen)) = last.as_ref()
            && at.elapsed() < FRESH
        {
            return seen.clone();
        }
        let tell = self.tell.clone();
        let seen = match tokio::task::spawn_blocking(move || tell()).await {
            Ok(Ok(status)) => Ok(Arc::new(status)),
            Ok(Err(damaged)) => Err(damaged.to_string().into()),
            // A panic's words may quote somebody's mail; its place is in the log.
            Err(_) => Err("it could not be looked at".into()),
        };
        *last = Some((Instant::now(), seen.clone()));
        seen
    }

    /// The same, as it is now.
    pub(super) async fn look_again(&self) -> Seen {
        *self.last.lock().await = None;
        self.look().await
    }
}

/// In a line for a supervisor: the mode, the mailboxes, what waits.
pub(super) fn line(seen: &Seen) -> String {
    let status = match seen {
        Ok(status) => status,
        Err(why) => return format!("the store cannot be read: {why}"),
    };
    let (all, ill): (_, Vec<&MailboxReport>) = (
        &status.mailboxes,
        (status.mailboxes.iter())
            .filter(|m| m.last_error.is_some())
            .collect(),
    );
    let watched = (all.iter())
        .filter(|m| m.last_error.is_none() && m.last_poll.is_some())
        .count();
    let plural = if all.len() == 1 { "" } else { "es" };
    let mut line = format!(
        "{}; {watched} of {} mailbox{plural} watched",
        status.mode,
        all.len()
    );
    if !ill.is_empty() {
        let names: Vec<&str> = ill.iter().map(|m| m.name.as_str()).collect();
        line += &format!(", ill: {}", names.join(", "));
    }
    let urgent = status.needs.iter().filter(|n| n.is_urgent()).count();
    line + &match (status.needs.len(), urgent) {
        (0, _) => "; nothing waits for a human".to_owned(),
        (all, 0) => format!("; {all} things wait for a human"),
        (all, urgent) => {
            let first = (status.needs.iter().find(|n| n.is_urgent())).map(Need::line);
            let first = first.unwrap_or_default();
            format!("; {all} things wait for a human, {urgent} of them urgent: {first}")
        }
    }
}
