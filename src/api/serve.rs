//! The control socket: the router on a Unix socket that only the daemon's own user can open.
//!
//! A socket that a dead daemon left is removed at the start; one that answers belongs to a living daemon and is left alone.

use axum::Router;
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum NotServed {
    /// Another daemon answers on it.
    #[error("another daemon answers on the control socket {}\n  → name another path in [control] socket, or end that daemon", .0.display())]
    Taken(PathBuf),
    /// Something else lies at its path.
    #[error("{} is there and is not a socket\n  → name another path in [control] socket", .0.display())]
    NotASocket(PathBuf),
    /// The system.
    #[error("the control socket {} cannot be made: {source}\n  → its folder must be there, and writable for the daemon's user; [control] socket names another", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
}

/// Removes the socket's file at the end.
struct Placed(PathBuf);

impl Drop for Placed {
    fn drop(&mut self) {
        // Whoever removed it before us wanted the same.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Opens the socket, mode 0600, and returns what serves the router on it until `stop` becomes true.
///
/// # Errors
/// If another daemon answers there, or the system gives no socket.
pub async fn serve(
    router: Router,
    path: &Path,
    stop: watch::Receiver<bool>,
) -> Result<impl Future<Output = ()> + Send + use<>, NotServed> {
    let io = |source| NotServed::Io {
        path: path.to_owned(),
        source,
    };
    clear(path).await?;
    let listener = UnixListener::bind(path).map_err(io)?;
    let placed = Placed(path.to_owned());
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(io)?;
    Ok(async move {
        let mut stop = stop;
        let stopped = async move {
            // A sender that is gone means the same as a stop.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        let served = axum::serve(listener, router).with_graceful_shutdown(stopped);
        if let Err(error) = served.await {
            tracing::error!(%error, "the control socket failed");
        }
        drop(placed);
    })
}

/// How long a question that is being answered may take when the daemon ends.
const PATIENCE: Duration = Duration::from_secs(5);

/// A control socket that is being served.
pub struct Control {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Control {
    /// Opens and serves it.
    ///
    /// # Errors
    /// As [`serve`].
    pub async fn open(router: Router, path: &Path) -> Result<Self, NotServed> {
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(serve(router, path, stopping).await?);
        Ok(Self { stop, task })
    }

    /// Ends it. Before the daemon ends: the router holds the way to the log.
    pub async fn end(self) {
        // It may have ended by itself.
        let _ = self.stop.send(true);
        let abort = self.task.abort_handle();
        if tokio::time::timeout(PATIENCE, self.task).await.is_err() {
            abort.abort();
        }
    }
}

/// Removes what a dead daemon left.
async fn clear(path: &Path) -> Result<(), NotServed> {
    use std::os::unix::fs::FileTypeExt;
    let Ok(found) = std::fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !found.file_type().is_socket() {
        return Err(NotServed::NotASocket(path.to_owned()));
    }
    if UnixStream::connect(path).await.is_ok() {
        return Err(NotServed::Taken(path.to_owned()));
    }
    std::fs::remove_file(path).map_err(|source| NotServed::Io {
        path: path.to_owned(),
        source,
    })
}
