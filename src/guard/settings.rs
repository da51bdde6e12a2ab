//! `[guard]`: which doors are open to those who ask whether somebody may be written to. None, unless it is asked for.

use super::place::Listen;
use crate::config::SecretSource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A reply's line has 512 octets at most (RFC 5321, section 4.5.3.1.5), with code and line end.
const LONGEST_TEXT: usize = 400;
/// What a mail server tells if the operator says nothing else. It names nobody.
const TEXT: &str = "The recipient asked not to be written to";

/// `[guard]`: which doors are open to those who ask whether somebody may be written to; none, unless its table is there.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GuardSettings {
    /// Postfix's policy delegation.
    pub policy: Option<MtaSettings>,
    /// The milter protocol.
    pub milter: Option<MtaSettings>,
    /// Checks and tokens over HTTP.
    pub http: Option<HttpSettings>,
    /// The page of List-Unsubscribe.
    pub one_click: Option<OneClickSettings>,
}

/// `[guard.policy]`, `[guard.milter]`: what a mail server asks.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MtaSettings {
    /// Where it is asked.
    pub listen: Listen,
    /// What a refused sender reads after `550 5.7.1`.
    #[serde(default = "text")]
    pub text: String,
}

fn text() -> String {
    TEXT.to_owned()
}

/// `[guard.http]`.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// Where it is asked.
    pub listen: Listen,
    /// Certificate chain, PEM; needed beyond this machine.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// Who may ask.
    #[serde(default)]
    pub client: Vec<ClientSettings>,
}

/// `[[guard.http.client]]`.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientSettings {
    /// How the log knows it.
    pub name: String,
    /// What it sends as `Authorization: Bearer …`.
    pub token: SecretSource,
}

/// `[guard.one_click]`.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OneClickSettings {
    /// Where it listens.
    pub listen: Listen,
    /// How the world reaches it; a token is added to it.
    pub url: String,
    /// Certificate chain, PEM; needed beyond this machine.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// Requests of one source address in a minute that are no click of ours.
    #[serde(default = "per_minute")]
    pub per_minute: u32,
}

const fn per_minute() -> u32 {
    120
}

impl OneClickSettings {
    /// The address of a token's page.
    pub fn link(&self, token: &str) -> String {
        format!("{}/{token}", self.url.trim_end_matches('/'))
    }

    /// The path before the token, with its slashes at both ends.
    pub fn path(&self) -> String {
        let rest = self.url.strip_prefix("https://").unwrap_or_default();
        let path = rest.find('/').map_or("", |at| &rest[at..]);
        format!("{}/", path.trim_end_matches('/'))
    }
}

/// A mistake: the steps of its path below `guard`, what is wrong, what to do.
pub type Wrong = (Vec<String>, String, &'static str);

impl GuardSettings {
    /// Whether these are the same listeners; who may ask over HTTP is taken up by a reload.
    pub fn same_doors(&self, new: &Self) -> bool {
        let bare = |all: &Self| {
            let mut all = all.clone();
            if let Some(http) = &mut all.http {
                http.client.clear();
            }
            all
        };
        bare(self) == bare(new)
    }

    /// Makes relative paths relative to the folder of the configuration.
    pub fn resolve_in(&mut self, folder: &Path) {
        let resolve = |path: &mut Option<PathBuf>| {
            if let Some(path) = path.as_mut().filter(|p| p.is_relative()) {
                *path = folder.join(&*path);
            }
        };
        for mta in [&mut self.policy, &mut self.milter].into_iter().flatten() {
            mta.listen.resolve_in(folder);
        }
        if let Some(http) = &mut self.http {
            http.listen.resolve_in(folder);
            resolve(&mut http.cert);
            resolve(&mut http.key);
            http.client
                .iter_mut()
                .for_each(|c| c.token.resolve_in(folder));
        }
        if let Some(page) = &mut self.one_click {
            page.listen.resolve_in(folder);
            resolve(&mut page.cert);
            resolve(&mut page.key);
        }
    }

    /// Every mistake that the values alone do not show.
    pub fn faults(&self) -> Vec<Wrong> {
        let mut faults = Vec::new();
        let mut taken: Vec<&Listen> = Vec::new();
        for (name, listen) in self.listeners() {
            let place = || vec![name.to_owned(), "listen".to_owned()];
            if taken.contains(&listen) {
                let what = format!("two listeners are on {listen}");
                faults.push((place(), what, "give each an address of its own"));
            }
            taken.push(listen);
            if listen.is_too_long() {
                let what = "the path of a socket is longer than 107 bytes".to_owned();
                faults.push((
                    place(),
                    what,
                    "choose a shorter one, as in unix:/run/quitus/policy",
                ));
            }
        }
        for (name, mta) in [("policy", &self.policy), ("milter", &self.milter)] {
            faults.extend(mta.iter().filter_map(|mta| mta.wrong_text(name)));
        }
        if let Some(http) = &self.http {
            secured("http", &http.listen, [&http.cert, &http.key], &mut faults);
            http.wrong_clients(&mut faults);
        }
        if let Some(page) = &self.one_click {
            secured(
                "one_click",
                &page.listen,
                [&page.cert, &page.key],
                &mut faults,
            );
            faults.extend(page.wrong_url());
        }
        faults
    }

    /// Which listeners there are, and where.
    pub fn listeners(&self) -> Vec<(&'static str, &Listen)> {
        let all = [
            ("policy", self.policy.as_ref().map(|p| &p.listen)),
            ("milter", self.milter.as_ref().map(|m| &m.listen)),
            ("http", self.http.as_ref().map(|h| &h.listen)),
            ("one_click", self.one_click.as_ref().map(|o| &o.listen)),
        ];
        let there = all.into_iter().filter_map(|(name, l)| Some((name, l?)));
        there.collect()
    }
}

impl MtaSettings {
    fn wrong_text(&self, name: &str) -> Option<Wrong> {
        let printable = self
            .text
            .bytes()
            .all(|b| (b' '..=b'~').contains(&b) && b != b'%');
        let good = printable && !self.text.trim().is_empty() && self.text.len() <= LONGEST_TEXT;
        let what = "this cannot stand in a reply of a mail server".to_owned();
        (!good).then(|| {
            let place = vec![name.to_owned(), "text".to_owned()];
            (place, what, "write one line of plain ASCII without %, at most 400 letters, and nothing about a person")
        })
    }
}

impl HttpSettings {
    fn wrong_clients(&self, faults: &mut Vec<Wrong>) {
        if self.client.is_empty() {
            let what = "[guard.http] has no client, so nobody could ask".to_owned();
            let fix = "add [[guard.http.client]] with name and token";
            faults.push((vec!["http".into()], what, fix));
        }
        for (n, client) in self.client.iter().enumerate() {
            let place = vec!["http".into(), "client".into(), n.to_string(), "name".into()];
            if client.name.trim().is_empty() || client.name.chars().any(char::is_control) {
                let what = "a client needs a name that a log line can show".to_owned();
                faults.push((place, what, "call it as you call the tool"));
            } else if self.client[..n].iter().any(|c| c.name == client.name) {
                let what = format!("two clients are called \"{}\"", client.name);
                faults.push((
                    place,
                    what,
                    "give each its own name: the log knows it by that",
                ));
            }
        }
    }
}

impl OneClickSettings {
    fn wrong_url(&self) -> Option<Wrong> {
        let wrong = |what: String, fix| {
            let place = vec!["one_click".to_owned(), "url".to_owned()];
            Some((place, what, fix))
        };
        let fix = "write it as in https://stop.example.org/u/";
        let Some(rest) = self.url.strip_prefix("https://") else {
            let what = format!("\"{}\" does not begin with https://", self.url);
            return wrong(what, fix);
        };
        let host = rest.split('/').next().unwrap_or_default();
        let plain = rest
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~/:[]".contains(&b));
        if host.is_empty() || !plain {
            let what = format!(
                "\"{}\" is no address that a token can be added to",
                self.url
            );
            return wrong(what, fix);
        }
        None
    }
}

/// Beyond this machine nothing is said in clear text; and what is named must be there.
fn secured(name: &str, listen: &Listen, files: [&Option<PathBuf>; 2], faults: &mut Vec<Wrong>) {
    let place = |key: &str| vec![name.to_owned(), key.to_owned()];
    match files {
        [None, None] if !listen.is_local() => {
            let what = format!("{listen} can be reached from elsewhere, and has no certificate");
            let fix = "add cert and key, or listen on 127.0.0.1 behind a server that has them";
            faults.push((place("listen"), what, fix));
        }
        [Some(_), None] | [None, Some(_)] => {
            let key = if files[0].is_some() { "cert" } else { "key" };
            let what = "a certificate needs its key, and a key its certificate".to_owned();
            faults.push((place(key), what, "write both, cert and key, or neither"));
        }
        [Some(cert), Some(key)] => {
            if let Err((of, what)) = super::tls::configuration(cert, key) {
                let fix = "name PEM files that the daemon's user can read";
                faults.push((place(of), what, fix));
            }
        }
        [None, None] => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let settings: GuardSettings = toml::from_str(text).unwrap();
        let shown = |(place, what, _): Wrong| format!("{}: {what}", place.join("."));
        settings.faults().into_iter().map(shown).collect()
    }

    #[test]
    fn a_page_lies_where_its_address_says() {
        for (url, path) in [
            ("https://stop.example", "/"),
            ("https://stop.example/", "/"),
            ("https://stop.example/u", "/u/"),
            ("https://stop.example:8443/a/u/", "/a/u/"),
        ] {
            let text = format!("listen = \"127.0.0.1:1\"\nurl = \"{url}\"");
            let page: OneClickSettings = toml::from_str(&text).unwrap();
            assert_eq!(page.path(), path);
            assert!(page.wrong_url().is_none());
            assert!(page.link("abc").ends_with(&format!("{path}abc")));
        }
    }

    #[test]
    fn what_is_said_in_the_open_needs_a_certificate() {
        let one = "[one_click]\nlisten = \"0.0.0.0:443\"\nurl = \"http://stop.example/u/\"\n";
        let found = told(one);
        assert!(
            found[0].starts_with("one_click.listen: 0.0.0.0:443 can be reached"),
            "{found:?}"
        );
        assert!(found[1].contains("https"), "{found:?}");
        let half = told("[http]\nlisten = \"127.0.0.1:1\"\ncert = \"/nowhere\"\n");
        assert!(
            half[0].starts_with("http.cert") && half[1].contains("no client"),
            "{half:?}"
        );
        let missing = told(
            "[one_click]\nlisten = \"0.0.0.0:443\"\nurl = \"https://s.example\"\ncert = \"/nowhere\"\nkey = \"/nowhere\"\n",
        );
        assert!(
            missing[0].starts_with("one_click.cert: /nowhere cannot be read"),
            "{missing:?}"
        );
    }

    #[test]
    fn names_and_addresses_are_there_once() {
        let found = told(
            "[policy]\nlisten = \"127.0.0.1:9\"\ntext = \"é\"\n[milter]\nlisten = \"127.0.0.1:9\"\n[http]\nlisten = \"unix:x\"\n\
             client = [{name = \"a\", token = {env = \"A\"}}, {name = \"a\", token = {env = \"B\"}}]",
        );
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("milter.listen") && found[1].starts_with("policy.text"));
        assert!(found[2].starts_with("http.client.1.name"), "{found:?}");
    }
}
