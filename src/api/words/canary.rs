//! The canary's way in a sentence for a reviewer.

use super::Said;
use crate::record::{Canary, CanaryStep, Event, RuleId};

pub(super) fn tell(event: &Event) -> Said {
    let Event::Canary(canary) = event else {
        return None;
    };
    let (request, step) = match canary {
        Canary::Begun { request, by, .. } => {
            let what = format!("a marked mail that asks {request} shall leave, by {by}");
            return Some(("canary", what, None));
        }
        Canary::Moved { request, step, .. } => (request, step),
    };
    let mut decided: Option<RuleId> = None;
    let what = match step {
        CanaryStep::Sent => format!("its {request} left the canary's account"),
        CanaryStep::Answered { rule, .. } => {
            decided = Some(rule.clone());
            format!("its {request} was read and understood, and the answer is written")
        }
        CanaryStep::Leaving => format!("the answer to its {request} is on its way"),
        CanaryStep::Left => format!("the server took the answer to its {request}"),
        CanaryStep::Arrived { folder } => {
            format!("the answer to its {request} lies in {folder} of its mailbox")
        }
        CanaryStep::Failed { why } => format!("its {request} was not answered: {why}"),
    };
    Some(("canary", what, decided))
}
