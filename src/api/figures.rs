//! Figures by ISO week and kind, as the index counts them: a page reads a few rows, however long the log is.
//!
//! A request counts in the week in which it arrived (UTC), whatever becomes of it later, so that the parts of a row add up.

use super::{Answer, Desk, Refusal};
use crate::record::{KindFigures, RequestKind, Week, WeekFigures};
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Weeks that are shown unless somebody asks for more.
const WEEKS: u32 = 13;
/// More are not shown at once: ten years.
const MOST: u32 = 530;

/// Which weeks.
#[derive(Clone, Default, Deserialize)]
pub struct Span {
    /// How many.
    weeks: Option<u32>,
    /// The last of them; absent: this week.
    until: Option<String>,
}

/// `quitus figures`.
pub async fn show(State(desk): State<Desk>, Query(span): Query<Span>) -> Result<Answer, Refusal> {
    let until = match span.until.as_deref().map(str::trim) {
        None | Some("") => Week::of(desk.office.clock.now()),
        Some(week) => week
            .parse()
            .map_err(|e: String| Refusal::unclear(e, "leave it out for this week"))?,
    };
    let weeks = span.weeks.unwrap_or(WEEKS).clamp(1, MOST);
    let from = until.before(weeks - 1);
    let state = desk.office.sequencer.reader().state();
    let mut all: BTreeMap<Week, Row> = BTreeMap::new();
    for week in from.0..=until.0 {
        all.insert(Week(week), Row::default());
    }
    for (week, kind, figures) in state.kind_figures(from, until)? {
        all.entry(week).or_default().kinds.push((kind, figures));
    }
    for (week, figures) in state.week_figures(from, until)? {
        all.entry(week).or_default().week = figures;
    }
    let mut total = Row::default();
    for row in all.values() {
        total.join(row);
    }
    let rows: Vec<Value> = all.iter().map(|(week, row)| row.of_week(*week)).collect();
    let data = json!({
        "from": from.to_string(), "until": until.to_string(), "weeks": rows, "total": total.data(),
        "counted": state.is_counted()?,
    });
    Ok(Answer::good(data, table(&all, &total)))
}

/// A week, or all of them.
#[derive(Default)]
struct Row {
    kinds: Vec<(RequestKind, KindFigures)>,
    week: WeekFigures,
}

impl Row {
    fn join(&mut self, other: &Self) {
        for (kind, figures) in &other.kinds {
            match self.kinds.iter_mut().find(|(k, _)| k == kind) {
                Some((_, mine)) => mine.join(figures),
                None => self.kinds.push((*kind, figures.clone())),
            }
        }
        self.kinds.sort_by_key(|(kind, _)| *kind as u8);
        self.week.messages += other.week.messages;
        self.week.held += other.week.held;
        self.week.after_stop += other.week.after_stop;
        self.week.corrections += other.week.corrections;
        self.week.wrong += other.week.wrong;
    }

    fn all(&self) -> KindFigures {
        let mut all = KindFigures::default();
        self.kinds.iter().for_each(|(_, k)| all.join(k));
        all
    }

    fn of_week(&self, week: Week) -> Value {
        let mut data = self.data();
        if let Some(fields) = data.as_object_mut() {
            fields.insert("week".into(), json!(week.to_string()));
            fields.insert("monday".into(), json!(week.monday().to_string()));
        }
        data
    }

    fn data(&self) -> Value {
        let kinds: Vec<Value> = self
            .kinds
            .iter()
            .map(|(k, f)| figures(k.word(), f))
            .collect();
        json!({
            "kinds": kinds, "all": figures("all", &self.all()),
            "messages": self.week.messages, "messages_held": self.week.held,
            "after_stop": self.week.after_stop, "corrections": self.week.corrections, "wrong": self.week.wrong,
        })
    }
}

fn figures(kind: &str, f: &KindFigures) -> Value {
    let open = f.requests.saturating_sub(f.answered + f.refused);
    json!({
        "kind": kind, "requests": f.requests, "answered": f.answered, "refused": f.refused, "open": open,
        "held": f.held, "held_share": share(f.held, f.requests), "wrong": f.wrong,
        "median_s": f.times.within(50), "p95_s": f.times.within(95),
    })
}

/// A share from 0 to 1, to a thousandth; none of nothing.
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64 * 1000.0).round() / 1000.0)
}

/// For people: a line a week, then a line a kind.
fn table(weeks: &BTreeMap<Week, Row>, total: &Row) -> String {
    let mut text = format!(
        "{:<16} {:>8} {:>8} {:>8} {:>5} {:>6} {:>9} {:>9} {:>6} {:>10}\n",
        "",
        "requests",
        "answered",
        "refused",
        "open",
        "held",
        "median",
        "95 %",
        "wrong",
        "after STOP"
    );
    let mut line = |name: &str, f: &KindFigures, after_stop: Option<u64>| {
        let open = f.requests.saturating_sub(f.answered + f.refused);
        let held = share(f.held, f.requests).map_or("-".into(), |s| format!("{:.0} %", s * 100.0));
        let after = after_stop.map_or_else(String::new, |n| n.to_string());
        // Writing to a string has no way to fail.
        let _ = writeln!(
            text,
            "{name:<16} {:>8} {:>8} {:>8} {open:>5} {held:>6} {:>9} {:>9} {:>6} {after:>10}",
            f.requests,
            f.answered,
            f.refused,
            lasted(f.times.within(50)),
            lasted(f.times.within(95)),
            f.wrong
        );
    };
    for (week, row) in weeks {
        line(&week.to_string(), &row.all(), Some(row.week.after_stop));
    }
    line("all", &total.all(), Some(total.week.after_stop));
    for (kind, figures) in &total.kinds {
        line(&format!("  {kind}"), figures, None);
    }
    text
}

/// A time as people say it.
fn lasted(seconds: Option<u64>) -> String {
    let Some(seconds) = seconds else {
        return "-".to_owned();
    };
    match (seconds / 86_400, seconds / 3_600, seconds / 60) {
        (0, 0, 0) => "< 1 min".to_owned(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {:02}", minutes % 60),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}
