//! The letter that a text makes, in a frame of its own: sandboxed, without script, and nothing is loaded from anywhere.

use crate::web::Web;
use crate::web::said::Said;
use crate::web::trouble::Trouble;
use crate::web::visitor::Visitor;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the frame may do: show, with the style that stands in the letter.
pub(in crate::web) const FRAME: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// The editor's form, as its preview button sends it.
#[derive(Deserialize)]
pub struct Sheet {
    path: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    case: String,
    /// `html`: the page as a mail program shows it.
    #[serde(default, rename = "as")]
    form: String,
}

#[derive(Serialize)]
struct View {
    /// Of the words around the letter.
    language: &'static str,
    /// Of the letter, if it was chosen.
    written: String,
    shown: bool,
    subject: Value,
    text: Value,
    attachments: Value,
    findings: Value,
    faults: Value,
    unwritten: Option<Said>,
}

/// The frame.
pub async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Form(sheet): Form<Sheet>,
) -> Result<Response, Trouble> {
    let mut wanted = json!({
        "kind": sheet.kind, "case": sheet.case.trim(), "files": [{"path": sheet.path, "text": sheet.text}],
    });
    if !sheet.language.is_empty() {
        wanted["language"] = json!(sheet.language);
    }
    let answer = web.order(&visitor, "/templates/preview", wanted).await;
    // What is refused (no such case, no such language) is told in the frame.
    let (data, refused) = match answer {
        Ok(answer) => (answer.data, None),
        Err(crate::api::NoAnswer::Refused(r)) => (json!({}), Some(visitor.words.refusal(&r))),
        Err(other) => return Err(other.into()),
    };
    if let Some(html) = data["html"].as_str().filter(|_| sheet.form == "html") {
        return Ok(framed(html.to_owned()));
    }
    let unwritten = data["unwritten"]
        .as_str()
        .map(|said| visitor.words.sentence(said));
    let view = View {
        language: visitor.language().word(),
        written: sheet.language,
        shown: data["shown"] == true,
        subject: data["subject"].clone(),
        text: data["text"].clone(),
        attachments: data["attachments"].clone(),
        findings: visitor.words.findings(&data["findings"]),
        faults: visitor.words.findings(&data["faults"]),
        unwritten: refused.or(unwritten),
    };
    let painted = web
        .painter
        .paint("preview.html", &visitor.words, &json!({}), &view);
    Ok(framed(painted.map_err(Trouble::broken)?))
}

/// What stands in a frame of ours, and can do nothing.
pub(in crate::web) fn framed(html: String) -> Response {
    let mut response = Html(html).into_response();
    let headers = response.headers_mut();
    let policy = header::CONTENT_SECURITY_POLICY;
    headers.insert(policy, HeaderValue::from_static(FRAME));
    let by_us = HeaderValue::from_static("SAMEORIGIN");
    headers.insert(HeaderName::from_static("x-frame-options"), by_us);
    response
}
