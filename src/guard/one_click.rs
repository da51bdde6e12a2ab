//! The page behind List-Unsubscribe (RFC 8058): GET shows a button and does nothing, because scanners follow links; POST obeys.
//!
//! It listens on its own and knows nothing else. The token in the path is all that it goes by; a token of ours is obeyed
//! however many others came from the same address, since big providers click for their users from a few addresses.

use super::gate::Gate;
use super::listen::Socket;
use super::page::{Page, Say};
use super::rate::Rate;
use super::settings::OneClickSettings;
use super::tls::Certified;
use super::web::{self, From};
use crate::record::NoToken;
use crate::service::{NotObeyed, obey, recognise};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Extension, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// Octets of a form with one field, also as multipart.
const BODY: usize = 8 * 1024;

#[derive(Clone)]
struct Desk {
    gate: Gate,
    path: Arc<str>,
    rate: Arc<Rate>,
}

/// Serves it until it is time to stop.
pub(super) async fn serve(
    (gate, settings): (Gate, OneClickSettings),
    tls: Option<Certified>,
    socket: Socket,
    stop: watch::Receiver<bool>,
) {
    let desk = Desk {
        gate,
        path: settings.path().into(),
        rate: Arc::new(Rate::new(settings.per_minute)),
    };
    let router = Router::new()
        .fallback(answer)
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(desk);
    web::serve(router, tls, socket, stop).await;
}

async fn answer(
    State(desk): State<Desk>,
    Extension(From(from)): Extension<From>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let page = Page::of(&desk.gate.office, &headers);
    let token = uri.path().strip_prefix(&*desk.path).unwrap_or_default();
    if let Err(why) = recognise(&desk.gate.office, token) {
        return desk.no_token(&page, &why, from);
    }
    match (method, body) {
        (Method::GET | Method::HEAD, _) => page.say(Say::Ask, StatusCode::OK),
        (Method::POST, Ok(body)) if is_one_click(&body) => desk.click(&page, token).await,
        (Method::POST, Ok(_)) => page.say(Say::Ask, StatusCode::BAD_REQUEST),
        (Method::POST, Err(why)) => page.say(Say::Ask, why.status()),
        _ => {
            let allowed = [(header::ALLOW, "GET, HEAD, POST")];
            let page = page.say(Say::Ask, StatusCode::METHOD_NOT_ALLOWED);
            (allowed, page).into_response()
        }
    }
}

impl Desk {
    /// Suppresses whom the token names. Only what is durable is said to be done.
    async fn click(&self, page: &Page, token: &str) -> Response {
        match obey(&self.gate.office, token).await {
            Ok(obeyed) => {
                self.gate.count(1, 0);
                let again = obeyed.frame.is_none();
                tracing::info!(again, "one click: a person is left alone from now on");
                page.say(Say::Done, StatusCode::OK)
            }
            Err(NotObeyed::Token(why)) => self.no_token(page, &why, None),
            Err(NotObeyed::Nobody) => {
                tracing::warn!("one click: a token of ours names nobody who is known");
                self.gate.count(1, 1);
                page.say(Say::Unknown, StatusCode::NOT_FOUND)
            }
            Err(error @ (NotObeyed::Trouble(_) | NotObeyed::Commit(_) | NotObeyed::Untold(_))) => {
                tracing::error!(%error, "one click: it must be repeated");
                self.gate.failed();
                page.say(Say::Trouble, StatusCode::SERVICE_UNAVAILABLE)
            }
        }
    }

    fn no_token(&self, page: &Page, why: &NoToken, from: Option<IpAddr>) -> Response {
        self.gate.count(1, 1);
        if !self.rate.takes(from, Instant::now()) {
            return page.say(Say::TooMany, StatusCode::TOO_MANY_REQUESTS);
        }
        tracing::debug!(%why, "one click: no token");
        match why {
            NoToken::Expired => page.say(Say::Expired, StatusCode::GONE),
            NoToken::Form | NoToken::NotOurs => page.say(Say::Unknown, StatusCode::NOT_FOUND),
        }
    }
}

/// Whether a form says `List-Unsubscribe=One-Click`, as `x-www-form-urlencoded` or as multipart (RFC 8058, section 3.2).
fn is_one_click(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_lowercase();
    let pair = |pair: &str| pair.trim() == "list-unsubscribe=one-click";
    let named =
        text.contains("name=\"list-unsubscribe\"") || text.contains("name=list-unsubscribe");
    let line = |line: &str| line.trim() == "one-click";
    text.split('&').any(pair) || named && text.lines().any(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_is_told_from_any_other_form() {
        for click in [
            &b"List-Unsubscribe=One-Click"[..],
            b"a=b&List-Unsubscribe=One-Click\r\n",
            b"--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n",
        ] {
            assert!(is_one_click(click));
        }
        for other in [
            &b""[..],
            b"List-Unsubscribe=",
            b"List-Unsubscribe=One-Clicks",
            b"one-click",
        ] {
            assert!(!is_one_click(other));
        }
    }
}
