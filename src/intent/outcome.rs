//! What live mode with every kind on `auto` does with the content of a message: act, hold, or ignore.
//!
//! About the content alone: who may be answered is the gate's word, who the person is comes later. Deliberately absent:
//! mode, register, caps.

use super::classification::Classification;
use crate::mail::Gate;
use crate::record::{Outcome, Reading, RequestKind, Stance, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[policy.thresholds]`: how sure the reader must be, 0 to 1, before a kind is acted upon without a human. The only
/// thresholds of the house: whoever has a configuration passes its policy's, whoever has none passes the default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// For a STOP: one too many costs little, and can be lifted. Default 0.7.
    pub stop: f32,
    /// For a question for the source. Default 0.7.
    pub source: f32,
    /// For access: "send me what you have" is mostly said by people who want to buy. Default 0.9.
    pub access: f32,
    /// For erasure. Default 0.7.
    pub erasure: f32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            stop: 0.7,
            source: 0.7,
            access: 0.9,
            erasure: 0.7,
        }
    }
}

impl Thresholds {
    /// The threshold of a kind; `None` for kinds that a human always sees.
    pub fn of(&self, kind: RequestKind) -> Option<f32> {
        match kind {
            RequestKind::Stop => Some(self.stop),
            RequestKind::Source => Some(self.source),
            RequestKind::Access => Some(self.access),
            RequestKind::Erasure => Some(self.erasure),
            RequestKind::Rectification
            | RequestKind::Restriction
            | RequestKind::Portability
            | RequestKind::Complaint => None,
        }
    }
}

/// Kinds that a human always sees: no threshold lets them act.
pub(super) fn is_for_a_human(kind: RequestKind) -> bool {
    Thresholds::default().of(kind).is_none()
}

/// The outcome, and why a human must see it if so.
pub fn outcome(
    gate: &Gate,
    read: &Classification,
    thresholds: &Thresholds,
) -> (Outcome, Option<String>) {
    match gate.reading {
        Reading::Nothing | Reading::Report => return (Outcome::Ignore, None),
        Reading::Note => {
            // A machine speaks: only a standing opt-out or request in its own words is worth a human's minute (A3).
            return match read.requests.first() {
                Some(found) => (
                    Outcome::Hold,
                    Some(format!("{} in an automatic reply", found.kind)),
                ),
                None => (Outcome::Ignore, None),
            };
        }
        Reading::Obey => {}
    }
    match hold_reason(gate, read, thresholds) {
        Some(reason) => (Outcome::Hold, Some(reason)),
        None if read.requests.is_empty() => (Outcome::Ignore, None),
        None => (Outcome::Act, None),
    }
}

fn hold_reason(gate: &Gate, read: &Classification, thresholds: &Thresholds) -> Option<String> {
    if let Some(signal) = read.human.first() {
        return Some(signal.reason.clone());
    }
    if let Some(signal) = &read.unsure {
        return Some(signal.reason.clone());
    }
    if read.stance == Some(Stance::Departed) && !read.requests.is_empty() {
        return Some("departed".to_owned());
    }
    for found in &read.requests {
        match thresholds.of(found.kind) {
            None => return Some(format!("{} is for a human", found.kind)),
            Some(needed) if found.confidence < needed => {
                return Some(format!("not sure enough of {}", found.kind));
            }
            Some(_) => {}
        }
    }
    let doubtful = gate.verdict != Verdict::Answer && !read.requests.is_empty();
    doubtful.then(|| format!("{}: {}", gate.rule, gate.sign))
}
