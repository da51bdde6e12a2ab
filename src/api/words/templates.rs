//! A change of a template in a sentence for a reviewer: which file, by whom, and the beginning of its text's hash.

use super::Said;
use crate::record::{Event, TemplateHow, hex};

pub(super) fn tell(event: &Event) -> Said {
    let Event::Template(change) = event else {
        return None;
    };
    let text = match &change.digest {
        Some(digest) => format!("text {}", &hex(digest)[..12]),
        None => "the text of Quitus".to_owned(),
    };
    let how = match change.how {
        TemplateHow::Published => format!("published by {}", change.by),
        TemplateHow::RolledBack => format!("rolled back by {}", change.by),
        TemplateHow::Outside => "edited outside".to_owned(),
    };
    let what = format!("{}: {text}, {how}", change.path);
    Some(("template", what, None))
}
