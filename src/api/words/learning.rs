//! A corrected label in a sentence for a reviewer: what the message meant, never its words.

use super::{Said, kinds};
use crate::record::{Event, Label};

pub(super) fn tell(event: &Event) -> Said {
    let what = match event {
        Event::Corrected(c) => {
            let wrong = match c.wrong {
                true => "; its letter was wrong",
                false => "",
            };
            let (message, meant) = (c.message.short(), meant(&c.label));
            format!(
                "message {message} of {} means {meant}{wrong}, by {}",
                c.case, c.by
            )
        }
        Event::CorrectedAlone(c) => {
            let (message, meant) = (c.message.short(), meant(&c.label));
            format!("message {message} means {meant}, by {}", c.by)
        }
        _ => return None,
    };
    Some(("corrected", what, None))
}

fn meant(label: &Label) -> String {
    let mut meant: Vec<String> = Vec::new();
    if !label.requests.is_empty() {
        meant.push(kinds(&label.requests));
    }
    meant.extend(label.stance.map(|s| s.word().to_owned()));
    match meant.is_empty() {
        true => "nothing".to_owned(),
        false => meant.join(" + "),
    }
}
