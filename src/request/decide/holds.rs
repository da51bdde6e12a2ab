//! What only a human can judge, and so holds a letter whatever the settings say: the rule, or nothing.

use super::course::Course;
use crate::record::{
    Clock, FolderRole, Relation, RequestKind, RequestState, RuleId, Stance, Verdict,
};
use crate::request::policy::CountryRule;
use crate::request::rule;
use crate::request::situation::Case;

/// How far apart our letter and the repeated words may be (A5).
const ROBOT_MILLIS: i64 = 60_000;

/// Why a human must see the message, whatever is asked: what the reader found beside the requests.
pub(super) fn must_be_seen(c: &Course<'_, '_>) -> Option<RuleId> {
    let reasons = c.s.read.human.iter().map(|h| h.reason.as_str());
    let found: Vec<&str> = reasons.filter(|r| *r != "on_behalf").collect();
    let has = |one: &[&str]| found.iter().any(|r| one.contains(r));
    // Whoever left a firm asks for an address that is somebody else's by now.
    let left = c.s.read.stance == Some(Stance::Departed) && !c.kinds.is_empty();
    if left || has(&["death", "illness", "departed"]) {
        return Some(rule::DEPARTED);
    }
    if has(&["whole_firm"]) {
        return Some(rule::WHOLE_FIRM);
    }
    if let Some(other) = found
        .iter()
        .find(|r| !["other_person", "other_address"].contains(r))
    {
        return Some(if *other == "changed_mind" && c.open.is_some() {
            rule::CONTRADICTION
        } else {
            rule::human(other)
        });
    }
    let others = !found.is_empty() || (!c.kinds.is_empty() && !c.s.who.named.is_empty());
    others.then_some(rule::OTHERS)
}

/// What holds every letter, whoever the sender is.
pub(super) fn holds_all(c: &Course<'_, '_>, kinds: &[RequestKind]) -> Option<RuleId> {
    let always_human = |k: &&RequestKind| **k >= RequestKind::Rectification;
    if let Some(seen) = must_be_seen(c) {
        return Some(seen);
    }
    if kinds.iter().any(|k| always_human(&k)) {
        return Some(rule::ALWAYS_HUMAN);
    }
    if c.whose.stranger {
        return Some(rule::STRANGER);
    }
    if again(c, kinds) {
        return Some(rule::AGAIN);
    }
    if c.s.gate.verdict == Verdict::ActOnly {
        return Some(c.s.gate.rule.clone());
    }
    if c.s.arrival.role == FolderRole::Junk {
        return Some(rule::JUNK);
    }
    if repeated(c) {
        return Some(rule::REPEATED);
    }
    let in_subject_only = |k: &RequestKind| {
        let found = c.s.read.requests.iter().find(|f| f.kind == *k);
        found.is_some_and(|f| f.evidence.iter().all(|e| e.start.is_none()))
    };
    let unsure = |k: &RequestKind| !c.sure(*k) || in_subject_only(k);
    if c.s.read.unsure.is_some() || kinds.iter().any(unsure) {
        return Some(rule::UNSURE_LETTER);
    }
    c.s.history.answered_by_hand.then_some(rule::BY_HAND)
}

/// Whether an open case of the person asks for access: after an erasure there would be nothing to give (Art. 15(3)).
pub(super) fn owes_a_copy(c: &Course<'_, '_>) -> bool {
    let person = c.whose.about.map(|known| known.person);
    let theirs = |case: &&Case| person.is_some() && case.row.person == person;
    let waits = |clock: &Clock| {
        clock.request == RequestKind::Access
            && matches!(
                clock.state,
                RequestState::Open | RequestState::AwaitingIdentity
            )
    };
    let mut open = c.s.history.open.iter().filter(theirs);
    open.any(|case| case.row.requests.iter().any(waits))
}

/// "You wrote again": a STOP where one holds already, or any request after a mail that followed a suppression.
pub(super) fn again(c: &Course<'_, '_>, kinds: &[RequestKind]) -> bool {
    use crate::record::Suppression::Suppressed;
    let Some(known) = c.whose.about else {
        return false;
    };
    let Some(s) = (known.row.suppression.as_ref()).filter(|s| s.suppression == Suppressed) else {
        return false;
    };
    // What arrived before it took effect asks for it, and does not say that it was passed over: a backlog after `replay --apply`.
    if c.s.arrival.received <= s.since {
        return false;
    }
    let mailed_after = known.last_mailed.is_some_and(|m| m > s.since);
    let of_this_case = s.case.is_some() && s.case == c.open.map(|o| o.id);
    mailed_after || (kinds.contains(&RequestKind::Stop) && !of_this_case)
}

/// A5: the same words from the same sender, within a minute of our letter.
pub(super) fn repeated(c: &Course<'_, '_>) -> bool {
    let Some(row) = c.whose.from.map(|f| &f.row) else {
        return false;
    };
    let same = row
        .spoke
        .is_some_and(|(words, _)| words == c.s.arrival.words);
    let after = row
        .last_letter
        .map(|l| c.s.arrival.received.millis_since(l));
    same && after.is_some_and(|ms| (-1_000..=ROBOT_MILLIS).contains(&ms))
}

pub(super) fn needs_identity(kind: &RequestKind) -> bool {
    matches!(kind, RequestKind::Access | RequestKind::Erasure)
}

/// B8.
pub(super) fn identity(c: &Course<'_, '_>, kinds: &[RequestKind]) -> Option<RuleId> {
    let personal = kinds.iter().any(|k| *k != RequestKind::Stop);
    let on_file = c.whose.about.is_some_and(|k| k.contact.is_some());
    let unproved = kinds.iter().any(needs_identity) && !c.whose.proved;
    (unproved || (personal && !on_file)).then_some(rule::IDENTITY)
}

/// A10 for any letter: only a plain prospect, or somebody of whom nothing else is known, is answered by a machine.
pub(super) fn relation(c: &Course<'_, '_>) -> Option<RuleId> {
    let row = c.whose.about.and_then(|k| k.contact.as_ref())?;
    let plain = matches!(row.facts.relation, Relation::Prospect | Relation::Unknown);
    (!plain).then_some(rule::NOT_A_PROSPECT)
}

/// A10, and whether the register proves what a source letter says.
pub(super) fn register(c: &Course<'_, '_>, kinds: &[RequestKind]) -> Option<RuleId> {
    if let Some(held) = relation(c) {
        return Some(held);
    }
    if !kinds.contains(&RequestKind::Source) {
        return None;
    }
    let known = c.whose.about?;
    let facts = &known.contact.as_ref()?.facts;
    if facts.relation != Relation::Prospect {
        return Some(rule::NOT_A_PROSPECT);
    }
    if facts.freemail {
        return Some(rule::FREEMAIL);
    }
    let country = known.opened.as_ref().and_then(|o| o.country.as_ref());
    let law = country.and_then(|code| c.policy.settings.countries.get(code));
    if law != Some(&CountryRule::LegitimateInterest) {
        return Some(rule::COUNTRY);
    }
    (!c.s.house.sourced).then_some(rule::SOURCE_VAGUE)
}
