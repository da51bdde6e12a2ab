//! How everything is, and what happened: the status, and the processing log in a reviewer's words.

use super::words::{self, Told};
use super::{Answer, Desk, Refusal};
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write;

/// Frames shown at once unless somebody asks for more.
const FRAMES: usize = 100;

/// Which stretch of the log.
#[derive(Deserialize)]
pub struct Stretch {
    /// First frame; absent: the last ones.
    from: Option<u64>,
    /// How many frames.
    limit: Option<usize>,
    /// Behind this frame: the next page.
    after: Option<u64>,
    /// Somebody goes on by themselves, and needs no word about how.
    #[serde(default)]
    follow: bool,
}

/// `quitus status`.
pub async fn status(State(desk): State<Desk>) -> Result<Answer, Refusal> {
    let status = (desk.status)()?;
    let data = serde_json::to_value(&status).map_err(|e| Refusal::broken(e.to_string()))?;
    Ok(Answer::good(data, status.to_string()).wrong_if(status.is_ill()))
}

/// `quitus log`.
pub async fn log(
    State(desk): State<Desk>,
    Query(stretch): Query<Stretch>,
) -> Result<Answer, Refusal> {
    let reader = desk.office.sequencer.reader().clone();
    let limit = stretch.limit.unwrap_or(FRAMES).max(1);
    let last = reader.head()?.number;
    let recent = last.saturating_sub(limit as u64 - 1).max(1);
    let after = stretch.after.map(|n| n.saturating_add(1));
    let from = after.or(stretch.from).unwrap_or(recent).max(1);
    let read = tokio::task::spawn_blocking(move || {
        let (mut lines, mut text) = (Vec::new(), String::new());
        for placed in reader.frames(from)?.take(limit) {
            let placed = placed?;
            for event in &placed.frame.events {
                let told = words::tell(event);
                let (number, at) = (placed.link.number, placed.frame.at.to_string());
                lines.push(line(number, &at, &told, &mut text));
            }
        }
        Ok::<_, crate::store::ReadError>((lines, text))
    });
    let read = read.await.map_err(|e| Refusal::broken(e.to_string()))?;
    let (lines, mut text) = read?;
    let next = lines
        .last()
        .and_then(|l| l["frame"].as_u64())
        .map_or(from, |n| n + 1);
    let more = next <= last && !lines.is_empty();
    if more && !stretch.follow {
        text += &format!("more: quitus log --limit {limit} --after {}\n", next - 1);
    }
    Ok(Answer::good(
        json!({"events": lines, "last": last, "next": next, "more": more}),
        text,
    ))
}

fn line(number: u64, at: &str, told: &Told, text: &mut String) -> Value {
    let why = told.rule.as_ref().and_then(crate::request::rule::explain);
    // Writing to a string has no way to fail.
    let _ = write!(text, "{at} {number:>6} {:<16} {}", told.event, told.what);
    if let Some(rule) = &told.rule {
        let _ = write!(text, " [{rule}: {}]", why.unwrap_or("see the rules"));
    }
    text.push('\n');
    json!({
        "at": at, "frame": number, "event": told.event, "what": told.what,
        "rule": told.rule.as_ref().map(ToString::to_string), "because": why,
    })
}
