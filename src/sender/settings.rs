//! What an operator writes about one sender: `[[sender]]` in the configuration.
//!
//! A sender is described in one of five ways: `preset`, `file`, `webhook`, `command` or `drop`. What one block can tell is
//! judged by [`SenderSettings::faults`]; what its preset says is judged when the [`super::Connector`] is made.

use super::told::Channel;
use crate::config::SecretSource;
use crate::http::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One tool that sends prospecting and must obey: described by exactly one of `preset`, `file`, `webhook`, `command` and `drop`.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SenderSettings {
    /// The name under which status, log and commands know it; never changes once it was used.
    pub name: String,
    /// A preset that comes with Quitus: `"lemlist"`.
    pub preset: Option<String>,
    /// A preset of your own, in the same format.
    pub file: Option<PathBuf>,
    /// A place that takes signed messages (Standard Webhooks).
    pub webhook: Option<WebhookSettings>,
    /// A program and its arguments; no shell. It reads the notice as JSON from its standard input.
    pub command: Option<Vec<String>>,
    /// A CSV file to which a line is added.
    pub drop: Option<PathBuf>,
    /// Where the key is kept: `{ file = "…" }`, `{ env = "…" }`, `{ command = ["…"] }` or `{ credential = "…" }`.
    pub secret: Option<SecretSource>,
    /// Values that the preset asks for. Default: none.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
    /// Another address of the vendor than the preset's: a region. Default: the preset's.
    pub base: Option<String>,
    /// Certificates (PEM) to trust beside those of the system. Default: none.
    pub ca_file: Option<PathBuf>,
    /// What stops when it obeys. Default: the preset's; for the others `["email"]`.
    pub channels: Option<Vec<Channel>>,
    /// What a pause does there: it is told (`send`), told as a STOP for good (`as_stop`), or not told (`leave`). Default: `send`.
    #[serde(default)]
    pub pause: Pauses,
    /// Calls a minute, as your plan allows. Default: the preset's, which keeps below the vendor's smallest plan.
    pub per_minute: Option<u32>,
    /// Seconds for one call, or for the command. Default: 30, from 1 to 600.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
}

/// What a pause does in a tool: some can only opt out for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pauses {
    /// It is told; where the tool has no word for it, a human does it there.
    #[default]
    Send,
    /// It is told as a STOP: the tool opts them out for good, and nothing here takes that back there.
    AsStop,
    /// The tool is not told: what it has scheduled for them may leave.
    Leave,
}

/// Where signed messages go.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// `https://…`; clear text to this machine only.
    pub url: String,
}

const fn default_timeout() -> u64 {
    30
}

impl SenderSettings {
    /// How long one call may take.
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.clamp(1, 600))
    }

    /// Makes relative file paths relative to the folder of the configuration.
    pub fn resolve_in(&mut self, folder: &Path) {
        if let Some(secret) = &mut self.secret {
            secret.resolve_in(folder);
        }
        let paths = [&mut self.file, &mut self.drop, &mut self.ca_file];
        for path in paths.into_iter().flatten().filter(|p| p.is_relative()) {
            *path = folder.join(&*path);
        }
    }

    /// What is wrong with this block, as pairs of what and what to do; the caller knows file and line.
    pub fn faults(&self) -> Vec<(String, String)> {
        let urls = [
            self.base.as_deref(),
            self.webhook.as_ref().map(|w| w.url.as_str()),
        ];
        let urls = urls.into_iter().flatten();
        let wrong = urls.filter_map(|url| Target::parse(url).err());
        self.clashes()
            .into_iter()
            .filter_map(|(bad, what, fix)| bad.then_some((what, fix)))
            .chain(wrong)
            .map(|(what, fix)| (format!("sender {}: {what}", self.name), fix.to_owned()))
            .collect()
    }

    /// What must not be: whether it is, what it is, what to do.
    fn clashes(&self) -> [(bool, &'static str, &'static str); 9] {
        let name = &self.name;
        let called = self.preset.is_some() || self.file.is_some();
        let local = self.command.is_some() || self.drop.is_some();
        let command = self.command.as_ref();
        [
            (
                name.is_empty()
                    || name.len() > 64
                    || name.chars().any(|c| c.is_control() || c == '@'),
                "this cannot be the name of a sender",
                "give it a short name, such as \"lemlist\"",
            ),
            (
                self.ways() != 1,
                "it must be described in exactly one way",
                "write one of preset, file, webhook, command and drop",
            ),
            (
                (called || self.webhook.is_some()) && self.secret.is_none(),
                "there is no secret",
                "say where its key is: secret = { file = \"…\" }",
            ),
            (
                local && (self.secret.is_some() || self.ca_file.is_some()),
                "a command or a file uses neither secret nor ca_file",
                "remove them; a program reads its secrets itself",
            ),
            (
                !called && (self.base.is_some() || !self.with.is_empty()),
                "base and with belong to a preset",
                "remove them",
            ),
            (
                command.is_some_and(|c| c.first().is_none_or(String::is_empty)),
                "the command is empty",
                "write command = [\"/path/of/the/program\", \"argument\"]",
            ),
            (
                self.channels.as_ref().is_some_and(Vec::is_empty),
                "it stops nothing",
                "leave channels out, or name at least \"email\"",
            ),
            (
                self.per_minute == Some(0),
                "it may never be told",
                "write a number of calls a minute, or leave per_minute out",
            ),
            (
                !(1..=600).contains(&self.timeout_seconds),
                "timeout_seconds is out of range",
                "write a number from 1 to 600",
            ),
        ]
    }

    fn ways(&self) -> usize {
        [
            self.preset.is_some(),
            self.file.is_some(),
            self.webhook.is_some(),
            self.command.is_some(),
            self.drop.is_some(),
        ]
        .into_iter()
        .filter(|there| *there)
        .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(String, String)> {
        toml::from_str::<SenderSettings>(text).unwrap().faults()
    }

    #[test]
    fn one_way_to_describe_a_sender_and_what_belongs_to_it() {
        assert!(faults("name = 'l'\npreset = 'lemlist'\nsecret = { env = 'K' }").is_empty());
        assert!(faults("name = 'd'\ndrop = 'stop.csv'").is_empty());
        assert_eq!(faults("name = 'l'\npreset = 'lemlist'").len(), 1);
        assert_eq!(faults("name = 'l'").len(), 1);
        assert_eq!(faults("name = 'l'\ndrop = 'a'\ncommand = ['b']").len(), 1);
        assert_eq!(
            faults("name = 'l'\ndrop = 'a'\nwith = { a = 'b' }").len(),
            1
        );
        assert_eq!(
            faults("name = ''\ncommand = []\nchannels = []\ntimeout_seconds = 0").len(),
            4
        );
    }

    #[test]
    fn clear_text_is_for_this_machine_only() {
        let hook = |url: &str| {
            faults(&format!(
                "name = 'h'\nsecret = {{ env = 'K' }}\nwebhook = {{ url = '{url}' }}"
            ))
        };
        assert!(hook("https://hooks.example.com/stop?t=1").is_empty());
        assert!(hook("http://127.0.0.1:8080/stop").is_empty());
        for bad in [
            "http://hooks.example.com/",
            "ftp://a.example/",
            "hooks.example.com",
            "https://u:p@a.example/",
        ] {
            assert_eq!(hook(bad).len(), 1, "{bad}");
            assert!(!hook(bad)[0].0.contains("u:p"), "a secret is not repeated");
        }
    }
}
