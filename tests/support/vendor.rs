//! A small web server on loopback that plays a vendor: it answers from a table of routes and a world of people, remembers
//! what it was asked, and misbehaves when it is told to.
//!
//! Written by hand, so that a mistake of our HTTP client cannot hide behind the same one here.

use super::certs::Certified;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Call {
    pub method: String,
    /// Decoded parts of the path.
    pub path: Vec<String>,
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Call {
    /// The first value of a parameter; empty if it is not there.
    pub fn query(&self, name: &str) -> &str {
        let mut all = self.query.iter().filter(|(n, _)| n == name);
        all.next().map_or("", |(_, v)| v)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// What is answered.
pub struct Reply {
    pub status: u16,
    pub kind: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            kind: "application/json; charset=utf-8",
            headers: Vec::new(),
            body: body.to_string(),
        }
    }

    pub fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    /// No body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            kind: "application/json",
            headers: Vec::new(),
            body: String::new(),
        }
    }

    fn page(status: u16) -> Self {
        Self {
            status,
            kind: "text/html",
            headers: Vec::new(),
            body: "<html><body>Bad gateway</body></html>".to_owned(),
        }
    }
}

/// What a vendor knows: the same for all, so that tests ask all of them the same.
#[derive(Default)]
pub struct World {
    /// People it has, by address; their ids are their places, from 1.
    pub people: Vec<String>,
    /// Who is opted out, blocked, unsubscribed.
    pub out: BTreeSet<String>,
    /// Whose sequences are paused or stopped.
    pub paused: BTreeSet<String>,
    /// Blocked domains.
    pub domains: BTreeSet<String>,
    /// Says yes and does nothing.
    pub feigns: bool,
}

impl World {
    pub fn id(&self, address: &str) -> Option<usize> {
        let address = address.to_lowercase();
        self.people
            .iter()
            .position(|p| *p == address)
            .map(|n| n + 1)
    }

    pub fn person(&self, id: &str) -> Option<String> {
        let n: usize = id.parse().ok()?;
        self.people.get(n.checked_sub(1)?).cloned()
    }

    /// Opts out, unless it only feigns.
    pub fn opt_out(&mut self, address: &str) {
        if !self.feigns {
            self.out.insert(address.to_lowercase());
        }
    }

    pub fn is_out(&self, address: &str) -> bool {
        self.out.contains(&address.to_lowercase())
    }
}

/// How it misbehaves.
#[derive(Clone, PartialEq, Debug)]
pub enum Mischief {
    /// This status, with `Retry-After` if there is one.
    Status(u16, Option<&'static str>),
    /// A page for people, with 200.
    Page,
    /// Another place.
    Elsewhere(String),
    /// No answer at all.
    Hang,
    /// JSON that breaks off.
    HalfJson,
    /// More than anybody reads.
    Endless,
    /// Closes the connection after each answer, without saying so.
    Cut,
}

/// A method, parts of a path (`*` is any one), and what happens; `*`s are given to it in their order.
pub type Route = (
    &'static str,
    &'static str,
    fn(&mut World, &Call, &[&str]) -> Reply,
);

/// A vendor's interface as its documentation says.
#[derive(Clone, Copy)]
pub struct Vendor {
    /// Of its preset.
    pub preset: &'static str,
    /// Values that the preset needs.
    pub with: &'static [(&'static str, &'static str)],
    /// What stands before every path of the routes.
    pub base: &'static str,
    pub knocks: fn(&Call, &str) -> bool,
    pub routes: &'static [Route],
}

/// What the server shares with the test.
#[derive(Default)]
pub struct Inside {
    pub world: World,
    pub mischief: Option<Mischief>,
    pub calls: Vec<Call>,
    pub connections: usize,
}

/// A vendor that runs; it ends with the test.
pub struct Fake {
    pub url: String,
    inside: Arc<Mutex<Inside>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fake {
    /// Starts one that knows this key; with a certificate it speaks TLS as `localhost`.
    pub async fn start(vendor: Vendor, key: &str, certificate: Option<&Certified>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let tls = certificate.map(acceptor);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let inside: Arc<Mutex<Inside>> = Arc::default();
        let (shared, key) = (Arc::clone(&inside), key.to_owned());
        let task = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (shared, key, tls) = (Arc::clone(&shared), key.clone(), tls.clone());
                tokio::spawn(async move {
                    shared.lock().unwrap().connections += 1;
                    match tls {
                        None => serve(tcp, vendor, &key, &shared).await,
                        Some(tls) => match tls.accept(tcp).await {
                            Ok(stream) => serve(stream, vendor, &key, &shared).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self {
            url: format!("{scheme}://localhost:{port}{}", vendor.base),
            inside,
            task,
        }
    }

    pub fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    pub fn misbehave(&self, mischief: Option<Mischief>) {
        self.inside().mischief = mischief;
    }
}

fn acceptor(certified: &Certified) -> TlsAcceptor {
    let [certificate, key] = certified.pem();
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes())
        .map(Result::unwrap)
        .collect();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// One connection; `None` when the other side has gone.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    vendor: Vendor,
    key: &str,
    shared: &Mutex<Inside>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let call = read(&mut stream).await?;
        let (reply, mischief) = {
            let mut inside = shared.lock().unwrap();
            inside.calls.push(call.clone());
            let mischief = inside.mischief.clone();
            (answer(vendor, key, &mut inside, &call), mischief)
        };
        if mischief == Some(Mischief::Hang) {
            std::future::pending::<()>().await;
        }
        let mut text = format!(
            "HTTP/1.1 {} Told\r\ncontent-type: {}\r\ncontent-length: {}\r\n",
            reply.status,
            reply.kind,
            reply.body.len()
        );
        for (name, value) in &reply.headers {
            text += &format!("{name}: {value}\r\n");
        }
        // In one piece: a second one would wait for the other side's acknowledgement (Nagle).
        text += "\r\n";
        text += &reply.body;
        stream.write_all(text.as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
        if mischief == Some(Mischief::Cut) {
            return None;
        }
    }
}

async fn read(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Call> {
    let mut line = String::new();
    if stream.read_line(&mut line).await.ok()? == 0 {
        return None;
    }
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pair = |p: &str| {
        let (name, value) = p.split_once('=').unwrap_or((p, ""));
        (decoded(name), decoded(value))
    };
    let mut call = Call {
        method,
        path: path
            .trim_start_matches('/')
            .split('/')
            .map(decoded)
            .collect(),
        query: query
            .split('&')
            .filter(|p| !p.is_empty())
            .map(pair)
            .collect(),
        ..Call::default()
    };
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        call.headers
            .insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = call.header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    call.body = String::from_utf8(body).ok()?;
    Some(call)
}

pub fn decoded(text: &str) -> String {
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        let coded =
            (bytes[at] == b'%').then(|| u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
        out.push(coded.unwrap_or(bytes[at]));
        at += if coded.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap()
}

fn answer(vendor: Vendor, key: &str, inside: &mut Inside, call: &Call) -> Reply {
    let message = |text: &str| serde_json::json!({ "message": text });
    match inside.mischief.clone() {
        Some(Mischief::Status(status, wait)) => {
            // As some vendors do: the key and the person come back in the message.
            let text = format!("no more for {key}, asked about jane.doe+x@example.org");
            let mut reply = Reply::json(status, &message(&text));
            reply
                .headers
                .extend(wait.map(|w| ("retry-after", w.to_owned())));
            return reply;
        }
        Some(Mischief::Page) => return Reply::page(200),
        Some(Mischief::Elsewhere(place)) => {
            let mut reply = Reply::page(302);
            reply.headers.push(("location", place));
            return reply;
        }
        Some(Mischief::HalfJson) => {
            let mut reply = Reply::ok(&message("x"));
            reply.body.truncate(5);
            return reply;
        }
        Some(Mischief::Endless) => return Reply::ok(&message(&"x".repeat(17 << 20))),
        Some(Mischief::Hang | Mischief::Cut) | None => {}
    }
    if !(vendor.knocks)(call, key) {
        return Reply::json(401, &message("invalid key"));
    }
    let base = vendor.base.split('/').filter(|p| !p.is_empty()).count();
    let path = call.path.get(base..).unwrap_or_default();
    for (method, pattern, act) in vendor.routes {
        let parts: Vec<&str> = pattern.trim_start_matches('/').split('/').collect();
        let same = |(part, have): (&&str, &String)| *part == "*" || part == have;
        if *method == call.method && parts.len() == path.len() && parts.iter().zip(path).all(same) {
            let stars = parts.iter().zip(path).filter(|(part, _)| **part == "*");
            let stars: Vec<&str> = stars.map(|(_, have)| have.as_str()).collect();
            return act(&mut inside.world, call, &stars);
        }
    }
    Reply::json(404, &message("no such call"))
}
