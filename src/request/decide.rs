//! The decision about one message, as a function of what is known.
//!
//! The order is the order of the promise: what is known already, what is no letter from a person, whose request it is,
//! what holds from now on, and only then whether a letter may leave. Deliberately absent: any look-up.

mod course;
mod holds;
mod joined;
mod letter;
mod robots;
mod whose;

use super::decision::Decision;
use super::expectation::Expectation;
use super::policy::Policy;
use super::rule;
use super::situation::Situation;
use crate::record::{MessageState, Reading, RequestKind, RuleId, Timestamp};
use course::Course;

/// Decides what becomes of a message. Every message ends in one state, with the rule that decided.
pub fn decide(situation: &Situation<'_>, policy: &Policy, now: Timestamp) -> Decision {
    let s = situation;
    if let Some(row) = &s.history.same_content {
        let mut again = Decision::bare(s, row.state.unwrap_or(MessageState::Held), rule::DUPLICATE);
        again.again = true;
        again.expectations = vec![
            Expectation::Unseen(s.arrival.location),
            Expectation::KnownContent(s.arrival.content),
        ];
        return again;
    }
    if is(&s.gate.rule, "A0") {
        return Decision::bare(s, MessageState::Dead, s.gate.rule.clone());
    }
    match s.gate.reading {
        Reading::Report => return robots::report(s, now),
        Reading::Nothing if !s.who.unsubscribe => {
            return Decision::bare(s, MessageState::Ignored, s.gate.rule.clone());
        }
        Reading::Note if !s.who.unsubscribe => return robots::note(s, policy, now),
        _ => {}
    }
    if s.who.one_of_us {
        return robots::colleague(s, policy, now);
    }
    Course::new(s, policy, now).run()
}

/// Whether a rule is this one or of its family (`A5`, `A5.spam`).
fn is(rule: &RuleId, family: &str) -> bool {
    let rest = rule.as_str().strip_prefix(family);
    rest.is_some_and(|r| r.is_empty() || r.starts_with('.'))
}

/// What was asked, in the order of the parts of a letter; one entry a kind.
fn kinds_of(s: &Situation<'_>) -> Vec<RequestKind> {
    let mut kinds: Vec<_> = s.read.requests.iter().map(|f| f.kind).collect();
    if s.who.unsubscribe {
        kinds.push(RequestKind::Stop);
    }
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}
