//! Who is who, in a sentence for a reviewer; the reasons stay sealed.

use super::{Said, person};
use crate::record::{Event, Grouping};

pub(super) fn tell(event: &Event) -> Said {
    let Event::Grouped(grouping) = event else {
        return None;
    };
    let (event, what) = match grouping {
        Grouping::Phones {
            person: who,
            phones,
        } => (
            "telephones",
            format!("{} has {}, perhaps with others", person(who), phones.len()),
        ),
        Grouping::Firms {
            person: who,
            domains,
        } => (
            "firms",
            format!("{} is at {} domains", person(who), domains.len()),
        ),
        Grouping::Merged { into, from, by, .. } => (
            "merged",
            format!("{} is {} from now on, by {by}", person(from), person(into)),
        ),
        Grouping::Split {
            from,
            person: who,
            by,
            ..
        } => (
            "split",
            format!(
                "{} is not {}, and suppressed as they are, by {by}",
                person(who),
                person(from)
            ),
        ),
    };
    Some((event, what, None))
}
