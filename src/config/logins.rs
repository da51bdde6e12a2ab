//! Log-ins by token: whose each is, which only the whole configuration knows.

use super::{SecretSource, StoreSettings};
use crate::delivery::SmtpSettings;
use crate::mailbox::MailboxSettings;

/// Whose each log-in by token is, and where its tokens are kept.
pub fn own(
    mailboxes: &mut [MailboxSettings],
    smtp: Option<&mut SmtpSettings<SecretSource>>,
    store: Option<&StoreSettings>,
) {
    let Some(StoreSettings { path, .. }) = store else {
        return;
    };
    for MailboxSettings { name, imap, .. } in mailboxes {
        if let Some(oauth) = &mut imap.oauth {
            oauth.belongs_to(name, &imap.username, path);
        }
    }
    if let Some(SmtpSettings {
        oauth: Some(oauth),
        username: Some(username),
        ..
    }) = smtp
    {
        oauth.belongs_to("smtp", username, path);
    }
}
