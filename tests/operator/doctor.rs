//! `quitus doctor`: a good house has nothing wrong, and each planted ill is found, named and told what to do about.

use crate::certs::Authority;
use crate::commands::EVERYBODY;
use crate::faults::Disk;
use crate::firm::{Firm, MAILBOX};
use crate::operator::{Running, Said, ask, until};
use crate::port::free_port;
use crate::postfix::Postfix;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// What the doctor found, and its exit code.
fn doctor(file: &Path, words: &[&str]) -> (Option<i32>, Vec<Value>) {
    let words = [&["doctor", "--json"], words].concat();
    let Said { code, out, err } = ask(file, &words);
    let all: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"));
    let findings = all["findings"].as_array().unwrap().clone();
    let wrong = findings.iter().any(|f| f["state"] == "wrong");
    assert_eq!(all["ok"], !wrong);
    assert_eq!(code, Some(i32::from(wrong)), "{all:#}");
    for finding in &findings {
        let good = finding["state"] == "good";
        assert_eq!(finding["fix"] == "", good, "{finding:#}");
    }
    (code, findings)
}

/// Whether something was found: its id, how it is, words in it and in its fix.
fn has(all: &[Value], id: &str, state: &str, words: &str) -> bool {
    all.iter().any(|f| {
        let [about, what, fix] = ["about", "what", "fix"].map(|key| f[key].as_str().unwrap());
        let text = format!("{about}: {what} → {fix}");
        f["id"] == id && f["state"] == state && text.contains(words)
    })
}

fn must(all: &[Value], id: &str, state: &str, words: &str) {
    assert!(has(all, id, state, words), "{id} {state} {words}: {all:#?}");
}

/// Nothing is wrong but these.
fn wrong(all: &[Value], ids: &[&str]) {
    let wrong: Vec<&Value> = all.iter().filter(|f| f["state"] == "wrong").collect();
    let found: Vec<&str> = wrong.iter().map(|f| f["id"].as_str().unwrap()).collect();
    assert_eq!(found, ids, "{wrong:#?}");
}

/// What operators do once: passwords and store are theirs alone.
fn close(firm: &Firm) {
    let own = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(firm.path("password"), own).unwrap();
}

/// A mail of ours in Sent, and the reply to it.
fn wrote(firm: &Firm, n: u32, ago: SignedDuration) {
    let at = Timestamp::now() - ago;
    let sent = format!(
        "From: {MAILBOX}\r\nTo: p{n}@client{n}.example\r\nSubject: Le carnet de maintenance\r\n\
         Message-ID: <mail.{n}@ateliervauban.example>\r\n\r\nBonjour\r\n"
    );
    firm.deliver(".Sent", &sent, at);
    firm.replied_at(n, "Merci.", at);
}

#[test]
fn a_good_house_has_nothing_wrong_with_and_without_a_daemon() {
    let postfix = Postfix::start(None, EVERYBODY);
    let firm = Firm::new(postfix.port());
    close(&firm);
    for n in 0..6 {
        wrote(&firm, n, SignedDuration::from_mins(3));
    }
    let (code, alone) = doctor(&firm.file, &[]);
    assert_eq!(code, Some(0), "{alone:#?}");
    must(&alone, "daemon", "warning", "quitus run");
    must(&alone, "store", "good", "none yet");
    assert!(!firm.path("store").exists(), "nothing is made");
    for id in ["server.name", "server.reach", "server.login"] {
        must(&alone, id, "good", "mailbox sales");
        must(&alone, id, "good", "smtp");
    }
    must(&alone, "server.certificate", "good", "days");
    must(
        &alone,
        "imap.capability",
        "good",
        "IDLE, UIDPLUS, MOVE, SPECIAL-USE",
    );
    must(&alone, "imap.folder", "good", "Unwanted \\Junk");
    must(&alone, "imap.sent", "good", "last sent mail 3 min ago");
    must(&alone, "imap.matched", "good", "6 of the last 6 replies");
    must(&alone, "imap.border", "good", "6 of the last 6 mails");
    must(&alone, "smtp.offers", "good", "PIPELINING");
    must(&alone, "clock", "good", "not behind");

    let daemon = Running::start(&firm.file);
    until(&firm.file, "the mailbox was looked at", |s| {
        s["mailboxes"][0]["last_poll"].is_string() && s["mailboxes"][0]["last_error"].is_null()
    });
    let (code, running) = doctor(&firm.file, &[]);
    assert_eq!(code, Some(0), "{running:#?}");
    must(&running, "daemon", "good", &daemon.id().to_string());
    must(&running, "daemon.mode", "good", "shadow");
    must(&running, "daemon.poll", "good", "last looked at");
    must(&running, "store.private", "good", "owner's alone");
    daemon.end();
    let (_, after) = doctor(&firm.file, &[]);
    must(&after, "store", "good", "frames, keys and index are whole");
    let text = ask(&firm.file, &["doctor"]);
    assert_eq!(text.code, Some(0), "{text:?}");
    assert!(text.out.contains("0 wrong, "), "{}", text.out);
    assert!(!postfix.log().contains("from=<"), "nothing was sent");
}

#[test]
fn planted_ills_of_mailbox_and_files_are_found_and_only_those() {
    let postfix = Postfix::start(None, EVERYBODY);
    let firm = Firm::new(postfix.port());
    // Every user of the machine can read it.
    std::fs::set_permissions(
        firm.path("password"),
        std::fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    let (_, open) = doctor(&firm.file, &[]);
    wrong(&open, &["secret.private"]);
    must(&open, "secret.private", "wrong", "chmod o=");
    close(&firm);

    firm.change("poll_seconds = 1", "poll_seconds = 1\nsent = \"Gesendet\"");
    let (_, lacking) = doctor(&firm.file, &[]);
    wrong(&lacking, &["imap.folder"]);
    must(
        &lacking,
        "imap.folder",
        "wrong",
        "there is no folder Gesendet → write the name of one that is there:",
    );
    firm.change("sent = \"Gesendet\"\n", "");

    firm.write("password", "not the password");
    let (_, refused) = doctor(&firm.file, &[]);
    wrong(&refused, &["server.login"]);
    must(&refused, "server.login", "wrong", "mailbox sales");
    must(&refused, "server.certificate", "good", "mailbox sales");
    firm.write("password", "secret");

    let host = "[mailbox.imap]\nhost = \"127.0.0.1\"";
    firm.change(host, &host.replace("0.0.1", "0.0.2"));
    let (_, expired) = doctor(&firm.file, &[]);
    wrong(&expired, &["server.certificate"]);
    must(&expired, "server.certificate", "wrong", "has expired");
    must(&expired, "server.reach", "good", "mailbox sales");
    firm.change(&host.replace("0.0.1", "0.0.2"), host);

    firm.write("gone.txt", "");
    firm.change("file = \"password\"", "file = \"pasword\"");
    let (_, gone) = doctor(&firm.file, &[]);
    wrong(&gone, &["secret", "server.login"]);
    firm.change("delay_minutes = 0", "delay_minutes = \"soon\"");
    let (_, mistaken) = doctor(&firm.file, &[]);
    wrong(&mistaken, &["configuration", "secret"]);
    must(&mistaken, "configuration", "wrong", "quitus.toml:");
    let nothing = ask(&firm.path("no.toml"), &["doctor"]);
    assert_eq!(nothing.code, Some(1), "{nothing:?}");
}

#[test]
fn a_dead_smtp_server_a_near_end_and_a_wrong_clock_are_found() {
    let firm = Firm::new(free_port());
    close(&firm);
    let (_, dead) = doctor(&firm.file, &[]);
    wrong(&dead, &["server.reach"]);
    must(&dead, "server.reach", "wrong", "smtp");
    must(&dead, "server.name", "good", "smtp");

    // A certificate that ends this year is near its end only in its last two weeks; one of the past is wrong.
    let authority = Authority::new("the firm's own");
    let past = authority.vouch_for("127.0.0.1", 2021);
    let postfix = Postfix::start(Some(past.pem()), EVERYBODY);
    let text = std::fs::read_to_string(&firm.file).unwrap();
    let (_, smtp) = text.split_once("[smtp]\n").unwrap();
    let lines: Vec<&str> = smtp.lines().take(3).collect();
    let tls = format!(
        "host = \"127.0.0.1\"\nport = {}\nca_file = \"{}\"",
        postfix.tls_port(),
        authority.file(firm.folder.path()).display()
    );
    firm.change(&lines.join("\n"), &tls);
    firm.replied_at(
        1,
        "Merci.",
        Timestamp::now() + SignedDuration::from_mins(30),
    );
    let (_, expired) = doctor(&firm.file, &[]);
    wrong(&expired, &["server.certificate", "clock"]);
    must(&expired, "server.certificate", "wrong", "smtp");
    must(&expired, "clock", "wrong", "behind");
}

#[test]
fn a_full_disk_and_a_damaged_store_are_found() {
    let postfix = Postfix::start(None, EVERYBODY);
    let firm = Firm::new(postfix.port());
    close(&firm);
    let disk = Disk::mount(firm.path("small"), "24m");
    firm.change("path = \"store\"", "path = \"small/store\"");
    firm.change("free_space_floor_mib = 1", "free_space_floor_mib = 8");
    let daemon = Running::start(&firm.file);
    daemon.end();
    let (_, near) = doctor(&firm.file, &[]);
    wrong(&near, &[]);
    must(&near, "disk", "warning", "MiB are free");
    let room = rustix::fs::statvfs(firm.path("small")).unwrap();
    let free = usize::try_from(room.f_bavail * room.f_frsize).unwrap();
    std::fs::write(firm.path("small/filler"), vec![1; free - (4 << 20)]).unwrap();
    let (_, full) = doctor(&firm.file, &[]);
    wrong(&full, &["disk"]);
    std::fs::remove_file(firm.path("small/filler")).unwrap();

    // An octet in the middle of the log, and a folder that everybody can enter.
    let log = firm.path("small/store/log/00000001.log");
    let mut octets = std::fs::read(&log).unwrap();
    let middle = octets.iter().rposition(|o| *o != 0).unwrap() - 3;
    octets[middle] ^= 0x55;
    std::fs::write(&log, octets).unwrap();
    let store = firm.path("small/store");
    std::fs::set_permissions(&store, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (_, damaged) = doctor(&firm.file, &[]);
    must(&damaged, "store", "wrong", "");
    must(&damaged, "store.private", "wrong", "chmod go=");
    drop(disk);
}

#[test]
fn a_letter_goes_to_ourselves_alone_and_is_awaited() {
    let postfix = Postfix::start(None, EVERYBODY);
    let firm = Firm::new(postfix.port());
    close(&firm);
    let other = ask(
        &firm.file,
        &["doctor", "--letter", "somebody@client.example"],
    );
    assert_eq!(other.code, Some(2), "{other:?}");
    assert!(other.err.contains(MAILBOX), "{other:?}");
    assert!(!postfix.log().contains("from=<"), "nothing was sent");
    // Postfix takes it and it never reaches Dovecot.
    let (_, lost) = doctor(&firm.file, &["--letter", MAILBOX, "--wait", "2"]);
    wrong(&lost, &["letter"]);
    must(&lost, "letter", "good", "the server took it");
    must(&lost, "letter", "wrong", "did not come back within 2 s");
    let letters = postfix.letters(1);
    assert_eq!(letters.len(), 1);
    // The test brings the next one home, as a mail server does.
    let (code, back) = std::thread::scope(|scope| {
        let found = scope.spawn(|| doctor(&firm.file, &["--letter", MAILBOX, "--wait", "60"]));
        for letter in postfix.letters(2) {
            firm.dovecot.deliver(MAILBOX, "", &letter);
        }
        found.join().unwrap()
    });
    assert_eq!(code, Some(0), "{back:#?}");
    must(&back, "letter", "good", "came back");
    must(&back, "clock", "good", "agrees");
}
