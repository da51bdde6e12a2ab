//! Servers that are not as they should be, each beside a good one: wrong passwords, certificates, another Quitus, a Postfix that is down.

use crate::commands::EVERYBODY;
use crate::firm::{self, Firm, MAILBOX};
use crate::operator::{Running, ask, count, status, until};
use crate::postfix::Postfix;
use quitus::sandbox::smtp;
use std::path::Path;
use std::time::Duration;

/// One more mailbox, as a copy of the good one with one thing changed.
fn mailbox(firm: &Firm, name: &str, host: &str, ca: &str, password: &str) -> String {
    format!(
        "[[mailbox]]\nname = \"{name}\"\naddress = \"{name}@ateliervauban.example\"\npoll_seconds = 1\n\n[mailbox.imap]\nhost = \
         \"{host}\"\nport = {}\n{ca}username = \"{name}\"\npassword = {{ file = \"{password}\" }}\n\n",
        firm.dovecot.imaps
    )
}

#[test]
fn each_ill_mailbox_has_a_status_of_its_own_and_the_good_one_goes_on() {
    let firm = Firm::new(1);
    let ca = format!("ca_file = \"{}\"\n", firm.dovecot.ca_file().display());
    firm.write("wrong", "not the password");
    let all = [
        mailbox(&firm, "wrongpass", "127.0.0.1", &ca, "wrong"),
        mailbox(&firm, "nopass", "127.0.0.1", &ca, "missing"),
        mailbox(&firm, "expired", "127.0.0.2", &ca, "password"),
        mailbox(&firm, "othername", "localhost", &ca, "password"),
        mailbox(&firm, "unknownca", "127.0.0.1", "", "password"),
    ];
    firm.change("[smtp]", &(all.concat() + "[smtp]"));
    let daemon = Running::start(&firm.file);
    let ill = |s: &serde_json::Value| {
        let boxes = s["mailboxes"].as_array().unwrap();
        boxes.iter().filter(|m| m["fix"].is_string()).count() == 5
    };
    let now = until(&firm.file, "five mailboxes are ill", ill);
    for (name, state, words) in [
        ("wrongpass", "login_refused", "refuses the login"),
        ("nopass", "login_refused", "password file"),
        ("expired", "untrusted", "expired"),
        ("othername", "untrusted", "another name"),
        ("unknownca", "untrusted", "ca_file"),
    ] {
        let boxes = now["mailboxes"].as_array().unwrap();
        let found = boxes.iter().find(|m| m["name"] == name).unwrap();
        assert_eq!(found["state"], state, "{found:#}");
        assert!(
            found["last_error"][1].to_string().contains(words),
            "{found:#}"
        );
        let (now, next) = (found["last_error"][0].as_str(), found["next_try"].as_str());
        let gap: jiff::Timestamp = next.unwrap().parse().unwrap();
        let gap = gap.duration_since(now.unwrap().parse().unwrap());
        assert!(
            gap.as_secs() >= 300,
            "tried again only after minutes: {found:#}"
        );
    }
    let told = ask(&firm.file, &["status"]);
    assert_eq!(
        (told.code, told.out.matches("→").count()),
        (Some(1), 5),
        "{told:?}"
    );
    firm.reply(1, "STOP");
    until(&firm.file, "the good one is read", |s| s["suppressed"] == 1);
    let log = firm.dovecot.log();
    let tries = log
        .lines()
        .filter(|l| l.contains("auth failed, 1 attempts"));
    assert_eq!(tries.count(), 1, "{log}");
    let clear = log
        .lines()
        .find(|l| l.contains("Login") && !l.contains("TLS"));
    assert_eq!(clear, None);
    daemon.end();
}

/// A daemon with a store of its own on the same mailbox.
fn second_house(firm: &Firm) -> std::path::PathBuf {
    let text = std::fs::read_to_string(&firm.file).unwrap();
    std::fs::create_dir(firm.path("other")).unwrap();
    std::fs::copy(firm.path("password"), firm.path("other/password")).unwrap();
    firm.write("other/quitus.toml", &text)
}

fn letter(server: &smtp::Server, n: usize) -> String {
    String::from_utf8(server.received()[n].raw.clone()).unwrap()
}

/// Sees that this one has stopped sending, says so, and still obeys.
fn stopped(firm: &Firm, file: &Path, n: u32) {
    let now = until(file, "it has seen the other", |s| {
        s["flags"][0]["flag"] == "foreign_instance"
    });
    let sent = count(&now, "letters", "sent");
    let obeyed = now["suppressed"].as_u64();
    firm.reply(n, "STOP");
    let now = until(file, "it still obeys", |s| {
        s["suppressed"].as_u64() > obeyed
    });
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(count(&status(file), "letters", "sent"), sent, "{now:#}");
    let told = ask(file, &["status"]);
    assert!(
        told.code == Some(1) && told.out.contains("another installation"),
        "{told:?}"
    );
}

#[test]
fn two_houses_on_one_mailbox_are_seen_by_whoever_comes_first_and_by_whoever_comes_second() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(smtp::Server::start(Default::default()));
    let server = server.unwrap();
    let firm = Firm::new(server.address().port());
    let register = firm.register();
    let other = second_house(&firm);
    for file in [&firm.file, &other] {
        ask(file, &["contacts", "import", register.to_str().unwrap()]);
        assert_eq!(ask(file, &["activate", "live"]).code, Some(0));
    }
    let first = Running::start(&firm.file);
    firm.reply(1, "STOP");
    until(&firm.file, "the letter left", |s| {
        count(s, "letters", "sent") == 1
    });
    // The provider keeps what is sent in Sent. The second house finds there what it never wrote, before it sends anything.
    firm.deliver(".Sent", &letter(&server, 0), jiff::Timestamp::now());
    let second = Running::start(&other);
    stopped(&firm, &other, 2);
    until(&firm.file, "the first goes on", |s| {
        count(s, "letters", "sent") == 2
    });
    first.end();
    // The first is stopped for good; whoever has looked says so, and what waited leaves.
    let reason = ["store", "acknowledge", "--reason"];
    let nothing = ask(&other, &[&reason[..], &[" "]].concat());
    assert_eq!(nothing.code, Some(2), "without a reason: {nothing:?}");
    let told = ask(&other, &[&reason[..], &["the first is retired"]].concat());
    assert!(
        told.code == Some(0) && told.out.contains("foreign instance"),
        "{told:?}"
    );
    assert_eq!(status(&other)["flags"], serde_json::json!([]));
    let log = ask(&other, &["log"]).out;
    assert!(
        log.contains("acknowledged") && !log.contains("retired"),
        "{log}"
    );
    second.end();

    // The other order: a letter of somebody else appears while one runs.
    let third = firm.write("third/quitus.toml", "");
    std::fs::copy(&other, &third).unwrap();
    std::fs::copy(firm.path("password"), firm.path("third/password")).unwrap();
    ask(&third, &["contacts", "import", register.to_str().unwrap()]);
    // Nothing is left of the first two: their replies may bear the second in which the third is activated.
    for folder in ["new", "cur", ".Sent/new", ".Sent/cur"] {
        let maildir = firm.dovecot.maildir(MAILBOX, "");
        let files = maildir.join(folder);
        for file in std::fs::read_dir(files).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
    }
    let daemon = Running::start(&third);
    assert_eq!(ask(&third, &["activate", "live"]).code, Some(0));
    firm.reply(3, "STOP");
    until(&third, "the letter left", |s| {
        count(s, "letters", "sent") == 1
    });
    firm.deliver(".Sent", &letter(&server, 0), jiff::Timestamp::now());
    stopped(&firm, &third, 4);
    daemon.end();
}

#[test]
fn letters_wait_while_postfix_is_down_and_leave_once_when_it_is_back() {
    let postfix = Postfix::start(None, EVERYBODY);
    let firm = Firm::new(postfix.port());
    let file = &firm.file;
    let quick = "[smtp]\nretry = { schedule = [\"1 s\"] }\nbreaker = { opens_after = 2, first_wait = \"1 s\", longest_wait = \"2 s\" }";
    firm.change("[smtp]", quick);
    let daemon = Running::start(file);
    ask(
        file,
        &["contacts", "import", firm.register().to_str().unwrap()],
    );
    assert_eq!(ask(file, &["activate", "live"]).code, Some(0));
    postfix.order("stop");
    for n in 1..=3 {
        firm.reply(n, "STOP");
    }
    let down = |s: &serde_json::Value| {
        count(s, "letters", "deferred") == 3 && s["smtp"]["why"].is_string()
    };
    let now = until(file, "three letters wait", down);
    assert_eq!(now["suppressed"], 3, "obeyed all the same: {now:#}");
    let told = ask(file, &["status"]);
    assert!(
        told.code == Some(1) && told.out.contains("letters wait"),
        "{told:?}"
    );
    postfix.order("start");
    let now = until(file, "three letters left", |s| {
        count(s, "letters", "sent") == 3
    });
    assert_eq!(now["smtp"]["state"], "good", "{now:#}");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(postfix.letters(3).len(), 3, "{}", postfix.log());
    daemon.end();
}

#[test]
fn a_password_for_letters_that_cannot_be_read_is_told_and_keeps_no_stop_from_being_obeyed() {
    let firm = Firm::new(1);
    let gone = "[smtp]\nusername = \"bot\"\npassword = { file = \"gone\" }";
    firm.change("[smtp]", gone);
    let checked = ask(&firm.file, &["check"]);
    assert!(
        checked.code == Some(1) && checked.out.contains("gone"),
        "{checked:?}"
    );
    let daemon = Running::start(&firm.file);
    firm.reply(1, "STOP");
    let now = until(&firm.file, "it is obeyed, and smtp is ill", |s| {
        s["suppressed"] == 1 && s["smtp"]["why"].is_string()
    });
    let why = now["smtp"]["why"].to_string();
    assert!(why.contains("gone"), "{why}");
    daemon.end();
}

#[test]
fn a_password_that_becomes_wrong_is_tried_once_and_only_letters_of_its_mailbox_wait() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(smtp::Server::start(Default::default()));
    let server = server.unwrap();
    let firm = Firm::new(server.address().port());
    let file = &firm.file;
    let ca = format!("ca_file = \"{}\"\n", firm.dovecot.ca_file().display());
    firm.write("second", "secret");
    let paul = mailbox(&firm, "paul", "127.0.0.1", &ca, "second");
    firm.change("[smtp]", &(paul + "[smtp]"));
    let daemon = Running::start(file);
    ask(
        file,
        &["contacts", "import", firm.register().to_str().unwrap()],
    );
    assert_eq!(ask(file, &["activate", "live"]).code, Some(0));
    let watched = |s: &serde_json::Value| {
        let boxes = s["mailboxes"].as_array().unwrap();
        boxes.iter().all(|m| m["state"] == "watching")
    };
    until(file, "both are watched", watched);
    // The connection that watches lives on; the one that looks whether a colleague was faster is yet to be opened.
    firm.write("second", "no longer the password");
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    let to_paul = firm::reply(1, "STOP", at).replace(MAILBOX, "paul@ateliervauban.example");
    let mail = firm.dovecot.deliver("paul", "", to_paul.as_bytes());
    firm::date(&mail, at);
    until(file, "it is obeyed", |s| s["suppressed"] == 1);
    firm.reply(2, "STOP");
    until(file, "the other's letter left", |s| {
        count(s, "letters", "sent") == 1
    });
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(count(&status(file), "letters", "queued"), 1);
    let log = firm.dovecot.log();
    let tries = log.lines().filter(|l| l.contains("auth failed"));
    assert_eq!(tries.count(), 1, "{log}");
    daemon.said("letters wait: the server refuses the login");
    daemon.end();
    assert_eq!(server.count(), 1);
}
