//! Reads what the operator wrote: every setting of every room, every mistake at once with its place, and where each secret is.
//!
//! Each room defines the settings that are its own business; here they are put together, and judged where only the whole
//! can be judged. A secret never stands in the configuration itself, in a command line or in a log; the configuration says
//! where it is. config/README.md is the operator's guide to all of it. Deliberately absent: the mode (`quitus activate`
//! changes it, the processing log keeps it).

mod absence;
mod assemble;
mod canary;
mod closing;
mod collect;
mod controller;
mod cross;
mod deputies;
mod effective;
mod logins;
mod merge;
mod notes;
mod outside;
mod pieces;
mod places;
mod recipients;
mod reference;
mod review;
mod secret;
mod secret_words;
mod sections;
mod sense;
mod sheet_notes;
mod sheets;
mod specimen;
mod survey;
mod telling;
#[cfg(test)]
mod tests;
mod wording;

pub use canary::CanarySettings;
pub use collect::Document;
pub use controller::{ControllerSettings, KeptSettings, ProcessingSettings};
pub use effective::Setting;
pub use pieces::Place;
pub use places::{
    ControlSettings, FolderSettings, HouseSettings, LearningSettings, LogFormat, LogLevel,
    LogSettings, ReaderSettings, RetentionSettings, StoreSettings, SystemSettings, WarmUpSettings,
};
pub use recipients::{RecipientSettings, TOLD_OF};
pub use reference::{Described, described, inline, key, reference};
pub use review::{EscalationSettings, ReviewSettings, Reviewer};
pub use secret::{Secret, SecretError, SecretSource};
pub use sections::{SECTIONS, Section, schema};
pub use specimen::Specimen;
pub use survey::Survey;
pub use telling::nearest;
pub use wording::Wording;

use crate::delivery::SmtpSettings;
use crate::guard::GuardSettings;
use crate::mail::House;
use crate::mailbox::{ConnectionSettings, MailboxSettings};
use crate::monitor::{AlertSettings, HealthSettings};
use crate::record::{Fault, Language};
use crate::register::RegisterSettings;
use crate::request::Policy;
use crate::sender::SenderSettings;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A configuration without a mistake. All paths are resolved against the folder of its file.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it was read.
    pub file: PathBuf,
    /// Who answers.
    pub controller: ControllerSettings,
    /// Why and how data are used, in the firm's words.
    pub processing: ProcessingSettings,
    /// Where the log, the keys and the index are.
    pub store: StoreSettings,
    /// The watched mailboxes; at least one, no two of one name, no address in two.
    pub mailboxes: Vec<MailboxSettings>,
    /// The server that takes letters.
    pub smtp: SmtpSettings<SecretSource>,
    /// The tools that must obey a STOP; no two of one name, each with a preset without a mistake.
    pub senders: Vec<SenderSettings>,
    /// Where else data of people lie.
    pub systems: Vec<SystemSettings>,
    /// Who received data, and is told of what becomes of them (Art. 19); no two of one name.
    pub recipients: Vec<RecipientSettings>,
    /// Logs of mail servers in which mail after a STOP is looked for.
    pub sent_logs: Vec<crate::register::SentLogSettings>,
    /// What the machine may do by itself.
    pub policy: Policy,
    /// Providers and origin rules; each rule's provider is there.
    pub register: RegisterSettings,
    /// The humans who decide.
    pub review: ReviewSettings,
    /// `[retention]`.
    pub retention: RetentionSettings,
    /// The firm's own templates, if any.
    pub templates: FolderSettings,
    /// The firm's own lexicons, if any.
    pub lexicon: FolderSettings,
    /// Whether the learned reader reads too.
    pub reader: ReaderSettings,
    /// Whether corrected replies are kept.
    pub learning: LearningSettings,
    /// Log lines.
    pub log: LogSettings,
    /// Our domains and marks; `own_domains` is never empty unless all mailboxes are freemail.
    pub house: HouseSettings,
    /// The socket of the daemon.
    pub control_socket: PathBuf,
    /// Who is told whether somebody may be written to.
    pub guard: GuardSettings,
    /// Where monitoring asks, if anywhere.
    pub health: Option<HealthSettings>,
    /// Who is told when the daemon is ill.
    pub alerts: AlertSettings,
    /// Where the review desk's pages are, if anywhere.
    pub desk: Option<crate::web::DeskSettings>,
    /// The second account that proves every day that the whole way works, if there is one.
    pub canary: Option<CanarySettings>,
    /// How many connections are opened to one mail server at a time.
    pub connections: ConnectionSettings,
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Every mistake, in the order of the file, each with its place and what to do.
    pub fn load(path: &Path) -> Result<Self, Vec<Fault>> {
        Survey::of(path).config
    }

    /// The same for a text that is already here, and for nothing beside it: neither `conf.d` nor the environment is asked.
    /// Relative paths in it count from the folder of `path`.
    pub fn read(path: &Path, text: &str) -> Result<Self, Vec<Fault>> {
        let text = pieces::Text {
            name: path.display().to_string(),
            text: text.to_owned(),
            kind: pieces::Kind::File,
        };
        assemble::assemble(path, &[text], Vec::new()).config
    }

    /// The first mailbox that stays: what is written to nobody in particular, or must be answered later, goes through it.
    pub fn first_mailbox(&self) -> Option<&MailboxSettings> {
        self.mailboxes.iter().find(|m| m.closing.is_none())
    }

    /// Whether what is written to this address arrives in a watched mailbox that stays: answers come when others have closed.
    pub fn is_watched(&self, address: &crate::record::Address) -> bool {
        let stay = self.mailboxes.iter().filter(|m| m.closing.is_none());
        let mut all = stay.flat_map(|m| m.addresses().chain(&m.forwarded_from));
        all.any(|a| a.same_person(address))
    }

    /// Where an answer goes that nobody would read at the sender's own address: codes come back in it, and what a letter asks for.
    pub fn reply_to<'a>(
        &'a self,
        from: &crate::record::Address,
        written_to: Option<&'a crate::record::Address>,
    ) -> Option<&'a crate::record::Address> {
        if self.is_watched(from) {
            return None;
        }
        // What an old message was written to may be the address of a mailbox that is gone.
        let stays = written_to.filter(|address| self.is_watched(address));
        stays.or_else(|| self.first_mailbox().map(|m| &m.address))
    }

    /// Whether this is an address of a mailbox that closes, so that nothing new goes out from it.
    pub fn closing(&self, address: &crate::record::Address) -> bool {
        let mut closing = self.mailboxes.iter().filter(|m| m.closing.is_some());
        closing.any(|m| m.addresses().any(|a| a.same_person(address)))
    }

    /// Every log-in by token: those of the mailboxes, then that of `[smtp]`, then those of the canary.
    pub fn oauth(&self) -> impl Iterator<Item = &crate::oauth::OauthSettings> {
        let mailboxes = self.mailboxes.iter().filter_map(|m| m.imap.oauth.as_ref());
        let canary = self.canary.iter();
        let canary = canary.flat_map(|c| c.imap.oauth.iter().chain(&c.smtp.oauth));
        mailboxes.chain(&self.smtp.oauth).chain(canary)
    }

    /// The same without those of mailboxes whose last day is over.
    pub fn oauth_at(
        &self,
        now: crate::record::Timestamp,
    ) -> impl Iterator<Item = &crate::oauth::OauthSettings> {
        let zone = &self.policy.calendar.zone;
        let open = move |m: &&MailboxSettings| m.closes_at(zone).is_none_or(|end| now < end);
        let mailboxes = self.mailboxes.iter().filter(open);
        let mailboxes = mailboxes.filter_map(|m| m.imap.oauth.as_ref());
        let canary = self.canary.iter();
        let canary = canary.flat_map(|c| c.imap.oauth.iter().chain(&c.smtp.oauth));
        mailboxes.chain(&self.smtp.oauth).chain(canary)
    }

    /// Sections in which `new` differs and which a running daemon cannot change: connections and the store are open with them.
    pub fn needs_a_restart(&self, new: &Self) -> Vec<&'static str> {
        let mut sections = Vec::new();
        let mut note = |differs: bool, section| sections.extend(differs.then_some(section));
        note(self.store != new.store, "[store]");
        note(self.mailboxes != new.mailboxes, "[[mailbox]]");
        note(self.smtp != new.smtp, "[smtp]");
        note(self.control_socket != new.control_socket, "[control]");
        note(self.log != new.log, "[log]");
        note(!self.guard.same_doors(&new.guard), "[guard]");
        note(self.health != new.health, "[health]");
        note(self.desk != new.desk, "[desk]");
        note(self.connections != new.connections, "[connections]");
        sections
    }

    /// In which language a reviewer reads.
    pub fn language_of(&self, reviewer: &Reviewer) -> Language {
        reviewer
            .language
            .unwrap_or(self.policy.settings.default_language)
    }

    /// Who is above the reviewers: whom `[review.escalation]` names, or the controller's own address.
    pub fn above(&self) -> Vec<Reviewer> {
        let named = &self.review.escalation.controller;
        if !named.is_empty() || self.review.reviewers.is_empty() {
            return named.clone();
        }
        // In a language in which there is a digest: that of the first reviewer is one.
        vec![Reviewer {
            language: self.review.reviewers[0].language,
            ..Reviewer::of(self.controller.privacy_email.clone())
        }]
    }

    /// Our domains, lower-case ASCII.
    pub fn own_domains(&self) -> &[String] {
        &self.house.own_domains
    }

    /// What the gate must know of us. Tokens and the loop header need the store's key: whoever has it adds those tests.
    pub fn house(&self) -> House {
        let all = |pick: fn(&MailboxSettings) -> Vec<crate::record::Address>| {
            self.mailboxes.iter().flat_map(pick).collect()
        };
        let warm_up = self.house.warm_up.clone();
        House {
            known: true,
            mailboxes: all(|m| {
                std::iter::once(&m.address)
                    .chain(&m.aliases)
                    .cloned()
                    .collect()
            }),
            groups: all(|m| m.groups.clone()),
            forwarded_from: all(|m| m.forwarded_from.clone()),
            own_lists: self
                .mailboxes
                .iter()
                .flat_map(|m| m.own_lists.iter().map(|l| l.to_lowercase()))
                .collect(),
            own_domains: self.house.own_domains.clone(),
            authserv_id: self.house.authserv_id.clone(),
            is_warm_up: Arc::new(move |m| warm_up.marks(m)),
            ..House::unknown()
        }
    }
}
