//! From a host name to a protected stream: DNS, TCP, STARTTLS, TLS, each with its own time limit and its own words.
//!
//! STARTTLS is spoken here by hand, before any IMAP reader exists: whatever arrived in clear text after the server's OK is
//! refused (CVE-2011-0411), and no buffer of the clear-text part lives on. There is no way to go on without TLS.

use super::error::{SessionError, TlsProblem};
use super::settings::{ImapSettings, Security};
use crate::trust::{self, Untrusting};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, CertificateError};

/// How long one address may take to answer, so that a dead one does not hide a good one.
const TCP_TIME: Duration = Duration::from_secs(10);
/// The longest line of the clear-text part of STARTTLS.
const LONGEST_LINE: u64 = 8 * 1024;

/// A connection to a server.
#[derive(Debug)]
pub enum Stream {
    /// Clear text: to this machine only.
    Plain(TcpStream),
    /// Protected.
    Tls(Box<TlsStream<TcpStream>>),
}

/// What is needed to protect a connection; the system's certificates are read once, here.
pub fn tls_for(imap: &ImapSettings) -> Result<Option<TlsConnector>, SessionError> {
    if imap.security == Security::None {
        return Ok(None);
    }
    match trust::connector(imap.ca_file.as_deref()) {
        Ok(connector) => Ok(Some(connector)),
        Err(Untrusting::CaFile { file, why }) => {
            Err(tls_error(imap, TlsProblem::CaFile { file, why }))
        }
        Err(other) => Err(tls_error(imap, TlsProblem::Other(other.to_string()))),
    }
}

/// Connects; the second value tells whether the greeting was already read (STARTTLS).
pub async fn connect(
    imap: &ImapSettings,
    tls: Option<&TlsConnector>,
) -> Result<(Stream, bool), SessionError> {
    let tcp = dial(imap).await?;
    match (imap.security, tls) {
        (Security::None, _) => Ok((Stream::Plain(tcp), false)),
        (Security::Tls, Some(tls)) => Ok((protect(imap, tls, tcp).await?, false)),
        (Security::StartTls, Some(tls)) => {
            let clear = patiently(imap, "STARTTLS", start_tls(imap, tcp)).await??;
            Ok((protect(imap, tls, clear).await?, true))
        }
        (_, None) => Err(tls_error(
            imap,
            TlsProblem::Other("TLS was not set up".to_owned()),
        )),
    }
}

async fn dial(imap: &ImapSettings) -> Result<TcpStream, SessionError> {
    let (host, port) = (imap.host.trim_matches(['[', ']']), imap.port());
    let dns = |why: String| SessionError::Dns {
        host: host.to_owned(),
        why,
    };
    let addresses: Vec<SocketAddr> = patiently(imap, "DNS", tokio::net::lookup_host((host, port)))
        .await?
        .map_err(|e| dns(e.to_string()))?
        .collect();
    let mut why = None;
    for address in addresses {
        match timeout(TCP_TIME.min(imap.timeout()), TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => {
                // Without it a literal and its line end cost 40 ms (dependencies, E). A failure costs only time.
                let _ = tcp.set_nodelay(true);
                return Ok(tcp);
            }
            Ok(Err(e)) => why = Some(e.to_string()),
            Err(_) => why = Some("no answer".to_owned()),
        }
    }
    match why {
        None => Err(dns("it has no address".to_owned())),
        Some(why) => Err(SessionError::Connect {
            host: host.to_owned(),
            port,
            why,
        }),
    }
}

async fn patiently<F: Future>(
    imap: &ImapSettings,
    during: &'static str,
    step: F,
) -> Result<F::Output, SessionError> {
    let after = imap.timeout();
    timeout(after, step)
        .await
        .map_err(|_| SessionError::Timeout { during, after })
}

async fn protect(
    imap: &ImapSettings,
    tls: &TlsConnector,
    tcp: TcpStream,
) -> Result<Stream, SessionError> {
    let host = imap.host.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host).map_err(|_| {
        tls_error(
            imap,
            TlsProblem::Other("the host is not a name that a certificate can hold".to_owned()),
        )
    })?;
    match patiently(imap, "the TLS handshake", tls.connect(name, tcp)).await? {
        Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
        Err(e) => Err(handshake_error(imap, &e)),
    }
}

async fn start_tls(imap: &ImapSettings, tcp: TcpStream) -> Result<TcpStream, SessionError> {
    let during = "STARTTLS";
    let closed = |_| SessionError::Closed { during };
    let mut reader = BufReader::new(tcp);
    let greeting = line(&mut reader).await?;
    match greeting
        .get(..5)
        .unwrap_or_default()
        .to_ascii_uppercase()
        .as_str()
    {
        "* OK " => {}
        "* BYE" => {
            return Err(SessionError::Bye {
                text: greeting.get(5..).unwrap_or_default().trim().to_owned(),
            });
        }
        // RFC 3501 6.2.1: after PREAUTH there can be no STARTTLS any more.
        _ => return Err(tls_error(imap, TlsProblem::NotOffered(greeting))),
    }
    reader
        .get_mut()
        .write_all(b"S0 STARTTLS\r\n")
        .await
        .map_err(closed)?;
    let answer = loop {
        let answer = line(&mut reader).await?;
        if !answer.starts_with("* ") {
            break answer;
        }
    };
    if !answer
        .get(..6)
        .is_some_and(|a| a.eq_ignore_ascii_case("S0 OK "))
    {
        return Err(tls_error(imap, TlsProblem::NotOffered(answer)));
    }
    if !reader.buffer().is_empty() {
        return Err(tls_error(imap, TlsProblem::Injected));
    }
    Ok(reader.into_inner())
}

async fn line(reader: &mut BufReader<TcpStream>) -> Result<String, SessionError> {
    let during = "STARTTLS";
    let mut bytes = Vec::new();
    reader
        .take(LONGEST_LINE)
        .read_until(b'\n', &mut bytes)
        .await
        .map_err(|_| SessionError::Closed { during })?;
    if !bytes.ends_with(b"\n") {
        return Err(SessionError::Closed { during });
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

fn tls_error(imap: &ImapSettings, problem: TlsProblem) -> SessionError {
    SessionError::Tls {
        host: imap.host.clone(),
        problem,
    }
}

fn handshake_error(imap: &ImapSettings, error: &io::Error) -> SessionError {
    let cause = error
        .get_ref()
        .and_then(|e| e.downcast_ref::<rustls::Error>());
    let problem = match cause {
        // A cut connection is the network's fault, not the certificate's: it is tried again soon.
        None => {
            return SessionError::Closed {
                during: "the TLS handshake",
            };
        }
        Some(rustls::Error::InvalidCertificate(certificate)) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                TlsProblem::Expired
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                TlsProblem::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsProblem::WrongName
            }
            // A bad signature: another authority under the name of one that is known.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                TlsProblem::UnknownAuthority
            }
            CertificateError::Revoked => TlsProblem::Revoked,
            other => TlsProblem::Other(format!("its certificate cannot be used: {other}")),
        },
        Some(other) => TlsProblem::Other(other.to_string()),
    };
    tls_error(imap, problem)
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
