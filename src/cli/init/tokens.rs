//! A log-in by token instead of a password: which application asks, as flags or answers, and what the configuration says of it.
//!
//! init itself asks for no token: a person must agree in a browser first, which `quitus oauth login` is for, and that command
//! reads where tokens are kept from the configuration.

use super::answers::{Question, Setup};
use super::draft::quoted;
use super::finding::Servers;
use super::usual::absolute;
use crate::cli::edge::End;
use std::path::PathBuf;

/// The application at the provider.
#[derive(clap::Args, Debug)]
pub struct Flags {
    /// Log in by token (OAuth 2.0) as this application of the provider's console
    #[arg(long, value_name = "ID")]
    pub oauth_client_id: Option<String>,
    /// Its secret stands in this file, and stays there
    #[arg(long, value_name = "FILE", requires = "oauth_client_id")]
    oauth_client_secret_file: Option<PathBuf>,
    /// Microsoft: the directory's id, or one of its domains [default: organizations]
    #[arg(long, value_name = "TENANT", requires = "oauth_client_id")]
    oauth_tenant: Option<String>,
    /// Who gives tokens, as config/oauth.toml calls them [default: whoever runs the mailbox]
    #[arg(long, value_name = "NAME", requires = "oauth_client_id")]
    oauth_provider: Option<String>,
}

/// The answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ByToken {
    /// Who gives tokens.
    pub provider: String,
    /// The application.
    pub client_id: String,
    /// Where its secret stands, if it has one.
    pub secret: Option<PathBuf>,
    /// Microsoft's directory.
    pub tenant: Option<String>,
}

const CLIENT: Question = (
    "Client id of your application in the provider's console (config/README.md leads there)",
    "Identifiant client de votre application dans la console du fournisseur (config/README.md y mène)",
);
const SECRET: Question = (
    "File in which its client secret stands",
    "Fichier qui contient son secret client",
);
const TENANT: Question = (
    "Directory (tenant): its id, or one of its domains",
    "Annuaire (tenant) : son identifiant, ou l'un de ses domaines",
);

impl ByToken {
    /// As the configuration writes it.
    pub fn setting(&self) -> String {
        let mut parts = vec![
            format!("provider = {}", quoted(&self.provider)),
            format!("client_id = {}", quoted(&self.client_id)),
        ];
        let file = self.secret.as_ref().map(|f| quoted(&f.to_string_lossy()));
        parts.extend(file.map(|f| format!("client_secret = {{ file = {f} }}")));
        let tenant = self.tenant.as_deref().map(quoted);
        parts.extend(tenant.map(|t| format!("tenant = {t}")));
        format!("{{ {} }}", parts.join(", "))
    }
}

impl Setup<'_> {
    /// The application, if the log-in is by token: because a flag says so, or because the provider takes nothing else.
    pub fn by_token(&mut self, found: &Servers) -> Result<Option<ByToken>, End> {
        let flags = &self.arguments.oauth;
        let wanted = flags.oauth_client_id.is_some();
        if !wanted && (!found.only_tokens || self.arguments.password.is_given()) {
            return Ok(None);
        }
        let Some(provider) = flags.oauth_provider.clone().or_else(|| found.oauth.clone()) else {
            let why = self.tongue.of(
                "--oauth-provider is missing: nothing says who gives tokens",
                "--oauth-provider manque : rien ne dit qui donne les jetons",
            );
            return Err(End::Usage(why.to_owned()));
        };
        let client_id = flags.oauth_client_id.as_deref();
        let client_id = self.text("--oauth-client-id", client_id, CLIENT, None)?;
        let secret = match (&flags.oauth_client_secret_file, provider.as_str()) {
            (Some(file), _) => Some(absolute(file)?),
            (None, "google") if self.terminal => {
                let file = self.text("", None, SECRET, Some("oauth.secret"))?;
                Some(PathBuf::from(file))
            }
            (None, _) => None,
        };
        let tenant = match (&flags.oauth_tenant, provider.as_str()) {
            (Some(tenant), _) => Some(tenant.clone()),
            (None, "microsoft") if self.terminal => {
                Some(self.text("", None, TENANT, Some("organizations"))?)
            }
            (None, _) => None,
        };
        Ok(Some(ByToken {
            provider,
            client_id,
            secret,
            tenant,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::OauthSettings;

    #[test]
    fn whatever_is_answered_the_setting_reads_back() {
        let by = ByToken {
            provider: "microsoft".to_owned(),
            client_id: "00\"\\11".to_owned(),
            secret: Some("oauth.secret".into()),
            tenant: Some("relais.example".to_owned()),
        };
        let read: OauthSettings = toml::from_str(&format!("x = {}", by.setting()))
            .map(|table: std::collections::BTreeMap<String, OauthSettings>| table["x"].clone())
            .unwrap();
        assert_eq!(read.client_id, by.client_id);
        assert_eq!(read.tenant, by.tenant);
        assert!(read.client_secret.is_some() && read.faults().is_empty());
    }
}
