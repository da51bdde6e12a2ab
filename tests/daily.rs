//! What the house does once a day: a checkpoint and retention, at the digest hour, never twice and never skipped.
//!
//! The clock is the test's; the servers of the configuration do not answer, because nothing here needs them.

#[path = "daily/escalation.rs"]
mod escalation;
#[path = "support/faults.rs"]
mod faults;
#[path = "daily/owners.rs"]
mod owners;

use faults::run_child;
use quitus::api::{Client, Desk, router};
use quitus::config::Config;
use quitus::record::{CaseId, Duty, Event, Fate, KeyKind, Timestamp, ToldRow};
use quitus::sandbox::smtp;
use quitus::service::{Clock, Committed, Daemon, Extras, Proposal, Why};
use quitus::store::{Options, Store};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Hands that the test moves.
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn at(text: &str) -> Self {
        Self(Arc::new(AtomicI64::new(millis(text))))
    }

    fn set(&self, text: &str) {
        self.0.store(millis(text), Ordering::Relaxed);
    }

    fn clock(&self) -> Clock {
        let hands = self.0.clone();
        Clock::of(move || Timestamp::from_millis(hands.load(Ordering::Relaxed)))
    }
}

fn millis(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

/// The demo's configuration with ports on which nobody listens.
fn configuration(folder: &Path) -> PathBuf {
    written(folder, "1", "")
}

/// The same with an SMTP server, and more at its end.
fn written(folder: &Path, smtp: &str, more: &str) -> PathBuf {
    std::fs::write(folder.join("password"), "secret").unwrap();
    let text = include_str!("../src/cli/demo/quitus.toml")
        .replace("@MAILBOX@", "claire@ateliervauban.example")
        .replace("@PRIVACY@", "privacy@ateliervauban.example")
        .replace("@FIRM@", "Atelier Vauban")
        .replace("@AUTHSERV@", "mx.ateliervauban.example")
        .replace("@IMAP@", "1")
        .replace("@SMTP@", smtp)
        + more;
    let file = folder.join("quitus.toml");
    std::fs::write(&file, text).unwrap();
    file
}

async fn start(file: &Path, hands: &Hands) -> Daemon {
    let extras = Extras {
        clock: Some(hands.clock()),
        floor: Some(1 << 20),
        ..Extras::default()
    };
    Daemon::start(Config::load(file).unwrap(), extras)
        .await
        .unwrap()
}

fn done(daemon: &Daemon) -> Option<i32> {
    let state = daemon.office.sequencer.reader().state();
    state.last_duties().unwrap()
}

/// How many daily rounds the log holds.
fn rounds(daemon: &Daemon) -> usize {
    let reader = daemon.office.sequencer.reader();
    let frames = reader.frames(1).unwrap();
    frames
        .flat_map(|placed| placed.unwrap().frame.events.clone())
        .filter(|event| matches!(event, Event::Duty(Duty::Done { .. })))
        .count()
}

async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(
            began.elapsed() < Duration::from_secs(15),
            "waited in vain until {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Longer than the daemon waits between two looks at the clock.
async fn some_looks() {
    tokio::time::sleep(Duration::from_millis(1200)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daily_round_is_done_once_a_day_across_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let file = configuration(folder.path());
    // 8 o'clock in Paris is 7 in UTC: the store begins after that hour, so nothing is due on this day.
    let hands = Hands::at("2026-11-24T10:00:00Z");
    let daemon = start(&file, &hands).await;
    some_looks().await;
    assert_eq!(done(&daemon), None);
    hands.set("2026-11-25T06:59:00Z");
    some_looks().await;
    assert_eq!(done(&daemon), None, "it is not yet 8 o'clock in Paris");
    hands.set("2026-11-25T07:00:01Z");
    until("the round is done", || done(&daemon).is_some()).await;
    let first = done(&daemon).unwrap();
    let kept = std::fs::read_dir(folder.path().join("store/checkpoints")).unwrap();
    assert_eq!(kept.count(), 1, "checkpoints");
    daemon.end().await;

    let daemon = start(&file, &hands).await;
    some_looks().await;
    assert_eq!(rounds(&daemon), 1, "a restart repeats no day");
    daemon.end().await;

    // Nothing ran when the hour of the next day came: its round is done at the start.
    hands.set("2026-11-26T15:00:00Z");
    let daemon = start(&file, &hands).await;
    until("the missed round is done", || {
        done(&daemon) == Some(first + 1)
    })
    .await;
    assert_eq!(rounds(&daemon), 2);
    daemon.end().await;
    let path = Config::load(&file).unwrap().store.path;
    drop(Store::open(&path, &Options::at(hands.clock().now())).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_years_ahead_stops_no_round_once_it_is_set_right() {
    let folder = tempfile::tempdir().unwrap();
    let hands = Hands::at("2026-11-24T10:00:00Z");
    let daemon = start(&configuration(folder.path()), &hands).await;
    hands.set("2036-01-01T12:00:00Z");
    until("the far day's round is done", || rounds(&daemon) == 1).await;
    hands.set("2026-11-24T10:05:00Z");
    until("the day's round is done", || rounds(&daemon) == 2).await;
    let first = done(&daemon).unwrap();
    some_looks().await;
    assert_eq!(rounds(&daemon), 2, "once");
    hands.set("2026-11-25T12:00:00Z");
    until("the next day's is done", || {
        done(&daemon) == Some(first + 1)
    })
    .await;
    daemon.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_erases_closed_cases_and_leaves_open_ones_and_those_under_legal_hold() {
    let folder = tempfile::tempdir().unwrap();
    let hands = Hands::at("2026-11-24T10:00:00Z");
    let daemon = start(&configuration(folder.path()), &hands).await;
    let reader = daemon.office.sequencer.reader().clone();
    let mut keys = Vec::new();
    // Case 1 is closed, case 2 is closed and under legal hold, case 3 stays open.
    for n in 1..=3 {
        let case = CaseId::from_bits(n);
        let content_key = reader.allocate(KeyKind::Content).unwrap();
        let proof_key = reader.allocate(KeyKind::Proof).unwrap();
        keys.push((content_key, proof_key));
        let by = || "test".to_owned();
        let mut events = vec![Event::CaseOpened {
            case,
            person: None,
            message: None,
            received: hands.clock().now(),
            language: None,
            content_key,
            proof_key,
            proof: None,
            previous: None,
        }];
        if n == 2 {
            let (on, by) = (true, by());
            events.push(Event::LegalHold { case, on, by });
        }
        if n < 3 {
            events.push(Event::CaseClosed { case, by: by() });
        }
        let done = daemon.office.sequencer.commit(Proposal::new(events)).await;
        assert!(matches!(done, Committed::Frame(_)), "{done:?}");
    }
    let erased = || -> Vec<(bool, bool)> {
        let gone = |key| reader.is_erased(key).unwrap();
        keys.iter().map(|(c, p)| (gone(*c), gone(*p))).collect()
    };
    let none = (false, false);
    let waits = || {
        let needs = daemon.status().unwrap().needs;
        needs.iter().any(|need| need.why == [Why::Clock])
    };
    // 1095 days for what people wrote, 1825 for the proof. The third day comes two years after the second: perhaps the clock
    // is wrong, and what is erased is gone.
    for (at, first, leapt) in [
        ("2029-11-22T12:00:00Z", none, false),
        ("2029-11-23T12:00:00Z", (true, false), false),
        ("2031-11-23T12:00:00Z", (true, false), true),
        ("2031-11-24T12:00:00Z", (true, true), false),
    ] {
        let before = rounds(&daemon);
        hands.set(at);
        until("the round is done", || rounds(&daemon) > before).await;
        assert_eq!(erased(), [first, none, none], "{at}");
        until("status says so", || waits() == leapt).await;
    }
    drop(reader);
    daemon.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_that_one_start_found_stops_sending_at_the_next_until_somebody_has_looked() {
    let home = tempfile::tempdir().unwrap();
    let (file, hands) = (
        configuration(home.path()),
        Hands::at("2026-11-24T09:00:00Z"),
    );
    start(&file, &hands).await.end().await;
    let log = home.path().join("store/log/00000001.log");
    let bytes = std::fs::read(&log).unwrap();
    std::fs::write(&log, &bytes[..bytes.len() - 3]).unwrap();
    // A command comes first, and sees it.
    let config = Config::load(&file).unwrap();
    let client = Client::of(&config).await.unwrap();
    let first = client.get("/status").await.unwrap();
    assert!(
        first.wrong && first.text.contains("store acknowledge"),
        "{first:?}"
    );
    client.end().await;
    let daemon = start(&file, &hands).await;
    assert!(
        !daemon.report.sending_must_wait(),
        "this start found nothing"
    );
    let client = Client::within(router(Desk::of(&daemon)));
    let status = client.get("/status").await.unwrap();
    assert_eq!(status.data["flags"][0]["flag"], "damage", "{status:?}");
    let order = serde_json::json!({"by": "ops", "reason": "planted reason"});
    let told = client.post("/store/acknowledge", &order).await.unwrap();
    assert_eq!(told.data["acknowledged"][0]["flag"], "damage", "{told:?}");
    let after = client.get("/status").await.unwrap();
    assert_eq!(after.data["flags"], serde_json::json!([]));
    let again = client.post("/store/acknowledge", &order).await.unwrap();
    assert_eq!(again.data["acknowledged"], serde_json::json!([]));
    drop(client);
    daemon.end().await;
}

/// A daemon in `QUITUS_CHILD` whose store was damaged, until its reviewer was told or may have been.
#[tokio::test(flavor = "multi_thread")]
async fn child_tells_a_reviewer() {
    // Only a process that another test starts for it does anything here.
    let Some(folder) = std::env::var_os("QUITUS_CHILD") else {
        return;
    };
    let file = Path::new(&folder).join("quitus.toml");
    let daemon = start(&file, &Hands::at("2026-11-24T10:00:00Z")).await;
    until("the reviewer was told", || !told(&daemon).is_empty()).await;
    let leaving = |row: &ToldRow| row.fate == Fate::Leaving;
    until("its fate is known", || !told(&daemon).iter().any(leaving)).await;
    daemon.end().await;
}

fn told(daemon: &Daemon) -> Vec<ToldRow> {
    let state = daemon.office.sequencer.reader().state();
    state.every_told().unwrap()
}

/// The same house in another folder.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// A store with a frame lost from its end, and a reviewer who must hear of it.
async fn harmed(folder: &Path, smtp: &str) {
    let review = "\n[review]\nreviewers = [\"dpo@cabinet.example\"]\n";
    let file = written(folder, smtp, review);
    let hands = Hands::at("2026-11-24T09:00:00Z");
    start(&file, &hands).await.end().await;
    let log = folder.join("store/log/00000001.log");
    let bytes = std::fs::read(&log).unwrap();
    std::fs::write(&log, &bytes[..bytes.len() - 3]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_a_reviewer_is_told_once_or_the_next_start_says_that_nobody_knows() {
    let server = smtp::Server::start(Default::default()).await.unwrap();
    let port = server.address().port().to_string();
    let whole = tempfile::tempdir().unwrap();
    harmed(whole.path(), &port).await;
    let steps = whole.path().join("steps");
    let file = [("QUITUS_STEPS_FILE", steps.to_str().unwrap())];
    assert!(run_child("child_tells_a_reviewer", whole.path(), &file).success());
    assert_eq!(server.count(), 1);
    let steps = std::fs::read_to_string(steps).unwrap();
    let all: Vec<&str> = steps.lines().collect();
    let data = all
        .iter()
        .position(|s| *s == "digest: before DATA")
        .unwrap();
    let (mut sent, mut unknown) = (0, 0);
    for n in data - 2..=(data + 6).min(all.len()) {
        let (folder, before) = (tempfile::tempdir().unwrap(), server.count());
        harmed(folder.path(), &port).await;
        let at = [("QUITUS_KILL_AT", &*n.to_string())];
        let ended = run_child("child_tells_a_reviewer", folder.path(), &at);
        assert_eq!(ended.signal(), Some(9), "step {n} of {}", all.len());
        let between = server.count() - before;
        assert!(run_child("child_tells_a_reviewer", folder.path(), &[]).success());
        let after = server.count() - before;
        assert!(after <= 1, "step {n}: told twice");
        let hands = Hands::at("2026-11-24T10:00:00Z");
        let daemon = start(&folder.path().join("quitus.toml"), &hands).await;
        let rows = told(&daemon);
        daemon.end().await;
        match rows[0].fate {
            Fate::Sent => sent += 1,
            Fate::Uncertain => unknown += 1,
            other => panic!("step {n}: {other:?}"),
        }
        assert!(
            rows[0].fate == Fate::Uncertain || after == 1,
            "step {n}: nobody was told"
        );
        assert!(after >= between);
    }
    assert!(sent > 0 && unknown > 0, "{sent} sent, {unknown} unknown");
}
