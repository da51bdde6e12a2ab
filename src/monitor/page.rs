//! The page for monitoring: `/healthz` (does it live), `/readyz` (is it well), `/metrics` (how much of everything).
//!
//! It is asked in clear text and knows no password, so it tells numbers and reasons, and nothing about anybody.

use super::metrics;
use super::nobody::masked;
use super::watch::Watch;
use crate::service::{Beat, Pulse};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long the sequencer may take to answer: it may be busy with a group of commits, not with anything longer.
const PATIENCE: Duration = Duration::from_secs(5);

const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone)]
struct Asked {
    watch: Arc<Watch>,
    pulse: Pulse,
}

/// The routes.
pub(super) fn router(watch: Arc<Watch>, pulse: Pulse) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(numbers))
        .with_state(Asked { watch, pulse })
}

/// Whether the process lives, and with it the thread that writes the log.
async fn healthz(State(asked): State<Asked>) -> (StatusCode, &'static str) {
    let ill = StatusCode::SERVICE_UNAVAILABLE;
    match timeout(PATIENCE, asked.pulse.beat()).await {
        Ok(Beat::Alive) => (StatusCode::OK, "ok\n"),
        Ok(Beat::Failed) => (ill, "the store has failed\n"),
        Ok(Beat::Ended) => (ill, "the daemon is ending\n"),
        Err(_) => (ill, "the sequencer takes no work\n"),
    }
}

/// Whether all is well: a line for each need that is urgent.
async fn readyz(State(asked): State<Asked>) -> (StatusCode, String) {
    let ill = StatusCode::SERVICE_UNAVAILABLE;
    match asked.watch.look().await {
        Err(why) => (ill, masked(&format!("the store cannot be read: {why}\n"))),
        Ok(status) if status.is_ill() => {
            let urgent = status.needs.iter().filter(|n| n.is_urgent());
            let lines = urgent.map(|need| masked(&need.line()) + "\n");
            (ill, lines.collect())
        }
        Ok(_) => (StatusCode::OK, "ready\n".to_owned()),
    }
}

/// Everything that a number can say, in the format that the asker prefers.
async fn numbers(State(asked): State<Asked>, headers: HeaderMap) -> Response {
    let status = match asked.watch.look().await {
        Ok(status) => status,
        Err(why) => {
            let told = masked(&format!("the store cannot be read: {why}\n"));
            return (StatusCode::SERVICE_UNAVAILABLE, told).into_response();
        }
    };
    let accept = headers.get(header::ACCEPT).and_then(|a| a.to_str().ok());
    let open = accept.is_some_and(|a| a.contains("application/openmetrics-text"));
    let kind = if open { OPEN_METRICS } else { PROMETHEUS };
    let page = metrics::page(&metrics::families(&status), open);
    ([(header::CONTENT_TYPE, kind)], page).into_response()
}
