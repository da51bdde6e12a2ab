//! A letter in a reviewer's own words, before it leaves: the text, what the linter says of it, and the order.

use crate::web::Web;
use crate::web::said::Said;
use crate::web::trouble::Trouble;
use crate::web::visitor::Visitor;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Serialize)]
struct View {
    case: String,
    number: u8,
    hash: String,
    to: String,
    subject: String,
    text: String,
    wrong: Option<Said>,
    /// What the linter found in the words, each with what to do about it.
    findings: Value,
}

/// What was written.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Written {
    hash: String,
    subject: String,
    text: String,
}

/// The letter as it would leave, to be changed.
pub async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Path((case, number)): Path<(String, u8)>,
) -> Result<Response, Trouble> {
    let view = view(&web, &case, number).await?;
    web.page(&visitor, "cases", "edit.html", &view)
}

async fn view(web: &Web, case: &str, number: u8) -> Result<View, Trouble> {
    let letter = web
        .ask(&format!("/requests/{case}/letters/{number}"))
        .await?;
    let text = |key: &str| letter.data[key].as_str().map(str::to_owned);
    // Only what can leave can be edited.
    let hash = text("hash").ok_or_else(Trouble::nowhere)?;
    Ok(View {
        case: case.to_owned(),
        number,
        hash,
        to: text("to").unwrap_or_default(),
        subject: text("subject").unwrap_or_default(),
        text: text("text").unwrap_or_default(),
        wrong: None,
        findings: Value::Null,
    })
}

/// It leaves in these words; if it cannot, they are still there to be changed.
///
/// What the linter reads is approved by its own hash, as a program does it: the words cannot be others by then.
pub async fn approve(
    State(web): State<Web>,
    visitor: Visitor,
    Path((case, number)): Path<(String, u8)>,
    Form(written): Form<Written>,
) -> Result<Response, Trouble> {
    let now = view(&web, &case, number).await?;
    let (mut wrong, mut findings) = (None, Value::Null);
    match leaves(&web, &visitor, &case, &now, &written).await? {
        Outcome::Left => {
            visitor.say(&web, true, visitor.word("orders", "approve"), None);
            return Ok(Redirect::to(&format!("/cases/{case}")).into_response());
        }
        Outcome::CameBetween => wrong = Some(Said::own(visitor.word("edit", "came_between"))),
        Outcome::Refused(why) => wrong = Some(why),
        Outcome::Found(found) => findings = visitor.words.findings(&found),
    }
    let view = View {
        subject: written.subject,
        text: written.text,
        wrong,
        findings,
        ..now
    };
    web.page(&visitor, "cases", "edit.html", &view)
}

/// What became of the words.
enum Outcome {
    Left,
    CameBetween,
    Refused(Said),
    Found(Value),
}

async fn leaves(
    web: &Web,
    visitor: &Visitor,
    case: &str,
    now: &View,
    written: &Written,
) -> Result<Outcome, Trouble> {
    if now.hash != written.hash {
        return Ok(Outcome::CameBetween);
    }
    let text = written.text.replace("\r\n", "\n");
    let words = json!({"hash": written.hash, "subject": written.subject, "text": text});
    let path = |what: &str| format!("/requests/{case}/{what}");
    let shown = match web.order(visitor, &path("rewrite"), words).await {
        Ok(answer) => answer.data,
        Err(why) => return Ok(Outcome::Refused(Trouble::from(why).usage(&visitor.words)?)),
    };
    if !shown["findings"].as_array().is_some_and(Vec::is_empty) {
        return Ok(Outcome::Found(shown["findings"].clone()));
    }
    let order = json!({"hash": shown["hash"], "rewritten": [written.subject, text]});
    Ok(match web.order(visitor, &path("approve"), order).await {
        Ok(answer) if !answer.wrong => Outcome::Left,
        Ok(_) => Outcome::CameBetween,
        Err(why) => Outcome::Refused(Trouble::from(why).usage(&visitor.words)?),
    })
}
