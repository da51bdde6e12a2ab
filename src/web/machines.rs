//! The HTTP API: the api's router under `/api/v1`, for whoever is signed in or sends a token; who orders is never theirs to say.

use super::Web;
use super::trouble::Trouble;
use super::users::Role;
use super::visitor::{Visitor, query};
use crate::api;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};

/// The largest list that is taken, in octets.
const LARGEST: usize = 256 << 20;

/// Questions that are asked with POST because addresses stand in no URL.
const QUESTIONS: [&str; 4] = [
    "/contacts/show",
    "/suppression/check",
    "/suppression/check/list",
    "/search",
];

/// The routes.
pub fn router(web: &Web) -> Router<Web> {
    let inner = api::router(web.desk.clone()).layer(from_fn(named));
    Router::new().nest_service("/api/v1", inner)
}

/// Whoever sends no token, or a wrong one.
pub(super) fn nobody() -> Response {
    let fix = "send Authorization: Bearer TOKEN (`quitus users token NAME`), or sign in";
    refusal(StatusCode::UNAUTHORIZED, "nobody is signed in", fix)
}

/// What a person would read as a page.
pub(super) fn told(trouble: &Trouble) -> Response {
    let fix = match trouble.status {
        StatusCode::NOT_FOUND => "see the api's document",
        StatusCode::PAYLOAD_TOO_LARGE => "send less at once",
        _ => "send the session's token as X-CSRF-Token, from a page of this desk",
    };
    refusal(trouble.status, &format!("refused ({})", trouble.key), fix)
}

/// As the api refuses.
fn refusal(status: StatusCode, error: &str, fix: &str) -> Response {
    (status, Json(json!({"error": error, "fix": fix}))).into_response()
}

/// What somebody needs to be for this.
fn needs(method: &Method, path: &str) -> Role {
    match method.is_safe() || QUESTIONS.contains(&path) {
        true => Role::Viewer,
        false if path.starts_with("/templates") => Role::Writer,
        false => Role::Reviewer,
    }
}

/// Lets in whom the role allows, and writes their name into the order.
async fn named(visitor: Visitor, request: Request, next: Next) -> Response {
    let role = needs(request.method(), request.uri().path());
    if !visitor.may(role) {
        let said = format!("only a {} may do this", role.word());
        let fix = "ask whoever gives the roles (`quitus users list`)";
        return refusal(StatusCode::FORBIDDEN, &said, fix);
    }
    if request.method().is_safe() {
        return next.run(request).await;
    }
    match in_their_name(visitor, request).await {
        Ok(request) => next.run(request).await,
        Err(trouble) => told(&trouble),
    }
}

/// The path of a list, with `by` as it truly is.
fn path_in_their_name(visitor: &Visitor, uri: &Uri) -> Option<Uri> {
    let said = uri.query().unwrap_or_default().split('&');
    // As it stands there, or in other signs for the same letters.
    let said = said.filter(|part| {
        let name = part.split('=').next().unwrap_or_default();
        !part.is_empty() && !name.contains('%') && name != "by"
    });
    let by = query(&[("by", &visitor.name)]);
    let all: Vec<&str> = said.chain([by.as_str()]).collect();
    format!("{}?{}", uri.path(), all.join("&")).parse().ok()
}

/// The order, with `by` as it truly is; a list stays as it is.
async fn in_their_name(visitor: Visitor, request: Request) -> Result<Request, Trouble> {
    let (mut parts, body) = request.into_parts();
    let bytes = to_bytes(body, LARGEST).await;
    let bytes = bytes.map_err(|_| Trouble::too_large())?;
    let json = parts.headers.get(header::CONTENT_TYPE);
    let json = json.is_some_and(|t| t.as_bytes().starts_with(b"application/json"));
    let body = match serde_json::from_slice::<Value>(&bytes) {
        Ok(Value::Object(mut order)) if json => {
            order.insert("by".into(), json!(visitor.name));
            Body::from(Value::Object(order).to_string())
        }
        _ => {
            let path = path_in_their_name(&visitor, &parts.uri);
            parts.uri = path.ok_or_else(Trouble::nowhere)?;
            Body::from(bytes)
        }
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok(Request::from_parts(parts, body))
}
