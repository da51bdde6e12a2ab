//! Until when a request must be answered, and when a letter may leave: the calendar of the controller, without a clock.
//!
//! One month is a calendar month (Art. 12(3) GDPR with Reg. 1182/71 Art. 3): to the same day of the next month, or its
//! last day; if that is a Saturday, Sunday or public holiday, to the end of the next working day. A fixed number of days
//! is wrong, and so is not here: the 28 days are an internal target that keeps every reading of the law.

use super::calendar::Holidays;
use crate::record::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[policy.office_hours]`: when letters may leave, in the controller's time zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OfficeHours {
    /// `false`: at any hour of any day. Default `true`.
    pub enabled: bool,
    /// The first hour, 0 to 23. Default 9.
    pub from: u8,
    /// The hour at which the day ends, up to 24. Default 18.
    pub to: u8,
    /// Office days, Monday first. Default Monday to Friday; public holidays are never office days.
    pub days: [bool; 7],
}

impl Default for OfficeHours {
    fn default() -> Self {
        Self {
            enabled: true,
            from: 9,
            to: 18,
            days: [true, true, true, true, true, false, false],
        }
    }
}

/// The two dates of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deadlines {
    /// What the house works towards: a working day, at most 28 days after receipt.
    pub target: Timestamp,
    /// The legal end: the last moment of its day.
    pub due: Timestamp,
}

/// The controller's calendar.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// The controller's time zone.
    pub zone: TimeZone,
    /// The controller's public holidays.
    pub holidays: Holidays,
    /// When letters may leave.
    pub office: OfficeHours,
}

impl Calendar {
    /// The dates of a request received at this moment.
    pub fn deadlines(&self, received: Timestamp) -> Deadlines {
        let day = self.day(received);
        let due = self.end_of(self.working_day_from(plus(day, 1.month())));
        // The earliest reading counts 28 days (no month is shorter) and moves backwards from a day of rest.
        let target = self.end_of(self.working_day_until(plus(day, 28.days())));
        Deadlines {
            target: target.max(received),
            due: due.max(received),
        }
    }

    /// The legal end after an extension: two more months (Art. 12(3)), three from receipt.
    pub fn extension(&self, received: Timestamp) -> Timestamp {
        self.end_of(self.working_day_from(plus(self.day(received), 3.months())))
    }

    /// The first moment from `at` on at which a letter may leave.
    pub fn office_moment(&self, at: Timestamp) -> Timestamp {
        if !self.office.enabled {
            return at;
        }
        let mut day = self.day(at);
        // With one office day a week and a holiday on it, a few weeks are enough; the bound only guards the loop.
        for _ in 0..60 {
            if self.is_office_day(day) {
                let opens = self.hour_of(day, self.office.from);
                let closes = self.hour_of(day, self.office.to);
                if at < closes {
                    return at.max(opens);
                }
            }
            day = plus(day, 1.day());
        }
        at
    }

    /// The day of a moment in the controller's time zone.
    pub fn day(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at.to_jiff()).date()
    }

    /// The middle of a day in the controller's time zone: for what is known to have arrived that day.
    pub fn noon(&self, day: Date) -> Timestamp {
        self.hour_of(day, 12)
    }

    /// Whether public business is done on this day.
    pub fn is_working_day(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
            && !self.holidays.contains(day)
    }

    fn is_office_day(&self, day: Date) -> bool {
        let weekday = day.weekday().to_monday_zero_offset() as usize;
        self.office.days[weekday % 7] && !self.holidays.contains(day)
    }

    fn working_day_from(&self, mut day: Date) -> Date {
        while !self.is_working_day(day) && day < Date::MAX {
            day = plus(day, 1.day());
        }
        day
    }

    fn working_day_until(&self, mut day: Date) -> Date {
        while !self.is_working_day(day) && day > Date::MIN {
            day = plus(day, (-1).days());
        }
        day
    }

    fn hour_of(&self, day: Date, hour: u8) -> Timestamp {
        if hour >= 24 {
            return self.hour_of(plus(day, 1.day()), 0);
        }
        let local = day.at(hour as i8, 0, 0, 0);
        match self.zone.to_timestamp(local) {
            Ok(at) => at.into(),
            // Only at the two ends of the representable time.
            Err(_) if day > Date::ZERO => jiff::Timestamp::MAX.into(),
            Err(_) => jiff::Timestamp::MIN.into(),
        }
    }

    /// The last millisecond of a day.
    fn end_of(&self, day: Date) -> Timestamp {
        self.hour_of(day, 24).plus_millis(-1)
    }
}

/// `day` plus a span; a month ends on its last day, and the far ends of the calendar stay where they are.
fn plus(day: Date, span: Span) -> Date {
    day.saturating_add(span)
}

#[cfg(test)]
mod tests;
