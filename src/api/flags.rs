//! A human has looked at what stopped all sending, and takes the flags down: who, when and why stand in the log.
//!
//! Only what is up at this moment is taken down, and in one frame: damage or another installation that shows itself later
//! puts its flag up again.

use super::{Answer, Desk, Refusal, incidents};
use crate::record::{Alarm, Event, FlagRow, Noted};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;

/// Who looked, and why sending may go on.
#[derive(Deserialize)]
pub struct Look {
    by: String,
    #[serde(default)]
    reason: String,
}

/// `quitus store acknowledge`: a reason is needed.
pub async fn acknowledge(
    State(desk): State<Desk>,
    Json(look): Json<Look>,
) -> Result<Answer, Refusal> {
    if look.reason.trim().is_empty() {
        return Err(Refusal::unclear(
            "a flag is taken down for a reason",
            "say with --reason what was found and what was done, as an auditor should read it",
        ));
    }
    let up = desk.office.sequencer.reader().state().flags()?;
    if up.is_empty() {
        let nothing = "no flag is up: nothing is to be acknowledged\n";
        return Ok(Answer::good(json!({"acknowledged": []}), nothing));
    }
    let mut events = Vec::new();
    for FlagRow { flag, .. } in &up {
        let (flag, by) = (*flag, look.by.clone());
        events.push(Event::Alarm(Alarm::Acknowledged { flag, by }));
        let about = Noted::Flag(flag);
        events.push(incidents::noted(&desk, about, &look.by, &look.reason)?);
    }
    let frame = desk.write(events).await?;
    tracing::warn!(by = %look.by, frame, "flags were taken down: sending goes on");
    let text = up.iter().map(in_words).collect::<String>() + "sending goes on\n";
    Ok(Answer::good(
        json!({"acknowledged": up, "frame": frame}),
        text,
    ))
}

fn in_words(row: &FlagRow) -> String {
    let what: String = (row.what.iter())
        .map(|place| format!("           {place}\n"))
        .collect();
    format!(
        "{} of {}: acknowledged, and the reason is kept\n{what}",
        row.flag.word(),
        row.since
    )
}
