//! A step of an escalation is told once, over restarts and over a kill between sending and noting.

use super::{Hands, copy, start, told, until, written};
use crate::faults::run_child;
use quitus::record::{
    About, CaseId, Event, Fate, KeyKind, RequestKind, RuleId, Timestamp, ToldRow,
};
use quitus::sandbox::smtp;
use quitus::service::{Committed, Daemon, Proposal};
use quitus::store::{Options, Store};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

const CAME: &str = "2026-11-02T10:00:00Z";
/// 25 days later.
const LATE: &str = "2026-11-27T10:05:00Z";
const REVIEW: &str = "\n[review]\nreviewers = [{ address = \"dpo@cabinet.example\", deputy = \"lea@cabinet.example\" }]\n\
    deputies = [\"lea@cabinet.example\"]\n";

/// A case that somebody must look at, as the log has it.
fn held(daemon: &Daemon, number: u64, request: RequestKind, received: Timestamp) -> Vec<Event> {
    let reader = daemon.office.sequencer.reader();
    let case = CaseId::from_bits(number);
    let [content_key, proof_key] =
        [KeyKind::Content, KeyKind::Proof].map(|kind| reader.allocate(kind).unwrap());
    vec![
        Event::CaseOpened {
            case,
            person: None,
            message: None,
            received,
            language: None,
            content_key,
            proof_key,
            proof: None,
            previous: None,
        },
        Event::RequestOpened {
            case,
            request,
            received,
            target: received.plus_days(28),
            due: received.plus_days(30),
        },
        Event::CaseHeld {
            case,
            rule: RuleId::of("A7"),
        },
    ]
}

async fn commit(daemon: &Daemon, events: Vec<Event>) {
    let done = daemon.office.sequencer.commit(Proposal::new(events)).await;
    assert!(matches!(done, Committed::Frame(_)), "{done:?}");
}

/// A store with a case that is held since day 0, and a reviewer who has a deputy.
async fn waiting(folder: &Path, smtp: &str) {
    let file = written(folder, smtp, REVIEW);
    let hands = Hands::at(CAME);
    let daemon = start(&file, &hands).await;
    let events = held(&daemon, 1, RequestKind::Access, hands.clock().now());
    commit(&daemon, events).await;
    daemon.end().await;
}

/// What became of the steps; a digest leaves beside them.
fn steps(mut rows: Vec<ToldRow>) -> Vec<ToldRow> {
    rows.retain(|row| matches!(row.about, About::Escalation { .. }));
    rows
}

/// To whom they went, from this mail on.
fn to(server: &smtp::Server, from: usize) -> Vec<String> {
    let all = server.received().into_iter().skip(from);
    let urgent = all.filter(|mail| {
        let message = mail_parser::MessageParser::default()
            .parse(&mail.raw)
            .unwrap();
        message
            .subject()
            .unwrap()
            .contains("avant la fin du délai légal")
    });
    let mut to: Vec<String> = urgent.flat_map(|mail| mail.to).collect();
    to.sort();
    to
}

/// A daemon in `QUITUS_CHILD` on day 25, until both were told or may have been.
#[tokio::test(flavor = "multi_thread")]
async fn child_brings_a_case_to_its_deputy() {
    // Only a process that another test starts for it does anything here.
    let Some(folder) = std::env::var_os("QUITUS_CHILD") else {
        return;
    };
    let file = Path::new(&folder).join("quitus.toml");
    let daemon = start(&file, &Hands::at(LATE)).await;
    let ended = || {
        let rows = steps(told(&daemon));
        rows.len() == 3 && rows.iter().all(|row| row.fate != Fate::Leaving)
    };
    until("both were told", ended).await;
    // Nothing more may come.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    daemon.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_each_is_told_of_a_step_once_or_nobody_knows() {
    let server = smtp::Server::start(Default::default()).await.unwrap();
    let port = server.address().port().to_string();
    let whole = tempfile::tempdir().unwrap();
    waiting(whole.path(), &port).await;
    let before = tempfile::tempdir().unwrap();
    copy(whole.path(), before.path());
    let noted = whole.path().join("steps");
    let file = [("QUITUS_STEPS_FILE", noted.to_str().unwrap())];
    let child = "escalation::child_brings_a_case_to_its_deputy";
    assert!(run_child(child, whole.path(), &file).success());
    // The reviewer hears of days 20 and 25 in one mail, the deputy of day 25.
    let both = ["dpo@cabinet.example", "lea@cabinet.example"];
    assert_eq!(to(&server, 0), both);
    assert!(run_child(child, whole.path(), &[]).success());
    assert_eq!(to(&server, 0), both, "a restart tells nothing twice");

    let noted = std::fs::read_to_string(noted).unwrap();
    let all: Vec<&str> = noted.lines().collect();
    let data = all
        .iter()
        .position(|s| *s == "digest: before DATA")
        .unwrap();
    let (mut unknown, now) = (0, Hands::at(LATE).clock().now());
    for n in data..=(data + 4).min(all.len()) {
        let (folder, count) = (tempfile::tempdir().unwrap(), server.count());
        copy(before.path(), folder.path());
        let at = [("QUITUS_KILL_AT", &*n.to_string())];
        let ended = run_child(child, folder.path(), &at);
        assert_eq!(ended.signal(), Some(9), "step {n} of {}", all.len());
        assert!(run_child(child, folder.path(), &[]).success());
        let mut told = to(&server, count);
        let sent = told.len();
        told.dedup();
        assert_eq!(told.len(), sent, "step {n}: told twice");
        let (store, _) = Store::open(&folder.path().join("store"), &Options::at(now)).unwrap();
        let rows = steps(store.reader().state().every_told().unwrap());
        assert_eq!(rows.len(), 3, "step {n}: {rows:?}");
        let lost = rows.iter().any(|row| row.fate == Fate::Uncertain);
        unknown += usize::from(lost);
        assert!(lost || told.len() == 2, "step {n}: somebody was not told");
    }
    assert!(unknown > 0, "no kill fell between sending and noting");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_is_told_at_once_however_many_cases_wait_before_it() {
    let server = smtp::Server::start(Default::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), &server.address().port().to_string(), REVIEW);
    let hands = Hands::at(CAME);
    let daemon = start(&file, &hands).await;
    let now = hands.clock().now();
    // All of them are older and end sooner.
    let before: Vec<u64> = (1..=1_100).collect();
    for some in before.chunks(100) {
        let case = |n: &u64| held(&daemon, *n, RequestKind::Access, now.plus_days(-10));
        commit(&daemon, some.iter().flat_map(case).collect()).await;
    }
    let complaint = CaseId::from_bits(5_000);
    let events = held(&daemon, 5_000, RequestKind::Complaint, now);
    commit(&daemon, events).await;
    // The clocks are looked at once a minute.
    hands.set("2026-11-02T10:01:30Z");
    let of_it = |row: &ToldRow| row.about == About::Complaint(complaint);
    until("its reviewer was told", || told(&daemon).iter().any(of_it)).await;
    let left = || {
        let mut rows = told(&daemon).into_iter();
        rows.any(|row| of_it(&row) && row.fate == Fate::Sent)
    };
    until("the mail has left", left).await;
    let reference = complaint.to_string();
    let names_it = |mail: &smtp::Received| {
        let message = mail_parser::MessageParser::default().parse(&mail.raw);
        let text = message.unwrap().body_text(0).unwrap().into_owned();
        text.contains(&reference)
    };
    assert!(server.received().iter().any(names_it));
    daemon.end().await;
}
