//! The figures of a year, for the firm's own file: what was asked, and whether it was answered in time.
//!
//! They are counted from the cases that the store holds; who asked is in none of them.

use super::{Answer, Desk, Refusal};
use crate::record::{
    CaseRow, Clock, LetterKind, LetterRow, LetterState, RequestKind, RequestState, State as Rows,
    Timestamp,
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
    /// They were answered, or ended by a human, within the legal time.
    in_time: u64,
    /// That came after it.
    late: u64,
    /// They wait, and there is time.
    open: u64,
    /// They wait, and there is none.
    overdue: u64,
}

/// When a request ended: with the letter that answered it; without one, with its case.
fn ended(clock: &Clock, case: &CaseRow, letters: &[LetterRow]) -> Option<Timestamp> {
    let answers =
        |l: &&LetterRow| l.state == LetterState::Sent && l.head.answers.contains(&clock.request);
    let by_letter = letters.iter().filter(answers).map(|l| l.changed).min();
    let answered = clock.state == RequestState::Answered;
    by_letter.filter(|_| answered).or(case.closed)
}

impl OfKind {
    fn count(&mut self, clock: &Clock, ended: Option<Timestamp>, now: Timestamp) {
        self.received += 1;
        let end = match (ended, now <= clock.due) {
            (Some(at), _) if at <= clock.due => &mut self.in_time,
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
        let of_case: Vec<LetterRow> = state.letters(id)?.into_iter().map(|(_, l)| l).collect();
        for clock in case.requests.iter().filter(|c| within(c.received)) {
            let ended = ended(clock, &case, &of_case);
            let of_kind = kinds.entry(clock.request).or_default();
            of_kind.count(clock, ended, now);
        }
        let sent = |l: &&LetterRow| {
            l.state == LetterState::Sent && l.head.kind == LetterKind::Answer && within(l.changed)
        };
        letters += of_case.iter().filter(sent).count() as u64;
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
