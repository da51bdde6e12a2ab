//! Much mail: a mailbox in which replies of years wait for a daemon that starts today.

use crate::faults::peak;
use crate::firm::Firm;
use crate::operator::{Running, ask, count, within};
use jiff::{SignedDuration, Timestamp};
use quitus::sandbox::smtp;
use std::time::{Duration, Instant};

/// Dovecot alone takes half a minute to number 100,000.
const PATIENCE: Duration = Duration::from_secs(1_200);

/// Messages that wait: few enough for a debug build in a test of seconds. `QUITUS_BACKLOG=100000` runs the whole number.
fn waiting() -> u32 {
    let wanted = std::env::var("QUITUS_BACKLOG").ok();
    wanted.and_then(|n| n.parse().ok()).unwrap_or(1_500)
}

#[test]
fn old_stops_are_obeyed_and_not_answered_the_newest_first_in_bounded_memory() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(smtp::Server::start(Default::default()));
    let server = server.unwrap();
    let firm = Firm::new(server.address().port());
    let file = &firm.file;
    let (all, now) = (waiting(), Timestamp::now());
    // In clear text on this machine, so that the figure is about reading and not about TLS.
    let secure = format!("port = {}\nsecurity = \"tls\"", firm.dovecot.imaps);
    let clear = format!("port = {}\nsecurity = \"none\"", firm.dovecot.imap);
    firm.change(&secure, &clear);
    firm.change(
        "poll_seconds = 1",
        "poll_seconds = 1\nread = { window = 500 }",
    );
    for n in 0..all {
        let age =
            SignedDuration::from_hours(24) + SignedDuration::from_secs(60 * i64::from(all - n));
        let words = ["STOP", "Merci, à jeudi.", "Je suis absente jusqu'à lundi."][n as usize % 3];
        firm.replied_at(100 + n, words, now - age);
    }
    ask(
        file,
        &["contacts", "import", firm.register().to_str().unwrap()],
    );
    assert_eq!(ask(file, &["activate", "live"]).code, Some(0));
    // The newest reply is of today, and one that asks for an answer.
    firm.reply(1, "STOP");
    let began = Instant::now();
    let daemon = Running::start(file);
    let sum = |s: &serde_json::Value| -> u64 {
        s["messages"]
            .as_object()
            .unwrap()
            .values()
            .map(|n| n.as_u64().unwrap())
            .sum()
    };
    let early = within(PATIENCE, file, "the newest is answered", |s| {
        count(s, "letters", "sent") == 1
    });
    println!(
        "after {} of {all} messages the newest was answered, {:?}",
        sum(&early),
        began.elapsed()
    );
    assert!(
        sum(&early) < u64::from(all) / 2 + 600,
        "the newest window comes first: {early:#}"
    );
    let wanted = u64::from(all) + 1;
    let last = within(PATIENCE, file, "all are stored", |s| sum(s) >= wanted);
    let memory = peak(daemon.id());
    println!("{all} messages in {:?}, peak {memory} KiB", began.elapsed());
    assert_eq!(
        last["suppressed"].as_u64(),
        Some(u64::from(all).div_ceil(3) + 1)
    );
    assert_eq!(count(&last, "messages", "dead"), 0);
    assert_eq!(server.count(), 1, "old mail is never answered by itself");
    assert!(memory < 150 << 10, "{memory} KiB");
    daemon.end();
}
