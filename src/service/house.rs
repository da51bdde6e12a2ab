//! What people edit, as the running daemon uses it: settings, templates and lexicons, swapped only when the new ones are good.
//!
//! A message in work keeps the set with which it began, so a swap never mixes two versions in one letter.

use super::clock::Clock;
use super::sequencer::Sequencer;
use crate::answer::Templates;
use crate::config::Config;
use crate::delivery::bounce;
use crate::intent;
use crate::mail::{self, InboundMessage};
use crate::record::{Address, Fault, Fingerprinter, hex};
use crate::request::Policy;
use arc_swap::ArcSwap;
use std::sync::Arc;

/// The name of the header by which we know our own letters (A1); lower case, as the gate compares.
pub const LOOP_HEADER: &str = "x-quitus-loop";

/// One consistent set of everything that people edit.
pub struct House {
    /// The configuration in force.
    pub config: Config,
    /// Its policy, ready to decide by.
    pub policy: Policy,
    /// The letters.
    pub templates: Templates,
    /// The lexicons.
    pub reader: intent::Reader,
    /// Who we are, for the gate.
    pub gate: mail::House,
}

impl House {
    /// Reads and checks all three; every mistake at once.
    pub fn load(config: Config, keys: &Fingerprinter) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut keep = |found: Vec<Fault>| faults.extend(found);
        let templates = config.load_templates().map_err(&mut keep).ok();
        let reader = config.load_lexicons().map_err(&mut keep).ok();
        let policy = config.policy().map_err(&mut keep).ok();
        match (templates, reader, policy) {
            (Some(templates), Some(reader), Some(policy)) => {
                let gate = gate_house(&config, keys);
                Ok(Self { config, policy, templates, reader, gate })
            }
            _ => Err(faults),
        }
    }
}

/// The value of our loop header in a letter with this Message-ID: only we can make it.
pub fn loop_value(keys: &Fingerprinter, message_id: &str) -> String {
    let bare = message_id.trim_start_matches('<').trim_end_matches('>');
    let mac = hex(&keys.keyed("loop", &[bare.as_bytes()])[..16]);
    format!("{mac} {bare}").replace(' ', ";")
}

fn is_our_loop(keys: &Fingerprinter, value: &str) -> bool {
    let value = value.trim();
    value.split_once(';').is_some_and(|(_, id)| loop_value(keys, id) == value)
}

/// The firm, as the gate must know it.
fn gate_house(config: &Config, keys: &Fingerprinter) -> mail::House {
    let mut house = mail::House::unknown();
    house.known = true;
    for mailbox in &config.mailboxes {
        house.mailboxes.push(mailbox.address.clone());
        house.mailboxes.extend(mailbox.aliases.iter().cloned());
        house.groups.extend(mailbox.groups.iter().cloned());
        house.own_lists.extend(mailbox.own_lists.iter().map(|l| l.to_lowercase()));
        house.forwarded_from.extend(mailbox.forwarded_from.iter().cloned());
    }
    house.mailboxes.push(config.controller.privacy_email.clone());
    house.own_domains = config.own_domains();
    house.authserv_id.clone_from(&config.authserv_id);
    house.loop_header = LOOP_HEADER.to_owned();
    let own = keys.clone();
    house.is_our_loop = Arc::new(move |value| is_our_loop(&own, value));
    if let Some(base) = config.smtp.bounce_address.clone() {
        let own = keys.clone();
        house.bounce_token = Arc::new(move |a: &Address| bounce::letter_of(&own, &base, a).is_some());
    }
    let warm_up: Vec<String> = config.warm_up.iter().map(|w| w.to_lowercase()).collect();
    house.is_warm_up = Arc::new(move |message| is_warm_up(message, &warm_up));
    house
}

/// A11: a configured word in the subject, or as `Header: value` in the headers.
fn is_warm_up(message: &InboundMessage, patterns: &[String]) -> bool {
    let subject = message.subject.to_lowercase();
    patterns.iter().any(|pattern| match pattern.split_once(": ") {
        Some((name, value)) => message.signs.all(name).any(|v| v.to_lowercase().contains(value)),
        None => subject.contains(pattern.as_str()),
    })
}

/// What every part of the daemon shares.
#[derive(Clone)]
pub struct Office {
    /// The set in force.
    pub house: Arc<ArcSwap<House>>,
    /// The way to the log.
    pub sequencer: Sequencer,
    /// What time it is.
    pub clock: Clock,
}

impl Office {
    /// Fingerprints and ids.
    pub fn keys(&self) -> &Fingerprinter {
        self.sequencer.reader().fingerprinter()
    }
}
