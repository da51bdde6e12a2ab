//! Suppression: may they be written to? One, or a pasted list; no more of it, or again; lists in and out.
//!
//! Addresses are typed into forms and stand in no address of the web, since those are written down on the way. What holds is
//! shown by keyed fingerprints, because nobody needs the addresses of people who asked to be forgotten.

use crate::api::NoAnswer;
use crate::web::Web;
use crate::web::said::Said;
use crate::web::trouble::Trouble;
use crate::web::visitor::{Visitor, query as in_query};
use crate::web::when::When;
use crate::web::words::Words;
use axum::Form;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use futures::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Of so many each is asked with everything that is known; of more only whether they may be written to.
const FULLY: usize = 100;
/// Rows shown of a long list.
const SHOWN: usize = 1_000;
/// Fingerprints of a page.
const PAGE: usize = 50;
/// Fingerprints of an export that are read at a time.
const AT_ONCE: usize = 5_000;

/// What holds, as pages show it.
#[derive(Serialize, Default)]
pub struct Holds {
    /// `suppressed`, `paused`.
    pub word: String,
    /// In the visitor's language.
    pub said: String,
    /// Since when.
    pub since: Option<When>,
    /// Why, in a sentence.
    pub reason: String,
    /// Where it was asked.
    pub case: Option<String>,
}

impl Holds {
    /// From the API's data; nothing if nothing holds.
    pub fn read(web: &Web, words: &Words, data: &Value) -> Option<Self> {
        let word = data["suppression"].as_str()?.to_owned();
        let since = data["since"].as_str();
        let reason = &data["reason"];
        let reason = match reason["request"].as_str() {
            Some(kind) => words.fill("stops", "asked", &[("kind", words.of("kind", kind))]),
            None => {
                // "unclear" is what somebody typed, too.
                let reason = reason.as_str().unwrap_or_default();
                let key = if reason == "unclear" {
                    "unclear_reason"
                } else {
                    reason
                };
                words.of("stops", key).to_owned()
            }
        };
        Some(Self {
            said: words.of("stops", &word).to_owned(),
            since: since.and_then(|s| When::read(s, &web.zone(), words)),
            case: data["case"].as_str().map(str::to_owned),
            reason,
            word,
        })
    }
}

#[derive(Serialize, Default)]
struct View {
    typed: String,
    checked: Option<Checked>,
    held: Vec<Held>,
    next: Option<String>,
    wrong: Option<Wrong>,
}

/// What came of a check.
#[derive(Serialize, Default)]
struct Checked {
    asked: usize,
    blocked: usize,
    rows: Vec<Row>,
    more: usize,
}

#[derive(Serialize, Default)]
struct Row {
    typed: String,
    free: bool,
    unreadable: Option<Said>,
    holds: Option<Holds>,
    by: Option<String>,
    why: Option<String>,
    /// The domain of this address, if all of it is held.
    firm: Option<String>,
}

/// A fingerprint that is held.
#[derive(Serialize)]
struct Held {
    short: String,
    domain: bool,
    holds: Holds,
}

/// What was wrong with a form.
#[derive(Serialize)]
struct Wrong {
    form: &'static str,
    said: Said,
    typed: String,
    reason: String,
}

/// Which page of what is held.
#[derive(Deserialize, Default)]
pub struct Page {
    after: Option<String>,
}

/// The page.
pub async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Query(page): Query<Page>,
) -> Result<Response, Trouble> {
    paint(&web, &visitor, &page, View::default()).await
}

async fn paint(web: &Web, visitor: &Visitor, page: &Page, view: View) -> Result<Response, Trouble> {
    let after = page.after.as_deref().unwrap_or_default();
    let limit = PAGE.to_string();
    let mut query = vec![("limit", limit.as_str())];
    if !after.is_empty() {
        query.push(("after", after));
    }
    let path = format!("/suppression?{}", in_query(&query));
    let data = web.ask(&path).await?.data;
    let held = data["suppressions"].as_array().into_iter().flatten();
    let held = held.filter_map(|h| {
        Some(Held {
            short: h["fingerprint"].as_str()?.get(..16)?.to_owned(),
            domain: h["domain"] == true,
            holds: Holds::read(web, &visitor.words, &h["holds"])?,
        })
    });
    let view = View {
        held: held.collect(),
        next: data["next"].as_str().map(|n| in_query(&[("after", n)])),
        ..view
    };
    web.page(visitor, "suppression", "suppression.html", &view)
}

/// What was typed or pasted.
#[derive(Deserialize)]
pub struct List {
    #[serde(default)]
    list: String,
}

/// May they be written to?
pub async fn check(
    State(web): State<Web>,
    visitor: Visitor,
    Form(typed): Form<List>,
) -> Result<Response, Trouble> {
    let lines: Vec<&str> = (typed.list.lines().map(str::trim))
        .filter(|l| !l.is_empty())
        .collect();
    let checked = match lines.len() {
        0 => None,
        few if few <= FULLY => Some(fully(&web, &visitor, &lines).await?),
        _ => Some(shortly(&web, &visitor, &lines).await?),
    };
    let view = View {
        typed: if lines.len() <= FULLY {
            typed.list
        } else {
            String::new()
        },
        checked,
        ..View::default()
    };
    paint(&web, &visitor, &Page::default(), view).await
}

/// Each with why, and who ordered it.
async fn fully(web: &Web, visitor: &Visitor, lines: &[&str]) -> Result<Checked, Trouble> {
    let mut checked = Checked {
        asked: lines.len(),
        ..Checked::default()
    };
    for line in lines {
        let asked = web.order(visitor, "/suppression/check", json!({"address": line}));
        let mut row = Row {
            typed: (*line).to_owned(),
            ..Row::default()
        };
        match asked.await {
            Ok(answer) => {
                let text = |key: &str| answer.data[key].as_str().map(str::to_owned);
                row.holds = Holds::read(web, &visitor.words, &answer.data["suppression"]);
                (row.by, row.why, row.firm) = (text("by"), text("why"), text("domain"));
                row.free = row.holds.is_none();
            }
            Err(why) => row.unreadable = Some(refused(why, &visitor.words)?),
        }
        checked.blocked += usize::from(!row.free);
        checked.rows.push(row);
    }
    Ok(checked)
}

/// Only whether, for as many as may be: those who must not be written to are shown.
async fn shortly(web: &Web, visitor: &Visitor, lines: &[&str]) -> Result<Checked, Trouble> {
    let list = lines.join("\n").into_bytes();
    let data = web
        .client
        .hand_over("/suppression/check/list", list)
        .await?
        .data;
    let verdicts = data["verdicts"].as_str().unwrap_or_default().chars();
    let mut since = data["since"].as_array().into_iter().flatten();
    let words = &visitor.words;
    let mut checked = Checked {
        asked: lines.len(),
        ..Checked::default()
    };
    for (line, verdict) in lines.iter().zip(verdicts) {
        let word = match verdict {
            'p' => Some("paused"),
            's' => Some("suppressed"),
            'f' => continue,
            _ => None,
        };
        checked.blocked += 1;
        let holds = word.map(|word| Holds {
            word: word.to_owned(),
            said: words.of("stops", word).to_owned(),
            since: (since.next().and_then(Value::as_i64)).map(|at| {
                When::of(
                    crate::record::Timestamp::from_millis(at),
                    &web.zone(),
                    words,
                )
            }),
            ..Holds::default()
        });
        if checked.rows.len() == SHOWN {
            checked.more += 1;
            continue;
        }
        checked.rows.push(Row {
            typed: (*line).to_owned(),
            unreadable: holds
                .is_none()
                .then(|| Said::own(words.of("stops", "unreadable"))),
            holds,
            ..Row::default()
        });
    }
    Ok(checked)
}

/// What was typed wrong; anything else is trouble.
fn refused(why: NoAnswer, words: &Words) -> Result<Said, Trouble> {
    match why {
        NoAnswer::Refused(refusal) if refusal.status().is_client_error() => {
            Ok(words.refusal(&refusal))
        }
        other => Err(other.into()),
    }
}

/// An order about one person or one domain.
#[derive(Deserialize)]
pub struct Order {
    #[serde(default)]
    address: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    pause: Option<String>,
}

/// No more prospecting to them.
pub async fn add(
    State(web): State<Web>,
    visitor: Visitor,
    Form(order): Form<Order>,
) -> Result<Response, Trouble> {
    let word = json!({
        "address": order.address, "reason": order.reason, "pause": order.pause.is_some(),
    });
    carry_out(&web, &visitor, ("add", "/suppression/add"), word, order).await
}

/// They may be written to again.
pub async fn lift(
    State(web): State<Web>,
    visitor: Visitor,
    Form(order): Form<Order>,
) -> Result<Response, Trouble> {
    let word = json!({"address": order.address, "reason": order.reason});
    carry_out(&web, &visitor, ("lift", "/suppression/lift"), word, order).await
}

async fn carry_out(
    web: &Web,
    visitor: &Visitor,
    (form, path): (&'static str, &str),
    word: Value,
    order: Order,
) -> Result<Response, Trouble> {
    match web.order(visitor, path, word).await {
        Ok(answer) => {
            let said = match form {
                "add" => visitor.word("stops", "added"),
                _ if answer.data["domain"].is_string() => visitor.word("orders", "lift_below_firm"),
                _ => visitor.word("stops", "lifted"),
            };
            visitor.say(web, true, said, visitor.house_says(answer.text));
            Ok(Redirect::to("/suppression").into_response())
        }
        Err(why) => {
            let status = match &why {
                NoAnswer::Refused(refusal) => refusal.status(),
                _ => axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            };
            let view = View {
                wrong: Some(Wrong {
                    form,
                    said: refused(why, &visitor.words)?,
                    typed: order.address,
                    reason: order.reason,
                }),
                ..View::default()
            };
            let page = paint(web, visitor, &Page::default(), view).await?;
            Ok((status, page).into_response())
        }
    }
}

/// A whole list: nobody on it is written to from now on.
pub async fn import(
    State(web): State<Web>,
    visitor: Visitor,
    Form(typed): Form<List>,
) -> Result<Response, Trouble> {
    let list = typed.list.into_bytes();
    let path = format!("/suppression/import?{}", in_query(&[("by", &visitor.name)]));
    let answer = web.client.hand_over(&path, list).await?;
    let number = |key: &str| answer.data[key].as_u64().unwrap_or_default().to_string();
    let (added, known) = (number("added"), number("known"));
    let said = [("added", added.as_str()), ("known", known.as_str())];
    let said = visitor.words.fill("stops", "imported_now", &said);
    visitor.say(&web, !answer.wrong, said, visitor.house_says(answer.text));
    Ok(Redirect::to("/suppression").into_response())
}

/// What holds, as CSV of fingerprints, read while it is sent.
pub async fn export(State(web): State<Web>, _visitor: Visitor) -> Response {
    let body = stream::unfold(Some(String::new()), move |after| {
        let web = web.clone();
        async move {
            let after = after?;
            let path = format!("/suppression/export?limit={AT_ONCE}{after}");
            let page = web.ask(&path).await.map_err(std::io::Error::other);
            let Ok(page) = page else {
                // Broken off, so that it is not taken for whole.
                return Some((page.map(|_| Bytes::new()), None));
            };
            let next = page.data["next"].as_str();
            let next = next.map(|n| format!("&{}", in_query(&[("after", n)])));
            let lines = page.text.lines().filter(|l| !l.starts_with('#'));
            let head = usize::from(!after.is_empty());
            let text: String = lines.skip(head).map(|l| format!("{l}\r\n")).collect();
            Some((Ok(Bytes::from(text)), next))
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"quitus-suppression.csv\"",
        ),
    ];
    (headers, Body::from_stream(body)).into_response()
}
