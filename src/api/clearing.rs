//! Many addresses at once: may they be written to? One word for each, in their order.

use super::{Answer, Desk, Refusal};
use crate::register;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

/// Who is asked about.
#[derive(Deserialize)]
pub struct Many {
    addresses: Vec<String>,
}

/// A verdict for each; wrong (exit code 1) if somebody must not be written to, or is unreadable.
pub async fn check(State(desk): State<Desk>, Json(many): Json<Many>) -> Result<Answer, Refusal> {
    // Thousands of look-ups: not on a thread that others wait for.
    let looked = tokio::task::spawn_blocking(move || look(&desk, &many.addresses)).await;
    looked.map_err(|e| Refusal::broken(e.to_string()))?
}

fn look(desk: &Desk, addresses: &[String]) -> Result<Answer, Refusal> {
    let reader = desk.office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let (mut results, mut blocked) = (Vec::with_capacity(addresses.len()), 0usize);
    for text in addresses {
        let found = register::clear(&state, keys, text)?;
        blocked += usize::from(!found.is_free());
        let since = found.since.map_or(Value::Null, |t| t.to_string().into());
        results.push(json!({"verdict": found.verdict.word(), "since": since}));
    }
    let text = format!(
        "{} asked, {blocked} must not be written to\n",
        results.len()
    );
    let data = json!({"results": results, "blocked": blocked});
    Ok(Answer::good(data, text).wrong_if(blocked > 0))
}
