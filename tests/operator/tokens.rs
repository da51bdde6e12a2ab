//! Tokens in the addresses of replies, from the command that mints them to what the daemon makes of a mail that carries one.

use crate::firm::{Firm, MAILBOX};
use crate::operator::{Running, ask, count, until};
use jiff::{SignedDuration, Timestamp};
use quitus::record::{Fingerprinter, PersonId, Token, TokenKind};

/// A mail to this address, in no thread of ours.
fn mail(number: u32, from: &str, to: &str, more: &str, words: &str) -> String {
    let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    format!(
        "Date: {date}\r\nFrom: <{from}>\r\nTo: <{to}>\r\n{more}Subject: Le carnet\r\nMessage-ID: <token.{number}@there.example>\r\n\r\n{words}\r\n"
    )
}

/// The address that carries a token for each of these people.
fn minted(firm: &Firm, words: &[&str]) -> Vec<String> {
    let said = ask(&firm.file, &[&["token", "mint", "--json"], words].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    let data: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let tokens = data["tokens"].as_array().unwrap().iter();
    tokens
        .map(|t| t["mail_to"].as_str().unwrap().to_owned())
        .collect()
}

fn is_suppressed(firm: &Firm, whom: &str) -> bool {
    let said = ask(&firm.file, &["suppression", "check", whom]);
    said.code == Some(1) && said.out.contains("suppressed")
}

#[test]
fn a_token_names_its_person_and_what_is_not_ours_names_nobody() {
    let firm = Firm::new(1);
    let own = "unsubscribe_address = \"stop@ateliervauban.example\"\nauthserv_id";
    firm.change("authserv_id", own);
    let register = firm.register();
    ask(
        &firm.file,
        &["contacts", "import", register.to_str().unwrap()],
    );
    // Without a daemon, and from a list.
    let list = firm.write(
        "list.csv",
        "name;e-mail\nPaule;p1@client1.example\nPaul;new@client9.example\n",
    );
    let one = minted(
        &firm,
        &["--kind", "unsubscribe", "--csv", list.to_str().unwrap()],
    );
    assert!(
        one.iter()
            .all(|a| a.starts_with("stop+") && a.find('@') == Some(5 + 31)),
        "{one:?}"
    );
    let daemon = Running::start(&firm.file);
    let two = minted(
        &firm,
        &[
            "--kind",
            "reply",
            "p2@client2.example",
            "p3@client3.example",
        ],
    );
    let short = minted(
        &firm,
        &["--kind", "unsubscribe", "--days", "1", "p4@client4.example"],
    );

    let now = Timestamp::now() + SignedDuration::from_secs(2);
    let deliver = |number, from: &str, to: &str, more: &str, words: &str, at| {
        firm.deliver("", &mail(number, from, to, more, words), at);
    };
    // A provider's button: no words at all, marked as automatic, and from an address that nobody knows.
    let automatic = "Auto-Submitted: auto-generated\r\nPrecedence: bulk\r\n";
    deliver(
        1,
        "p1@client1.example",
        &one[0].to_uppercase(),
        automatic,
        "",
        now,
    );
    deliver(2, "perso@elsewhere.example", &one[1], automatic, "", now);
    // B3: the token says Paule 2, the sender is her assistant: both.
    deliver(3, "assistant@client2.example", &two[0], "", "STOP", now);
    // Forged, of another installation, too late: no tokens.
    let last = two[1].find('@').unwrap() - 2;
    let mut forged = two[1].clone();
    forged.replace_range(
        last..=last,
        if &two[1][last..=last] == "a" {
            "b"
        } else {
            "a"
        },
    );
    deliver(4, "anybody@there.example", &forged, "", "STOP", now);
    let others = Fingerprinter::new(vec![[1; 32]], [2; 32]);
    let foreign = Token::new(
        TokenKind::Unsubscribe,
        PersonId([3; 16]),
        quitus::record::Timestamp::from(now),
        9,
    );
    let foreign = format!("stop+{}@ateliervauban.example", foreign.written(&others));
    deliver(5, "p5@client5.example", &foreign, "", "", now);
    deliver(
        6,
        "p4@client4.example",
        &short[0],
        "",
        "",
        now + SignedDuration::from_hours(72),
    );

    until(&firm.file, "all are decided", |s| {
        ["acted", "answered", "held", "ignored", "dead"]
            .iter()
            .map(|w| count(s, "messages", w))
            .sum::<u64>()
            == 6
    });
    for whom in [
        "p1@client1.example",
        "new@client9.example",
        "perso@elsewhere.example",
        "p2@client2.example",
        "assistant@client2.example",
        "anybody@there.example",
    ] {
        assert!(is_suppressed(&firm, whom), "{whom}");
    }
    for whom in [
        "p3@client3.example",
        "p4@client4.example",
        "p5@client5.example",
    ] {
        assert!(!is_suppressed(&firm, whom), "{whom}");
    }
    let log = daemon.log();
    for why in ["forged, damaged, or of another installation", "expired"] {
        assert!(log.contains(why), "{why} in {log}");
    }
    for secret in one.iter().chain(&two).chain([&forged, &foreign]) {
        let token = secret.split(['+', '@']).nth(1).unwrap();
        assert!(!log.contains(token), "{log}");
    }
    daemon.end();
}

#[test]
fn what_cannot_be_minted_is_told_and_nothing_is_minted() {
    let firm = Firm::new(1);
    let list = firm.write("list.csv", "email\nanna@client.example\nnobody\nhalf@\n");
    let said = ask(
        &firm.file,
        &[
            "token",
            "mint",
            "--kind",
            "reply",
            "--csv",
            list.to_str().unwrap(),
        ],
    );
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
    assert!(
        said.err.contains("list.csv:3:") && said.err.contains("list.csv:4:"),
        "{said:?}"
    );
    for wrong in [
        &["--kind", "reply", "--days", "0", "anna@client.example"][..],
        &["--kind", "reply", "--days", "9999", "anna@client.example"],
        &[
            "--kind",
            "reply",
            "--mailbox",
            "other",
            "anna@client.example",
        ],
        &["--kind", "reply"],
    ] {
        let said = ask(&firm.file, &[&["token", "mint"], wrong].concat());
        assert_eq!(said.code, Some(2), "{wrong:?} {said:?}");
    }
    let said = ask(
        &firm.file,
        &["token", "mint", "--kind", "reply", "anna@client.example"],
    );
    let mut lines = said.out.lines();
    assert_eq!(
        lines.next(),
        Some("address,token,mail_to,until,suppression")
    );
    let row: Vec<&str> = lines.next().unwrap().split(',').collect();
    let carried = format!("{}+{}@", MAILBOX.split('@').next().unwrap(), row[1]);
    assert!(
        row[0] == "anna@client.example" && row[2].starts_with(&carried),
        "{said:?}"
    );
    assert_eq!(row[4], "none");
}
