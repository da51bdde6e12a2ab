//! `quitus run`: the daemon, until somebody ends it.
//!
//! SIGTERM or Ctrl-C parks everything and ends; a second one forces. SIGHUP checks settings, templates and lexicons and
//! puts them in force only if all are good. A store that failed ends the process with an error, so that whoever
//! supervises it starts it again and the log is replayed.

use super::edge::{self, DONE, End, WRONG};
use crate::api::{self, Control, Desk};
use crate::config::{Config, LogFormat, LogSettings};
use crate::record::Fault;
use crate::service::{Daemon, Extras, StartError};
use anyhow::{Result, bail};
use notify::Watcher;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// How long a writer's editor may take to finish saving.
const SETTLE: Duration = Duration::from_millis(300);

/// Runs the daemon.
pub fn run(named: Option<&Path>) -> Result<u8, End> {
    let config = edge::config(named)?;
    listen(&config.log);
    let runtime = tokio::runtime::Runtime::new()?;
    match runtime.block_on(watch_over(config)) {
        Ok(()) => Ok(DONE),
        Err(error) => match error.downcast::<StartError>() {
            Ok(StartError::Faults(faults)) => Err(End::Faults(faults)),
            Ok(other) => Err(End::Usage(other.to_string())),
            Err(error) => {
                tracing::error!("{error:#}");
                Ok(WRONG)
            }
        },
    }
}

/// Log lines as text for people or JSON for programs, on standard error.
fn listen(settings: &LogSettings) {
    let lines = tracing_subscriber::fmt()
        .with_max_level(settings.level.filter())
        .with_writer(std::io::stderr);
    match settings.format {
        LogFormat::Json => lines.json().init(),
        LogFormat::Text => lines.init(),
    }
}

async fn watch_over(config: Config) -> Result<()> {
    let (mut terminate, mut interrupt, mut hang_up) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
        signal(SignalKind::hangup())?,
    );
    let (tell, mut saved) = mpsc::unbounded_channel::<()>();
    let watched: Vec<PathBuf> = config
        .templates
        .path
        .iter()
        .chain(&config.lexicon.path)
        .cloned()
        .collect();
    let _watcher = watch(&watched, tell)?;
    let socket = config.control_socket.clone();
    let daemon = Daemon::start(config, Extras::default()).await?;
    let control = Control::open(api::router(Desk::of(&daemon)), &socket).await?;
    tracing::info!("ready");
    let mut health = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => tell_reload(daemon.reload()),
            Some(()) = saved.recv() => {
                tokio::time::sleep(SETTLE).await;
                while saved.try_recv().is_ok() {}
                tell_reload(daemon.reload());
            }
            _ = health.tick() => if daemon.has_failed() {
                bail!("the store has failed; starting again replays the log (see the error above)");
            },
        }
    }
    tracing::info!(
        "ending: no new mail is read, letters on their way are finished; a second signal forces"
    );
    tokio::select! {
        () = async { control.end().await; daemon.end().await } => {}
        _ = terminate.recv() => bail!("forced to end; letters on their way are uncertain now"),
        _ = interrupt.recv() => bail!("forced to end; letters on their way are uncertain now"),
    }
    tracing::info!("ended");
    Ok(())
}

fn tell_reload(result: Result<(), Vec<Fault>>) {
    match result {
        Ok(()) => tracing::info!("settings, templates and lexicons are read again and in force"),
        Err(faults) => {
            for fault in faults {
                tracing::error!("{fault}");
            }
            tracing::error!("the last good set stays in force");
        }
    }
}

/// Tells when something in these folders was saved.
fn watch(folders: &[PathBuf], tell: mpsc::UnboundedSender<()>) -> Result<impl Watcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let changed =
            event.is_ok_and(|e| e.kind.is_modify() || e.kind.is_create() || e.kind.is_remove());
        if changed {
            // The daemon may be ending, and then nobody needs to know.
            let _ = tell.send(());
        }
    })?;
    for folder in folders {
        watcher.watch(folder, notify::RecursiveMode::Recursive)?;
    }
    Ok(watcher)
}
