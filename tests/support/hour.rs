//! Hours of the day, for tests that put the clock forward or look for longer: what is done once a day must not come between.

/// An hour far from now in Europe.
pub fn far() -> i64 {
    (jiff::Timestamp::now().as_second() / 3600 + 12) % 24
}
