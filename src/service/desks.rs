//! The second connection to each mailbox: for what is done once in a while beside watching, one task at a time.

use super::clock::Clock;
use super::outbox::SecondLook;
use crate::mailbox::{
    Connector, Faster, Hosts, LookAgain, MailboxSettings, Session, Standby, look_again,
};
use crate::record::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, watch};

/// A second connection that nobody needed for so long is ended.
const UNUSED: Duration = Duration::from_secs(120);
/// Between two looks for such.
const ROUND: Duration = Duration::from_secs(30);

/// The second connection to one mailbox, opened when somebody has to look.
pub struct Desk {
    /// When the mailbox is no longer connected.
    closes: Option<Timestamp>,
    settings: Arc<MailboxSettings>,
    hosts: Arc<Hosts>,
    standby: Option<Standby>,
}

impl Desk {
    /// A session that can be used now.
    pub async fn session(&mut self) -> Result<&mut Session, String> {
        if self.standby.is_none() {
            let (settings, hosts) = (self.settings.clone(), self.hosts.clone());
            let opening = move || Connector::among(settings, &hosts);
            let connector = tokio::task::spawn_blocking(opening).await;
            let connector = connector
                .map_err(|e| e.to_string())?
                .map_err(|e| e.to_string())?;
            self.standby = Some(Standby::new(connector));
        }
        let Some(standby) = &mut self.standby else {
            return Err("no connection".into());
        };
        standby.session().await.map_err(|e| e.to_string())
    }
}

/// One for each mailbox.
pub struct Desks {
    all: HashMap<String, Mutex<Desk>>,
    clock: Clock,
}

impl Desks {
    /// None yet.
    pub fn new(clock: Clock) -> Self {
        Self {
            all: HashMap::new(),
            clock,
        }
    }

    /// One more mailbox, and when it closes, if it does; all share what is known of their servers.
    pub fn insert(
        &mut self,
        settings: Arc<MailboxSettings>,
        hosts: Arc<Hosts>,
        closes: Option<Timestamp>,
    ) {
        let name = settings.name.clone();
        let desk = Desk {
            closes,
            settings,
            hosts,
            standby: None,
        };
        self.all.insert(name, Mutex::new(desk));
    }

    /// Ends connections that nobody needs any more, until `stop` becomes true.
    pub async fn tidy(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let rounds = async {
            loop {
                tokio::time::sleep(ROUND).await;
                for desk in self.all.values() {
                    // One that is locked is in use.
                    if let Ok(mut desk) = desk.try_lock()
                        && let Some(standby) = &mut desk.standby
                    {
                        standby.close_if_unused(UNUSED).await;
                    }
                }
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = rounds => {}
        }
    }

    /// The desk of a mailbox, for as long as the guard lives; `None` if the mailbox was not configured at the start, or its last day is over.
    pub async fn of(&self, mailbox: &str) -> Option<MutexGuard<'_, Desk>> {
        let desk = self.all.get(mailbox)?.lock().await;
        let closed = desk.closes.is_some_and(|end| self.clock.now() >= end);
        (!closed).then_some(desk)
    }
}

impl SecondLook for Desks {
    async fn look(
        &self,
        mailbox: String,
        messages: Vec<LookAgain>,
    ) -> Result<Vec<Option<Faster>>, String> {
        let Some(mut desk) = self.of(&mailbox).await else {
            // The mailbox is no longer configured: nobody can look, so a human releases the letter.
            return Ok(vec![Some(Faster::Answered); messages.len()]);
        };
        let settings = desk.settings.clone();
        let session = desk.session().await?;
        look_again(session, &messages, &settings.sent, &settings.drafts)
            .await
            .map_err(|e| e.to_string())
    }
}
