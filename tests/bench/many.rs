//! Many mailboxes in one process: memory while they idle, time until all do, and how soon a new reply in any of them is acted on.
//!
//! `cargo bench --bench many`, optionally `-- MAILBOXES REPLIES AT_ONCE lexicons` (500 40 and the default; `lexicons`: without the learned reader,
//! whose own memory is as large as that of thousands of mailboxes). The daemon is a process of its
//! own, over TLS, before a real Dovecot whose limits are raised; memory is its resident set, from its process table entry.

#[path = "../support/dovecot.rs"]
mod dovecot;
#[path = "../support/fleet.rs"]
mod fleet;
#[path = "../support/port.rs"]
mod port;
#[path = "../support/tls.rs"]
mod tls;

use fleet::{Fleet, Running, Seen};
use std::time::{Duration, Instant};

/// Longer than the poll of every mailbox once more, so that what a first reading needed is given back if it ever is.
const REST: Duration = Duration::from_secs(75);

fn main() {
    let asked: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let of = |n: usize, or: usize| asked.get(n).copied().unwrap_or(or);
    let (mailboxes, replies) = (of(0, 500), of(1, 40));
    let mut more = asked
        .get(2)
        .map(|n| format!("[connections]\nat_once = {n}\n"))
        .unwrap_or_default();
    if std::env::args().any(|a| a == "lexicons") {
        more.push_str("[reader]\nlearned = false\n");
    }
    let fleet = Fleet::new(mailboxes, &more);
    let begun = Instant::now();
    let mut daemon = fleet.run();
    let all = daemon.until(Duration::from_secs(300), |seen| {
        (seen.connected.len() == mailboxes).then_some(())
    });
    assert!(
        all.is_some(),
        "{} are connected",
        daemon.seen().connected.len()
    );
    let connected = begun.elapsed();
    let idle = until_idle(&fleet, mailboxes, begun);
    let sessions = fleet.dovecot.doveadm(&["who", "-1"]).lines().count() - 1;
    println!(
        "{mailboxes} mailboxes over TLS ({sessions} sessions at the server): all connected after {:.1} s, all idle after {:.1} s; resident {:.1} MB then, {:.1} of it anonymous",
        connected.as_secs_f64(),
        idle.as_secs_f64(),
        memory(&daemon, "VmRSS"),
        memory(&daemon, "RssAnon"),
    );
    if replies == 0 {
        return;
    }
    std::thread::sleep(REST);
    let (rested, anonymous) = (memory(&daemon, "VmRSS"), memory(&daemon, "RssAnon"));
    let cpu = cpu_ms(&daemon);
    std::thread::sleep(Duration::from_secs(60));
    let cpu = cpu_ms(&daemon) - cpu;
    println!(
        "resident {rested:.1} MB after {} s, {anonymous:.1} of it anonymous; {cpu:.0} ms CPU in a minute of idling",
        REST.as_secs(),
    );
    let one = |n| one(&fleet, &mut daemon, n, mailboxes);
    let mut took: Vec<Duration> = (0..replies).map(one).collect();
    took.sort();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)].as_secs_f64();
    println!(
        "a new reply in one of them is acted on in {:.3} s (median), {:.3} s (95 %), {:.3} s (at most), of {replies}; resident {:.1} MB at the end",
        at(50),
        at(95),
        at(100),
        memory(&daemon, "VmRSS"),
    );
    let seen = daemon.seen();
    assert!(seen.warnings.is_empty(), "{:?}", seen.warnings);
    let people = fleet.ask(&["status", "--json"]).unwrap();
    assert_eq!(people["suppressed"], replies, "{:?}", seen.states);
}

/// Waits until every mailbox is watched by IDLE; how long that took since `begun`.
fn until_idle(fleet: &Fleet, mailboxes: usize, begun: Instant) -> Duration {
    loop {
        let status = fleet.ask(&["status", "--json"]).unwrap_or_default();
        let all = status["mailboxes"].as_array().cloned().unwrap_or_default();
        if all.iter().filter(|m| m["state"] == "watching").count() == mailboxes {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(300), "not all idle");
        std::thread::sleep(Duration::from_millis(250));
    }
}

/// A figure of the daemon's process table entry, in MB.
fn memory(daemon: &Running, figure: &str) -> f64 {
    let file = format!("/proc/{}/status", daemon.child.id());
    let status = std::fs::read_to_string(file).unwrap();
    let line = status.lines().find(|l| l.starts_with(figure)).unwrap();
    let kib = line.split_whitespace().nth(1).unwrap();
    kib.parse::<f64>().unwrap() / 1024.0
}

/// CPU that it used, user and system, in milliseconds.
fn cpu_ms(daemon: &Running) -> f64 {
    let file = format!("/proc/{}/stat", daemon.child.id());
    let stat = std::fs::read_to_string(file).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    10.0 * (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap())
}

/// Delivers a STOP somewhere, and waits until the log says that it was acted on.
fn one(fleet: &Fleet, daemon: &mut Running, n: usize, mailboxes: usize) -> Duration {
    let before = daemon.seen().acted;
    // A stride that is prime to any such number visits distant mailboxes.
    let mailbox = (n * 7919 + 13) % mailboxes;
    let begun = Instant::now();
    fleet.stop(mailbox, n);
    let acted = daemon.until(Duration::from_secs(90), |seen: &Seen| {
        (seen.acted > before).then_some(seen.last)
    });
    let at = acted.flatten().expect("the reply was acted on");
    std::thread::sleep(Duration::from_millis(100));
    at.duration_since(begun)
}
