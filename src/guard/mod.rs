//! The doors at which others ask "may this address be written to?", and the one at which a person says "never again".
//!
//! A STOP that only Quitus knows is a broken promise: mail leaves through other tools. So mail servers ask here at every
//! recipient (`policy`, `milter`), tools ask in batches (`http`), and the link of List-Unsubscribe ends here (`one_click`).
//! Every door fails closed: what cannot be looked up, or cannot be read, is never "free"; and whoever gets no answer
//! because nothing runs must treat that as a no, which is what mail servers do by themselves (config/README.md).
//!
//! Deliberately absent: any other page or order, any name of an address in a log, and any trust in where a question comes
//! from. Nothing listens unless `[guard]` says so.

mod gate;
mod http;
mod listen;
mod milter;
mod one_click;
mod page;
mod place;
mod policy;
mod rate;
mod settings;
mod tls;
mod web;

pub use listen::Socket;
pub use place::Listen;
pub use settings::{ClientSettings, GuardSettings, HttpSettings, MtaSettings, OneClickSettings};
pub use web::{From as CameFrom, serve_pages, serve_plain};

use crate::record::Fault;
use crate::service::{GuardReport, Office};
use arc_swap::ArcSwap;
use gate::{Counts, Gate};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Why a listener could not be opened.
#[derive(Debug, thiserror::Error)]
#[error(
    "[guard.{name}] cannot listen on {listen}: {source}\n  → {}",
    fix(source)
)]
pub struct NotGuarded {
    name: &'static str,
    listen: String,
    source: std::io::Error,
}

fn fix(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program listens there: end it, or name another address"
        }
        std::io::ErrorKind::PermissionDenied => {
            "the daemon's user may not listen there: choose a port above 1023, or a folder that is its own"
        }
        _ => {
            "`quitus check` says what is wrong with the settings; correct the address, or remove the section"
        }
    }
}

/// One listener that is up.
struct Door {
    name: &'static str,
    listen: String,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

/// All listeners of a configuration. They keep the log open: end them before the daemon ends.
pub struct Guard {
    doors: Vec<Door>,
    clients: Option<http::Clients>,
    stop: watch::Sender<bool>,
}

impl Guard {
    /// Opens what the configuration in force asks for: all of it, or nothing.
    ///
    /// # Errors
    /// If an address cannot be listened on, or a certificate or a client's token cannot be read.
    pub async fn open(office: &Office) -> Result<Self, NotGuarded> {
        let settings = office.house.load().config.guard.clone();
        let (stop, _) = watch::channel(false);
        let mut guard = Self {
            doors: Vec::new(),
            clients: None,
            stop,
        };
        match guard.open_all(office, settings).await {
            Ok(()) => Ok(guard),
            Err(why) => {
                guard.end().await;
                Err(why)
            }
        }
    }

    async fn open_all(&mut self, office: &Office, all: GuardSettings) -> Result<(), NotGuarded> {
        if let Some(settings) = all.policy {
            let serve = |gate, socket, stop| policy::serve(gate, settings.text, socket, stop);
            self.door(office, ("policy", &settings.listen), serve)
                .await?;
        }
        if let Some(settings) = all.milter {
            let serve = |gate, socket, stop| milter::serve(gate, settings.text, socket, stop);
            self.door(office, ("milter", &settings.listen), serve)
                .await?;
        }
        if let Some(settings) = all.http {
            let not = |source| NotGuarded::of("http", &settings.listen, source);
            let tls = web::tls(settings.cert.as_ref(), settings.key.as_ref()).map_err(not)?;
            let clients = http::clients(settings.client.clone()).await.map_err(not)?;
            let clients: http::Clients = Arc::new(ArcSwap::from_pointee(clients));
            self.clients = Some(clients.clone());
            let serve = |gate, socket, stop| http::serve((gate, clients), tls, socket, stop);
            self.door(office, ("http", &settings.listen), serve).await?;
        }
        if let Some(settings) = all.one_click {
            let listen = settings.listen.clone();
            let tls = web::tls(settings.cert.as_ref(), settings.key.as_ref());
            let tls = tls.map_err(|source| NotGuarded::of("one_click", &listen, source))?;
            let serve = |gate, socket, stop| one_click::serve((gate, settings), tls, socket, stop);
            self.door(office, ("one_click", &listen), serve).await?;
        }
        Ok(())
    }

    /// Opens one listener and lets it be served.
    async fn door<F>(
        &mut self,
        office: &Office,
        (name, listen): (&'static str, &Listen),
        serve: impl FnOnce(Gate, Socket, watch::Receiver<bool>) -> F,
    ) -> Result<(), NotGuarded>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let opened = Socket::open(listen).await;
        let socket = opened.map_err(|source| NotGuarded::of(name, listen, source))?;
        let counts = Arc::new(Counts::default());
        let gate = Gate::new(office.clone(), counts.clone());
        tracing::info!(%listen, "the guard's {name} listens");
        self.doors.push(Door {
            name,
            listen: listen.to_string(),
            counts,
            task: tokio::spawn(serve(gate, socket, self.stop.subscribe())),
        });
        Ok(())
    }

    /// Reads the clients and their tokens anew, as the settings in force say; only a wholly good set takes the place of the one before.
    ///
    /// # Errors
    /// If a token cannot be read: then nothing has changed.
    pub async fn reload(&self, office: &Office) -> Result<(), NotGuarded> {
        let settings = office.house.load().config.guard.http.clone();
        // Another listener, or none, is in force at the next start.
        let (Some(clients), Some(settings)) = (&self.clients, settings) else {
            return Ok(());
        };
        let read = http::clients(settings.client).await;
        let read = read.map_err(|source| NotGuarded::of("http", &settings.listen, source))?;
        clients.store(Arc::new(read));
        Ok(())
    }

    /// How each is, for as long as somebody asks.
    pub fn teller(&self) -> impl Fn() -> Vec<GuardReport> + Send + Sync + use<> {
        let seen = |door: &Door| {
            let (task, counts) = (door.task.abort_handle(), door.counts.clone());
            (door.name, door.listen.clone(), counts, task)
        };
        let doors: Vec<_> = self.doors.iter().map(seen).collect();
        move || {
            let doors = doors.iter();
            doors
                .map(|(name, listen, counts, task)| GuardReport {
                    name,
                    listen: listen.clone(),
                    up: !task.is_finished(),
                    asked: counts.asked.load(Ordering::Relaxed),
                    refused: counts.refused.load(Ordering::Relaxed),
                    failed: counts.failed.load(Ordering::Relaxed),
                })
                .collect()
        }
    }

    /// Ends all: whoever is asking gets no answer, which is a no.
    pub async fn end(self) {
        // All may have ended by themselves.
        let _ = self.stop.send(true);
        for door in self.doors {
            if let Err(error) = door.task.await {
                tracing::error!(%error, "the guard's {} failed", door.name);
            }
        }
    }
}

impl NotGuarded {
    /// What a reload found, told like any mistake in what somebody saved.
    pub fn fault(&self, file: &Path) -> Fault {
        Fault::of_file(
            &file.to_string_lossy(),
            format!("[guard.{}]: {}", self.name, self.source),
            "correct it and reload again; the tokens of before stay in force",
        )
    }

    fn of(name: &'static str, listen: &Listen, source: std::io::Error) -> Self {
        Self {
            name,
            listen: listen.to_string(),
            source,
        }
    }
}
