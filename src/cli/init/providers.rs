//! Who runs a mailbox, and what is known of them: the list of config/providers.toml, and a list of the operator's own before it.

use crate::config::Document;
use crate::record::Fault;
use serde::Deserialize;
use std::path::Path;

/// The list that every program has with it.
const BUILT_IN: &str = include_str!("../../../config/providers.toml");

/// A provider of mailboxes.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// A short word for `--provider`.
    pub id: String,
    /// As people know it.
    pub name: String,
    /// Domains of its addresses. Default: none, it serves its customers' own.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Ends of the names of its customers' MX. Default: none.
    #[serde(default)]
    pub mx: Vec<String>,
    /// Where mail is read.
    pub imap: Place,
    /// Where mail is handed in.
    pub smtp: Place,
    /// What of the address the login is. Default: all of it.
    #[serde(default)]
    pub login: Login,
    /// What it takes for a password. Default: the ordinary one.
    #[serde(default)]
    pub auth: Needs,
    /// Who gives tokens for it, as config/oauth.toml calls them. Default: nobody that we know.
    pub oauth: Option<String>,
    /// Whether it puts what SMTP takes into Sent by itself. Default: no.
    #[serde(default)]
    pub files_sent: bool,
    /// The name that its servers write into Authentication-Results, if it is always the same one. Default: not known.
    pub authserv_id: Option<String>,
    /// Whether we are sure of it. Default: yes.
    #[serde(default = "sure")]
    pub verified: bool,
    /// What to do there first.
    pub hint: Hint,
}

const fn sure() -> bool {
    true
}

/// A server as the list has it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub security: Protection,
}

/// How the way to a server is protected. Clear text is for this machine itself: `none` is never in the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Protection {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, required.
    Starttls,
    /// Clear text; only to this machine itself.
    #[serde(skip)]
    None,
}

impl Protection {
    /// As the configuration writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Starttls => "starttls",
            Self::None => "none",
        }
    }
}

/// What of the address the login is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Login {
    /// The whole address.
    #[default]
    Address,
    /// What stands before the at sign.
    Local,
}

/// What a provider takes for a password.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// The mailbox's.
    #[default]
    Password,
    /// One that was made for a single program.
    AppPassword,
    /// None: only OAuth 2.0.
    Oauth,
}

/// What to do at the provider, in the languages of `init`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hint {
    /// English.
    pub en: String,
    /// French.
    pub fr: String,
}

/// All that are known, the operator's own first.
pub struct Providers(Vec<Provider>);

impl Providers {
    /// The built-in list, behind that of a file.
    ///
    /// # Errors
    /// Every mistake of the file, with its place.
    pub fn read(own: Option<&Path>) -> Result<Self, Vec<Fault>> {
        let mut all = Vec::new();
        if let Some(path) = own {
            let file = path.display().to_string();
            let text = std::fs::read_to_string(path).map_err(|e| {
                let fix = "name a list like config/providers.toml";
                vec![Fault::of_file(
                    &file,
                    format!("it cannot be read: {e}"),
                    fix,
                )]
            })?;
            all = parse(&file, &text)?;
        }
        all.extend(parse("config/providers.toml", BUILT_IN)?);
        Ok(Self(all))
    }

    /// The one of this id.
    pub fn named(&self, id: &str) -> Option<&Provider> {
        self.0.iter().find(|p| p.id == id)
    }

    /// Every id, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|p| p.id.as_str())
    }

    /// The one whose addresses end so.
    pub fn of_domain(&self, domain: &str) -> Option<&Provider> {
        let is = |d: &String| d.eq_ignore_ascii_case(domain);
        self.0.iter().find(|p| p.domains.iter().any(is))
    }

    /// The one to whose servers the domain's mail goes: the longest end that fits, of the most preferred server that is known.
    pub fn of_mx(&self, servers: &[String]) -> Option<&Provider> {
        let fits = |server: &str, end: &str| {
            let end = end.to_ascii_lowercase();
            let rest = server.trim_end_matches('.').strip_suffix(&end);
            rest.is_some_and(|r| r.is_empty() || r.ends_with('.'))
        };
        servers.iter().find_map(|server| {
            let ends = self.0.iter().flat_map(|p| p.mx.iter().map(move |e| (p, e)));
            let mut best: Option<(&Provider, usize)> = None;
            for (provider, end) in ends.filter(|(_, end)| fits(server, end)) {
                // Of equal ones the first, which is the operator's.
                if best.is_none_or(|(_, length)| end.len() > length) {
                    best = Some((provider, end.len()));
                }
            }
            best.map(|(provider, _)| provider)
        })
    }
}

fn parse(file: &str, text: &str) -> Result<Vec<Provider>, Vec<Fault>> {
    let mut doc = Document::parse(file, text);
    let all = doc.take_all("provider");
    let faults = doc.finish(&["provider"]);
    match faults.is_empty() {
        true => Ok(all.into_iter().map(|(_, p)| p).collect()),
        false => Err(faults),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::domain_to_ascii;
    use std::collections::BTreeSet;

    #[test]
    fn the_list_is_whole_and_nobody_stands_in_it_twice() {
        let list = Providers::read(None).unwrap_or_else(|f| panic!("{f:#?}"));
        assert!(list.0.len() >= 30, "{}", list.0.len());
        let mut seen = BTreeSet::new();
        for provider in &list.0 {
            let named = |what: &'static str, names: &'_ [String]| {
                let key = |n: &String| (what, n.clone());
                names.iter().map(key).collect::<Vec<_>>()
            };
            let ids = [provider.id.clone()];
            let (domains, mx) = (
                named("domain", &provider.domains),
                named("mx", &provider.mx),
            );
            for name in domains.into_iter().chain(mx) {
                assert_eq!(domain_to_ascii(&name.1).as_ref(), Some(&name.1));
                assert!(seen.insert(name.clone()), "{name:?} twice");
            }
            assert!(seen.insert(named("id", &ids).remove(0)), "{}", provider.id);
            let oauth = provider.oauth.as_deref();
            assert!(oauth.is_none_or(|o| crate::oauth::providers().iter().any(|p| p == o)));
            assert!(
                oauth.is_some() || provider.auth != Needs::Oauth,
                "{}",
                provider.id
            );
            assert!(!provider.hint.en.is_empty() && !provider.hint.fr.is_empty());
            for (place, tls) in [(&provider.imap, 993), (&provider.smtp, 465)] {
                let on_its_port = (place.port == tls) == (place.security == Protection::Tls);
                assert!(on_its_port, "{}: {place:?}", provider.id);
            }
        }
    }

    #[test]
    fn a_provider_is_known_by_its_domain_or_by_where_mail_goes() {
        let list = Providers::read(None).unwrap();
        let id = |p: Option<&Provider>| p.map(|p| p.id.clone());
        assert_eq!(id(list.of_domain("Wanadoo.fr")).as_deref(), Some("orange"));
        let mx = |server: &str| id(list.of_mx(&[server.to_owned()]));
        assert_eq!(mx("aspmx.l.google.com").as_deref(), Some("google"));
        assert_eq!(mx("smtp.google.com").as_deref(), Some("google"));
        let microsoft = mx("acme-fr.mail.protection.outlook.com");
        assert_eq!(microsoft.as_deref(), Some("microsoft365"));
        let outlook = mx("outlook-com.olc.protection.outlook.com");
        assert_eq!(outlook.as_deref(), Some("outlook"));
        assert_eq!(mx("mx1.mail.ovh.net").as_deref(), Some("ovh"));
        assert_eq!(mx("spool.mail.gandi.net").as_deref(), Some("gandi"));
        assert_eq!(mx("mx.notgoogle.com"), None, "an end is whole labels");
    }

    #[test]
    fn a_list_of_ones_own_goes_first_and_its_mistakes_have_a_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ours.toml");
        let ours = "[[provider]]\nid = \"ours\"\nname = \"Ours\"\nmx = [\"google.com\"]\n\
             imap = { host = \"imap.ours.example\", port = 993, security = \"tls\" }\n\
             smtp = { host = \"smtp.ours.example\", port = 465, security = \"tls\" }\nhint = { en = \"x\", fr = \"x\" }\n";
        std::fs::write(&file, ours).unwrap();
        let list = Providers::read(Some(&file)).unwrap_or_else(|f| panic!("{f:#?}"));
        let found = list.of_mx(&["aspmx.l.google.com".to_owned()]);
        assert_eq!(found.map(|p| p.id.as_str()), Some("ours"));
        std::fs::write(&file, ours.replace("\"tls\"", "\"none\"")).unwrap();
        let faults = Providers::read(Some(&file)).err().unwrap();
        assert_eq!((faults.len(), faults[0].line), (1, 5), "{faults:#?}");
    }
}
