//! Whether a letter answers the requests, to whom, and what holds it: first what only a human can judge, last the settings.

use super::course::Course;
use super::holds::{holds_all, identity, needs_identity, owes_a_copy, register, relation};
use super::is;
use crate::record::{
    Language, LetterHead, LetterId, LetterKind, LetterState, MessageState, Mode, RequestKind,
    RuleId, Timestamp, Verdict,
};
use crate::request::correspondent::Correspondent;
use crate::request::decision::{Decision, LetterPlan, Release};
use crate::request::expectation::{Expectation, within_a_day};
use crate::request::policy::{Automation, StopAnswer};
use crate::request::rule;

const WEEK_MILLIS: i64 = 7 * 86_400_000;

/// Plans the letter for these requests, and says how the message ends.
pub(super) fn write(c: &Course<'_, '_>, kinds: &[RequestKind], d: &mut Decision) {
    let stop_alone = kinds == [RequestKind::Stop];
    if stop_alone && c.s.who.unsubscribe {
        return done_without_letter(c, d, rule::TOKEN);
    }
    if c.s.gate.verdict == Verdict::Never {
        return d.hold(c.s.gate.rule.clone());
    }
    if let Some(held) = holds_all(c, kinds) {
        d.alert |= held == rule::AGAIN;
        await_proof(c, kinds, d);
        return draft(c, kinds, held, d);
    }
    if !c.whose.same {
        return neutral(c, kinds, d);
    }
    if let Some(held) = identity(c, kinds).or_else(|| register(c, kinds)) {
        await_proof(c, kinds, d);
        return draft(c, kinds, held, d);
    }
    if stop_alone && !stop_is_answered(c) {
        return done_without_letter(c, d, rule::STOP_ANSWER);
    }
    released(c, kinds, d);
}

/// B8, whatever else holds the letter: nobody's data are given, and nobody's erased, before it is proved who asks.
fn await_proof(c: &Course<'_, '_>, kinds: &[RequestKind], d: &mut Decision) {
    if c.whose.stranger || identity(c, kinds).is_none() {
        return;
    }
    if let Some(case) = &mut d.case {
        case.awaiting_identity = kinds.iter().copied().filter(needs_identity).collect();
    }
}

fn done_without_letter(c: &Course<'_, '_>, d: &mut Decision, rule: RuleId) {
    (d.state, d.rule) = (MessageState::Acted, rule);
    if let Some(case) = &mut d.case {
        case.closed = case.new && !c.whose.stranger;
    }
}

/// B9: the sender is not the person. The neutral STOP letter may leave, everything else waits.
fn neutral(c: &Course<'_, '_>, kinds: &[RequestKind], d: &mut Decision) {
    let (stop, rest): (Vec<_>, Vec<_>) =
        kinds.iter().copied().partition(|k| *k == RequestKind::Stop);
    if stop.is_empty() {
        return draft(c, kinds, rule::NOT_THE_PERSON, d);
    }
    if rest.is_empty() && !stop_is_answered(c) {
        return done_without_letter(c, d, rule::STOP_ANSWER);
    }
    let release = match relation(c) {
        Some(held) => Err(held),
        None if !stop_is_answered(c) => Err(rule::NOT_THE_PERSON),
        None => settings(c, &stop, d),
    };
    let release = match release {
        Ok(release) => release,
        Err(held) if rest.is_empty() => return draft(c, kinds, held, d),
        Err(_) => return draft(c, kinds, rule::NOT_THE_PERSON, d),
    };
    d.letter = plan(c, LetterKind::Answer, &stop, &[], release, d);
    (d.state, d.rule) = (MessageState::Answered, rule::NOT_THE_PERSON);
    if d.letter.is_none() {
        return d.hold(rule::UNSURE_LETTER);
    }
    if !rest.is_empty() {
        let held = Release::Held(rule::NOT_THE_PERSON);
        d.draft = plan(c, LetterKind::Answer, &rest, &[], held, d);
        d.hold(rule::NOT_THE_PERSON);
    }
}

/// `stop_answer`: whether a STOP is answered by a letter at all.
fn stop_is_answered(c: &Course<'_, '_>) -> bool {
    let text = &c.s.message.fresh.text;
    let long = text.split_whitespace().count() >= 12 || text.matches('!').count() >= 2;
    match c.policy.settings.stop_answer {
        StopAnswer::Always => true,
        StopAnswer::LongOrAngry => long,
        StopAnswer::Never => false,
    }
}

/// Nothing of the content holds it: an answer, or an acknowledgement and the answer as a draft.
fn released(c: &Course<'_, '_>, kinds: &[RequestKind], d: &mut Decision) {
    // A copy tells where each datum comes from (Art. 15(1)(g)), and an erasure that was asked with it comes after it.
    let vague = kinds.contains(&RequestKind::Access) && !c.s.house.sourced;
    let at_once = |k: &RequestKind| {
        !needs_identity(k)
            || (c.policy.automation(*k) == Automation::Auto
                && c.s.house.systems_delivered
                && !vague
                && !waits_for_a_copy(c, *k))
    };
    let (now, later): (Vec<_>, Vec<_>) = kinds.iter().copied().partition(at_once);
    let review = c.policy.settings.acknowledgement == Automation::Review;
    let release = match settings(c, &now, d) {
        Ok(_) if review && !later.is_empty() => Release::Held(rule::REVIEW),
        Ok(release) => release,
        // In review an acknowledgement may leave days before its answer, so each is a draft of its own.
        Err(held) if c.s.house.mode == Mode::Review && held == rule::MODE && !later.is_empty() => {
            Release::Held(held)
        }
        Err(held) => return draft(c, kinds, held, d),
    };
    if later.is_empty() {
        d.letter = plan(c, LetterKind::Answer, &now, &[], release, d);
    } else {
        acknowledged(c, &now, &later, release, d);
    }
    match d.letter.as_ref().map(|l| l.release.clone()) {
        Some(Release::Automatic { .. } | Release::WhenObeyed { .. }) => {
            (d.state, d.rule) = (MessageState::Answered, rule::DONE);
        }
        Some(Release::Held(held)) => (d.state, d.rule) = (MessageState::Held, held),
        None => d.hold(rule::UNSURE_LETTER),
    }
}

/// An erasure, while a copy is owed that it would leave nothing of.
fn waits_for_a_copy(c: &Course<'_, '_>, kind: RequestKind) -> bool {
    kind == RequestKind::Erasure && owes_a_copy(c)
}

/// "Received on …, answered by …", and the answer as a draft.
fn acknowledged(
    c: &Course<'_, '_>,
    now: &[RequestKind],
    later: &[RequestKind],
    release: Release,
    d: &mut Decision,
) {
    let auto = |k: &RequestKind| c.policy.automation(*k) == Automation::Auto;
    let why = match later.iter().all(auto) {
        true if later.iter().any(|k| waits_for_a_copy(c, *k)) => rule::LEFT_TO_ERASE,
        true if c.s.house.systems_delivered => rule::SOURCE_VAGUE,
        true => rule::SYSTEMS,
        false => rule::REVIEW,
    };
    d.letter = plan(c, LetterKind::Acknowledgement, now, later, release, d);
    if d.letter.is_some() {
        d.draft = plan(c, LetterKind::Answer, later, &[], Release::Held(why), d);
    }
}

/// What the settings say of a letter that nothing else holds: caps, age, mode, review, and then when it leaves.
fn settings(
    c: &Course<'_, '_>,
    kinds: &[RequestKind],
    d: &mut Decision,
) -> Result<Release, RuleId> {
    let house = &c.s.house;
    over_a_cap(c, kinds, d)?;
    if c.s.arrival.reread {
        return Err(rule::REREAD);
    }
    if house
        .activated
        .is_none_or(|since| c.s.arrival.written < since)
        && house.mode == Mode::Live
    {
        return Err(rule::AGE);
    }
    if house.mode != Mode::Live {
        return Err(rule::MODE);
    }
    let review = |k: &RequestKind| c.policy.automation(*k) == Automation::Review;
    if kinds.iter().any(review) {
        return Err(rule::REVIEW);
    }
    if let Some(mail) = c.s.arrival.mail {
        d.expectations.push(Expectation::NotAnsweredByHand(mail));
    }
    Ok(leaves(c, d))
}

/// A7, and addresses that mail comes back from.
fn over_a_cap(c: &Course<'_, '_>, kinds: &[RequestKind], d: &mut Decision) -> Result<(), RuleId> {
    let (caps, now) = (&c.policy.settings.caps, c.now);
    if let Some(case) = c.open.filter(|o| o.row.steps > 0) {
        return (case.row.steps < caps.case).then_some(()).ok_or(rule::CAP);
    }
    for row in c.whose.from.iter().chain(&c.whose.about).map(|k| &k.row) {
        if row.failing_until.is_some_and(|until| now < until) {
            return Err(rule::REPORT);
        }
        let times: Vec<Timestamp> = row.letters.iter().map(|(t, _)| *t).collect();
        let of_kind = |k: &RequestKind| {
            let week = |t: &Timestamp| now.millis_since(*t) < WEEK_MILLIS;
            let same = row
                .letters
                .iter()
                .filter(|(t, bits)| week(t) && bits & (1 << *k as u8) != 0);
            same.count() >= caps.person_kind_week
        };
        if within_a_day(&times, now) >= caps.person_day || kinds.iter().any(of_kind) {
            return Err(rule::CAP);
        }
    }
    if let Some(domain) = c.s.who.domain.as_ref().filter(|f| !f.freemail) {
        let limit = caps.domain_day;
        if within_a_day(&c.s.history.domain_letters, now) >= limit {
            return Err(rule::CAP);
        }
        let (domain, at) = (domain.fingerprint, now);
        d.expectations
            .push(Expectation::UnderDomain { domain, at, limit });
    }
    Ok(())
}

/// The delay, the hourly number (what is over it waits for a later hour), office hours.
fn leaves(c: &Course<'_, '_>, d: &mut Decision) -> Release {
    let (settings, sent) = (&c.policy.settings, c.s.history.letters_this_hour);
    let mut at = c.now.plus_seconds(i64::from(settings.delay_minutes) * 60);
    if let Some(hours) = sent.checked_div(settings.caps.hour) {
        at = at.plus_seconds(i64::try_from(hours).unwrap_or(0).saturating_mul(3600));
        let limit = (hours + 1).saturating_mul(settings.caps.hour);
        d.expectations
            .push(Expectation::UnderHourly { at: c.now, limit });
    }
    let not_before = c.policy.calendar.office_moment(at);
    Release::Automatic {
        not_before,
        expires: not_before.plus_days(i64::from(settings.letter_expiry_days)),
    }
}

/// A letter for a human, and the message held by this rule; without a template only the case waits.
fn draft(c: &Course<'_, '_>, kinds: &[RequestKind], held: RuleId, d: &mut Decision) {
    let waiting = c.open.and_then(|o| {
        o.letters
            .iter()
            .rev()
            .find(|(_, l)| l.state == LetterState::Draft && l.head.kind == LetterKind::Answer)
    });
    let mut all = kinds.to_vec();
    all.extend(
        waiting
            .iter()
            .flat_map(|(_, l)| l.head.answers.iter().copied()),
    );
    all.sort_unstable();
    all.dedup();
    // What has no words in this language is left to a human; the rest has a letter all the same.
    let (has, language) = (c.s.house.has_template, spoken(c));
    all.retain(|k| has(language, LetterKind::Answer, &[*k]));
    if !all.is_empty() {
        let release = Release::Held(held.clone());
        d.letter = plan(c, LetterKind::Answer, &all, &[], release, d);
    }
    if let (Some(letter), Some((id, _))) = (&mut d.letter, waiting) {
        letter.letter = *id;
    }
    if is(&held, "P") {
        (d.state, d.rule) = (MessageState::Held, held);
    } else {
        d.hold(held);
    }
}

/// The letter itself; none without a recipient or a template.
fn plan(
    c: &Course<'_, '_>,
    kind: LetterKind,
    answers: &[RequestKind],
    announces: &[RequestKind],
    release: Release,
    d: &Decision,
) -> Option<LetterPlan> {
    let case = d.case.as_ref()?;
    // What is only announced is answered later, in a letter of its own: its template is not needed now.
    let language = language(c, kind, answers)?;
    let step = c.open.map_or(0, |o| o.row.steps);
    let step = step.saturating_add(u8::from(d.letter.is_some()));
    let firm = c.s.who.domain.as_ref().filter(|f| !f.freemail);
    let head = LetterHead {
        letter: LetterId {
            case: case.case,
            step,
            series: 0,
        },
        kind,
        answers: answers.to_vec(),
        person: case.person,
        domain: firm.map(|f| f.fingerprint),
        message: Some(c.s.arrival.content),
        automatic: false,
    };
    let file = c.whose.about.and_then(|k| k.opened.as_ref());
    let reader = Correspondent {
        from: c.s.message.from.as_ref(),
        on_file: file.map_or(&[], |o| &o.addresses),
        same: c.whose.same,
    };
    LetterPlan::of(head, announces.to_vec(), language, &reader, release)
}

/// The language of the message, of the register, of the case, of the house, if it has the letter's parts.
fn language(c: &Course<'_, '_>, kind: LetterKind, parts: &[RequestKind]) -> Option<Language> {
    let language = spoken(c);
    (c.s.house.has_template)(language, kind, parts).then_some(language)
}

/// The first of these that is known.
fn spoken(c: &Course<'_, '_>) -> Language {
    let file = c.whose.about.and_then(|k| k.opened.as_ref());
    let of_case = c.open.and_then(|o| o.row.language);
    let known = c.s.read.language.or(file.and_then(|o| o.language));
    known
        .or(of_case)
        .unwrap_or(c.policy.settings.default_language)
}
