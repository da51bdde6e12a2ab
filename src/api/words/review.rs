//! A human's decisions about a case in sentences; who decided stands there, the reasons stay sealed.

use super::Said;
use crate::record::{Event, Review};

/// Says it.
pub fn tell(event: &Event) -> Said {
    let Event::Reviewed(review) = event else {
        return None;
    };
    let case = review.case();
    Some(match review {
        Review::Entered { channel, by, .. } => {
            let what = format!("{case} came by {}, entered by {by}", channel.word());
            ("entered", what, None)
        }
        Review::Extended { by, .. } => ("extended", format!("{case} for a reason, by {by}"), None),
        Review::IdentityAsked { expires, by, .. } => {
            let what =
                format!("{case}: a code to the address on file, good until {expires}, by {by}");
            ("identity asked", what, None)
        }
        Review::IdentityProved { rule, by, .. } => {
            let what = format!("{case}: the person is who they say, by {by}");
            ("identity proved", what, Some(rule.clone()))
        }
        Review::ProposalSettled {
            number,
            accepted,
            by,
            ..
        } => {
            let word = if *accepted {
                "carried out"
            } else {
                "dismissed"
            };
            let what = format!("{case}: proposal {} was {word}, by {by}", number + 1);
            ("proposal", what, None)
        }
        Review::SystemDone {
            request,
            system,
            by,
            ..
        } => {
            let what = format!("{case}: {system} is done with {request}, by {by}");
            ("system done", what, None)
        }
        Review::MailAfterStop { .. }
        | Review::Scanned { .. }
        | Review::OnPaper { .. }
        | Review::Seen { .. } => return more(review),
    })
}

/// Apologies, paper, and who looked.
fn more(review: &Review) -> Said {
    let case = review.case();
    Some(match review {
        Review::Scanned {
            media, octets, by, ..
        } => {
            let what = format!(
                "{case}: a scan ({}, {octets} octets), by {by}",
                media.word()
            );
            ("scanned", what, None)
        }
        Review::OnPaper { by, .. } => {
            let what = format!("{case} is answered on paper, by {by}");
            ("on paper", what, None)
        }
        Review::MailAfterStop { at, .. } => {
            let what = format!("{case} apologises for a mail of {at}");
            ("apology", what, None)
        }
        Review::Seen { by, .. } => ("looked at", format!("{case}, by {by}"), None),
        _ => return None,
    })
}
