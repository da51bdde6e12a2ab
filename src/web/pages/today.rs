//! Today: how everything is in a line, what needs a human, the most urgent first, what happened since yesterday, and who has not obeyed.

use super::who;
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
    health: Vec<String>,
    since: Option<Since>,
    senders: Vec<Sender>,
    tools: usize,
}

/// What happened since yesterday.
#[derive(Serialize)]
struct Since {
    at: When,
    messages: u64,
    held: u64,
    sent: u64,
    suppressed: u64,
}

/// A tool that has not obeyed yet.
#[derive(Serialize)]
struct Sender {
    name: String,
    waiting: u64,
    late: u64,
    stuck: u64,
    since: Option<When>,
    trouble: Option<String>,
}

#[derive(Serialize)]
struct Need {
    subject: Option<String>,
    who: Option<String>,
    asks: String,
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
        health: health(&visitor, &status),
        since: since(&web, &visitor)?,
        senders: senders(&web, &visitor, &status),
        tools: status["senders"].as_array().map_or(0, Vec::len),
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
    let message = text("message");
    let left = need["days_left"].as_i64().map(|days| words.days(days));
    let asks = need["asks"].as_array().into_iter().flatten();
    let asks = asks.filter_map(|k| Some(words.of("kind", k.as_str()?)));
    let asks: Vec<&str> = asks.collect();
    let brought = need["escalated"].as_str();
    let brought = brought.map(|to| words.of("escalated", to));
    let said = why.iter().map(|w| words.of("why", w)).chain(brought);
    let said: Vec<&str> = said.collect();
    Need {
        link: match (case, &message) {
            (Some(case), _) => Some(format!("/cases/{case}")),
            (None, Some(message)) => Some(format!("/messages/{message}")),
            (None, None) => None,
        },
        who: match (case, &message) {
            (Some(case), _) => who::of_case(web, case),
            (None, Some(message)) => who::of_message(web, message),
            (None, None) => None,
        },
        asks: asks.join(" + "),
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

/// How everything is, in a few words.
fn health(visitor: &Visitor, status: &Value) -> Vec<String> {
    let words = &visitor.words;
    let mode = status["mode"].as_str().unwrap_or("shadow");
    let mut all = vec![words.of("mode", mode).to_owned()];
    let mailboxes = status["mailboxes"].as_array();
    let ill = mailboxes
        .into_iter()
        .flatten()
        .filter(|m| !m["trouble"].is_null());
    let (count, ill) = (mailboxes.map_or(0, Vec::len).to_string(), ill.count());
    all.push(match ill {
        0 => words.fill("today", "mailboxes", &[("n", &count)]),
        ill => words.fill("today", "mailboxes_ill", &[("n", &ill.to_string())]),
    });
    for (key, from) in [("suppressed", "suppressed"), ("open", "open_cases")] {
        let n = status[from].as_u64().unwrap_or_default().to_string();
        all.push(words.fill("today", key, &[("n", &n)]));
    }
    all
}

fn since(web: &Web, visitor: &Visitor) -> Result<Option<Since>, Trouble> {
    let counts = web.desk.office.sequencer.reader().state().counts();
    let since = web.diary.since(&counts.map_err(Trouble::broken)?);
    Ok(since.map(|s| Since {
        at: When::of(s.at, &web.zone(), &visitor.words),
        messages: s.messages,
        held: s.held,
        sent: s.sent,
        suppressed: s.suppressed,
    }))
}

/// The tools that send and have something left to obey, or are ill.
fn senders(web: &Web, visitor: &Visitor, status: &Value) -> Vec<Sender> {
    let all = status["senders"].as_array().into_iter().flatten();
    let sender = |s: &Value| Sender {
        name: s["name"].as_str().unwrap_or_default().to_owned(),
        waiting: s["waiting"].as_u64().unwrap_or_default(),
        late: s["late"].as_u64().unwrap_or_default(),
        stuck: s["stuck"].as_u64().unwrap_or_default(),
        since: s["oldest"]
            .as_str()
            .and_then(|t| When::read(t, &web.zone(), &visitor.words)),
        trouble: s["trouble"][0].as_str().map(str::to_owned),
    };
    let left = |s: &Sender| s.waiting > 0 || s.stuck > 0 || s.trouble.is_some();
    all.map(sender).filter(left).collect()
}
