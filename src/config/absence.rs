//! Days on which a reviewer is away, as the operator writes them: `"2026-12-21..2027-01-03"`, or one day.

use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// From one day to another, both included, in the controller's time zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Absence {
    first: Date,
    last: Date,
}

impl Absence {
    /// Whether this day is one of them.
    pub fn holds(&self, day: Date) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// The first day that is one of both.
    pub fn meets(&self, other: &Self) -> Option<Date> {
        let day = self.first.max(other.first);
        other
            .holds(day)
            .then_some(day)
            .filter(|day| self.holds(*day))
    }
}

impl FromStr for Absence {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let day = |text: &str| {
            let day: Result<Date, _> = text.trim().parse();
            day.map_err(|_| {
                format!("\"{text}\" is no day; write 2026-12-21..2027-01-03, or one day")
            })
        };
        let (first, last) = (day(first)?, day(last)?);
        match first <= last {
            true => Ok(Self { first, last }),
            false => Err(format!(
                "\"{text}\" ends before it begins; write the first day first"
            )),
        }
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first == self.last {
            true => write!(f, "{}", self.first),
            false => write!(f, "{}..{}", self.first, self.last),
        }
    }
}

impl<'de> Deserialize<'de> for Absence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

impl Serialize for Absence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Absence {
    fn schema_name() -> Cow<'static, str> {
        "Absence".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Absence {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_read_as_it_is_written_and_both_its_days_belong_to_it() {
        let christmas = of("2026-12-21..2027-01-03");
        for (day, away) in [
            ("2026-12-20", false),
            ("2026-12-21", true),
            ("2027-01-03", true),
            ("2027-01-04", false),
        ] {
            assert_eq!(christmas.holds(day.parse().unwrap()), away, "{day}");
        }
        for text in ["2026-12-21..2027-01-03", "2026-05-01"] {
            assert_eq!(of(text).to_string(), text);
        }
        for wrong in ["", "2026-13-01", "2026-12-21..", "2027-01-03..2026-12-21"] {
            assert!(wrong.parse::<Absence>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn two_meet_on_the_first_day_of_both() {
        let (a, b) = (of("2026-12-21..2027-01-03"), of("2027-01-03..2027-01-09"));
        let third: Date = "2027-01-03".parse().unwrap();
        assert_eq!((a.meets(&b), b.meets(&a)), (Some(third), Some(third)));
        assert_eq!(a.meets(&of("2027-01-04")), None);
        assert_eq!(of("2026-12-20").meets(&a), None);
    }
}
