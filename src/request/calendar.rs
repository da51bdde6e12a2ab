//! Public holidays by country, computed for any year: a deadline never ends on one, and no letter leaves on one.
//!
//! National holidays only. Regional ones (Alsace, the German Länder) are left out on purpose: they could only move the
//! legal end later, and the internal target never relies on a later reading.

use jiff::civil::{Date, date};

/// The public holidays of one country.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holidays {
    fixed: &'static [(i8, i8)],
    /// Days after Easter Sunday.
    easter: &'static [i64],
}

const EASTER_MONDAY: i64 = 1;
const ASCENSION: i64 = 39;
const WHIT_MONDAY: i64 = 50;
const CORPUS_CHRISTI: i64 = 60;
const GOOD_FRIDAY: i64 = -2;

impl Holidays {
    /// Those of a country (ISO 3166-1 alpha-2); of an unknown one the days that nearly all of the EU keeps.
    pub fn of(country: &str) -> Self {
        const E: i64 = EASTER_MONDAY;
        const A: i64 = ASCENSION;
        const W: i64 = WHIT_MONDAY;
        let (fixed, easter): (&'static [(i8, i8)], &'static [i64]) = match country {
            "FR" => (
                &[
                    (1, 1),
                    (5, 1),
                    (5, 8),
                    (7, 14),
                    (8, 15),
                    (11, 1),
                    (11, 11),
                    (12, 25),
                ],
                &[E, A, W],
            ),
            "BE" => (
                &[
                    (1, 1),
                    (5, 1),
                    (7, 21),
                    (8, 15),
                    (11, 1),
                    (11, 11),
                    (12, 25),
                ],
                &[E, A, W],
            ),
            "LU" => (
                &[
                    (1, 1),
                    (5, 1),
                    (5, 9),
                    (6, 23),
                    (8, 15),
                    (11, 1),
                    (12, 25),
                    (12, 26),
                ],
                &[E, A, W],
            ),
            "DE" => (
                &[(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)],
                &[GOOD_FRIDAY, E, A, W],
            ),
            "AT" => (
                &[
                    (1, 1),
                    (1, 6),
                    (5, 1),
                    (8, 15),
                    (10, 26),
                    (11, 1),
                    (12, 8),
                    (12, 25),
                    (12, 26),
                ],
                &[E, A, W, CORPUS_CHRISTI],
            ),
            "NL" => (&[(1, 1), (4, 27), (12, 25), (12, 26)], &[E, A, W]),
            "ES" => (
                &[
                    (1, 1),
                    (1, 6),
                    (5, 1),
                    (8, 15),
                    (10, 12),
                    (11, 1),
                    (12, 6),
                    (12, 8),
                    (12, 25),
                ],
                &[GOOD_FRIDAY],
            ),
            "IT" => (
                &[
                    (1, 1),
                    (1, 6),
                    (4, 25),
                    (5, 1),
                    (6, 2),
                    (8, 15),
                    (11, 1),
                    (12, 8),
                    (12, 25),
                    (12, 26),
                ],
                &[E],
            ),
            "PT" => (
                &[
                    (1, 1),
                    (4, 25),
                    (5, 1),
                    (6, 10),
                    (8, 15),
                    (10, 5),
                    (11, 1),
                    (12, 1),
                    (12, 8),
                    (12, 25),
                ],
                &[GOOD_FRIDAY, CORPUS_CHRISTI],
            ),
            "PL" => (
                &[
                    (1, 1),
                    (1, 6),
                    (5, 1),
                    (5, 3),
                    (8, 15),
                    (11, 1),
                    (11, 11),
                    (12, 24),
                    (12, 25),
                    (12, 26),
                ],
                &[E, CORPUS_CHRISTI],
            ),
            _ => (&[(1, 1), (5, 1), (12, 25), (12, 26)], &[E]),
        };
        Self { fixed, easter }
    }

    /// Whether this day is a public holiday.
    pub fn contains(&self, day: Date) -> bool {
        if self.fixed.contains(&(day.month(), day.day())) {
            return true;
        }
        let after = days_between(easter_sunday(day.year()), day);
        self.easter.contains(&after)
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    // The unit is days by default, and two dates of one year are never too far apart.
    from.until(to)
        .map_or(i64::MIN, |span| i64::from(span.get_days()))
}

/// Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher).
fn easter_sunday(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - b / 4 - g + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(year, month as i8, day as i8).unwrap_or(date(year, 3, 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_falls_where_it_fell() {
        for (year, month, day) in [
            (1961, 4, 2),
            (2000, 4, 23),
            (2008, 3, 23),
            (2011, 4, 24),
            (2024, 3, 31),
            (2026, 4, 5),
            (2027, 3, 28),
            (2038, 4, 25),
            (2076, 4, 19),
        ] {
            assert_eq!(easter_sunday(year), date(year, month, day));
        }
    }

    #[test]
    fn each_country_keeps_its_own_days() {
        let (fr, de) = (Holidays::of("FR"), Holidays::of("DE"));
        assert!(fr.contains(date(2026, 7, 14)) && !de.contains(date(2026, 7, 14)));
        assert!(
            de.contains(date(2026, 4, 3)) && !fr.contains(date(2026, 4, 3)),
            "Good Friday"
        );
        assert!(fr.contains(date(2026, 5, 14)), "Ascension");
        assert!(fr.contains(date(2026, 5, 25)), "Whit Monday");
        assert!(Holidays::of("ZZ").contains(date(2026, 12, 25)));
    }
}
