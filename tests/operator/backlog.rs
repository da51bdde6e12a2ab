//! Much mail: a mailbox in which replies of years wait for a daemon that starts today.

use crate::faults::peak;
use crate::firm::{Firm, MAILBOX};
use crate::operator::{Running, ask, count, within};
use jiff::{SignedDuration, Timestamp};
use quitus::sandbox::smtp;
use std::time::{Duration, Instant};

/// For the whole number, in a debug build, beside other work.
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
    let cur = firm.dovecot.maildir(MAILBOX, "").join("cur");
    for n in 0..all {
        let age =
            SignedDuration::from_hours(24) + SignedDuration::from_secs(60 * i64::from(all - n));
        let words = ["STOP", "Merci, à jeudi.", "Je suis absente jusqu'à lundi."][n as usize % 3];
        let file = firm.replied_at(100 + n, words, now - age);
        // Old mail was seen by a phone long ago. (With thousands that nobody saw, Dovecot alone takes minutes.)
        let name = file.file_name().unwrap().to_str().unwrap();
        std::fs::rename(&file, cur.join(format!("{name}:2,S"))).unwrap();
    }
    ask(
        file,
        &["contacts", "import", firm.register().to_str().unwrap()],
    );
    assert_eq!(ask(file, &["activate", "live"]).code, Some(0));
    // What Dovecot needs to number a Maildir that it never saw is not ours to measure.
    let indexing = Instant::now();
    firm.dovecot.doveadm(&["index", "-u", MAILBOX, "INBOX"]);
    println!("Dovecot numbered them in {:?}", indexing.elapsed());
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
    let wanted = u64::from(all) + 1;
    let last = within(PATIENCE, file, "all are stored", |s| sum(s) >= wanted);
    let log = ask(file, &["log", "--from", "1", "--limit", "5000", "--json"]);
    let log: serde_json::Value = serde_json::from_str(&log.out).unwrap();
    let events = log["events"].as_array().unwrap();
    let queued = events.iter().find(|e| e["event"] == "letter queued");
    let frame = queued.and_then(|e| e["frame"].as_u64()).unwrap();
    println!("the newest was decided in frame {frame}");
    assert!(
        frame < 700,
        "the newest window comes first, not frame {frame}"
    );
    let memory = peak(daemon.id());
    println!("{all} messages in {:?}, peak {memory} KiB", began.elapsed());
    assert_eq!(
        last["suppressed"].as_u64(),
        Some(u64::from(all).div_ceil(3) + 1)
    );
    assert_eq!(count(&last, "messages", "dead"), 0);
    assert_eq!(server.count(), 1, "old mail is never answered by itself");
    // The learned reader's weights alone are 130 MiB, ready to be multiplied; a debug build needs some more than another.
    assert!(memory < 300 << 10, "{memory} KiB");
    daemon.end();
}
