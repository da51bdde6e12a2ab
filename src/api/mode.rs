//! The mode: what leaves now, what waits, and the order that changes it.

use super::{Answer, Desk, Refusal};
use crate::record::{Event, Mode, Waiting};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;

/// An order.
#[derive(Deserialize)]
pub struct Order {
    mode: Mode,
    by: String,
}

/// What leaves now, and what waits.
pub async fn show(State(desk): State<Desk>) -> Result<Answer, Refusal> {
    tell(&desk, "")
}

/// Changes it; older mail than this moment is obeyed, never answered by itself.
pub async fn set(State(desk): State<Desk>, Json(order): Json<Order>) -> Result<Answer, Refusal> {
    let state = desk.office.sequencer.reader().state();
    if state.mode()?.is_some_and(|m| m.mode == order.mode) {
        return tell(&desk, "nothing changes: it is so already\n");
    }
    let event = Event::ModeSet {
        mode: order.mode,
        since: desk.office.clock.now(),
        by: order.by,
    };
    desk.write(vec![event]).await?;
    tell(&desk, "")
}

fn tell(desk: &Desk, before: &str) -> Result<Answer, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let row = state.mode()?;
    let mode = row.as_ref().map_or(Mode::Shadow, |m| m.mode);
    let since = row.map(|m| m.since.to_string());
    let drafts = state.waiting(Waiting::Draft, usize::MAX)?.len();
    let cases = state.waiting(Waiting::HeldCase, usize::MAX)?.len();
    let counts = state.counts()?;
    let house = desk.office.house.load();
    let mut notices = 0;
    for sender in &house.senders {
        let queue = state.notices(sender.name(), usize::MAX)?;
        notices += queue.iter().filter(|(_, n)| n.since.is_some()).count();
    }
    let what = match mode {
        Mode::Shadow => "everything is read and obeyed, nothing leaves",
        Mode::Review => "every letter waits for a human",
        Mode::Live => "letters leave by themselves where the policy says auto",
    };
    let at = since.as_deref().map(|s| format!(" since {s}"));
    let text = format!(
        "{before}mode       {mode}{}: {what}\nwaiting    {drafts} letters to approve, {cases} held cases, {notices} notices to tools that send\nsuppressed {}\n",
        at.unwrap_or_default(),
        counts.suppressed[1],
    );
    let data = json!({
        "mode": mode, "since": since, "drafts": drafts, "held_cases": cases, "notices": notices, "suppressed": counts.suppressed[1],
    });
    Ok(Answer::good(data, text))
}
