//! One connection of a client to a server of the sandbox: lines in, octets out, in clear or through TLS.
//!
//! Everything written passes through one place, because a fault script cuts the connection after so many octets.
//! Reading survives being cancelled: what has arrived stays in the buffer (an IDLE waits for two things at once).

use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// A line longer than this is no command of anybody's.
const LONGEST_LINE: usize = 1 << 20;

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// The server's end of a connection.
pub(super) struct Wire {
    duplex: Box<dyn Duplex>,
    input: Vec<u8>,
    taken: usize,
    may_write: Option<usize>,
}

impl Wire {
    /// Takes over a connection; `tls` is for implicit TLS.
    pub(super) async fn accept(socket: TcpStream, tls: Option<Arc<ServerConfig>>) -> Result<Self> {
        // A literal and its line end go out in two writes now and then; without NODELAY each costs 40 ms.
        socket.set_nodelay(true)?;
        let plain = Self::over(Box::new(socket));
        match tls {
            Some(config) => plain.encrypted(config).await,
            None => Ok(plain),
        }
    }

    fn over(duplex: Box<dyn Duplex>) -> Self {
        Self {
            duplex,
            input: Vec::with_capacity(16 << 10),
            taken: 0,
            may_write: None,
        }
    }

    /// The same connection through TLS (implicit, or after STARTTLS). What came in clear is thrown away (RFC 3207, 6).
    pub(super) async fn encrypted(self, config: Arc<ServerConfig>) -> Result<Self> {
        let tls = TlsAcceptor::from(config).accept(self.duplex).await?;
        Ok(Self::over(Box::new(tls)))
    }

    /// What has arrived and was not taken yet.
    pub(super) fn waiting(&self) -> &[u8] {
        &self.input[self.taken..]
    }

    /// Removes so many octets from the front of what is waiting.
    pub(super) fn take(&mut self, octets: usize) {
        self.taken = (self.taken + octets).min(self.input.len());
        if self.taken == self.input.len() {
            self.input.clear();
            self.taken = 0;
        }
    }

    /// Waits until something more has arrived; false at the end of the connection. May be cancelled.
    pub(super) async fn more(&mut self) -> Result<bool> {
        if self.taken > LONGEST_LINE {
            self.input.drain(..self.taken);
            self.taken = 0;
        }
        self.input.reserve(16 << 10);
        Ok(self.duplex.read_buf(&mut self.input).await? > 0)
    }

    /// The next line without its end; `None` at the end of the connection. May be cancelled.
    pub(super) async fn line(&mut self) -> Result<Option<Vec<u8>>> {
        let mut searched = 0;
        loop {
            let waiting = self.waiting();
            if let Some(end) = waiting[searched..].iter().position(|b| *b == b'\n') {
                let end = searched + end;
                let line = &waiting[..end];
                let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
                self.take(end + 1);
                return Ok(Some(line));
            }
            searched = waiting.len();
            if searched > LONGEST_LINE {
                return Err(Error::new(ErrorKind::InvalidData, "a line without end"));
            }
            if !self.more().await? {
                return Ok(None);
            }
        }
    }

    /// Exactly so many octets (a literal).
    pub(super) async fn octets(&mut self, n: usize) -> Result<Vec<u8>> {
        while self.waiting().len() < n {
            if !self.more().await? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let octets = self.waiting()[..n].to_vec();
        self.take(n);
        Ok(octets)
    }

    /// From now on only so many octets are written; then the connection is closed and every call fails.
    pub(super) fn cut_after(&mut self, octets: usize) {
        self.may_write = Some(octets);
    }

    /// Writes all of it at once.
    pub(super) async fn send(&mut self, octets: &[u8]) -> Result<()> {
        let Some(left) = self.may_write else {
            self.duplex.write_all(octets).await?;
            return self.duplex.flush().await;
        };
        let now = left.min(octets.len());
        self.duplex.write_all(&octets[..now]).await?;
        self.duplex.flush().await?;
        self.may_write = Some(left - now);
        if now < octets.len() {
            self.close().await;
            return Err(ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }

    /// Ends the connection politely.
    pub(super) async fn close(&mut self) {
        // The other side may be gone already: then there is nothing left to say.
        let _ = self.duplex.shutdown().await;
    }

    /// Says nothing for so long, then hangs up.
    pub(super) async fn stall(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
        self.close().await;
    }
}
