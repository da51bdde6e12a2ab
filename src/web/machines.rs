//! The HTTP API: the api's router under `/api/v1`, for whoever is signed in or sends a token; who orders is never theirs to say:
//! of an order it stands in its object, of a list in its query.

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

/// The order, with `by` as it truly is; the octets of a list stay as they are.
async fn in_their_name(visitor: Visitor, request: Request) -> Result<Request, Trouble> {
    let (mut parts, body) = request.into_parts();
    parts.uri = named_in_query(&parts.uri, &visitor.name)?;
    let bytes = to_bytes(body, LARGEST).await;
    let bytes = bytes.map_err(|_| Trouble::too_large())?;
    let json = parts.headers.get(header::CONTENT_TYPE);
    let json = json.is_some_and(|t| t.as_bytes().starts_with(b"application/json"));
    let body = match serde_json::from_slice::<Value>(&bytes) {
        Ok(Value::Object(mut order)) if json => {
            order.insert("by".into(), json!(visitor.name));
            Body::from(Value::Object(order).to_string())
        }
        _ => Body::from(bytes),
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok(Request::from_parts(parts, body))
}

/// The same address, whose query says who asks, and nobody else.
fn named_in_query(uri: &Uri, name: &str) -> Result<Uri, Trouble> {
    let said = uri.query().unwrap_or_default().split('&');
    let others = said.filter(|pair| {
        let key = pair.split('=').next().unwrap_or_default();
        // However it is written: what a form decodes to `by` is no other key.
        !pair.is_empty() && !is_by(key)
    });
    let by = query(&[("by", name)]);
    let all: Vec<&str> = others.chain([by.as_str()]).collect();
    let path = format!("{}?{}", uri.path(), all.join("&"));
    path.parse().map_err(|_| Trouble::nowhere())
}

fn is_by(key: &str) -> bool {
    matches!(
        key.to_ascii_lowercase().as_str(),
        "by" | "%62y" | "b%79" | "%62%79"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_who_asks_whatever_it_said_before() {
        let named = |uri: &str| named_in_query(&uri.parse().unwrap(), "odile").unwrap();
        for (uri, wanted) in [
            ("/suppression/import", "/suppression/import?by=odile"),
            ("/x?by=mallory", "/x?by=odile"),
            ("/x?file=a.csv&%62y=mallory&by", "/x?file=a.csv&by=odile"),
            ("/x?b%79=m&B%79=m&dry_run=true", "/x?dry_run=true&by=odile"),
        ] {
            assert_eq!(named(uri).to_string(), wanted, "{uri}");
        }
    }
}
