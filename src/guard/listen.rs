//! Takes in connections, so many at a time, and ends them all together.

use super::place::Listen;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// Connections of one listener at the same time. A Postfix has 100 processes of a kind by default, each with one; and four
/// listeners together stay under the usual limit of 1,024 open files.
pub(super) const SEATS: usize = 200;
/// How long to wait when the system gives no connection (too many open files).
const PAUSE: Duration = Duration::from_millis(100);

/// What is spoken over.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A connection, and where it comes from; nothing for a socket of the file system.
pub(super) type Caller = (Box<dyn Wire>, Option<IpAddr>);

/// A socket that is listened on; the file of one in the file system is removed at the end.
pub enum Socket {
    /// A port.
    Tcp(TcpListener),
    /// A socket of the file system, and its file.
    Unix(UnixListener, PathBuf),
}

impl Socket {
    /// Begins to listen.
    ///
    /// # Errors
    /// If the system gives no socket, or somebody else answers there.
    pub async fn open(listen: &Listen) -> io::Result<Self> {
        match listen {
            Listen::Tcp(address) => Ok(Self::Tcp(TcpListener::bind(address).await?)),
            Listen::Unix(path) => {
                clear(path).await?;
                let listener = UnixListener::bind(path)?;
                let socket = Self::Unix(listener, path.clone());
                // A mail server is another user: whoever may enter the folder may ask.
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
                Ok(socket)
            }
        }
    }

    async fn accept(&self) -> io::Result<Caller> {
        match self {
            Self::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                // Answers are short, and each is waited for.
                stream.set_nodelay(true)?;
                Ok((Box::new(stream), Some(from.ip())))
            }
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), None))
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            // Whoever removed it before us wanted the same.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Removes what a dead daemon left; one that answers is somebody's.
async fn clear(path: &Path) -> io::Result<()> {
    let Ok(found) = std::fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !found.file_type().is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "something that is no socket lies there",
        ));
    }
    if UnixStream::connect(path).await.is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    std::fs::remove_file(path)
}

/// Has every connection talked to, until it is time to stop; then all are cut.
pub(super) async fn take_in<F>(
    socket: Socket,
    stop: watch::Receiver<bool>,
    talk: impl Fn(Caller) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    take_in_at_most(SEATS, socket, stop, talk).await;
}

/// The same with another number of connections at the same time.
pub(super) async fn take_in_at_most<F>(
    most: usize,
    socket: Socket,
    mut stop: watch::Receiver<bool>,
    talk: impl Fn(Caller) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let seats = Arc::new(Semaphore::new(most));
    let mut talks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            // A sender that is gone means the same as a stop.
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = socket.accept() => accepted,
            Some(ended) = talks.join_next() => {
                ended_well(ended);
                continue;
            }
        };
        match (accepted, seats.clone().try_acquire_owned()) {
            (Ok(caller), Ok(seat)) => {
                let talk = talk(caller);
                talks.spawn(async move {
                    talk.await;
                    drop(seat);
                });
            }
            // Cut at once: a mail server takes that for "later", and a queue would let it wait for its own time limit.
            (Ok(_), Err(_)) => {
                tracing::warn!(most, "too many connections to a listener; one was cut")
            }
            (Err(error), _) => {
                tracing::warn!(%error, "a connection to a listener could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    talks.shutdown().await;
}

fn ended_well(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection to a listener failed");
    }
}
