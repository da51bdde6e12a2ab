//! The operator's side: a list checked by the command, with a daemon and without; what the daemon tells; settings that are wrong.

use crate::firm::Firm;
use crate::operator::{Running, Said, ask, status, until};
use crate::port::free_port;
use rustix::process::Signal;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

fn suppress(firm: &Firm, whom: &str, more: &[&str]) {
    let said = ask(&firm.file, &[&["suppression", "add", whom], more].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
}

fn check(firm: &Firm, words: &[&str]) -> Said {
    ask(&firm.file, &[&["suppression", "check"], words].concat())
}

/// Says all of this to a port of this machine, and gives what is answered until the other side ends.
fn raw(port: u16, say: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(say).unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    said
}

fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name());
    let mut names: Vec<String> = names.map(|n| n.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_list_is_checked_with_a_daemon_and_without_and_an_unfinished_answer_has_no_name() {
    let firm = Firm::new(1);
    suppress(&firm, "stop@client.example", &[]);
    suppress(&firm, "wait@client.example", &["--pause"]);
    suppress(&firm, "@nobody.example", &[]);
    let list = "Nom;Adresse e-mail;\"Notes; libres\"\nA;free@client.example;un\nB;Stop@client.example;\"deux;\n2\"\n\
                C;wait@client.example\nD;x@nobody.example;\nE;pas d'adresse;\n";
    let list = firm.write("in/list.csv", list);
    let out = firm.path("in/out.csv");
    let words = [list.to_str().unwrap(), "--output", out.to_str().unwrap()];
    let daemon = Running::start(&firm.file);
    let with = check(&firm, &words);
    assert_eq!(with.code, Some(1), "{with:?}");
    assert!(
        with.out
            .contains("5 rows: 1 may be written to, 1 paused, 2 suppressed, 1 unreadable"),
        "{with:?}"
    );
    let text = std::fs::read_to_string(&out).unwrap();
    let verdicts: Vec<&str> = text
        .lines()
        .filter_map(|l| l.split(';').rev().nth(1))
        .collect();
    assert_eq!(
        verdicts,
        [
            "quitus_verdict",
            "free",
            "\"deux",
            "suppressed",
            "paused",
            "suppressed",
            "unreadable"
        ],
        "{text}"
    );
    assert!(text.starts_with("Nom;Adresse e-mail;\"Notes; libres\";quitus_verdict;quitus_since\nA;free@client.example;un;free;\n"));
    daemon.end();
    let without = check(
        &firm,
        &[list.to_str().unwrap(), "--column", "adresse E-Mail"],
    );
    assert_eq!(
        (without.code, &without.out),
        (Some(1), &text),
        "{without:?}"
    );

    let all_free = firm.write("free.csv", "email\nfree@client.example\n");
    let free = check(
        &firm,
        &[
            all_free.to_str().unwrap(),
            "--output",
            out.to_str().unwrap(),
        ],
    );
    assert_eq!(free.code, Some(0), "{free:?}");
    let left = files(&firm.path("in"));
    assert_eq!(left, ["list.csv", "out.csv"]);
    for (name, text, words) in [
        (
            "no-column.csv",
            "name\nA\n",
            "no column is called \"email\"",
        ),
        (
            "long.csv",
            "email,name\na@client.example,A\nb@client.example,B,C\n",
            "line 3 has 3 values",
        ),
        (
            "again.csv",
            "email,quitus_verdict\na@client.example,free\n",
            "has a column quitus_verdict",
        ),
    ] {
        let wrong = firm.write(name, text);
        let said = check(
            &firm,
            &[wrong.to_str().unwrap(), "--output", out.to_str().unwrap()],
        );
        assert!(said.code == Some(2) && said.err.contains(words), "{said:?}");
        assert_eq!(
            files(&firm.path("in")),
            ["list.csv"],
            "nothing looks finished"
        );
    }
    let itself = check(
        &firm,
        &[list.to_str().unwrap(), "--output", list.to_str().unwrap()],
    );
    assert!(itself.code == Some(2) && list.is_file(), "{itself:?}");
    // One address, as before.
    assert_eq!(check(&firm, &["free@client.example"]).code, Some(0));
    assert_eq!(check(&firm, &["stop@client.example"]).code, Some(1));
    assert_eq!(check(&firm, &["nobody"]).code, Some(2));
}

#[test]
fn a_list_without_a_store_has_no_answer() {
    let firm = Firm::new(1);
    let list = firm.write("list.csv", "email\nfree@client.example\n");
    let out = firm.write("out.csv", "of yesterday");
    let said = check(
        &firm,
        &[list.to_str().unwrap(), "--output", out.to_str().unwrap()],
    );
    assert_ne!(said.code, Some(0), "{said:?}");
    assert!(!out.exists(), "an answer of yesterday is none of today");
}

#[test]
fn the_daemon_opens_the_doors_that_its_settings_name_and_says_how_they_are() {
    let firm = Firm::new(1);
    let (policy, page) = (free_port(), free_port());
    let text = std::fs::read_to_string(&firm.file).unwrap();
    let guard = format!(
        "\n[guard.policy]\nlisten = \"127.0.0.1:{policy}\"\n[guard.one_click]\nlisten = \"127.0.0.1:{page}\"\nurl = \"https://stop.example.org/u/\"\n"
    );
    std::fs::write(&firm.file, text + &guard).unwrap();
    assert_eq!(ask(&firm.file, &["check"]).code, Some(0));
    suppress(&firm, "stop@client.example", &[]);
    let daemon = Running::start(&firm.file);
    let asked =
        "request=smtpd_access_policy\nprotocol_state=RCPT\nrecipient=stop@client.example\n\nend\n";
    assert!(raw(policy, asked.as_bytes()).starts_with(b"action=550 5.7.1"));
    let guard = status(&firm.file)["guard"].clone();
    assert_eq!(guard[0]["name"], "policy");
    assert_eq!(
        (&guard[0]["up"], &guard[0]["refused"]),
        (&true.into(), &1.into())
    );
    assert_eq!(guard[1]["listen"], format!("127.0.0.1:{page}"));
    let words = ask(&firm.file, &["status"]).out;
    assert!(words.contains("guard      policy listens on"), "{words}");
    let minted = ask(
        &firm.file,
        &[
            "token",
            "mint",
            "--kind",
            "unsubscribe",
            "new@client.example",
        ],
    );
    let header = "address,token,mail_to,until,suppression,list_unsubscribe,list_unsubscribe_post";
    assert_eq!(minted.out.lines().next(), Some(header));
    assert!(
        minted.out.contains("\"<https://stop.example.org/u/"),
        "{minted:?}"
    );
    let log = daemon.log();
    assert!(!log.contains("stop@client.example"), "{log}");
    daemon.end();
    assert!(std::net::TcpStream::connect(("127.0.0.1", policy)).is_err());
    let taken = std::net::TcpListener::bind(("127.0.0.1", page)).unwrap();
    let refused = ask(&firm.file, &["run"]);
    // Another program may give it back: no mistake that a human must mend first.
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.err.contains("[guard.one_click] cannot listen on"),
        "{refused:?}"
    );
    drop(taken);
}

/// The status of an answer to a check with this token.
fn with_token(port: u16, token: &str) -> String {
    let body = "{\"addresses\": [\"free@client.example\"]}";
    let ask = format!(
        "POST /v1/suppression/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let said = String::from_utf8(raw(port, ask.as_bytes())).unwrap();
    said.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn a_hang_up_takes_new_tokens_and_keeps_the_old_ones_while_the_new_are_wrong() {
    let firm = Firm::new(1);
    let port = free_port();
    let (first, second, third) = (
        "the first token 1111",
        "the second token 2222",
        "the third token 3333",
    );
    firm.write("first.token", first);
    let text = std::fs::read_to_string(&firm.file).unwrap();
    let guard = format!(
        "\n[guard.http]\nlisten = \"127.0.0.1:{port}\"\n[[guard.http.client]]\nname = \"sequencer\"\ntoken = {{ file = \"first.token\" }}\n"
    );
    std::fs::write(&firm.file, text + &guard).unwrap();
    let daemon = Running::start(&firm.file);
    let tokens = |port| [first, second, third].map(|t| with_token(port, t));
    assert_eq!(tokens(port), ["200", "401", "401"]);

    // Too short to be a token: told, and the first one goes on.
    firm.write("first.token", "short");
    daemon.signal(Signal::HUP);
    let now = until(&firm.file, "the mistake is shown", |s| {
        s["daemon"]["edits"].is_array()
    });
    let shown = now["daemon"]["edits"][1].to_string();
    assert!(
        shown.contains("client sequencer has fewer than 16"),
        "{shown}"
    );
    assert!(!shown.contains("short"), "a token stands nowhere");
    assert_eq!(tokens(port), ["200", "401", "401"]);
    let told = ask(&firm.file, &["status"]);
    assert!(
        told.code == Some(1) && told.out.contains("EDITS"),
        "{told:?}"
    );

    // A new token of the same client, and another client: no restart.
    firm.write("first.token", second);
    firm.write("crm.token", third);
    firm.change(
        "token = { file = \"first.token\" }\n",
        "token = { file = \"first.token\" }\n[[guard.http.client]]\nname = \"crm\"\ntoken = { file = \"crm.token\" }\n",
    );
    daemon.signal(Signal::HUP);
    let now = until(&firm.file, "it is in force", |s| {
        s["daemon"]["edits"].is_null()
    });
    assert_eq!(now["daemon"]["restart"], serde_json::json!([]));
    until(&firm.file, "the tokens are swapped", |_| {
        with_token(port, first) == "401"
    });
    assert_eq!(tokens(port), ["401", "200", "200"]);

    // Where it listens waits for a restart, and says so.
    firm.change(
        &format!("127.0.0.1:{port}"),
        &format!("127.0.0.1:{}", free_port()),
    );
    daemon.signal(Signal::HUP);
    let restart = serde_json::json!(["[guard]"]);
    until(&firm.file, "it waits for a restart", |s| {
        s["daemon"]["restart"] == restart
    });
    assert!(!daemon.log().contains(second));
    daemon.end();
}
