//! Who is behind a line of a list: masked, since a list is seen by whoever passes; the page of the case itself names them.

use crate::record::{Address, CaseId, ContentKey, unhex};
use crate::service::{Trouble, asker, message_kept};
use crate::web::Web;

fn masked(found: Result<Option<Address>, Trouble>) -> Option<String> {
    match found {
        Ok(address) => address.map(|a| a.masked()),
        Err(error) => {
            tracing::error!(%error, "who waits cannot be read");
            None
        }
    }
}

/// Who asks in a case.
pub fn of_case(web: &Web, reference: &str) -> Option<String> {
    let id: CaseId = reference.parse().ok()?;
    let reader = web.desk.office.sequencer.reader();
    let look = || {
        let row = reader.state().case(id)?;
        let address = row.map(|row| asker(reader, &row)).transpose()?;
        Ok(address.flatten())
    };
    masked(look())
}

/// Who wrote a message, if its text is kept.
pub fn of_message(web: &Web, key: &str) -> Option<String> {
    let key = ContentKey(unhex(key)?);
    let reader = web.desk.office.sequencer.reader();
    let look = || {
        let row = reader.state().message(key)?;
        let kept = row.map(|row| message_kept(reader, &row)).transpose()?;
        Ok(kept.flatten().and_then(|k| k.from))
    };
    masked(look())
}
