//! Moments as people read them: in the controller's time zone and the visitor's language.

use super::words::Words;
use crate::answer::date_in_words;
use crate::record::Timestamp;
use serde::Serialize;

/// A moment, for programs and for people.
#[derive(Clone, Debug, Serialize)]
pub struct When {
    /// RFC 3339.
    pub iso: String,
    /// The day in words.
    pub day: String,
    /// Hours and minutes.
    pub time: String,
}

impl When {
    /// In this zone.
    pub fn of(at: Timestamp, zone: &jiff::tz::TimeZone, words: &Words) -> Self {
        let local = zone.to_datetime(at.to_jiff());
        Self {
            iso: at.to_string(),
            day: date_in_words(words.language, local.date()),
            time: local.strftime("%H:%M").to_string(),
        }
    }

    /// The same of a moment as programs read it.
    pub fn read(text: &str, zone: &jiff::tz::TimeZone, words: &Words) -> Option<Self> {
        let at: jiff::Timestamp = text.parse().ok()?;
        Some(Self::of(at.into(), zone, words))
    }
}
