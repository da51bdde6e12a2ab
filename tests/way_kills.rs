//! The whole way, killed at every durable step: real Dovecot, the daemon in a child process, a recording SMTP server.
//!
//! One undisturbed run counts the steps. Then, for each of them, a fresh copy of the same store is run, killed there by
//! SIGKILL, and run again; states, rules, suppressions and what the SMTP server received must be those of the undisturbed
//! run. Only a letter whose `sending` was durable and whose outcome was not may be `uncertain` instead, and then it was
//! received once or never; that window is counted and printed.

#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "support/faults.rs"]
mod faults;
#[path = "support/house.rs"]
mod house;
#[path = "support/port.rs"]
mod port;
#[path = "way/recipients.rs"]
mod recipients;
#[path = "support/settings.rs"]
mod settings;
#[path = "support/tls.rs"]
mod tls;

use dovecot::Dovecot;
use faults::run_child;
use quitus::record::{Fate, LetterState, State, Timestamp, Waiting};
use quitus::sandbox::{samples::MAILBOX, smtp};
use quitus::service::Clock;
use quitus::store::{Options, Store};
use settings::Smtp;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Two letters leave, one reply only pauses, one lies in Junk and is held.
const REPLIES: [&str; 4] = [
    "01-stop-fr",
    "04-source-fr",
    "14-not-interested-nl",
    "25-junk-mobile-fr",
];
/// Kills, at most; with more steps than that they are spread over all of them.
const KILLS: u64 = 60;

/// What is done with is marked. Moves and copies would change the mailbox that all runs share; `fates` kills there.
const FILING: &str = "\n[mailbox.filing]\nkeyword = \"$QuitusDone\"\n";

/// A tool that sends, told by a line in a file: the letters wait for it.
const SENDER: &str = "\n[[sender]]\nname = \"tool\"\ndrop = \"told.csv\"\n";

/// Nothing is on its way, waits for its time, or is still to be filed or told.
fn idle(state: &State<'_>) -> bool {
    state.next_due().unwrap().is_none()
        && state.waiting(Waiting::Sending, 1).unwrap().is_empty()
        && state.filings(1).unwrap().is_empty()
        && state.waiting(Waiting::Truth, 1).unwrap().is_empty()
        && state.notices("tool", 1).unwrap().is_empty()
        && state.owner_notices_open().unwrap().is_empty()
}

/// Not a test of its own: the daemon, until everything is decided and has left.
#[test]
fn the_daemon_in_a_process_of_its_own() {
    let Some(folder) = std::env::var_os("QUITUS_CHILD") else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let file = Path::new(&folder).join("quitus.toml");
        let daemon = house::start(&file, 0).await;
        house::until("everything was decided and has left", || {
            house::decided(&daemon) == REPLIES.len() as u64
                && idle(&daemon.office.sequencer.reader().state())
        })
        .await;
        daemon.end().await;
    });
}

/// How one reply ended.
#[derive(Clone, PartialEq, Debug)]
struct End {
    /// State, rule and suppression: the same whatever happened to the letter.
    decided: String,
    /// The letter's state, with the requests' and the case's.
    letter: String,
    uncertain: bool,
    /// Whether the tool that sends was told, once or more often.
    told: bool,
    /// How many letters the SMTP server has for it.
    received: usize,
    /// What became of the notice to the owner, for each letter that is known to have left.
    owners: Vec<Fate>,
}

/// The value of a header field of one line, without angle brackets.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().take_while(|l| !l.is_empty());
    let line = lines.find(|l| l.to_lowercase().starts_with(name))?;
    Some(line[name.len()..].trim().trim_matches(['<', '>']))
}

/// How every reply ended in this store, and what was received.
fn ends(folder: &Path, received: &[smtp::Received], now: Timestamp) -> BTreeMap<String, End> {
    let told = std::fs::read_to_string(folder.join("told.csv")).unwrap();
    let mut options = Options::at(now);
    (options.floor, options.ballast) = (1 << 20, 1 << 20);
    let (store, _) = Store::open(&folder.join("store"), &options).unwrap();
    let (reader, mut ends) = (store.reader(), BTreeMap::new());
    let state = reader.state();
    for name in REPLIES {
        let (_, raw) = settings::sample(name).letter.written(now.to_jiff());
        let raw = String::from_utf8_lossy(&raw).into_owned();
        let id = field(&raw, "message-id:").unwrap();
        let mail = reader.fingerprinter().mail_id(id);
        let message = state.inbound(mail).unwrap().expect("no request is lost");
        let message = state.message(message).unwrap().unwrap();
        let person = state.person(message.person.unwrap()).unwrap();
        let suppression = person.suppression.map(|s| (s.suppression, s.reason));
        let case = message.case.and_then(|c| state.case(c).unwrap());
        let letters = message.case.map(|c| state.letters(c).unwrap());
        let letters = letters.unwrap_or_default();
        let owners = letters.iter().filter_map(|(id, _)| {
            let notice = state.owner_notice(*id).unwrap()?;
            Some(notice.fate.expect("no notice is lost"))
        });
        let owners = owners.collect();
        let letters: Vec<LetterState> = letters.iter().map(|(_, l)| l.state).collect();
        let requests: Vec<_> = case.iter().flat_map(|c| &c.requests).collect();
        let requests: Vec<_> = requests.iter().map(|r| (r.request, r.state)).collect();
        let closed = case.as_ref().map(|c| (c.closed.is_some(), c.held.clone()));
        let answers = |l: &&smtp::Received| {
            let raw = String::from_utf8_lossy(&l.raw);
            field(&raw, "in-reply-to:") == Some(id)
        };
        let end = End {
            decided: format!("{:?} {} {suppression:?}", message.state, message.rule),
            letter: format!("{letters:?} {requests:?} {closed:?}"),
            told: told.contains(field(&raw, "from:").unwrap().rsplit('<').next().unwrap()),
            uncertain: letters.contains(&LetterState::Uncertain),
            received: received.iter().filter(answers).count(),
            owners,
        };
        ends.insert(name.to_owned(), end);
    }
    ends
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// What all runs share.
struct Bench {
    dovecot: Dovecot,
    template: tempfile::TempDir,
    now: Timestamp,
}

/// What one run with at most one kill left behind.
struct Run {
    ends: BTreeMap<String, End>,
    /// Letters, and notices to their owner.
    received: usize,
    notices: usize,
    steps: Vec<String>,
    killed: bool,
}

impl Bench {
    async fn new() -> Self {
        let (dovecot, template) = (Dovecot::start(), tempfile::tempdir().unwrap());
        let now = Clock::system().now();
        house::fill(&dovecot, &REPLIES, now);
        let authority = dovecot.ca_file();
        let way = Smtp {
            port: 1,
            authority: Some(&authority),
        };
        let file = settings::configuration(template.path(), &dovecot, &way, 0);
        house::furnish(&file, now).await;
        Self {
            dovecot,
            template,
            now,
        }
    }

    /// Runs the daemon on a fresh copy, killed at a step if one is named, and then until its work is done.
    async fn run(&self, kill_at: Option<u64>) -> Run {
        let folder = tempfile::tempdir().unwrap();
        copy(
            &self.template.path().join("store"),
            &folder.path().join("store"),
        );
        let server = smtp::Server::start(smtp::Settings::default())
            .await
            .unwrap();
        let way = Smtp {
            port: server.address().port(),
            authority: None,
        };
        let file = settings::configuration(folder.path(), &self.dovecot, &way, 0);
        let settings = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, settings + FILING + SENDER).unwrap();
        let steps_file = folder.path().join("steps");
        let steps = steps_file.display().to_string();
        let kill = kill_at.map(|k| k.to_string());
        let mut environment = vec![("QUITUS_STEPS_FILE", steps.as_str())];
        environment.extend(kill.as_deref().map(|k| ("QUITUS_KILL_AT", k)));
        let name = "the_daemon_in_a_process_of_its_own";
        let status = child(name, folder.path(), &environment).await;
        let killed = status.signal() == Some(9);
        assert!(killed || status.success(), "at {kill_at:?}: {status}");
        let steps = std::fs::read_to_string(&steps_file).unwrap();
        if killed {
            let status = child(name, folder.path(), &[]).await;
            assert!(status.success(), "after {kill_at:?}: {status}");
        }
        let received = server.received();
        let report = quitus::proof::verify_log(&folder.path().join("store")).unwrap();
        assert_eq!(report.bad, None, "after {kill_at:?}");
        let notices = received.iter().filter(|m| m.to == [MAILBOX]).count();
        Run {
            ends: ends(folder.path(), &received, self.now),
            received: received.len() - notices,
            notices,
            steps: steps.lines().map(str::to_owned).collect(),
            killed,
        }
    }
}

async fn child(
    name: &'static str,
    folder: &Path,
    environment: &[(&str, &str)],
) -> std::process::ExitStatus {
    let folder = folder.to_owned();
    let own = |(k, v): &(&str, &str)| (String::from(*k), String::from(*v));
    let environment: Vec<(String, String)> = environment.iter().map(own).collect();
    tokio::task::spawn_blocking(move || {
        let environment: Vec<_> = environment.iter().map(|(k, v)| (&**k, &**v)).collect();
        run_child(name, &folder, &environment)
    })
    .await
    .unwrap()
}

/// Compares a run with the undisturbed one; the letters whose fate is uncertain, with how often each was received.
fn compare(k: u64, step: &str, run: &Run, undisturbed: &Run) -> Vec<usize> {
    let mut uncertain = Vec::new();
    for (name, wanted) in &undisturbed.ends {
        let end = &run.ends[name];
        let place = format!("killed at step {k} ({step}), {name}");
        // A message whose letter is uncertain waits for a human with it; what was obeyed stands all the same.
        let as_wanted = match end.uncertain && wanted.received == 1 {
            true => wanted
                .decided
                .replace("Some(Answered) P.auto", "Some(Held) C4"),
            false => wanted.decided.clone(),
        };
        assert_eq!(end.decided, as_wanted, "{place}");
        assert!(end.received <= 1, "{place}: the letter left twice");
        if end.uncertain && wanted.received == 1 {
            uncertain.push(end.received);
            assert_eq!(
                end.owners,
                [],
                "{place}: nobody is told of what is not known"
            );
        } else {
            let owners = wanted.owners.clone();
            let but = End {
                owners,
                ..end.clone()
            };
            assert_eq!(but, *wanted, "{place}");
            assert_eq!(end.owners.len(), wanted.owners.len(), "{place}");
        }
    }
    told(k, step, run);
    let known: usize = run.ends.values().map(|e| e.received).sum();
    assert_eq!(run.received, known, "step {k}: letters that answer nothing");
    uncertain
}

/// Each owner was told once of a letter; where a kill fell between DATA and its outcome nobody knows, and once or never.
fn told(k: u64, step: &str, run: &Run) {
    let all: Vec<Fate> = run.ends.values().flat_map(|e| e.owners.clone()).collect();
    let known = |fate: &Fate| matches!(fate, Fate::Sent | Fate::Uncertain);
    assert!(all.iter().all(known), "step {k} ({step}): {all:?}");
    let sent = all.iter().filter(|f| **f == Fate::Sent).count();
    let received = (sent..=all.len()).contains(&run.notices);
    assert!(
        received,
        "step {k} ({step}): {} notices, {all:?}",
        run.notices
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_nothing_is_lost_and_nothing_is_sent_twice() {
    let began = Instant::now();
    let bench = Bench::new().await;
    let undisturbed = bench.run(None).await;
    let letters: usize = undisturbed.ends.values().map(|e| e.received).sum();
    assert_eq!(letters, 2, "{:#?}", undisturbed.ends);
    assert!(
        undisturbed.ends.values().all(|e| e.told),
        "{:#?}",
        undisturbed.ends
    );
    assert!(!undisturbed.ends.values().any(|e| e.uncertain));
    assert_eq!(undisturbed.notices, 2, "one for the owner of each");
    let steps = undisturbed.steps.len() as u64;
    println!("{steps} durable steps; one run {:?}", began.elapsed());
    let stride = steps.div_ceil(KILLS).max(1);
    let next = AtomicU64::new(1);
    let found = Mutex::new(Vec::new());
    let kill = || async {
        loop {
            let k = next.fetch_add(stride, Ordering::SeqCst);
            if k > steps {
                return;
            }
            let run = bench.run(Some(k)).await;
            let step = run.steps.last().cloned().unwrap_or_default();
            let uncertain = compare(k, &step, &run, &undisturbed);
            found.lock().unwrap().push((k, step, run.killed, uncertain));
        }
    };
    tokio::join!(kill(), kill());
    let flags = ["fetch", "-u", MAILBOX, "flags", "mailbox", "INBOX"];
    let flags = bench.dovecot.doveadm(&flags);
    assert!(
        !flags.contains("\\Seen"),
        "the mailbox is only read: {flags}"
    );
    let marked = flags.matches("$QuitusDone").count();
    assert_eq!(marked, 3, "two answered, one acted: {flags}");
    let mut found = found.into_inner().unwrap();
    found.sort();
    let killed = found.iter().filter(|f| f.2).count();
    assert!(killed as u64 >= steps / stride / 2, "only {killed} kills");
    println!(
        "{killed} kills in {:?}; uncertain letters:",
        began.elapsed()
    );
    for (k, step, _, received) in found.iter().filter(|f| !f.3.is_empty()) {
        println!("  at step {k} ({step}): received {received:?} times");
    }
}
