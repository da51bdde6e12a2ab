//! The daily round, in a sentence for a reviewer.

use super::Said;
use crate::record::{Duty, Event};

pub(super) fn tell(event: &Event) -> Said {
    let Event::Duty(Duty::Done {
        checkpoint, keys, ..
    }) = event
    else {
        return None;
    };
    let what = format!("a checkpoint after frame {checkpoint}; {keys} keys were over their time");
    Some(("daily round", what, None))
}
