//! Cases: filters, exact search, pages; and for those who decide, several letters approved at once, after a look at what will leave.

use super::who;
use crate::api::CASE_STATES;
use crate::record::{Language, RequestKind};
use crate::web::Web;
use crate::web::said::Said;
use crate::web::trouble::Trouble;
use crate::web::visitor::{Visitor, query};
use crate::web::when::When;
use crate::web::words::Words;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the form asks for, as the browser sends it: what is empty is not asked.
#[derive(Deserialize, Serialize, Clone, Default)]
#[serde(default)]
pub struct Asked {
    find: String,
    kind: String,
    state: String,
    language: String,
    mailbox: String,
    owner: String,
    due: String,
    after: String,
}

impl Asked {
    /// The query of the api, or of this page, with what is asked and nothing else.
    fn query(&self, after: &str) -> String {
        let all = [
            ("find", self.find.trim()),
            ("kind", &self.kind),
            ("state", &self.state),
            ("language", &self.language),
            ("mailbox", &self.mailbox),
            ("owner", self.owner.trim()),
            ("due", &self.due),
            ("after", after),
        ];
        let said: Vec<_> = all.into_iter().filter(|(_, v)| !v.is_empty()).collect();
        query(&said)
    }
}

/// One that can be chosen.
#[derive(Serialize)]
struct Choice {
    value: String,
    word: String,
    chosen: bool,
}

#[derive(Serialize)]
struct View {
    asked: Asked,
    kinds: Vec<Choice>,
    states: Vec<Choice>,
    languages: Vec<Choice>,
    mailboxes: Vec<Choice>,
    dues: Vec<Choice>,
    rows: Vec<Row>,
    filtered: bool,
    next: Option<String>,
    drafts: usize,
    wrong: Option<Said>,
}

/// A case in the list.
#[derive(Serialize)]
pub struct Row {
    case: String,
    who: Option<String>,
    kinds: String,
    state: String,
    due: Option<When>,
    late: bool,
    left: Option<String>,
    opened: Option<When>,
    language: Option<String>,
    mailbox: Option<String>,
    held: Option<String>,
    drafts: u64,
}

/// Cases of a page.
const PAGE: usize = 50;

/// Where letters wait.
pub const DRAFTS: &str = "/cases?state=draft";

/// The page. A search that finds exactly one case goes there at once.
pub async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let found = web
        .ask(&format!(
            "/requests?limit={PAGE}&{}",
            asked.query(&asked.after)
        ))
        .await;
    let (data, wrong) = match found {
        Ok(answer) => (answer.data, None),
        Err(why) => (Value::Null, Some(Trouble::from(why).usage(&visitor.words)?)),
    };
    let none = Vec::new();
    let cases = data["requests"].as_array().unwrap_or(&none);
    if let ([one], false) = (cases.as_slice(), asked.find.is_empty()) {
        let case = one["case"].as_str().unwrap_or_default();
        return Ok(Redirect::to(&format!("/cases/{case}")).into_response());
    }
    let rows: Vec<Row> = cases.iter().map(|c| row(&web, &visitor.words, c)).collect();
    let next = data["next"].as_str();
    let view = View {
        drafts: rows.iter().filter(|r| r.drafts > 0).count(),
        filtered: !asked.query("").is_empty(),
        next: next.map(|n| format!("/cases?{}", asked.query(n))),
        rows,
        wrong,
        ..choices(&web, &visitor.words, asked)
    };
    web.page(&visitor, "cases", "cases.html", &view)
}

fn choices(web: &Web, words: &Words, asked: Asked) -> View {
    let house = web.desk.office.house.load();
    let mailboxes: Vec<&str> = house
        .config
        .mailboxes
        .iter()
        .map(|m| m.name.as_str())
        .collect();
    let kinds: Vec<&str> = RequestKind::ALL.iter().map(|k| k.word()).collect();
    let languages: Vec<&str> = Language::ALL.iter().map(|l| l.word()).collect();
    let of = |section: &str, values: &[&str], now: &str| -> Vec<Choice> {
        let one = |v: &&str| Choice {
            value: (*v).to_owned(),
            word: match section {
                "" => (*v).to_owned(),
                section => words.of(section, v).to_owned(),
            },
            chosen: *v == now,
        };
        values.iter().map(one).collect()
    };
    View {
        kinds: of("kind", &kinds, &asked.kind),
        states: of("case_state", &CASE_STATES, &asked.state),
        languages: of("", &languages, &asked.language),
        mailboxes: of("", &mailboxes, &asked.mailbox),
        dues: of("due", &["overdue", "7", "14"], &asked.due),
        asked,
        rows: Vec::new(),
        filtered: false,
        next: None,
        drafts: 0,
        wrong: None,
    }
}

/// A case of the api's list, in words.
pub fn row(web: &Web, words: &Words, case: &Value) -> Row {
    let requests = case["requests"].as_array().into_iter().flatten();
    let kinds: Vec<&str> = requests
        .filter_map(|r| Some(words.of("kind", r.as_str()?)))
        .collect();
    let text = |key: &str| case[key].as_str().map(str::to_owned);
    let moment = |key: &str| When::read(case[key].as_str()?, &web.zone(), words);
    let days = web.days_until(case["due"].as_str());
    let letter = case["letter"].as_str();
    let by_hand = case["by_hand"].as_array().is_some_and(|b| !b.is_empty());
    let state = match (case["closed"].as_str(), case["drafts"].as_u64(), letter) {
        (Some(_), ..) => words.of("case_state", "closed"),
        (_, Some(1..), _) => words.of("case_state", "draft"),
        _ if by_hand && letter == Some("draft") => words.of("case_state", "by_hand"),
        (_, _, Some(letter)) if letter != "cancelled" => words.of("letter_state", letter),
        _ if by_hand => words.of("case_state", "by_hand"),
        _ if case["held"].is_string() => words.of("case_state", "held"),
        _ => words.of("case_state", "open"),
    };
    Row {
        who: text("case").and_then(|case| who::of_case(web, &case)),
        case: text("case").unwrap_or_default(),
        kinds: match kinds.is_empty() {
            true => words.of("cases", "nothing_certain").to_owned(),
            false => kinds.join(" + "),
        },
        state: state.to_owned(),
        due: moment("due"),
        late: days.is_some_and(|d| d < 0),
        left: days.map(|d| words.days(d)),
        opened: moment("opened"),
        language: text("language"),
        mailbox: text("mailbox"),
        held: text("held").map(|id| words.rule(&id).said),
        drafts: case["drafts"].as_u64().unwrap_or(0),
    }
}
