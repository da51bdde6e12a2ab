//! `quitus canary`: how the canary is, and a run of it now. Only a running daemon lets it fly.

use super::{Answer, Desk, Refusal};
use crate::service::{CanaryReport, begin_canary};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;

/// Who wants it.
#[derive(Deserialize)]
pub struct Order {
    by: String,
}

/// How it is; wrong while an answer is missing.
pub async fn show(State(desk): State<Desk>) -> Result<Answer, Refusal> {
    let all = reports(&desk)?;
    let text: String = all.iter().map(|r| format!("canary     {r}\n")).collect();
    let wrong = all.iter().any(|r| r.failing.is_some());
    let running = all.iter().any(|r| !r.is_over());
    Ok(Answer::good(json!({"canary": all, "running": running}), text).wrong_if(wrong))
}

/// Begins a run of both requests; one that is on its way is left on it.
pub async fn run(State(desk): State<Desk>, Json(order): Json<Order>) -> Result<Answer, Refusal> {
    let reports = reports(&desk)?;
    if (desk.status)()?.daemon.is_none() {
        return Err(Refusal::not_now(
            "no daemon runs, and only a daemon reads and answers",
            "start it: `quitus run`",
        ));
    }
    if !reports.iter().any(|r| r.state == "running") {
        desk.write(begin_canary(&order.by)?).await?;
    }
    show(State(desk)).await
}

fn reports(desk: &Desk) -> Result<Vec<CanaryReport>, Refusal> {
    let house = desk.office.house.load();
    let state = desk.office.sequencer.reader().state();
    match &house.config.canary {
        Some(_) => Ok(CanaryReport::of_state(&state)?),
        None => Err(Refusal::not_now(
            "there is no canary",
            "add [canary] with a second account: config/README.md says how",
        )),
    }
}
