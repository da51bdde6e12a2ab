//! `[canary]`: a second account, from which a marked STOP and a marked access request travel the whole way every day.

use super::{Document, HouseSettings, SecretSource};
use crate::delivery::{EnvelopeSender, SmtpSettings};
use crate::mailbox::{ImapSettings, MailboxSettings};
use crate::record::Address;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// `[canary]`: a second account, from which a marked STOP and a marked access request travel the whole way every day.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CanarySettings {
    /// The account's address, at another provider than the mailboxes: mail of our own domains is never answered.
    pub address: Address,
    /// The name of the watched mailbox that it writes to; default: the first.
    pub mailbox: Option<String>,
    /// The server that takes its mail: as in `[smtp]`.
    pub smtp: SmtpSettings<SecretSource>,
    /// Where the answer is read: as in `[mailbox.imap]`.
    pub imap: ImapSettings,
    /// The folders in which the answer is looked for. Default `INBOX` and `\Junk`.
    #[serde(default = "folders")]
    pub folders: Vec<String>,
    /// The hour of the daily run in the controller's time zone, 0 to 23. Default 6.
    #[serde(default = "hour")]
    pub hour: u8,
    /// Minutes after which a missing answer is an alarm, 1 to 720. Default 30.
    #[serde(default = "patience")]
    pub patience_minutes: u32,
}

fn folders() -> Vec<String> {
    vec!["INBOX".to_owned(), "\\Junk".to_owned()]
}

const fn hour() -> u8 {
    6
}

const fn patience() -> u32 {
    30
}

impl CanarySettings {
    /// Relative paths count from the configuration's folder.
    fn resolve_in(&mut self, folder: &Path) {
        if let Some(password) = &mut self.smtp.password {
            password.resolve_in(folder);
        }
        if let Some(oauth) = &mut self.smtp.oauth {
            oauth.resolve_in(folder);
        }
        let ca_file = self.smtp.ca_file.iter_mut();
        ca_file.for_each(|p| super::places::resolve(p, folder));
        let mut account = self.account();
        account.resolve_in(folder);
        self.imap = account.imap;
    }

    /// The account as a mailbox that is looked into, and never watched.
    pub fn account(&self) -> MailboxSettings {
        MailboxSettings {
            name: "canary".to_owned(),
            address: self.address.clone(),
            closing: None,
            aliases: Vec::new(),
            groups: Vec::new(),
            own_lists: Vec::new(),
            forwarded_from: Vec::new(),
            imap: self.imap.clone(),
            folders: self.folders.clone(),
            sent: String::new(),
            drafts: String::new(),
            poll_seconds: 60,
            read: Default::default(),
            filing: Default::default(),
        }
    }

    /// The mailbox that it writes to.
    pub fn watched<'m>(&self, mailboxes: &'m [MailboxSettings]) -> Option<&'m MailboxSettings> {
        match &self.mailbox {
            Some(name) => mailboxes.iter().find(|m| m.name == *name),
            None => mailboxes.first(),
        }
    }
}

/// Reads and judges it; no section is no canary.
pub(super) fn canary(
    doc: &mut Document,
    folder: &Path,
    mailboxes: &[MailboxSettings],
    house: &HouseSettings,
) -> Option<CanarySettings> {
    let mut canary: CanarySettings = doc.take("canary")?;
    canary.resolve_in(folder);
    let mut wrong = faults(&canary, mailboxes, &house.own_domains);
    wrong.extend(of_account(&canary));
    for (path, what, fix) in wrong {
        let path: Vec<&str> = std::iter::once("canary").chain(path).collect();
        let place = doc.place(&path);
        doc.fault(place, what, fix);
    }
    Some(canary)
}

/// Where, what, and what to do.
type Wrong = (Vec<&'static str>, String, String);

fn faults(
    canary: &CanarySettings,
    mailboxes: &[MailboxSettings],
    own_domains: &[String],
) -> Vec<Wrong> {
    let mut wrong: Vec<Wrong> = Vec::new();
    let mut fault = |bad: bool, key: &'static str, what: &str, fix: &str| {
        if bad {
            wrong.push((vec![key], what.to_owned(), fix.to_owned()));
        }
    };
    let ours = own_domains.iter().any(|d| d == canary.address.domain());
    let watched = (mailboxes.iter()).any(|m| m.addresses().any(|a| a.same_person(&canary.address)));
    fault(
        ours || watched,
        "address",
        "the canary's address is one of our own, whose mail is never answered",
        "take an account at another domain, best at another provider",
    );
    fault(
        !canary.address.as_str().is_ascii(),
        "address",
        "the canary's address is not ASCII, and not every server takes it",
        "take an account with an ASCII address",
    );
    fault(
        canary.watched(mailboxes).is_none() && !mailboxes.is_empty(),
        "mailbox",
        "there is no such mailbox",
        "write the name of a [[mailbox]], or leave it out for the first",
    );
    fault(
        canary.hour > 23,
        "hour",
        "there is no such hour",
        "write 0 to 23",
    );
    fault(
        !(1..=720).contains(&canary.patience_minutes),
        "patience_minutes",
        "so many minutes make no alarm",
        "write 1 to 720",
    );
    wrong
}

/// The two ways to the account, judged by the rooms that go them.
fn of_account(canary: &CanarySettings) -> Vec<Wrong> {
    let mut wrong: Vec<Wrong> = Vec::new();
    if canary.smtp.envelope_sender != EnvelopeSender::Mailbox {
        let what =
            "the canary writes as a person does, with its own address as the envelope's sender";
        let fix = "remove envelope_sender from [canary.smtp]";
        let path = vec!["smtp", "envelope_sender"];
        wrong.push((path, what.to_owned(), fix.to_owned()));
    }
    for (what, fix) in canary.account().faults() {
        let what = what.replace("mailbox canary:", "[canary.imap]");
        wrong.push((
            vec!["imap"],
            what,
            fix.replace("mailbox.imap", "canary.imap"),
        ));
    }
    for told in canary.smtp.check() {
        let what = format!("[canary.smtp] {}: {}", told.key, told.what);
        wrong.push((vec!["smtp", told.key], what, told.fix.to_string()));
    }
    wrong
}
