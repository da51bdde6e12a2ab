//! What people edit, as the running daemon uses it: settings, templates and lexicons, swapped only when the new ones are good.
//!
//! A message in work keeps the set with which it began, so a swap never mixes two versions in one letter.

use super::clock::Clock;
use super::sequencer::Sequencer;
use super::tokens::Carriers;
use crate::answer::Templates;
use crate::config::Config;
use crate::delivery::bounce;
use crate::intent;
use crate::mail;
use crate::record::{Address, Fault, Fingerprinter, hex};
use crate::sender::Connector;
use arc_swap::ArcSwap;
use std::sync::Arc;

/// The name of the header by which we know our own letters (A1); lower case, as the gate compares.
pub const LOOP_HEADER: &str = "x-quitus-loop";

/// One consistent set of everything that people edit.
pub struct House {
    /// The configuration in force.
    pub config: Config,
    /// The tools that send and must obey.
    pub senders: Vec<Connector>,
    /// The letters.
    pub templates: Templates,
    /// The lexicons.
    pub reader: Arc<intent::Reader>,
    /// Who we are, for the gate.
    pub gate: mail::House,
    /// Which addresses of ours may carry a token.
    pub carriers: Carriers,
}

impl House {
    /// Reads and checks templates and lexicons beside a configuration that is good; every mistake at once.
    pub fn load(config: Config, keys: &Fingerprinter) -> Result<Self, Vec<Fault>> {
        let (mut senders, mut wrong) = (Vec::new(), Vec::new());
        for settings in &config.senders {
            match Connector::new(settings) {
                Ok(sender) => senders.push(sender),
                Err(faults) => wrong.extend(faults),
            }
        }
        match (config.read_templates(), config.read_lexicons()) {
            (Ok(templates), Ok(reader)) if wrong.is_empty() => {
                let carriers = Carriers {
                    mailboxes: config.house().mailboxes,
                    unsubscribe: config.house.unsubscribe_address.clone(),
                };
                let gate = gate_house(&config, &carriers, keys);
                Ok(Self {
                    config,
                    senders,
                    templates,
                    reader: Arc::new(reader),
                    gate,
                    carriers,
                })
            }
            (templates, reader) => Err([Some(wrong), templates.err(), reader.err()]
                .into_iter()
                .flatten()
                .flatten()
                .collect()),
        }
    }

    /// The same house with other letters.
    pub fn with_templates(&self, templates: Templates) -> Self {
        Self {
            config: self.config.clone(),
            senders: self.senders.clone(),
            templates,
            reader: self.reader.clone(),
            gate: self.gate.clone(),
            carriers: self.carriers.clone(),
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
    value
        .split_once(';')
        .is_some_and(|(_, id)| loop_value(keys, id) == value)
}

/// The firm, as the gate must know it: the configuration's word, and what needs the keys of this store.
fn gate_house(config: &Config, carriers: &Carriers, keys: &Fingerprinter) -> mail::House {
    let mut house = config.house();
    house
        .mailboxes
        .push(config.controller.privacy_email.clone());
    house.loop_header = LOOP_HEADER.to_owned();
    let own = keys.clone();
    house.is_our_loop = Arc::new(move |value| is_our_loop(&own, value));
    let (own, carriers) = (keys.clone(), carriers.clone());
    house.token = Arc::new(move |a: &Address, at| {
        let token = carriers.token(&own, a, at);
        token.ok().flatten().map(|t| t.kind)
    });
    if let Some(base) = config.smtp.bounce_address.clone() {
        let own = keys.clone();
        house.bounce_token =
            Arc::new(move |a: &Address| bounce::letter_of(&own, &base, a).is_some());
    }
    house
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
