//! Who stands in for whom, and who hears of it when nobody acts: what is wrong with that although each word is right.

use super::{Document, ReviewSettings, Reviewer};
use crate::record::{Address, EscalationStep};

/// The days of a month, as they are counted.
const MONTH: u8 = 30;

/// What is wrong, each with its place.
pub fn judge(doc: &mut Document, review: &ReviewSettings) {
    for (n, one) in review.reviewers.iter().enumerate() {
        let n = n.to_string();
        let at = |key| ["review", "reviewers", &n, key].map(str::to_owned);
        match (&one.deputy, one.absent.is_empty()) {
            (Some(deputy), _) => {
                for (key, what, fix) in wrong(review, one, deputy) {
                    fault(doc, &at(key), what, fix);
                }
            }
            (None, false) => fault(
                doc,
                &at("absent"),
                "nobody would read in these days",
                "name a deputy beside it: deputy = \"lea@acme.example\"",
            ),
            (None, true) => {}
        }
    }
    let lists: [(&[&str], &[Reviewer]); 2] = [
        (&["review", "deputies"], &review.deputies),
        (
            &["review", "escalation", "controller"],
            &review.escalation.controller,
        ),
    ];
    for (path, all) in lists {
        listed(doc, path, all);
    }
    no_reviewers(doc, review);
    days(doc, review);
}

fn fault(doc: &mut Document, path: &[String], what: impl AsRef<str>, fix: impl AsRef<str>) {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let place = doc.place(&path);
    doc.fault(place, what, fix);
}

/// The key, what is wrong with it, and what to do.
type Wrong = (&'static str, String, String);

/// What is wrong with this deputy of this reviewer.
fn wrong(review: &ReviewSettings, one: &Reviewer, deputy: &Address) -> Vec<Wrong> {
    let Some(known) = review.known(deputy) else {
        let name = deputy.as_str();
        let all = review.reviewers.iter().chain(&review.deputies);
        let others: Vec<&str> = all.map(|r| r.address.as_str()).collect();
        let fix = match super::nearest(name, &others) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("add deputies = [\"{name}\"] to [review]"),
        };
        return vec![("deputy", format!("nobody here is called {name}"), fix)];
    };
    let mut wrong = Vec::new();
    if known.address.same_person(&one.address) {
        let what = format!("{} would stand in for themselves", one.address.as_str());
        let fix = "name somebody else";
        return vec![("deputy", what, fix.to_owned())];
    }
    let pairs = one
        .absent
        .iter()
        .flat_map(|a| known.absent.iter().map(move |b| a.meets(b)));
    if let Some(day) = pairs.flatten().min() {
        let name = known.address.as_str();
        let what = format!("the deputy {name} is absent too on {day}");
        let fix = "name another deputy, or let them be absent on other days";
        wrong.push(("absent", what, fix.to_owned()));
    }
    wrong
}

/// Whoever stands in a list of deputies stands there once, and has no deputy.
fn listed(doc: &mut Document, path: &[&str], all: &[Reviewer]) {
    for (n, one) in all.iter().enumerate() {
        let at = |key: &[&str]| -> Vec<String> {
            let number = n.to_string();
            let path = path.iter().copied().chain([number.as_str()]);
            path.chain(key.iter().copied()).map(str::to_owned).collect()
        };
        let mut before = all.iter().take(n);
        if before.any(|other| other.address.same_person(&one.address)) {
            fault(doc, &at(&[]), "they stand here twice", "remove one of them");
        }
        if one.deputy.is_some() {
            let fix = "remove it: only a reviewer has one";
            fault(doc, &at(&["deputy"]), "nobody would ask this deputy", fix);
        }
        if !one.absent.is_empty() && path.ends_with(&["controller"]) {
            let fix = "remove it, and name two of them if one may be away";
            fault(doc, &at(&["absent"]), "they are told in any case", fix);
        }
    }
}

/// A deputy who is a reviewer is known already.
fn no_reviewers(doc: &mut Document, review: &ReviewSettings) {
    for (n, one) in review.deputies.iter().enumerate() {
        let mut reviewers = review.reviewers.iter();
        if reviewers.any(|r| r.address.same_person(&one.address)) {
            let path = ["review", "deputies", &n.to_string()].map(str::to_owned);
            let what = format!("{} is a reviewer", one.address.as_str());
            fault(
                doc,
                &path,
                what,
                "remove it here: a reviewer may be a deputy as they are",
            );
        }
    }
}

/// Days of a month, one after the other.
fn days(doc: &mut Document, review: &ReviewSettings) {
    let escalation = &review.escalation;
    let mut before = 0;
    for step in EscalationStep::ALL {
        let (day, key) = (escalation.day(step), format!("{}_day", step.word()));
        let at = ["review", "escalation", &key].map(str::to_owned);
        if !(1..=MONTH).contains(&day) {
            let what = format!("{day} is no day of a month of {MONTH} days");
            fault(doc, &at, what, format!("write a number from 1 to {MONTH}"));
        } else if day <= before {
            let fix = "write the days in the order reviewer_day, deputy_day, controller_day";
            fault(
                doc,
                &at,
                "this step would come before the one before it",
                fix,
            );
        }
        before = day;
    }
    if !(1..=72).contains(&escalation.complaint_hours) {
        let at = ["review", "escalation", "complaint_hours"].map(str::to_owned);
        let what = "a complaint is looked at within hours";
        fault(doc, &at, what, "write a number from 1 to 72");
    }
}
