//! Whether recent replies answer something that lies in Sent: what `doctor` tells of a mailbox. Only looked at, never changed.

use super::command::Command;
use super::error::SessionError;
use super::session::{Connector, Session};
use super::settings::MailboxSettings;
use async_imap::imap_proto::{AttributeValue, Response};
use std::sync::Arc;

/// How many of the newest messages are looked at.
const RECENT: u32 = 30;

/// Recent replies.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Threads {
    /// Messages that say which mail they answer.
    pub replies: usize,
    /// Those whose mail lies in Sent.
    pub matched: usize,
}

/// The newest messages of INBOX that answer something, and how many of those mails lie in Sent.
pub async fn threads(settings: &MailboxSettings) -> Result<Threads, SessionError> {
    let connector = Connector::new(Arc::new(settings.clone()))?;
    let mut session = connector.open().await?;
    let answered = answered(&mut session).await?;
    let mut threads = Threads {
        replies: answered.len(),
        matched: 0,
    };
    let sent = match settings.sent.as_str() {
        "" => None,
        meant => session.find(meant).ok(),
    };
    if let Some(sent) = sent {
        session.examine(&sent).await?;
        for id in &answered {
            let command = Command::new("UID SEARCH")
                .word("HEADER MESSAGE-ID")
                .string(id, "a Message-ID")?;
            let found = session.search_by(command).await?;
            threads.matched += usize::from(!found.is_empty());
        }
    }
    session.log_out().await;
    Ok(threads)
}

/// What each of the newest messages of INBOX says that it answers.
async fn answered(session: &mut Session) -> Result<Vec<String>, SessionError> {
    let inbox = session.find("INBOX")?;
    let exists = session.examine(&inbox).await?.exists;
    if exists == 0 {
        return Ok(Vec::new());
    }
    let first = exists.saturating_sub(RECENT - 1).max(1);
    let command = Command::new("FETCH")
        .word(&format!("{first}:{exists}"))
        .word("(BODY.PEEK[HEADER.FIELDS (IN-REPLY-TO)])");
    let mut found = Vec::new();
    let ending = session.exec(command, |response| {
        if let Response::Fetch(_, attributes) = response {
            let fields = attributes.iter().find_map(|a| match a {
                AttributeValue::BodySection { data, .. } => data.as_deref(),
                _ => None,
            });
            found.extend(fields.and_then(first_id));
        }
    });
    ending.await?.ok("FETCH of headers")?;
    Ok(found)
}

/// The first Message-ID of a field, with its angle brackets.
fn first_id(fields: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(fields);
    let (_, rest) = text.split_once('<')?;
    let (id, _) = rest.split_once('>')?;
    let whole =
        !id.is_empty() && !id.contains(char::is_whitespace) && !id.contains(char::is_control);
    whole.then(|| format!("<{id}>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mail_that_is_answered_is_named() {
        let field = b"In-Reply-To: your mail of Monday\r\n <a@b.example> <c@d>\r\n\r\n";
        assert_eq!(first_id(field).as_deref(), Some("<a@b.example>"));
        assert_eq!(first_id(b"\r\n"), None);
        assert_eq!(first_id(b"In-Reply-To: <a b>\r\n"), None);
    }
}
