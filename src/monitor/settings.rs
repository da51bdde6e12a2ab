//! `[health]` and `[alerts]`: the page for monitoring, and who is told when the daemon is ill. There is none, unless it is asked for.

use crate::config::SecretSource;
use crate::guard::{GuardSettings, Listen};
use crate::sender::{AlertWay, WebhookSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// `[health]`: the page for monitoring; there is none, unless it is asked for.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthSettings {
    /// Where it is asked.
    pub listen: Listen,
    /// Whether others than this machine may ask. Default no: the page knows no password and speaks in clear text.
    #[serde(default)]
    pub remote: bool,
}

/// A mistake: the setting, what is wrong, what to do.
pub type Wrong = (&'static str, String, &'static str);

impl HealthSettings {
    /// Makes a relative path relative to the folder of the configuration.
    pub fn resolve_in(&mut self, folder: &Path) {
        self.listen.resolve_in(folder);
    }

    /// Every mistake that the values alone do not show.
    pub fn faults(&self, guard: &GuardSettings) -> Vec<Wrong> {
        let mut faults = Vec::new();
        if !self.listen.is_local() && !self.remote {
            let what = format!(
                "{} can be reached from other machines, and the page tells everybody how many people said STOP",
                self.listen
            );
            let fix = "listen on 127.0.0.1 or a socket; if a firewall lets only your monitoring through, say remote = true";
            faults.push(("listen", what, fix));
        }
        if self.listen.is_too_long() {
            let what = "the path of a socket is longer than 107 bytes".to_owned();
            let fix = "choose a shorter one, as in unix:/run/quitus/health";
            faults.push(("listen", what, fix));
        }
        let taken = guard.listeners().into_iter();
        for (name, _) in taken.filter(|(_, listen)| **listen == self.listen) {
            let what = format!("[guard.{name}] listens on {} already", self.listen);
            faults.push(("listen", what, "give each an address of its own"));
        }
        faults
    }
}

/// `[alerts]`: who is told when the daemon is ill, beside the reviewers.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AlertSettings {
    /// A program and its arguments; no shell. It reads the alert from its standard input, and has 30 seconds. Default: none.
    pub command: Option<Vec<String>>,
    /// A place that takes signed messages (Standard Webhooks). Default: none.
    pub webhook: Option<WebhookSettings>,
    /// Where the webhook's key is kept: `{ file = "…" }`, `{ env = "…" }`, `{ command = ["…"] }` or `{ credential = "…" }`.
    pub secret: Option<SecretSource>,
    /// Certificates (PEM) to trust beside those of the system. Default: none.
    pub ca_file: Option<PathBuf>,
    /// Hours after which an illness that lasts is told again. Default 24, from 1 to 720.
    pub repeat_hours: u32,
    /// Seconds for which a mailbox or the SMTP server must be in trouble before it is told, and all be well before that is.
    /// Default 120, at most 86,400.
    pub patience_seconds: u32,
}

/// One of those who are told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Listener {
    Command,
    Webhook,
}

impl Listener {
    /// Its setting.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Webhook => "webhook",
        }
    }
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            command: None,
            webhook: None,
            secret: None,
            ca_file: None,
            repeat_hours: 24,
            patience_seconds: 120,
        }
    }
}

impl AlertSettings {
    /// Makes relative paths relative to the folder of the configuration.
    pub fn resolve_in(&mut self, folder: &Path) {
        if let Some(secret) = &mut self.secret {
            secret.resolve_in(folder);
        }
        if let Some(path) = self.ca_file.as_mut().filter(|p| p.is_relative()) {
            *path = folder.join(&*path);
        }
    }

    /// Who is told, by the name under which it is remembered.
    pub(super) fn listeners(&self) -> Vec<Listener> {
        let command = self.command.as_ref().map(|_| Listener::Command);
        let webhook = self.webhook.as_ref().map(|_| Listener::Webhook);
        command.into_iter().chain(webhook).collect()
    }

    /// The way to one of them; nothing if the settings name none.
    ///
    /// # Errors
    /// What is wrong with the webhook, and what to do.
    pub(super) fn way(&self, to: Listener) -> Result<Option<AlertWay>, (String, &'static str)> {
        match (to, &self.command, &self.webhook, &self.secret) {
            (Listener::Command, Some(words), _, _) => Ok(Some(AlertWay::command(words.clone()))),
            (Listener::Webhook, _, Some(webhook), Some(secret)) => {
                AlertWay::webhook(&webhook.url, secret.clone(), self.ca_file.as_deref()).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Every mistake that the values alone do not show.
    pub fn faults(&self) -> Vec<Wrong> {
        let mut faults = Vec::new();
        let command = self.command.as_ref();
        if command.is_some_and(|c| c.first().is_none_or(String::is_empty)) {
            let fix = "write command = [\"/path/of/the/program\", \"argument\"]";
            faults.push(("command", "the command is empty".to_owned(), fix));
        }
        match (&self.webhook, &self.secret) {
            (Some(_), None) => {
                let fix = "say where its key is: secret = { file = \"…\" }";
                faults.push(("webhook", "the webhook has no secret".to_owned(), fix));
            }
            (None, Some(_)) => {
                let fix = "remove it; a program reads its secrets itself";
                faults.push(("secret", "only a webhook needs a secret".to_owned(), fix));
            }
            _ => {}
        }
        let webhook = self.way(Listener::Webhook).err();
        faults.extend(webhook.map(|(what, fix)| ("webhook", what, fix)));
        if !(1..=720).contains(&self.repeat_hours) {
            let what = format!("{} hours are out of range", self.repeat_hours);
            faults.push(("repeat_hours", what, "write a number from 1 to 720"));
        }
        if self.patience_seconds > 86_400 {
            let what = "that is longer than a day".to_owned();
            faults.push(("patience_seconds", what, "write a number from 0 to 86400"));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_goes_somewhere_and_a_webhook_is_signed() {
        let told = |text: &str| -> Vec<String> {
            let alerts: AlertSettings = toml::from_str(text).unwrap();
            let faults = alerts.faults().into_iter();
            faults
                .map(|(key, what, _)| format!("{key}: {what}"))
                .collect()
        };
        for good in [
            "",
            "command = ['/bin/page', 'ops']",
            "webhook = { url = 'https://ops.example/q' }\nsecret = { env = 'K' }",
        ] {
            assert!(told(good).is_empty(), "{good}");
        }
        assert_eq!(told("command = []"), ["command: the command is empty"]);
        assert_eq!(
            told("webhook = { url = 'https://ops.example/q' }"),
            ["webhook: the webhook has no secret"]
        );
        assert_eq!(
            told("secret = { env = 'K' }"),
            ["secret: only a webhook needs a secret"]
        );
        let clear = told("webhook = { url = 'http://ops.example/q' }\nsecret = { env = 'K' }");
        assert!(clear[0].starts_with("webhook: "), "{clear:?}");
        assert_eq!(told("repeat_hours = 0\npatience_seconds = 86401").len(), 2);
    }

    #[test]
    fn beyond_this_machine_only_if_somebody_says_so_and_never_where_the_guard_is() {
        let told = |text: &str, guard: &str| -> Vec<String> {
            let health: HealthSettings = toml::from_str(text).unwrap();
            let guard: GuardSettings = toml::from_str(guard).unwrap();
            let faults = health.faults(&guard).into_iter();
            faults.map(|(_, what, _)| what).collect()
        };
        for good in [
            "listen = \"127.0.0.1:9464\"",
            "listen = \"[::1]:9464\"",
            "listen = \"unix:/run/quitus/health\"",
            "listen = \"0.0.0.0:9464\"\nremote = true",
        ] {
            assert!(told(good, "").is_empty(), "{good}");
        }
        for far in ["0.0.0.0:9464", "[::]:9464", "192.0.2.1:9464"] {
            let faults = told(&format!("listen = \"{far}\""), "");
            assert!(faults[0].contains("from other machines"), "{faults:?}");
        }
        let long = format!("listen = \"unix:/{}\"", "x".repeat(107));
        assert!(told(&long, "")[0].contains("longer than 107"));
        let both = told(
            "listen = \"127.0.0.1:9\"",
            "[policy]\nlisten = \"127.0.0.1:9\"",
        );
        assert_eq!(both, ["[guard.policy] listens on 127.0.0.1:9 already"]);
    }
}
