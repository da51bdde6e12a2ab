//! Recognises the messages of a folder that must be read again: by Message-ID, From and Date, without their bodies (C7).

use super::command::{Command, sequence_sets};
use super::error::SessionError;
use super::handover::HeaderKey;
use super::session::Session;
use crate::record::UidSet;
use async_imap::imap_proto::{AttributeValue, Response};

/// How many header keys are asked for at once.
pub(super) const AT_ONCE: usize = 500;

/// The header keys of some messages of the open folder. Those that have gone are left out.
pub async fn header_keys(
    session: &mut Session,
    wanted: &UidSet,
) -> Result<Vec<HeaderKey>, SessionError> {
    let mut keys: Vec<HeaderKey> = Vec::new();
    for set in sequence_sets(wanted) {
        let command = Command::new("UID FETCH")
            .word(&set)
            .word("(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID FROM DATE)])");
        let ending = session.exec(command, |response| {
            if let Some(key) = header_key(response)
                && wanted.contains(key.uid)
            {
                keys.push(key);
            }
        });
        ending.await?.ok("UID FETCH of headers")?;
    }
    keys.sort_by_key(|key| key.uid);
    keys.dedup_by_key(|key| key.uid);
    Ok(keys)
}

fn header_key(response: &Response<'_>) -> Option<HeaderKey> {
    let Response::Fetch(_, attributes) = response else {
        return None;
    };
    let mut uid = None;
    let mut fields = None;
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(n) => uid = Some(*n),
            AttributeValue::BodySection { data, .. } => fields = data.as_deref(),
            _ => {}
        }
    }
    let text = String::from_utf8_lossy(fields?);
    Some(HeaderKey {
        uid: uid?,
        message_id: field(&text, "message-id"),
        from: field(&text, "from"),
        date: field(&text, "date"),
    })
}

/// The first field of that name, unfolded; empty if there is none.
pub(super) fn field(headers: &str, name: &str) -> String {
    let mut lines = headers.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((said, value)) = line.split_once(':') else {
            continue;
        };
        if !said.trim_end().eq_ignore_ascii_case(name) {
            continue;
        }
        let mut value = value.trim().to_owned();
        while let Some(more) = lines.next_if(|l| l.starts_with([' ', '\t'])) {
            value.push(' ');
            value.push_str(more.trim());
        }
        return value.trim().to_owned();
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_folded_field_is_one_line() {
        let headers = "From: A\r\n <a@x.de>\r\nMessage-ID:\r\n <1@x>\r\n\r\n";
        assert_eq!(field(headers, "from"), "A <a@x.de>");
        assert_eq!(field(headers, "message-id"), "<1@x>");
        assert_eq!(field(headers, "date"), "");
    }
}
