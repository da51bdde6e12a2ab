//! An SMTP server on 127.0.0.1 that accepts every letter, remembers it, and can misbehave at any step.
//!
//! It is the outgoing server of the demo, the recording server of the fault tests, and the bare sink of the benchmark:
//! a letter is copied once, from the connection's buffer into its record. Nothing is ever relayed to anywhere.
//! Deliberately not there: relaying, size limits that mean something, CHUNKING, any check of who sends.

mod dialog;
mod faults;

pub use faults::{Effect, Fault, Step};

use super::imap::write_letter;
use jiff::Timestamp;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::rustls::ServerConfig;

/// How TLS is offered.
#[derive(Clone, Default)]
pub enum Tls {
    /// Not at all: it is loopback.
    #[default]
    None,
    /// From the first octet (RFC 8314).
    Implicit(Arc<ServerConfig>),
    /// By STARTTLS (RFC 3207).
    Start(Arc<ServerConfig>),
}

/// How a server is to be started; [`Settings::default`] is a plain one that lets anybody in.
#[derive(Clone, Default)]
pub struct Settings {
    /// The one right user name and password; `None`: any will do, and nobody has to log in.
    pub login: Option<(String, String)>,
    /// Whether and how it encrypts.
    pub tls: Tls,
    /// Accepted letters are also written here, as `NNNN.eml`; the folder must exist.
    pub folder: Option<PathBuf>,
    /// The port of 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Accepted letters are counted and forgotten, for benchmarks of many.
    pub forget: bool,
}

/// A letter that was accepted, or whose final dot was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The envelope's sender; empty for the null sender `<>`.
    pub from: String,
    /// The envelope's recipients, in their order.
    pub to: Vec<String>,
    /// The letter as it was meant: with CRLF, without the dots that transparency added (RFC 5321, 4.5.2).
    pub raw: Vec<u8>,
    /// When the final dot was seen.
    pub at: Timestamp,
    /// Which connection it came by, from 1.
    pub session: usize,
    /// Whether the client was told 250. `false`: the script cut, stalled or answered otherwise after the final dot.
    pub confirmed: bool,
}

/// A running server. Dropping the handle ends it and its connections.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    ending: tokio::task::AbortHandle,
}

struct Shared {
    settings: Settings,
    script: Mutex<Vec<Fault>>,
    letters: Mutex<Vec<Received>>,
    accepted: watch::Sender<usize>,
    sessions: AtomicUsize,
    ended: watch::Sender<bool>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn strike(&self, step: Step) -> Option<Effect> {
        faults::strike(&mut lock(&self.script), step)
    }

    /// Keeps a letter.
    fn keep(&self, letter: Received) {
        let number = *self.accepted.borrow() + 1;
        if let Some(folder) = &self.settings.folder {
            write_letter(folder, number, &letter.raw);
        }
        if !self.settings.forget {
            lock(&self.letters).push(letter);
        }
        self.accepted.send_modify(|n| *n += 1);
    }
}

impl Server {
    /// Starts on 127.0.0.1. Fails only if the port cannot be had. Needs a running tokio runtime.
    pub async fn start(settings: Settings) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", settings.port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            settings,
            script: Mutex::default(),
            letters: Mutex::default(),
            accepted: watch::channel(0).0,
            sessions: AtomicUsize::new(0),
            ended: watch::channel(false).0,
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

    /// All letters so far, in the order of their final dots.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared.letters).clone()
    }

    /// How many letters so far.
    pub fn count(&self) -> usize {
        *self.shared.accepted.borrow()
    }

    /// Waits until there are so many letters; false if the time was over before.
    pub async fn wait_for(&self, letters: usize, at_most: Duration) -> bool {
        let mut accepted = self.shared.accepted.subscribe();
        let enough = accepted.wait_for(|n| *n >= letters);
        matches!(tokio::time::timeout(at_most, enough).await, Ok(Ok(_)))
    }

    /// How many connections were opened so far.
    pub fn sessions(&self) -> usize {
        self.shared.sessions.load(Ordering::Relaxed)
    }

    /// Arms faults, beside those armed before.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared.script).extend(faults);
    }

    /// Disarms all faults.
    pub fn behave(&self) {
        lock(&self.shared.script).clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ending.abort();
        self.shared.ended.send_replace(true);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: others have to close first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let session = shared.sessions.fetch_add(1, Ordering::Relaxed) + 1;
        let mut ended = shared.ended.subscribe();
        let shared = shared.clone();
        tokio::spawn(async move {
            tokio::select! {
                // How a client ends its connection is its own affair.
                _ = dialog::serve(socket, session, shared) => {}
                _ = ended.changed() => {}
            }
        });
    }
}
