//! The second connection to each mailbox: for what is done once in a while beside watching, one task at a time.

use super::outbox::SecondLook;
use crate::mailbox::{Connector, Faster, LookAgain, MailboxSettings, Session, Standby, look_again};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

/// The second connection to one mailbox, opened when somebody has to look.
pub struct Desk {
    settings: Arc<MailboxSettings>,
    standby: Option<Standby>,
}

impl Desk {
    /// A session that can be used now.
    pub async fn session(&mut self) -> Result<&mut Session, String> {
        if self.standby.is_none() {
            let opening = self.settings.clone();
            let connector = tokio::task::spawn_blocking(move || Connector::new(opening)).await;
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
#[derive(Default)]
pub struct Desks(HashMap<String, Mutex<Desk>>);

impl Desks {
    /// One more mailbox.
    pub fn insert(&mut self, settings: Arc<MailboxSettings>) {
        let name = settings.name.clone();
        let standby = None;
        self.0.insert(name, Mutex::new(Desk { settings, standby }));
    }

    /// The desk of a mailbox, for as long as the guard lives; `None` if the mailbox was not configured at the start.
    pub async fn of(&self, mailbox: &str) -> Option<MutexGuard<'_, Desk>> {
        Some(self.0.get(mailbox)?.lock().await)
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
