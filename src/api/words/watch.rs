//! The daily round and the flags of the house, in a sentence for a reviewer.

use super::Said;
use crate::record::{Alarm, Duty, Event};

pub(super) fn tell(event: &Event) -> Said {
    let (event, what) = match event {
        Event::Duty(Duty::Done {
            checkpoint, keys, ..
        }) => (
            "daily round",
            format!("a checkpoint after frame {checkpoint}; {keys} keys were over their time"),
        ),
        Event::Duty(Duty::DigestLeaving { .. }) => {
            ("digest", "a reviewer's digest was handed over".into())
        }
        Event::Alarm(Alarm::DamageFound { what, .. }) => (
            "damage",
            format!("the store is damaged, sending waits: {}", what.join("; ")),
        ),
        Event::Alarm(Alarm::Acknowledged { flag, by, reason }) => {
            ("acknowledged", format!("{} by {by}: {reason}", flag.word()))
        }
        _ => return None,
    };
    Some((event, what, None))
}
