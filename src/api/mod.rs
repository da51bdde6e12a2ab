//! What commands and pages ask of the house: one router, over the daemon's control socket or inside the command's own process.
//!
//! Every answer is the same thing twice: data for programs and words for people, and whether something is wrong. So a
//! command only carries, and what it says does not depend on whether a daemon runs. The socket's permissions (0600) are
//! its guard; there is no other. An address appears in plain words only where that very person was asked for.

mod canary;
mod case_filter;
mod case_letter;
mod case_list;
mod case_story;
mod clearing;
mod client;
mod contacts;
mod copy_first;
mod coverage;
mod deciding;
mod draft;
mod entering;
mod figures;
mod flags;
mod floods;
mod grouping;
mod identifying;
mod in_the_way;
mod incidents;
mod learning;
mod letter_story;
mod letters;
mod lines;
mod log;
mod looking;
mod messages;
mod mode;
mod openapi;
mod paging;
mod paper;
mod proposing;
mod recipients;
mod refusing;
mod requests;
mod rewriting;
mod search;
mod senders;
mod senders_waiting;
mod sent;
mod serve;
mod suppression;
mod suppression_import;
mod suppression_lift;
mod suppression_list;
mod systems;
mod templates;
mod thread;
mod tokens;
mod watched;
mod words;
mod yearly;

pub use case_filter::STATES as CASE_STATES;
pub use client::{Client, NoAnswer};
pub use log::{LogEntry, LogForm, entries as log_entries};
pub use openapi::openapi;
pub use paper::SMALLER;
#[cfg(test)]
pub(crate) use proposing::in_words as proposal_in_words;
pub use serve::{Control, NotServed, serve};

use crate::record::{Address, Damaged, Event};
use crate::service::{
    CanaryReport, Committed, Daemon, Office, Proposal, SenderReport, Status, Trouble, flood_needs,
    mark_by_hand,
};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The largest list that is taken over the socket, in octets.
const LIST: usize = 256 << 20;

/// Says how everything is; with a daemon its mailboxes and its SMTP server too.
pub type StatusTeller = Arc<dyn Fn() -> Result<Status, Damaged> + Send + Sync>;

/// What the routes work with.
#[derive(Clone)]
pub struct Desk {
    /// Settings, templates, log and clock.
    pub office: Office,
    /// How everything is.
    pub status: StatusTeller,
    /// Whether the templates on the disk are good.
    judged: templates::Judged,
    /// What the sources covered when it was counted last.
    coverage: coverage::Counted,
}

impl Desk {
    /// The desk of a running daemon.
    pub fn of(daemon: &Daemon) -> Self {
        Self {
            office: daemon.office.clone(),
            status: Arc::new(daemon.teller()),
            judged: templates::Judged::default(),
            coverage: coverage::Counted::default(),
        }
    }

    /// A desk without a daemon: the state is all that can be told.
    pub fn alone(office: Office) -> Self {
        let own = office.clone();
        let status = move || {
            let (house, now) = (own.house.load(), own.clock.now());
            let soon = house.config.review.due_soon_days;
            let state = own.sequencer.reader().state();
            let senders = SenderReport::of_state(&state, &house.senders, now)?;
            let floods = flood_needs(&state, &house.config.policy.settings.floods)?;
            let status = Status::of_state(&state, now, soon)?.with_senders(senders);
            let logins = crate::service::oauth_standings(&house.config, now);
            let canary = CanaryReport::of_house(&state, &house.config)?;
            let status = status.with_floods(floods).with_logins(logins);
            let mut status = status.with_canary(canary);
            mark_by_hand(&own, &mut status.needs);
            Ok(status)
        };
        Self {
            office,
            status: Arc::new(status),
            judged: templates::Judged::default(),
            coverage: coverage::Counted::default(),
        }
    }

    /// Commits one frame as a human's order.
    async fn commit(&self, proposal: Proposal) -> Result<u64, Refusal> {
        match self.office.sequencer.commit(proposal).await {
            Committed::Frame(frame) => Ok(frame),
            Committed::Conflict => Err(Refusal::new(
                StatusCode::CONFLICT,
                "something came between",
                "look at it again, then decide",
            )),
            Committed::Full(why) => Err(Refusal::new(
                StatusCode::INSUFFICIENT_STORAGE,
                why,
                "make room on the disk of the store",
            )),
            Committed::Failed(why) => Err(Refusal::broken(why)),
        }
    }

    /// Commits events that expect nothing.
    async fn write(&self, events: Vec<Event>) -> Result<u64, Refusal> {
        self.commit(Proposal::new(events)).await
    }
}

/// Data, words, and whether something is wrong.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// For programs.
    pub data: Value,
    /// For people, lines with `\n`.
    pub text: String,
    /// Something is wrong, or was not found: exit code 1.
    pub wrong: bool,
}

impl Answer {
    /// An answer in which all is well.
    fn good(data: Value, text: impl Into<String>) -> Self {
        Self {
            data,
            text: text.into(),
            wrong: false,
        }
    }

    /// The same, if something is wrong.
    fn wrong_if(mut self, wrong: bool) -> Self {
        self.wrong = wrong;
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        axum::Json(self).into_response()
    }
}

/// Why something was not done, and what to do about it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// What is wrong.
    pub error: String,
    /// What to do.
    pub fix: String,
    #[serde(skip)]
    status: StatusCode,
}

impl Refusal {
    fn new(status: StatusCode, error: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            fix: fix.into(),
            status,
        }
    }

    /// Whether the mistake is in what was typed: exit code 2.
    pub fn is_usage(&self) -> bool {
        self.status == StatusCode::BAD_REQUEST
    }

    /// As which HTTP status it is answered.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What was asked cannot be understood.
    fn unclear(error: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, fix)
    }

    /// What was named is not there.
    fn unknown(error: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, error, fix)
    }

    /// It cannot be done as things are.
    fn not_now(error: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, error, fix)
    }

    /// The store has trouble.
    fn broken(error: impl Into<String>) -> Self {
        let fix = "look at the daemon's log, then run `quitus store verify`";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error, fix)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, axum::Json(self)).into_response()
    }
}

impl From<Damaged> for Refusal {
    fn from(e: Damaged) -> Self {
        Self::broken(e.to_string())
    }
}

impl From<Trouble> for Refusal {
    fn from(e: Trouble) -> Self {
        Self::broken(e.to_string())
    }
}

impl From<crate::store::KeyError> for Refusal {
    fn from(e: crate::store::KeyError) -> Self {
        Self::broken(e.to_string())
    }
}

impl From<crate::store::ReadError> for Refusal {
    fn from(e: crate::store::ReadError) -> Self {
        Self::broken(e.to_string())
    }
}

/// An address as somebody typed it.
fn address(text: &str) -> Result<Address, Refusal> {
    Address::parse(text.trim()).map_err(|e| {
        Refusal::unclear(
            format!("this is no e-mail address: {e}"),
            "write it as name@example.org",
        )
    })
}

/// All routes.
pub fn router(desk: Desk) -> Router {
    let lists = Router::new()
        .route("/suppression/import", post(suppression_import::import))
        .route("/contacts/import", post(contacts::import))
        .route("/sent/import", post(sent::import))
        .route("/tokens/mint/list", post(tokens::of_list))
        .route("/suppression/check/list", post(clearing::check))
        .layer(DefaultBodyLimit::max(LIST));
    Router::new()
        .route("/openapi.json", get(openapi::show))
        .route("/status", get(looking::status))
        .route("/log", get(log::show))
        .route("/log/verify", get(log::verify))
        .route("/compliance/figures", get(yearly::show))
        .route("/mode", get(mode::show).post(mode::set))
        .route("/suppression", get(suppression_list::list))
        .route("/suppression/export", get(suppression_list::export))
        .route("/suppression/check", post(suppression::check))
        .route("/suppression/add", post(suppression::add))
        .route("/suppression/lift", post(suppression_lift::lift))
        .route("/suppression/floods", get(floods::list))
        .route("/suppression/floods/{flood}", get(floods::show))
        .route("/suppression/floods/{flood}/settle", post(floods::settle))
        .route("/contacts/show", post(contacts::show))
        .route("/contacts/coverage", get(coverage::show))
        .route("/contacts/merge", post(grouping::merge))
        .route("/contacts/split", post(grouping::split))
        .route("/letters", get(letters::list))
        .route("/letters/{id}", get(letter_story::show))
        .route("/letters/{id}/settle", post(letters::settle))
        .route("/letters/{id}/resend", post(letters::resend))
        .route("/letters/{id}/cancel", post(letters::cancel))
        .route("/search", post(search::search))
        .route("/incidents", get(incidents::list))
        .route("/incidents/{id}/seen", post(incidents::seen))
        .route("/tokens/mint", post(tokens::of_named))
        .route("/store/acknowledge", post(flags::acknowledge))
        .route("/canary", get(canary::show).post(canary::run))
        .merge(lists)
        .merge(of_senders())
        .merge(of_requests())
        .route("/figures", get(figures::show))
        .merge(of_corrections())
        .merge(templates::routes())
        .layer(axum::middleware::from_fn(refusing::in_one_form))
        .with_state(desk)
}

/// What messages really meant.
fn of_corrections() -> Router<Desk> {
    Router::new()
        .route("/learning", get(learning::own))
        .route("/requests/{case}/correct", post(learning::correct))
        .route("/requests/{case}/suggest", get(learning::suggestion))
        .route("/messages/{message}", get(messages::show))
        .route("/messages/{message}/correct", post(messages::correct))
        .route("/messages/{message}/suggest", get(messages::suggestion))
}

/// What people asked.
fn of_requests() -> Router<Desk> {
    Router::new()
        .route("/requests", get(case_list::list))
        .route("/requests/{case}", get(requests::show))
        .route("/requests/{case}/seen", post(watched::seen))
        .route("/requests/{case}/approve", post(deciding::approve))
        .route("/requests/{case}/rewrite", post(rewriting::show))
        .route("/requests/{case}/refuse", post(deciding::refuse))
        .route("/requests/{case}/answered", post(deciding::answered))
        .route("/requests/{case}/done", post(systems::done))
        .route("/requests/{case}/tell", post(recipients::tell))
        .route(
            "/requests/new",
            post(entering::new).layer(DefaultBodyLimit::max(paper::LARGEST)),
        )
        .route("/requests/{case}/letters/{number}", get(case_letter::show))
        .route("/requests/{case}/scans/{number}", get(paper::scan))
        .route("/requests/{case}/print", post(paper::print))
        .route("/requests/{case}/posted", post(paper::posted))
        .route("/requests/{case}/extend", post(entering::extend))
        .route("/requests/{case}/identify", post(identifying::identify))
        .route(
            "/requests/{case}/proposals/{number}/accept",
            post(proposing::accept),
        )
        .route(
            "/requests/{case}/proposals/{number}/dismiss",
            post(proposing::dismiss),
        )
}

/// The tools that send.
fn of_senders() -> Router<Desk> {
    Router::new()
        .route("/senders", get(senders::list))
        .route("/senders/{name}/test", post(senders::test))
        .route("/senders/{name}/pull", post(senders::pull))
        .route("/senders/{name}/push", post(senders::push))
        .route("/senders/{name}/done", post(senders_waiting::done))
        .route("/senders/{name}/waiting", get(senders_waiting::waiting))
}
