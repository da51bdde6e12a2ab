//! Checks in batches and tokens over HTTP, for tools that send: each client has a token of its own, and nothing else is here.
//!
//! An answer that is not 200 is never a yes. The log names the client and numbers, no address.

use super::gate::Gate;
use super::listen::Socket;
use super::settings::ClientSettings;
use super::tls::Certified;
use super::web;
use crate::record::{Address, Damaged};
use crate::register::Clearance;
use crate::service::{NotMinted, WantedTokens, issue_tokens};
use arc_swap::ArcSwap;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io;
use std::sync::Arc;
use tokio::sync::watch;

/// Addresses of one request.
const MOST: usize = 10_000;
/// Octets of one request: so many addresses of full length, quoted.
const BODY: usize = 4 << 20;
/// A token that could be guessed is none.
const SHORTEST: usize = 16;

/// Who may ask: its name, and the SHA-256 sum of its token, so that comparing takes the same time for all.
pub(super) struct Client {
    name: Arc<str>,
    sum: [u8; 32],
}

/// Reads the clients' tokens.
pub(super) async fn clients(settings: Vec<ClientSettings>) -> io::Result<Vec<Client>> {
    let read = move || {
        let all = settings.iter().map(|client| {
            let secret = client.token.read().map_err(io::Error::other)?;
            let name = &client.name;
            if secret.expose().len() < SHORTEST {
                let why = format!("the token of client {name} has fewer than {SHORTEST} letters");
                return Err(io::Error::other(why));
            }
            Ok(Client {
                name: name.as_str().into(),
                sum: Sha256::digest(secret.expose().as_bytes()).into(),
            })
        });
        all.collect()
    };
    tokio::task::spawn_blocking(read).await?
}

/// The clients in force: one set of names and tokens, swapped whole.
pub(super) type Clients = Arc<ArcSwap<Vec<Client>>>;

#[derive(Clone)]
struct Service {
    gate: Gate,
    clients: Clients,
}

/// The client whose token came with the request.
#[derive(Clone)]
struct Known(Arc<str>);

/// Serves it until it is time to stop.
pub(super) async fn serve(
    (gate, clients): (Gate, Clients),
    tls: Option<Certified>,
    socket: Socket,
    stop: watch::Receiver<bool>,
) {
    let service = Service { gate, clients };
    let router = Router::new()
        .route("/v1/suppression/check", post(check))
        .route("/v1/tokens", post(tokens))
        .route_layer(from_fn_with_state(service.clone(), known))
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(service);
    web::serve(router, tls, socket, stop).await;
}

/// Lets nobody in whose token is not known. Before the body is read.
async fn known(State(service): State<Service>, mut request: Request, next: Next) -> Response {
    match service.client(request.headers()) {
        Some(client) => {
            request.extensions_mut().insert(Known(client));
            next.run(request).await
        }
        None => {
            tracing::warn!("the guard's http service was asked without the token of a client");
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
            let wrong = Wrong::new(
                StatusCode::UNAUTHORIZED,
                "no client has this token",
                "send Authorization: Bearer and the token of a [[guard.http.client]]",
            );
            (challenge, wrong).into_response()
        }
    }
}

impl Service {
    fn client(&self, headers: &HeaderMap) -> Option<Arc<str>> {
        let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = given.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let sum: [u8; 32] = Sha256::digest(token.trim().as_bytes()).into();
        // All are compared, each whole: the time taken says nothing about which was nearly right.
        let mut found = None;
        for client in self.clients.load().iter() {
            let differ = client.sum.iter().zip(sum).fold(0, |d, (a, b)| d | (a ^ b));
            if differ == 0 {
                found = Some(client.name.clone());
            }
        }
        found
    }
}

/// What is wrong, and what to do.
struct Wrong(StatusCode, String, String);

impl Wrong {
    fn new(status: StatusCode, error: impl Into<String>, fix: impl Into<String>) -> Self {
        Self(status, error.into(), fix.into())
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let Self(status, error, fix) = self;
        (status, Json(json!({"error": error, "fix": fix}))).into_response()
    }
}

impl From<NotMinted> for Wrong {
    fn from(why: NotMinted) -> Self {
        let status = match why.is_usage() {
            true => StatusCode::BAD_REQUEST,
            false => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, why.to_string(), why.fix())
    }
}

/// The body, understood.
fn read<T: DeserializeOwned>(body: &Bytes, form: &str) -> Result<T, Wrong> {
    serde_json::from_slice(body).map_err(|e| {
        let what = format!("the body cannot be read: {e}");
        Wrong::new(StatusCode::BAD_REQUEST, what, format!("send {form}"))
    })
}

fn not_too_many(many: usize) -> Result<(), Wrong> {
    (many <= MOST).then_some(()).ok_or_else(|| {
        let what = format!("{many} addresses are too many for one request");
        let fix = format!("send {MOST} at a time");
        Wrong::new(StatusCode::PAYLOAD_TOO_LARGE, what, fix)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    #[serde(default)]
    addresses: Option<Vec<String>>,
    #[serde(default)]
    people: Option<Vec<Person>>,
}

/// Somebody, by whatever is known of them.
#[derive(Deserialize, Serialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Person {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crm_id: Option<String>,
}

impl Person {
    /// As `register::clear_row` takes it. A tab in a value is none.
    fn row(&self) -> String {
        let named = [
            ("email:", &self.email),
            ("phone:", &self.phone),
            ("profile:", &self.profile),
            ("crm:", &self.crm_id),
        ];
        let given = named
            .iter()
            .filter_map(|(kind, value)| Some((kind, value.as_deref()?.replace('\t', " "))))
            .filter(|(_, value)| !value.trim().is_empty());
        given
            .map(|(kind, value)| format!("{kind}{value}"))
            .collect::<Vec<_>>()
            .join("\t")
    }
}

/// Looked up from a blocking thread: each with what was asked, in their order.
fn look(gate: &Gate, check: Check) -> Result<Vec<(Value, Clearance)>, Damaged> {
    let addresses = check.addresses.unwrap_or_default();
    let people = check.people.unwrap_or_default();
    let rows: Vec<String> = people.iter().map(Person::row).collect();
    let mut found = gate.clear(&addresses)?;
    found.extend(gate.clear_rows(&rows)?);
    let asked = addresses.iter().map(|a| json!({"address": a}));
    let asked = asked.chain(people.iter().map(|p| json!({"person": p})));
    Ok(asked.zip(found).collect())
}

/// A verdict for each address and then each person, in their order.
async fn check(
    State(service): State<Service>,
    Extension(Known(client)): Extension<Known>,
    body: Bytes,
) -> Result<Json<Value>, Wrong> {
    let form = "{\"addresses\": [\"name@example.org\"]} or {\"people\": [{\"email\", \"phone\", \"profile\", \"crm_id\"}]}";
    let asked: Check = read(&body, form)?;
    let many = |n: Option<usize>| n.unwrap_or_default();
    let (addresses, people) = (asked.addresses.as_ref(), asked.people.as_ref());
    if addresses.is_none() && people.is_none() {
        let what = "the body cannot be read: it names nobody";
        return Err(Wrong::new(
            StatusCode::BAD_REQUEST,
            what,
            format!("send {form}"),
        ));
    }
    not_too_many(many(addresses.map(Vec::len)) + many(people.map(Vec::len)))?;
    let gate = service.gate.clone();
    // Thousands of look-ups: not on a thread that others wait for.
    let looked = tokio::task::spawn_blocking(move || look(&gate, asked));
    let found = match looked.await {
        Ok(Ok(all)) => all,
        Ok(Err(error)) => return Err(service.trouble(&error)),
        Err(error) => return Err(service.trouble(&error)),
    };
    let blocked = found.iter().filter(|(_, c)| !c.is_free()).count();
    service.gate.count(found.len(), blocked);
    tracing::info!(%client, asked = found.len(), blocked, "checked over http");
    let results: Vec<Value> = found
        .into_iter()
        .map(|(mut result, c)| {
            let since = c.since.map(|t| t.to_string());
            result["verdict"] = json!(c.verdict.word());
            result["since"] = json!(since);
            result
        })
        .collect();
    Ok(Json(json!({"results": results})))
}

impl Service {
    fn trouble(&self, error: &dyn std::fmt::Display) -> Wrong {
        tracing::error!(%error, "addresses could not be looked up");
        self.gate.failed();
        Wrong::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the addresses cannot be looked up now; none of them may be written to",
            "ask again later; the daemon's log says why",
        )
    }
}

#[derive(Deserialize)]
struct Mint {
    #[serde(flatten)]
    wanted: WantedTokens,
    addresses: Vec<String>,
}

/// A token for each address, in their order; all or none.
async fn tokens(
    State(service): State<Service>,
    Extension(Known(client)): Extension<Known>,
    body: Bytes,
) -> Result<Json<Value>, Wrong> {
    let form = "{\"kind\": \"reply\" or \"unsubscribe\", \"addresses\": [\"name@example.org\"]}";
    let Mint { wanted, addresses } = read(&body, form)?;
    not_too_many(addresses.len())?;
    let parsed = addresses.iter().enumerate().map(|(n, text)| {
        Address::parse(text).map_err(|_| {
            let what = format!("addresses[{n}] is no e-mail address; nothing was minted");
            Wrong::new(
                StatusCode::BAD_REQUEST,
                what,
                "write it as name@example.org",
            )
        })
    });
    let people: Vec<Address> = parsed.collect::<Result<_, _>>()?;
    let issued = issue_tokens(&service.gate.office, &wanted, &people).await?;
    tracing::info!(%client, minted = issued.tokens.len(), "tokens minted over http");
    Ok(Json(issued.data()))
}
