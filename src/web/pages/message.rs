//! One message, whether or not it belongs to a case: what it said, why it ended so, and what it really meant.
//!
//! The log and a person's story lead here, so that what was ignored or misread can be corrected, too.

use super::correcting::{self, Correction, Ticked, Wanted};
use crate::web::Web;
use crate::web::said::Said;
use crate::web::trouble::Trouble;
use crate::web::visitor::Visitor;
use crate::web::when::When;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::{Value, json};

/// Digits of a key by which the log names a message.
const SHORT: usize = 12;

#[derive(Serialize)]
struct View {
    message: String,
    short: String,
    case: Option<String>,
    state: String,
    rule: String,
    why: Said,
    at: Option<When>,
    mailbox: Option<String>,
    folder: Option<String>,
    from: Option<String>,
    kept: bool,
    subject: Option<String>,
    fresh: Option<String>,
    elided: Vec<(String, String)>,
    /// A correction keeps its words.
    keeps: bool,
    corrections: Vec<Correction>,
    suggested: bool,
    suggestions: Value,
    refused: Option<Said>,
}

/// A key as a path of ours names it; what is none is nowhere.
fn known(message: &str) -> Result<&str, Trouble> {
    let digits = !message.is_empty() && message.bytes().all(|b| b.is_ascii_hexdigit());
    digits.then_some(message).ok_or_else(Trouble::nowhere)
}

/// The page.
pub async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Path(message): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let data = web
        .ask(&format!("/messages/{}", known(&message)?))
        .await?
        .data;
    let key = data["message"].as_str().unwrap_or_default();
    let path = format!("/messages/{key}/suggest");
    let (suggestions, refused) =
        correcting::suggestions(&web, wanted.suggest, &path, &visitor).await?;
    let said = Some(&data["correction"]).filter(|c| !c.is_null());
    let suggest = format!("/messages/{key}?suggest=true#suggestion");
    let corrections = said.map(|row| correcting::correction(&web, &visitor, suggest, row));
    let view = View {
        corrections: corrections.into_iter().collect(),
        suggested: wanted.suggest && refused.is_none(),
        suggestions,
        refused,
        ..view(&web, &visitor, &data)
    };
    web.page(&visitor, "log", "message.html", &view)
}

fn view(web: &Web, visitor: &Visitor, data: &Value) -> View {
    let words = &visitor.words;
    let text = |key: &str| data[key].as_str().map(str::to_owned);
    let (message, rule) = (text("message").unwrap_or_default(), text("rule"));
    let rule = rule.unwrap_or_default();
    let from = match (text("from_name"), text("from")) {
        (Some(name), Some(address)) => Some(format!("{name} <{address}>")),
        (_, address) => address,
    };
    let elided = data["elided"].as_array().into_iter().flatten();
    let elided = elided.map(|e| {
        let kind = words.of("elided", e[0].as_str().unwrap_or_default());
        (
            kind.to_owned(),
            e[1].as_str().unwrap_or_default().to_owned(),
        )
    });
    let state = data["state"].as_str().unwrap_or_default();
    View {
        short: message.chars().take(SHORT).collect(),
        case: text("case"),
        state: words.of("message_state", state).to_owned(),
        why: words.rule(&rule),
        at: text("received").and_then(|at| When::read(&at, &web.zone(), words)),
        mailbox: text("mailbox"),
        folder: text("folder"),
        kept: data["fresh"].is_string(),
        subject: text("subject"),
        fresh: text("fresh"),
        elided: elided.collect(),
        keeps: data["keeps"] == true,
        corrections: Vec::new(),
        suggested: false,
        suggestions: Value::Null,
        refused: None,
        message,
        rule,
        from,
    }
}

/// The order.
pub async fn correct(
    State(web): State<Web>,
    visitor: Visitor,
    Path(message): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let path = format!("/messages/{}/correct", known(&message)?);
    let done = web
        .order(&visitor, &path, json!(Ticked::read(fields)))
        .await?;
    correcting::say(&web, &visitor, &done);
    let key = done.data["message"].as_str().unwrap_or_default();
    Ok(Redirect::to(&format!("/messages/{key}")).into_response())
}
