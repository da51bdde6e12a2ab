//! Register: one person's whole story in one screen, what the sources cover, and the search box that leads here.
//!
//! Whoever is asked about is typed into a form and stands in no address of the web. What was typed is the only plain text
//! beside the register's own row; other people are named by nothing.

use super::suppression::Holds;
use crate::web::Web;
use crate::web::said::Said;
use crate::web::trouble::Trouble;
use crate::web::visitor::Visitor;
use crate::web::when::When;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What was typed.
#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    find: String,
}

#[derive(Serialize, Default)]
struct View {
    typed: String,
    asked: bool,
    people: Vec<Person>,
    domain: Option<Firm>,
    wrong: Option<Said>,
}

/// A whole domain.
#[derive(Serialize)]
struct Firm {
    name: String,
    holds: Option<Holds>,
    cases: Vec<Case>,
}

/// One person.
#[derive(Serialize)]
struct Person {
    known: bool,
    fields: Vec<(String, String)>,
    in_register: bool,
    erased: Option<When>,
    vague: Option<Said>,
    origins: Vec<Origin>,
    holds: Option<Holds>,
    keys: Vec<Key>,
    hidden: u64,
    cases: Vec<Case>,
    messages: Vec<Message>,
    messages_earlier: u64,
    senders: Vec<Sender>,
    trace: Vec<Trace>,
    mailed: Option<When>,
}

#[derive(Serialize)]
struct Origin {
    data: String,
    provider: String,
    from: String,
    date: String,
}

#[derive(Serialize)]
struct Key {
    kind: Said,
    value: String,
    shared: u64,
}

#[derive(Serialize)]
struct Case {
    case: String,
    kinds: String,
    closed: bool,
    opened: Option<When>,
}

/// A message that they wrote.
#[derive(Serialize)]
struct Message {
    key: String,
    at: Option<When>,
    state: String,
    case: Option<String>,
    subject: Option<String>,
    begins: Option<String>,
}

#[derive(Serialize)]
struct Sender {
    name: String,
    act: String,
    how: String,
    at: Option<When>,
    words: String,
}

#[derive(Serialize)]
struct Trace {
    what: String,
    by: String,
    at: Option<When>,
    why: String,
}

/// The page, before anybody is asked about.
pub async fn show(State(web): State<Web>, visitor: Visitor) -> Result<Response, Trouble> {
    web.page(&visitor, "register", "register.html", &View::default())
}

/// From the search box: a reference leads to its case, everything else is shown here.
pub async fn search(
    State(web): State<Web>,
    visitor: Visitor,
    Form(typed): Form<Typed>,
) -> Result<Response, Trouble> {
    let what = typed.find.trim();
    if what.is_empty() {
        return Ok(Redirect::to("/register").into_response());
    }
    let found = web.order(&visitor, "/search", json!({"what": what})).await;
    let found = match found {
        Ok(found) => found,
        Err(why) => return refused(&web, &visitor, what, why),
    };
    match found.data["kind"].as_str() {
        Some("case") if !found.wrong => {
            let case = text(&found.data["what"]);
            Ok(Redirect::to(&format!("/cases/{case}")).into_response())
        }
        Some("domain") => {
            let firm = Firm {
                name: text(&found.data["what"]),
                holds: Holds::read(&web, &visitor.words, &found.data["suppression"]),
                cases: cases(&web, &visitor, &found.data["cases"]),
            };
            let view = View {
                typed: what.to_owned(),
                asked: true,
                domain: Some(firm),
                ..View::default()
            };
            web.page(&visitor, "register", "register.html", &view)
        }
        Some("case") => {
            let view = View {
                typed: what.to_owned(),
                asked: true,
                ..View::default()
            };
            web.page(&visitor, "register", "register.html", &view)
        }
        _ => person(&web, &visitor, what).await,
    }
}

/// One person's story, or of all who have a telephone.
async fn person(web: &Web, visitor: &Visitor, what: &str) -> Result<Response, Trouble> {
    let asked = web
        .order(visitor, "/contacts/show", json!({"address": what}))
        .await;
    let data = match asked {
        Ok(answer) => answer.data,
        Err(why) => return refused(web, visitor, what, why),
    };
    let people = match data["people"].as_array() {
        Some(people) => people.iter().map(|p| story(web, visitor, p)).collect(),
        None => vec![story(web, visitor, &data)],
    };
    let view = View {
        typed: what.to_owned(),
        asked: true,
        people: people.into_iter().filter(|p| p.known).collect(),
        ..View::default()
    };
    web.page(visitor, "register", "register.html", &view)
}

/// What was typed is nothing that anybody can be found by.
fn refused(
    web: &Web,
    visitor: &Visitor,
    typed: &str,
    why: crate::api::NoAnswer,
) -> Result<Response, Trouble> {
    let crate::api::NoAnswer::Refused(refusal) = why else {
        return Err(why.into());
    };
    let view = View {
        typed: typed.to_owned(),
        wrong: Some(visitor.words.refusal(&refusal)),
        ..View::default()
    };
    let page = web.page(visitor, "register", "register.html", &view)?;
    Ok((refusal.status(), page).into_response())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn when(web: &Web, visitor: &Visitor, value: &Value) -> Option<When> {
    When::read(value.as_str()?, &web.zone(), &visitor.words)
}

/// The register's columns, in the order in which they are read.
const FIELDS: [&str; 15] = [
    "civility",
    "first_name",
    "last_name",
    "role",
    "firm",
    "country",
    "language",
    "phone",
    "profile_url",
    "crm_id",
    "relation",
    "owner",
    "campaign",
    "basis",
    "why",
];

fn fields(visitor: &Visitor, contact: &Value) -> Vec<(String, String)> {
    let label = |key: &'static str| visitor.word("field", key).to_owned();
    let addresses: Vec<String> = list(&contact["addresses"]).map(text).collect();
    let mut fields = vec![(label("addresses"), addresses.join(", "))];
    fields.extend(FIELDS.map(|key| (label(key), text(&contact[key]))));
    // What else the list had, under the list's own names.
    fields.extend(list(&contact["extra"]).map(|e| (text(&e[0]), text(&e[1]))));
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

fn story(web: &Web, visitor: &Visitor, data: &Value) -> Person {
    let register = &data["register"];
    let contact = &register["contact"];
    let key = |k: &Value| Key {
        kind: visitor.words.fact("key", &text(&k["kind"])),
        value: text(&k["value"]),
        shared: k["shared_with"].as_u64().unwrap_or_default(),
    };
    let hidden = &data["key_forms"]["fingerprints_only"];
    Person {
        known: data["known"] == true,
        in_register: !contact.is_null(),
        fields: fields(visitor, contact),
        erased: when(web, visitor, &data["erased"]),
        vague: (register["vague"].as_str()).map(|why| visitor.words.fact("vague", why)),
        origins: list(&register["origins"]).map(origin).collect(),
        holds: Holds::read(web, &visitor.words, &data["suppression"]),
        keys: list(&data["key_forms"]["plain"]).map(key).collect(),
        hidden: hidden.as_u64().unwrap_or_default(),
        cases: cases(web, visitor, &data["cases"]),
        messages: list(&data["messages"])
            .map(|m| message(web, visitor, m))
            .collect(),
        messages_earlier: data["messages_earlier"].as_u64().unwrap_or_default(),
        senders: list(&data["senders"])
            .map(|s| told(web, visitor, s))
            .collect(),
        trace: list(&data["trace"])
            .map(|t| trace(web, visitor, t))
            .collect(),
        mailed: when(web, visitor, &data["last_mailed"]),
    }
}

fn message(web: &Web, visitor: &Visitor, of: &Value) -> Message {
    let said = |key: &str| of[key].as_str().map(str::to_owned);
    let state = of["state"].as_str().unwrap_or_default();
    Message {
        key: text(&of["message"]),
        at: when(web, visitor, &of["received"]),
        state: visitor.words.of("message_state", state).to_owned(),
        case: said("case"),
        subject: said("subject").filter(|s| !s.is_empty()),
        begins: said("begins").filter(|s| !s.is_empty()),
    }
}

fn origin(of: &Value) -> Origin {
    Origin {
        data: list(&of["data"]).map(text).collect::<Vec<_>>().join(", "),
        provider: text(&of["provider"]),
        from: text(&of["from"]),
        date: text(&of["date"]),
    }
}

/// What a tool that sends was told, and how it took it.
fn told(web: &Web, visitor: &Visitor, of: &Value) -> Sender {
    let end = &of["ended"];
    let stuck = of["stuck"] == true;
    let how = match (end["how"].as_str(), stuck) {
        (_, true) => "stuck",
        (Some(how), false) => how,
        (None, false) => "being_told",
    };
    let (words, at) = match end.is_null() || stuck {
        true => (&of["why"], &of["asked"]),
        false => (&end["words"], &end["at"]),
    };
    let act = of["act"].as_str().unwrap_or_default();
    Sender {
        name: text(&of["sender"]),
        act: visitor.words.of("told", act).to_owned(),
        how: visitor.words.of("told", how).to_owned(),
        at: when(web, visitor, at),
        words: text(words),
    }
}

/// What a human decided about who the person is.
fn trace(web: &Web, visitor: &Visitor, of: &Value) -> Trace {
    let what = of["what"].as_str().unwrap_or_default();
    Trace {
        what: visitor.words.of("traced", what).to_owned(),
        by: text(&of["by"]),
        at: when(web, visitor, &of["at"]),
        why: text(&of["why"]),
    }
}

fn cases(web: &Web, visitor: &Visitor, data: &Value) -> Vec<Case> {
    let case = |c: &Value| Case {
        case: text(&c["case"]),
        kinds: (list(&c["requests"]).filter_map(Value::as_str))
            .map(|kind| visitor.words.of("kind", kind))
            .collect::<Vec<_>>()
            .join(" + "),
        // A list says when, a person's story that it is.
        closed: c["state"] == "closed" || c["closed"].is_string(),
        opened: when(web, visitor, &c["opened"]),
    };
    list(data).map(case).collect()
}

/// A share of the people: how many a source letter could leave for.
#[derive(Serialize)]
struct Share {
    title: String,
    people: u64,
    covered: u64,
    percent: u64,
    unknown: u64,
    vague: Vec<(Said, u64)>,
}

#[derive(Serialize)]
struct Coverage {
    counted: Option<When>,
    counting: bool,
    shares: Vec<Share>,
}

/// For which share of the people a source letter could leave today. Where it takes long to count, as of when it was counted last.
pub async fn coverage(State(web): State<Web>, visitor: Visitor) -> Result<Response, Trouble> {
    let data = web.ask("/contacts/coverage?soon=true").await?.data;
    let share = |key: &'static str| {
        let of = &data[key];
        let number = |k: &str| of[k].as_u64().unwrap_or_default();
        let (people, covered) = (number("people"), number("covered"));
        let vague = list(&of["vague"]);
        Share {
            title: visitor.word("register", key).to_owned(),
            percent: (covered * 100).checked_div(people).unwrap_or_default(),
            unknown: number("unknown"),
            vague: vague
                .map(|v| {
                    let why = visitor.words.fact("vague", &text(&v["why"]));
                    (why, v["people"].as_u64().unwrap_or_default())
                })
                .collect(),
            people,
            covered,
        }
    };
    let shares = ["mailed", "register"].map(share).into();
    let view = Coverage {
        counted: data["counted"]
            .as_str()
            .and_then(|at| When::read(at, &web.zone(), &visitor.words)),
        counting: data["counting"] == true,
        shares,
    };
    web.page(&visitor, "register", "coverage.html", &view)
}
