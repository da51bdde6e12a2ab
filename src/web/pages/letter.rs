//! The HTML of a letter, alone: shown only in a frame without rights, from an address of its own.

use crate::web::Web;
use crate::web::trouble::Trouble;
use crate::web::visitor::Visitor;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};

/// Nothing but styles of its own: no script, no form, no picture from elsewhere, and only a page of ours may frame it.
const POLICY: &str =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

/// The letter.
pub async fn html(
    State(web): State<Web>,
    _: Visitor,
    Path((case, number)): Path<(String, u8)>,
) -> Result<Response, Trouble> {
    let letter = web
        .ask(&format!("/requests/{case}/letters/{number}"))
        .await?;
    let Some(html) = letter.data["html"].as_str().map(str::to_owned) else {
        return Err(Trouble::nowhere());
    };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
    ];
    Ok((headers, Html(html)).into_response())
}
