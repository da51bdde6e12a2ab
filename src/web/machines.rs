//! The HTTP API: the api's router under `/api/v1`, for whoever is signed in or sends a token; who orders is never theirs to say:
//! of an order it stands in its object, of a list in its query. No header decides which of them a body is: the path does.

use super::Web;
use super::trouble::Trouble;
use super::users::Role;
use super::visitor::{Visitor, query};
use crate::api;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};

/// The largest list that is taken, in octets.
const LARGEST: usize = 256 << 20;

/// What takes a list, octet by octet: `by` is read from its query alone. Everything else that orders takes one JSON object.
const LISTS: [&str; 5] = [
    "/suppression/import",
    "/contacts/import",
    "/sent/import",
    "/tokens/mint/list",
    "/suppression/check/list",
];

/// What is asked of a tool that sends, or told to it, about everybody.
const OF_EVERYBODY: [&str; 2] = ["/pull", "/push"];

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

/// Whether a request, to a page or in the API, is about a whole list: it is given the time that this takes.
pub(super) fn is_long(uri: &Uri) -> bool {
    let path = uri.path();
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let of_sender = path.starts_with("/senders/");
    LISTS.contains(&path) || of_sender && OF_EVERYBODY.iter().any(|end| path.ends_with(end))
}

/// Whoever sends no token, or a wrong one.
pub(super) fn nobody() -> Response {
    let fix = "send Authorization: Bearer TOKEN (`quitus users token NAME`), or sign in";
    refusal(StatusCode::UNAUTHORIZED, "nobody is signed in", fix)
}

/// What a person would read as a page.
pub(super) fn told(trouble: &Trouble) -> Response {
    if let Some((error, fix)) = &trouble.detail {
        return refusal(trouble.status, error, fix);
    }
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
    let body = match LISTS.contains(&parts.uri.path()) {
        true => Body::from(bytes),
        false => Body::from(named_in_object(bytes, &visitor.name)?),
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok(Request::from_parts(parts, body))
}

/// The same order, whose object says who gives it. Nothing but an object goes further: the routes would read a name out of a list of
/// values too, and out of an object that has something in it which is passed over there and cannot be read here.
fn named_in_object(bytes: Bytes, name: &str) -> Result<Bytes, Trouble> {
    if bytes.is_empty() {
        return Ok(bytes);
    }
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(Value::Object(mut order)) => {
            order.insert("by".into(), json!(name));
            Ok(Value::Object(order).to_string().into())
        }
        _ => Err(Trouble::unclear(
            "an order is one JSON object",
            "see /api/v1/openapi.json for what this path takes",
        )),
    }
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

    #[test]
    fn an_order_says_who_gives_it_whatever_it_said_and_nothing_else_is_an_order() {
        let named = |text: String| named_in_object(Bytes::from(text), "odile");
        let read = |text: &str| -> Value {
            serde_json::from_slice(&named(text.to_owned()).unwrap()).unwrap()
        };
        assert_eq!(read("{}"), json!({"by": "odile"}));
        assert_eq!(
            read(r#" {"by": "camille", "a": 1, "by": "mallory"}"#),
            json!({"a": 1, "by": "odile"})
        );
        assert!(named(String::new()).unwrap().is_empty(), "nobody is named");
        let deep = format!(
            r#"{{"by": "camille", "x": {}{}}}"#,
            "[".repeat(200),
            "]".repeat(200)
        );
        for other in [
            r#"["bob@cliff.example", "camille"]"#,
            r#"{"by": "camille", "x": "\ud800"}"#,
            r#"{"by": "camille"} {}"#,
            "by=camille",
            deep.as_str(),
        ] {
            let refused = named(other.to_owned()).unwrap_err();
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{other}");
        }
    }

    #[test]
    fn an_order_about_a_whole_list_is_given_time_and_no_other() {
        let long = |path: &str| is_long(&path.parse().unwrap());
        for path in [
            "/api/v1/contacts/import?file=a.csv",
            "/api/v1/senders/crm/pull",
            "/api/v1/senders/crm/push",
            "/suppression/import",
        ] {
            assert!(long(path), "{path}");
        }
        for path in ["/", "/senders/crm", "/api/v1/senders/crm/test"] {
            assert!(!long(path), "{path}");
        }
    }

    #[test]
    fn every_list_of_the_document_is_one_here() {
        let paths = api::openapi()["paths"].as_object().unwrap();
        let takes_text = |of: &Value| {
            let content = &of["post"]["requestBody"]["content"];
            !content["text/plain"].is_null()
        };
        let lists = paths.iter().filter(|(_, of)| takes_text(of));
        let mut lists: Vec<&str> = lists.map(|(path, _)| path.as_str()).collect();
        let mut ours = LISTS.to_vec();
        lists.sort_unstable();
        ours.sort_unstable();
        assert_eq!(lists, ours);
    }
}
