//! Who gives tokens, as data: config/oauth.toml, and what one block of the configuration says instead.

use super::settings::{Grant, OauthSettings};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The list that every program has with it.
const BUILT_IN: &str = include_str!("../../config/oauth.toml");
/// The provider of which the configuration says everything itself.
pub(super) const CUSTOM: &str = "custom";

/// One provider of the list.
#[derive(Clone, Default, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Provider {
    /// Where a person agrees.
    pub authorize: String,
    /// Where tokens are given.
    pub token: String,
    /// Where a device without a browser asks (RFC 8628); not everybody has one.
    pub device: Option<String>,
    /// Where a log-out is told (RFC 7009).
    pub revoke: Option<String>,
    /// What a person is asked for.
    imap: Vec<String>,
    smtp: Vec<String>,
    always: Vec<String>,
    /// The scope of an application's own token.
    pub credentials: Option<String>,
    /// What the authorisation address wants beside the standard.
    pub ask: BTreeMap<String, String>,
    /// Where the browser comes back to, without its port.
    pub redirect: String,
    /// Whether nothing is given without a client secret.
    pub secret: bool,
    /// The tenant where none is named; nothing if there is no such thing.
    pub tenant: Option<String>,
}

/// Where and for what one account asks: the provider's word, and the configuration's where it says something else.
#[derive(Clone, Default, Debug)]
pub(super) struct Way {
    pub authorize: String,
    pub token: String,
    pub device: Option<String>,
    pub revoke: Option<String>,
    /// With spaces between them, as they are sent.
    pub scope: String,
    pub ask: BTreeMap<String, String>,
    pub redirect: String,
}

/// Their names, as the configuration may say them.
pub fn names() -> Vec<String> {
    let mut all: Vec<String> = listed().into_keys().collect();
    all.push(CUSTOM.to_owned());
    all
}

/// The provider of a name; nothing of `custom` is known.
pub(super) fn named(name: &str) -> Option<Provider> {
    match name {
        CUSTOM => Some(Provider {
            redirect: "http://127.0.0.1".to_owned(),
            ..Provider::default()
        }),
        name => listed().remove(name),
    }
}

/// A test reads the list, so it is good; an empty one would name nobody.
fn listed() -> BTreeMap<String, Provider> {
    toml::from_str(BUILT_IN).unwrap_or_default()
}

impl Provider {
    /// What one block makes of it.
    pub(super) fn way(self, settings: &OauthSettings) -> Way {
        let tenant = settings.tenant.clone().or(self.tenant.clone());
        let tenant = tenant.unwrap_or_default();
        let at = |own: &Option<String>, usual: &str| {
            let url = own.as_deref().unwrap_or(usual);
            url.replace("{tenant}", &tenant)
        };
        let device = settings.device.as_ref().or(self.device.as_ref());
        let mut scopes: Vec<String> = match (&settings.scope, settings.grant, &self.credentials) {
            (Some(own), _, _) => own.clone(),
            (None, Grant::ClientCredentials, Some(one)) => vec![one.clone()],
            (None, _, _) => [&self.imap[..], &self.smtp, &self.always].concat(),
        };
        let mut seen = Vec::new();
        scopes.retain(|s| {
            !seen.contains(s) && {
                seen.push(s.clone());
                true
            }
        });
        Way {
            authorize: at(&settings.authorize, &self.authorize),
            token: at(&settings.token, &self.token),
            device: device.map(|d| d.replace("{tenant}", &tenant)),
            revoke: settings.revoke.clone().or(self.revoke),
            scope: scopes.join(" "),
            ask: self.ask,
            redirect: self.redirect,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Target;

    #[test]
    fn the_list_can_be_read_and_every_address_in_it_is_protected() {
        let all: BTreeMap<String, Provider> = toml::from_str(BUILT_IN).unwrap();
        assert!(all.contains_key("google") && all.contains_key("microsoft"));
        for (name, provider) in all {
            let urls = [
                Some(provider.authorize),
                Some(provider.token),
                provider.device,
                provider.revoke,
            ];
            for url in urls.into_iter().flatten() {
                assert!(url.starts_with("https://"), "{name}: {url}");
                assert!(
                    Target::parse(&url.replace("{tenant}", "t")).is_ok(),
                    "{name}: {url}"
                );
            }
            assert!(
                !provider.imap.is_empty() && !provider.smtp.is_empty(),
                "{name}"
            );
            assert!(["http://127.0.0.1", "http://localhost"].contains(&provider.redirect.as_str()));
        }
    }

    #[test]
    fn one_log_in_serves_both_ways_and_an_application_asks_for_its_own_scope() {
        let block = |text: &str| toml::from_str::<OauthSettings>(text).unwrap();
        let google = block("provider = 'google'\nclient_id = 'x'");
        assert_eq!(
            named("google").unwrap().way(&google).scope,
            "https://mail.google.com/"
        );
        let person = block("provider = 'microsoft'\nclient_id = 'x'\ntenant = 'acme.example'");
        let way = named("microsoft").unwrap().way(&person);
        assert_eq!(way.scope.split(' ').count(), 3, "{}", way.scope);
        assert!(
            way.token.contains("/acme.example/") && way.device.unwrap().contains("/acme.example/")
        );
        let own = block("provider = 'microsoft'\nclient_id = 'x'\ngrant = 'client_credentials'");
        let way = named("microsoft").unwrap().way(&own);
        assert_eq!(way.scope, "https://outlook.office365.com/.default");
    }
}
