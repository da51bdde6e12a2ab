//! How everything is, looked at for several at once: whoever asks within a second sees the same, so that asking often costs little.

use super::nobody::masked;
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

/// In a line for a supervisor, which lands in the journal: the mode, the mailboxes, what waits.
pub(super) fn line(seen: &Seen) -> String {
    match seen {
        Ok(status) => masked(&format!(
            "{}; {}; {}",
            status.mode,
            mailboxes(&status.mailboxes),
            needs(&status.needs)
        )),
        Err(why) => masked(&format!("the store cannot be read: {why}")),
    }
}

fn mailboxes(all: &[MailboxReport]) -> String {
    let all: Vec<&MailboxReport> = all.iter().filter(|m| !m.is_closed()).collect();
    let ill = all.iter().filter(|m| m.last_error.is_some());
    let ill: Vec<&str> = ill.map(|m| m.name.as_str()).collect();
    let is_watched = |m: &&&MailboxReport| m.last_error.is_none() && m.last_poll.is_some();
    let watched = all.iter().filter(is_watched).count();
    let plural = if all.len() == 1 { "" } else { "es" };
    let line = format!("{watched} of {} mailbox{plural} watched", all.len());
    match ill.is_empty() {
        true => line,
        false => format!("{line}, ill: {}", ill.join(", ")),
    }
}

fn needs(all: &[Need]) -> String {
    let wait = match all.len() {
        0 => return "nothing waits for a human".to_owned(),
        1 => "1 thing waits for a human".to_owned(),
        many => format!("{many} things wait for a human"),
    };
    let mut urgent = all.iter().filter(|n| n.is_urgent());
    match urgent.next() {
        None => wait,
        Some(first) => format!(
            "{wait}, {} of them urgent: {}",
            1 + urgent.count(),
            first.line()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::metrics::tests::eventful;

    #[test]
    fn the_line_says_what_is_ill_and_what_is_urgent_and_names_nobody() {
        let mut status = eventful();
        let told = |status: &Status| line(&Ok(Arc::new(status.clone())));
        let urgent = "1 thing waits for a human, 1 of them urgent: 2 × OVERDUE, a letter to approve, brought to the deputy";
        assert_eq!(
            told(&status),
            format!("live; 1 of 1 mailbox watched; {urgent}")
        );
        status.mailboxes[0].last_error = Some((status.at.clone(), "refused".into()));
        assert_eq!(
            told(&status),
            format!("live; 0 of 1 mailbox watched, ill: c…@a…n.example; {urgent}")
        );
        status.needs.clear();
        assert!(told(&status).ends_with("; nothing waits for a human"));
        assert!(line(&Err("torn".into())).ends_with("cannot be read: torn"));
    }
}
