//! Whose request it is (answering.md B1, B3, B8, B9): token, then thread, then From.

use crate::request::situation::{Known, Situation, Who};

/// Whom the message is about, and how that is known.
pub(super) struct Whose<'a> {
    /// The person concerned.
    pub about: Option<&'a Known>,
    /// The sender.
    pub from: Option<&'a Known>,
    /// The sender is the person concerned.
    pub same: bool,
    /// Nobody of the register, nobody whom we wrote to, no token, no thread (B3).
    pub stranger: bool,
    /// B8: From is of the contact's own record, and token, thread or DMARC say so too.
    pub proved: bool,
    /// How, in words, for the proof.
    pub evidence: String,
}

pub(super) fn whose<'a>(s: &Situation<'a>, who: &'a Who) -> Whose<'a> {
    let from = who.from.as_ref();
    let of_thread = from
        .and_then(|f| who.thread.iter().find(|k| k.person == f.person))
        .or_else(|| who.thread.first().filter(|_| who.thread.len() == 1));
    let (about, how) = match (&who.token, of_thread) {
        (Some(token), _) => (Some(token), "token"),
        (None, Some(thread)) => (Some(thread), "thread"),
        (None, None) => (from, "from"),
    };
    let same_id = |k: &&Known| from.is_some_and(|f| f.person == k.person);
    let on_behalf = s.read.human.iter().any(|h| h.reason == "on_behalf");
    let same = about.as_ref().is_some_and(same_id) && !on_behalf;
    let met = |k: &Known| k.contact.is_some() || k.last_mailed.is_some() || !k.row.open.is_empty();
    let stranger = how == "from" && !from.is_some_and(met);
    let own_record = same && about.is_some_and(|k| k.contact.is_some());
    let proved = own_record && (how != "from" || who.dmarc_pass);
    let dmarc = if who.dmarc_pass { ", dmarc pass" } else { "" };
    let person = if same { "the sender" } else { "not the sender" };
    Whose {
        about,
        from,
        same,
        stranger,
        proved,
        evidence: format!("{how}: {person}{dmarc}"),
    }
}
