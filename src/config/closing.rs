//! Mailboxes that close: what must not close with them.

use super::{ControllerSettings, Document};
use crate::mailbox::MailboxSettings;

/// The privacy address stands in every letter, and what goes out no more in a leaver's name goes out from it: it must be read.
pub fn closing(
    doc: &mut Document,
    mailboxes: &[(usize, MailboxSettings)],
    controller: Option<&ControllerSettings>,
) {
    let Some(privacy) = controller.map(|c| &c.privacy_email) else {
        return;
    };
    for (number, mailbox) in mailboxes {
        let whose = mailbox.addresses().any(|a| a.same_person(privacy));
        if mailbox.closing.is_some() && whose {
            let place = doc.place(&["mailbox", &number.to_string(), "closing"]);
            doc.fault(
                place,
                format!(
                    "mailbox {}: it closes, and privacy_email is one of its addresses",
                    mailbox.name
                ),
                "let privacy_email arrive in a mailbox that stays: letters go out from it, and name it for every question",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::record::Fault;
    use std::path::Path;

    fn read(closing: &str) -> Result<Config, Vec<Fault>> {
        let mailbox = |name: &str, more: &str| {
            format!(
                "[[mailbox]]\nname = '{name}'\naddress = '{name}@acme.example'\n{more}\nimap = {{ host = 'h.example', username = 'u', password = {{ env = 'P' }} }}\n"
            )
        };
        let text = format!(
            "[controller]\nname = 'Acme'\nlegal_name = 'Acme SAS'\naddress = 'x'\nprivacy_email = 'privacy@acme.example'\n[store]\npath = 'store'\n[smtp]\nhost = 'h.example'\nusername = 'u'\npassword = {{ file = 'p' }}\n{}{}",
            mailbox("camille", closing),
            mailbox("sales", "")
        );
        Config::read(Path::new("q.toml"), &text)
    }

    #[test]
    fn what_closes_is_passed_over_and_the_privacy_address_must_stay() {
        let config = read("closing = '2026-12-31'").unwrap();
        let camille = &config.mailboxes[0];
        assert!(config.closing(&camille.address) && !config.closing(&config.mailboxes[1].address));
        assert_eq!(
            config.first_mailbox().map(|m| m.name.as_str()),
            Some("sales")
        );
        // The end of the day where the firm is.
        let paris = jiff::tz::TimeZone::get("Europe/Paris").unwrap();
        let end = camille.closes_at(&paris).unwrap().to_string();
        assert_eq!(end, "2026-12-31T23:00:00Z");

        let privacy = read("closing = '2026-12-31'\naliases = ['privacy@acme.example']");
        let told = privacy.unwrap_err()[0].to_string();
        assert!(
            told.contains("q.toml:15") && told.contains("mailbox that stays"),
            "{told}"
        );
        let told = read("closing = 'soon'").unwrap_err()[0].to_string();
        assert!(told.contains("q.toml:15"), "{told}");
    }
}
