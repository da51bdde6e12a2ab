//! What tools that send were told, in a sentence for a reviewer. Their own words are not repeated: they may name people.

use super::{Said, kinds, name, person};
use crate::record::{Concerned, Event, Notice, NoticeEnd, WAITS_FOR_SENDERS};

pub(super) fn tell(event: &Event) -> Said {
    let Event::Notice(notice) = event else {
        return None;
    };
    let (event, what, rule) = match notice {
        Notice::Due {
            sender, act, about, ..
        } => (
            "sender due",
            format!("{sender} is to be told: {} {}", act.word(), whom(about)),
            None,
        ),
        Notice::Ended {
            sender, about, end, ..
        } => {
            let how = match end {
                NoticeEnd::Obeyed => "has obeyed",
                NoticeEnd::Unknown => "does not know them",
                NoticeEnd::ByHand => "was changed by hand",
            };
            (
                "sender told",
                format!("{sender} {how}: {}", whom(about)),
                None,
            )
        }
        Notice::Failed {
            sender,
            about,
            next,
            ..
        } => (
            "sender not told",
            format!("{sender}: {}, again at {next}", whom(about)),
            None,
        ),
        Notice::Stuck { sender, about, .. } => (
            "sender stuck",
            format!("{sender} must be changed by hand: {}", whom(about)),
            None,
        ),
        Notice::Pulled {
            sender,
            listed,
            new,
            conflicts,
            by,
        } => (
            "sender pulled",
            format!(
                "{sender} keeps out {listed}: {new} new here, {conflicts} do not agree, by {by}"
            ),
            None,
        ),
        Notice::LetterWaits { head, .. } => (
            "letter waits",
            format!(
                "{} ({}: {}) for the senders",
                name(&head.letter),
                head.kind,
                kinds(&head.answers)
            ),
            Some(WAITS_FOR_SENDERS),
        ),
    };
    Some((event, what, rule))
}

fn whom(about: &Concerned) -> String {
    match about {
        Concerned::Person(id) => person(id),
        Concerned::Domain(_) => "a whole domain".into(),
    }
}
