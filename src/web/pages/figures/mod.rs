//! Figures: requests by week and kind, time to answer, what a human had to look at, what went wrong; drawn here, told below.
//!
//! Every drawing has its table, so that nothing is said by a picture alone; printed, the page is the yearly report.

mod chart;

use crate::web::Web;
use crate::web::trouble::Trouble;
use crate::web::visitor::{Visitor, query};
use crate::web::words::Words;
use axum::extract::{Query, State};
use axum::response::Response;
use chart::{Chart, Series};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Spans that are offered, in weeks.
const SPANS: [u32; 3] = [13, 26, 53];

/// Which weeks.
#[derive(Deserialize, Default)]
pub struct Wanted {
    weeks: Option<u32>,
    #[serde(default)]
    until: String,
}

#[derive(Serialize)]
struct View {
    from: String,
    until: String,
    weeks: u32,
    spans: Vec<Span>,
    earlier: String,
    later: Option<String>,
    empty: bool,
    counted: bool,
    charts: Vec<Chart>,
    kinds: Vec<KindRow>,
    rows: Vec<WeekRow>,
    total: WeekRow,
}

#[derive(Serialize)]
struct Span {
    weeks: u32,
    link: String,
    now: bool,
}

#[derive(Serialize)]
struct KindRow {
    kind: String,
    requests: u64,
    answered: u64,
    refused: u64,
    open: u64,
    held: String,
    median: String,
    most: String,
    wrong: u64,
}

#[derive(Serialize)]
struct WeekRow {
    week: String,
    monday: String,
    requests: u64,
    answered: u64,
    open: u64,
    held: String,
    median: String,
    most: String,
    messages: u64,
    after_stop: u64,
    corrections: u64,
    wrong: u64,
}

/// The page.
pub async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let weeks = wanted.weeks.unwrap_or(SPANS[0]).clamp(1, 530);
    let data = web.ask(&of(weeks, &wanted.until, "/figures")).await?.data;
    let (words, none) = (&visitor.words, Vec::new());
    let all = data["weeks"].as_array().unwrap_or(&none);
    let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
    let total = &data["total"];
    let kinds = total["kinds"].as_array().unwrap_or(&none);
    // The newest first: that is what is looked for.
    let rows: Vec<WeekRow> = all.iter().rev().map(|w| WeekRow::of(w, words)).collect();
    let number = |key: &str| total[key].as_u64().unwrap_or(0);
    let seen = number("messages") + number("after_stop") + number("corrections");
    let view = View {
        empty: seen == 0 && total["all"]["requests"] == 0,
        counted: data["counted"] == true,
        charts: charts(all, words),
        kinds: kinds.iter().map(|k| KindRow::of(k, words)).collect(),
        total: WeekRow::of(total, words),
        rows,
        spans: SPANS.map(|n| span(n, weeks, &wanted.until)).into(),
        earlier: of(weeks, &moved(&text("until"), -i64::from(weeks)), "/figures"),
        later: later(&wanted.until, weeks, &web),
        from: text("from"),
        until: text("until"),
        weeks,
    };
    web.page(&visitor, "figures", "figures.html", &view)
}

fn span(weeks: u32, now: u32, until: &str) -> Span {
    let (link, now) = (of(weeks, until, "/figures"), weeks == now);
    Span { weeks, link, now }
}

fn of(weeks: u32, until: &str, page: &str) -> String {
    let weeks = weeks.to_string();
    let query = query(&[("weeks", weeks.as_str()), ("until", until)]);
    format!("{page}?{query}")
}

/// So many weeks later; an unknown week stays.
fn moved(week: &str, by: i64) -> String {
    let Ok(week) = week.parse::<crate::record::Week>() else {
        return week.to_owned();
    };
    let number = i64::from(week.0).saturating_add(by).max(0);
    crate::record::Week(u32::try_from(number).unwrap_or(week.0)).to_string()
}

/// The span behind, if it is not still to come.
fn later(until: &str, weeks: u32, web: &Web) -> Option<String> {
    let now = crate::record::Week::of(web.now());
    let shown = until.parse::<crate::record::Week>().ok()?;
    let next = moved(until, i64::from(weeks))
        .parse::<crate::record::Week>()
        .ok()?;
    (shown < now).then(|| of(weeks, &next.min(now).to_string(), "/figures"))
}

fn share(value: &Value) -> String {
    value
        .as_f64()
        .map_or("–".into(), |s| format!("{:.0} %", s * 100.0))
}

/// A time as people say it.
fn lasted(value: &Value, words: &Words) -> String {
    let Some(seconds) = value.as_u64() else {
        return "–".to_owned();
    };
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600, seconds / 60);
    let said = |key: &str, a: u64, b: u64| {
        words.fill(
            "figures",
            key,
            &[("a", &a.to_string()), ("b", &b.to_string())],
        )
    };
    match (days, hours, minutes) {
        (0, 0, 0) => said("under_a_minute", 0, 0),
        (0, 0, minutes) => said("minutes", minutes, 0),
        (0, hours, minutes) => said("hours", hours, minutes % 60),
        (days, hours, _) => said("days", days, hours % 24),
    }
}

impl KindRow {
    fn of(kind: &Value, words: &Words) -> Self {
        let number = |key: &str| kind[key].as_u64().unwrap_or(0);
        Self {
            kind: kind["kind"].as_str().unwrap_or_default().to_owned(),
            requests: number("requests"),
            answered: number("answered"),
            refused: number("refused"),
            open: number("open"),
            held: share(&kind["held_share"]),
            median: lasted(&kind["median_s"], words),
            most: lasted(&kind["p95_s"], words),
            wrong: number("wrong"),
        }
    }
}

impl WeekRow {
    fn of(week: &Value, words: &Words) -> Self {
        let all = KindRow::of(&week["all"], words);
        let number = |key: &str| week[key].as_u64().unwrap_or(0);
        let text = |key: &str| week[key].as_str().unwrap_or_default().to_owned();
        Self {
            week: text("week"),
            monday: text("monday"),
            requests: all.requests,
            answered: all.answered,
            open: all.open,
            held: all.held,
            median: all.median,
            most: all.most,
            messages: number("messages"),
            after_stop: number("after_stop"),
            corrections: number("corrections"),
            wrong: number("wrong"),
        }
    }
}

/// The four drawings.
fn charts(weeks: &[Value], words: &Words) -> Vec<Chart> {
    let labels: Vec<String> = weeks
        .iter()
        .map(|w| w["week"].as_str().unwrap_or_default().to_owned())
        .collect();
    let of = |pick: &dyn Fn(&Value) -> Option<f64>| -> Vec<Option<f64>> {
        weeks.iter().map(pick).collect()
    };
    let all = |key: &'static str| of(&move |w| w["all"][key].as_f64());
    let own = |key: &'static str| of(&move |w| w[key].as_f64());
    let hours = |key: &'static str| of(&move |w| w["all"][key].as_f64().map(|s| s / 3600.0));
    let percent = of(&|w| w["all"]["held_share"].as_f64().map(|s| s * 100.0));
    let name = |key: &str| words.of("figures", key).to_owned();
    let series = |key: &str, style, values| Series::of(name(key), style, values);
    vec![
        Chart::bars(
            ("requests", name("requests")),
            &labels,
            &[
                series("requests", "all", all("requests")),
                series("held", "part", all("held")),
            ],
        ),
        Chart::lines(
            ("times", name("times")),
            &labels,
            &[
                series("median", "all", hours("median_s")),
                series("most", "part", hours("p95_s")),
            ],
        ),
        Chart::lines(
            ("shares", name("held_share")),
            &labels,
            &[series("held_share", "all", percent)],
        ),
        Chart::bars(
            ("faults", name("faults")),
            &labels,
            &[
                series("after_stop", "all", own("after_stop")),
                series("wrong", "part", own("wrong")),
            ],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_lead_to_the_weeks_beside_them() {
        assert_eq!(moved("2026-W48", -13), "2026-W35");
        assert_eq!(moved("2026-W53", 1), "2027-W01");
        assert_eq!(moved("", 5), "");
        assert_eq!(
            of(13, "2026-W48", "/figures"),
            "/figures?weeks=13&until=2026-W48"
        );
    }
}
