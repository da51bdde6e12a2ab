//! HTTP/1.1 for the listeners that speak it, the guard's two, the monitor's and the review desk's: TLS where there is a certificate, and a time limit for everything.

use super::listen::{Caller, SEATS, Socket, Wire, take_in_at_most};
use super::tls::Certified;
use axum::Router;
use axum::extract::{Extension, Request};
use axum::http::{StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// For the handshake, and for the head of a request, also for the next one of a connection.
const HEAD: Duration = Duration::from_secs(15);
/// From the head of a request to the answer.
const REQUEST: Duration = Duration::from_secs(30);
/// The same of an order about a whole list: half of it would be done, and its sender would not know which half.
const LONG: Duration = Duration::from_secs(2 * 3_600);
/// A connection, however many requests come over it.
const CONNECTION: Duration = Duration::from_secs(600);

/// Connections of a monitor at the same time: one or two ask, every few seconds.
const FEW: usize = 16;

/// Says which requests are about a whole list, and may take long.
pub type Long = fn(&Uri) -> bool;

/// What the visitors of a listener may take.
#[derive(Clone, Copy)]
struct Room {
    /// Connections at the same time.
    seats: usize,
    /// For a connection.
    connection: Duration,
    long: Long,
}

impl Room {
    /// One in which nothing takes long.
    fn of(seats: usize) -> Self {
        Self {
            seats,
            connection: CONNECTION,
            long: |_| false,
        }
    }
}

/// Where a request comes from; nothing for a socket of the file system.
#[derive(Clone, Copy)]
pub struct From(pub Option<IpAddr>);

/// The certificate of a listener, if it has one.
pub(super) fn tls(cert: Option<&PathBuf>, key: Option<&PathBuf>) -> io::Result<Option<Certified>> {
    match (cert, key) {
        (Some(cert), Some(key)) => Certified::open(cert, key).map(Some),
        _ => Ok(None),
    }
}

/// Serves the router in clear text, for a listener of this machine, until it is time to stop.
pub async fn serve_plain(router: Router, socket: Socket, stop: watch::Receiver<bool>) {
    serve_in(Room::of(FEW), router, None, socket, stop).await;
}

/// The same for pages, of which a browser asks for several at once, and for the orders of the same visitors.
pub async fn serve_pages(router: Router, long: Long, socket: Socket, stop: watch::Receiver<bool>) {
    let room = Room {
        connection: CONNECTION + LONG,
        long,
        ..Room::of(SEATS)
    };
    serve_in(room, router, None, socket, stop).await;
}

/// Serves the router until it is time to stop.
pub(super) async fn serve(
    router: Router,
    tls: Option<Certified>,
    socket: Socket,
    stop: watch::Receiver<bool>,
) {
    serve_in(Room::of(SEATS), router, tls, socket, stop).await;
}

async fn serve_in(
    room: Room,
    router: Router,
    tls: Option<Certified>,
    socket: Socket,
    stop: watch::Receiver<bool>,
) {
    let router = router.layer(from_fn(move |r: Request, n: Next| in_time(room.long, r, n)));
    let tls = Arc::new(tls);
    take_in_at_most(room.seats, socket, stop, move |caller| {
        let (router, tls) = (router.clone(), tls.clone());
        async move {
            // Cut, idle or no HTTP: whoever asked knows that there was no answer.
            if let Ok(Err(why)) = timeout(room.connection, converse(router, &tls, caller)).await {
                tracing::debug!(why, "a connection to a listener ended early");
            }
        }
    })
    .await;
}

async fn converse(
    router: Router,
    tls: &Option<Certified>,
    (wire, from): Caller,
) -> Result<(), String> {
    let router = router.layer(Extension(From(from)));
    match tls {
        None => answer(router, wire).await,
        Some(certified) => {
            let shaken = timeout(HEAD, certified.acceptor().accept(wire)).await;
            let wire = shaken
                .map_err(|e| e.to_string())?
                .map_err(|e| e.to_string())?;
            answer(router, wire).await
        }
    }
}

async fn answer(router: Router, wire: impl Wire + 'static) -> Result<(), String> {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let service = TowerToHyperService::new(router);
    let served = http.serve_connection(TokioIo::new(wire), service).await;
    served.map_err(|e| e.to_string())
}

async fn in_time(long: Long, request: Request, next: Next) -> Response {
    let limit = match long(request.uri()) {
        true => LONG,
        false => REQUEST,
    };
    let answered = timeout(limit, next.run(request)).await;
    answered.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
}
