//! Templates: which there are, whose they are, and what waits as a draft.

mod editor;
mod ordering;
mod preview;

pub use editor::{compare, show as edit};
pub use ordering::{order, publish_drafts, roll_back};
pub use preview::show as preview;

use crate::record::Language;
use crate::web::Web;
use crate::web::trouble::Trouble;
use crate::web::visitor::{Visitor, query};
use crate::web::when::When;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The letters that can be shown, in the order of the choice.
pub(super) const KINDS: [&str; 12] = [
    "stop",
    "source",
    "acknowledgement",
    "access",
    "erasure",
    "identity",
    "extension",
    "apology",
    "several",
    "digest",
    "recipient",
    "owner",
];

/// Which language.
#[derive(Deserialize, Default)]
pub struct Wanted {
    /// Empty: the pieces that belong to no language. Absent: the visitor's own.
    language: Option<String>,
}

#[derive(Serialize)]
struct View {
    folder: Option<String>,
    valid: bool,
    faults: Value,
    language: String,
    languages: Vec<String>,
    groups: Vec<Group>,
    drafts: Vec<Row>,
}

/// The files of a kind of letter.
#[derive(Serialize)]
struct Group {
    kind: String,
    files: Vec<Row>,
}

#[derive(Clone, Serialize)]
struct Row {
    path: String,
    link: String,
    file: String,
    origin: String,
    valid: bool,
    draft: bool,
    outside: bool,
    by: String,
    at: Option<When>,
}

/// Where a file is edited.
pub(super) fn link(path: &str) -> String {
    format!("/templates/edit?{}", query(&[("path", path)]))
}

/// The page.
pub async fn list(
    State(web): State<Web>,
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let data = web.ask("/templates").await?.data;
    let none = Vec::new();
    let all = data["templates"].as_array().unwrap_or(&none);
    let of = |t: &Value| t["language"].as_str().unwrap_or("").to_owned();
    let mut languages: Vec<String> = all.iter().map(of).collect();
    languages.sort();
    languages.dedup();
    let usual = |l: Language| Some(l.word().to_owned()).filter(|w| languages.contains(w));
    let asked = wanted.language.filter(|l| languages.contains(l));
    let language = asked
        .or_else(|| usual(visitor.language()))
        .unwrap_or_default();
    let mut groups: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for template in all.iter().filter(|t| of(t) == language) {
        let kind = template["kind"].as_str().unwrap_or_default().to_owned();
        groups
            .entry(kind)
            .or_default()
            .push(row(&web, &visitor, template));
    }
    let drafts = all.iter().filter(|t| t["draft"] == true);
    let view = View {
        folder: data["folder"].as_str().map(str::to_owned),
        valid: data["valid"] == true,
        faults: visitor.words.findings(&data["faults"]),
        drafts: drafts.map(|t| row(&web, &visitor, t)).collect(),
        groups: in_order(groups),
        languages,
        language,
    };
    web.page(&visitor, "templates", "templates.html", &view)
}

/// Letters in their order, then the pieces that they share.
fn in_order(mut groups: BTreeMap<String, Vec<Row>>) -> Vec<Group> {
    let known = KINDS.iter().map(|k| (*k).to_owned());
    let mut all = Vec::new();
    for kind in known.chain(["parts".to_owned()]) {
        if let Some(files) = groups.remove(&kind) {
            all.push(Group { kind, files });
        }
    }
    let rest = groups.into_iter();
    all.extend(rest.map(|(kind, files)| Group { kind, files }));
    all
}

fn row(web: &Web, visitor: &Visitor, template: &Value) -> Row {
    let text = |key: &str| template[key].as_str().unwrap_or_default().to_owned();
    let at = template["at"].as_str();
    Row {
        link: link(&text("path")),
        path: text("path"),
        file: text("file"),
        origin: text("origin"),
        valid: template["valid"] == true,
        draft: template["draft"] == true,
        outside: template["outside"] == true,
        by: text("by"),
        at: at.and_then(|at| When::read(at, &web.zone(), &visitor.words)),
    }
}
