//! Replays the configured mailboxes: what was sent first, then what came in; headers before bodies, in small portions, at a steady pace.
//!
//! A connection that breaks is opened again after a pause, and the portion asked for once more; a message that breaks it alone is noted as
//! missing. A mailbox that cannot be read at all is told, and delays no other.

mod visit;

use super::super::edge::End;
use super::desk::Desk;
use super::notes::Notes;
use crate::mailbox::{Connector, FolderRole, MailboxSettings, Past, SessionError};
use jiff::civil::Date;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use visit::Visit;

/// Folders beside those that are watched: what people file away or throw away was read by nobody else.
const ELSEWHERE: [&str; 2] = ["\\Archive", "\\Trash"];

/// The mailboxes that are meant: all, or those named.
pub fn names(desk: &Desk, named: &[String]) -> Result<Vec<String>, End> {
    let all: Vec<String> = mailboxes(desk).map(|m| m.name.clone()).collect();
    if let Some(unknown) = named.iter().find(|n| !all.contains(n)) {
        let known = all.join(", ");
        return Err(End::Usage(format!(
            "there is no mailbox {unknown} in the configuration; there is {known}"
        )));
    }
    Ok(match named.is_empty() {
        true => all,
        false => named.to_vec(),
    })
}

fn mailboxes(desk: &Desk) -> impl Iterator<Item = &MailboxSettings> {
    desk.config.iter().flat_map(|c| &c.mailboxes)
}

/// What is read, and how.
pub struct Reading<'a> {
    /// How messages are judged.
    pub desk: &'a Desk,
    /// Somebody wants it to end.
    pub stop: &'a AtomicBool,
    /// Folders that were named.
    pub folders: &'a [String],
    /// Since when.
    pub since: Option<Date>,
    /// Messages a second at most.
    pub pace: u32,
}

/// Why a mailbox was not read to its end.
enum Broken {
    Session(SessionError),
    End(End),
}

impl From<SessionError> for Broken {
    fn from(e: SessionError) -> Self {
        Self::Session(e)
    }
}

impl From<std::io::Error> for Broken {
    fn from(e: std::io::Error) -> Self {
        Self::End(End::Io(e))
    }
}

impl Reading<'_> {
    /// Reads them all, and tells which could not be.
    pub async fn run(&self, names: &[String], notes: &mut Notes) -> Result<Vec<String>, End> {
        let mut trouble = Vec::new();
        // Whose reply something is can only be told when everything that was sent is known.
        for sent in [true, false] {
            for settings in mailboxes(self.desk).filter(|m| names.contains(&m.name)) {
                if self.stop.load(Ordering::Relaxed) {
                    return Ok(trouble);
                }
                let unread = match self.mailbox(settings, sent, notes).await {
                    Ok(unread) => unread,
                    Err(Broken::End(end)) => return Err(end),
                    Err(Broken::Session(e)) => vec![e.to_string()],
                };
                for what in unread {
                    let line = format!("{}: {what}", settings.name);
                    if !trouble.contains(&line) {
                        anstream::eprintln!("{line}");
                        trouble.push(line);
                    }
                }
            }
        }
        Ok(trouble)
    }

    /// The sent mail of one mailbox, or the rest of it; tells which folders were not read.
    async fn mailbox(
        &self,
        settings: &MailboxSettings,
        sent: bool,
        notes: &mut Notes,
    ) -> Result<Vec<String>, Broken> {
        let connector = Connector::new(Arc::new(settings.clone()))?;
        let mut past = Some(Past::open(&connector).await?);
        let of = |p: &Past| {
            (
                self.meant(p, settings, sent),
                self.missing(p, settings, sent),
            )
        };
        let (folders, mut unread) = past.as_ref().map(of).unwrap_or_default();
        for (name, role) in folders {
            let mut visit = Visit::of(self, &connector, past.take(), (name, role));
            let visited = visit.folder(notes).await;
            unread.extend(visit.refused.take());
            past = visit.end();
            visited?;
        }
        if let Some(past) = past {
            past.close().await;
        }
        Ok(unread)
    }

    /// Folders that somebody named and that are not there. A special use of the settings is one that a server may lack.
    fn missing(&self, past: &Past, settings: &MailboxSettings, sent: bool) -> Vec<String> {
        let asked = !sent && !self.folders.is_empty();
        let named: &[String] = match sent {
            true => std::slice::from_ref(&settings.sent),
            false if asked => self.folders,
            false => &settings.folders,
        };
        let counts = |f: &&String| asked || !(f.is_empty() || f.starts_with('\\'));
        let is_lost = |f: &&String| past.names(std::slice::from_ref(*f)).is_empty();
        let lost = named.iter().filter(counts).filter(is_lost);
        lost.map(|f| SessionError::NoFolder(f.clone()).to_string())
            .collect()
    }

    fn meant(
        &self,
        past: &Past,
        settings: &MailboxSettings,
        sent: bool,
    ) -> Vec<(String, FolderRole)> {
        let of_sent: Vec<String> = Some(settings.sent.clone())
            .filter(|s| !s.is_empty())
            .into_iter()
            .collect();
        let of_sent = past.names(&of_sent);
        if sent {
            let role = |(name, _)| (name, FolderRole::Sent);
            return of_sent.into_iter().map(role).collect();
        }
        let mut meant = settings.folders.clone();
        if self.folders.is_empty() {
            meant.extend(ELSEWHERE.map(str::to_owned));
            // Where nothing is filed away, because everything lies in one folder anyway.
            if past.names(&[ELSEWHERE[0].to_owned()]).is_empty() {
                meant.push("\\All".to_owned());
            }
        } else {
            meant = self.folders.to_vec();
        }
        let mut folders = past.names(&meant);
        folders.retain(|(name, _)| of_sent.iter().all(|(sent, _)| sent != name));
        folders
    }

    /// Waits, so that so many messages do not come faster than the pace; ends early when somebody wants it to end.
    async fn pause(&self, messages: usize, began: Instant) {
        let Some(millis) = (messages as u64 * 1000).checked_div(u64::from(self.pace)) else {
            return;
        };
        let until = began + Duration::from_millis(millis);
        while Instant::now() < until && !self.stop.load(Ordering::Relaxed) {
            sleep_until(until.min(Instant::now() + Duration::from_millis(50))).await;
        }
    }
}
