//! Many people at once: may they be written to? A letter for each, in their order, so that a million take seconds.

use super::{Answer, Desk, Refusal};
use crate::service::clear_rows;
use axum::extract::State;
use serde_json::json;

/// Takes a line for each person: an address, or several ways to name them apart by tabs. `verdicts` has a letter for each (`f`, `p`, `s`, `u`), `since` a moment (milliseconds since
/// 1970) for each that is paused or suppressed. Wrong (exit code 1) if somebody must not be written to, or is unreadable.
pub async fn check(State(desk): State<Desk>, list: String) -> Result<Answer, Refusal> {
    // Thousands of look-ups: not on a thread that others wait for.
    let looked = tokio::task::spawn_blocking(move || look(&desk, &list)).await;
    looked.map_err(|e| Refusal::broken(e.to_string()))?
}

fn look(desk: &Desk, list: &str) -> Result<Answer, Refusal> {
    let people: Vec<&str> = list.split_terminator('\n').collect();
    let home = desk.office.house.load().config.controller.country.clone();
    let found = clear_rows(desk.office.sequencer.reader(), &home, &people)?;
    let verdicts: String = found.iter().map(|c| c.verdict.letter()).collect();
    let since: Vec<i64> = found
        .iter()
        .filter_map(|c| Some(c.since?.millis()))
        .collect();
    let blocked = found.iter().filter(|c| !c.is_free()).count();
    let asked = found.len();
    let text = format!("{asked} asked, {blocked} must not be written to\n");
    let data = json!({"verdicts": verdicts, "since": since});
    Ok(Answer::good(data, text).wrong_if(blocked > 0))
}
