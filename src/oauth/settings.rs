//! What an operator writes about a log-in by token: `oauth = { … }` in `[mailbox.imap]` and in `[smtp]`.

use super::providers::{self, CUSTOM, Provider, Way};
use crate::config::SecretSource;
use crate::http::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How tokens are asked for, and in whose name.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OauthSettings {
    /// Who gives them: `"google"`, `"microsoft"`, `"fastmail"`, `"yahoo"`, or `"custom"` with `authorize`, `token` and `scope`.
    pub provider: String,
    /// The application, as the provider's console calls it.
    pub client_id: String,
    /// Where its secret is kept: `{ file = "…" }`, `{ env = "…" }`, `{ command = ["…"] }` or `{ credential = "…" }`. Default: none.
    pub client_secret: Option<SecretSource>,
    /// Microsoft: the directory, by its id or one of its domains. Default: `"organizations"`.
    pub tenant: Option<String>,
    /// Who agrees. Default: `authorization_code`.
    #[serde(default)]
    pub grant: Grant,
    /// Another address where a person agrees. Default: the provider's.
    pub authorize: Option<String>,
    /// Another address where tokens are given. Default: the provider's.
    pub token: Option<String>,
    /// Another address for devices without a browser. Default: the provider's.
    pub device: Option<String>,
    /// Another address where a log-out is told (RFC 7009). Default: the provider's.
    pub revoke: Option<String>,
    /// Other scopes. Default: the provider's for IMAP and SMTP.
    pub scope: Option<Vec<String>>,
    /// Certificates (PEM) to trust beside those of the system. Default: none.
    pub ca_file: Option<PathBuf>,
    /// Seconds for one question to the provider. Default: 30, from 1 to 600.
    #[serde(default = "half_a_minute")]
    pub timeout_seconds: u64,
    /// Whose log-in it is; the configuration fills it in.
    #[serde(skip)]
    pub(super) owner: Owner,
}

/// Who agrees that tokens are given.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// A person, once: `quitus oauth login NAME`.
    #[default]
    AuthorizationCode,
    /// An administrator, beforehand; the application asks in its own name (Microsoft).
    ClientCredentials,
}

/// Whose log-in it is, and where its tokens are kept.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Owner {
    /// As `quitus oauth login NAME` names it: a mailbox, or `smtp`.
    pub name: String,
    pub username: String,
    pub folder: PathBuf,
}

const fn half_a_minute() -> u64 {
    30
}

impl OauthSettings {
    /// Says whose log-in it is; tokens are kept in the folder `oauth` of the store.
    pub fn belongs_to(&mut self, name: &str, username: &str, store: &Path) {
        self.owner = Owner {
            name: name.to_owned(),
            username: username.to_owned(),
            folder: store.join("oauth"),
        };
    }

    /// Makes relative file paths relative to the folder of the configuration.
    pub fn resolve_in(&mut self, folder: &Path) {
        if let Some(secret) = &mut self.client_secret {
            secret.resolve_in(folder);
        }
        if let Some(path) = &mut self.ca_file
            && path.is_relative()
        {
            *path = folder.join(&*path);
        }
    }

    /// Where and for what is asked.
    pub(super) fn way(&self) -> Way {
        let known = providers::named(&self.provider);
        known.map(|p| p.way(self)).unwrap_or_default()
    }

    /// What is wrong with this block, as pairs of what and what to do; the caller knows whose it is, file and line.
    pub fn faults(&self) -> Vec<(String, String)> {
        let Some(provider) = providers::named(&self.provider) else {
            let what = format!("oauth: \"{}\" is no provider that we know", self.provider);
            let fix = format!(
                "write one of {}; \"custom\" takes authorize, token and scope",
                providers::names().join(", ")
            );
            return vec![(what, fix)];
        };
        let mut faults = self.application(&provider);
        faults.extend(self.directory(&provider));
        faults.extend(self.places());
        let told = |(what, fix): (String, &str)| (format!("oauth: {what}"), fix.to_owned());
        faults.into_iter().map(told).collect()
    }

    /// Who asks.
    fn application(&self, provider: &Provider) -> Vec<Wrong> {
        let own = self.grant == Grant::ClientCredentials;
        told([
            (
                self.client_id.trim().is_empty() || self.client_id.chars().any(char::is_control),
                "the client_id is empty or holds a control character",
                "copy it from the provider's console",
            ),
            (
                (provider.secret || own) && self.client_secret.is_none(),
                "this provider gives nothing without a client_secret",
                "say where it is kept: client_secret = { file = \"…\" }",
            ),
            (
                own && provider.credentials.is_none() && self.scope.is_none(),
                "this provider gives an application no token of its own",
                "remove grant; a person logs in once with quitus oauth login",
            ),
            (
                !(1..=600).contains(&self.timeout_seconds),
                "nobody is asked for so long",
                "write timeout_seconds from 1 to 600, or leave it out",
            ),
        ])
    }

    /// Whose directory it is asked in.
    fn directory(&self, provider: &Provider) -> Vec<Wrong> {
        let tenant = self.tenant.as_deref();
        let plain = |t: &str| {
            let mut all = t.chars();
            all.all(|c| c.is_ascii_alphanumeric() || "-.".contains(c))
        };
        let shared = ["common", "organizations", "consumers"];
        let own = self.grant == Grant::ClientCredentials;
        told([
            (
                tenant.is_some() && provider.tenant.is_none() && self.provider != CUSTOM,
                "this provider has no tenants",
                "remove tenant",
            ),
            (
                tenant.is_some_and(|t| t.is_empty() || !plain(t)),
                "this is no tenant",
                "write the directory's id, or one of its domains",
            ),
            (
                own && provider.tenant.is_some() && tenant.is_none_or(|t| shared.contains(&t)),
                "an application's own token comes from one tenant",
                "add tenant = \"…\": the directory's id, or one of its domains",
            ),
        ])
    }

    /// Where it asks, and for what.
    fn places(&self) -> Vec<Wrong> {
        let way = self.way();
        let mut faults = told([(
            way.scope.is_empty(),
            "nothing says what the tokens are for",
            "add scope = [\"…\"], as the provider's documentation names those for IMAP and SMTP",
        )]);
        let person = self.grant == Grant::AuthorizationCode;
        let urls = [
            ("token", Some(way.token.as_str())),
            ("authorize", Some(way.authorize.as_str()).filter(|_| person)),
            ("device", way.device.as_deref()),
            ("revoke", way.revoke.as_deref()),
        ];
        for (key, url) in urls {
            if let Some(Err((what, fix))) = url.map(Target::parse) {
                faults.push((format!("{key}: {what}"), fix));
            }
        }
        faults
    }
}

/// What is wrong, and what to do.
type Wrong = (String, &'static str);

/// Those that are so.
fn told<const N: usize>(all: [(bool, &str, &'static str); N]) -> Vec<Wrong> {
    let bad = all.into_iter().filter(|(bad, _, _)| *bad);
    bad.map(|(_, what, fix)| (what.to_owned(), fix)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let read: OauthSettings = toml::from_str(text).unwrap();
        read.faults().into_iter().map(|(what, _)| what).collect()
    }

    #[test]
    fn what_cannot_work_is_told_when_it_is_written() {
        let google = "provider = 'google'\nclient_id = 'x'\nclient_secret = { env = 'S' }\n";
        assert!(faults(google).is_empty());
        assert_eq!(faults("provider = 'google'\nclient_id = ' '").len(), 2);
        assert_eq!(faults(&format!("{google}tenant = 'acme'")).len(), 1);
        assert_eq!(
            faults(&format!("{google}grant = 'client_credentials'")).len(),
            1
        );
        let microsoft = "provider = 'microsoft'\nclient_id = 'x'\n";
        assert!(faults(microsoft).is_empty());
        let own =
            format!("{microsoft}grant = 'client_credentials'\nclient_secret = {{ env = 'S' }}\n");
        assert_eq!(faults(&own).len(), 1, "whose?");
        assert!(faults(&format!("{own}tenant = 'acme.example'")).is_empty());
        assert_eq!(faults(&format!("{own}tenant = 'a/../b'")).len(), 1);
        assert!(faults("provider = 'gogle'\nclient_id = 'x'")[0].contains("gogle"));
    }

    #[test]
    fn a_provider_that_nobody_knows_is_described_and_never_asked_in_clear_text() {
        let custom = "provider = 'custom'\nclient_id = 'x'\nscope = ['mail']\n\
                      authorize = 'https://id.example/auth'\ntoken = 'https://id.example/token'";
        assert!(faults(custom).is_empty());
        assert_eq!(faults("provider = 'custom'\nclient_id = 'x'").len(), 3);
        let open = custom.replace("https://id.example/token", "http://id.example/token");
        assert!(faults(&open)[0].contains("clear text"));
        assert!(
            toml::from_str::<OauthSettings>(&format!("{custom}\nclient_secert = 'x'")).is_err()
        );
    }
}
