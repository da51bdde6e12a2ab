//! What went wrong, as a page: in words, with what to do, and the right status.

use super::said::Said;
use super::users::Role;
use super::words::Words;
use crate::api::NoAnswer;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Something that a person must be told instead of a page. As an answer it is painted on the way out.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The status.
    pub status: StatusCode,
    /// The key of its sentence in the section `trouble`.
    pub key: &'static str,
    /// What the house said, in its own words: what is wrong, what to do.
    pub detail: Option<(String, String)>,
}

impl Trouble {
    fn new(status: StatusCode, key: &'static str) -> Self {
        Self {
            status,
            key,
            detail: None,
        }
    }

    /// An order that no page of ours sent.
    pub fn foreign() -> Self {
        Self::new(StatusCode::FORBIDDEN, "foreign")
    }

    /// An order from a page of another session.
    pub fn stale() -> Self {
        Self::new(StatusCode::FORBIDDEN, "stale")
    }

    /// A form that is too large.
    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large")
    }

    /// What cannot be understood, and what to do about it.
    pub fn unclear(error: &str, fix: &str) -> Self {
        Self {
            detail: Some((error.to_owned(), fix.to_owned())),
            ..Self::new(StatusCode::BAD_REQUEST, "refused")
        }
    }

    /// What the role does not allow.
    pub fn forbidden(role: Role) -> Self {
        let key = match role {
            Role::Viewer => "stale",
            Role::Writer => "for_writers",
            Role::Reviewer => "for_reviewers",
        };
        Self::new(StatusCode::FORBIDDEN, key)
    }

    /// There is no such page.
    pub fn nowhere() -> Self {
        Self::new(StatusCode::NOT_FOUND, "nowhere")
    }

    /// Something of ours is broken; the log says what.
    pub fn broken(why: impl std::fmt::Display) -> Self {
        tracing::error!(error = %why, "a page could not be made");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "broken")
    }

    /// What is wrong with what was typed, in the visitor's language; else the trouble itself.
    pub fn usage(self, words: &Words) -> Result<Said, Self> {
        match (&self.detail, self.status.is_client_error()) {
            (Some((error, fix)), true) => Ok(words.refused(error, fix)),
            _ => Err(self),
        }
    }

    /// As its page shows it.
    pub(super) fn view(&self, words: &Words) -> serde_json::Value {
        let detail = self.detail.as_ref();
        let detail = detail.map(|(error, fix)| words.refused(error, fix));
        serde_json::json!({"key": self.key, "status": self.status.as_u16(), "detail": detail})
    }
}

impl From<NoAnswer> for Trouble {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::Refused(refusal) => Self {
                detail: Some((refusal.error.clone(), refusal.fix.clone())),
                ..Self::new(refusal.status(), "refused")
            },
            other => Self::broken(other),
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
