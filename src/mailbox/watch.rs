//! Keeps watch over one mailbox for as long as the daemon lives: connect, read what is missing, wait, look again.
//!
//! Dropping the future at any moment is safe: nothing is known without its tagged OK, and nothing counts as handed over before the sink took it. Losing
//! the connection is normal life: it is opened again after a jittered pause that grows. A wrong password or certificate is tried
//! again only every few minutes, because trying more often locks accounts.

use super::cursor::{Watched, folder_trouble};
use super::error::SessionError;
use super::fetch::Stopped;
use super::folders::{Folder, is_junk_name};
use super::handover::{Cursors, FolderRole, Sink};
use super::hosts::{Hosts, jitter};
use super::idle::{Woken, idle};
use super::session::{Connector, Session};
use super::settings::{MailboxSettings, ReadLimits};
use super::status::{FolderStatus, MailboxState, MailboxStatus};
use crate::record::Timestamp;
use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{info, warn};

/// The first pause after a lost connection; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Between two tries when a person must act first.
const SLOW_PAUSE: Duration = Duration::from_secs(300);
/// The same where only a file of ours is looked at, and no server is asked.
const FILE_PAUSE: Duration = Duration::from_secs(30);
/// When the server's limit is reached, or the store is full.
const LIMIT_PAUSE: Duration = Duration::from_secs(60);
const STORE_PAUSE: Duration = Duration::from_secs(10);
/// How much of a sent mail is read: its headers and the lines that people quote.
const SENT_BYTES: u64 = 64 << 10;

struct Slot {
    meant: String,
    role: FolderRole,
    watched: Option<Watched>,
    status: FolderStatus,
    /// It is there, and the server does not let us read it, or some of it.
    refused: Option<String>,
}

struct Watch<C, S> {
    settings: Arc<MailboxSettings>,
    name: Arc<str>,
    hosts: Arc<Hosts>,
    connector: Option<Connector>,
    cursors: C,
    sink: S,
    slots: Vec<Slot>,
    status: watch::Sender<MailboxStatus>,
    failures: u32,
}

/// Watches one mailbox until `shutdown` becomes true (or its sender is gone). The mailboxes of one process share `hosts`.
pub async fn watch<C: Cursors, S: Sink>(
    settings: Arc<MailboxSettings>,
    hosts: Arc<Hosts>,
    cursors: C,
    sink: S,
    status: watch::Sender<MailboxStatus>,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut watch = Watch {
        name: settings.name.as_str().into(),
        slots: slots(&settings),
        hosts,
        connector: None,
        cursors,
        sink,
        status,
        settings,
        failures: 0,
    };
    watch
        .status
        .send_modify(|s| s.name.clone_from(&watch.settings.name));
    tokio::select! {
        biased;
        _ = shutdown.wait_for(|stop| *stop) => {}
        () = watch.for_ever() => {}
    }
    watch.set(MailboxState::Stopped);
}

/// Sent first: whose reply something is can only be told when the mail it replies to is known. INBOX next, then the others.
fn slots(settings: &MailboxSettings) -> Vec<Slot> {
    let slot = |meant: &String, role| Slot {
        status: FolderStatus::new(meant, role),
        meant: meant.clone(),
        role,
        watched: None,
        refused: None,
    };
    let sent = Some(&settings.sent).filter(|s| !s.is_empty());
    let mut slots: Vec<Slot> = sent
        .map(|s| slot(s, FolderRole::Sent))
        .into_iter()
        .collect();
    let role = |meant: &str| match meant.to_ascii_lowercase().as_str() {
        "inbox" => FolderRole::Inbox,
        "\\junk" => FolderRole::Junk,
        _ => FolderRole::Other,
    };
    let mut named: Vec<Slot> = settings.folders.iter().map(|m| slot(m, role(m))).collect();
    named.sort_by_key(|s| s.role != FolderRole::Inbox);
    slots.extend(named);
    slots
}

impl Slot {
    /// Which folder it is. Junk is junk by whatever name it was asked for: what lies there gets no letter by itself (A5).
    fn found(&mut self, folder: &Folder) {
        let has = |word: &str| folder.uses.iter().any(|u| u.eq_ignore_ascii_case(word));
        if self.role == FolderRole::Other && (has("\\Junk") || is_junk_name(&folder.name)) {
            self.role = FolderRole::Junk;
            self.status.role = FolderRole::Junk;
        }
    }
}

impl<C: Cursors, S: Sink> Watch<C, S> {
    async fn for_ever(&mut self) {
        loop {
            let Err(stopped) = self.connected().await;
            let pause = self.pause(stopped);
            let next = Timestamp::from(jiff::Timestamp::now())
                .plus_millis(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
            self.status.send_modify(|s| s.next_try = Some(next));
            sleep(pause).await;
        }
    }

    fn set(&self, state: MailboxState) {
        self.status
            .send_if_modified(|s| std::mem::replace(&mut s.state, state) != state);
    }

    /// Says what is wrong, and how long to wait.
    fn pause(&mut self, stopped: Stopped) -> Duration {
        let (state, words, pause) = match stopped {
            Stopped::Refused(refused) => (
                MailboxState::StoreRefuses,
                refused.to_string(),
                jitter(STORE_PAUSE),
            ),
            Stopped::Session(error)
                if !error.is_of_the_account() && self.left_alone().is_some() =>
            {
                // One pause for all mailboxes there; whoever comes first after it tries for all.
                let pause = self.left_alone().unwrap_or_default() + jitter(FIRST_PAUSE);
                (MailboxState::after(&error), error.to_string(), pause)
            }
            Stopped::Session(error) => {
                let doubled = FIRST_PAUSE * 2_u32.saturating_pow(self.failures.min(12));
                self.failures = self.failures.saturating_add(1);
                let pause = match &error {
                    SessionError::Oauth(e) if e.is_known_here() => FILE_PAUSE,
                    e if e.needs_a_person() => SLOW_PAUSE + jitter(SLOW_PAUSE) / 2,
                    SessionError::Limit { .. } => LIMIT_PAUSE + jitter(LIMIT_PAUSE),
                    _ => jitter(doubled.min(LONGEST_PAUSE)),
                };
                (MailboxState::after(&error), error.to_string(), pause)
            }
        };
        self.tell(state, &words, pause);
        let now = jiff::Timestamp::now().into();
        self.status.send_modify(|s| {
            s.state = state;
            s.last_error = Some((now, words));
        });
        pause
    }

    /// How long its server is left alone, if it is.
    fn left_alone(&self) -> Option<Duration> {
        self.hosts.of(&self.settings.imap).left_alone_for()
    }

    /// Says it in the log; again only if it is new, where nothing but a file is looked at every half minute, or the server has said it.
    fn tell(&self, state: MailboxState, words: &str, pause: Duration) {
        let before = |s: &MailboxStatus| s.last_error.as_ref().is_some_and(|(_, w)| w == words);
        let quiet = pause == FILE_PAUSE || self.left_alone().is_some();
        if quiet && before(&self.status.borrow()) {
            return;
        }
        warn!(
            mailbox = &*self.name,
            state = state.word(),
            next_try_s = pause.as_secs(),
            "{words}"
        );
    }

    /// One connection, from login to its end; it never ends well.
    async fn connected(&mut self) -> Result<Infallible, Stopped> {
        self.set(MailboxState::Connecting);
        let connector = match self.connector.take() {
            Some(connector) => connector,
            None => Connector::among(self.settings.clone(), &self.hosts)?,
        };
        let session = connector.open().await;
        match &session {
            // The trusted certificates may be what is wrong: they are read again at the next try.
            Err(SessionError::Tls { .. }) => {}
            _ => self.connector = Some(connector),
        }
        let mut session = session?;
        self.drop_twins(&session);
        self.status.send_modify(|s| s.connections += 1);
        info!(mailbox = &*self.name, "connected");
        loop {
            // Many mailboxes do not look again at the same moment.
            let every = self.settings.poll_every();
            let until = Instant::now() + every - every / 8 + jitter(every / 8);
            self.poll_all(&mut session).await?;
            self.failures = 0;
            self.wait(&mut session, until).await?;
        }
    }

    /// A folder that is meant twice, by its name and by its use, is watched once: the two would take each other's messages.
    fn drop_twins(&mut self, session: &Session) {
        let mut names = HashSet::new();
        self.slots.retain(|slot| {
            let found = session.find(&slot.meant);
            found.map_or(true, |folder| names.insert(folder.name))
        });
    }

    /// Looks at every folder.
    async fn poll_all(&mut self, session: &mut Session) -> Result<(), Stopped> {
        self.set(MailboxState::Reading);
        if self
            .slots
            .iter()
            .any(|s| s.watched.is_none() && s.status.error.is_some())
        {
            session.list().await?;
        }
        for n in 0..self.slots.len() {
            self.poll(session, n).await?;
        }
        // INBOX stays open for IDLE, and what came meanwhile is read.
        let inbox = self.inbox();
        if let Some(n) = inbox
            && n + 1 < self.slots.len()
        {
            self.poll(session, n).await?;
        }
        let now = jiff::Timestamp::now().into();
        let refused = self.refused();
        self.status.send_modify(|s| {
            if refused.is_none() {
                s.last_poll = Some(now);
            }
            s.last_error = refused.map(|why| (now, why));
            s.next_try = None;
        });
        Ok(())
    }

    /// What is wrong with a folder that is there: its replies are not read, so the mailbox is ill, however well the others are.
    fn refused(&self) -> Option<String> {
        let ill = |s: &Slot| Some(format!("folder {}: {}", s.status.name, s.refused.as_ref()?));
        self.slots.iter().find_map(ill)
    }

    fn inbox(&self) -> Option<usize> {
        self.slots.iter().position(|s| s.role == FolderRole::Inbox)
    }

    /// Opens one folder and reads what is missing; a folder's own trouble stops nothing else.
    async fn poll(&mut self, session: &mut Session, n: usize) -> Result<(), Stopped> {
        let Some(slot) = self.slots.get_mut(n) else {
            return Ok(());
        };
        let opened = match session.find(&slot.meant) {
            Ok(folder) => {
                slot.found(&folder);
                session.examine(&folder).await
            }
            Err(e) => Err(e),
        };
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => return self.note_trouble(n, error),
        };
        (slot.status.error, slot.refused) = (None, None);
        let before = slot.watched.take();
        let mut watched = match before.map(|mut w| (w.still(&opened), w)) {
            Some((true, watched)) => watched,
            changed => {
                let known = match changed {
                    Some((_, watched)) => Some(watched.as_cursor()),
                    None => {
                        let folder = &opened.folder.name;
                        self.cursors.cursor(&self.name, folder).await
                    }
                };
                let watched = Watched::compare(&self.name, slot.role, &opened, known);
                self.sink.folder_opened(watched.opened().clone()).await?;
                watched
            }
        };
        slot.status.found(&opened);
        slot.status.waiting = watched.waiting();
        self.show();
        let Some(slot) = self.slots.get_mut(n) else {
            return Ok(());
        };
        let limits = limits(&self.settings.read, slot.role);
        let done = watched
            .read(session, &limits, &self.sink, &mut slot.status)
            .await;
        slot.refused = watched.trouble();
        slot.watched = Some(watched);
        self.show();
        match done {
            Err(Stopped::Session(error)) => self.note_trouble(n, error),
            done => done,
        }
    }

    /// Shows what is the matter with one folder; what is the matter with the whole session is given back.
    fn note_trouble(&mut self, n: usize, error: SessionError) -> Result<(), Stopped> {
        let is_there = !matches!(error, SessionError::NoFolder(_));
        let trouble = folder_trouble(error)?;
        if let Some(slot) = self.slots.get_mut(n) {
            slot.refused = is_there.then(|| trouble.clone());
            slot.status.error = Some(trouble);
        }
        self.show();
        Ok(())
    }

    fn show(&self) {
        let folders: Vec<FolderStatus> = self.slots.iter().map(|s| s.status.clone()).collect();
        self.status.send_modify(|s| s.folders = folders);
    }

    /// Waits for the next poll; meanwhile IDLE may call us to INBOX.
    async fn wait(&mut self, session: &mut Session, until: Instant) -> Result<(), Stopped> {
        let Some(n) = self.inbox().filter(|_| session.can("IDLE")) else {
            self.set(MailboxState::Polling);
            sleep_until(until).await;
            return Ok(());
        };
        while Instant::now() < until {
            self.set(MailboxState::Watching);
            let (exists, trouble) = self.slots.get(n).map_or((0, true), |slot| {
                (slot.status.exists, slot.status.error.is_some())
            });
            if trouble {
                sleep_until(until).await;
                return Ok(());
            }
            match idle(session, exists, until).await {
                Ok(Woken::Change) => self.poll(session, n).await?,
                Ok(Woken::Time) => {}
                Err(SessionError::No { .. }) => {
                    self.set(MailboxState::Polling);
                    sleep_until(until).await;
                }
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }
}

fn limits(read: &ReadLimits, role: FolderRole) -> ReadLimits {
    match role {
        FolderRole::Sent => ReadLimits {
            max_message_bytes: read.max_message_bytes.min(SENT_BYTES),
            partial_bytes: read.partial_bytes.min(SENT_BYTES),
            ..*read
        },
        _ => *read,
    }
}
