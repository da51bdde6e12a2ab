//! A recipient of data on the real road: the binary and its commands, Dovecot and Postfix, and a kill between mail and answer.

use crate::commands::EVERYBODY;
use crate::firm::{Firm, MAILBOX};
use crate::operator::{Running, Said, ask, until};
use crate::postfix::Postfix;
use rustix::process::Signal;
use serde_json::Value;
use std::time::{Duration, Instant};

const RECIPIENT: &str = "\n[[recipient]]\nname = \"Dropcontact\"\nemail = \"dpo@dropcontact.example\"\nproviders = [\"Dropcontact\"]\n\n[smtp]";

/// A command that must be done.
fn done(firm: &Firm, words: &[&str]) -> Said {
    let said = ask(&firm.file, words);
    assert_eq!(said.code, Some(0), "{words:?}: {said:?}");
    said
}

/// Where the recipient stands.
fn state(firm: &Firm, case: &str) -> Value {
    let said = done(firm, &["requests", "show", case, "--json"]);
    let shown: Value = serde_json::from_str(&said.out).unwrap();
    shown["recipients"][0]["state"].clone()
}

fn becomes(firm: &Firm, case: &str, wanted: &str) {
    let began = Instant::now();
    while state(firm, case) != wanted {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "never {wanted}: {}",
            state(firm, case)
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn mails(postfix: &Postfix, to: &str) -> Vec<String> {
    let all = postfix.letters(1).into_iter();
    let all = all.map(|m| String::from_utf8_lossy(&m).into_owned());
    all.filter(|m| m.contains(&format!("To: {to}")) || m.contains(&format!("To: <{to}>")))
        .collect()
}

#[test]
fn an_erasure_is_told_through_postfix_and_its_answer_in_dovecot_closes_the_case_over_a_kill() {
    let postfix = Postfix::start(None, EVERYBODY);
    let firm = Firm::new(postfix.port());
    firm.change("[smtp]", RECIPIENT);
    let register = firm.register();
    done(&firm, &["contacts", "import", register.to_str().unwrap()]);
    let daemon = Running::start(&firm.file);
    done(&firm, &["activate", "review"]);
    firm.reply(
        3,
        "Je demande l'effacement de toutes mes données personnelles (article 17 du RGPD).",
    );
    let now = until(&firm.file, "the erasure waits", |s| s["open_cases"] == 1);
    let need = now["needs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|n| n["subject"].is_string());
    let case = need.unwrap()["subject"].as_str().unwrap().to_owned();
    let known = [
        "requests",
        "identify",
        &case,
        "--proved",
        "--reason",
        "I called her",
    ];
    done(&firm, &known);
    done(&firm, &["requests", "tell", &case]);
    becomes(&firm, &case, "told");
    daemon.signal(Signal::KILL);
    daemon.ended(Duration::from_secs(10));
    let daemon = Running::start(&firm.file);
    let mails = mails(&postfix, "dpo@dropcontact.example");
    assert_eq!(mails.len(), 1, "{mails:?}");
    let id = mails[0]
        .lines()
        .find_map(|l| l.strip_prefix("Message-ID: "))
        .unwrap();
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    let date = at.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let answer = format!(
        "Date: {date}\r\nFrom: DPO <dpo@dropcontact.example>\r\nTo: {MAILBOX}\r\nSubject: Re: {case}\r\nMessage-ID: \
         <answer@dropcontact.example>\r\nIn-Reply-To: {id}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         Bonjour, c'est fait, ses données sont effacées chez nous.\r\n"
    );
    firm.deliver("", &answer, at);
    becomes(&firm, &case, "acknowledged");
    let look = ask(&firm.file, &["requests", "approve", &case]);
    let letter = look
        .out
        .split("answer (erasure)")
        .nth(1)
        .expect("the answer is shown");
    let hash = letter.split("--hash ").nth(1).expect("the hash is shown");
    let hash = hash.split_whitespace().next().unwrap();
    done(&firm, &["requests", "approve", &case, "--hash", hash]);
    until(&firm.file, "the case is closed", |s| s["open_cases"] == 0);
    daemon.end();
}
