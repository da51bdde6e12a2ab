//! The log of a real Postfix as a tripwire: a campaign's mail to somebody after their STOP is an incident, our own letter is none.

use crate::commands::EVERYBODY;
use crate::firm::Firm;
use crate::operator::{Running, ask, count, status, until};
use crate::postfix::Postfix;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A tool hands a mail to Postfix.
fn campaign(postfix: &Postfix, from: &str, to: &str, id: &str) {
    let mut write = TcpStream::connect(("127.0.0.1", postfix.port())).unwrap();
    let mut read = BufReader::new(write.try_clone().unwrap());
    let mut say = |words: &str, code: &str| {
        write.write_all(words.as_bytes()).unwrap();
        let mut line = String::new();
        read.read_line(&mut line).unwrap();
        assert!(line.starts_with(code), "{words:?}: {line}");
    };
    say("", "220");
    say("HELO tool.example\r\n", "250");
    say(&format!("MAIL FROM:<{from}>\r\n"), "250");
    say(&format!("RCPT TO:<{to}>\r\n"), "250");
    say("DATA\r\n", "354");
    let head = format!("From: <{from}>\r\nTo: <{to}>\r\nSubject: Step 3\r\nMessage-ID: <{id}>\r\n");
    say(
        &format!("{head}\r\nOne more word about Relais.\r\n.\r\n"),
        "250",
    );
}

/// Until Postfix says that so many mails to this address were delivered.
fn delivered(postfix: &Postfix, to: &str, many: usize) {
    let sent = || {
        let log = postfix.log();
        let of = |l: &&str| l.contains(&format!("to=<{to}>")) && l.contains("status=sent");
        log.lines().filter(of).count()
    };
    let end = std::time::Instant::now() + Duration::from_secs(60);
    while sent() < many {
        assert!(
            std::time::Instant::now() < end,
            "not delivered: {}",
            postfix.log()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_mail_in_postfix_log_after_a_stop_is_one_incident_and_our_own_letter_is_none() {
    let postfix = Postfix::start(None, EVERYBODY);
    let firm = Firm::new(postfix.port());
    let file = &firm.file;
    let log = postfix.folder.path().join("postfix.log");
    let text = std::fs::read_to_string(file).unwrap();
    let logs = format!(
        "\n[[sent_log]]\nname = \"mx-1\"\nfile = \"{}\"\nfrom = [\"@ateliervauban.example\"]\n",
        log.display()
    );
    std::fs::write(file, text + &logs).unwrap();
    let check = ask(file, &["check"]);
    assert_eq!(check.code, Some(0), "{check:?}");
    let register = firm.register();
    ask(file, &["contacts", "import", register.to_str().unwrap()]);
    let (anna, other) = ("p1@client1.example", "p2@client2.example");
    // Before the STOP it is a mail like any other.
    campaign(
        &postfix,
        "claire@ateliervauban.example",
        anna,
        "step-1@tool.example",
    );
    delivered(&postfix, anna, 1);
    let daemon = Running::start(file);
    assert_eq!(ask(file, &["activate", "live"]).code, Some(0));
    firm.reply(1, "STOP");
    until(file, "the letter left", |s| {
        count(s, "letters", "sent") == 1
    });
    delivered(&postfix, anna, 2);
    // The log counts in whole seconds: what stands in the second of the STOP proves nothing.
    std::thread::sleep(Duration::from_millis(1_100));
    campaign(
        &postfix,
        "lea@elsewhere.example",
        anna,
        "private@elsewhere.example",
    );
    campaign(
        &postfix,
        "claire@ateliervauban.example",
        other,
        "step-3.b@tool.example",
    );
    campaign(
        &postfix,
        "claire@ateliervauban.example",
        anna,
        "step-3.a@tool.example",
    );
    let now = until(file, "the tripwire", |s| s["mails_after_stop"] == 1);
    assert_eq!(now["sent_mails"], 1, "nothing is kept of anybody else");
    let list = ask(file, &["incidents", "list"]);
    assert_eq!(list.code, Some(1), "{list:?}");
    for part in [
        "sent from claire@ateliervauban.example, queue id ",
        "Message-ID step-3.a@tool.example",
        "the apology is in Q-",
    ] {
        assert!(list.out.contains(part), "{part} in {list:?}");
    }
    let told = ask(file, &["log"]);
    assert!(
        !told.out.contains("claire@") && !daemon.log().contains(anna),
        "{told:?}"
    );
    // The next process reads on: nothing twice, and what came meanwhile once.
    daemon.end();
    campaign(
        &postfix,
        "claire@ateliervauban.example",
        anna,
        "step-4@tool.example",
    );
    delivered(&postfix, anna, 5);
    let daemon = Running::start(file);
    until(file, "the second incident", |s| s["mails_after_stop"] == 2);
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(status(file)["mails_after_stop_ever"], 2);
    // A tripwire that sees nothing is said where the operator looks, and no more once it sees again.
    let aside = log.with_extension("aside");
    std::fs::rename(&log, &aside).unwrap();
    let blind = |s: &serde_json::Value| s["needs"].to_string().contains("sent_log");
    let now = until(file, "the log is missed", blind);
    assert_eq!(now["daemon"]["blind"][0]["log"], "mx-1", "{now:#}");
    std::fs::rename(&aside, &log).unwrap();
    until(file, "the log is read again", |s| !blind(s));
    daemon.end();
}
