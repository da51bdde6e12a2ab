//! An IMAP4rev1 server on 127.0.0.1 with everything in memory, good enough for any mail client, and able to misbehave.
//!
//! Commands are decoded and responses encoded with imap-codec; what a mail program needs beyond RFC 3501 is there: IDLE,
//! UIDPLUS, MOVE, SPECIAL-USE, LITERAL+, SASL-IR, ID, UNSELECT. Several accounts, each with INBOX, Drafts, Junk, Sent and
//! Trash; any password is right unless one is set. [`Server`] is the handle: it delivers, looks, and scripts faults.
//! Deliberately not there: subscriptions that mean something, SORT and THREAD, CONDSTORE, STARTTLS (give it a TLS
//! configuration and it speaks TLS from the first octet).

mod commands;
mod faults;
mod fetch;
mod folders;
mod login;
mod messages;
mod reply;
mod search;
mod session;
mod structure;

pub use faults::{Effect, Fault};

use folders::{World, storable};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::rustls::ServerConfig;

/// How a server is to be started; [`Settings::default`] is a plain one without accounts.
#[derive(Clone, Default)]
pub struct Settings {
    /// Login names, each with its password (`None`: any will do).
    pub accounts: Vec<(String, Option<String>)>,
    /// Implicit TLS with this configuration; in clear without it, since it is loopback.
    pub tls: Option<Arc<ServerConfig>>,
    /// Appended letters are also written here, as `NNNN.eml`; the folder must exist.
    pub folder: Option<PathBuf>,
    /// The port of 127.0.0.1; 0 takes a free one.
    pub port: u16,
}

/// A message as [`Server::messages`] shows it.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its UID.
    pub uid: u32,
    /// Its flags and keywords, as `\Seen`, `$Forwarded`.
    pub flags: BTreeSet<String>,
    /// INTERNALDATE, to the second.
    pub internal_date: Timestamp,
    /// The message, with CRLF.
    pub raw: Arc<[u8]>,
}

/// A running server. Dropping the handle ends it and its connections.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    ending: tokio::task::AbortHandle,
}

/// What the handle and the sessions share.
struct Shared {
    world: Mutex<World>,
    script: Mutex<Vec<Fault>>,
    /// Names of the commands received, in order; arguments could be passwords.
    received: Mutex<Vec<String>>,
    connections: AtomicUsize,
    /// Raised with every change of any folder: wakes what is in IDLE. Its end ends the sessions.
    changes: watch::Sender<u64>,
    ended: watch::Sender<bool>,
    tls: Option<Arc<ServerConfig>>,
    folder: Option<PathBuf>,
    appended: AtomicUsize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn changed(&self) {
        self.changes.send_modify(|n| *n += 1);
    }

    fn strike(&self, command: Option<&str>) -> Option<Effect> {
        faults::strike(&mut lock(&self.script), command)
    }

    /// Writes an appended letter down, if a folder was given.
    fn write_down(&self, raw: &[u8]) {
        let Some(folder) = &self.folder else { return };
        let number = self.appended.fetch_add(1, Ordering::Relaxed) + 1;
        write_letter(folder, number, raw);
    }
}

/// Writes a letter as `NNNN.eml`. A full disk must not change what the server answers, so it is only logged.
pub(super) fn write_letter(folder: &Path, number: usize, raw: &[u8]) {
    let path = folder.join(format!("{number:04}.eml"));
    if let Err(error) = std::fs::write(&path, raw) {
        tracing::warn!(%error, path = %path.display(), "the sandbox could not write a letter down");
    }
}

impl Server {
    /// Starts on 127.0.0.1. Fails only if the port cannot be had. Needs a running tokio runtime.
    pub async fn start(settings: Settings) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", settings.port)).await?;
        let address = listener.local_addr()?;
        let mut world = World::default();
        for (user, password) in &settings.accounts {
            world.add_account(user, password.as_deref());
        }
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            script: Mutex::default(),
            received: Mutex::default(),
            connections: AtomicUsize::new(0),
            changes: watch::channel(0).0,
            ended: watch::channel(false).0,
            tls: settings.tls,
            folder: settings.folder,
            appended: AtomicUsize::new(0),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self {
            shared,
            address,
            ending: accepting.abort_handle(),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds an account with the usual folders; one of the same name is replaced.
    pub fn add_account(&self, user: &str, password: Option<&str>) {
        lock(&self.shared.world).add_account(user, password);
    }

    /// Puts a message into a folder, unread, as a delivery agent does; its UID. `None`: no such account or folder.
    pub fn deliver(
        &self,
        user: &str,
        folder: &str,
        raw: &[u8],
        internal_date: Timestamp,
    ) -> Option<u32> {
        self.put(user, folder, raw, internal_date, BTreeSet::new())
    }

    /// Puts a mail into the Sent folder, read, as a mail program does after sending; its UID.
    pub fn append_sent(&self, user: &str, raw: &[u8], internal_date: Timestamp) -> Option<u32> {
        let flags = BTreeSet::from(["\\Seen".to_owned()]);
        self.put(user, "Sent", raw, internal_date, flags)
    }

    fn put(
        &self,
        user: &str,
        folder: &str,
        raw: &[u8],
        internal_date: Timestamp,
        flags: BTreeSet<String>,
    ) -> Option<u32> {
        let mut world = lock(&self.shared.world);
        let folder = world.folder(user, folder)?;
        let uid = folder.put(storable(raw), whole_second(internal_date), flags);
        drop(world);
        self.shared.changed();
        Some(uid)
    }

    /// What is in a folder, in the order of UIDs; nothing if it does not exist.
    pub fn messages(&self, user: &str, folder: &str) -> Vec<Message> {
        let mut world = lock(&self.shared.world);
        let stored = world.folder(user, folder).map(|f| f.messages.clone());
        let stored = stored.unwrap_or_default().into_iter();
        stored
            .map(|m| Message {
                uid: m.uid,
                flags: m.flags,
                internal_date: m.internal_date,
                raw: m.raw,
            })
            .collect()
    }

    /// Adds a flag to a message, as another mail program would (`\Answered`).
    pub fn flag(&self, user: &str, folder: &str, uid: u32, flag: &str) {
        if let Some(folder) = lock(&self.shared.world).folder(user, folder) {
            folder.change_flags(uid, |flags| {
                flags.insert(flag.to_owned());
            });
        }
        self.shared.changed();
    }

    /// Removes a message, as another mail program would.
    pub fn expunge(&self, user: &str, folder: &str, uid: u32) {
        if let Some(folder) = lock(&self.shared.world).folder(user, folder) {
            folder.remove(&[uid]);
        }
        self.shared.changed();
    }

    /// The folder under a new UIDVALIDITY, its messages numbered from 1 again; who has it selected is thrown out.
    pub fn recreate(&self, user: &str, folder: &str) {
        let mut world = lock(&self.shared.world);
        let Some(old) = world.folder(user, folder) else {
            return;
        };
        let (name, special) = (old.name.clone(), old.special.clone());
        let messages = std::mem::take(&mut old.messages);
        world.delete(user, &name);
        world.create(user, &name, special.as_deref());
        if let Some(new) = world.folder(user, &name) {
            for message in messages {
                new.put(message.raw, message.internal_date, message.flags);
            }
        }
        drop(world);
        self.shared.changed();
    }

    /// The folder as it was when it was new, under the same UIDVALIDITY: a server that was restored from an old backup.
    pub fn restore(&self, user: &str, folder: &str) {
        if let Some(folder) = lock(&self.shared.world).folder(user, folder) {
            folder.messages.clear();
            folder.uid_next = 1;
            folder.version += 1;
        }
        self.shared.changed();
    }

    /// Arms faults, beside those armed before.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared.script).extend(faults);
    }

    /// Disarms all faults.
    pub fn behave(&self) {
        lock(&self.shared.script).clear();
    }

    /// Names of all commands received so far, in order, over all connections: `LOGIN`, `UID FETCH`.
    pub fn received(&self) -> Vec<String> {
        lock(&self.shared.received).clone()
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Closes every connection that is open now; new ones are welcome.
    pub fn hang_up(&self) {
        self.shared.ended.send_replace(true);
        self.shared.ended.send_replace(false);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ending.abort();
        self.shared.ended.send_replace(true);
    }
}

/// INTERNALDATE has no smaller unit.
fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: others have to close first.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let mut ended = shared.ended.subscribe();
        let shared = shared.clone();
        tokio::spawn(async move {
            tokio::select! {
                // How a client ends its connection is its own affair.
                _ = session::serve(socket, shared) => {}
                _ = ended.changed() => {}
            }
        });
    }
}
