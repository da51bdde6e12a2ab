//! A person at the real binary: the link, a browser here or elsewhere, the daemon that goes on, and an end.

use crate::dovecot::Dovecot;
use crate::place::{Place, USER, dovecot, smtp};
use crate::token_server::{Fault, TokenServer, agree, get, words};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// `quitus oauth login` with somebody at it; the link that it shows.
fn login(place: &Place, more: &[&str]) -> (Child, BufReader<std::process::ChildStdout>, String) {
    let mut command = place.command(&[&["oauth", "login", "sales"], more].concat());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let link = link(&mut out);
    (child, out, link)
}

/// The line that is a link.
fn link(out: &mut impl BufRead) -> String {
    loop {
        let mut line = String::new();
        assert!(out.read_line(&mut line).unwrap() > 0, "it shows no link");
        if line.starts_with("http://") {
            return line.trim().to_owned();
        }
    }
}

/// Its end: the code, and everything that it printed.
fn ended(place: &Place, mut child: Child, mut out: impl Read) -> (i32, String) {
    let mut all = String::new();
    out.read_to_string(&mut all).unwrap();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut all)
        .unwrap();
    let code = child.wait().unwrap().code().unwrap();
    place.keeps_its_secrets(&all);
    (code, all)
}

fn firm() -> (Place, Dovecot) {
    let tokens = TokenServer::start(USER);
    let dovecot = dovecot(&tokens, "xoauth2 oauthbearer");
    let smtp = smtp(&tokens, "XOAUTH2");
    (Place::new(tokens, Some(&dovecot), smtp.port, ""), dovecot)
}

#[test]
fn a_browser_comes_back_by_itself_and_the_tokens_are_tried_at_both_servers() {
    let (place, _dovecot) = firm();
    let said = place.ask(&["check", "--online"]);
    assert!(
        said.code == Some(1) && said.out.contains("quitus oauth login sales"),
        "{said:?}"
    );
    let (child, out, link) = login(&place, &[]);
    let asked = words(link.split_once('?').unwrap().1);
    assert_eq!(
        (
            asked["code_challenge_method"].as_str(),
            asked["code_challenge"].len()
        ),
        ("S256", 43)
    );
    // Something else asks there first: a page that knows no state of ours, and a browser's own curiosity.
    let back = &asked["redirect_uri"];
    let (head, page) = get(&format!("{back}/?code=theirs&state=theirs"));
    assert!(
        head.starts_with("HTTP/1.1 400") && page.contains("another link"),
        "{head}"
    );
    assert!(
        get(&format!("{back}/favicon.ico"))
            .0
            .starts_with("HTTP/1.1 404")
    );
    let (head, page) = get(&agree(&link));
    assert!(
        head.starts_with("HTTP/1.1 200") && page.contains("close this page"),
        "{head} {page}"
    );
    let (code, all) = ended(&place, child, out);
    assert_eq!(code, 0, "{all}");
    for part in ["tokens are kept", "mailbox sales: ok", "smtp 127.0.0.1"] {
        assert!(all.contains(part), "{all}");
    }
    assert_eq!(place.ask(&["check", "--online"]).code, Some(0));
    let said = place.ask(&["oauth", "status"]);
    assert!(
        said.code == Some(0) && said.out.contains("sales (custom): good since"),
        "{said:?}"
    );
    place.keeps_its_files_sealed();
}

#[test]
fn on_a_server_without_a_browser_what_came_back_elsewhere_is_pasted() {
    let place = Place::alone("");
    let (mut child, out, link) = login(&place, &["--untried"]);
    let mut typed = child.stdin.take().unwrap();
    let address = agree(&link);
    // Of another link, nonsense, then the right one.
    let other = address.replace("state=", "state=x");
    writeln!(typed, "{other}\n\nwhat is this\n{address}").unwrap();
    let (code, all) = ended(&place, child, out);
    assert_eq!(code, 0, "{all}");
    assert!(
        all.contains("its state is not ours") && all.contains("there is no code in it"),
        "{all}"
    );
    assert!(place.ask(&["oauth", "status"]).out.contains("good since"));
    // The code alone is enough.
    let (mut child, out, link) = login(&place, &["--untried"]);
    let address = agree(&link);
    let code = words(address.split_once('?').unwrap().1)["code"].clone();
    writeln!(child.stdin.take().unwrap(), "{code}").unwrap();
    let (code, all) = ended(&place, child, out);
    assert_eq!(code, 0, "{all}");
}

#[test]
fn who_says_no_and_a_provider_that_says_no_end_it_with_words() {
    let place = Place::alone("");
    let (child, out, link) = login(&place, &["--untried"]);
    let asked = words(link.split_once('?').unwrap().1);
    let (back, state) = (&asked["redirect_uri"], &asked["state"]);
    let (head, _) = get(&format!("{back}/?error=access_denied&state={state}"));
    assert!(head.starts_with("HTTP/1.1 200"));
    let (code, all) = ended(&place, child, out);
    assert!(code == 1 && all.contains("access_denied"), "{all}");
    let (child, out, link) = login(&place, &["--untried"]);
    place.tokens.world().fault = Some(Fault::Refuse("invalid_client"));
    get(&agree(&link));
    let (code, all) = ended(&place, child, out);
    assert!(code == 1 && all.contains("invalid_client"), "{all}");
    let said = place.ask(&["oauth", "status", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (said.code, json["logins"][0]["state"].as_str()),
        (Some(1), Some("nobody"))
    );
    let said = place.ask(&["oauth", "login", "slaes"]);
    assert!(
        said.code == Some(2) && said.err.contains("name one of sales, smtp"),
        "{said:?}"
    );
}

#[test]
fn a_code_typed_in_on_another_machine_and_a_log_out() {
    let tokens = TokenServer::start(USER);
    let revoke = format!("revoke = \"{}\"\n", tokens.url("/revoke"));
    let place = Place::new(tokens, None, 1, &revoke);
    place.tokens.world().pending = 1;
    let said = place.ask(&["oauth", "login", "--device", "--untried"]);
    assert!(
        said.code == Some(0) && said.out.contains("WDJB-MJHT"),
        "{said:?}"
    );
    assert_eq!(place.tokens.world().asked("device_code"), 2);
    assert_eq!(place.ask(&["oauth", "status"]).code, Some(0));
    let said = place.ask(&["oauth", "logout", "sales"]);
    assert!(
        said.code == Some(0) && said.out.contains("forgotten here"),
        "{said:?}"
    );
    let said = place.ask(&["oauth", "status"]);
    assert!(
        said.code == Some(1) && said.out.contains("nobody has logged in yet"),
        "{said:?}"
    );
}

/// A running daemon; ended with the test.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn until(
    place: &Place,
    what: &str,
    done: impl Fn(&serde_json::Value) -> bool,
) -> serde_json::Value {
    let began = Instant::now();
    loop {
        let said = place.ask(&["status", "--json"]);
        let now = serde_json::from_str(&said.out).unwrap_or_default();
        if done(&now) {
            return now;
        }
        assert!(
            began.elapsed() < Duration::from_secs(90),
            "waited in vain until {what}: {now:#}"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn the_daemon_says_that_somebody_must_log_in_and_goes_on_once_somebody_has() {
    let (place, dovecot) = firm();
    let log = place.folder.path().join("daemon.log");
    let alerts = place.folder.path().join("alerts");
    let told = format!(
        "\n[alerts]\ncommand = [\"/bin/sh\", \"-c\", \"cat >> {}\"]\n",
        alerts.display()
    );
    let text = std::fs::read_to_string(&place.file).unwrap();
    std::fs::write(&place.file, text + &told).unwrap();
    let lines = std::fs::File::create(&log).unwrap();
    let _daemon = Daemon(
        place
            .command(&["run"])
            .stdout(Stdio::null())
            .stderr(lines)
            .spawn()
            .unwrap(),
    );
    let needs = |s: &serde_json::Value| {
        let all = s["needs"].as_array().cloned().unwrap_or_default();
        let ours = all.into_iter().find(|n| n["why"][0] == "oauth");
        ours.map(|n| n["command"].as_str().unwrap_or_default().to_owned())
    };
    let refused = |s: &serde_json::Value| s["mailboxes"][0]["state"] == "login_refused";
    until(&place, "somebody must log in", |s| {
        needs(s).as_deref() == Some("quitus oauth login sales") && refused(s)
    });
    assert_eq!(place.ask(&["status"]).code, Some(1), "it is ill");
    let alerted = || std::fs::read_to_string(&alerts).unwrap_or_default();
    until(&place, "an alert says so", |_| {
        alerted().contains("quitus oauth login sales")
    });
    let doctor = place.ask(&["doctor", "--json"]);
    assert!(
        doctor.code == Some(1) && doctor.out.contains("server.oauth"),
        "{doctor:?}"
    );
    let (child, out, link) = login(&place, &[]);
    get(&agree(&link));
    assert_eq!(ended(&place, child, out).0, 0);
    let watched = |s: &serde_json::Value| s["mailboxes"][0]["last_poll"].is_string() && !refused(s);
    until(&place, "the mailbox is watched", |s| {
        watched(s) && needs(s).is_none()
    });
    // What a person writes there is read, and the other programs of its owner see it as before.
    let mail = b"From: paule@client.example\r\nTo: sales@acme.example\r\nMessage-ID: <1@client.example>\r\nSubject: Re: x\r\n\r\nSTOP\r\n";
    let file = dovecot.deliver(USER, "", mail);
    assert!(file.starts_with(dovecot.maildir(USER, "")));
    until(&place, "the STOP is obeyed", |s| s["suppressed"] == 1);
    assert!(
        dovecot
            .doveadm(&["mailbox", "list", "-u", USER])
            .contains("INBOX")
    );
    place.keeps_its_secrets(&std::fs::read_to_string(&log).unwrap());
    place.keeps_its_files_sealed();
}
