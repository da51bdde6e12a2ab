//! Log-ins by token: whose each is, which only the whole configuration knows.

use super::Config;

/// Says of each log-in by token whose it is, and where its tokens are kept.
pub fn owned(mut config: Config) -> Config {
    let store = &config.store.path;
    for mailbox in &mut config.mailboxes {
        let imap = &mut mailbox.imap;
        if let Some(oauth) = &mut imap.oauth {
            oauth.belongs_to(&mailbox.name, &imap.username, store);
        }
    }
    let smtp = &mut config.smtp;
    if let (Some(oauth), Some(username)) = (&mut smtp.oauth, &smtp.username) {
        oauth.belongs_to("smtp", username, store);
    }
    if let Some(canary) = &mut config.canary {
        if let Some(oauth) = &mut canary.imap.oauth {
            oauth.belongs_to("canary", &canary.imap.username, store);
        }
        if let (Some(oauth), Some(username)) = (&mut canary.smtp.oauth, &canary.smtp.username) {
            oauth.belongs_to("canary", username, store);
        }
    }
    config
}
