//! One step of the dialog in its time: what came of it, and the words for it.
//!
//! lettre sets no limit to how long a server may be silent; every step here has one.

use super::outcome::{Phase, Problem, Trouble};
use super::reply::clean;
use super::wire::Fail;
use lettre::transport::smtp::response::Response;
use std::error::Error as _;
use std::time::Duration;
use tokio::time::timeout;

/// A step of our own on the wire, in its time.
pub(super) async fn heard(
    phase: Phase,
    patience: Duration,
    step: impl Future<Output = Result<Vec<String>, Fail>>,
) -> Result<Vec<String>, Problem> {
    match timeout(patience, step).await {
        Ok(result) => result.map_err(|fail| refused(phase, fail)),
        Err(_) => Err(refused(phase, Fail::Silent)),
    }
}

/// A step of lettre's, in its time (lettre has none of its own). After [`Fail::Silent`] the connection is never used again.
pub(super) async fn within<T>(
    patience: Duration,
    step: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, Fail> {
    let error = match timeout(patience, step).await {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(error)) => error,
        Err(_) => return Err(Fail::Silent),
    };
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    Err(match error.status() {
        Some(code) => Fail::Said {
            code: code.into(),
            text,
        },
        None if error.is_response() && text == "incomplete response" => {
            Fail::Cut("the server closed the connection".into())
        }
        None if error.is_response() || error.is_client() => Fail::Garbled(text),
        None => Fail::Cut(text),
    })
}

/// A failed step that is the server's trouble.
pub(super) fn refused(phase: Phase, fail: Fail) -> Problem {
    match fail {
        Fail::Said { code, text } => problem(phase, Trouble::Refused, &said(code, &text)),
        Fail::Cut(why) => problem(phase, Trouble::Cut, &format!("the connection ended: {why}")),
        Fail::Silent => problem(phase, Trouble::Silent, &"no reply in time"),
        Fail::Garbled(why) => problem(phase, Trouble::Garbled, &why),
    }
}

pub(super) fn problem(phase: Phase, trouble: Trouble, what: &impl ToString) -> Problem {
    Problem {
        phase,
        trouble,
        reply: clean(&what.to_string()),
    }
}

pub(super) fn said(code: u16, text: &str) -> String {
    clean(&format!("{code} {text}"))
}

pub(super) fn told(reply: &Response) -> String {
    let text: Vec<&str> = reply.message().collect();
    format!("{} {}", reply.code(), text.join(" "))
}
