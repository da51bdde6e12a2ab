//! The Message-ID of a mail to a reviewer, and whether a message answers one or reports about one.
//!
//! A digest belongs to no case, so nothing in the index knows its id: the id proves itself by a keyed half. A reviewer who
//! answers it, their absence note, its bounce are no request of anybody (A1).

use crate::mail::{InboundMessage, Report};
use crate::record::{Fingerprinter, hex};

/// Behind the two halves, before the `@`.
const MARK: &str = ".reviewer.quitus";

/// The Message-ID, with its angle brackets; the same for the same parts.
pub fn message_id(keys: &Fingerprinter, parts: &[&[u8]], domain: &str) -> String {
    let name = hex(&keys.keyed("digest name", parts)[..12]);
    format!("<{name}{}{MARK}@{domain}>", proof(keys, &name))
}

fn proof(keys: &Fingerprinter, name: &str) -> String {
    hex(&keys.keyed("digest", &[name.as_bytes()])[..8])
}

fn is_ours(keys: &Fingerprinter, id: &str) -> bool {
    let local = id.trim_start_matches('<').split('@').next();
    let halves = local.and_then(|l| l.strip_suffix(MARK));
    let Some((name, given)) = halves.and_then(|h| h.split_at_checked(24)) else {
        return false;
    };
    proof(keys, name) == given
}

/// Whether this message answers a mail to a reviewer, or reports about one.
pub fn is_answered_by(keys: &Fingerprinter, message: &InboundMessage) -> bool {
    let returned = message.report.as_ref().and_then(Report::original_id);
    let mut ids = message.thread().into_iter().chain(returned);
    ids.any(|id| is_ours(keys, id))
}
