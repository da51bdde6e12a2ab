//! Whether recent replies answer something that lies in Sent, and who judged them at our border (RFC 8601): what `doctor`
//! tells of a mailbox. Only looked at, never changed.

use super::command::Command;
use super::error::SessionError;
use super::reread::field;
use super::session::{Connector, Session};
use super::settings::MailboxSettings;
use async_imap::imap_proto::{AttributeValue, Response};
use std::sync::Arc;

/// How many of the newest messages are looked at.
const RECENT: u32 = 30;

/// Recent replies.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Threads {
    /// Messages that were looked at.
    pub looked: usize,
    /// Who wrote the topmost Authentication-Results of each that has one, in lower case.
    pub borders: Vec<String>,
    /// Messages that say which mail they answer.
    pub replies: usize,
    /// Those whose mail lies in Sent.
    pub matched: usize,
}

/// The newest messages of INBOX that answer something, and how many of those mails lie in Sent.
pub async fn threads(settings: &MailboxSettings) -> Result<Threads, SessionError> {
    let connector = Connector::new(Arc::new(settings.clone()))?;
    let mut session = connector.open().await?;
    let recent = recent(&mut session).await?;
    let ids = |fields: &String| first_id(&field(fields, "in-reply-to"));
    let answered: Vec<String> = recent.iter().filter_map(ids).collect();
    let border = |fields: &String| authserv_id(&field(fields, "authentication-results"));
    let mut threads = Threads {
        looked: recent.len(),
        borders: recent.iter().filter_map(border).collect(),
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

/// What the newest messages of INBOX say of their thread and of who judged them.
async fn recent(session: &mut Session) -> Result<Vec<String>, SessionError> {
    let inbox = session.find("INBOX")?;
    let exists = session.examine(&inbox).await?.exists;
    if exists == 0 {
        return Ok(Vec::new());
    }
    let first = exists.saturating_sub(RECENT - 1).max(1);
    let command = Command::new("FETCH")
        .word(&format!("{first}:{exists}"))
        .word("(BODY.PEEK[HEADER.FIELDS (IN-REPLY-TO AUTHENTICATION-RESULTS)])");
    let mut found = Vec::new();
    let ending = session.exec(command, |response| {
        if let Response::Fetch(_, attributes) = response {
            let fields = attributes.iter().find_map(|a| match a {
                AttributeValue::BodySection { data, .. } => data.as_deref(),
                _ => None,
            });
            found.extend(fields.map(|f| String::from_utf8_lossy(f).into_owned()));
        }
    });
    ending.await?.ok("FETCH of headers")?;
    Ok(found)
}

/// The first Message-ID of a field, with its angle brackets.
fn first_id(field: &str) -> Option<String> {
    let (_, rest) = field.split_once('<')?;
    let (id, _) = rest.split_once('>')?;
    let odd = |c: char| c.is_whitespace() || c.is_control();
    (!id.is_empty() && !id.contains(odd)).then(|| format!("<{id}>"))
}

/// Who wrote a field of results: its first word, perhaps with a version behind it (RFC 8601 2.2).
fn authserv_id(field: &str) -> Option<String> {
    let first = field.split(';').next()?.split_whitespace().next()?;
    // Microsoft writes results and no name.
    (!first.contains('=')).then(|| first.trim_matches('"').to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mail_that_is_answered_is_named() {
        let field = "your mail of Monday <a@b.example> <c@d>";
        assert_eq!(first_id(field).as_deref(), Some("<a@b.example>"));
        assert_eq!((first_id(""), first_id("<a b>")), (None, None));
    }

    #[test]
    fn who_judged_is_the_first_word_of_the_results() {
        let id = |field| authserv_id(field);
        assert_eq!(
            id("MX.acme.example; dmarc=pass").as_deref(),
            Some("mx.acme.example")
        );
        assert_eq!(
            id("mx.acme.example 1; none").as_deref(),
            Some("mx.acme.example")
        );
        assert_eq!(
            (id(""), id("spf=pass smtp.mailfrom=acme.example; dkim=none")),
            (None, None)
        );
    }
}
