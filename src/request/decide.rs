//! The decision about one message, as a function of what is known.

use super::decision::Decision;
use super::policy::Policy;
use super::rule;
use super::situation::Situation;
use crate::record::{MessageState, Timestamp};

/// Decides what becomes of a message.
pub fn decide(situation: &Situation<'_>, _policy: &Policy, _now: Timestamp) -> Decision {
    Decision::bare(situation, MessageState::Held, rule::UNSURE)
}
