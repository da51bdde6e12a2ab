//! What recipients of data were told and said, in a sentence for a reviewer.

use super::Said;
use crate::record::{Event, RecipientEvent, RecipientWay};

pub(super) fn tell(event: &Event) -> Said {
    let Event::Recipient(event) = event else {
        return None;
    };
    let item = event.item();
    let about = format!(
        "{}: {} about the {}",
        item.case, item.recipient, item.request
    );
    let (event, what) = happened(event, &about);
    Some((event, what, None))
}

fn happened(event: &RecipientEvent, about: &str) -> (&'static str, String) {
    match event {
        RecipientEvent::Due { way, by, .. } => {
            let way = match way {
                RecipientWay::Mail => "by mail",
                RecipientWay::Webhook => "by its webhook",
            };
            ("recipient", format!("{about} is to be told {way}, by {by}"))
        }
        RecipientEvent::Leaving { .. } => (
            "recipient leaving",
            format!("{about}: the mail is on its way"),
        ),
        RecipientEvent::Told { reply, .. } => (
            "recipient told",
            format!("{about} was told ({}: {})", reply.phase, reply.text),
        ),
        RecipientEvent::Deferred { reply, next, .. } => {
            let what = format!(
                "{about} could not be told ({}: {}), again at {next}",
                reply.phase, reply.text
            );
            ("recipient deferred", what)
        }
        RecipientEvent::Failed { trouble, reply, .. } => {
            let what = format!(
                "{about} was not told: {} ({}: {})",
                trouble.words(),
                reply.phase,
                reply.text
            );
            ("recipient failed", what)
        }
        RecipientEvent::Acknowledged { message, .. } => {
            let how = if message.is_some() {
                "by mail"
            } else {
                "by its webhook"
            };
            ("acknowledged", format!("{about} acknowledged it {how}"))
        }
    }
}
