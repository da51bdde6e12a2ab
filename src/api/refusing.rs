//! What the framework itself refuses (a body that is no JSON, a number that is none, a path that nobody serves), in the form of
//! every other refusal.

use super::Refusal;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// More than the framework ever says.
const MOST: usize = 4096;
const FIX: &str = "see /api/v1/openapi.json for what this path takes";

/// Gives a refusal that is no JSON the form of the others; status and allowed methods stay.
pub(super) async fn in_one_form(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|k| k.as_bytes().starts_with(b"application/json"));
    let status = response.status();
    if is_json || !status.is_client_error() {
        return response;
    }
    let allowed = response.headers().get(header::ALLOW).cloned();
    let said = to_bytes(response.into_body(), MOST).await;
    let mut refusal = refusal(status, &said.unwrap_or_default()).into_response();
    if let Some(allowed) = allowed {
        let headers = refusal.headers_mut();
        headers.insert(header::ALLOW, allowed);
    }
    refusal
}

fn refusal(status: StatusCode, said: &[u8]) -> Refusal {
    let said = String::from_utf8_lossy(said);
    let error = match (said.trim(), status) {
        ("", StatusCode::NOT_FOUND) => "there is nothing at this path".to_owned(),
        ("", StatusCode::METHOD_NOT_ALLOWED) => "this path does not take this method".to_owned(),
        ("", status) => status
            .canonical_reason()
            .unwrap_or("refused")
            .to_lowercase(),
        (said, _) => said.to_owned(),
    };
    Refusal::new(status, error, FIX)
}
