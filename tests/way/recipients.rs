//! A recipient that is told (Art. 19), killed at every durable step: the mail is never lost, and leaves at most once.

use super::{child, copy};
use quitus::config::Config;
use quitus::record::{
    Address, CaseId, Event, KeyKind, Mode, RecipientRow, RecipientState, RecipientTrouble,
    RequestKind, Timestamp,
};
use quitus::sandbox::{samples, smtp};
use quitus::service::{
    Clock, Committed, Daemon, Extras, Proposal, ToTell, ask_recipients, recipients_of,
};
use quitus::store::{Options, Store};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const FLOOR: u64 = 1 << 20;
const RECIPIENT: &str =
    "\n[[recipient]]\nname = \"Dropcontact\"\nemail = \"dpo@dropcontact.example\"\n";
const CHILD: &str = "recipients::the_daemon_that_tells_a_recipient";

/// The demo's settings: no mailbox answers, letters leave by this port.
fn configuration(folder: &Path, port: u16) -> PathBuf {
    std::fs::write(folder.join("password"), "secret").unwrap();
    let text = include_str!("../../src/cli/demo/quitus.toml")
        .replace("@MAILBOX@", samples::MAILBOX)
        .replace("@PRIVACY@", samples::PRIVACY)
        .replace("@FIRM@", samples::FIRM)
        .replace("@AUTHSERV@", samples::AUTHSERV_ID)
        .replace("@IMAP@", "1")
        .replace("@SMTP@", &port.to_string());
    let file = folder.join("quitus.toml");
    std::fs::write(&file, text + RECIPIENT).unwrap();
    file
}

async fn start(file: &Path, mode: Option<Mode>) -> Daemon {
    let extras = Extras {
        activate: mode.map(|m| (m, Clock::system().now())),
        floor: Some(FLOOR),
        ..Extras::default()
    };
    Daemon::start(Config::load(file).unwrap(), extras)
        .await
        .unwrap()
}

fn case() -> CaseId {
    CaseId::from_bits(77)
}

fn done(row: &RecipientRow) -> bool {
    !matches!(row.state, RecipientState::Queued | RecipientState::Leaving)
}

/// Not a test of its own: the daemon, until the recipient is told, or nobody knows.
#[test]
fn the_daemon_that_tells_a_recipient() {
    let Some(folder) = std::env::var_os("QUITUS_CHILD") else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let daemon = start(&Path::new(&folder).join("quitus.toml"), Some(Mode::Review)).await;
        super::house::until("the recipient is told", || {
            let state = daemon.office.sequencer.reader().state();
            state.recipients_of(case()).unwrap().iter().all(done)
        })
        .await;
        daemon.end().await;
    });
}

/// A store in which an erasure is to be told, as the decision commits it; nothing has left, for the mode is shadow.
async fn furnish(folder: &Path) {
    let daemon = start(&configuration(folder, 1), None).await;
    let (house, reader) = (
        daemon.office.house.load_full(),
        daemon.office.sequencer.reader(),
    );
    let key = |kind| reader.allocate(kind).unwrap();
    let (content_key, proof_key) = (key(KeyKind::Content), key(KeyKind::Proof));
    let (received, person) = (
        Clock::system().now(),
        Address::parse("anne@dune.example").unwrap(),
    );
    let mut events = vec![Event::CaseOpened {
        case: case(),
        person: None,
        message: None,
        received,
        language: None,
        content_key,
        proof_key,
        proof: None,
        previous: None,
    }];
    let task = ToTell {
        case: case(),
        proof_key,
        contact: None,
        from: Some(&person),
        request: RequestKind::Erasure,
        details: None,
        by: "test",
        automatic: false,
    };
    let recipients: Vec<_> = recipients_of(&house, None, RequestKind::Erasure).collect();
    events.extend(ask_recipients(&daemon.office, &house, &task, &recipients).unwrap());
    let committed = daemon.office.sequencer.commit(Proposal::new(events)).await;
    assert!(matches!(committed, Committed::Frame(_)), "{committed:?}");
    tokio::time::sleep(Duration::from_millis(700)).await;
    daemon.end().await;
}

struct Run {
    state: RecipientState,
    received: usize,
    steps: Vec<String>,
}

/// On a fresh copy, killed at a step if one is named, and then until its work is done.
async fn run(template: &Path, kill_at: Option<usize>) -> Run {
    let folder = tempfile::tempdir().unwrap();
    copy(&template.join("store"), &folder.path().join("store"));
    let server = smtp::Server::start(smtp::Settings::default())
        .await
        .unwrap();
    configuration(folder.path(), server.address().port());
    let steps_file = folder.path().join("steps").display().to_string();
    let kill = kill_at.map(|k| k.to_string());
    let mut environment = vec![("QUITUS_STEPS_FILE", steps_file.as_str())];
    environment.extend(kill.as_deref().map(|k| ("QUITUS_KILL_AT", k)));
    let status = child(CHILD, folder.path(), &environment).await;
    let steps = std::fs::read_to_string(&steps_file).unwrap();
    if status.signal() == Some(9) {
        let status = child(CHILD, folder.path(), &[]).await;
        assert!(status.success(), "after {kill_at:?}: {status}");
    } else {
        assert!(status.success(), "at {kill_at:?}: {status}");
    }
    let mut options = Options::at(Timestamp::from_millis(0));
    (options.floor, options.ballast) = (FLOOR, FLOOR);
    let (store, _) = Store::open(&folder.path().join("store"), &options).unwrap();
    let rows = store.reader().state().recipients_of(case()).unwrap();
    assert_eq!(rows.len(), 1, "after {kill_at:?}");
    Run {
        state: rows[0].state,
        received: server.count(),
        steps: steps.lines().map(str::to_owned).collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_is_told_once_or_a_human_is_told_whatever_kills_the_daemon() {
    let template = tempfile::tempdir().unwrap();
    furnish(template.path()).await;
    let undisturbed = run(template.path(), None).await;
    assert_eq!(
        (undisturbed.state, undisturbed.received),
        (RecipientState::Told, 1)
    );
    let steps = &undisturbed.steps;
    assert!(
        steps.iter().any(|s| s == "recipient: before DATA"),
        "{steps:?}"
    );
    let mut uncertain = 0;
    for k in 1..=steps.len() {
        let run = run(template.path(), Some(k)).await;
        let place = format!("killed at step {k} ({})", steps[k - 1]);
        match run.state {
            RecipientState::Told => assert_eq!(run.received, 1, "{place}"),
            RecipientState::Failed(RecipientTrouble::Uncertain) => {
                uncertain += 1;
                assert!(run.received <= 1, "{place}: {}", run.received);
            }
            other => panic!("{place}: {other:?}"),
        }
    }
    assert!(
        uncertain > 0,
        "the window between DATA and the outcome was hit"
    );
    println!("{} steps, {uncertain} of them in the window", steps.len());
}
