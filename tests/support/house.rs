//! The firm of the demo before real servers: its mail in Dovecot, its settings in a file, its register in a store.
//!
//! The settings are those of `quitus demo`, so what is shown here is shown for what a newcomer runs. Nothing here asks
//! how a message ended; that is what the tests are for.

use super::dovecot::Dovecot;
use super::settings::sample;
use quitus::config::Config;
use quitus::record::{Event, Mode, Timestamp};
use quitus::sandbox::samples::{self, Letter};
use quitus::service::{Clock, Committed, Daemon, Extras, Proposal, Sequencer, import};
use quitus::store::{Options, Store};
use std::fs::{File, FileTimes};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// Room that the store must leave free: tests run on small disks.
const FLOOR: u64 = 1 << 20;

/// Puts a letter into a folder of the watched mailbox (`""` is INBOX), with the time of its first date as INTERNALDATE.
pub fn deliver(dovecot: &Dovecot, folder: &str, letter: &Letter, now: Timestamp) {
    let (at, raw) = letter.written(now.to_jiff());
    let file = dovecot.deliver(samples::MAILBOX, folder, &raw);
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(at.as_second().unsigned_abs());
    let times = FileTimes::new().set_modified(at).set_accessed(at);
    File::options()
        .write(true)
        .open(file)
        .unwrap()
        .set_times(times)
        .unwrap();
}

/// Fills Sent with the mails that were answered, and INBOX and Junk with these replies.
pub fn fill(dovecot: &Dovecot, replies: &[&str], now: Timestamp) {
    for original in samples::originals() {
        deliver(dovecot, ".Sent", &original, now);
    }
    for name in replies {
        let sample = sample(name);
        if let Some(sent) = &sample.sent {
            deliver(dovecot, ".Sent", sent, now);
        }
        let folder = match sample.folder {
            "INBOX" => "",
            _ => ".Unwanted",
        };
        deliver(dovecot, folder, &sample.letter, now);
    }
}

/// Makes the store of these settings: live since an hour ago, with the register of the demo.
pub async fn furnish(file: &Path, now: Timestamp) {
    let config = Config::load(file).unwrap();
    let mut options = Options::at(now);
    (options.floor, options.ballast) = (FLOOR, FLOOR);
    let (store, _) = Store::open(&config.store.path, &options).unwrap();
    let clock = Clock::of(move || now);
    let (sequencer, running) = Sequencer::start(store, clock.clone()).unwrap();
    let live = Event::ModeSet {
        mode: Mode::Live,
        since: now.plus_seconds(-3600),
        by: "test".into(),
    };
    let done = sequencer.commit(Proposal::essential(vec![live])).await;
    assert!(matches!(done, Committed::Frame(_)), "{done:?}");
    let csv = samples::register_csv().as_bytes();
    let (_, mistakes) = import(&sequencer, &config.register, "register.csv", csv, false)
        .await
        .unwrap();
    assert!(mistakes.is_empty(), "{mistakes:?}");
    drop(sequencer);
    drop(running.join().unwrap());
}

/// Starts the daemon with these settings and a clock that is so many minutes ahead.
pub async fn start(file: &Path, ahead: i64) -> Daemon {
    let system = Clock::system();
    let extras = Extras {
        clock: Some(Clock::of(move || system.now().plus_seconds(60 * ahead))),
        floor: Some(FLOOR),
        ..Extras::default()
    };
    Daemon::start(Config::load(file).unwrap(), extras)
        .await
        .unwrap()
}

/// How many messages were decided.
pub fn decided(daemon: &Daemon) -> u64 {
    let state = daemon.office.sequencer.reader().state();
    state.counts().unwrap().messages.iter().sum()
}

/// Waits until `done`; fails after a minute.
pub async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "waited in vain until {what}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
