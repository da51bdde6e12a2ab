//! Signing in and out.
//!
//! One sentence for a wrong name and a wrong password, in the same time; so many tries in a while, by name and by address.

use crate::guard::CameFrom;
use crate::web::trouble::Trouble;
use crate::web::users::{User, proves};
use crate::web::visitor::{Visitor, query};
use crate::web::{Web, words};
use axum::Form;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

/// Where somebody wants to go.
#[derive(Deserialize, Default)]
pub struct Wanted {
    #[serde(default)]
    next: String,
    #[serde(default)]
    spent: Option<String>,
}

#[derive(Serialize)]
struct View {
    next: String,
    name: String,
    wrong: Option<&'static str>,
    nobody: bool,
}

/// What was typed.
#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// The form.
pub async fn show(
    State(web): State<Web>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let view = View {
        next: within(&wanted.next),
        name: String::new(),
        wrong: wanted.spent.map(|_| "spent"),
        nobody: web.users.all().is_ok_and(|all| all.is_empty()),
    };
    web.page_of_stranger(&headers, "sign_in.html", &view)
}

/// Only to a page of ours: a path, which no browser takes for another host.
fn within(next: &str) -> String {
    let path = next.starts_with('/') && !next.starts_with("//");
    let plain = next
        .bytes()
        .all(|b| (b'!'..=b'~').contains(&b) && b != b'\\');
    match path && plain {
        true => next.to_owned(),
        false => "/".to_owned(),
    }
}

/// Looks at the password, and begins a session.
pub async fn enter(
    State(web): State<Web>,
    Extension(from): Extension<CameFrom>,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response, Trouble> {
    let (name, from) = (typed.name.trim().to_owned(), address(&web, from, &headers));
    let again = |status: StatusCode, wrong: &'static str, typed: Typed| {
        let view = View {
            next: within(&typed.next),
            name: typed.name,
            wrong: Some(wrong),
            nobody: false,
        };
        let page = web.page_of_stranger(&headers, "sign_in.html", &view)?;
        Ok((status, page).into_response())
    };
    if !web.attempts.takes(&name, &from, web.now()) {
        tracing::warn!(%from, "too many tries to sign in to the review desk");
        return again(StatusCode::TOO_MANY_REQUESTS, "often", typed);
    }
    let user = web.users.find(&name).map_err(Trouble::broken)?;
    let seat = web.hashing.acquire().await.map_err(Trouble::broken)?;
    let (known, password) = (user.clone(), typed.password.clone());
    let looked = tokio::task::spawn_blocking(move || proves(known.as_ref(), &password)).await;
    drop(seat);
    match (user, looked.map_err(Trouble::broken)?) {
        (Some(user), true) => {
            web.attempts.forgives(&name, &from);
            tracing::info!(user = %user.name, "signed in to the review desk");
            let_in(&web, &user, &headers, &within(&typed.next))
        }
        _ => {
            tracing::warn!(%from, "a wrong name or password at the review desk");
            again(StatusCode::FORBIDDEN, "wrong", typed)
        }
    }
}

/// From where they come; the proxy knows better.
fn address(web: &Web, from: CameFrom, headers: &HeaderMap) -> String {
    let said = headers.get_all("x-forwarded-for").iter().next_back();
    let last = said.and_then(|v| v.to_str().ok()?.rsplit(',').next());
    let last = last.and_then(|a| a.trim().parse::<std::net::IpAddr>().ok());
    let from = match web.settings.behind_proxy {
        true => last.or(from.0),
        false => from.0,
    };
    from.map_or_else(|| "here".to_owned(), |ip| ip.to_string())
}

fn let_in(web: &Web, user: &User, headers: &HeaderMap, to: &str) -> Result<Response, Trouble> {
    let id = web.sessions.begin(user, web.now());
    let cookie = web.cookie(&id.map_err(Trouble::broken)?, headers);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response())
}

/// A link that lets somebody in once.
pub async fn invited(
    State(web): State<Web>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    match web.invited(&token) {
        Some(user) => let_in(&web, &user, &headers, "/"),
        None => {
            let spent = query(&[("spent", "yes")]);
            Ok(Redirect::to(&format!("/sign-in?{spent}")).into_response())
        }
    }
}

/// Ends the session.
pub async fn leave(State(web): State<Web>, visitor: Visitor, headers: HeaderMap) -> Response {
    visitor.leave(&web);
    let cookie = web.cookie("", &headers);
    ([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response()
}

/// A language of the pages.
#[derive(Deserialize)]
pub struct Spoken {
    language: String,
    #[serde(default)]
    next: String,
}

/// The pages are in another language from now on.
pub async fn language(
    State(web): State<Web>,
    visitor: Visitor,
    Form(spoken): Form<Spoken>,
) -> Response {
    let known = words::languages().find(|l| l.word() == spoken.language);
    if let Some(language) = known {
        visitor.speak(&web, language);
    }
    Redirect::to(&within(&spoken.next)).into_response()
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn whoever_signs_in_stays_with_us() {
        for good in ["/", "/cases?kind=stop", "/cases/Q-7F3K-92MD#letter"] {
            assert_eq!(within(good), good);
        }
        for bad in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\nb",
            "javascript:1",
        ] {
            assert_eq!(within(bad), "/", "{bad}");
        }
    }
}
