//! The figures of a year, for the firm's own file: what was asked, and whether it was answered in time.
//!
//! They are counted from the cases that the store holds; who asked is in none of them.

use super::{Answer, Desk, Refusal};
use crate::record::{
    CaseRow, Clock, LetterKind, LetterState, RequestKind, State as Rows, Timestamp,
};
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Which year, in the controller's time zone.
#[derive(Deserialize)]
pub struct Year {
    year: i16,
}

/// What became of the requests of a kind that arrived in the year.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
struct OfKind {
    received: u64,
    /// Their case was closed within the legal time.
    in_time: u64,
    /// It was closed after that.
    late: u64,
    /// It is open, and there is time.
    open: u64,
    /// It is open, and there is none.
    overdue: u64,
}

impl OfKind {
    fn count(&mut self, clock: &Clock, case: &CaseRow, now: Timestamp) {
        self.received += 1;
        let end = match (case.closed, now <= clock.due) {
            (Some(closed), _) if closed <= clock.due => &mut self.in_time,
            (Some(_), _) => &mut self.late,
            (None, true) => &mut self.open,
            (None, false) => &mut self.overdue,
        };
        *end += 1;
    }
}

/// What `quitus compliance` asks of the store.
pub async fn show(State(desk): State<Desk>, Query(year): Query<Year>) -> Result<Answer, Refusal> {
    let house = desk.office.house.load_full();
    let zone = &house.config.policy.calendar.zone;
    let within = |at: Timestamp| zone.to_datetime(at.to_jiff()).year() == year.year;
    let state = desk.office.sequencer.reader().state();
    let now = desk.office.clock.now();
    let mut kinds: BTreeMap<RequestKind, OfKind> = BTreeMap::new();
    let mut letters = 0u64;
    for (id, case) in state.cases(None, usize::MAX)? {
        for clock in case.requests.iter().filter(|c| within(c.received)) {
            kinds
                .entry(clock.request)
                .or_default()
                .count(clock, &case, now);
        }
        let sent = |l: &crate::record::LetterRow| {
            l.state == LetterState::Sent && l.head.kind == LetterKind::Answer && within(l.changed)
        };
        letters += state.letters(id)?.iter().filter(|(_, l)| sent(l)).count() as u64;
    }
    let kinds: Vec<_> = kinds
        .iter()
        .map(|(kind, of)| {
            json!({"kind": kind, "received": of.received, "in_time": of.in_time,
            "late": of.late, "open": of.open, "overdue": of.overdue})
        })
        .collect();
    let incidents = state
        .incidents()?
        .iter()
        .filter(|(_, row)| within(row.at))
        .count();
    let data = json!({
        "year": year.year, "kinds": kinds, "letters": letters, "incidents": incidents,
        "people": people(&state)?, "mode": state.mode()?.map(|m| m.mode),
    });
    let text = format!("{data}\n");
    Ok(Answer::good(data, text))
}

/// Who must not be written to, today.
fn people(state: &Rows<'_>) -> Result<serde_json::Value, Refusal> {
    let counts = state.counts()?;
    let [paused, suppressed] = counts.suppressed;
    Ok(json!({"suppressed": suppressed, "paused": paused, "contacts": counts.contacts}))
}
