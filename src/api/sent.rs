//! What was sent, as a sending tool tells it: for firms whose tool keeps no Sent folder.

use super::contacts::{List, in_lines, list_refused};
use super::{Answer, Desk, Refusal};
use crate::service::import_sent;
use axum::body::Bytes;
use axum::extract::{Query, State};
use serde_json::json;

/// `quitus sent import`: wrong (exit code 1) if a row is bad, or a mail went to somebody after their STOP.
pub async fn import(
    State(desk): State<Desk>,
    Query(list): Query<List>,
    body: Bytes,
) -> Result<Answer, Refusal> {
    let done = import_sent(&desk.office, list.handed(), body.as_ref(), list.dry_run).await;
    let (sum, faults) = done.map_err(list_refused)?;
    let would = if list.dry_run {
        "would be stored"
    } else {
        "stored"
    };
    let mut text = format!(
        "{} mails {would}, {} known already; {} rows refused\n",
        sum.stored, sum.unchanged, sum.refused
    );
    if sum.incidents > 0 {
        text += &format!(
            "{} of them went to somebody after their STOP\n  → look at them with `quitus incidents list`, and stop the tool that sent them\n",
            sum.incidents
        );
    }
    let (lines, told) = in_lines(&faults);
    let data = json!({
        "stored": sum.stored, "unchanged": sum.unchanged, "refused": sum.refused, "incidents": sum.incidents,
        "dry_run": list.dry_run, "faults": told,
    });
    let wrong = !faults.is_empty() || sum.incidents > 0;
    Ok(Answer::good(data, text + &lines).wrong_if(wrong))
}
