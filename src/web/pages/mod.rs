//! The pages, one file each, and who may see which.

mod bulk;
mod case;
mod cases;
mod correcting;
mod edit;
mod figures;
mod letter;
mod log;
mod marks;
mod message;
mod orders;
mod register;
mod sign_in;
mod suppression;
mod templates;
mod thread;
mod today;
mod who;

use super::door::{door, only};
use super::trouble::Trouble;
use super::users::Role;
use super::visitor::Visitor;
use super::{Web, machines};
use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

/// All routes, behind the door.
pub fn router(web: &Web) -> Router {
    let of = |routes: Router<Web>, role| {
        let only_them = move |v: Visitor, r: Request, n: Next| only(role, v, r, n);
        routes.layer(from_fn(only_them))
    };
    Router::new()
        .merge(strangers())
        .merge(of(everybody(), Role::Viewer))
        .merge(of(writers(), Role::Writer))
        .merge(of(reviewers(), Role::Reviewer))
        .merge(machines::router(web))
        .fallback(async || Trouble::nowhere())
        .layer(axum::extract::DefaultBodyLimit::max(
            super::door::LARGEST_FORM,
        ))
        .layer(from_fn_with_state(web.clone(), door))
        .with_state(web.clone())
}

/// Who is not signed in.
fn strangers() -> Router<Web> {
    let style = include_str!("../html/style.css");
    let script = include_str!("../html/desk.js");
    let of_log = include_str!("../html/log.js");
    Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/enter/{token}", get(sign_in::invited))
        .route("/style.css", get(async || asset("text/css", style)))
        .route("/desk.js", get(async || asset("text/javascript", script)))
        .route("/log.js", get(async || asset("text/javascript", of_log)))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let kind = format!("{kind}; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// What everybody who is signed in may see.
fn everybody() -> Router<Web> {
    Router::new()
        .route("/", get(today::show))
        .route("/cases", get(cases::show))
        .route("/cases/{case}", get(case::show))
        .route("/cases/{case}/letters/{number}/html", get(letter::html))
        .route("/sign-out", post(sign_in::leave))
        .route("/language", post(sign_in::language))
        .route("/log", get(log::show))
        .route("/log/live", get(log::live))
        .route("/log/verify", post(log::verify))
        .route("/log/export", get(log::export))
        .route("/suppression", get(suppression::show))
        .route("/suppression/check", post(suppression::check))
        .route("/suppression/export", get(suppression::export))
        .route("/register", get(register::show))
        .route("/register/coverage", get(register::coverage))
        .route("/search", post(register::search))
        .route("/templates", get(templates::list))
        .route("/templates/edit", get(templates::edit))
        .route("/templates/compare", get(templates::compare))
        .route("/figures", get(figures::show))
        .route("/cases/{case}/correct", get(correcting::show))
        .route("/messages/{message}", get(message::show))
}

/// What those may who edit templates.
fn writers() -> Router<Web> {
    Router::new()
        .route("/templates/edit", post(templates::order))
        .route("/templates/preview", post(templates::preview))
        .route("/templates/publish", post(templates::publish_drafts))
        .route("/templates/roll_back", post(templates::roll_back))
    // Templates: orders.
}

/// What those may who decide.
fn reviewers() -> Router<Web> {
    Router::new()
        .route("/cases/{case}/correct", post(correcting::order))
        .route("/messages/{message}/correct", post(message::correct))
        .route("/cases/approve", post(bulk::look))
        .route("/cases/approve/all", post(bulk::approve))
        .route("/cases/{case}/{order}", post(orders::order))
        .route(
            "/cases/{case}/letters/{number}/edit",
            get(edit::show).post(edit::approve),
        )
        .route(
            "/cases/{case}/letters/{number}/cancel",
            post(orders::cancel),
        )
        .route(
            "/cases/{case}/proposals/{number}/{order}",
            post(orders::proposal),
        )
        .route("/suppression/add", post(suppression::add))
        .route("/suppression/lift", post(suppression::lift))
        .route("/suppression/import", post(suppression::import))
}
