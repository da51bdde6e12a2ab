//! `[desk]`: where the pages listen, and by which names they are reached. There are none, unless it is asked for.

use crate::config::SecretSource;
use crate::guard::Listen;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// `[desk]`: the pages on which people decide, in a browser; none unless it is here.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeskSettings {
    /// Where the pages are: `127.0.0.1:8480` or `unix:/run/quitus/desk.sock`.
    pub listen: Listen,
    /// Whether a proxy stands before it, which speaks TLS and whose `X-Forwarded-Proto` and `X-Forwarded-For` are believed. Default no.
    #[serde(default)]
    pub behind_proxy: bool,
    /// Further names by which browsers reach it: `quitus.relais.example`. Default: only this machine's own.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Hours after which somebody signs in again. Default 12, from 1 to 720.
    #[serde(default = "twelve")]
    pub session_hours: u32,
    /// Minutes without a look after which somebody signs in again. Default 60, from 5 to 1440.
    #[serde(default = "sixty")]
    pub idle_minutes: u32,
    /// The header in which the proxy names whom it has let in. Default: nobody is believed without a password.
    pub proxy_user_header: Option<String>,
    /// What the proxy sends as `X-Quitus-Proxy`, so that nobody else can name a user: `{ file = "…" }`.
    pub proxy_secret: Option<SecretSource>,
}

const fn twelve() -> u32 {
    12
}

const fn sixty() -> u32 {
    60
}

/// A mistake: the setting, what is wrong, what to do.
pub type Wrong = (&'static str, String, &'static str);

impl DeskSettings {
    /// The pages at this place, with everything else as it is by default.
    pub fn at(listen: Listen) -> Self {
        Self {
            listen,
            behind_proxy: false,
            hosts: Vec::new(),
            session_hours: twelve(),
            idle_minutes: sixty(),
            proxy_user_header: None,
            proxy_secret: None,
        }
    }

    /// Makes relative paths relative to the folder of the configuration.
    pub fn resolve_in(&mut self, folder: &Path) {
        self.listen.resolve_in(folder);
        if let Some(secret) = &mut self.proxy_secret {
            secret.resolve_in(folder);
        }
    }

    /// Every mistake that the values alone do not show.
    pub fn faults(&self) -> Vec<Wrong> {
        let mut faults = Vec::new();
        let mut wrong = |key, what: String, fix| faults.push((key, what, fix));
        if !self.listen.is_local() && !self.behind_proxy {
            wrong(
                "listen",
                format!(
                    "{} can be reached from other machines, and passwords would cross the network in clear text",
                    self.listen
                ),
                "listen on 127.0.0.1 or a socket; if a proxy that speaks TLS is all that reaches it, say behind_proxy = true",
            );
        }
        if self.listen.is_too_long() {
            let what = "the path of a socket is longer than 107 bytes".to_owned();
            wrong(
                "listen",
                what,
                "choose a shorter one, as in unix:/run/quitus/desk.sock",
            );
        }
        for host in self.hosts.iter().filter(|h| !is_host(h)) {
            let what = format!("\"{host}\" is no name of a host");
            wrong("hosts", what, "write the name alone: quitus.example.org");
        }
        if !(1..=720).contains(&self.session_hours) {
            let what = format!("{} hours are not possible", self.session_hours);
            wrong("session_hours", what, "choose from 1 to 720");
        }
        if !(5..=1440).contains(&self.idle_minutes) {
            let what = format!("{} minutes are not possible", self.idle_minutes);
            wrong("idle_minutes", what, "choose from 5 to 1440");
        }
        self.wrong_proxy(&mut wrong);
        faults
    }

    /// A header names a user only if it certainly comes from the proxy.
    fn wrong_proxy(&self, wrong: &mut impl FnMut(&'static str, String, &'static str)) {
        match (&self.proxy_user_header, &self.proxy_secret) {
            (Some(_), _) if !self.behind_proxy => wrong(
                "proxy_user_header",
                "no proxy is said to stand before the desk".to_owned(),
                "say behind_proxy = true, or remove it",
            ),
            (Some(_), None) => wrong(
                "proxy_user_header",
                "anybody who reaches the desk could send this header".to_owned(),
                "add proxy_secret = { file = \"…\" } and let the proxy send it as X-Quitus-Proxy",
            ),
            (None, Some(_)) => wrong(
                "proxy_secret",
                "it serves only proxy_user_header".to_owned(),
                "remove it, or name the header",
            ),
            (Some(name), Some(_)) if axum::http::HeaderName::try_from(name.as_str()).is_err() => {
                let what = format!("\"{name}\" is no name of a header");
                wrong("proxy_user_header", what, "write it as X-Forwarded-User");
            }
            _ => {}
        }
    }
}

/// A name, without scheme, path and port.
fn is_host(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    !text.is_empty() && text.chars().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<&'static str> {
        let settings: DeskSettings = toml::from_str(text).unwrap();
        settings.faults().iter().map(|(key, ..)| *key).collect()
    }

    #[test]
    fn what_others_can_reach_is_refused_unless_a_proxy_speaks_for_it() {
        assert!(read("listen = \"127.0.0.1:8480\"").is_empty());
        assert!(read("listen = \"unix:/run/quitus/desk.sock\"").is_empty());
        assert_eq!(read("listen = \"0.0.0.0:8480\""), ["listen"]);
        assert!(read("listen = \"0.0.0.0:8480\"\nbehind_proxy = true").is_empty());
    }

    #[test]
    fn a_header_that_anybody_can_send_names_no_user() {
        let here = "listen = \"127.0.0.1:1\"\nproxy_user_header = \"X-Forwarded-User\"\n";
        assert_eq!(read(here), ["proxy_user_header"]);
        let behind = format!("{here}behind_proxy = true\n");
        assert_eq!(read(&behind), ["proxy_user_header"]);
        assert!(read(&format!("{behind}proxy_secret = {{ file = \"p\" }}\n")).is_empty());
        let wrong = "listen = \"127.0.0.1:1\"\nhosts = [\"https://a.example/\"]\nsession_hours = 0\nidle_minutes = 1\nproxy_secret = { file = \"p\" }";
        assert_eq!(
            read(wrong),
            ["hosts", "session_hours", "idle_minutes", "proxy_secret"]
        );
    }
}
