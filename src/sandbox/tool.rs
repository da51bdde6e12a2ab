//! A sequencer on loopback, as lemlist's interface looks from outside: one list of people who get nothing more.
//!
//! What was seen of the real one is told in `config/senders/lemlist.toml`. A lead that it does not know is not found, as
//! there; everybody may be put on the list.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Whom it leaves alone.
#[derive(Clone, Default)]
struct List(Arc<Mutex<BTreeSet<String>>>);

impl List {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tool; it is gone when it is dropped.
pub struct Server {
    address: SocketAddr,
    list: List,
    serving: JoinHandle<()>,
}

impl Server {
    /// Starts it on a free port of 127.0.0.1.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (address, list) = (listener.local_addr()?, List::default());
        let routes = Router::new()
            .route("/api/unsubscribes/{address}", post(add).delete(remove))
            .route("/api/unsubscribes", get(all))
            .route("/api/leads/pause/{address}", post(no_lead))
            .route("/api/team", get(team))
            .with_state(list.clone());
        let serving = tokio::spawn(async move {
            // It serves until it is dropped; a broken connection is the business of whoever opened it.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self {
            address,
            list,
            serving,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Somebody clicks on its link: it leaves them alone.
    pub fn clicked(&self, address: &str) {
        self.list.lock().insert(address.to_lowercase());
    }

    /// Somebody takes them off the list there.
    pub fn let_in(&self, address: &str) {
        self.list.lock().remove(&address.to_lowercase());
    }

    /// Whom it leaves alone, in the order of their addresses.
    pub fn left_alone(&self) -> Vec<String> {
        self.list.lock().iter().cloned().collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn add(State(list): State<List>, Path(address): Path<String>) -> Json<Value> {
    list.lock().insert(address.to_lowercase());
    Json(json!({"email": address}))
}

async fn remove(State(list): State<List>, Path(address): Path<String>) -> StatusCode {
    match list.lock().remove(&address.to_lowercase()) {
        true => StatusCode::OK,
        false => StatusCode::NOT_FOUND,
    }
}

/// One page holds all of them, and what is behind it is empty.
async fn all(
    State(list): State<List>,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
) -> Json<Value> {
    let query = query.unwrap_or_default();
    let first = query.split('&').any(|p| p == "offset=0") || !query.contains("offset=");
    let people = list.lock();
    let page: Vec<Value> = match first {
        true => people.iter().map(|p| json!({"email": p})).collect(),
        false => Vec::new(),
    };
    Json(Value::Array(page))
}

async fn no_lead() -> StatusCode {
    StatusCode::NOT_FOUND
}

async fn team() -> Json<Value> {
    Json(json!({"_id": "tea_demo", "name": "the demo's team"}))
}
