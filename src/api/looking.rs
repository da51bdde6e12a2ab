//! How everything is.

use super::{Answer, Desk, Refusal};
use axum::extract::State;

/// `quitus status`.
pub async fn status(State(desk): State<Desk>) -> Result<Answer, Refusal> {
    let status = (desk.status)()?;
    let data = serde_json::to_value(&status).map_err(|e| Refusal::broken(e.to_string()))?;
    Ok(Answer::good(data, status.to_string()).wrong_if(status.is_ill()))
}
