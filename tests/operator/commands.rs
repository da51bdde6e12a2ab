//! The daemon and its commands: through the socket, alone, told to end, forced to end, killed.

use crate::firm::Firm;
use crate::operator::{Running, ask, count, status, until};
use crate::postfix::Postfix;
use quitus::sandbox::smtp;
use rustix::process::Signal;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// Postfix takes mail for every domain.
pub const EVERYBODY: &str = "virtual_mailbox_domains = static:all\n";

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_daemon_is_commanded_through_its_socket_and_ends_when_it_is_told() {
    let postfix = Postfix::start(None, EVERYBODY);
    let firm = Firm::new(postfix.port());
    let file = &firm.file;
    let alone = ask(file, &["status"]);
    assert_eq!(alone.code, Some(2), "{alone:?}");
    assert!(alone.err.contains("there is no store"), "{alone:?}");
    let register = firm.register();
    let register = register.to_str().unwrap();
    // No daemon: the command opens the store itself, and closes it again.
    let import = ask(file, &["contacts", "import", register]);
    assert_eq!(import.code, Some(0), "{import:?}");
    let told = ask(file, &["status"]);
    assert!(told.out.starts_with("daemon     none runs"), "{told:?}");

    let daemon = Running::start(file);
    assert!(
        !daemon.log().contains('\u{1b}'),
        "colours are for terminals"
    );
    let socket = firm.path("store/control.sock");
    assert_eq!((mode(&socket), mode(&firm.path("store"))), (0o600, 0o700));
    let second = ask(file, &["run"]);
    // A supervisor tries again: it may be a command that has it for a moment.
    assert_eq!(second.code, Some(1), "{second:?}");
    let store = firm.path("store").display().to_string();
    assert!(
        second.err.contains("in use by process") && second.err.contains(&store),
        "{second:?}"
    );

    let review = ask(file, &["activate", "review"]);
    assert_eq!(review.code, Some(0), "{review:?}");
    firm.reply(1, "STOP");
    let now = until(file, "the STOP is obeyed", |s| s["suppressed"] == 1);
    assert_eq!(now["waiting"]["letters to approve"][0], 1, "{now:#}");
    let need = &now["needs"][0];
    assert_eq!(need["why"], serde_json::json!(["draft"]), "{now:#}");
    let command = format!("quitus requests show {}", need["subject"].as_str().unwrap());
    let told = ask(file, &["status"]);
    assert!(
        told.code == Some(0) && told.out.contains(&command),
        "{told:?}"
    );
    let checked = ask(file, &["suppression", "check", "P1@client1.example"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    let free = ask(file, &["suppression", "check", "p2@client2.example"]);
    assert_eq!(free.code, Some(0), "{free:?}");
    let added = ask(file, &["suppression", "add", "p2@client2.example"]);
    assert_eq!(added.code, Some(0), "{added:?}");
    let again = ask(file, &["contacts", "import", register]);
    assert!(
        again.code == Some(0) && again.out.contains("20"),
        "{again:?}"
    );
    let list = ask(file, &["requests", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list.out).unwrap();
    let case = list["requests"][0]["case"].as_str().unwrap();
    // What leaves is what was read: the look gives the hash, the order names it.
    let look = ask(file, &["requests", "approve", case]);
    let hash = look.out.split("--hash ").nth(1).expect("the hash is shown");
    let hash = hash.split_whitespace().next().unwrap();
    let approved = ask(file, &["requests", "approve", case, "--hash", hash]);
    assert_eq!(approved.code, Some(0), "{approved:?}");
    until(file, "the letter left", |s| {
        count(s, "letters", "sent") == 1
    });
    assert_eq!(postfix.letters(1).len(), 1);

    // IDLE calls long before the next look at the folders.
    assert_eq!(ask(file, &["activate", "live"]).code, Some(0));
    firm.reply(3, "D'où vient mon adresse ?");
    until(file, "the letter left", |s| {
        count(s, "letters", "sent") == 2
    });
    let log = ask(file, &["log"]);
    assert!(
        log.out.contains("letter sent") && log.out.contains("live since"),
        "{log:?}"
    );
    let broken = ask(file, &["requests", "approve", "Q-none"]);
    assert_ne!(broken.code, Some(0));
    daemon.end();
    assert!(!socket.exists());
    let after = status(file);
    assert!(
        after["daemon"].is_null() && count(&after, "letters", "sent") == 2,
        "{after:#}"
    );
    let verified = ask(file, &["store", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert_eq!(postfix.letters(2).len(), 2);
}

/// A server that takes one letter and never says so.
fn silent_after_the_dot(runtime: &tokio::runtime::Runtime) -> smtp::Server {
    let server = runtime.block_on(smtp::Server::start(Default::default()));
    let server = server.unwrap();
    let hang = smtp::Effect::Hang(Duration::from_secs(60));
    server.script([smtp::Fault::at(smtp::Step::Dot, 1, hang)]);
    server
}

#[test]
fn a_second_signal_forces_and_what_was_on_its_way_is_uncertain_and_not_sent_again() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = silent_after_the_dot(&runtime);
    let firm = Firm::new(server.address().port());
    let file = &firm.file;
    let daemon = Running::start(file);
    ask(
        file,
        &["contacts", "import", firm.register().to_str().unwrap()],
    );
    assert_eq!(ask(file, &["activate", "live"]).code, Some(0));
    firm.reply(1, "STOP");
    let waiting = |s: &serde_json::Value| s["waiting"]["letters being sent"][0] == 1;
    until(file, "the letter is on its way", waiting);
    daemon.signal(Signal::TERM);
    daemon.said("a second signal forces");
    std::thread::sleep(Duration::from_millis(300));
    daemon.signal(Signal::TERM);
    let ended = daemon.ended(Duration::from_secs(3));
    assert_eq!(ended.code(), Some(1));

    let daemon = Running::start(file);
    let now = until(file, "the letter is uncertain", |s| {
        count(s, "letters", "uncertain") == 1
    });
    assert_eq!(now["daemon"]["interrupted"]["uncertain"], 1, "{now:#}");
    let told = ask(file, &["status"]);
    assert!(
        told.code == Some(1) && told.out.contains("1 letters are uncertain"),
        "{told:?}"
    );
    firm.reply(2, "STOP");
    until(file, "the next letter left", |s| {
        count(s, "letters", "sent") == 1
    });
    daemon.end();
    assert_eq!(server.count(), 2, "each letter once");
}

#[test]
fn a_daemon_that_was_killed_says_so_and_goes_on() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(smtp::Server::start(Default::default()));
    let server = server.unwrap();
    let firm = Firm::new(server.address().port());
    let file = &firm.file;
    let daemon = Running::start(file);
    assert!(status(file)["daemon"]["interrupted"].is_null());
    ask(
        file,
        &["contacts", "import", firm.register().to_str().unwrap()],
    );
    assert_eq!(ask(file, &["activate", "live"]).code, Some(0));
    firm.reply(1, "STOP");
    until(file, "the letter left", |s| {
        count(s, "letters", "sent") == 1
    });
    daemon.signal(Signal::KILL);
    assert_eq!(daemon.ended(Duration::from_secs(3)).code(), None);
    firm.reply(2, "STOP");
    let daemon = Running::start(file);
    daemon.said("was killed, or the machine stopped");
    let now = until(file, "the next letter left", |s| {
        count(s, "letters", "sent") == 2
    });
    assert!(now["daemon"]["interrupted"].is_object(), "{now:#}");
    let told = ask(file, &["status"]);
    assert!(
        told.out.contains("the process before it was killed"),
        "{told:?}"
    );
    daemon.end();
    assert_eq!(server.count(), 2);
    let daemon = Running::start(file);
    assert!(status(file)["daemon"]["interrupted"].is_null());
    daemon.end();
}
