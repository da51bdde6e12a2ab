//! What a writer orders: a look at the changes, a draft kept, texts published, an earlier version in force again.

use super::editor::{Typed, page};
use super::link;
use crate::web::Web;
use crate::web::trouble::Trouble;
use crate::web::visitor::Visitor;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

/// The editor's form.
#[derive(Deserialize)]
pub struct Sheet {
    path: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    seen: String,
    #[serde(default)]
    case: String,
    /// Which button.
    #[serde(default, rename = "do")]
    button: String,
}

/// A button of the editor.
pub async fn order(
    State(web): State<Web>,
    visitor: Visitor,
    Form(sheet): Form<Sheet>,
) -> Result<Response, Trouble> {
    match sheet.button.as_str() {
        "draft" => draft(&web, &visitor, sheet).await,
        "drop" => drop_draft(&web, &visitor, sheet).await,
        "publish" => publish(&web, &visitor, sheet).await,
        _ => check(&web, &visitor, sheet).await,
    }
}

async fn check(web: &Web, visitor: &Visitor, sheet: Sheet) -> Result<Response, Trouble> {
    let files = json!({"files": [{"path": sheet.path, "text": sheet.text}]});
    let checked = web.order(visitor, "/templates/check", files).await?.data;
    let typed = Typed {
        checked: Some(checked),
        text: sheet.text,
        seen: sheet.seen,
        case: sheet.case,
        ..Typed::default()
    };
    page(web, visitor, &sheet.path, None, typed).await
}

async fn draft(web: &Web, visitor: &Visitor, sheet: Sheet) -> Result<Response, Trouble> {
    let kept = json!({"path": sheet.path, "text": sheet.text, "base": sheet.seen});
    web.order(visitor, "/templates/draft", kept).await?;
    visitor.say(web, true, visitor.word("templates", "draft_kept"), None);
    Ok(Redirect::to(&link(&sheet.path)).into_response())
}

async fn drop_draft(web: &Web, visitor: &Visitor, sheet: Sheet) -> Result<Response, Trouble> {
    let dropped = json!({"path": sheet.path});
    web.order(visitor, "/templates/draft/drop", dropped).await?;
    visitor.say(web, true, visitor.word("templates", "draft_gone"), None);
    Ok(Redirect::to(&link(&sheet.path)).into_response())
}

async fn publish(web: &Web, visitor: &Visitor, sheet: Sheet) -> Result<Response, Trouble> {
    let files = json!({"files": [{"path": sheet.path, "text": sheet.text, "seen": sheet.seen}]});
    let done = web.order(visitor, "/templates/publish", files).await?;
    if !done.wrong {
        let word = match done.data["same"] == true {
            true => "same",
            false => "published",
        };
        visitor.say(
            web,
            true,
            visitor.word("templates", word),
            visitor.house_says(done.text),
        );
        return Ok(Redirect::to(&link(&sheet.path)).into_response());
    }
    let found = done.data["conflicts"][0]["in_force"].as_str();
    let (status, typed) = match found {
        Some(now) => {
            // Beside what is there now, so that nobody overwrites it unread.
            let files = json!({"files": [{"path": sheet.path, "text": sheet.text}]});
            let checked = web.order(visitor, "/templates/check", files).await?.data;
            let typed = Typed {
                checked: Some(checked),
                conflict: true,
                unsaid: sheet.seen.trim().is_empty(),
                seen: now.to_owned(),
                text: sheet.text,
                case: sheet.case,
                ..Typed::default()
            };
            (StatusCode::CONFLICT, typed)
        }
        None => {
            let typed = Typed {
                faults: Some(done.data["faults"].clone()),
                seen: sheet.seen,
                text: sheet.text,
                case: sheet.case,
                ..Typed::default()
            };
            (StatusCode::UNPROCESSABLE_ENTITY, typed)
        }
    };
    page(web, visitor, &sheet.path, Some(status), typed).await
}

/// A version that shall be in force again.
#[derive(Deserialize)]
pub struct Return {
    path: String,
    version: String,
    seen: String,
}

/// An earlier version, or the text of Quitus.
pub async fn roll_back(
    State(web): State<Web>,
    visitor: Visitor,
    Form(back): Form<Return>,
) -> Result<Response, Trouble> {
    let order = json!({"path": back.path, "version": back.version, "seen": back.seen});
    let done = web.order(&visitor, "/templates/roll_back", order).await?;
    tell(&web, &visitor, "rolled_back", done.wrong, done.text);
    Ok(Redirect::to(&link(&back.path)).into_response())
}

fn tell(web: &Web, visitor: &Visitor, good: &str, wrong: bool, detail: String) {
    let word = if wrong { "refused" } else { good };
    visitor.say(
        web,
        !wrong,
        visitor.word("templates", word),
        visitor.house_says(detail),
    );
}

/// All drafts together: a new letter exists only as a whole.
pub async fn publish_drafts(
    State(web): State<Web>,
    visitor: Visitor,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let ticked = fields.into_iter().filter(|(name, _)| name == "draft");
    let drafts: Vec<String> = ticked.map(|(_, path)| path).collect();
    let order = json!({"drafts": drafts});
    let done = web.order(&visitor, "/templates/publish", order).await?;
    tell(&web, &visitor, "published", done.wrong, done.text);
    Ok(Redirect::to("/templates").into_response())
}
