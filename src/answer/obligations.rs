//! What the law asks a letter to hold, part by part: the half of the linter that misses things.
//!
//! Each item is looked for as the facts spell it, in the text and in the HTML. Deliberately absent: judging whether a fact
//! is true or sufficient; that is the register's and the reviewer's.

use super::claims;
use super::facts::LetterFacts;
use super::lint::{Findings, Place, normal};
use super::part::Part;
use super::words;

/// What the law asks for, by part (rights.md, By kind); each is looked for as the facts spell it.
pub(super) fn must_hold(
    text: &str,
    place: Place,
    f: &LetterFacts,
    parts: &[Part],
    findings: &mut Findings,
) {
    let mut need = |value: &str, name: &str| {
        if !text.contains(normal(value).trim()) {
            findings.add("missing", place, format!("{name} (\"{value}\")"));
        }
    };
    for part in parts {
        match part {
            Part::Stop => need(&f.controller.name, "the firm's name"),
            Part::Acknowledgement => acknowledged(f, &mut need),
            Part::Source => informed(f, &mut need),
            Part::Access => {
                copied(f, &mut need);
                informed(f, &mut need);
            }
            Part::Erasure => erased(f, &mut need),
            Part::Identity => coded(f, &mut need),
            Part::Extension => extended(f, &mut need),
            Part::Apology => apologised(f, &mut need),
        }
    }
}

/// When it arrived, until when it is answered, and under which reference.
fn acknowledged(f: &LetterFacts, need: &mut impl FnMut(&str, &str)) {
    let day = |d| words::date(f.language, d);
    need(&day(f.case.received_on), "the day of receipt");
    need(
        &f.case.due_on.map(day).unwrap_or_default(),
        "the day of the answer",
    );
    need(&f.case.reference, "the reference");
}

/// The code, until when it counts, and the reference.
fn coded(f: &LetterFacts, need: &mut impl FnMut(&str, &str)) {
    let Some(identity) = &f.identity else { return };
    need(&identity.code, "the code");
    need(
        &words::date(f.language, identity.expires_on),
        "the last day of the code",
    );
    need(&f.case.reference, "the reference");
}

/// Until when it takes, why, and the ways to complain (Art. 12(3) and (4)).
fn extended(f: &LetterFacts, need: &mut impl FnMut(&str, &str)) {
    let Some(extension) = &f.extension else {
        return;
    };
    need(
        &words::date(f.language, extension.due_on),
        "the new day of the answer",
    );
    need(&extension.reason, "the reason");
    need(&f.case.reference, "the reference");
    need(&f.controller.authority, "the authority");
}

/// What happened on which day, the reference, and the ways to complain.
fn apologised(f: &LetterFacts, need: &mut impl FnMut(&str, &str)) {
    let Some(apology) = &f.apology else { return };
    for day in &apology.mails {
        need(&words::date(f.language, *day), "the day of the mail");
    }
    need(&f.case.reference, "the reference");
    need(&f.controller.authority, "the authority");
}

/// The copy of the data (Art. 15(3)), if there is one.
fn copied(f: &LetterFacts, need: &mut impl FnMut(&str, &str)) {
    let Some(copy) = &f.copy else { return };
    copy.fields.iter().for_each(|x| need(&x.value, "a datum"));
    copy.mails
        .iter()
        .for_each(|m| need(&words::date(f.language, m.date), "a past mail"));
    copy.systems.iter().for_each(|s| need(&s.name, "a system"));
}

/// What was erased where, what is kept and why, and who was told.
fn erased(f: &LetterFacts, need: &mut impl FnMut(&str, &str)) {
    let Some(erased) = &f.erased else { return };
    let day = |d| words::date(f.language, d);
    erased
        .systems
        .iter()
        .for_each(|s| need(&s.name, "a system"));
    erased
        .kept
        .iter()
        .for_each(|k| need(&k.what, "what is kept"));
    erased
        .kept
        .iter()
        .for_each(|k| need(&k.why, "why it is kept"));
    erased
        .told
        .iter()
        .for_each(|t| need(&t.name, "a recipient who was told"));
    let dates = erased.told.iter().filter(|t| t.state.is_none());
    let dates = dates.filter_map(|t| t.acknowledged_on.or(t.told_on));
    dates.for_each(|d| need(&day(d), "when a recipient was told or answered"));
    let states = erased.told.iter().filter_map(|t| t.state.as_ref());
    states.for_each(|s| need(s, "what became of a recipient"));
    need(
        &erased.backups_expire.map(day).unwrap_or_default(),
        "the end of the backups",
    );
    need(&f.controller.authority, "the authority");
}

/// The origin of each datum: when, from whom, from where.
fn traced(f: &LetterFacts, need: &mut impl FnMut(&str, &str)) {
    for origin in &f.origins {
        need(
            &origin
                .date
                .map(|d| words::date(f.language, d))
                .unwrap_or_default(),
            "the date of an origin",
        );
        let last = origin.until.map(|d| words::date(f.language, d));
        last.iter()
            .for_each(|d| need(d, "the last day of an origin"));
        origin
            .provider
            .iter()
            .for_each(|x| need(x, "the provider of an origin"));
        origin
            .from
            .iter()
            .for_each(|x| need(x, "where an origin was taken from"));
        for datum in &origin.data {
            need(
                words::word(f.language, datum).unwrap_or(datum),
                "a datum with an origin",
            );
        }
    }
}

/// The items of Art. 14, and the origin of each datum.
fn informed(f: &LetterFacts, need: &mut impl FnMut(&str, &str)) {
    traced(f, need);
    let (c, p) = (&f.controller, &f.processing);
    need(&c.legal_name, "the controller");
    need(&c.address, "the controller's address");
    need(&c.privacy_email, "where rights are exercised");
    need(&c.authority, "the authority");
    need(claims::objection(f.language), "the right to object");
    for (text, name) in [
        (&p.why, "why this person"),
        (&p.purpose, "the purpose"),
        (&p.basis, "the lawful basis"),
        (&p.retention, "the retention"),
        (&p.transfers, "the transfers"),
        (&c.dpo, "the data protection officer"),
    ] {
        text.iter().for_each(|t| need(t, name));
    }
    for category in &p.categories {
        need(
            words::word(f.language, category).unwrap_or(category),
            "a category of data",
        );
    }
    p.recipients
        .iter()
        .flatten()
        .for_each(|r| need(r, "a recipient"));
}
