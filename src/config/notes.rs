//! What somebody may mean and most likely does not, and what is left to the operator: told by `check` and `doctor`, and no mistake.
//!
//! A daemon runs with all of it. It is told of a configuration that has no mistake, because a mistake comes first.

use super::{Config, Place, Survey};
use crate::record::{Address, Fault, Timestamp};
use crate::register::{Days, ProviderRole};
use crate::sender::SenderSettings;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::path::Path;

impl Survey {
    /// All of it, on the day that it now is in the controller's time zone.
    pub fn notes(&self, now: Timestamp) -> Vec<Fault> {
        let Ok(config) = &self.config else {
            return Vec::new();
        };
        let today = config.policy.calendar.day(now);
        let mut notes = Notes {
            config,
            written: &self.written,
            all: Vec::new(),
        };
        notes.privacy();
        notes.carriers();
        notes.closed(today);
        notes.senders();
        notes.recipients();
        notes.origins(today);
        notes.retention();
        let mut all = notes.all;
        all.extend(config.sheet_notes());
        all
    }
}

struct Notes<'s> {
    config: &'s Config,
    written: &'s BTreeMap<String, Vec<Place>>,
    all: Vec<Fault>,
}

impl Notes<'_> {
    /// One, at the place where the setting of this path was written.
    fn add(&mut self, path: &str, what: String, fix: impl Into<String>) {
        let place = self.written.get(path).and_then(|all| all.first());
        let fault = match place {
            Some(Place::File { file, line, column }) => Fault {
                file: file.clone(),
                line: *line,
                column: *column,
                what,
                fix: fix.into(),
            },
            Some(Place::Variable(name)) => Fault::of_file(&format!("${name}"), what, fix),
            None => Fault::of_file(&self.config.file.display().to_string(), what, fix),
        };
        self.all.push(fault);
    }

    /// Letters leave from the privacy address, and are answered.
    fn privacy(&mut self) {
        let config = self.config;
        let privacy = &config.controller.privacy_email;
        if config.is_watched(privacy) {
            return;
        }
        let answers = match config.first_mailbox() {
            Some(first) => format!("their Reply-To is {}", first.address.as_str()),
            None => "answers to them are lost".to_owned(),
        };
        let what = format!(
            "{} arrives in no watched mailbox: letters leave from it, {answers}, and what people write to it is read by nobody here",
            privacy.as_str()
        );
        let fix = "name it among the aliases or forwarded_from of a [[mailbox]], if it arrives there; else a human reads it every day";
        self.add("controller.privacy_email", what, fix);
    }

    /// Addresses that carry a token must arrive where somebody looks.
    fn carriers(&mut self) {
        let config = self.config;
        let carriers = [
            (
                "house.unsubscribe_address",
                &config.house.unsubscribe_address,
            ),
            ("smtp.bounce_address", &config.smtp.bounce_address),
        ];
        for (path, carrier) in carriers {
            let Some(carrier) = carrier else { continue };
            let near = |a: &Address| a.domain() == carrier.domain();
            let mut mailboxes = config.mailboxes.iter();
            if mailboxes.any(|m| m.addresses().chain(&m.forwarded_from).any(near)) {
                continue;
            }
            let (local, domain) = (carrier.local(), carrier.domain());
            let what = format!(
                "no watched mailbox has an address of {domain}: what is written to {} may arrive nowhere",
                carrier.as_str()
            );
            let fix = format!(
                "let {local}+anything@{domain} arrive in a watched mailbox, and send a mail there to see it"
            );
            self.add(path, what, fix);
        }
    }

    /// Where the last day of every mailbox is over nothing is read any more.
    fn closed(&mut self, today: Date) {
        let over = |day: Option<Date>| day.is_some_and(|day| day < today);
        if self.config.mailboxes.iter().all(|m| over(m.closing)) {
            let what =
                "the last day of every mailbox is over: no mail is read, and no STOP is obeyed";
            let fix = "write a later day, or a [[mailbox]] that stays";
            self.add("mailbox.0.closing", what.to_owned(), fix);
        }
    }

    /// What a sender is told through must be there: until then, nobody obeys.
    fn senders(&mut self) {
        let config = self.config;
        for (n, sender) in config.senders.iter().enumerate() {
            let name = &sender.name;
            let program = sender.command.as_ref().and_then(|words| words.first());
            if let Some(program) = program.filter(|p| !is_program(p)) {
                let what = format!("sender {name}: there is no program {program}");
                let fix =
                    "install it, or correct its path: until then this tool is told of no STOP";
                self.add(&format!("sender.{n}.command"), what, fix);
            }
            let folder = sender.drop.as_deref().and_then(Path::parent);
            if let Some(folder) = folder.filter(|f| !f.is_dir()) {
                let what = format!("sender {name}: there is no folder {}", folder.display());
                let fix = "make it, writable for the user of the daemon: until then this tool is told of no STOP";
                self.add(&format!("sender.{n}.drop"), what, fix);
            }
        }
    }

    /// Whoever receives data is named in letters (Art. 15(1)(c) GDPR, CJEU C-154/21).
    fn recipients(&mut self) {
        let config = self.config;
        let listed = config.processing.recipients.iter().flatten();
        let listed: Vec<String> = listed.map(|name| name.to_lowercase()).collect();
        if listed.is_empty() {
            return;
        }
        let is_listed = |names: &[Option<&str>]| {
            let names = names.iter().flatten().map(|name| name.to_lowercase());
            let mut pairs = names.flat_map(|name| listed.iter().map(move |l| (l, name.clone())));
            pairs.any(|(l, name)| l.contains(&name) || name.contains(l.as_str()))
        };
        let mut unnamed: Vec<&str> = Vec::new();
        let mut see = |name, other: Option<_>| {
            if !is_listed(&[Some(name), other]) && !unnamed.contains(&name) {
                unnamed.push(name);
            }
        };
        config.recipients.iter().for_each(|r| see(&r.name, None));
        let elsewhere = |s: &&SenderSettings| s.command.is_none() && s.drop.is_none();
        let senders = config.senders.iter().filter(elsewhere);
        senders.for_each(|s| see(&s.name, s.preset.as_deref()));
        config.systems.iter().for_each(|s| see(&s.name, None));
        let all = config.register.provider.iter();
        let processors = all.filter(|p| p.role == ProviderRole::Processor);
        processors.for_each(|p| see(&p.name, Some(p.id.as_str())));
        if !unnamed.is_empty() {
            let unnamed = unnamed.join(", ");
            let what = format!("letters do not name among the recipients: {unnamed}");
            let fix = "add whoever of them receives data, as letters shall name them";
            self.add("processing.recipients", what, fix);
        }
    }

    /// A letter states no day that has not come.
    fn origins(&mut self, today: Date) {
        let config = self.config;
        for (n, rule) in config.register.origin.iter().enumerate() {
            let days = Days::of_rule(&rule.date).ok();
            if days.is_some_and(|days| days.first > today) {
                let what = format!(
                    "{} is in the future: until then source letters of {} wait for a human",
                    rule.date, rule.campaign
                );
                let fix = "write the day on which the data were collected";
                self.add(&format!("origin.{n}.date"), what, fix);
            }
        }
    }

    /// What letters promise of the register, somebody must do.
    fn retention(&mut self) {
        if self.config.processing.retention.is_some() {
            let what = "letters promise until when data are kept, and nothing leaves the register by itself: that is yours to do";
            let fix = "config/README.md, below [processing], says how";
            self.add("processing.retention", what.to_owned(), fix);
        }
    }
}

/// Whether a program can be started by this word.
fn is_program(word: &str) -> bool {
    if word.contains('/') {
        return Path::new(word).is_file();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(word).is_file())
}
