//! What every request must pass, and what every answer carries: whose name it was asked by, from where an order comes, and headers.
//!
//! The rules are here and nowhere else, so that no page can forget one:
//! - only names of `[desk] hosts` and of this machine are answered to, so that no foreign page reaches it by a name of its own (DNS rebinding);
//! - an order (anything but GET and HEAD) comes from a page of ours: `Sec-Fetch-Site` and `Origin` say so, and the session's token stands in it.
//!   With `Referrer-Policy: no-referrer` a browser sends `Origin: null` even to ourselves, so then `Sec-Fetch-Site` must be there. A token of the
//!   HTTP API is sent by no browser by itself, and needs neither;
//! - what somebody's role does not allow is refused before the page is asked.

use super::trouble::Trouble;
use super::users::{Role, same};
use super::visitor::{Came, Visitor, recognise};
use super::{Web, machines};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The largest form: a pasted list of some hundred thousand addresses.
pub const LARGEST_FORM: usize = 16 << 20;

/// What pages may load and do: our own style, script and pictures, nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
    form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The way in and out.
pub async fn door(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    if !web.is_ours(&parts) {
        let said = "This name is none of this desk's; add it to [desk] hosts.\n";
        return dressed((StatusCode::MISDIRECTED_REQUEST, said).into_response());
    }
    let came = recognise(&web, &parts, web.now());
    let (visitor, token, cookie) = match came {
        Came::ByCookie(v) => (Some(v), false, None),
        Came::ByToken(v) => (Some(v), true, None),
        Came::ByProxy(v, id) => (Some(v), false, Some(web.cookie(&id, &parts.headers))),
        Came::Unknown => (None, false, None),
    };
    let api = parts.uri.path().starts_with("/api/");
    if api && visitor.is_none() {
        return dressed(machines::nobody());
    }
    let tell = |trouble: Trouble, headers: &HeaderMap| match api {
        true => dressed(machines::told(&trouble)),
        false => web.show_trouble(visitor.as_ref(), trouble, headers),
    };
    let mut bytes = body;
    if !parts.method.is_safe() && !token {
        if !is_from_us(&parts.headers) {
            return tell(Trouble::foreign(), &parts.headers);
        }
        // Who signs in anew does it without what the session before gave.
        if let Some(visitor) = visitor.as_ref().filter(|_| parts.uri.path() != "/sign-in") {
            match checked(&parts.headers, bytes, visitor).await {
                Ok(body) => bytes = body,
                Err(trouble) => return tell(trouble, &parts.headers),
            }
        }
    }
    let headers = parts.headers.clone();
    if let Some(visitor) = &visitor {
        parts.extensions.insert(visitor.clone());
    }
    let mut response = next.run(Request::from_parts(parts, bytes)).await;
    if let Some(trouble) = response.extensions_mut().remove::<Trouble>() {
        response = tell(trouble, &headers);
    }
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    dressed(response)
}

/// Whether an order comes from a page of ours.
fn is_from_us(headers: &HeaderMap) -> bool {
    let one = |name: &str| {
        let mut all = headers.get_all(name).iter();
        let first = all.next().map(|v| v.to_str().unwrap_or("?"));
        if all.next().is_some() {
            Some("?")
        } else {
            first
        }
    };
    let site = one("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return false;
    }
    match one("origin") {
        None | Some("null") => site.is_some(),
        Some(origin) => {
            let host = one("host").unwrap_or("?");
            let bare = origin.strip_prefix("http://");
            bare.or(origin.strip_prefix("https://")) == Some(host)
        }
    }
}

/// The form, if the session's token stands in it or in a header.
async fn checked(headers: &HeaderMap, body: Body, visitor: &Visitor) -> Result<Body, Trouble> {
    let is_it = |said: &str| same(said.as_bytes(), visitor.csrf.as_bytes());
    if let Some(said) = headers.get("x-csrf-token") {
        return match is_it(said.to_str().unwrap_or_default()) {
            true => Ok(body),
            false => Err(Trouble::stale()),
        };
    }
    let bytes = to_bytes(body, LARGEST_FORM).await;
    let bytes: Bytes = bytes.map_err(|_| Trouble::too_large())?;
    let said = bytes
        .split(|b| *b == b'&')
        .find_map(|f| f.strip_prefix(b"csrf="));
    // It is hexadecimal: nothing in it is ever escaped.
    match said.is_some_and(|said| same(said, visitor.csrf.as_bytes())) {
        true => Ok(Body::from(bytes)),
        false => Err(Trouble::stale()),
    }
}

/// Who may go further; for the routes of a role.
pub async fn only(role: Role, visitor: Visitor, request: Request, next: Next) -> Response {
    match visitor.may(role) {
        true => next.run(request).await,
        false => Trouble::forbidden(role).into_response(),
    }
}

/// The headers of every answer; a page that has set one of its own keeps it.
pub(super) fn dressed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), geolocation=(), microphone=()",
        ),
        ("cache-control", "no-store"),
    ] {
        if !headers.contains_key(name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    response
}
