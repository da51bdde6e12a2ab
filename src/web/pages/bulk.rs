//! Several letters at once: first what will leave, to whom, each to be read; then the order, by the hash of each that was shown.

use super::cases;
use crate::web::Web;
use crate::web::said::Said;
use crate::web::trouble::Trouble;
use crate::web::visitor::Visitor;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::{Value, json};

/// Cases at once: what somebody can read.
const MOST: usize = 100;

#[derive(Serialize)]
struct View {
    letters: Vec<Value>,
    blocked: Vec<Value>,
    /// What is said of cases that were chosen beyond what somebody can read.
    more: Option<String>,
}

/// What was chosen, as far as it is done at once, and how many were chosen beyond that.
fn chosen<'a>(form: &'a [(String, String)], name: &str) -> (Vec<&'a str>, usize) {
    let all = form.iter().filter(|(n, _)| n == name);
    let mut all: Vec<&str> = all.map(|(_, v)| v.as_str()).collect();
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    (all, more)
}

/// Nobody takes for done what was passed over.
fn left_over(visitor: &Visitor, more: usize) -> Option<String> {
    let (n, most) = (more.to_string(), MOST.to_string());
    let said = (visitor.words).fill("bulk", "more", &[("n", &n), ("most", &most)]);
    Some(said).filter(|_| more > 0)
}

/// What will leave.
pub async fn look(
    State(web): State<Web>,
    visitor: Visitor,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let (mut letters, mut blocked) = (Vec::new(), Vec::new());
    let (cases, more) = chosen(&form, "case");
    for case in cases {
        let shown = web.ask(&format!("/requests/{case}")).await?.data;
        for number in shown["letters"].as_array().into_iter().flatten() {
            if number["state"] != "draft" {
                continue;
            }
            let number = number["letter"].as_u64().unwrap_or_default();
            let found = web
                .ask(&format!("/requests/{case}/letters/{number}"))
                .await?;
            let mut letter = found.data;
            letter["case"] = json!(case);
            letter["kind_word"] =
                json!(visitor.word("letter_kind", letter["kind"].as_str().unwrap_or_default()));
            letter["html"] = Value::Null;
            visitor.words.tell_what_is_in_the_way(&mut letter);
            let leaves = letter["hash"].is_string()
                && letter["follows"]["blocked"].is_null()
                && letter["on_paper"] != true;
            if leaves { &mut letters } else { &mut blocked }.push(letter);
        }
    }
    if letters.is_empty() && blocked.is_empty() {
        visitor.say(&web, false, visitor.word("bulk", "none"), None);
        return Ok(Redirect::to(cases::DRAFTS).into_response());
    }
    let view = View {
        letters,
        blocked,
        more: left_over(&visitor, more),
    };
    web.page(&visitor, "cases", "bulk.html", &view)
}

/// They leave, each if it is still as it was shown.
pub async fn approve(
    State(web): State<Web>,
    visitor: Visitor,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let (mut left, mut stayed, mut foreign) = (0, Vec::new(), false);
    let (letters, more) = chosen(&form, "letter");
    for letter in letters {
        let Some((case, hash)) = letter.split_once(' ') else {
            continue;
        };
        let path = format!("/requests/{case}/approve");
        match web.order(&visitor, &path, json!({"hash": hash})).await {
            Ok(answer) if !answer.wrong => left += 1,
            Ok(_) => stayed.push(format!(
                "{case}: {}",
                visitor.word("orders", "came_between")
            )),
            Err(why) => {
                let said = Trouble::from(why).usage(&visitor.words)?;
                foreign |= said.foreign;
                stayed.push(format!("{case}: {}", said.said));
            }
        }
    }
    let said = visitor
        .words
        .fill("bulk", "done", &[("n", &left.to_string())]);
    let more = left_over(&visitor, more).map(|more| format!(". {more}"));
    let said = said + &more.unwrap_or_default();
    let stayed = Some(stayed.join(" · ")).filter(|s| !s.is_empty());
    let detail = stayed.map(|said| Said { said, foreign });
    visitor.say(&web, detail.is_none(), said, detail);
    Ok(Redirect::to(cases::DRAFTS).into_response())
}
