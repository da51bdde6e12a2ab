//! A corrected label in a sentence for a reviewer: what the message meant, never its words.

use super::{Said, kinds};
use crate::record::Event;

pub(super) fn tell(event: &Event) -> Said {
    let Event::Corrected(c) = event else {
        return None;
    };
    let mut meant: Vec<String> = Vec::new();
    if !c.label.requests.is_empty() {
        meant.push(kinds(&c.label.requests));
    }
    meant.extend(c.label.stance.map(|s| s.word().to_owned()));
    if meant.is_empty() {
        meant.push("nothing".to_owned());
    }
    let wrong = if c.wrong {
        "; its letter was wrong"
    } else {
        ""
    };
    let what = format!(
        "message {} of {} means {}{wrong}, by {}",
        c.message.short(),
        c.case,
        meant.join(" + "),
        c.by
    );
    Some(("corrected", what, None))
}
