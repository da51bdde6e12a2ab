//! Today: what needs a human, the most urgent first.

use crate::web::Web;
use crate::web::trouble::Trouble;
use crate::web::visitor::Visitor;
use crate::web::when::When;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

/// What is shown at once.
const SHOWN: usize = 50;

#[derive(Serialize)]
struct View {
    needs: Vec<Need>,
    total: usize,
    more: usize,
}

#[derive(Serialize)]
struct Need {
    subject: Option<String>,
    link: Option<String>,
    why: String,
    count: u64,
    urgent: bool,
    due: Option<When>,
    since: Option<When>,
    left: Option<String>,
    command: String,
}

/// The page.
pub async fn show(State(web): State<Web>, visitor: Visitor) -> Result<Response, Trouble> {
    let status = web.ask("/status").await?.data;
    let none = Vec::new();
    let all = status["needs"].as_array().unwrap_or(&none);
    let view = View {
        needs: all
            .iter()
            .take(SHOWN)
            .map(|n| need(&web, &visitor, n))
            .collect(),
        total: all.len(),
        more: all.len().saturating_sub(SHOWN),
    };
    web.page(&visitor, "today", "today.html", &view)
}

fn need(web: &Web, visitor: &Visitor, need: &Value) -> Need {
    let words = &visitor.words;
    let why = need["why"].as_array().into_iter().flatten();
    let why: Vec<&str> = why.filter_map(Value::as_str).collect();
    let text = |key: &str| need[key].as_str().map(str::to_owned);
    let moment = |key: &str| When::read(need[key].as_str()?, &web.zone(), words);
    let subject = text("subject");
    let case = subject.as_ref().filter(|s| s.starts_with("Q-"));
    let left = need["days_left"].as_i64().map(|days| words.days(days));
    let said: Vec<&str> = why.iter().map(|w| words.of("why", w)).collect();
    Need {
        link: case.map(|c| format!("/cases/{c}")),
        why: said.join(" · "),
        count: need["count"].as_u64().unwrap_or(1),
        urgent: why.iter().any(|w| {
            crate::service::Why::ALL
                .iter()
                .any(|k| k.word() == *w && k.is_urgent())
        }),
        due: moment("due"),
        since: moment("since"),
        command: text("command").unwrap_or_default(),
        subject,
        left,
    }
}
