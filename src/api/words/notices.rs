//! What tools that send were told, in a sentence for a reviewer. Their own words are not repeated: they may name people.

use super::{Said, kinds, name, person};
use crate::record::{Concerned, Event, LetterHead, Notice, NoticeEnd, WAITS_FOR_SENDERS};

pub(super) fn tell(event: &Event) -> Said {
    let Event::Notice(notice) = event else {
        return None;
    };
    let rule = matches!(notice, Notice::LetterWaits { .. }).then_some(WAITS_FOR_SENDERS);
    let (event, what) = match notice {
        Notice::Due {
            sender, act, about, ..
        } => {
            let what = format!("{sender} is to be told: {} {}", act.word(), whom(about));
            ("sender due", what)
        }
        Notice::Ended {
            sender, about, end, ..
        } => {
            let what = format!("{sender} {}: {}", ended(*end), whom(about));
            ("sender told", what)
        }
        Notice::Failed {
            sender,
            about,
            next,
            ..
        } => {
            let what = format!("{sender}: {}, again at {next}", whom(about));
            ("sender not told", what)
        }
        Notice::Stuck { sender, about, .. } => {
            let what = format!("{sender} must be changed by hand: {}", whom(about));
            ("sender stuck", what)
        }
        Notice::Pulled { .. } => ("sender pulled", pulled(notice)),
        Notice::LetterWaits { head, .. } => ("letter waits", waits(head)),
    };
    Some((event, what, rule))
}

fn ended(end: NoticeEnd) -> &'static str {
    match end {
        NoticeEnd::Obeyed => "has obeyed",
        NoticeEnd::Unknown => "does not know them",
        NoticeEnd::ByHand => "was changed by hand",
        NoticeEnd::Left => "is left as it is, by its settings",
    }
}

fn pulled(notice: &Notice) -> String {
    let Notice::Pulled {
        sender,
        listed,
        new,
        conflicts,
        by,
    } = notice
    else {
        return String::new();
    };
    format!("{sender} keeps out {listed}: {new} new here, {conflicts} do not agree, by {by}")
}

fn waits(head: &LetterHead) -> String {
    let (letter, answers) = (name(&head.letter), kinds(&head.answers));
    format!(
        "{letter} ({}: {answers}) for the tools that send",
        head.kind
    )
}

fn whom(about: &Concerned) -> String {
    match about {
        Concerned::Person(id) => person(id),
        Concerned::Domain(_) => "a whole domain".into(),
    }
}
