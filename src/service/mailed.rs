//! Which mails a person was sent, for the copy of their data.

use super::gathering::Trouble;
use crate::record::{PersonId, Timestamp};
use crate::store::Reader;

/// Mails that an access letter names at most, newest kept.
const MAILS: usize = 1_000;

/// The mails that the person was sent, oldest first, at most [`MAILS`]. A Sent folder is remembered without subjects, so
/// only the subject of the mail that the person answered is known: it is that of their reply.
pub fn past_mails(
    reader: &Reader,
    person: PersonId,
    thread: &[String],
    subject: &str,
) -> Result<Vec<(Timestamp, Option<String>)>, Trouble> {
    let keys = reader.fingerprinter();
    let ours: Vec<_> = thread.iter().map(|id| keys.mail_id(id)).collect();
    let reply = crate::answer::reply(subject);
    let bare = reply.strip_prefix("Re: ").unwrap_or_default();
    let mails = reader.state().mails_to(person)?;
    let known = mails.into_iter().map(|(at, mail)| {
        let answered = ours.contains(&mail) && !bare.is_empty();
        (at, answered.then(|| bare.to_owned()))
    });
    let mut mails: Vec<_> = known.collect();
    mails.sort();
    let many = mails.len().saturating_sub(MAILS);
    mails.drain(..many);
    Ok(mails)
}
