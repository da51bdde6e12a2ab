//! One request to one server: connected, protected, bounded in time and size, and never sent elsewhere.
//!
//! Connections are kept for the next request, because a handshake for each step of each STOP would be most of its time. A
//! kept one may have been closed by the server in the meantime: then the request is sent once more on a new one. Every act
//! sets a state, so saying it twice does no harm. Deliberately absent: redirects, proxies, HTTP/2.

mod tls;
mod trouble;

pub use trouble::{Trouble, TroubleKind};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{HeaderMap, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// Connections that wait for the next request.
const KEPT: usize = 4;
/// Servers close what is unused; most after a minute or more.
const KEPT_FOR: Duration = Duration::from_secs(20);
/// How long one address may take to answer, at most.
const TCP_TIME: Duration = Duration::from_secs(10);

/// A URL, taken apart.
#[derive(Clone, Debug)]
pub struct Target {
    tls: bool,
    host: String,
    port: u16,
    /// The path; at least `/`.
    pub path: String,
    /// The query of a webhook's URL.
    pub query: String,
}

impl Target {
    /// Takes a URL apart. The error says what and what to do, and repeats nothing of it: it may hold a secret.
    pub fn parse(url: &str) -> Result<Self, (&'static str, &'static str)> {
        let fix = "write it as https://api.example.com";
        let uri: Uri = url.parse().map_err(|_| ("this is not a URL", fix))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(("this is not a URL", fix));
        };
        if authority.as_str().contains('@') {
            return Err((
                "a secret stands in the URL",
                "take it out, and say where it is: secret = { file = \"…\" }",
            ));
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let ip = host.parse::<IpAddr>().ok();
        let loopback =
            host.eq_ignore_ascii_case("localhost") || ip.is_some_and(|ip| ip.is_loopback());
        let tls = match scheme {
            "https" => true,
            "http" if loopback => false,
            "http" => {
                let fix = "write https://; http:// is only for 127.0.0.1, ::1 and localhost";
                return Err((
                    "addresses and keys would cross the network in clear text",
                    fix,
                ));
            }
            _ => return Err(("this is not a URL of the web", fix)),
        };
        Ok(Self {
            tls,
            host,
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
        })
    }

    /// As the Host field says it.
    fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }
}

/// A request, without its server.
pub struct Ask {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// Path and query.
    pub target: String,
    /// Beside Host, User-Agent and Accept.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// JSON, unless `headers` says what else.
    pub body: Option<String>,
    /// Bytes of the answer at most.
    pub at_most: usize,
}

/// What came back.
pub struct Answer {
    /// As in 200.
    pub status: u16,
    /// A page for people, which no interface sends. What it calls itself does not count: "ok" often comes as text/html.
    pub html: bool,
    /// How long it asked us to wait (`Retry-After`).
    pub wait: Option<Duration>,
    /// What it said.
    pub body: Bytes,
}

/// A server, and the connections to it.
pub struct Http {
    target: Target,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    time: Duration,
    kept: Mutex<Vec<(SendRequest<Full<Bytes>>, Instant)>>,
}

impl Http {
    /// Prepares connections; opens none. The error says what and what to do.
    pub fn new(
        target: Target,
        ca_file: Option<&Path>,
        time: Duration,
    ) -> Result<Self, (String, &'static str)> {
        let tls = if target.tls {
            let name = ServerName::try_from(target.host.clone()).map_err(|_| {
                (
                    "the host is not a name that a certificate can have".to_owned(),
                    "correct the URL",
                )
            })?;
            Some((tls::connector(ca_file)?, name))
        } else {
            None
        };
        Ok(Self {
            target,
            tls,
            time,
            kept: Mutex::default(),
        })
    }

    /// The path (and for a webhook the query) of the server's URL.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Asks, within the time for one call.
    pub async fn ask(&self, ask: &Ask) -> Result<Answer, Trouble> {
        let late = |_| {
            Trouble::new(
                TroubleKind::Timeout,
                format!("no answer within {} s", self.time.as_secs()),
            )
        };
        timeout(self.time, self.in_time(ask)).await.map_err(late)?
    }

    async fn in_time(&self, ask: &Ask) -> Result<Answer, Trouble> {
        if let Some(mut kept) = self.take_kept()
            && kept.ready().await.is_ok()
            && let Ok(response) = kept.send_request(self.request(ask)?).await
        {
            return self.read(kept, response, ask.at_most).await;
        }
        let mut fresh = self.connect().await?;
        let cut = |_| {
            Trouble::new(
                TroubleKind::Connect,
                "the connection broke before there was an answer",
            )
        };
        let response = fresh.send_request(self.request(ask)?).await.map_err(cut)?;
        self.read(fresh, response, ask.at_most).await
    }

    async fn read(
        &self,
        connection: SendRequest<Full<Bytes>>,
        response: Response<Incoming>,
        at_most: usize,
    ) -> Result<Answer, Trouble> {
        let (head, body) = response.into_parts();
        let read = Limited::new(body, at_most).collect().await;
        let body = read.map_err(|e| {
            if e.is::<http_body_util::LengthLimitError>() {
                Trouble::new(
                    TroubleKind::Answer,
                    format!("the answer is longer than {} KiB", at_most / 1024),
                )
            } else {
                Trouble::new(
                    TroubleKind::Connect,
                    "the connection broke in the middle of the answer",
                )
            }
        })?;
        self.keep(connection);
        let body = body.to_bytes();
        Ok(Answer {
            status: head.status.as_u16(),
            html: body.trim_ascii_start().starts_with(b"<"),
            wait: wait(&head.headers),
            body,
        })
    }

    fn request(&self, ask: &Ask) -> Result<Request<Full<Bytes>>, Trouble> {
        let mut request = Request::builder()
            .method(ask.method)
            .uri(&ask.target)
            .header(HOST, self.target.authority())
            .header(USER_AGENT, concat!("quitus/", env!("CARGO_PKG_VERSION")))
            .header("accept", "application/json");
        if ask.body.is_some() && !ask.headers.iter().any(|(name, _)| name == CONTENT_TYPE) {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let body = ask.body.clone().unwrap_or_default();
        let cannot = |_| {
            Trouble::new(
                TroubleKind::Local,
                "what the settings say makes no request that can be sent",
            )
        };
        request.body(Full::from(body)).map_err(cannot)
    }

    fn take_kept(&self) -> Option<SendRequest<Full<Bytes>>> {
        let mut kept = self
            .kept
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.retain(|(one, since)| !one.is_closed() && since.elapsed() < KEPT_FOR);
        kept.pop().map(|(one, _)| one)
    }

    fn keep(&self, connection: SendRequest<Full<Bytes>>) {
        let mut kept = self
            .kept
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if kept.len() < KEPT && !connection.is_closed() {
            kept.push((connection, Instant::now()));
        }
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Trouble> {
        let tcp = self.dial().await?;
        match &self.tls {
            None => handshake(tcp).await,
            Some((tls, name)) => {
                let protected = tls.connect(name.clone(), tcp).await;
                handshake(protected.map_err(|e| tls::trouble(&e))?).await
            }
        }
    }

    async fn dial(&self) -> Result<TcpStream, Trouble> {
        let unreached = |why: String| {
            let words = format!("{} cannot be reached: {why}", self.target.authority());
            Trouble::new(TroubleKind::Connect, words)
        };
        let place = (self.target.host.as_str(), self.target.port);
        let found = lookup_host(place).await;
        let found = found.map_err(|e| unreached(e.to_string()))?.collect();
        let tcp = reach(found, self.time).await.map_err(unreached)?;
        // Without it small requests wait for an acknowledgement. A failure costs only time.
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }
}

/// The first of a host's addresses that answers. Each has its share of the time, so that a dead one (an IPv6 address that leads
/// nowhere) does not hide a good one.
async fn reach(addresses: Vec<SocketAddr>, time: Duration) -> Result<TcpStream, String> {
    let many = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let share = TCP_TIME.min(time / many);
    let mut why = "it has no address".to_owned();
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(e)) => why = e.to_string(),
            Err(_) => why = "no answer".to_owned(),
        }
    }
    Err(why)
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Full<Bytes>>, Trouble> {
    let no_http = |_| Trouble::new(TroubleKind::Connect, "the server does not speak HTTP");
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(no_http)?;
    // It ends by itself when the sender is dropped or the server hangs up; what went wrong is told to who waits for an answer.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), a day at most.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match text.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let then = jiff::fmt::rfc2822::parse(text)
                .ok()?
                .timestamp()
                .as_second();
            u64::try_from(then - jiff::Timestamp::now().as_second()).unwrap_or(0)
        }
    };
    Some(Duration::from_secs(seconds.min(86_400)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpSocket};

    #[tokio::test]
    async fn a_dead_address_does_not_hide_a_good_one() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let full = socket.listen(1).unwrap();
        let dead = full.local_addr().unwrap();
        // Nobody takes them in: whoever comes once the queue is full gets no answer.
        let (mut queue, brief) = (Vec::new(), Duration::from_millis(200));
        while let Ok(waits) = timeout(brief, TcpStream::connect(dead)).await {
            queue.push(waits.unwrap());
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let reached = timeout(
            Duration::from_secs(4),
            reach(vec![dead, good], Duration::from_secs(1)),
        );
        let tcp = reached.await.unwrap().unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), good);
        let none = reach(vec![dead], Duration::from_millis(200)).await;
        assert_eq!(none.unwrap_err(), "no answer");
    }

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        let with = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
            wait(&headers)
        };
        assert_eq!(with("7"), Some(Duration::from_secs(7)));
        assert_eq!(with("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert!(with("Fri, 01 Jan 2100 00:00:00 GMT").is_some_and(|w| w.as_secs() == 86_400));
        assert_eq!(with("soon"), None);
    }
}
