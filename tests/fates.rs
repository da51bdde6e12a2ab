//! What becomes of letters after SMTP: found in Sent or not, settled by a human, sent again, bounced, filed.
//!
//! Real Dovecot, the daemon in this process or in one that is killed, and an SMTP server that records and misbehaves.

#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "support/faults.rs"]
mod faults;
#[path = "support/house.rs"]
mod house;
#[path = "fates/meanwhile.rs"]
mod meanwhile;
#[path = "support/port.rs"]
mod port;
#[path = "support/settings.rs"]
mod settings;
#[path = "support/tls.rs"]
mod tls;

use dovecot::Dovecot;
use quitus::api::{Client, Desk, NoAnswer, router};
use quitus::config::Config;
use quitus::record::{
    CaseRow, LetterId, LetterRow, LetterState, MessageRow, MessageState, Mode, RequestState,
    Timestamp, Waiting,
};
use quitus::sandbox::samples::MAILBOX;
use quitus::sandbox::smtp::{self, Effect, Fault, Step};
use quitus::service::{Clock, Daemon, Extras};
use quitus::store::segment::segment_path;
use serde_json::json;
use settings::Smtp;
use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const STOP: &str = "01-stop-fr";

/// A firm with one reply in its mailbox, or some.
struct Scene {
    dovecot: Dovecot,
    folder: tempfile::TempDir,
    server: smtp::Server,
    file: PathBuf,
    now: Timestamp,
}

impl Scene {
    /// `smtp` and `rest` are lines of the configuration: of `[smtp]`, and for its end.
    async fn new(replies: &[&str], smtp: &str, rest: &str) -> Self {
        let (dovecot, folder) = (Dovecot::start(), tempfile::tempdir().unwrap());
        let now = Clock::system().now();
        house::fill(&dovecot, replies, now);
        let server = smtp::Server::start(smtp::Settings::default())
            .await
            .unwrap();
        let scene = Self {
            file: folder.path().join("quitus.toml"),
            dovecot,
            folder,
            server,
            now,
        };
        let authority = scene.dovecot.ca_file();
        let way = Smtp {
            port: 1,
            authority: Some(&authority),
        };
        settings::configuration(scene.folder.path(), &scene.dovecot, &way, 0);
        house::furnish(&scene.file, now).await;
        scene.configure(smtp, rest, 0);
        scene
    }

    fn configure(&self, smtp: &str, rest: &str, delay: u32) {
        let way = Smtp {
            port: self.server.address().port(),
            authority: None,
        };
        let file = settings::configuration(self.folder.path(), &self.dovecot, &way, delay);
        let text = std::fs::read_to_string(&file).unwrap();
        // Only letters are counted here.
        let quiet = "[review]\ntell_owners = false\n\n[smtp]";
        let text = text.replace("[smtp]\n", &format!("{quiet}\n{smtp}\n"));
        std::fs::write(file, format!("{text}\n{rest}\n")).unwrap();
    }

    /// A letter whose final dot was seen, and no reply to it: uncertain.
    async fn uncertain(&self, daemon: &Daemon) -> LetterId {
        house::until("the letter is uncertain", || {
            state_of(daemon, self.now).1 == Some(LetterState::Uncertain)
        })
        .await;
        let (row, _) = state_of(daemon, self.now);
        assert_eq!(row.unwrap().state, Some(MessageState::Held));
        the(daemon, self.now).0
    }

    /// What another client sees of a folder: one line a message.
    fn sees(&self, folder: &str, fields: &str) -> Vec<String> {
        let words = ["fetch", "-u", MAILBOX, fields, "mailbox", folder];
        let shown = self.dovecot.doveadm(&words);
        let shown = shown.lines().filter(|l| !l.trim().is_empty());
        shown.map(str::to_owned).collect()
    }
}

/// The Message-ID of the sample.
fn id_of(now: Timestamp) -> String {
    let (_, raw) = settings::sample(STOP).letter.written(now.to_jiff());
    let raw = String::from_utf8_lossy(&raw).into_owned();
    let line = raw
        .lines()
        .find(|l| l.to_lowercase().starts_with("message-id:"));
    line.unwrap()[11..].trim().to_owned()
}

/// The message, and the state of its letter.
fn state_of(daemon: &Daemon, now: Timestamp) -> (Option<MessageRow>, Option<LetterState>) {
    let reader = daemon.office.sequencer.reader();
    let state = reader.state();
    let mail = reader.fingerprinter().mail_id(&id_of(now));
    let Some(message) = state.inbound(mail).unwrap() else {
        return (None, None);
    };
    let row = state.message(message).unwrap().unwrap();
    let letters = row.case.map(|c| state.letters(c).unwrap());
    let letter = letters.and_then(|l| Some(l.last()?.1.state));
    (Some(row), letter)
}

/// The one letter with its case.
fn the(daemon: &Daemon, now: Timestamp) -> (LetterId, LetterRow, CaseRow) {
    let state = daemon.office.sequencer.reader().state();
    let case = state_of(daemon, now).0.unwrap().case.unwrap();
    let (id, letter) = state.letters(case).unwrap().pop().unwrap();
    (id, letter, state.case(case).unwrap().unwrap())
}

async fn until_state(daemon: &Daemon, now: Timestamp, wanted: LetterState) {
    let what = format!("the letter is {wanted}");
    house::until(&what, || state_of(daemon, now).1 == Some(wanted)).await;
}

/// Asserts that all is as if the letter had been sent at once.
fn assert_as_sent(daemon: &Daemon, now: Timestamp) {
    let (_, letter, case) = the(daemon, now);
    assert_eq!(letter.state, LetterState::Sent);
    assert_eq!(case.requests[0].state, RequestState::Answered);
    assert!(case.closed.is_some() && case.held.is_none());
    let message = state_of(daemon, now).0.unwrap();
    assert_eq!(message.state, Some(MessageState::Answered));
}

fn client(daemon: &Daemon) -> Client {
    Client::within(router(Desk::of(daemon)))
}

/// The words of a refusal.
async fn refused(client: &Client, path: &str, order: serde_json::Value) -> String {
    match client.post(path, &order).await {
        Err(NoAnswer::Refused(refusal)) => refusal.error,
        other => panic!("{other:?}"),
    }
}

fn filings(daemon: &Daemon) -> usize {
    let state = daemon.office.sequencer.reader().state();
    state.filings(100).unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uncertain_letter_that_lies_in_sent_was_sent_and_is_not_sent_again() {
    let scene = Scene::new(&[STOP], "sent_check = \"imap\"", "").await;
    scene.server.script([Fault::at(Step::Dot, 1, Effect::Cut)]);
    let daemon = house::start(&scene.file, 0).await;
    scene.uncertain(&daemon).await;
    // The next looks find nothing: that proves nothing, and changes nothing.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(state_of(&daemon, scene.now).1, Some(LetterState::Uncertain));
    let letter = scene.server.received().remove(0);
    assert!(!letter.confirmed);
    scene.dovecot.deliver(MAILBOX, ".Sent", &letter.raw);
    until_state(&daemon, scene.now, LetterState::Sent).await;
    assert_as_sent(&daemon, scene.now);
    let reply = the(&daemon, scene.now).1.reply.unwrap();
    assert_eq!(reply.phase, "sent_check");
    assert!(
        reply.text.contains("\\Sent of mailbox sales"),
        "{}",
        reply.text
    );
    daemon.end().await;
    assert_eq!(scene.server.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blind_copy_that_came_back_proves_that_the_letter_left() {
    let scene = Scene::new(&[STOP], "sent_check = \"bcc\"", "").await;
    scene.server.script([Fault::at(Step::Dot, 1, Effect::Cut)]);
    let daemon = house::start(&scene.file, 0).await;
    scene.uncertain(&daemon).await;
    let letter = scene.server.received().remove(0);
    assert_eq!(letter.to.len(), 2, "{:?}", letter.to);
    assert_eq!(letter.to[1], MAILBOX);
    let text = String::from_utf8_lossy(&letter.raw).to_lowercase();
    assert!(!text.contains("bcc:"), "no header names the copy: {text}");
    scene.dovecot.deliver(MAILBOX, "", &letter.raw);
    until_state(&daemon, scene.now, LetterState::Sent).await;
    assert_as_sent(&daemon, scene.now);
    house::until("the copy was read", || house::decided(&daemon) == 2).await;
    let state = daemon.office.sequencer.reader().state();
    let ignored = state.counts().unwrap().messages[MessageState::Ignored as usize];
    assert_eq!(ignored, 1, "our own copy is nobody's request");
    daemon.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_the_blind_copy_still_carries_the_letter() {
    let scene = Scene::new(&[STOP], "sent_check = \"bcc\"", "").await;
    let refuse = Effect::Reply("550 5.1.1 nobody here".into());
    scene.server.script([Fault::at(Step::Rcpt, 2, refuse)]);
    let daemon = house::start(&scene.file, 0).await;
    until_state(&daemon, scene.now, LetterState::Sent).await;
    assert_eq!(scene.server.received()[0].to.len(), 1);
    daemon.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_human_sends_an_uncertain_letter_again_and_then_the_same_bytes() {
    let scene = Scene::new(&[STOP], "", "").await;
    scene.server.script([Fault::at(Step::Dot, 1, Effect::Cut)]);
    let daemon = house::start(&scene.file, 0).await;
    let id = scene.uncertain(&daemon).await;
    let ask = client(&daemon);
    let path = |what: &str| format!("/letters/{id}{what}");
    let list = ask.get("/letters?state=uncertain").await.unwrap();
    assert_eq!(list.data[0]["letter"], id.to_string());
    let shown = ask.get(&path("")).await.unwrap();
    for part in [
        "Message-ID: <",
        "RCPT TO:<",
        "the final dot",
        "Bonjour",
        "settle",
    ] {
        assert!(shown.text.contains(part), "{part}: {}", shown.text);
    }
    let by = json!({"by": "anne"});
    assert!(
        refused(&ask, &path("/resend"), by.clone())
            .await
            .contains("may have arrived")
    );
    assert!(
        refused(&ask, &path("/cancel"), by.clone())
            .await
            .contains("may have arrived")
    );
    let word = |reason| json!({"by": "anne", "arrived": false, "reason": reason});
    assert!(
        refused(&ask, &path("/settle"), word(" "))
            .await
            .contains("how do you know")
    );
    ask.post(&path("/settle"), &word("the server's log"))
        .await
        .unwrap();
    until_state(&daemon, scene.now, LetterState::Rejected).await;
    let message = state_of(&daemon, scene.now).0.unwrap();
    assert_eq!(
        message.state,
        Some(MessageState::Held),
        "a human still owes an answer"
    );
    ask.post(&path("/resend"), &by).await.unwrap();
    until_state(&daemon, scene.now, LetterState::Sent).await;
    assert_as_sent(&daemon, scene.now);
    assert!(
        refused(&ask, &path("/resend"), by.clone())
            .await
            .contains("is sent")
    );
    assert!(
        refused(&ask, &path("/settle"), word("x"))
            .await
            .contains("nothing uncertain")
    );
    let history = ask.get(&path("")).await.unwrap();
    assert!(
        history.text.contains("did not arrive, says anne"),
        "{}",
        history.text
    );
    drop(ask);
    daemon.end().await;
    let received = scene.server.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].raw, received[1].raw);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_a_human_knows_to_have_arrived_is_as_sent_and_commands_work_without_a_daemon()
{
    let scene = Scene::new(&[STOP], "", "").await;
    scene.server.script([Fault::at(Step::Dot, 1, Effect::Cut)]);
    let daemon = house::start(&scene.file, 0).await;
    let id = scene.uncertain(&daemon).await.to_string();
    daemon.end().await;
    let quitus = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quitus"));
        let output = command.arg("--config").arg(&scene.file).args(words);
        let output = output.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), text)
    };
    let (code, list) = quitus(&["letters", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(
        (code, list[0]["state"].as_str()),
        (Some(0), Some("uncertain"))
    );
    assert_eq!(quitus(&["letters", "list", "--state", "lost"]).0, Some(2));
    assert_eq!(quitus(&["letters", "show", "Q-0000-0000.0"]).0, Some(1));
    assert_eq!(quitus(&["letters", "resend", &id]).0, Some(1));
    let both = [
        "letters",
        "settle",
        &id,
        "--sent",
        "--not-sent",
        "--reason",
        "x",
    ];
    assert_eq!(quitus(&both).0, Some(2));
    let sent = [
        "letters",
        "settle",
        &id,
        "--sent",
        "--reason",
        "she thanked us",
    ];
    assert_eq!(quitus(&sent).0, Some(0));
    let daemon = house::start(&scene.file, 0).await;
    assert_as_sent(&daemon, scene.now);
    daemon.end().await;
    assert_eq!(scene.server.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_letter_never_leaves_and_its_case_waits_for_a_human() {
    let scene = Scene::new(&[STOP], "", "").await;
    scene.configure("", "", 10);
    let daemon = house::start(&scene.file, 0).await;
    until_state(&daemon, scene.now, LetterState::Queued).await;
    let (id, ..) = the(&daemon, scene.now);
    let order = json!({"by": "anne"});
    let ask = client(&daemon);
    ask.post(&format!("/letters/{id}/cancel"), &order)
        .await
        .unwrap();
    drop(ask);
    daemon.end().await;
    let later = house::start(&scene.file, 30).await;
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    let (_, letter, case) = the(&later, scene.now);
    assert_eq!(letter.state, LetterState::Cancelled);
    assert!(case.held.is_some() && case.closed.is_none());
    assert_eq!(case.requests[0].state, RequestState::Open);
    later.end().await;
    assert_eq!(scene.server.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_cannot_be_read_any_more_waits_for_a_human_and_the_others_leave() {
    let scene = Scene::new(&[STOP, "21-stop-de"], "", "").await;
    scene.configure("", "", 10);
    let ahead = Arc::new(AtomicI64::new(0));
    let (system, minutes) = (Clock::system(), ahead.clone());
    let now = move || {
        system
            .now()
            .plus_seconds(60 * minutes.load(Ordering::Relaxed))
    };
    let extras = Extras {
        clock: Some(Clock::of(now)),
        floor: Some(1 << 20),
        ..Extras::default()
    };
    let config = Config::load(&scene.file).unwrap();
    let daemon = Daemon::start(config, extras).await.unwrap();
    house::until("both letters are queued", || {
        let counts = daemon.office.sequencer.reader().state().counts().unwrap();
        counts.letters[LetterState::Queued as usize] == 2
    })
    .await;
    let at = the(&daemon, scene.now).1.position.unwrap();
    // An octet of its frame, on the disk.
    let log = segment_path(&scene.folder.path().join("store"), at.segment);
    let log = std::fs::File::options().read(true).write(true).open(log);
    let (log, place, mut octet) = (log.unwrap(), u64::from(at.offset) + 100, [0]);
    log.read_exact_at(&mut octet, place).unwrap();
    log.write_all_at(&[octet[0] ^ 1], place).unwrap();
    ahead.store(30, Ordering::Relaxed);
    until_state(&daemon, scene.now, LetterState::Rejected).await;
    let (_, letter, case) = the(&daemon, scene.now);
    let why = letter.reply.unwrap().text;
    assert!(why.contains("cannot be read any more"), "{why}");
    assert!(case.held.is_some() && case.closed.is_none());
    house::until("the other has left", || scene.server.count() == 1).await;
    daemon.end().await;
}

/// A delivery status notification as Postfix writes it, about this letter.
fn dsn(letter: &[u8], to: &str, action: &str, status: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(letter);
    let head = text.split("\r\n\r\n").next().unwrap();
    format!(
        "Return-Path: <>\r\nReceived: by mx.firm.example (Postfix) id 4F2A{status}; Tue, 24 Nov 2026 09:00:00 +0100 (CET)\r\n\
         Date: Tue, 24 Nov 2026 09:00:00 +0100 (CET)\r\nFrom: MAILER-DAEMON@mx.firm.example (Mail Delivery System)\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nTo: {MAILBOX}\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"4F2A.1/mx\"\r\n\
         Message-Id: <{action}.{status}@mx.firm.example>\r\n\r\nThis is a MIME-encapsulated message.\r\n\r\n--4F2A.1/mx\r\n\
         Content-Description: Notification\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\
         This is the mail system at host mx.firm.example.\r\n\r\n<{to}>: user unknown. To be removed reply STOP.\r\n\r\n\
         --4F2A.1/mx\r\nContent-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.firm.example\r\nX-Postfix-Queue-ID: 4F2A\r\nArrival-Date: Tue, 24 Nov 2026 08:59:59 +0100 (CET)\r\n\r\n\
         Final-Recipient: rfc822; {to}\r\nOriginal-Recipient: rfc822;{to}\r\nAction: {action}\r\nStatus: {status}\r\n\
         Diagnostic-Code: X-Postfix; user unknown\r\n\r\n--4F2A.1/mx\r\n\
         Content-Description: Undelivered Message Headers\r\nContent-Type: text/rfc822-headers\r\n\r\n{head}\r\n\r\n--4F2A.1/mx--\r\n"
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_opens_the_closed_case_again_and_a_delay_does_not() {
    let scene = Scene::new(&[STOP], "", "").await;
    let daemon = house::start(&scene.file, 0).await;
    until_state(&daemon, scene.now, LetterState::Sent).await;
    assert_as_sent(&daemon, scene.now);
    let letter = scene.server.received().remove(0);
    let report = |action, status| {
        let report = dsn(&letter.raw, &letter.to[0], action, status);
        scene.dovecot.deliver(MAILBOX, "", &report);
    };
    report("delayed", "4.4.1");
    house::until("the delay was read", || house::decided(&daemon) == 2).await;
    assert_as_sent(&daemon, scene.now);
    report("failed", "5.1.1");
    until_state(&daemon, scene.now, LetterState::Bounced).await;
    let (id, row, case) = the(&daemon, scene.now);
    assert_eq!(case.requests[0].state, RequestState::Open);
    assert!(case.closed.is_none() && case.held.is_some());
    let state = daemon.office.sequencer.reader().state();
    let person = state.person(row.head.person.unwrap()).unwrap();
    assert_eq!((person.open, person.closed), (vec![id.case], vec![]));
    assert!(person.failing_until.is_some() && person.suppression.is_some());
    assert_eq!(state.counts().unwrap().open_cases, 1);
    assert_eq!(state.waiting(Waiting::Bounced, 9).unwrap().len(), 1);
    // The address was wrong only for a while; a human says so.
    let ask = client(&daemon);
    let order = json!({"by": "anne"});
    ask.post(&format!("/letters/{id}/resend"), &order)
        .await
        .unwrap();
    drop(ask);
    until_state(&daemon, scene.now, LetterState::Sent).await;
    assert_as_sent(&daemon, scene.now);
    daemon.end().await;
    assert_eq!(
        scene.server.count(),
        2,
        "the bounce itself was never answered"
    );
}

const FILING: &str =
    "[mailbox.filing]\nkeyword = \"$QuitusDone\"\nmove_to = \"Done\"\ncopy = true\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_with_is_marked_and_moved_and_its_letter_copied_once() {
    let replies = [
        STOP,
        "14-not-interested-nl",
        "17-answered-by-hand-fr",
        "10-out-of-office-fr",
    ];
    let scene = Scene::new(&replies, "", FILING).await;
    scene
        .dovecot
        .doveadm(&["mailbox", "create", "-u", MAILBOX, "Done"]);
    let sent_before = scene.sees("Sent", "uid").len();
    let daemon = house::start(&scene.file, 0).await;
    until_state(&daemon, scene.now, LetterState::Sent).await;
    house::until("two are filed", || {
        house::decided(&daemon) == 4
            && filings(&daemon) == 0
            && scene.sees("Done", "uid").len() == 2
    })
    .await;
    daemon.end().await;
    for flags in scene.sees("Done", "flags") {
        assert!(
            flags.contains("$QuitusDone") && !flags.contains("\\Seen"),
            "{flags}"
        );
    }
    // What waits for a human and what nobody asked anything in stays, untouched.
    let left = scene.sees("INBOX", "flags");
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|f| !f.contains("$QuitusDone")), "{left:?}");
    assert_eq!(scene.sees("Sent", "uid").len(), sent_before + 1);
    // Everything is known: nothing is filed, sent or decided again.
    let again = house::start(&scene.file, 5).await;
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert_eq!((house::decided(&again), filings(&again)), (4, 0));
    assert!(
        !again.status().unwrap().is_ill(),
        "{}",
        again.status().unwrap()
    );
    again.end().await;
    assert_eq!(scene.sees("Sent", "uid").len(), sent_before + 1);
    assert_eq!(scene.server.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_somebody_else_removed_is_answered_and_not_filed() {
    let scene = Scene::new(&[STOP], "", FILING).await;
    scene
        .dovecot
        .doveadm(&["mailbox", "create", "-u", MAILBOX, "Done"]);
    scene.configure("", FILING, 10);
    let first = house::start(&scene.file, 0).await;
    until_state(&first, scene.now, LetterState::Queued).await;
    first.end().await;
    scene
        .dovecot
        .doveadm(&["expunge", "-u", MAILBOX, "mailbox", "INBOX", "all"]);
    let second = house::start(&scene.file, 30).await;
    until_state(&second, scene.now, LetterState::Sent).await;
    house::until("nothing is left to file", || filings(&second) == 0).await;
    assert!(scene.sees("Done", "uid").is_empty());
    second.end().await;
    assert_eq!(scene.server.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn filing_that_fails_is_seen_and_tried_again_and_no_letter_leaves_twice() {
    let scene = Scene::new(&[STOP], "", FILING).await;
    let daemon = house::start(&scene.file, 0).await;
    house::until("the status tells why", || {
        let status = daemon.status().unwrap();
        status.is_ill() && status.to_string().contains("there is no folder Done")
    })
    .await;
    daemon.end().await;
    assert_eq!(scene.server.count(), 1);
    scene
        .dovecot
        .doveadm(&["mailbox", "create", "-u", MAILBOX, "Done"]);
    let later = house::start(&scene.file, 5).await;
    house::until("it is filed", || filings(&later) == 0).await;
    assert_eq!(scene.sees("Done", "uid").len(), 1);
    later.end().await;
    assert_eq!(scene.server.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_shadow_nothing_is_filed() {
    let scene = Scene::new(&["14-not-interested-nl"], "", FILING).await;
    let extras = quitus::service::Extras {
        floor: Some(1 << 20),
        activate: Some((Mode::Shadow, scene.now)),
        ..Default::default()
    };
    let config = quitus::config::Config::load(&scene.file).unwrap();
    let daemon = Daemon::start(config, extras).await.unwrap();
    house::until("it is decided", || house::decided(&daemon) == 1).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert_eq!(filings(&daemon), 0);
    daemon.end().await;
    let flags = scene.sees("INBOX", "flags").concat();
    assert!(!flags.contains("$QuitusDone"), "{flags}");
}

/// Not a test of its own: the daemon, until its letter has left and everything is filed.
#[test]
fn the_filing_daemon_in_a_process_of_its_own() {
    let Some(folder) = std::env::var_os("QUITUS_CHILD") else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let daemon = house::start(&Path::new(&folder).join("quitus.toml"), 0).await;
        house::until("the letter has left and is filed", || {
            let state = daemon.office.sequencer.reader().state();
            let sent = state.counts().unwrap().letters[LetterState::Sent as usize];
            sent == 1 && filings(&daemon) == 0
        })
        .await;
        daemon.end().await;
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_filing_the_copy_lies_in_sent_once() {
    let child = |folder: PathBuf, steps: PathBuf, kill: Option<usize>| {
        tokio::task::spawn_blocking(move || {
            let (steps, kill) = (steps.display().to_string(), kill.map(|k| k.to_string()));
            let mut environment = vec![("QUITUS_STEPS_FILE", steps.as_str())];
            environment.extend(kill.as_deref().map(|k| ("QUITUS_KILL_AT", k)));
            environment.push(("QUITUS_KILL_IN", "filing"));
            let name = "the_filing_daemon_in_a_process_of_its_own";
            faults::run_child(name, &folder, &environment)
        })
    };
    let undisturbed = Scene::new(&[STOP], "", FILING).await;
    undisturbed
        .dovecot
        .doveadm(&["mailbox", "create", "-u", MAILBOX, "Done"]);
    let steps = undisturbed.folder.path().join("steps");
    let folder = undisturbed.folder.path().to_owned();
    assert!(child(folder, steps.clone(), None).await.unwrap().success());
    let steps = std::fs::read_to_string(steps).unwrap();
    let filing = steps.lines().filter(|s| s.starts_with("filing")).count();
    assert!(filing >= 3, "{steps}");
    for kill in 1..=filing {
        let scene = Scene::new(&[STOP], "", FILING).await;
        scene
            .dovecot
            .doveadm(&["mailbox", "create", "-u", MAILBOX, "Done"]);
        let before = scene.sees("Sent", "uid").len();
        let folder = || scene.folder.path().to_owned();
        let killed = child(folder(), folder().join("steps"), Some(kill))
            .await
            .unwrap();
        assert_eq!(killed.signal(), Some(9), "at {kill}");
        let steps = std::fs::read_to_string(folder().join("steps")).unwrap();
        let kill = format!("{kill} ({})", steps.lines().last().unwrap_or_default());
        let end = child(folder(), folder().join("more"), None).await.unwrap();
        assert!(end.success(), "killed at {kill}");
        assert_eq!(
            scene.sees("Sent", "uid").len(),
            before + 1,
            "killed at {kill}"
        );
        assert_eq!(scene.sees("Done", "uid").len(), 1, "killed at {kill}");
        assert_eq!(scene.server.count(), 1, "killed at {kill}");
    }
}
