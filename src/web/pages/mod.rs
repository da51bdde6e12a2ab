//! The pages, one file each, and who may see which.

mod bulk;
mod case;
mod cases;
mod letter;
mod marks;
mod orders;
mod sign_in;
mod today;

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
    Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/enter/{token}", get(sign_in::invited))
        .route("/style.css", get(async || asset("text/css", style)))
        .route("/desk.js", get(async || asset("text/javascript", script)))
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
    // Log, Suppression, Register, Figures: a line each.
}

/// What those may who edit templates.
fn writers() -> Router<Web> {
    Router::new()
    // Templates: orders.
}

/// What those may who decide.
fn reviewers() -> Router<Web> {
    Router::new()
        .route("/cases/approve", post(bulk::look))
        .route("/cases/approve/all", post(bulk::approve))
        .route("/cases/{case}/{order}", post(orders::order))
        .route(
            "/cases/{case}/letters/{number}/cancel",
            post(orders::cancel),
        )
        .route(
            "/cases/{case}/proposals/{number}/{order}",
            post(orders::proposal),
        )
    // Suppression, Register: orders.
}
