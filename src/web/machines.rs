//! The HTTP API: the api's router under `/api/v1`, for whoever is signed in or sends a token; who orders is never theirs to say.

use super::Web;
use super::trouble::Trouble;
use super::users::Role;
use super::visitor::Visitor;
use crate::api;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The largest list that is taken, in octets.
const LARGEST: usize = 256 << 20;

/// Questions that are asked with POST because addresses stand in no URL.
const QUESTIONS: [&str; 3] = [
    "/contacts/show",
    "/suppression/check",
    "/suppression/check/list",
];

/// The routes.
pub fn router(web: &Web) -> Router<Web> {
    let inner = api::router(web.desk.clone()).layer(from_fn(named));
    Router::new().nest_service("/api/v1", inner)
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
        let said = format!("only a {} may do this\n", role.word());
        return (StatusCode::FORBIDDEN, said).into_response();
    }
    if request.method().is_safe() {
        return next.run(request).await;
    }
    match in_their_name(visitor, request).await {
        Ok(request) => next.run(request).await,
        Err(trouble) => (trouble.status, "this is no order that can be read\n").into_response(),
    }
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
        _ => Body::from(bytes),
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok(Request::from_parts(parts, body))
}
