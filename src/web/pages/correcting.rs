//! A reviewer says what a message meant, and sees which phrase would have caught it. The form is a partial of its own
//! (`correct.html`), so that the page of a case can hold it, too.

use crate::web::Web;
use crate::web::said::Said;
use crate::web::trouble::Trouble;
use crate::web::visitor::{Visitor, query};
use crate::web::when::When;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Whether a phrase is looked for: it takes a moment.
#[derive(Deserialize, Default)]
pub struct Wanted {
    #[serde(default)]
    pub(super) suggest: bool,
    #[serde(default)]
    message: String,
}

#[derive(Serialize)]
struct View {
    case: String,
    messages: Value,
    /// The keys of its messages, if there are several.
    choices: Vec<String>,
    corrections: Vec<Correction>,
    suggested: bool,
    suggestions: Value,
    refused: Option<Said>,
}

/// What a human said of a message.
#[derive(Serialize)]
pub struct Correction {
    intents: Value,
    by: String,
    at: Option<When>,
    wrong: bool,
    kept: bool,
    suggest: String,
}

/// The page.
pub async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Path(case): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let data = web
        .ask(&format!("/requests/{}", escaped(&case)))
        .await?
        .data;
    let reference = data["case"].as_str().unwrap_or_default().to_owned();
    let all = data["corrections"].as_array().into_iter().flatten();
    let corrections = all
        .map(|c| correction(&web, &visitor, where_suggested(&reference, c), c))
        .collect();
    let query = query(&[("message", &wanted.message)]);
    let path = format!("/requests/{reference}/suggest?{query}");
    let (suggestions, refused) = suggestions(&web, wanted.suggest, &path, &visitor).await?;
    let messages = data["messages"].as_array().into_iter().flatten();
    let keys = messages.filter_map(|m| m["message"].as_str().map(str::to_owned));
    let keys: Vec<String> = keys.collect();
    let view = View {
        messages: data["messages"].clone(),
        choices: if keys.len() > 1 { keys } else { Vec::new() },
        corrections,
        suggested: wanted.suggest && refused.is_none(),
        suggestions,
        refused,
        case: reference,
    };
    web.page(&visitor, "cases", "correcting.html", &view)
}

/// Phrases that would have caught it, if they are wanted, or why there are none.
pub(super) async fn suggestions(
    web: &Web,
    wanted: bool,
    path: &str,
    visitor: &Visitor,
) -> Result<(Value, Option<Said>), Trouble> {
    if !wanted {
        return Ok((Value::Null, None));
    }
    match web.ask(path).await {
        Ok(answer) => Ok((answer.data["suggestions"].clone(), None)),
        Err(crate::api::NoAnswer::Refused(r)) => Ok((Value::Null, Some(visitor.words.refusal(&r)))),
        Err(other) => Err(other.into()),
    }
}

/// A correction of the API's data; `suggest` is where its phrases are.
pub(super) fn correction(web: &Web, visitor: &Visitor, suggest: String, row: &Value) -> Correction {
    Correction {
        intents: row["intents"].clone(),
        by: row["by"].as_str().unwrap_or_default().to_owned(),
        at: row["at"]
            .as_str()
            .and_then(|at| When::read(at, &web.zone(), &visitor.words)),
        wrong: row["wrong"] == true,
        kept: row["kept"] == true,
        suggest,
    }
}

fn where_suggested(case: &str, row: &Value) -> String {
    let message = row["message"].as_str().unwrap_or_default();
    let query = query(&[("suggest", "true"), ("message", message)]);
    format!("/cases/{case}/correct?{query}#suggestion")
}

fn escaped(case: &str) -> String {
    let query = query(&[("", case)]);
    query.trim_start_matches('=').to_owned()
}

/// What was ticked.
#[derive(Default, Serialize)]
pub(super) struct Ticked {
    intents: Vec<String>,
    message: String,
    needs_human: bool,
    wrong: bool,
}

impl Ticked {
    /// From the fields of the form.
    pub(super) fn read(fields: Vec<(String, String)>) -> Self {
        let mut ticked = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "intent" if !value.is_empty() => ticked.intents.push(value),
                "message" => ticked.message = value,
                "needs_human" => ticked.needs_human = true,
                "wrong" => ticked.wrong = true,
                _ => {}
            }
        }
        if ticked.intents.is_empty() {
            ticked.intents.push("none".to_owned());
        }
        ticked
    }
}

/// The order.
pub async fn order(
    State(web): State<Web>,
    visitor: Visitor,
    Path(case): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let path = format!("/requests/{}/correct", escaped(&case));
    let done = web
        .order(&visitor, &path, json!(Ticked::read(fields)))
        .await?;
    let case = done.data["case"].as_str().unwrap_or_default();
    say(&web, &visitor, &done);
    Ok(Redirect::to(&format!("/cases/{case}/correct")).into_response())
}

/// What became of the words.
pub(super) fn say(web: &Web, visitor: &Visitor, done: &crate::api::Answer) {
    let key = match done.data["kept"] == true {
        true => "kept",
        false => "counted",
    };
    let word = visitor.word("correct", key);
    visitor.say(web, true, word, visitor.house_says(done.text.clone()));
}

#[cfg(test)]
mod tests {
    use crate::record::{RequestKind, Stance};

    #[test]
    fn the_form_offers_every_kind_and_every_stance() {
        let form = include_str!("../html/correct.html");
        for kind in RequestKind::ALL {
            assert!(form.contains(&format!("\"{kind}\"")), "{kind}");
        }
        for stance in Stance::ALL.iter().filter(|s| **s != Stance::OutOfOffice) {
            assert!(form.contains(&format!("\"{stance}\"")), "{stance}");
        }
        assert!(form.contains("\"ooo\""));
    }
}
