//! The templates of letters for those who write them: what there is, what it looks like, and how a better text comes into
//! force.
//!
//! A writer works on a draft, which nothing is sent with; publishing puts texts into the firm's folder, all of them or
//! none, if the whole set is good and nobody changed a file meanwhile. Who did it stands in the log, with the text's hash.
//! Deliberately absent: editing what Quitus brings along; a file of the firm's own of the same name stands before it.

mod checking;
mod diff;
mod files;
mod judged;
mod looking;
mod publishing;

pub use judged::Judged;

use super::{Desk, Refusal};
use crate::config::Config;
use crate::record::{Fault, hex};
use crate::service::{NotShelved, Shelf, TemplatePath, template_digest};
use axum::Router;
use axum::routing::{get, post};
use serde_json::{Value, json};

/// All of it.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/templates", get(looking::list))
        .route("/templates/show", get(looking::show))
        .route("/templates/history", get(looking::history))
        .route("/templates/diff", get(looking::diff))
        .route("/templates/check", post(checking::check))
        .route("/templates/preview", post(checking::preview))
        .route("/templates/draft", post(publishing::draft))
        .route("/templates/draft/drop", post(publishing::drop_draft))
        .route("/templates/publish", post(publishing::publish))
        .route("/templates/roll_back", post(publishing::roll_back))
}

/// The hash by which a text is known: SHA-256 in hexadecimal.
fn hash(text: &str) -> String {
    hex(&template_digest(text))
}

/// A path as somebody typed it.
fn path(text: &str) -> Result<TemplatePath, Refusal> {
    text.parse().map_err(|e: String| {
        Refusal::unclear(
            e,
            "write it as in `quitus templates list`: fr/stop/body.txt",
        )
    })
}

impl From<NotShelved> for Refusal {
    fn from(e: NotShelved) -> Self {
        match e {
            NotShelved::Io(e) => unread(&e),
            NotShelved::Damaged(e) => e.into(),
        }
    }
}

/// A file that cannot be read or written.
fn unread(e: &std::io::Error) -> Refusal {
    Refusal::new(
        axum::http::StatusCode::INTERNAL_SERVER_ERROR,
        format!("the templates cannot be read or written: {e}"),
        "give the daemon's user the right to read and write [templates] path (under systemd also ReadWritePaths=)",
    )
}

/// Runs what reads files and compiles templates where it holds nobody up.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| Refusal::broken(e.to_string()))?
}

/// A mistake, with the path of its template if it stands in one.
fn mistake(config: &Config, fault: &Fault) -> Value {
    let path = files::path_of(config, &fault.file);
    json!({
        "path": path, "file": fault.file, "line": fault.line, "column": fault.column, "what": fault.what, "fix": fault.fix,
    })
}

/// Mistakes for programs and for people.
fn mistakes(config: &Config, faults: &[Fault]) -> (Vec<Value>, String) {
    let data = faults.iter().map(|f| mistake(config, f)).collect();
    let text = faults.iter().map(|f| format!("{f}\n")).collect();
    (data, text)
}

/// The folder of this configuration, or what to do if there is none.
fn shelf_to_write(config: &Config) -> Result<Shelf, Refusal> {
    let shelf = Shelf::of(config);
    match shelf.folder() {
        Some(_) => Ok(shelf),
        None => Err(Refusal::not_now(
            "there is no folder for templates of your own",
            "make one, name it in the configuration ([templates] path = \"templates\"), and reload",
        )),
    }
}
