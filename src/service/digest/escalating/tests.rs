//! The day of each step, for months of every length, and a complaint until somebody has looked.

use super::*;
use crate::record::{KeyId, LogPosition, RequestState};
use crate::request::{Calendar, Holidays, OfficeHours};
use jiff::tz::TimeZone;

fn at(text: &str) -> Timestamp {
    Timestamp::from(text.parse::<jiff::Timestamp>().unwrap())
}

fn clock(request: RequestKind, received: Timestamp, due: Timestamp) -> Clock {
    Clock {
        request,
        state: RequestState::Open,
        received,
        target: received,
        due,
        reminders: 0,
    }
}

fn case(requests: Vec<Clock>) -> CaseRow {
    CaseRow {
        version: 1,
        person: None,
        opened: requests[0].received,
        language: None,
        requests,
        messages: Vec::new(),
        steps: 0,
        held: None,
        closed: None,
        content_key: KeyId(1),
        proof_key: KeyId(2),
        legal_hold: false,
        previous: None,
        position: LogPosition::default(),
        proposals: Vec::new(),
        review: Default::default(),
    }
}

fn told(row: &CaseRow, seen: Option<Timestamp>, now: Timestamp) -> Vec<(String, Circle)> {
    let id = CaseId::from_bits(1);
    let found = of_case((id, row), seen, &EscalationSettings::default(), now);
    let named = found.into_iter().map(|(about, circle)| {
        let name = match about {
            About::Escalation { step, .. } => step.word(),
            About::Complaint(_) => "complaint",
            About::Unseen(_) => "unseen",
            other => panic!("{other:?}"),
        };
        (name.to_owned(), circle)
    });
    named.collect()
}

/// The days, counted from the arrival, on which a request received then is brought to more people.
fn days(received: &str, extended: bool) -> Vec<i64> {
    let calendar = Calendar {
        zone: TimeZone::UTC,
        holidays: Holidays::of("FR"),
        office: OfficeHours::default(),
    };
    let received = at(received);
    let due = match extended {
        true => calendar.extension(received),
        false => calendar.deadlines(received).due,
    };
    let row = case(vec![clock(RequestKind::Access, received, due)]);
    let first = |step: &str| {
        let has = |day: &i64| {
            let now = received.plus_days(*day);
            told(&row, None, now).iter().any(|(name, _)| name == step)
        };
        (0..120).find(has).unwrap()
    };
    ["reviewer", "deputy", "controller"].map(first).to_vec()
}

#[test]
fn a_month_is_counted_from_the_arrival_and_a_short_one_shrinks() {
    assert_eq!(days("2026-03-02T10:00:00Z", false), [20, 25, 28]);
    assert_eq!(days("2026-04-01T10:00:00Z", false), [20, 25, 28]);
    // To Monday 1 March: 29 days and a half.
    assert_eq!(days("2027-01-31T10:00:00Z", false), [20, 25, 28]);
    // 1 February to 1 March, 28 days and a half: on the 18th, 23rd and 26th day after the first 24 hours.
    assert_eq!(days("2027-02-01T10:00:00Z", false), [20, 24, 27]);
}

#[test]
fn after_an_extension_it_is_the_last_month_that_counts() {
    // 2 March to 2 June, 92 days and a half: 10, 5 and 2 days before.
    assert_eq!(days("2026-03-02T10:00:00Z", true), [83, 88, 91]);
}

#[test]
fn a_shorter_time_has_its_steps_before_its_end() {
    let received = at("2026-03-02T00:00:00Z");
    let row = case(vec![clock(
        RequestKind::Access,
        received,
        received.plus_days(3),
    )]);
    let steps = |hours: i64| told(&row, None, received.plus_seconds(hours * 3600)).len();
    assert_eq!([47, 48, 59, 60, 67, 68].map(steps), [0, 1, 1, 2, 2, 3]);
}

#[test]
fn the_first_running_clock_counts_and_one_that_is_answered_does_not() {
    let received = at("2026-03-02T00:00:00Z");
    let mut first = clock(RequestKind::Stop, received, received.plus_days(31));
    let late = received.plus_days(15);
    let second = clock(RequestKind::Access, late, late.plus_days(31));
    let now = received.plus_days(29);
    let both = case(vec![first.clone(), second.clone()]);
    assert_eq!(told(&both, None, now).len(), 3);
    first.state = RequestState::Answered;
    assert_eq!(told(&case(vec![first, second]), None, now), []);
}

#[test]
fn each_step_goes_to_those_before_too() {
    let received = at("2026-03-02T00:00:00Z");
    let row = case(vec![clock(
        RequestKind::Access,
        received,
        received.plus_days(31),
    )]);
    let all = told(&row, None, received.plus_days(28));
    let named = |name: &str, circle| (name.to_owned(), circle);
    let wanted = [
        named("reviewer", Circle::Readers),
        named("deputy", Circle::Deputies),
        named("controller", Circle::Everybody),
    ];
    assert_eq!(all, wanted);
}

#[test]
fn a_complaint_is_told_at_once_and_to_the_deputies_unless_somebody_has_looked() {
    let came = at("2026-03-07T23:00:00Z");
    let due = came.plus_days(31);
    let mut row = case(vec![clock(RequestKind::Complaint, came, due)]);
    let names = |row: &CaseRow, seen, hours: i64| -> Vec<String> {
        let all = told(row, seen, came.plus_seconds(hours * 3600));
        all.into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(&row, None, 0), ["complaint"]);
    assert_eq!(names(&row, None, 3), ["complaint"]);
    assert_eq!(names(&row, None, 4), ["complaint", "unseen"]);
    assert_eq!(names(&row, Some(came.plus_seconds(60)), 4), ["complaint"]);
    // The case was looked at before it was one of a complaint.
    let before = Some(came.plus_seconds(-60));
    assert_eq!(names(&row, before, 4), ["complaint", "unseen"]);
    row.requests[0].state = RequestState::Answered;
    assert_eq!(names(&row, None, 4), Vec::<String>::new());
}

#[test]
fn a_mail_is_called_by_what_is_most_urgent_in_it() {
    let (case, end) = (CaseId::from_bits(1), at("2026-03-02T00:00:00Z"));
    let step = |step| About::Escalation { case, step, end };
    use EscalationStep::{Deputy, Reviewer};
    assert_eq!(word(&[step(Deputy), step(Reviewer)]), Some("deputy"));
    assert_eq!(word(&[About::Complaint(case)]), Some("complaint"));
    assert_eq!(word(&[About::Due(case)]), None);
}
