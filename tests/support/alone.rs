//! The demo's firm without mailboxes and servers: its settings and its store, for what needs neither.
//!
//! Nothing here runs by itself: what happens is what a test asks.

use quitus::config::Config;
use quitus::record::Fault;
use quitus::service::{Clock, House, Office, Running, Sequencer};
use quitus::store::Store;
use std::path::Path;
use std::sync::Arc;

/// An ordinary configuration: the demo's.
const CONFIGURATION: &str = include_str!("../../src/cli/demo/quitus.toml");

/// Its settings, in this folder.
pub fn config(folder: &Path) -> Config {
    configured(folder, "")
}

/// The same with more at its end.
pub fn configured(folder: &Path, more: &str) -> Config {
    std::fs::write(folder.join("password"), "demo").unwrap();
    let text = CONFIGURATION
        .replace("@MAILBOX@", "ventes@ateliervauban.example")
        .replace("@PRIVACY@", "donnees@ateliervauban.example")
        .replace("@FIRM@", "Atelier Vauban")
        .replace("@AUTHSERV@", "mx.ateliervauban.example")
        .replace("@IMAP@", "1")
        .replace("@SMTP@", "1")
        + more;
    let told = |faults: Vec<Fault>| {
        faults
            .iter()
            .map(Fault::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    Config::read(&folder.join("quitus.toml"), &text).unwrap_or_else(|f| panic!("{}", told(f)))
}

/// Its store, opened without a daemon.
pub fn office(config: &Config) -> (Office, Running) {
    let clock = Clock::system();
    let options = config.store.options(clock.now());
    let (store, _) = Store::open(&config.store.path, &options).unwrap();
    let house = House::load(config.clone(), store.fingerprinter())
        .map_err(|_| "house")
        .unwrap();
    let (sequencer, running) = Sequencer::start(store, clock.clone()).unwrap();
    let house = Arc::new(arc_swap::ArcSwap::from_pointee(house));
    (
        Office {
            house,
            sequencer,
            clock,
        },
        running,
    )
}
