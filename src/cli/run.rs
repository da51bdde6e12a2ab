//! `quitus run`: the daemon, until somebody ends it.
//!
//! SIGTERM or Ctrl-C parks everything and ends; a second one forces. SIGHUP checks settings, templates and lexicons and
//! puts them in force only if all are good. A store that failed ends the process with an error, so that whoever
//! supervises it starts it again and the log is replayed.

use super::edge::{self, DONE, End, WRONG};
use crate::api::{self, Control, Desk, NotServed};
use crate::config::{Config, LogFormat, LogSettings};
use crate::guard::{Guard, NotGuarded};
use crate::record::Fault;
use crate::service::{Daemon, Extras, StartError};
use anyhow::{Context as _, Result, anyhow};
use notify::Watcher;
use std::io::IsTerminal as _;
use std::path::Path;
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
    listen(&config.log);
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(watch_over(config));
    runtime.shutdown_timeout(FORCED);
    match ended {
        Ok(()) => Ok(DONE),
        Err(Ended::Start(StartError::Faults(faults))) => Err(End::Faults(faults)),
        Err(Ended::Start(other)) => Err(End::Usage(other.to_string())),
        Err(Ended::Socket(why)) => Err(End::Usage(why.to_string())),
        Err(Ended::Guard(why)) => Err(End::Usage(why.to_string())),
        Err(Ended::Other(error)) => {
            tracing::error!("{error:#}");
            Ok(WRONG)
        }
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
    Other(#[from] anyhow::Error),
}

/// Log lines as text for people or JSON for programs, on standard error.
fn listen(settings: &LogSettings) {
    let lines = tracing_subscriber::fmt()
        .with_max_level(settings.level.filter())
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match settings.format {
        LogFormat::Json => lines.json().init(),
        LogFormat::Text => lines.init(),
    }
    // A panic's own words may quote the text that it stumbled over, which is somebody's mail: only its place is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(
            place = place.unwrap_or_default(),
            "a mistake inside Quitus; what was being done is parked, please report the place"
        );
    }));
}

async fn watch_over(config: Config) -> Result<(), Ended> {
    let no_signals = "signals cannot be received";
    let mut signals = Signals::new().context(no_signals)?;
    let mut hang_up = signal(SignalKind::hangup()).context(no_signals)?;
    let (tell, mut saved) = mpsc::unbounded_channel::<()>();
    let mut _watcher = watch(&config, tell.clone())?;
    let (socket, store) = (config.control_socket.clone(), config.store.path.clone());
    let daemon = Daemon::start(config, Extras::default()).await?;
    let (control, guard) = match open_doors(&daemon, &socket).await {
        Ok(doors) => doors,
        Err(why) => {
            daemon.end().await;
            return Err(why);
        }
    };
    tracing::info!(store = %store.display(), socket = %socket.display(), "ready");
    let mut health = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            () = signals.end() => break,
            _ = hang_up.recv() => {
                read_again(&daemon, &guard).await;
                // Other folders may be named now.
                match watch(&daemon.office.house.load().config, tell.clone()) {
                    Ok(watcher) => _watcher = watcher,
                    Err(error) => tracing::error!("{error:#}"),
                }
            }
            Some(()) = saved.recv() => {
                tokio::time::sleep(SETTLE).await;
                while saved.try_recv().is_ok() {}
                read_again(&daemon, &guard).await;
            }
            _ = health.tick() => if daemon.has_failed() {
                return Err(anyhow!("the store has failed; starting again replays the log (see the error above)").into());
            },
        }
    }
    tracing::info!(
        "ending: no new mail is read, letters on their way are finished; a second signal forces"
    );
    tokio::select! {
        () = async { control.end().await; guard.end().await; daemon.end().await } => {}
        () = signals.end() => {
            return Err(anyhow!("forced to end; letters on their way are uncertain at the next start").into());
        }
    }
    tracing::info!("ended");
    Ok(())
}

/// Opens the control socket, and the listeners of the guard if the settings ask for some.
async fn open_doors(daemon: &Daemon, socket: &Path) -> Result<(Control, Guard), Ended> {
    let guard = Guard::open(&daemon.office).await?;
    daemon.see_guard(guard.teller());
    match Control::open(api::router(Desk::of(daemon)), socket).await {
        Ok(control) => Ok((control, guard)),
        Err(why) => {
            guard.end().await;
            Err(why.into())
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

/// Reads everything again, and the tokens of the guard's clients with it.
async fn read_again(daemon: &Daemon, guard: &Guard) {
    let read = daemon.reload();
    let good = read.is_ok();
    tell_reload(read);
    if !good {
        return;
    }
    if let Err(why) = guard.reload(&daemon.office).await {
        let fault = why.fault(&daemon.office.house.load().config.file);
        tracing::error!("{fault}");
        daemon.refuse(&[fault]);
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
