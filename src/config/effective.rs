//! What is in force: every setting with its value, and where that was written.
//!
//! Secrets are never read for it. The place of one is shown, without the arguments of a command; of a webhook's address
//! only the server, since many of them let in whoever knows the path.

use super::merge::SECRETS;
use super::reference::plain;
use super::sections::SECTIONS;
use super::{Config, Place};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One setting in force.
#[derive(Clone, PartialEq, Debug)]
pub struct Setting {
    /// Its section, and its number if there are several: `("mailbox", Some(0))`.
    pub section: (&'static str, Option<usize>),
    /// Its name within the section, with dots; empty for a section that is not there.
    pub name: String,
    /// Its value; null if there is none.
    pub value: Value,
    /// Where it was written: first the place in force, then those that it replaced. Nowhere: it is the default.
    pub places: Vec<Place>,
}

impl Config {
    /// Every setting in force, section by section; `written` is what the same reading of it told (`Survey::written`).
    pub fn settings(&self, written: &BTreeMap<String, Vec<Place>>) -> Vec<Setting> {
        let mut settings = Vec::new();
        for section in SECTIONS {
            let value = self.section(section.key);
            let blocks = match (section.many, value) {
                (true, Value::Array(blocks)) => blocks
                    .into_iter()
                    .enumerate()
                    .map(|(n, b)| (Some(n), b))
                    .collect(),
                (_, value) => vec![(None, value)],
            };
            for (number, value) in blocks {
                let found = Found {
                    section: (section.key, number),
                    written,
                    path: place_in_text(section.key, number, written),
                };
                found.leaves("", value, &mut settings);
            }
        }
        settings
    }

    /// One section as it would be written; what is given by other settings is filled in.
    fn section(&self, key: &str) -> Value {
        match key {
            "controller" => shown(&self.controller),
            "processing" => shown(&self.processing),
            "store" => shown(&self.store),
            "mailbox" => {
                let one = |m: &crate::mailbox::MailboxSettings| {
                    let mut all = shown(m);
                    all["imap"]["port"] = json!(m.imap.port());
                    all
                };
                self.mailboxes.iter().map(one).collect()
            }
            "smtp" => {
                let mut all = shown(&self.smtp);
                all["port"] = json!(self.smtp.port());
                all
            }
            "sender" => shown(&self.senders),
            "system" => shown(&self.systems),
            "recipient" => shown(&self.recipients),
            "sent_log" => shown(&self.sent_logs),
            "policy" => without(shown(&self.policy.settings), &["country", "timezone"]),
            "register" => without(shown(&self.register), &["provider", "origin"]),
            "provider" => shown(&self.register.provider),
            "origin" => shown(&self.register.origin),
            "review" => shown(&self.review),
            "retention" => shown(&self.retention),
            "templates" => shown(&self.templates),
            "lexicon" => shown(&self.lexicon),
            "reader" => shown(&self.reader),
            "log" => shown(&self.log),
            "house" => shown(&self.house),
            "control" => json!({ "socket": self.control_socket }),
            "guard" => shown(&self.guard),
            "health" => shown(&self.health),
            "alerts" => shown(&self.alerts),
            "learning" => shown(&self.learning),
            "desk" => shown(&self.desk),
            "connections" => shown(&self.connections),
            _ => Value::Null,
        }
    }
}

fn shown(settings: &impl Serialize) -> Value {
    // A path that is not UTF-8 cannot stand in a TOML file, so there is nothing that cannot be shown.
    serde_json::to_value(settings).unwrap_or_default()
}

fn without(mut all: Value, names: &[&str]) -> Value {
    if let Some(all) = all.as_object_mut() {
        all.retain(|name, _| !names.contains(&name.as_str()));
    }
    all
}

/// Where the text has a section: providers and origins below `[register]` come before those that stand alone.
fn place_in_text(
    key: &str,
    number: Option<usize>,
    written: &BTreeMap<String, Vec<Place>>,
) -> String {
    let Some(number) = number else {
        return key.to_owned();
    };
    let inner = format!("register.{key}");
    let below = (0..)
        .take_while(|n| written.contains_key(&format!("{inner}.{n}")))
        .count();
    match number.checked_sub(below) {
        Some(number) => format!("{key}.{number}"),
        None => format!("{inner}.{number}"),
    }
}

struct Found<'w> {
    section: (&'static str, Option<usize>),
    written: &'w BTreeMap<String, Vec<Place>>,
    path: String,
}

impl Found<'_> {
    fn leaves(&self, name: &str, value: Value, settings: &mut Vec<Setting>) {
        let last = name.rsplit('.').next().unwrap_or_default();
        match value {
            Value::Object(table) if !table.is_empty() && !SECRETS.contains(&last) => {
                for (key, value) in table {
                    let name = match name {
                        "" => key,
                        above => format!("{above}.{key}"),
                    };
                    self.leaves(&name, value, settings);
                }
            }
            value => {
                let path = match name {
                    "" => self.path.clone(),
                    name => format!("{}.{name}", self.path),
                };
                settings.push(Setting {
                    section: self.section,
                    value: masked(name, value),
                    name: name.to_owned(),
                    places: self.written.get(&path).cloned().unwrap_or_default(),
                });
            }
        }
    }
}

/// A number as it was written; the address of a webhook, as far as it is no secret.
fn masked(name: &str, value: Value) -> Value {
    if let Value::Number(number) = &value {
        return Value::Number(plain(number));
    }
    let Some(url) = value.as_str().filter(|_| name == "webhook.url") else {
        return value;
    };
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    json!(format!("{scheme}://{host}/…"))
}
