//! Under a supervisor that speaks as systemd does: what it is told and when, and that it gets no sign of life from a daemon that hangs.

use crate::firm::Firm;
use crate::operator::{Running, ask, quitus, until};
use quitus::monitor::Supervisor;
use quitus::record::{Event, Timestamp};
use quitus::service::{Clock, Committed, Proposal, Sequencer};
use quitus::store::{Options, Store};
use rustix::process::Signal;
use std::ffi::OsStr;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The supervisor's end.
struct Notified {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Notified {
    fn in_folder(folder: &Path) -> Self {
        let path = folder.join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        Self { socket, path }
    }

    fn name(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// The next message, if one comes in time.
    fn next(&self, within: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(within)).unwrap();
        let mut room = [0; 4096];
        let many = self.socket.recv(&mut room).ok()?;
        Some(String::from_utf8_lossy(&room[..many]).into_owned())
    }

    /// All messages up to the first that is wanted, with it.
    fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let (began, mut heard) = (Instant::now(), Vec::new());
        while began.elapsed() < Duration::from_secs(30) {
            if let Some(message) = self.next(Duration::from_millis(500)) {
                heard.push(message);
                if wanted(&heard[heard.len() - 1]) {
                    return heard;
                }
            }
        }
        panic!("{what} was never told: {heard:#?}");
    }
}

#[test]
fn it_is_ready_when_all_is_good_says_how_it_is_reloads_in_sight_and_says_that_it_ends() {
    let firm = Firm::new(1);
    let notified = Notified::in_folder(firm.folder.path());
    let daemon = Running::start_with(&firm.file, &[("NOTIFY_SOCKET", notified.name())]);
    let heard = notified.until("READY", |m| m.starts_with("READY=1\n"));
    assert_eq!(heard[0], "STATUS=opening the store");
    assert_eq!(heard.len(), 2, "{heard:#?}");
    let watched = "STATUS=shadow; 1 of 1 mailbox watched; nothing waits for a human";
    notified.until("the mailbox", |m| m.ends_with(watched));

    // A reload is seen from its beginning to its end, also one that changes nothing because there is a mistake.
    firm.change("delay_minutes = 0", "delay_minutes = \"soon\"");
    daemon.signal(Signal::HUP);
    let heard = notified.until("READY", |m| m.starts_with("READY=1\n"));
    assert!(
        heard[0].starts_with("RELOADING=1\nMONOTONIC_USEC="),
        "{heard:#?}"
    );
    assert!(
        heard[1].contains("1 of them urgent: what was saved is wrong"),
        "{heard:#?}"
    );
    firm.change("delay_minutes = \"soon\"", "delay_minutes = 0");
    daemon.signal(Signal::HUP);
    let heard = notified.until("READY", |m| m.starts_with("READY=1\n"));
    assert!(heard[1].ends_with(watched), "{heard:#?}");

    daemon.end();
    let mut heard = Vec::new();
    while let Some(message) = notified.next(Duration::from_millis(100)) {
        heard.push(message);
    }
    let last = heard.last().map(String::as_str).unwrap_or_default();
    assert!(last.starts_with("STOPPING=1\n"), "{heard:#?}");
    assert!(!heard.iter().any(|m| m.contains("WATCHDOG")), "{heard:#?}");
}

#[test]
fn a_password_that_systemd_hands_over_opens_the_mailbox_and_only_the_service_has_it() {
    let firm = Firm::new(1);
    std::fs::remove_file(firm.path("password")).unwrap();
    firm.write("credentials/imap.password", "secret\n");
    firm.change(
        "{ file = \"password\" }",
        "{ credential = \"imap.password\" }",
    );
    let checked = ask(&firm.file, &["check"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    for words in [
        "says LoadCredential=imap.password:/path/of/its/file",
        "as root while the service runs: CREDENTIALS_DIRECTORY=/run/credentials/quitus.service",
    ] {
        assert!(checked.out.contains(words), "{words}: {}", checked.out);
    }
    let folder = firm.path("credentials");
    let environment = [("CREDENTIALS_DIRECTORY", folder.to_str().unwrap())];
    let daemon = Running::start_with(&firm.file, &environment);
    until(&firm.file, "the mailbox is watched", |s| {
        s["mailboxes"][0]["last_poll"].is_string()
    });
    assert!(!daemon.log().contains("secret"), "{}", daemon.log());
    daemon.end();
}

#[test]
fn a_daemon_whose_doors_do_not_open_is_never_ready() {
    let firm = Firm::new(1);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    firm.change(
        "[smtp]",
        &format!("[guard.policy]\nlisten = \"127.0.0.1:{port}\"\n\n[smtp]"),
    );
    let notified = Notified::in_folder(firm.folder.path());
    let mut run = quitus(&firm.file, &["run"]);
    let ended = run.env("NOTIFY_SOCKET", notified.name()).output().unwrap();
    // The address may be free in a minute: code 1, and the unit tries again.
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let mut heard = Vec::new();
    while let Some(message) = notified.next(Duration::from_millis(100)) {
        heard.push(message);
    }
    assert_eq!(heard, ["STATUS=opening the store"]);
    assert_eq!(ask(&firm.file, &["status"]).code, Some(0));
    // Tests are not deceived either: "already in use" is not "ready".
    let started = std::panic::catch_unwind(|| drop(Running::start(&firm.file)));
    let why = *started.unwrap_err().downcast::<String>().unwrap();
    assert!(why.contains("it did not start"), "{why}");
    assert!(why.contains("already in use"), "{why}");
}

#[test]
fn signs_of_life_come_twice_in_the_time_that_is_allowed() {
    let firm = Firm::new(1);
    let notified = Notified::in_folder(firm.folder.path());
    let watchdog = [
        ("NOTIFY_SOCKET", notified.name()),
        ("WATCHDOG_USEC", "3000000"),
    ];
    let daemon = Running::start_with(&firm.file, &watchdog);
    notified.until("life", |m| m == "WATCHDOG=1");
    let began = Instant::now();
    for _ in 0..3 {
        notified.until("life", |m| m == "WATCHDOG=1");
    }
    let took = began.elapsed();
    assert!(
        took > Duration::from_millis(4_000) && took < Duration::from_millis(9_000),
        "half of three seconds, three times: {took:?}"
    );
    daemon.end();
}

#[test]
fn a_sequencer_that_hangs_gives_no_sign_of_life() {
    let folder = tempfile::tempdir().unwrap();
    let at = Timestamp::from_millis(1_800_000_000_000);
    let (store, _) = Store::open(&folder.path().join("store"), &Options::at(at)).unwrap();
    // Whoever holds this lets the thread hang at the next commit, as a disk that does not come back would.
    let hold = Arc::new(Mutex::new(()));
    let held = hold.clone();
    let clock = Clock::of(move || {
        drop(held.lock().unwrap());
        at
    });
    let (sequencer, running) = Sequencer::start(store, clock).unwrap();
    let notified = Notified::in_folder(folder.path());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let supervisor = Arc::new(Supervisor::of(
        Some(notified.path.as_os_str()),
        Some(OsStr::new("200000")),
    ));
    runtime.block_on(async { supervisor.feed(sequencer.pulse()) });
    notified.until("life", |m| m == "WATCHDOG=1");

    let guard = hold.lock().unwrap();
    let opened = Event::Opened {
        instance: [1; 16],
        version: "test".into(),
    };
    let submit = sequencer.submit_all(vec![Proposal::essential(vec![opened])]);
    let submitted = runtime.block_on(submit);
    // What was on its way is heard; then nothing is.
    while notified.next(Duration::from_millis(1)).is_some() {}
    std::thread::sleep(Duration::from_millis(300));
    while notified.next(Duration::from_millis(1)).is_some() {}
    assert_eq!(notified.next(Duration::from_millis(800)), None);

    drop(guard);
    let verdicts = runtime.block_on(submitted.verdicts());
    assert!(
        matches!(verdicts[..], [Committed::Frame(_)]),
        "{verdicts:?}"
    );
    notified.until("life", |m| m == "WATCHDOG=1");
    // Feeling the pulse keeps nothing open.
    drop(sequencer);
    running.join().unwrap();
}
