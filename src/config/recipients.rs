//! `[[recipient]]`: who received data from us, and is told of an erasure, a rectification, a restriction (Art. 19 GDPR).

use super::{Document, SecretSource, SystemSettings};
use crate::record::{Address, Contact, Language, RequestKind};
use crate::register::{RegisterSettings, campaign_fits, known_origins};
use crate::sender::{RecipientHook, WebhookSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The requests of which recipients are told.
pub const TOLD_OF: [RequestKind; 3] = [
    RequestKind::Erasure,
    RequestKind::Rectification,
    RequestKind::Restriction,
];

/// `[[recipient]]`: who received data and is told of what becomes of them (Art. 19), by `email` or by `webhook`.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecipientSettings {
    /// The name under which letters, the log and commands know it: `"Dropcontact"`; never changes once it was used.
    pub name: String,
    /// Where it takes mails about data protection.
    pub email: Option<Address>,
    /// Instead: a place of its own that takes signed messages (Standard Webhooks).
    pub webhook: Option<WebhookSettings>,
    /// Where the secret of the webhook is kept: `whsec_` and base64.
    pub secret: Option<SecretSource>,
    /// Certificates (PEM) to trust beside those of the system. Default: none.
    pub ca_file: Option<PathBuf>,
    /// The language of the mail. Default: `default_language` of `[policy]`.
    pub language: Option<Language>,
    /// Of what it is told. Default: erasure, rectification, restriction.
    #[serde(default = "all")]
    pub requests: Vec<RequestKind>,
    /// It received the contacts of these campaigns; `*` stands for any letters. Default: of all.
    #[serde(default)]
    pub campaigns: Vec<String>,
    /// It knows the contacts with data of these providers, by their id. Default: all.
    #[serde(default)]
    pub providers: Vec<String>,
    /// Days after which a missing answer is shown, 1 to 90. Default 7.
    #[serde(default = "days")]
    pub answer_days: u16,
}

fn all() -> Vec<RequestKind> {
    TOLD_OF.to_vec()
}

const fn days() -> u16 {
    7
}

impl RecipientSettings {
    /// Makes relative file paths relative to the folder of the configuration.
    pub fn resolve_in(&mut self, folder: &Path) {
        if let Some(secret) = &mut self.secret {
            secret.resolve_in(folder);
        }
        if let Some(path) = self.ca_file.as_mut().filter(|p| p.is_relative()) {
            *path = folder.join(&*path);
        }
    }

    /// Whether it received data of this person. Of somebody who is not in the register nothing was passed on by campaign
    /// or provider: then only recipients of everything are told, because telling is passing on an address.
    pub fn received(&self, contact: Option<&Contact>, register: &RegisterSettings) -> bool {
        let campaign = contact.and_then(|c| c.campaign.as_deref());
        let listed = |name: &str| self.campaigns.iter().any(|c| campaign_fits(c, name));
        let of_campaign = self.campaigns.is_empty() || campaign.is_some_and(listed);
        of_campaign && (self.providers.is_empty() || self.supplied(contact, register))
    }

    fn supplied(&self, contact: Option<&Contact>, register: &RegisterSettings) -> bool {
        let Some(contact) = contact else {
            return false;
        };
        let named = |id: &str| self.providers.iter().any(|p| p == id);
        let by_id = |id: &str| {
            let mut providers = register.provider.iter();
            let known = providers.find(|p| p.id == id || p.name == id);
            named(known.map_or(id, |p| &p.id))
        };
        let (known, _) = known_origins(contact, &register.origin);
        let mut origins = contact.origins.iter().chain(&known);
        origins.any(|o| o.provider.as_deref().is_some_and(by_id))
    }

    /// Its webhook, ready to be told; nothing, if it is told by mail.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub fn hook(&self) -> Option<Result<RecipientHook, (String, &'static str)>> {
        let webhook = self.webhook.as_ref()?;
        let Some(secret) = self.secret.clone() else {
            return Some(Err((
                "there is no secret".to_owned(),
                "add secret = { file = \"…\" }",
            )));
        };
        Some(RecipientHook::new(webhook, secret, self.ca_file.as_deref()))
    }
}

/// Every mistake of a recipient, with its place.
pub(super) fn judge(
    doc: &mut Document,
    recipients: &[(usize, RecipientSettings)],
    systems: &[SystemSettings],
    register: &RegisterSettings,
) {
    let mut names: Vec<&str> = systems.iter().map(|s| s.name.as_str()).collect();
    for (number, recipient) in recipients {
        let number = number.to_string();
        let mut wrong: Vec<(&str, String, &str)> = Vec::new();
        let name = recipient.name.as_str();
        if name.trim().is_empty() || name.chars().any(|c| c.is_control() || c == '@') {
            let what = "this cannot be the name of a recipient".to_owned();
            wrong.push((
                "name",
                what,
                "write it as letters shall name it: \"Dropcontact\"",
            ));
        } else if names.contains(&name) {
            let what = format!("another recipient or system is called \"{name}\"");
            wrong.push(("name", what, "give each a name of its own: letters name it"));
        }
        wrong.extend(way(recipient));
        wrong.extend(told_of(recipient));
        let known = |id: &&String| !register.provider.iter().any(|p| p.id == **id);
        wrong.extend(recipient.providers.iter().filter(known).map(|id| {
            let what = format!("no [[provider]] has the id \"{id}\"");
            (
                "providers",
                what,
                "write the id of a [[provider]], or add it",
            )
        }));
        for (key, what, fix) in wrong {
            let here = doc.place(&["recipient", &number, key]);
            doc.fault(here, format!("recipient {name}: {what}"), fix);
        }
        names.push(name);
    }
}

/// How it is told: by exactly one way.
fn way(recipient: &RecipientSettings) -> Option<(&'static str, String, &'static str)> {
    let both = recipient.email.is_some() == recipient.webhook.is_some();
    let needless =
        recipient.webhook.is_none() && (recipient.secret.is_some() || recipient.ca_file.is_some());
    if both {
        let what = "it must be told in exactly one way".to_owned();
        return Some((
            "email",
            what,
            "write either email = \"…\" or webhook = { url = \"…\" }",
        ));
    }
    if needless {
        let what = "secret and ca_file belong to a webhook".to_owned();
        return Some(("secret", what, "remove them"));
    }
    let (what, fix) = recipient.hook()?.err()?;
    Some(("webhook", what, fix))
}

fn told_of(recipient: &RecipientSettings) -> Vec<(&'static str, String, &'static str)> {
    let mut wrong = Vec::new();
    let other = |k: &RequestKind| !TOLD_OF.contains(k);
    if recipient.requests.is_empty() || recipient.requests.iter().any(other) {
        let what = "recipients are told of erasure, rectification and restriction".to_owned();
        wrong.push(("requests", what, "name one of these, or leave requests out"));
    }
    if !(1..=90).contains(&recipient.answer_days) {
        let what = "answer_days is out of range".to_owned();
        wrong.push(("answer_days", what, "write a number from 1 to 90"));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Origin;

    fn recipient(text: &str) -> RecipientSettings {
        toml::from_str(&format!("name = 'D'\nemail = 'dpo@d.example'\n{text}")).unwrap()
    }

    #[test]
    fn who_received_what_is_told_and_nobody_else() {
        let register = RegisterSettings::default();
        let received =
            |text: &str, contact: Option<&Contact>| recipient(text).received(contact, &register);
        let anne = Contact {
            campaign: Some("Salon 2026".into()),
            origins: vec![Origin {
                provider: Some("drop".into()),
                ..Origin::default()
            }],
            ..Contact::default()
        };
        assert!(received("", None), "a recipient of everything");
        assert!(received("campaigns = ['salon *']", Some(&anne)));
        assert!(!received("campaigns = ['fair']", Some(&anne)));
        assert!(!received("campaigns = ['*']", None), "not in the register");
        assert!(received("providers = ['drop']", Some(&anne)));
        assert!(!received("providers = ['other']", Some(&anne)));
        assert!(!received(
            "campaigns = ['fair']\nproviders = ['drop']",
            Some(&anne)
        ));
    }

    #[test]
    fn a_provider_of_a_rule_is_told_although_the_source_of_another_datum_is_not_known() {
        let rule = "[[origin]]\ncampaign = 'Salon*'\nprovider = 'drop'\nfrom = 'fair'\ndate = '2026-03-01'\ndata = ['name']";
        let register: RegisterSettings = toml::from_str(rule).unwrap();
        let anne = Contact {
            campaign: Some("Salon 2026".into()),
            first_name: Some("Anne".into()),
            phone: Some("+33 1 23 45 67 89".into()),
            ..Contact::default()
        };
        assert!(recipient("providers = ['drop']").received(Some(&anne), &register));
    }
}
