//! The canary on real servers: Postfix takes its mail and the answer, Dovecot holds both mailboxes, the daemon does what it does.
//!
//! Postfix delivers into Dovecot's Maildirs, so nothing between the two accounts is played by the test.

use crate::firm::{Firm, MAILBOX};
use crate::hour;
use crate::operator::{Running, Said, ask, status};
use crate::port::free_port;
use crate::postfix::Postfix;
use quitus::api::{Answer, Client, Desk, router};
use quitus::config::Config;
use quitus::service::{Clock, Daemon, Extras, Status};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

const CANARY: &str = "canary@elsewhere.example";

/// Where Dovecot keeps its mail, for Postfix to deliver into, and who of them there is.
fn into(base: &Path) -> String {
    let places = [MAILBOX, CANARY].map(|who| format!("{{ {who} = {who}/Maildir/ }}"));
    format!(
        "virtual_mailbox_domains = ateliervauban.example, elsewhere.example\nvirtual_mailbox_base = {}\nvirtual_mailbox_maps = inline:{{ {} }}\n",
        base.display(),
        places.join(", ")
    )
}

/// A firm that has a canary, and the Postfix between the two; `more` are lines of main.cf, `port` another way for the canary's mail.
fn firm(more: &str, port: Option<u16>) -> (Firm, Postfix) {
    let firm = Firm::new(free_port());
    for who in [MAILBOX, CANARY] {
        firm.dovecot
            .doveadm(&["mailbox", "create", "-u", who, "Made"]);
    }
    let maildir = firm.dovecot.maildir("", "");
    let base = maildir.parent().unwrap();
    let postfix = Postfix::start(None, &format!("{}{more}", into(base)));
    let text = std::fs::read_to_string(&firm.file).unwrap();
    let (_, smtp) = text.split_once("[smtp]").unwrap();
    let (before, _) = smtp.split_once("security").unwrap();
    let after = format!("\nhost = \"127.0.0.1\"\nport = {}\n", postfix.port());
    firm.change(before, &after);
    let canary = format!(
        "\n[canary]\naddress = \"{CANARY}\"\nhour = {}\n\n[canary.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n\n[canary.imap]\nhost = \
         \"127.0.0.1\"\nport = {}\nsecurity = \"tls\"\nca_file = \"{}\"\nusername = \"{CANARY}\"\npassword = {{ file = \"password\" }}\n",
        hour::far(),
        port.unwrap_or(postfix.port()),
        firm.dovecot.imaps,
        firm.dovecot.ca_file().display()
    );
    let text = std::fs::read_to_string(&firm.file).unwrap() + &canary;
    std::fs::write(&firm.file, text).unwrap();
    (firm, postfix)
}

/// What lies in the canary's INBOX.
fn answers(firm: &Firm) -> String {
    let words = ["fetch", "-u", CANARY, "text", "mailbox", "INBOX"];
    firm.dovecot.doveadm(&words)
}

/// `quitus canary` in one of its forms.
fn canary(firm: &Firm, words: &[&str]) -> (Said, Value) {
    let said = ask(&firm.file, &[&["canary", "--json"], words].concat());
    let data = serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {said:?}"));
    (said, data)
}

#[test]
fn a_stop_and_an_access_request_are_answered_on_the_whole_way_and_nothing_counts_them() {
    let (firm, postfix) = firm("", None);
    let daemon = Running::start(&firm.file);
    let (said, data) = canary(&firm, &[]);
    assert_eq!(
        said.code,
        Some(0),
        "{data:#}\n{}\n{}",
        daemon.log(),
        postfix.log()
    );
    for (n, request) in ["stop", "access"].iter().enumerate() {
        let one = &data["canary"][n];
        assert_eq!(
            (&one["request"], &one["state"]),
            (&json!(request), &json!("answered"))
        );
        assert_eq!(
            (&one["folder"], &one["failing"]),
            (&json!("INBOX"), &Value::Null)
        );
    }
    let letters = answers(&firm);
    assert_eq!(letters.matches("X-Quitus-Loop:").count(), 2, "{letters}");
    assert_eq!(
        letters.matches("Auto-Submitted: auto-replied").count(),
        2,
        "{letters}"
    );
    // Not a trace of it but its own: no message, no case, no letter, nobody suppressed, nothing that waits.
    let now = status(&firm.file);
    for of in ["messages", "letters"] {
        let all = now[of].as_object().unwrap();
        assert!(all.values().all(|n| n == 0), "{of}: {now:#}");
    }
    for count in [
        "suppressed",
        "paused",
        "contacts",
        "open_cases",
        "sent_mails",
    ] {
        assert_eq!(now[count], 0, "{count}: {now:#}");
    }
    assert_eq!(now["needs"], json!([]), "{now:#}");
    let figures = ask(&firm.file, &["figures", "--json"]);
    let figures: Value = serde_json::from_str(&figures.out).unwrap();
    let empty = ask(&firm.file, &["suppression", "check", CANARY]);
    assert_eq!(empty.code, Some(0), "{empty:?}");
    assert!(!figures.to_string().contains("\"stop\":1"), "{figures:#}");
    let log = ask(&firm.file, &["log", "--json"]);
    assert!(
        !log.out.contains(CANARY) && !daemon.log().contains(CANARY),
        "nobody is named"
    );
    // The day's run is done: a restart begins no other, and knows how this one ended.
    daemon.signal(Signal::KILL);
    daemon.ended(Duration::from_secs(10));
    let daemon = Running::start(&firm.file);
    std::thread::sleep(Duration::from_secs(2));
    let (said, again) = canary(&firm, &["--status"]);
    assert_eq!((said.code, &again["canary"]), (Some(0), &data["canary"]));
    daemon.end();
}

/// The daemon in this process, with a clock that can be put forward.
struct Stage {
    daemon: Daemon,
    ahead: Arc<AtomicI64>,
}

impl Stage {
    async fn start(firm: &Firm, ahead: i64) -> Self {
        let (system, ahead) = (Clock::system(), Arc::new(AtomicI64::new(ahead)));
        let minutes = ahead.clone();
        let clock = Clock::of(move || {
            system
                .now()
                .plus_seconds(60 * minutes.load(Ordering::Relaxed))
        });
        let extras = Extras {
            clock: Some(clock),
            floor: Some(1 << 20),
            ..Extras::default()
        };
        let daemon = Daemon::start(Config::load(&firm.file).unwrap(), extras).await;
        let daemon = daemon.unwrap();
        Self { daemon, ahead }
    }

    fn is(&self) -> Status {
        self.daemon.status().unwrap()
    }

    async fn until(&self, what: &str, done: impl Fn(&Status) -> bool) -> Status {
        let began = Instant::now();
        loop {
            let status = self.is();
            if done(&status) {
                return status;
            }
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "never {what}: {status}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// As `quitus canary` orders it.
    async fn order(&self) -> Answer {
        let client = Client::within(router(Desk::of(&self.daemon)));
        client
            .post("/canary", &json!({"by": "test"}))
            .await
            .unwrap()
    }
}

/// The words of the alarm.
fn alarm(status: &Status) -> String {
    let needs = status.needs.iter();
    let of_canary = needs.filter(|n| n.why.iter().any(|w| w.word() == "canary"));
    of_canary.map(|n| n.line() + "\n").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_cannot_be_sent_is_an_alarm_after_the_patience_and_over_a_restart_until_an_answer_comes()
 {
    let nobody = free_port();
    let (firm, postfix) = firm("", Some(nobody));
    let stage = Stage::start(&firm, 0).await;
    stage
        .until("it began", |s| s.canary[1].state == "running")
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(alarm(&stage.is()), "", "not before the time");
    stage.ahead.store(31, Ordering::Relaxed);
    let ill = stage
        .until("it is missed", |s| s.canary.iter().all(|c| c.is_over()))
        .await;
    let told = alarm(&ill);
    assert_eq!(told.matches("its mail was not sent").count(), 2, "{told}");
    assert!(told.contains("connect") && ill.is_ill(), "{told}");
    let since = ill.canary[0].failing.clone();
    stage.daemon.end().await;
    firm.change(
        &format!("port = {nobody}"),
        &format!("port = {}", postfix.port()),
    );
    let stage = Stage::start(&firm, 31).await;
    assert_eq!(
        stage.is().canary[0].failing,
        since,
        "a restart forgets nothing"
    );
    stage.order().await;
    let well = stage
        .until("it is answered", |s| {
            s.canary.iter().all(|c| c.failing.is_none())
        })
        .await;
    assert!(alarm(&well).is_empty() && !well.is_ill(), "{well}");
    assert!(answers(&firm).contains("X-Quitus-Loop:"));
    stage.daemon.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_refused_and_a_mail_that_nobody_reads_are_alarms() {
    let refuse = format!(
        "smtpd_recipient_restrictions = check_recipient_access inline:{{ {{ {CANARY} = REJECT }} }}, permit_mynetworks, reject\n"
    );
    let (refusing, _postfix) = firm(&refuse, None);
    let stage = Stage::start(&refusing, 0).await;
    let ill = stage
        .until("it is refused", |s| s.canary.iter().all(|c| c.is_over()))
        .await;
    let told = alarm(&ill);
    assert_eq!(
        told.matches("the answer was refused: RCPT TO: 554").count(),
        2,
        "{told}"
    );
    stage.daemon.end().await;

    let (silent, _postfix) = firm("", None);
    silent.change("username = \"claire", "username = \"nobody.claire");
    let stage = Stage::start(&silent, 0).await;
    let sent = |s: &Status| {
        s.canary
            .iter()
            .all(|c| format!("{:?}", c.stage).contains("Sent"))
    };
    stage.until("both left", sent).await;
    stage.ahead.store(31, Ordering::Relaxed);
    let ill = stage
        .until("nobody read it", |s| s.canary.iter().all(|c| c.is_over()))
        .await;
    let told = alarm(&ill);
    assert_eq!(
        told.matches("was not read in the watched mailbox").count(),
        2,
        "{told}"
    );
    stage.daemon.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_mark_makes_an_ordinary_mail_and_a_genuine_one_counts_once_and_for_the_canary_only()
 {
    let (firm, _postfix) = firm("", None);
    let stage = Stage::start(&firm, 0).await;
    stage
        .until("it is answered", |s| {
            s.canary.iter().all(|c| c.state == "answered")
        })
        .await;
    let words = ["fetch", "-u", MAILBOX, "text", "mailbox", "INBOX"];
    let mails = firm.dovecot.doveadm(&words);
    let marks = mails
        .lines()
        .filter_map(|l| l.strip_prefix("X-Quitus-Canary: "));
    let genuine = marks
        .map(str::trim)
        .find(|m| m.starts_with("stop."))
        .unwrap();
    let forged = format!("{}{}", &genuine[..genuine.len() - 32], "0".repeat(32));
    let deliver = |n: u32, from: &str, mark: &str| {
        let at = jiff::Timestamp::now();
        let date = at.strftime("%a, %d %b %Y %H:%M:%S +0000");
        let mail = format!(
            "Date: {date}\r\nFrom: <{from}>\r\nTo: {MAILBOX}\r\nSubject: Re: x\r\nMessage-ID: <forged.{n}@elsewhere.example>\r\n\
             X-Quitus-Canary: {mark}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSTOP, merci de ne plus m'écrire.\r\n"
        );
        firm.deliver("", &mail, at);
    };
    let decided = |s: &Status| s.messages.values().sum::<u64>();
    assert_eq!(decided(&stage.is()), 0);
    // The canary's own mark in a second mail of its own is still the canary's.
    deliver(1, CANARY, genuine);
    deliver(2, CANARY, &forged);
    stage
        .until("the forged one is decided", |s| decided(s) == 1)
        .await;
    deliver(3, "stranger@elsewhere.example", genuine);
    let now = stage
        .until("the stolen one is decided", |s| decided(s) == 2)
        .await;
    assert_eq!(now.suppressed, 2, "both said STOP, and are obeyed: {now}");
    assert!(now.canary.iter().all(|c| c.state == "answered"));
    stage.daemon.end().await;
}

#[test]
fn a_canary_that_cannot_fly_is_told_before_it_tries() {
    let (firm, _postfix) = firm("", None);
    let good = std::fs::read_to_string(&firm.file).unwrap();
    for (from, to, said) in [
        (CANARY, "canary@ateliervauban.example", "one of our own"),
        (
            "[canary]\n",
            "[canary]\nmailbox = \"purchase\"\n",
            "no such mailbox",
        ),
        ("\nhour = ", "\nhour = 24 # ", "no such hour"),
        (
            "[canary]\n",
            "[canary]\npatience_minutes = 0\n",
            "make no alarm",
        ),
    ] {
        std::fs::write(&firm.file, good.replacen(from, to, 1)).unwrap();
        let checked = ask(&firm.file, &["check"]);
        let all = format!("{}{}", checked.out, checked.err);
        assert!(checked.code == Some(2) && all.contains(said), "{to}: {all}");
    }
    std::fs::write(&firm.file, good).unwrap();
    let alone = ask(&firm.file, &["canary"]);
    assert!(alone.code != Some(0), "{alone:?}");
}

#[test]
fn a_kill_at_any_step_sends_no_answer_twice_and_loses_no_run() {
    // The step; whether the STOP, which flies first, is answered all the same; its copies in the watched mailbox.
    for (step, answered, copies) in [
        ("canary: its mail has left", true, 2),
        ("canary: before DATA", false, 1),
        ("canary: after the final dot", true, 1),
    ] {
        let (firm, _postfix) = firm("", None);
        let kill = [("QUITUS_KILL_AT", "1"), ("QUITUS_KILL_IN", step)];
        let killed = Running::start_with(&firm.file, &kill);
        killed.ended(Duration::from_secs(30));
        let daemon = Running::start(&firm.file);
        let stage = |n: usize| status(&firm.file)["canary"][n]["stage"].clone();
        let began = Instant::now();
        let end = if answered { "arrived" } else { "leaving" };
        while (stage(0), stage(1)) != (json!(end), json!("arrived")) {
            let waited = began.elapsed() < Duration::from_secs(40);
            assert!(waited, "{step}: {} {}", stage(0), stage(1));
            std::thread::sleep(Duration::from_millis(200));
        }
        let answers = answers(&firm).matches("X-Quitus-Loop:").count();
        assert_eq!(answers, 1 + usize::from(answered), "{step}");
        let words = ["fetch", "-u", MAILBOX, "text", "mailbox", "INBOX"];
        let lie_there = || {
            let mails = firm.dovecot.doveadm(&words);
            mails.matches("X-Quitus-Canary: stop.").count()
        };
        // Postfix may deliver the one that it took first after the other was answered.
        while lie_there() < copies && began.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(200));
        }
        assert_eq!(lie_there(), copies, "{step}");
        let now = status(&firm.file);
        assert_eq!(
            (&now["open_cases"], &now["suppressed"]),
            (&json!(0), &json!(0))
        );
        daemon.end();
    }
}
