//! A length of time as people write it in the configuration, and read it there.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::time::Duration;

/// A length of time as people write it: `500 ms`, `30 s`, `5 min`, `4 h`, `3 d`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Span(pub Duration);

impl Span {
    /// So many seconds.
    pub const fn seconds(s: u64) -> Self {
        Self(Duration::from_secs(s))
    }
}

impl std::str::FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("\"{text}\" is no length of time; write 30 s, 5 min, 4 h or 3 d");
        let text = text.trim();
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let number: u64 = text[..text.len() - unit.len()].parse().map_err(|_| bad())?;
        let millis = match unit.trim() {
            "ms" => 1,
            "s" => 1_000,
            "min" | "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(bad()),
        };
        let all = number.checked_mul(millis).ok_or_else(bad)?;
        Ok(Self(Duration::from_millis(all)))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = self.0.as_millis();
        let units = [
            (86_400_000, "d"),
            (3_600_000, "h"),
            (60_000, "min"),
            (1_000, "s"),
        ];
        let whole = units
            .iter()
            .find(|(length, _)| millis > 0 && millis.is_multiple_of(*length));
        let (length, unit) = whole.copied().unwrap_or((1, "ms"));
        write!(f, "{} {unit}", millis / length)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "title": "length of time", "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_reads_as_people_write_it() {
        let ms = |t: &str| t.parse::<Span>().map(|s| s.0.as_millis());
        assert_eq!(ms("500 ms"), Ok(500));
        assert_eq!(ms("5min"), Ok(300_000));
        assert_eq!(ms(" 3 d "), Ok(259_200_000));
        for text in ["500 ms", "30 s", "90 s", "5 min", "4 h", "3 d", "0 ms"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert!(ms("5").is_err() && ms("min").is_err() && ms("99999999999999999999 d").is_err());
    }
}
