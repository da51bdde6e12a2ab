//! Figures by week: how much was asked, how much of it a human had to look at, how long answers took, what went wrong.
//!
//! They are counted while the log is applied, so that a page reads a few rows and never the log. A week is ISO's (Monday to
//! Sunday), in UTC, so that the figures are the same wherever the log is read. A request counts in the week in which it
//! arrived, whatever becomes of it later. Times are kept in classes of an eighth of a power of two, so that medians are right to
//! some six percent. Nobody is named here.

use super::state::fixed;
use super::tables::decode;
use super::{CaseId, Damaged, RequestKind, State, Table, Timestamp};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

/// The row that says that every frame of the log is counted.
pub(super) const COUNTED: &[u8] = b"figures";

/// The Monday before 1970.
const FIRST: Date = date(1969, 12, 29);
const DAY_MS: i64 = 86_400_000;

/// An ISO week in UTC: how many after that of 1 January 1970.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Week(pub u32);

impl Week {
    /// The week of a moment; what lies before 1970 counts as the first.
    pub fn of(at: Timestamp) -> Self {
        let week = (at.millis().div_euclid(DAY_MS) + 3).div_euclid(7);
        Self(u32::try_from(week.max(0)).unwrap_or(u32::MAX))
    }

    /// Its Monday.
    pub fn monday(self) -> Date {
        let weeks = i32::try_from(self.0).unwrap_or(i32::MAX).min(100_000);
        FIRST.checked_add(weeks.weeks()).unwrap_or(Date::MAX)
    }

    /// So many weeks earlier.
    pub const fn before(self, weeks: u32) -> Self {
        Self(self.0.saturating_sub(weeks))
    }
}

/// `2026-W48`.
impl std::fmt::Display for Week {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let week = self.monday().iso_week_date();
        write!(f, "{}-W{:02}", week.year(), week.week())
    }
}

impl std::str::FromStr for Week {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let no = || format!("\"{text}\" is no week; write it as in 2026-W48");
        let (year, week) = text.split_once("-W").ok_or_else(no)?;
        let (year, week) = (
            year.parse().map_err(|_| no())?,
            week.parse().map_err(|_| no())?,
        );
        let monday = jiff::civil::ISOWeekDate::new(year, week, jiff::civil::Weekday::Monday);
        let monday = monday.map_err(|_| no())?.date();
        let days = monday.since(FIRST).map_err(|_| no())?.get_days();
        u32::try_from(days / 7).map(Self).map_err(|_| no())
    }
}

/// How many took how long: classes of time, and how often each.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Times(Vec<(u8, u32)>);

/// Classes of each power of two.
const PARTS: u32 = 8;

/// The class of a time, by whole minutes.
pub(super) fn class(ms: i64) -> u8 {
    let minutes = u32::try_from(ms.max(0) / 60_000).unwrap_or(u32::MAX);
    if minutes == 0 {
        return 0;
    }
    let power = minutes.ilog2();
    let part = ((u64::from(minutes) * u64::from(PARTS)) >> power) as u32 % PARTS;
    u8::try_from(1 + power * PARTS + part).unwrap_or(u8::MAX)
}

/// The middle of a class, in seconds.
fn middle(class: u8) -> u64 {
    let Some(n) = class.checked_sub(1).map(u32::from) else {
        return 30;
    };
    let (power, part) = (n / PARTS, u64::from(n % PARTS));
    let bound = |part: u64| ((u64::from(PARTS) + part) * 60) << power >> PARTS.ilog2();
    // Short times have classes of one whole minute, and some of none.
    (bound(part) + bound(part + 1).max(bound(part) + 60)) / 2
}

impl Times {
    pub(super) fn add(&mut self, class: u8) {
        match self.0.binary_search_by_key(&class, |(c, _)| *c) {
            Ok(at) => self.0[at].1 = self.0[at].1.saturating_add(1),
            Err(at) => self.0.insert(at, (class, 1)),
        }
    }

    pub(super) fn take(&mut self, class: u8) {
        if let Ok(at) = self.0.binary_search_by_key(&class, |(c, _)| *c) {
            self.0[at].1 = self.0[at].1.saturating_sub(1);
            self.0.retain(|(_, many)| *many > 0);
        }
    }

    /// These, and others.
    pub fn join(&mut self, others: &Self) {
        for (class, many) in &others.0 {
            match self.0.binary_search_by_key(class, |(c, _)| *c) {
                Ok(at) => self.0[at].1 = self.0[at].1.saturating_add(*many),
                Err(at) => self.0.insert(at, (*class, *many)),
            }
        }
    }

    /// The time, in seconds, within which so many of a hundred were done; none if nothing was.
    pub fn within(&self, percent: u64) -> Option<u64> {
        let all: u64 = self.0.iter().map(|(_, many)| u64::from(*many)).sum();
        let wanted = (all * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let reached = self.0.iter().find(|(_, many)| {
            seen += u64::from(*many);
            seen >= wanted
        });
        reached.map(|(class, _)| middle(*class))
    }
}

/// Requests of a kind that arrived in a week, and what became of them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct KindFigures {
    /// How many.
    pub requests: u64,
    /// Of these: a human had to look.
    pub held: u64,
    /// Answered.
    pub answered: u64,
    /// Refused by a human.
    pub refused: u64,
    /// How long the answers took.
    pub times: Times,
    /// Letters of this kind that a human found wrong, in the week in which they found it.
    pub wrong: u64,
}

impl KindFigures {
    /// These, and others.
    pub fn join(&mut self, others: &Self) {
        self.requests += others.requests;
        self.held += others.held;
        self.answered += others.answered;
        self.refused += others.refused;
        self.wrong += others.wrong;
        self.times.join(&others.times);
    }
}

/// What a week had beside its requests.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct WeekFigures {
    /// Messages that were decided.
    pub messages: u64,
    /// Of these: held for a human at first.
    pub held: u64,
    /// Mails that went to people after their STOP, in the week in which they were sent.
    pub after_stop: u64,
    /// Labels that a human corrected.
    pub corrections: u64,
    /// Of these: a letter had left that was wrong.
    pub wrong: u64,
}

/// What is counted of a request so far.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Counted {
    pub(super) week: Week,
    pub(super) received: Timestamp,
    pub(super) held: bool,
    pub(super) end: Option<End>,
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum End {
    /// Answered, in this class of time.
    Answered(u8),
    /// Refused.
    Refused,
}

pub(super) fn kind_key(week: Week, kind: RequestKind) -> [u8; 6] {
    let mut key = [b'k', 0, 0, 0, 0, kind as u8];
    key[1..5].copy_from_slice(&week.0.to_be_bytes());
    key
}

pub(super) fn week_key(week: Week) -> [u8; 5] {
    let mut key = [b'w', 0, 0, 0, 0];
    key[1..].copy_from_slice(&week.0.to_be_bytes());
    key
}

/// What the keys of a case's requests begin with.
pub(super) fn case_prefix(case: CaseId) -> [u8; 9] {
    let mut key = [b'c'; 9];
    key[1..].copy_from_slice(&case.bits().to_be_bytes());
    key
}

fn week_from(key: &[u8]) -> Result<Week, Damaged> {
    let bytes = key.get(1..5).unwrap_or_default();
    Ok(Week(u32::from_be_bytes(fixed(bytes)?)))
}

/// Requests by week and kind.
pub type KindRows = Vec<(Week, RequestKind, KindFigures)>;

impl State<'_> {
    /// Whether every frame of the log is counted; an index of an older version is counted at its next start.
    pub fn is_counted(&self) -> Result<bool, Damaged> {
        Ok(self.0.get(Table::Meta, COUNTED)?.is_some())
    }

    /// Requests from one week to another, both included.
    pub fn kind_figures(&self, from: Week, to: Week) -> Result<KindRows, Damaged> {
        let start = kind_key(from, RequestKind::Stop);
        let mut all = Vec::new();
        // A week has a row for each kind at most.
        let most = RequestKind::ALL.len() * (to.0.saturating_sub(from.0) as usize + 1);
        for (key, row) in self.0.scan(Table::Figures, b"k", &start, most)? {
            let week = week_from(&key)?;
            let kind = key
                .get(5)
                .and_then(|k| RequestKind::ALL.get(usize::from(*k)));
            let kind = kind.ok_or_else(|| Damaged("a key of a week's figures".into()))?;
            if week <= to {
                all.push((week, *kind, decode(&row)?));
            }
        }
        Ok(all)
    }

    /// What the weeks had beside their requests.
    pub fn week_figures(&self, from: Week, to: Week) -> Result<Vec<(Week, WeekFigures)>, Damaged> {
        let most = to.0.saturating_sub(from.0) as usize + 1;
        let mut all = Vec::new();
        for (key, row) in self.0.scan(Table::Figures, b"w", &week_key(from), most)? {
            let week = week_from(&key)?;
            if week <= to {
                all.push((week, decode(&row)?));
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    #[test]
    fn a_week_begins_on_monday_and_belongs_to_the_year_of_its_thursday() {
        let cases = [
            ("2026-11-23T00:00:00Z", "2026-W48"),
            ("2026-11-22T23:59:59Z", "2026-W47"),
            ("2027-01-01T12:00:00Z", "2026-W53"),
            ("2027-01-04T00:00:00Z", "2027-W01"),
            ("1970-01-01T00:00:00Z", "1970-W01"),
            ("2024-12-30T00:00:00Z", "2025-W01"),
        ];
        for (moment, week) in cases {
            assert_eq!(Week::of(at(moment)).to_string(), week, "{moment}");
            assert_eq!(week.parse(), Ok(Week::of(at(moment))));
        }
        for bad in ["2026-W54", "2026-48", "W48", "2025-W53", "1960-W01"] {
            assert!(bad.parse::<Week>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_is_told_to_some_six_percent() {
        for minutes in (8..100_000).step_by(7) {
            let told = middle(class(minutes * 60_000)) as f64;
            let real = minutes as f64 * 60.0;
            assert!(
                (told - real).abs() / real < 0.08,
                "{minutes} min is told as {told} s"
            );
        }
        assert_eq!(middle(class(59_000)), 30);
        assert_eq!(middle(class(5 * 60_000)), 330);
        assert!(class(i64::MAX) > class(60 * 86_400_000));
        assert_eq!(class(-5), 0);
    }

    #[test]
    fn median_and_ninety_five_percent_are_those_of_all_times() {
        let mut times = Times::default();
        for minutes in 1..=100 {
            times.add(class(minutes * 60_000));
        }
        let minutes = |percent| times.within(percent).unwrap() / 60;
        assert!((47..=53).contains(&minutes(50)), "{}", minutes(50));
        assert!((90..=100).contains(&minutes(95)), "{}", minutes(95));
        let mut one = Times::default();
        assert_eq!(one.within(50), None);
        one.add(class(60_000));
        one.join(&times);
        one.take(class(60_000));
        assert_eq!(one, times);
    }
}
