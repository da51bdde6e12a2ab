//! `quitus run`: the daemon, until somebody ends it.
//!
//! SIGTERM or Ctrl-C parks everything and ends; a second one forces. SIGHUP checks settings, templates and lexicons and
//! puts them in force only if all are good. A store that failed ends the process with an error, so that whoever
//! supervises it starts it again and the log is replayed; a supervisor that speaks as systemd does is told when the daemon is
//! ready, reloads and ends.

mod doors;
mod logs;

use super::edge::{self, DONE, End, WRONG};
use crate::api::NotServed;
use crate::config::Config;
use crate::guard::NotGuarded;
use crate::monitor::{NotMonitored, Supervisor};
use crate::record::Fault;
use crate::service::{Daemon, Extras, StartError};
use crate::web::NotOpened;
use anyhow::{Context as _, Result, anyhow};
use doors::Doors;
use notify::Watcher;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// How long a writer's editor may take to finish saving.
const SETTLE: Duration = Duration::from_millis(300);

/// How long what still runs may take when the process is forced to end.
const FORCED: Duration = Duration::from_millis(500);

/// Runs the daemon.
pub fn run(named: Option<&Path>) -> Result<u8, End> {
    // Log, keys, socket: whatever this process makes is its owner's alone, from the first moment.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let config = edge::config(named)?;
    logs::begin(&config.log);
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(watch_over(config));
    runtime.shutdown_timeout(FORCED);
    match ended {
        Ok(()) => Ok(DONE),
        Err(Ended::Start(StartError::Faults(faults))) => Err(End::Faults(faults)),
        Err(Ended::Other(error)) => {
            tracing::error!("{error:#}");
            Ok(WRONG)
        }
        Err(why) if why.is_a_mistake() => Err(End::Usage(why.to_string())),
        Err(why) => Err(End::Io(std::io::Error::other(why.to_string()))),
    }
}

/// Why the daemon does not run any more, or never did.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Socket(#[from] NotServed),
    #[error(transparent)]
    Guard(#[from] NotGuarded),
    #[error(transparent)]
    Monitor(#[from] NotMonitored),
    #[error(transparent)]
    Desk(#[from] NotOpened),
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl Ended {
    /// Whether somebody set it up so, and starting again mends nothing: code 2, which a supervisor does not try again. A disk
    /// that is full or not mounted yet, an address that is still taken, a certificate that is being renewed, may be good in a
    /// minute; and so may a store that another process has: a command opens it itself while no daemon runs.
    fn is_a_mistake(&self) -> bool {
        match self {
            Self::Start(StartError::Faults(_)) => true,
            Self::Socket(socket) => !matches!(socket, NotServed::Io { .. }),
            _ => false,
        }
    }
}

async fn watch_over(config: Config) -> Result<(), Ended> {
    let no_signals = "signals cannot be received";
    let mut signals = Signals::new().context(no_signals)?;
    let hang_up = signal(SignalKind::hangup()).context(no_signals)?;
    let (tell, saved) = mpsc::unbounded_channel::<()>();
    let orders = Orders {
        hang_up,
        saved,
        _watcher: Box::new(watch(&config, tell.clone())?),
        tell,
    };
    let supervisor = Arc::new(Supervisor::of_environment());
    let (socket, store) = (config.control_socket.clone(), config.store.path.clone());
    supervisor.status("opening the store");
    let daemon = Daemon::start(config, Extras::default()).await?;
    let doors = match Doors::open(&daemon, &socket, &supervisor).await {
        Ok(doors) => doors,
        Err(why) => {
            daemon.end().await;
            return Err(why);
        }
    };
    supervisor.ready(&doors.monitor.line().await);
    supervisor.feed(daemon.office.sequencer.pulse());
    tracing::info!(store = %store.display(), socket = %socket.display(), "ready");
    orders
        .obey(&daemon, (&doors, &supervisor), &mut signals)
        .await?;
    supervisor.stopping();
    tracing::info!(
        "ending: no new mail is read, letters on their way are finished; a second signal forces"
    );
    tokio::select! {
        () = async { doors.end().await; daemon.end().await } => {}
        () = signals.end() => {
            return Err(anyhow!("forced to end; letters on their way are uncertain at the next start").into());
        }
    }
    tracing::info!("ended");
    Ok(())
}

/// What a running daemon is told to read again.
struct Orders {
    hang_up: Signal,
    /// Something in the firm's own folders was saved.
    saved: mpsc::UnboundedReceiver<()>,
    tell: mpsc::UnboundedSender<()>,
    _watcher: Box<dyn Watcher>,
}

impl Orders {
    /// Obeys until the daemon shall end.
    ///
    /// # Errors
    /// If the store has failed.
    async fn obey(
        mut self,
        daemon: &Daemon,
        (doors, supervisor): (&Doors, &Supervisor),
        signals: &mut Signals,
    ) -> Result<(), Ended> {
        let mut health = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                () = signals.end() => return Ok(()),
                _ = self.hang_up.recv() => {
                    supervisor.reloading();
                    doors.read_again(daemon).await;
                    // Other folders may be named now.
                    match watch(&daemon.office.house.load().config, self.tell.clone()) {
                        Ok(watcher) => self._watcher = Box::new(watcher),
                        Err(error) => tracing::error!("{error:#}"),
                    }
                    supervisor.ready(&doors.monitor.line().await);
                }
                Some(()) = self.saved.recv() => {
                    tokio::time::sleep(SETTLE).await;
                    while self.saved.try_recv().is_ok() {}
                    doors.read_again(daemon).await;
                }
                _ = health.tick() => if daemon.has_failed() {
                    return Err(anyhow!("the store has failed; starting again replays the log (see the error above)").into());
                },
            }
        }
    }
}

/// Orders to end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// SIGTERM or Ctrl-C.
    async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn tell_reload(result: Result<Vec<&'static str>, Vec<Fault>>) {
    match result {
        Ok(restart) => {
            tracing::info!("settings, templates and lexicons are read again and in force");
            if !restart.is_empty() {
                let sections = restart.join(", ");
                tracing::warn!("{sections} changed: in force once the daemon is started again");
            }
        }
        Err(faults) => {
            for fault in faults {
                tracing::error!("{fault}");
            }
            tracing::error!("the last good set stays in force");
        }
    }
}

/// Tells when something in the firm's own folders was saved.
fn watch(config: &Config, tell: mpsc::UnboundedSender<()>) -> Result<impl Watcher + use<>> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let changed =
            event.is_ok_and(|e| e.kind.is_modify() || e.kind.is_create() || e.kind.is_remove());
        if changed {
            // The daemon may be ending, and then nobody needs to know.
            let _ = tell.send(());
        }
    })?;
    for folder in config.templates.path.iter().chain(&config.lexicon.path) {
        watcher
            .watch(folder, notify::RecursiveMode::Recursive)
            .with_context(|| format!("{} cannot be watched", folder.display()))?;
    }
    Ok(watcher)
}
