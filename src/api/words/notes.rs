//! Who ordered something that belongs to no case: a suppression by hand, a look at an incident, a list. The reason stays sealed.

use super::Said;
use crate::record::{Event, Noted};

pub(super) fn tell(event: &Event) -> Said {
    let Event::Noted(note) = event else {
        return None;
    };
    let by = &note.by;
    Some(match note.about {
        Noted::Import(number) => {
            let what = format!("list {number} was handed over by {by}");
            ("import", what, None)
        }
        Noted::Stops(_) => {
            let what = format!("a list of suppressions was handed over by {by}");
            ("import", what, None)
        }
        Noted::Person(_) | Noted::Domain(_) | Noted::Incident(_) | Noted::Flag(_) => {
            ("reason noted", format!("by {by}"), None)
        }
    })
}
