//! A letter in a reviewer's own words, before it leaves: the text, what the linter says of it, and the order.

use crate::web::Web;
use crate::web::trouble::Trouble;
use crate::web::visitor::Visitor;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize)]
struct View {
    case: String,
    number: u8,
    hash: String,
    to: String,
    subject: String,
    text: String,
    wrong: Option<String>,
}

/// What was written.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Written {
    hash: String,
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
    })
}

/// It leaves in these words; if it cannot, they are still there to be changed.
pub async fn approve(
    State(web): State<Web>,
    visitor: Visitor,
    Path((case, number)): Path<(String, u8)>,
    Form(written): Form<Written>,
) -> Result<Response, Trouble> {
    let path = format!("/requests/{case}/approve");
    let order = json!({"hash": written.hash, "text": written.text});
    let wrong = match web.order(&visitor, &path, order).await {
        Ok(answer) if !answer.wrong => {
            visitor.say(&web, true, visitor.word("orders", "approve"), None);
            return Ok(Redirect::to(&format!("/cases/{case}")).into_response());
        }
        Ok(_) => visitor.word("edit", "came_between").to_owned(),
        Err(why) => Trouble::from(why).usage()?,
    };
    let view = View {
        text: written.text,
        wrong: Some(wrong),
        ..view(&web, &case, number).await?
    };
    web.page(&visitor, "cases", "edit.html", &view)
}
