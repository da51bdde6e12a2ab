//! What a reviewer orders about a case. Each order is the api's; here a form becomes one, and its outcome a sentence on the next page.
//!
//! An order carries the version of the case that was seen: if something came between, nothing is done and the case is shown again.

use crate::api::{Answer, NoAnswer};
use crate::web::Web;
use crate::web::trouble::Trouble;
use crate::web::visitor::Visitor;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

/// What stands in a form about a case.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Filled {
    version: u64,
    hash: String,
    reason: String,
    is: String,
    system: String,
    request: String,
    words: String,
    address: String,
    proved: String,
    told: String,
}

/// An order about a case: its word in the address is its word in the api.
pub async fn order(
    State(web): State<Web>,
    visitor: Visitor,
    Path((case, order)): Path<(String, String)>,
    Form(form): Form<Filled>,
) -> Result<Response, Trouble> {
    let path = format!("/requests/{case}/{order}");
    let body = match order.as_str() {
        "approve" => return approve(&web, &visitor, case, form).await,
        "refuse" | "answered" => json!({"reason": form.reason}),
        "extend" => json!({"reason": form.reason, "told": !form.told.is_empty()}),
        "identify" => json!({"reason": form.reason, "proved": !form.proved.is_empty()}),
        "done" => json!({"system": form.system, "request": form.request, "words": form.words}),
        "tell" => json!({"words": form.words}),
        "lift" => json!({"address": form.address, "reason": form.reason}),
        _ => return Err(Trouble::nowhere()),
    };
    let path = match order.as_str() {
        "lift" => "/suppression/lift".to_owned(),
        _ => path,
    };
    carry(&web, &visitor, (&case, form.version), (&order, &path), body).await
}

/// A proposal is carried out or dismissed.
pub async fn proposal(
    State(web): State<Web>,
    visitor: Visitor,
    Path((case, number, order)): Path<(String, u16, String)>,
    Form(form): Form<Filled>,
) -> Result<Response, Trouble> {
    let path = format!("/requests/{case}/proposals/{number}/{order}");
    let is = Some(form.is.trim()).filter(|i| !i.is_empty());
    let body = match order.as_str() {
        "accept" | "dismiss" => json!({"reason": form.reason, "is": is}),
        _ => return Err(Trouble::nowhere()),
    };
    carry(&web, &visitor, (&case, form.version), (&order, &path), body).await
}

/// A letter of a case is taken back before it leaves.
pub async fn cancel(
    State(web): State<Web>,
    visitor: Visitor,
    Path((case, number)): Path<(String, u8)>,
    Form(form): Form<Filled>,
) -> Result<Response, Trouble> {
    let letter = web
        .ask(&format!("/requests/{case}/letters/{number}"))
        .await?;
    let id = letter.data["id"].as_str().unwrap_or_default();
    let path = format!("/letters/{id}/cancel");
    carry(
        &web,
        &visitor,
        (&case, form.version),
        ("cancel", &path),
        json!({}),
    )
    .await
}

/// The letter leaves. Of two clicks on one button the second waits for the first, and is told what that did.
async fn approve(
    web: &Web,
    visitor: &Visitor,
    case: String,
    form: Filled,
) -> Result<Response, Trouble> {
    let mut lately = web.approved.lately().await;
    let (path, back) = (
        format!("/requests/{case}/approve"),
        format!("/cases/{case}"),
    );
    let now = web.ask(&format!("/requests/{case}")).await?;
    let body = json!({"hash": form.hash});
    let this = (case, form.version, form.hash);
    if lately.has(&this) {
        visitor.say(web, true, visitor.word("orders", "approved_before"), None);
    } else if now.data["version"].as_u64() != Some(this.1) {
        visitor.say(web, false, visitor.word("orders", "came_between"), None);
    } else {
        let done = web.order(visitor, &path, body).await;
        if done.as_ref().is_ok_and(|answer| !answer.wrong) {
            lately.note(this);
        }
        tell(web, visitor, "approve", done)?;
    }
    Ok(Redirect::to(&back).into_response())
}

/// Orders it, if the case is as it was seen, and goes back to it.
async fn carry(
    web: &Web,
    visitor: &Visitor,
    (case, version): (&str, u64),
    (order, path): (&str, &str),
    body: Value,
) -> Result<Response, Trouble> {
    let now = web.ask(&format!("/requests/{case}")).await?;
    if now.data["version"].as_u64() != Some(version) {
        visitor.say(web, false, visitor.word("orders", "came_between"), None);
    } else {
        let done = web.order(visitor, path, body).await;
        tell(web, visitor, order, done)?;
    }
    Ok(Redirect::to(&format!("/cases/{case}")).into_response())
}

/// How it went, for the next page.
fn tell(
    web: &Web,
    visitor: &Visitor,
    order: &str,
    done: Result<Answer, NoAnswer>,
) -> Result<(), Trouble> {
    match done {
        Ok(answer) if answer.wrong => {
            visitor.say(web, false, visitor.word("orders", "came_between"), None)
        }
        Ok(answer) => {
            // Nobody is told that they may be written to while their whole firm may not.
            let held = order == "lift" && answer.data["domain"].is_string();
            let word = match order {
                "lift" if held => "lift_below_firm",
                "extend" if answer.data["drafted"] == false => "extend_told",
                order => order,
            };
            visitor.say(web, true, visitor.word("orders", word), None)
        }
        Err(why) => {
            let trouble = Trouble::from(why).usage(&visitor.words)?;
            visitor.say(
                web,
                false,
                visitor.word("orders", "refused_order"),
                Some(trouble),
            );
        }
    }
    Ok(())
}
