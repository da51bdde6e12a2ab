//! What is wrong with a configuration although each value has the right shape: names that clash, names that lead nowhere.
//!
//! The rooms judge their own sections; this file gives their judgement a place, and judges what spans several.

use super::places::HouseSettings;
use super::{
    ControllerSettings, Document, FolderSettings, ProcessingSettings, ReviewSettings, SecretSource,
    SystemSettings,
};
use crate::delivery::SmtpSettings;
use crate::guard::GuardSettings;
use crate::mailbox::MailboxSettings;
use crate::monitor::{AlertSettings, HealthSettings};
use crate::record::{Address, RequestKind, TOKEN_LETTERS, domain_to_ascii, is_freemail_domain};
use crate::register::{Days, NoDays, RegisterSettings, SentLogSettings};
use crate::sender::{Connector, SenderSettings};
use std::collections::HashMap;
use std::ops::Range;

/// The words of the register for data.
const DATA: &[&str] = &["all", "email", "name", "role", "firm", "phone", "profile"];

/// What letters say of the firm.
pub fn controller(doc: &mut Document, controller: Option<&ControllerSettings>) {
    let Some(c) = controller else { return };
    for (key, text) in [
        ("name", &c.name),
        ("legal_name", &c.legal_name),
        ("address", &c.address),
    ] {
        if text.trim().is_empty() {
            let place = doc.place(&["controller", key]);
            doc.fault(
                place,
                format!("[controller] {key} is empty"),
                "letters must say who answers; write it as letters shall",
            );
        }
    }
}

/// Each mailbox alone, and all of them together.
pub fn mailboxes(doc: &mut Document, mailboxes: &[(usize, MailboxSettings)]) {
    let mut names: HashMap<&str, String> = HashMap::new();
    let mut claimed: Vec<(&crate::record::Address, &str)> = Vec::new();
    for (number, mailbox) in mailboxes {
        let number = number.to_string();
        let place = |doc: &Document, key: &str| doc.place(&["mailbox", &number, key]);
        for (what, fix) in mailbox.faults() {
            let here = place(doc, "");
            doc.fault(here, what, fix);
        }
        if let Some(before) = names.insert(&mailbox.name, number.clone()) {
            let here = place(doc, "name");
            let elsewhere = doc.elsewhere(&here, &doc.place(&["mailbox", &before, "name"]));
            doc.fault(
                here,
                format!("two mailboxes are called \"{}\"{elsewhere}", mailbox.name),
                "give each a name of its own: status, log and cursors know it by the name",
            );
        }
        let own = std::iter::once(("address", &mailbox.address));
        let aliases = mailbox.aliases.iter().map(|a| ("aliases", a));
        for (key, address) in own.chain(aliases) {
            let before = claimed.iter().find(|(a, _)| a.same_person(address));
            if let Some((_, other)) = before {
                let here = place(doc, key);
                let whose = if *other == mailbox.name {
                    "this mailbox"
                } else {
                    other
                };
                doc.fault(
                    here,
                    format!("{} is already an address of {whose}", address.as_str()),
                    "leave it with one mailbox; an address that reaches several is one of `groups`",
                );
            } else {
                claimed.push((address, &mailbox.name));
            }
        }
    }
}

/// Each sender alone, with its preset, and that their names differ.
pub fn senders(doc: &mut Document, senders: &[(usize, SenderSettings)]) {
    let mut names: Vec<(&str, String)> = Vec::new();
    for (number, sender) in senders {
        let number = number.to_string();
        for fault in Connector::new(sender).err().into_iter().flatten() {
            if fault.file.is_empty() {
                let here = doc.place(&["sender", &number]);
                doc.fault(here, fault.what, fault.fix);
            } else {
                // A preset's own mistake has its own place.
                doc.faults.push(fault);
            }
        }
        if let Some((name, before)) = names.iter().find(|(name, _)| *name == sender.name) {
            let here = doc.place(&["sender", &number, "name"]);
            let elsewhere = doc.elsewhere(&here, &doc.place(&["sender", before, "name"]));
            let what = format!("two senders are called \"{name}\"{elsewhere}");
            let fix = "give each a name of its own: status, log and queue know it by the name";
            doc.fault(here, what, fix);
        }
        names.push((&sender.name, number));
    }
}

/// Each system has a name of its own, and something to do.
pub fn systems(doc: &mut Document, systems: &[(usize, SystemSettings)]) {
    let mut names: Vec<&str> = Vec::new();
    for (number, system) in systems {
        let number = number.to_string();
        if system.name.trim().is_empty() || names.contains(&system.name.as_str()) {
            let here = doc.place(&["system", &number, "name"]);
            let what = format!("\"{}\" cannot be the name of another system", system.name);
            doc.fault(here, what, "give each a name of its own: letters name it");
        }
        let done = [RequestKind::Access, RequestKind::Erasure];
        if system.requests.is_empty() || system.requests.iter().any(|k| !done.contains(k)) {
            let here = doc.place(&["system", &number, "requests"]);
            let what = "only access and erasure are done in another system";
            doc.fault(
                here,
                what,
                "write requests = [\"access\", \"erasure\"], or leave it out",
            );
        }
        names.push(&system.name);
    }
}

/// Each log has a name of its own and can be read.
pub fn sent_logs(doc: &mut Document, logs: &[(usize, SentLogSettings)]) {
    let mut names: Vec<&str> = Vec::new();
    for (number, log) in logs {
        let number = number.to_string();
        if let Some((setting, what, fix)) = log.fault() {
            let here = doc.place(&["sent_log", &number, setting]);
            doc.fault(here, what, fix);
        }
        if names.contains(&log.name.as_str()) {
            let here = doc.place(&["sent_log", &number, "name"]);
            let what = format!("two logs are called \"{}\"", log.name);
            doc.fault(here, what, "give each a name of its own");
        }
        names.push(&log.name);
    }
}

/// The delivery room's judgement, with its places.
pub fn smtp(doc: &mut Document, smtp: &SmtpSettings<SecretSource>) {
    for wrong in smtp.check() {
        let place = doc.place(&["smtp", wrong.key]);
        doc.fault(
            place,
            format!("[smtp] {}: {}", wrong.key, wrong.what),
            wrong.fix,
        );
    }
}

/// The guard's judgement, with its places.
pub fn guard(doc: &mut Document, guard: &GuardSettings) {
    for (path, what, fix) in guard.faults() {
        let path: Vec<&str> = std::iter::once("guard")
            .chain(path.iter().map(String::as_str))
            .collect();
        let place = doc.place(&path);
        doc.fault(place, what, fix);
    }
}

/// The monitor's judgement of its page, with its places.
pub fn health(doc: &mut Document, health: Option<&HealthSettings>, guard: &GuardSettings) {
    for (key, what, fix) in health.iter().flat_map(|h| h.faults(guard)) {
        let place = doc.place(&["health", key]);
        doc.fault(place, what, fix);
    }
}

/// The review desk's judgement, with its places.
pub fn desk(doc: &mut Document, desk: Option<&crate::web::DeskSettings>) {
    for (key, what, fix) in desk.iter().flat_map(|d| d.faults()) {
        let place = doc.place(&["desk", key]);
        doc.fault(place, what, fix);
    }
}

/// The same of whom it alerts.
pub fn alerts(doc: &mut Document, alerts: &AlertSettings) {
    for (key, what, fix) in alerts.faults() {
        let place = doc.place(&["alerts", key]);
        doc.fault(place, what, fix);
    }
}

/// The place that a mistake of the policy speaks of: it begins with the setting's name, or quotes a country.
pub fn place_of_policy(doc: &Document, what: &str) -> Range<usize> {
    let said = what.trim_start_matches("[policy] ");
    if let Some(code) = said.strip_prefix('"').and_then(|s| s.split('"').next()) {
        let path = ["policy", "countries", code];
        return if doc.has(&path) {
            doc.place(&path)
        } else {
            doc.place(&["controller", "country"])
        };
    }
    let name = said.split(':').next().unwrap_or_default();
    let path: Vec<&str> = std::iter::once("policy").chain(name.split('.')).collect();
    doc.place(&path)
}

/// Providers once, origins with a provider that is there.
pub fn register(doc: &mut Document, register: &RegisterSettings) {
    let known: Vec<&str> = register.provider.iter().map(|p| p.id.as_str()).collect();
    for (n, id) in known.iter().enumerate() {
        if let Some(before) = known[..n].iter().position(|other| other == id) {
            let [place, there] =
                [n, before].map(|n| doc.place(&["provider", &n.to_string(), "id"]));
            let elsewhere = doc.elsewhere(&place, &there);
            doc.fault(
                place,
                format!("two providers have the id \"{id}\"{elsewhere}"),
                "give each its own id: origins name it by that",
            );
        }
    }
    for (n, origin) in register.origin.iter().enumerate() {
        let n = n.to_string();
        if !known.contains(&origin.provider.as_str()) {
            let fix = match super::nearest(&origin.provider, &known) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("add [[provider]] with id = \"{}\"", origin.provider),
            };
            let place = doc.place(&["origin", &n, "provider"]);
            doc.fault(
                place,
                format!("there is no provider \"{}\"", origin.provider),
                fix,
            );
        }
        if let Err(why) = Days::of_rule(&origin.date) {
            let place = doc.place(&["origin", &n, "date"]);
            let what = match why {
                NoDays::Unreadable => format!("\"{}\" is no day", origin.date),
                NoDays::Reversed => format!("\"{}\" ends before it begins", origin.date),
            };
            let fix = "write 2026-03-01, or the first and the last day: 2026-03-01..2026-03-12";
            doc.fault(place, what, fix);
        }
        words_of_data(doc, &["origin", &n, "data"], &origin.data);
    }
}

/// The hour of the digest.
pub fn review(doc: &mut Document, review: &ReviewSettings) {
    if review.digest_hour > 23 {
        let place = doc.place(&["review", "digest_hour"]);
        doc.fault(
            place,
            format!("a day has no hour {}", review.digest_hour),
            "write a number from 0 to 23",
        );
    }
    for (name, days) in [
        ("due_soon_days", review.due_soon_days),
        ("alarm_days", review.alarm_days),
    ] {
        if days > 60 {
            let place = doc.place(&["review", name]);
            let what = format!("{days} days is longer than a clock is wont to run");
            doc.fault(place, what, "write a number from 0 to 60");
        }
    }
    if review.alarm_days > review.due_soon_days {
        let place = doc.place(&["review", "alarm_days"]);
        doc.fault(
            place,
            "an alarm before the request counts as due soon",
            "write a number that is not above due_soon_days",
        );
    }
    for (n, one) in review.reviewers.iter().enumerate() {
        let before = review.reviewers.iter().take(n);
        if before
            .clone()
            .any(|other| other.address.same_person(&one.address))
        {
            let place = doc.place(&["review", "reviewers", &n.to_string()]);
            doc.fault(
                place,
                "this reviewer stands here twice",
                "remove one of them",
            );
        }
    }
}

/// Categories are words of the register.
pub fn processing(doc: &mut Document, processing: &ProcessingSettings) {
    words_of_data(doc, &["processing", "categories"], &processing.categories);
}

fn words_of_data(doc: &mut Document, path: &[&str], words: &[String]) {
    for word in words.iter().filter(|w| !DATA.contains(&w.as_str())) {
        let fix = match super::nearest(word, DATA) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("write some of {}", DATA.join(", ")),
        };
        let place = doc.place(path);
        doc.fault(
            place,
            format!("the register has no data called \"{word}\""),
            fix,
        );
    }
}

/// What an address may have before its at sign to carry a plus and a token (RFC 5321, section 4.5.3.1.1).
const TOKEN_ROOM: usize = 64 - 1 - TOKEN_LETTERS;

/// Our domains as every comparison needs them; those of the mailboxes if none are given.
pub fn house(doc: &mut Document, house: &mut HouseSettings, mailboxes: &[MailboxSettings]) {
    let mut own: Vec<String> = Vec::new();
    for (n, domain) in house.own_domains.iter().enumerate() {
        let place = doc.place(&["house", "own_domains", &n.to_string()]);
        match domain_to_ascii(domain) {
            Some(d) if is_freemail_domain(&d) => doc.fault(
                place,
                format!("\"{domain}\" belongs to everybody"),
                "remove it: whoever writes from there would count as a colleague",
            ),
            Some(d) => own.push(d),
            None => doc.fault(
                place,
                format!("\"{domain}\" is not a domain"),
                "write it as in acme.example, without an @",
            ),
        }
    }
    if house.own_domains.is_empty() {
        let of_mailboxes = mailboxes.iter().map(|m| m.address.domain().to_owned());
        own.extend(of_mailboxes.filter(|d| !is_freemail_domain(d)));
    }
    own.sort();
    own.dedup();
    house.own_domains = own;
    carrier(doc, house.unsubscribe_address.as_ref());
    for (list, words) in [
        ("tags", &house.warm_up.tags),
        ("headers", &house.warm_up.headers),
    ] {
        for (n, _) in words
            .iter()
            .enumerate()
            .filter(|(_, w)| w.trim().is_empty())
        {
            let place = doc.place(&["house", "warm_up", list, &n.to_string()]);
            doc.fault(
                place,
                "an empty mark is in every message",
                "remove it, or nothing would ever be read",
            );
        }
    }
}

/// A token must fit into the address that carries it.
fn carrier(doc: &mut Document, carrier: Option<&Address>) {
    if carrier.is_some_and(|a| a.local().len() > TOKEN_ROOM) {
        doc.fault(
            doc.place(&["house", "unsubscribe_address"]),
            "it leaves no room for a token: an address has at most 64 letters before its at sign",
            format!("choose one with at most {TOKEN_ROOM}"),
        );
    }
}

/// A folder of the firm's own files must be there: a typing mistake would silently bring back the texts of Quitus.
pub fn own_files(doc: &mut Document, section: &str, folder: &FolderSettings) {
    if let Some(path) = folder.path.as_ref().filter(|p| !p.is_dir()) {
        let place = doc.place(&[section, "path"]);
        doc.fault(
            place,
            format!("there is no folder {}", path.display()),
            format!("make it, or remove [{section}] to use those that Quitus brings along"),
        );
    }
}
