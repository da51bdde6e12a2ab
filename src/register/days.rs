//! The days on which data were collected, as rules and lists write them: one day, or the first and the last of several.
//!
//! Letters state them (Art. 14(2)(f) and 15(1)(g) GDPR), so nothing is guessed: what runs backwards is a mistake, and of a
//! column in which `03/04/2026` may be March or April somebody is told.

use super::fields::day;
use jiff::civil::Date;
use std::fmt;

/// One day, or all from the first to the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Days {
    /// The first.
    pub first: Date,
    /// The last; the first again, if there is one day only.
    pub last: Date,
}

/// Why a text is no days.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoDays {
    /// It is not written as one, or as two.
    Unreadable,
    /// The last is before the first.
    Reversed,
}

impl Days {
    /// As rules are written: `2026-03-01`, or `2026-03-01..2026-03-12`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn of_rule(text: &str) -> Result<Self, NoDays> {
        Self::of(text, |day| day.parse().ok())
    }

    /// As people write them in lists: ISO, or day before month, with an hour or without.
    ///
    /// # Errors
    /// If it is neither one day nor two.
    pub(super) fn of_list(text: &str) -> Result<Self, NoDays> {
        Self::of(text, |text| day(text.trim().split(['T', ' ']).next()?))
    }

    fn of(text: &str, day: impl Fn(&str) -> Option<Date>) -> Result<Self, NoDays> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let (Some(first), Some(last)) = (day(first), day(last)) else {
            return Err(NoDays::Unreadable);
        };
        match first <= last {
            true => Ok(Self { first, last }),
            false => Err(NoDays::Reversed),
        }
    }
}

/// As rules are written.
impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first == self.last {
            true => write!(f, "{}", self.first),
            false => write!(f, "{}..{}", self.first, self.last),
        }
    }
}

/// Whether a column of days says by any of its values which of two numbers is the month.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct DayOrder {
    /// The first value that may be read both ways, with its line.
    doubtful: Option<(u64, String)>,
    day_first: bool,
    month_first: bool,
}

impl DayOrder {
    /// Looks at one value: a day, or the first and the last of several.
    pub(super) fn see(&mut self, line: u64, value: &str) {
        for day in value.split("..") {
            self.see_day(line, day, value);
        }
    }

    fn see_day(&mut self, line: u64, day: &str, value: &str) {
        let written = day.trim().split(['T', ' ']).next().unwrap_or_default();
        let parts: Vec<&str> = written.split(['-', '/', '.']).collect();
        let [first, second, _] = parts.as_slice() else {
            return;
        };
        let (Ok(first), Ok(second)) = (first.parse::<u16>(), second.parse::<u16>()) else {
            return;
        };
        match (first, second) {
            // It begins with the year.
            (32.., _) => {}
            (13.., _) => self.day_first = true,
            (_, 13..) => self.month_first = true,
            (first, second) if first != second && self.doubtful.is_none() => {
                self.doubtful = Some((line, value.to_owned()));
            }
            _ => {}
        }
    }

    /// The first value that may mean another day than it was read as, with its line.
    pub(super) fn doubt(&self) -> Option<(u64, &str)> {
        let told = self.day_first && !self.month_first;
        let (line, value) = self.doubtful.as_ref().filter(|_| !told)?;
        Some((*line, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_one_or_two_in_their_order() {
        let read = |text: &str| Days::of_list(text).map(|d| d.to_string());
        for (text, days) in [
            ("2026-03-01", Ok("2026-03-01")),
            ("01/03/2026 14:03", Ok("2026-03-01")),
            ("2026-03-01..2026-03-12", Ok("2026-03-01..2026-03-12")),
            ("01.03.2026..12.03.2026", Ok("2026-03-01..2026-03-12")),
            ("2026-03-12..2026-03-01", Err(NoDays::Reversed)),
            (
                "2026-03-01..2026-03-12..2026-03-20",
                Err(NoDays::Unreadable),
            ),
            ("2026-13-01", Err(NoDays::Unreadable)),
            ("..", Err(NoDays::Unreadable)),
        ] {
            assert_eq!(read(text), days.map(str::to_owned), "{text}");
        }
        assert_eq!(Days::of_rule("01/03/2026"), Err(NoDays::Unreadable));
        let rule = "2026-03-01..2026-03-12";
        assert_eq!(Days::of_rule(rule).unwrap().to_string(), rule);
    }

    #[test]
    fn a_column_that_never_tells_day_from_month_is_doubtful() {
        let doubt = |values: &[&str]| {
            let mut order = DayOrder::default();
            for (line, value) in values.iter().enumerate() {
                order.see(line as u64, value);
            }
            order.doubt().map(|(line, _)| line)
        };
        assert_eq!(doubt(&["2026-03-04", "03/04/2026", "05/04/2026"]), Some(1));
        assert_eq!(doubt(&["03/04/2026", "23/04/2026"]), None);
        assert_eq!(doubt(&["03/04/2026", "04/23/2026"]), Some(0));
        assert_eq!(doubt(&["2026-03-04", "04/04/2026", "soon", ""]), None);
        let period = "03/04/2026..05/04/2026";
        assert_eq!(doubt(&["2026-03-01..2026-03-12", period]), Some(1));
        assert_eq!(doubt(&[period, "03/04/2026..23/04/2026"]), None);
    }
}
