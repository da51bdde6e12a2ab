//! `quitus check`: one reading tells every mistake, where it stands and what to do; `--online` tells what the servers say.

use crate::certs::Authority;
use crate::commands::EVERYBODY;
use crate::firm::Firm;
use crate::operator::ask;
use crate::port::free_port;
use crate::postfix::Postfix;

#[test]
fn one_reading_tells_every_mistake_with_its_place_and_what_to_do() {
    let firm = Firm::new(25);
    firm.change("delay_minutes = 0", "delay_minutes = \"soon\"");
    firm.change("poll_seconds = 1", "pol_seconds = 1");
    firm.change("file = \"password\"", "file = \"pasword\"");
    let own = "[templates]\npath = \"templates\"\n\n[lexicon]\npath = \"lexicon\"\n\n[smtp]";
    firm.change("[smtp]", own);
    firm.write(
        "templates/fr/stop/body.txt",
        "Bonjour,\n\n{{ person.nam }}\n",
    );
    let lexicon = "language = \"fr\"\n\n[[stop]]\nid = \"own\"\nsay = [\"(stop\"]\n";
    firm.write("lexicon/fr.toml", lexicon);
    let said = ask(&firm.file, &["check"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
    let place = |name: &str, line: &str| {
        let text = std::fs::read_to_string(firm.path(name)).unwrap();
        let n = text.lines().position(|l| l.contains(line)).unwrap();
        format!("{}:{}:", firm.path(name).display(), n + 1)
    };
    for (where_, what) in [
        (place("quitus.toml", "soon"), "expected u32"),
        (
            place("quitus.toml", "pol_seconds"),
            "\"pol_seconds\" is not a setting",
        ),
        (place("quitus.toml", "pasword"), "password of mailbox sales"),
        (place("templates/fr/stop/body.txt", "person.nam"), "nam"),
        (place("lexicon/fr.toml", "(stop"), "a ( that is not closed"),
    ] {
        let line = said
            .err
            .lines()
            .find(|l| l.starts_with(&where_) && l.contains(what));
        assert!(line.is_some(), "{where_} {what}:\n{}", said.err);
    }
    let places = said.err.lines().filter(|l| l.starts_with('/')).count();
    assert_eq!(said.err.matches("\n  → ").count(), places, "{}", said.err);
    assert!(
        said.err.contains("did you mean \"poll_seconds\"?"),
        "{}",
        said.err
    );
    let json = ask(&firm.file, &["check", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["faults"].as_array().unwrap().len(), places);
    let started = ask(&firm.file, &["run"]);
    assert_eq!(started.code, Some(2), "nothing starts half: {started:?}");
    assert!(!firm.path("store").exists());
}

#[test]
fn online_logs_in_sends_nothing_and_says_which_server_is_wrong_and_how() {
    let authority = Authority::new("the firm's own");
    let certified = authority.vouch_for("127.0.0.1", 2040);
    let postfix = Postfix::start(Some(certified.pem()), EVERYBODY);
    let firm = Firm::new(postfix.port());
    let trust = format!(
        "\nca_file = \"{}\"",
        authority.file(firm.folder.path()).display()
    );
    let clear = format!("port = {}\nsecurity = \"none\"", postfix.port());
    let tls = format!("port = {}\nsecurity = \"tls\"", postfix.tls_port());
    firm.change(&clear, &format!("{tls}{trust}"));
    let good = ask(&firm.file, &["check", "--online"]);
    assert_eq!(good.code, Some(0), "{good:?}");
    for words in ["INBOX is INBOX", "TLS", "all good"] {
        assert!(good.out.contains(words), "{words}: {}", good.out);
    }
    assert!(!firm.path("store").exists(), "nothing is made");

    firm.change(&trust, "");
    firm.write("password", "not the password");
    let wrong = ask(&firm.file, &["check", "--online"]);
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    for words in [
        "mailbox sales: wrong",
        "refuses the login",
        "no connection that can be trusted",
        "ca_file",
    ] {
        assert!(wrong.out.contains(words), "{words}: {}", wrong.out);
    }
    let closed = format!("port = {}\nsecurity = \"none\"", free_port());
    firm.change(&tls, &closed);
    let shut = ask(&firm.file, &["check", "--online"]);
    assert_eq!(shut.code, Some(1), "{shut:?}");
    assert!(shut.out.contains("nobody listens there"), "{}", shut.out);
    assert!(postfix.letters(0).is_empty());
    assert!(
        !postfix.log().contains("from=<"),
        "no mail was begun: {}",
        postfix.log()
    );
}
