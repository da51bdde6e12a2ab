//! Deadlines and office hours: known days, then any day.

use super::*;
use jiff::civil::{DateTime, date};
use proptest::prelude::*;

fn paris() -> Calendar {
    Calendar {
        zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(),
        holidays: Holidays::of("FR"),
        office: OfficeHours::default(),
    }
}

fn at(text: &str) -> Timestamp {
    let local: DateTime = text.parse().unwrap();
    paris().zone.to_timestamp(local).unwrap().into()
}

fn due(received: &str) -> (String, String) {
    let d = paris().deadlines(at(received));
    let show = |t| paris().day(t).to_string();
    (show(d.target), show(d.due))
}

#[test]
fn one_month_is_a_calendar_month() {
    for (received, target, legal) in [
        ("2026-11-23T10:00", "2026-12-21", "2026-12-23"),
        // 31 January: February has no 31st; 28 February 2027 is a Sunday, so Monday.
        ("2027-01-31T10:00", "2027-02-26", "2027-03-01"),
        ("2028-01-31T23:59", "2028-02-28", "2028-02-29"),
        // 14 July is a holiday: the next day. The target goes the other way.
        ("2026-06-14T08:00", "2026-07-10", "2026-07-15"),
        ("2026-06-16T08:00", "2026-07-13", "2026-07-16"),
        // 25 December (Friday), then a weekend: Monday.
        ("2026-11-25T08:00", "2026-12-23", "2026-12-28"),
        // Easter Monday 2026 is 6 April.
        ("2026-03-06T08:00", "2026-04-03", "2026-04-07"),
    ] {
        assert_eq!(due(received), (target.into(), legal.into()), "{received}");
    }
}

#[test]
fn the_day_is_the_controllers_day() {
    // 23:30 UTC on 22 November is already the 23rd in Paris.
    let received: jiff::Timestamp = "2026-11-22T23:30:00Z".parse().unwrap();
    let d = paris().deadlines(received.into());
    assert_eq!(paris().day(d.due), date(2026, 12, 23));
    assert_eq!(d.due, at("2026-12-24T00:00").plus_millis(-1));
}

#[test]
fn an_extension_ends_three_months_after_receipt() {
    let end = paris().extension(at("2026-11-30T10:00"));
    assert_eq!(paris().day(end), date(2027, 3, 1));
}

#[test]
fn a_letter_leaves_in_office_hours_only() {
    for (now, leaves) in [
        ("2026-11-23T10:00", "2026-11-23T10:00"),
        ("2026-11-23T08:59", "2026-11-23T09:00"),
        ("2026-11-23T18:00", "2026-11-24T09:00"),
        ("2026-11-27T17:59:59", "2026-11-27T17:59:59"),
        ("2026-11-27T18:00", "2026-11-30T09:00"),
        ("2026-12-24T20:00", "2026-12-28T09:00"),
    ] {
        assert_eq!(paris().office_moment(at(now)), at(leaves), "{now}");
    }
    let mut always = paris();
    always.office.enabled = false;
    assert_eq!(
        always.office_moment(at("2026-11-22T03:00")),
        at("2026-11-22T03:00")
    );
}

proptest! {
    #[test]
    fn any_deadline_is_a_working_day_and_the_target_comes_first(s in 0i64..4_000_000_000) {
        let (c, received) = (paris(), Timestamp::from_seconds(s));
        let d = c.deadlines(received);
        prop_assert!(received < d.target && d.target <= d.due);
        prop_assert!(c.is_working_day(c.day(d.target)) && c.is_working_day(c.day(d.due)));
        // In calendar days: the night on which clocks go back has an hour more.
        prop_assert!(c.day(d.target) <= plus(c.day(received), 28.days()));
        // 28 days at least, 31 and the longest run of days of rest at most.
        let days = d.due.millis_since(received) / 86_400_000;
        prop_assert!((27..=37).contains(&days), "{}", days);
        prop_assert!(c.extension(received) > d.due);
    }

    #[test]
    fn a_later_request_is_never_due_earlier(a in 0i64..4_000_000_000, more in 0i64..10_000_000) {
        let c = paris();
        let (first, second) = (Timestamp::from_seconds(a), Timestamp::from_seconds(a + more));
        prop_assert!(c.deadlines(first).due <= c.deadlines(second).due);
        prop_assert!(c.deadlines(first).target <= c.deadlines(second).target);
        prop_assert!(c.office_moment(first) <= c.office_moment(second));
    }

    #[test]
    fn the_office_moment_is_in_office_hours_and_never_before(s in 0i64..4_000_000_000) {
        let (c, now) = (paris(), Timestamp::from_seconds(s));
        let leaves = c.office_moment(now);
        prop_assert!(leaves >= now);
        let local = c.zone.to_datetime(leaves.to_jiff());
        prop_assert!((9..18).contains(&local.hour()) && c.is_working_day(local.date()));
        prop_assert_eq!(c.office_moment(leaves), leaves);
    }

    #[test]
    fn the_ends_of_time_do_not_panic(ms in any::<i64>()) {
        let c = paris();
        c.deadlines(Timestamp::from_millis(ms));
        c.extension(Timestamp::from_millis(ms));
        c.office_moment(Timestamp::from_millis(ms));
    }
}
