//! Which mails a person was sent, for the copy of their data.

use super::gathering::Trouble;
use crate::record::{PersonId, SentRow, Table, Timestamp, decode};
use crate::store::Reader;

/// Mails that an access letter names at most, newest kept.
const MAILS: usize = 1_000;
/// Rows of the Sent index read at once.
const PAGE: usize = 10_000;

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
    let (mut mails, mut from) = (Vec::new(), Vec::new());
    loop {
        let page = reader.state().0.scan(Table::Sent, &[], &from, PAGE)?;
        for (key, value) in &page {
            let row: SentRow = decode(value)?;
            if row.to.contains(&person) {
                let answered = ours.iter().any(|id| id.0.as_slice() == key.as_slice());
                let subject = (answered && !bare.is_empty()).then(|| bare.to_owned());
                mails.push((row.at, subject));
            }
        }
        let Some((last, _)) = page.last().filter(|_| page.len() == PAGE) else {
            break;
        };
        from = last.to_vec();
        from.push(0);
    }
    mails.sort();
    let many = mails.len().saturating_sub(MAILS);
    mails.drain(..many);
    Ok(mails)
}
