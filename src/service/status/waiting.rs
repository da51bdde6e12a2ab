//! What waits for a human, by class.

use crate::record::{Damaged, State, Waiting};
use std::collections::BTreeMap;

/// How many wait in each class, and since when the oldest.
pub(super) fn of(state: &State<'_>) -> Result<BTreeMap<String, (u64, Option<String>)>, Damaged> {
    let mut waiting = BTreeMap::new();
    for class in Waiting::ALL {
        let all = state.waiting(class, 10_000)?;
        if let Some((oldest, _)) = all.first() {
            waiting.insert(
                name(class).to_owned(),
                (all.len() as u64, Some(oldest.to_string())),
            );
        }
    }
    Ok(waiting)
}

/// What waits, in words.
pub(super) fn name(class: Waiting) -> &'static str {
    match class {
        Waiting::HeldMessage => "held messages",
        Waiting::DeadMessage => "dead messages",
        Waiting::HeldCase => "held cases",
        Waiting::Draft => "letters to approve",
        Waiting::Sending => "letters being sent",
        Waiting::Rejected => "rejected letters",
        Waiting::Uncertain => "uncertain letters",
        Waiting::Bounced => "bounced letters",
        Waiting::Truth => "letters that wait for senders",
    }
}
