//! The editor of one template: its text beside the letter that it makes, what it changes, its versions.

use super::{KINDS, link};
use crate::record::Language;
use crate::service::TemplatePath;
use crate::web::Web;
use crate::web::trouble::Trouble;
use crate::web::visitor::{Visitor, query};
use crate::web::when::When;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Versions that are listed.
const VERSIONS: usize = 50;

/// Which template, and the case with whose facts it is shown.
#[derive(Deserialize)]
pub struct Which {
    path: String,
    #[serde(default)]
    case: String,
}

/// What somebody typed, and what became of it; empty when the page is opened.
#[derive(Default)]
pub struct Typed {
    /// The text in the field.
    pub text: String,
    /// The hash of the text that it will replace.
    pub seen: String,
    /// The case of the preview.
    pub case: String,
    /// How the house judged it: the answer of `/templates/check`.
    pub checked: Option<Value>,
    /// Mistakes for which it was not published.
    pub faults: Option<Value>,
    /// The text that somebody else put there meanwhile.
    pub conflict: bool,
    /// Nobody said on which text it is based.
    pub unsaid: bool,
}

#[derive(Serialize)]
struct View {
    path: String,
    language: String,
    kind: String,
    file: String,
    origin: String,
    fresh: bool,
    text: String,
    seen: String,
    folder: bool,
    /// The hash of what is in force now: who goes back to a version has seen it.
    now: String,
    draft: Option<Draft>,
    #[serde(flatten)]
    judged: Judged,
    variables: Value,
    versions: Vec<Version>,
    quitus: Option<String>,
    pieces: Vec<Piece>,
    #[serde(flatten)]
    letter: Shown,
}

/// What the house thinks of the text.
#[derive(Serialize)]
struct Judged {
    faults: Value,
    lines: Value,
    checked: bool,
    valid: bool,
    same: bool,
    conflict: bool,
    unsaid: bool,
}

/// Which letter is shown beside it.
#[derive(Serialize)]
struct Shown {
    kinds: Vec<&'static str>,
    chosen: String,
    languages: Vec<&'static str>,
    shown: String,
    case: String,
}

/// A shared piece that the text takes in, and where it is edited.
#[derive(Serialize)]
struct Piece {
    path: String,
    link: String,
}

#[derive(Serialize)]
struct Draft {
    by: String,
    at: Option<When>,
    /// What is in force is not what it was begun with.
    stale: bool,
}

#[derive(Serialize)]
struct Version {
    number: Option<u64>,
    how: String,
    by: String,
    at: Option<When>,
    in_force: bool,
    kept: bool,
    compare: Option<String>,
}

/// The page.
pub async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Query(which): Query<Which>,
) -> Result<Response, Trouble> {
    let typed = Typed {
        case: which.case,
        ..Typed::default()
    };
    page(&web, &visitor, &which.path, None, typed).await
}

/// The editor with what somebody typed; without it, the draft, or the text in force.
pub async fn page(
    web: &Web,
    visitor: &Visitor,
    path: &str,
    status: Option<StatusCode>,
    typed: Typed,
) -> Result<Response, Trouble> {
    let path: TemplatePath = path.parse().map_err(|_| Trouble::nowhere())?;
    let query = query(&[("path", path.as_str())]);
    let shown = web.ask(&format!("/templates/show?{query}")).await;
    let fresh = shown.is_err();
    let data = shown.map(|a| a.data).unwrap_or_else(|_| json!({}));
    let history = web.ask(&format!("/templates/history?{query}")).await;
    let history = history.map(|a| a.data).unwrap_or_else(|_| json!({}));
    let view = View::of(web, visitor, (&path, fresh), (&data, &history), typed);
    let page = web.page(visitor, "templates", "template.html", &view)?;
    Ok(match status {
        Some(status) => (status, page).into_response(),
        None => page,
    })
}

impl View {
    fn of(
        web: &Web,
        visitor: &Visitor,
        (path, fresh): (&TemplatePath, bool),
        (data, history): (&Value, &Value),
        typed: Typed,
    ) -> Self {
        let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
        let draft = data["draft"].as_object();
        let drafted = |key: &str| draft.and_then(|d| d[key].as_str()).map(str::to_owned);
        let judged = Judged::of(visitor, &typed, &data["faults"]);
        let touched = typed.checked.is_some() || typed.faults.is_some() || typed.conflict;
        let (written, seen) = match touched {
            true => (typed.text, typed.seen),
            false => (
                drafted("text").unwrap_or_else(|| text("text")),
                drafted("base").unwrap_or_else(|| text("hash")),
            ),
        };
        let beside = history["quitus"].is_object();
        Self {
            language: path.language().map_or("", Language::word).to_owned(),
            kind: path.kind().to_owned(),
            file: path.file().to_owned(),
            origin: text("origin"),
            fresh,
            pieces: pieces(&written),
            text: written,
            seen,
            folder: web.desk.office.house.load().config.templates.path.is_some(),
            draft: draft.map(|_| Draft {
                by: drafted("by").unwrap_or_default(),
                at: drafted("at").and_then(|at| When::read(&at, &web.zone(), &visitor.words)),
                stale: drafted("base") != data["hash"].as_str().map(str::to_owned),
            }),
            now: text("hash"),
            judged,
            variables: data["variables"].clone(),
            versions: versions(web, visitor, path, history),
            quitus: beside.then(|| compared(path, "quitus", "in_force")),
            letter: Shown::of(path, visitor, typed.case),
            path: path.to_string(),
        }
    }
}

impl Judged {
    fn of(visitor: &Visitor, typed: &Typed, on_disk: &Value) -> Self {
        let checked = typed.checked.as_ref();
        let change = checked.map(|c| c["changes"][0].clone()).unwrap_or_default();
        let faults = checked.map(|c| &c["faults"]).or(typed.faults.as_ref());
        let none = faults.and_then(Value::as_array).is_none_or(Vec::is_empty);
        Self {
            faults: visitor.words.findings(faults.unwrap_or(on_disk)),
            lines: change["lines"].clone(),
            checked: checked.is_some(),
            valid: none,
            same: change["same"] == true,
            conflict: typed.conflict,
            unsaid: typed.unsaid,
        }
    }
}

impl Shown {
    /// The letter of the file; of a piece that several share, any of them.
    fn of(path: &TemplatePath, visitor: &Visitor, case: String) -> Self {
        let shared = path.kind() == "parts";
        let language = path.language().map(Language::word);
        Self {
            kinds: KINDS
                .into_iter()
                .filter(|k| shared || *k == path.kind())
                .collect(),
            chosen: if shared { "stop" } else { path.kind() }.to_owned(),
            languages: match language {
                Some(one) => vec![one],
                None => Language::ALL.iter().map(|l| l.word()).collect(),
            },
            shown: language.unwrap_or(visitor.language().word()).to_owned(),
            case,
        }
    }
}

/// What stands in `{% include "…" %}`, each once.
fn pieces(text: &str) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    for tag in text.split("{%").skip(1) {
        let tag = tag.trim_start_matches('-').trim_start();
        let named = tag.strip_prefix("include").map(str::trim_start);
        let path = named.and_then(|n| n.strip_prefix('"')?.split('"').next());
        if let Some(path) = path.filter(|p| found.iter().all(|f| f.path != *p)) {
            found.push(Piece {
                path: path.to_owned(),
                link: link(path),
            });
        }
    }
    found
}

fn compared(path: &TemplatePath, from: &str, to: &str) -> String {
    let query = query(&[("path", path.as_str()), ("from", from), ("to", to)]);
    format!("/templates/compare?{query}")
}

fn versions(web: &Web, visitor: &Visitor, path: &TemplatePath, history: &Value) -> Vec<Version> {
    let all = history["versions"].as_array().into_iter().flatten();
    let version = |v: &Value| {
        let number = v["version"].as_u64();
        let at = v["at"].as_str();
        let in_force = v["in_force"] == true;
        let from = number.map(|n| n.to_string());
        Version {
            number,
            how: v["how"].as_str().unwrap_or_default().to_owned(),
            by: v["by"].as_str().unwrap_or_default().to_owned(),
            at: at.and_then(|at| When::read(at, &web.zone(), &visitor.words)),
            in_force,
            kept: v["kept"] == true,
            compare: from
                .filter(|_| !in_force)
                .map(|n| compared(path, &n, "in_force")),
        }
    };
    all.take(VERSIONS).map(version).collect()
}

/// Which two texts.
#[derive(Deserialize)]
pub struct Between {
    path: String,
    from: String,
    to: String,
}

/// What differs between two texts of a template.
pub async fn compare(
    State(web): State<Web>,
    visitor: Visitor,
    Query(between): Query<Between>,
) -> Result<Response, Trouble> {
    let query = query(&[
        ("path", &between.path),
        ("from", &between.from),
        ("to", &between.to),
    ]);
    let data = web.ask(&format!("/templates/diff?{query}")).await?.data;
    let view = json!({
        "path": between.path, "from": between.from, "to": between.to, "same": data["same"], "lines": data["lines"],
        "back": link(&between.path),
    });
    web.page(&visitor, "templates", "template_diff.html", &view)
}
