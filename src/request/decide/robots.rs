//! What is not written by a person to us: reports, automatic replies, and what one of us forwards. None gets a letter.

use super::course::Course;
use super::kinds_of;
use crate::mail::Report;
use crate::record::{
    LetterState, MessageState, Proposal, Stance, Suppression, SuppressionReason, Timestamp,
};
use crate::request::decision::{Decision, Suppress};
use crate::request::policy::Policy;
use crate::request::rule;
use crate::request::situation::Situation;

/// For how long letters to an address are held after a hard bounce (answering.md A).
const FAILING_DAYS: i64 = 60;

/// A2: a bounce marks the address, and the letter; a feedback report suppresses.
pub(super) fn report(s: &Situation<'_>, now: Timestamp) -> Decision {
    let mut d = Decision::bare(s, MessageState::Ignored, s.gate.rule.clone());
    let feedback = matches!(s.message.report, Some(Report::Feedback { .. }));
    for reported in s.who.reported.iter().filter(|r| r.failed || feedback) {
        let person = reported.known.person;
        d.state = MessageState::Acted;
        d.person = d.person.or(Some(person));
        d.recognise(&reported.known);
        if feedback {
            d.suppress(Suppress {
                person,
                suppression: Suppression::Suppressed,
                reason: SuppressionReason::FeedbackReport,
            });
            continue;
        }
        let hard = reported.status.starts_with('5');
        d.failed.push((person, now.plus_days(FAILING_DAYS), hard));
        if let Some((id, row)) = &reported.letter
            && row.state != LetterState::Bounced
        {
            let status = reported.status.clone();
            d.bounced
                .push((*id, row.head.answers.clone(), status, hard));
            (d.state, d.alert) = (MessageState::Held, true);
        }
    }
    if feedback && d.suppressions.is_empty() {
        d.state = MessageState::Held;
    }
    d
}

/// A3: an automatic reply is read for a note only: has left, or a standing opt-out in its own words.
pub(super) fn note(s: &Situation<'_>, policy: &Policy, now: Timestamp) -> Decision {
    let course = Course::new(s, policy, now);
    let left = s.read.stance == Some(Stance::Departed)
        || s.read.human.iter().any(|h| h.reason == "departed");
    let mut d = Decision::bare(s, MessageState::Ignored, s.gate.rule.clone());
    let Some(about) = course.whose.about.filter(|_| !course.whose.stranger) else {
        return d;
    };
    if left {
        d.state = MessageState::Held;
        d.pause(about, SuppressionReason::Departed);
        d.failed
            .push((about.person, now.plus_days(FAILING_DAYS), true));
    } else if let Some(kind) = kinds_of(s).first() {
        d.state = MessageState::Held;
        d.pause(about, SuppressionReason::Request(*kind));
    }
    if d.state == MessageState::Held {
        course.hold_for_a_look(&mut d);
    }
    d
}

/// B6: one of us forwards. No letter to anybody; the person is paused, and the rest is proposed as a case.
pub(super) fn colleague(s: &Situation<'_>, policy: &Policy, now: Timestamp) -> Decision {
    let course = Course::new(s, policy, now);
    let mut d = Decision::bare(s, MessageState::Ignored, rule::COLLEAGUE);
    let forwarded = s.who.forwarded.clone().unwrap_or_default();
    let mut kinds = forwarded.kinds;
    kinds.extend(kinds_of(s));
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() {
        return d;
    }
    d.state = MessageState::Held;
    if let Some(inner) = forwarded.known.as_ref().filter(|k| k.contact.is_some()) {
        d.pause(inner, SuppressionReason::Request(kinds[0]));
    }
    course.hold_for_a_look(&mut d);
    // The case is that of the person who asks, never of the colleague who passed it on.
    d.person = forwarded.known.as_ref().map(|k| k.person);
    d.spoke = None;
    if let Some(case) = d.case.as_mut().filter(|c| c.new) {
        case.person = d.person;
        case.previous = None;
    }
    let from = forwarded.from;
    d.proposals
        .push((rule::COLLEAGUE, Proposal::Forwarded { from, kinds }));
    d
}
