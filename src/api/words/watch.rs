//! The daily round and the flags that stop sending, in a sentence for a reviewer.

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
        Event::Alarm(Alarm::Damaged { places }) => (
            "damage",
            format!(
                "nothing is sent until a human has looked: {}",
                places.join("; ")
            ),
        ),
        Event::Alarm(Alarm::Acknowledged { flag, by }) => (
            "acknowledged",
            format!("{} by {by}: sending goes on", flag.word()),
        ),
        _ => return None,
    };
    Some((event, what, None))
}
