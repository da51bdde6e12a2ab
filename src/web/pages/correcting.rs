//! A reviewer says what a message meant, and sees which phrase would have caught it. The form is a partial of its own
//! (`correct.html`), so that the page of a case can hold it, too.

use crate::web::Web;
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
    suggest: bool,
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
    refused: Option<String>,
}

#[derive(Serialize)]
struct Correction {
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
        .map(|c| correction(&web, &visitor, &reference, c))
        .collect();
    let (mut suggestions, mut refused) = (Value::Null, None);
    if wanted.suggest {
        let query = query(&[("message", &wanted.message)]);
        match web
            .ask(&format!("/requests/{reference}/suggest?{query}"))
            .await
        {
            Ok(answer) => suggestions = answer.data["suggestions"].clone(),
            Err(crate::api::NoAnswer::Refused(r)) => {
                refused = Some(format!("{}: {}", r.error, r.fix))
            }
            Err(other) => return Err(other.into()),
        }
    }
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

fn correction(web: &Web, visitor: &Visitor, case: &str, row: &Value) -> Correction {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let query = query(&[("suggest", "true"), ("message", &text("message"))]);
    Correction {
        intents: row["intents"].clone(),
        by: text("by"),
        at: When::read(&text("at"), &web.zone(), &visitor.words),
        wrong: row["wrong"] == true,
        kept: row["kept"] == true,
        suggest: format!("/cases/{case}/correct?{query}#suggestion"),
    }
}

fn escaped(case: &str) -> String {
    let query = query(&[("", case)]);
    query.trim_start_matches('=').to_owned()
}

/// What was ticked.
#[derive(Default)]
struct Ticked {
    intents: Vec<String>,
    message: String,
    needs_human: bool,
    wrong: bool,
}

/// The order.
pub async fn order(
    State(web): State<Web>,
    visitor: Visitor,
    Path(case): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let mut ticked = Ticked::default();
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
    let path = format!("/requests/{}/correct", escaped(&case));
    let word = json!({
        "intents": ticked.intents, "message": ticked.message, "needs_human": ticked.needs_human, "wrong": ticked.wrong,
    });
    let done = web.order(&visitor, &path, word).await?;
    let case = done.data["case"].as_str().unwrap_or_default();
    let word = if done.data["kept"] == true {
        "kept"
    } else {
        "counted"
    };
    visitor.say(
        &web,
        true,
        visitor.word("correct", word),
        Some(done.text.clone()),
    );
    Ok(Redirect::to(&format!("/cases/{case}/correct")).into_response())
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
