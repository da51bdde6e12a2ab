//! The commands' side: asks a running daemon through its socket, or, if none runs, opens the store and asks the same router here.

use super::{Answer, Desk, Refusal, router};
use crate::config::Config;
use crate::record::Fault;
use crate::service::{Clock, House, Office, Running, Sequencer};
use crate::store::{NotOpened, OpenError, Store};
use arc_swap::ArcSwap;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::UnixStream;
use tower::ServiceExt;

/// Octets of a list that are handed over at a time.
const PART: usize = 256 << 10;

/// Why a command got no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// What was asked is refused, with what to do.
    #[error("{}\n  → {}", .0.error, .0.fix)]
    Refused(Refusal),
    /// A process has the store, and its socket does not answer.
    #[error(
        "process {pid} uses the store, but its control socket {} does not answer\n  → if it is the daemon, run this as the \
         daemon's user, or wait until it has started; if it is another command, wait for its end", socket.display()
    )]
    Silent {
        /// Its id.
        pid: String,
        /// The socket.
        socket: PathBuf,
    },
    /// The store.
    #[error(transparent)]
    Store(NotOpened),
    /// Templates or lexicons.
    #[error("{}", .0.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<Fault>),
    /// The connection broke, or what came back is no answer.
    #[error("the daemon's answer cannot be read: {0}")]
    Broken(String),
    /// The system.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Whom a command asks.
pub enum Client {
    /// A daemon.
    Socket(PathBuf),
    /// This process itself, for as long as the command runs.
    Local(Local),
}

/// The store, opened by the command.
pub struct Local {
    router: Router,
    running: Option<Running>,
}

impl Client {
    /// The daemon of this configuration if it runs, else its store.
    pub async fn of(config: &Config) -> Result<Self, NoAnswer> {
        let socket = &config.control_socket;
        if let Some(daemon) = Self::daemon(socket).await {
            return Ok(daemon);
        }
        let (config, at) = (config.clone(), socket.clone());
        let opened = tokio::task::spawn_blocking(move || Self::open(config)).await;
        opened.map_err(std::io::Error::other)?.map_err(|e| match e {
            NoAnswer::Store(NotOpened {
                why: OpenError::Locked { pid },
                ..
            }) => NoAnswer::Silent { pid, socket: at },
            other => other,
        })
    }

    /// The daemon that answers at this socket, if one does.
    pub async fn daemon(socket: &Path) -> Option<Self> {
        let answers = UnixStream::connect(socket).await.is_ok();
        answers.then(|| Self::Socket(socket.to_owned()))
    }

    /// Opens the store itself.
    pub fn open(config: Config) -> Result<Self, NoAnswer> {
        let clock = Clock::system();
        let options = config.store.options(clock.now());
        let (store, _) = Store::open(&config.store.path, &options)
            .map_err(|e| NoAnswer::Store(e.of(&config.store.path)))?;
        let house = House::load(config, store.fingerprinter()).map_err(NoAnswer::Faults)?;
        let (sequencer, running) = Sequencer::start(store, clock.clone())?;
        let office = Office {
            house: Arc::new(ArcSwap::from_pointee(house)),
            sequencer,
            clock,
        };
        Ok(Self::Local(Local {
            router: router(Desk::alone(office)),
            running: Some(running),
        }))
    }

    /// A router that is here already.
    pub fn within(router: Router) -> Self {
        Self::Local(Local {
            router,
            running: None,
        })
    }

    /// Asks for something.
    pub async fn get(&self, path: &str) -> Result<Answer, NoAnswer> {
        self.ask(Method::GET, path, Vec::new()).await
    }

    /// Orders something, with JSON.
    pub async fn post(&self, path: &str, body: &serde_json::Value) -> Result<Answer, NoAnswer> {
        let body = body.to_string().into_bytes();
        self.ask(Method::POST, path, body).await
    }

    /// Hands a list over.
    pub async fn hand_over(&self, path: &str, list: Vec<u8>) -> Result<Answer, NoAnswer> {
        self.ask(Method::POST, path, list).await
    }

    /// Hands a list over as it is read, of any length.
    pub async fn stream(&self, path: &str, from: Box<dyn Read + Send>) -> Result<Answer, NoAnswer> {
        let parts = futures::stream::unfold(Some(from), |from| async {
            let mut from = from?;
            let read = tokio::task::spawn_blocking(move || {
                let mut part = vec![0; PART];
                let read = from.read(&mut part);
                (read.map(|octets| part[..octets].to_vec()), from)
            });
            // What cannot be read is an error, so that a part is never taken for the whole.
            match read.await {
                Ok((Ok(part), _)) if part.is_empty() => None,
                Ok((Ok(part), from)) => Some((Ok(Bytes::from(part)), Some(from))),
                Ok((Err(e), _)) => Some((Err(e), None)),
                Err(e) => Some((Err(std::io::Error::other(e)), None)),
            }
        });
        self.send(Method::POST, path, Body::from_stream(parts))
            .await
    }

    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Answer, NoAnswer> {
        self.send(method, path, Body::from(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Body) -> Result<Answer, NoAnswer> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "quitus")
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|e| NoAnswer::Broken(e.to_string()))?;
        let (status, bytes) = match self {
            Self::Local(local) => {
                let Ok(response) = local.router.clone().oneshot(request).await;
                collected(response).await?
            }
            Self::Socket(path) => over_socket(path, request).await?,
        };
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|e| NoAnswer::Broken(e.to_string()));
        }
        Err(match serde_json::from_slice::<Refusal>(&bytes) {
            Ok(refusal) => NoAnswer::Refused(Refusal { status, ..refusal }),
            Err(_) => NoAnswer::Broken(String::from_utf8_lossy(&bytes).into_owned()),
        })
    }

    /// Ends: a store that was opened here is closed.
    pub async fn end(self) {
        let Self::Local(Local { router, running }) = self else {
            return;
        };
        drop(router);
        if let Some(running) = running {
            let joined = tokio::task::spawn_blocking(move || running.join().map(drop)).await;
            if !matches!(joined, Ok(Ok(_))) {
                tracing::error!("the sequencer failed");
            }
        }
    }
}

async fn collected<B>(response: axum::http::Response<B>) -> Result<(StatusCode, Bytes), NoAnswer>
where
    B: axum::body::HttpBody<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    let status = response.status();
    let body = response.into_body().collect().await;
    let body = body.map_err(|e| NoAnswer::Broken(e.to_string()))?;
    Ok((status, body.to_bytes()))
}

async fn over_socket(path: &Path, request: Request<Body>) -> Result<(StatusCode, Bytes), NoAnswer> {
    let broken = |e: hyper::Error| NoAnswer::Broken(e.to_string());
    let stream = UnixStream::connect(path).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(broken)?;
    let answer = collected(response).await;
    drop(sender);
    driver.abort();
    answer
}
