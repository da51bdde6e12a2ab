//! Several texts make one configuration: what overrides what, and where each mistake and each setting is said to stand.

use super::pieces::{Kind, Place, Text, environment};
use super::{Config, Survey, assemble, described, reference};
use crate::record::{Fault, Timestamp};
use std::path::Path;

const MAIN: &str = "[controller]
name = 'Acme'
legal_name = 'Acme SAS'
address = '12 rue de la Paix, Paris'
privacy_email = 'privacy@acme.example'
[store]
path = 'store'
[smtp]
host = 'smtp.acme.example'
username = 'u'
password = { file = 'p' }
[[mailbox]]
name = 'sales-team'
address = 'sales@acme.example'
imap = { host = 'imap.acme.example', username = 'u', password = { env = 'P' } }
[policy]
office_hours = { from = 8 }
";

fn survey(texts: &[(&str, &str)]) -> Survey {
    let text = |(name, text): &(&str, &str)| Text {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
        kind: match name.starts_with("QUITUS__") {
            true => Kind::Variable,
            false => Kind::File,
        },
    };
    let main = [("q.toml", MAIN)];
    let all: Vec<Text> = main.iter().chain(texts).map(text).collect();
    assemble::assemble(Path::new("/etc/quitus/q.toml"), &all, Vec::new())
}

fn good(texts: &[(&str, &str)]) -> (Config, Survey) {
    let survey = survey(texts);
    let config = survey.config.clone().unwrap_or_else(|f| panic!("{f:#?}"));
    (config, survey)
}

fn told(texts: &[(&str, &str)]) -> Vec<String> {
    let faults = survey(texts).config.err().unwrap_or_default();
    faults.iter().map(Fault::to_string).collect()
}

fn places(survey: &Survey, path: &str) -> Vec<String> {
    let places = survey.written.get(path).into_iter().flatten();
    places.map(Place::to_string).collect()
}

/// A day on which these notes are told.
fn noon() -> Timestamp {
    "2026-11-30T12:00:00Z"
        .parse::<jiff::Timestamp>()
        .unwrap()
        .into()
}

#[test]
fn a_later_text_overrides_settings_and_adds_blocks() {
    let more = "[smtp]\nhost = 'relay.acme.example'\n[policy.office_hours]\nto = 19\n[[mailbox]]\nname = 'two'\naddress = 'two@acme.example'\nimap = { host = 'h.example', username = 'u', password = { env = 'P' } }\n";
    let (config, survey) = good(&[
        ("conf.d/10-more.toml", more),
        (
            "conf.d/20-last.toml",
            "smtp.max_sessions = 7\nsmtp.host = 'third.acme.example'",
        ),
    ]);
    assert_eq!(
        (config.smtp.host.as_str(), config.smtp.max_sessions),
        ("third.acme.example", 7)
    );
    let hours = config.policy.settings.office_hours;
    assert_eq!(
        (hours.from, hours.to),
        (8, 19),
        "tables are merged setting by setting"
    );
    let names: Vec<&str> = config.mailboxes.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["sales-team", "two"]);
    assert_eq!(
        places(&survey, "smtp.host"),
        ["conf.d/20-last.toml:2", "conf.d/10-more.toml:2", "q.toml:9"]
    );
    assert_eq!(places(&survey, "mailbox.1.name"), ["conf.d/10-more.toml:6"]);
    assert_eq!(places(&survey, "smtp.port"), Vec::<String>::new());
}

#[test]
fn what_is_most_likely_not_meant_is_told_and_is_no_mistake() {
    let more = "[processing]
recipients = ['HubSpot Ireland Ltd']
retention = { fr = '3 ans' }
[house]
unsubscribe_address = 'stop@other.example'
[[sender]]
name = 'own'
command = ['/no/such/program']
[[sender]]
name = 'file'
drop = '/no/such/folder/stops.csv'
[[system]]
name = 'HubSpot'
[[recipient]]
name = 'Kaspr'
email = 'dpo@kaspr.example'
[[provider]]
id = 'fair'
name = 'A fair'
role = 'controller'
[[origin]]
campaign = '*'
provider = 'fair'
from = 'the fair'
date = '2027-01-01'
";
    let closing = ("QUITUS__MAILBOX__SALES_TEAM__CLOSING", "'2026-10-31'");
    let (_, survey) = good(&[("conf.d/a.toml", more), closing]);
    let notes = survey.notes(noon());
    let told: Vec<String> = notes.iter().map(Fault::to_string).collect();
    for part in [
        "q.toml:5:1: privacy@acme.example arrives in no watched mailbox",
        "conf.d/a.toml:5:1: no watched mailbox has an address of other.example",
        "$QUITUS__MAILBOX__SALES_TEAM__CLOSING: the last day of every mailbox is over",
        "conf.d/a.toml:8:1: sender own: there is no program /no/such/program",
        "conf.d/a.toml:11:1: sender file: there is no folder /no/such/folder",
        "conf.d/a.toml:2:1: letters do not name among the recipients: Kaspr",
        "conf.d/a.toml:25:1: 2027-01-01 is in the future",
        "conf.d/a.toml:3:1: letters promise until when data are kept",
    ] {
        let all = told.join("\n");
        assert!(all.contains(part), "{part}\nis missing in\n{all}");
    }
    assert_eq!(told.len(), 8, "{told:#?}");
}

#[test]
fn a_letter_from_an_address_that_nobody_watches_is_answered_where_somebody_looks() {
    let two = "[[mailbox]]
name = 'two'
address = 'two@acme.example'
imap = { host = 'h.example', username = 'u', password = { env = 'P' } }
";
    let (config, _) = good(&[("conf.d/two.toml", two)]);
    let privacy = &config.controller.privacy_email;
    let second = &config.mailboxes[1].address;
    let said = |from, written_to| {
        let to: Option<&crate::record::Address> = config.reply_to(from, written_to);
        to.map(|a| a.as_str().to_owned())
    };
    assert_eq!(
        said(privacy, Some(second)).as_deref(),
        Some("two@acme.example")
    );
    assert_eq!(said(privacy, None).as_deref(), Some("sales@acme.example"));
    assert_eq!(said(second, None), None, "it is read");
    let gone = crate::record::Address::parse("gone@acme.example").unwrap();
    assert_eq!(
        said(privacy, Some(&gone)).as_deref(),
        Some("sales@acme.example"),
        "its mailbox is watched no more"
    );
    for list in ["aliases", "groups", "forwarded_from"] {
        let watched = format!("{two}{list} = ['privacy@acme.example']\n");
        let (config, _) = good(&[("conf.d/two.toml", &watched)]);
        assert!(
            config.is_watched(&config.controller.privacy_email),
            "{list}"
        );
    }
}

#[test]
fn what_arrives_in_a_mailbox_that_closes_is_answered_in_one_that_stays() {
    let two = "[[mailbox]]
name = 'two'
address = 'two@acme.example'
imap = { host = 'h.example', username = 'u', password = { env = 'P' } }
closing = '2030-12-31'
";
    let (config, _) = good(&[("conf.d/two.toml", two)]);
    let second = &config.mailboxes[1].address;
    assert!(config.closing(second) && !config.is_watched(second));
    let to = |from| config.reply_to(from, Some(second)).map(|a| a.as_str());
    let first = Some("sales@acme.example");
    assert_eq!(to(&config.controller.privacy_email), first);
    assert_eq!(to(second), first);
}

/// A French lexicon, with phrases that stand in each other's way.
const FRENCH: &str =
    include_str!("../../tests/cases/config/022-phrases-in-each-others-way/lexicon/fr.toml");

/// Writes a file, and the folders above it.
fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[test]
fn what_the_firms_own_files_lose_of_ours_is_told_and_a_file_of_another_language_is_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| write(folder.path(), name, text);
    write("lexicon/fr.toml", FRENCH);
    write(
        "templates/fr/stop/body.html",
        "<p>{{ controller.name }}</p>\n",
    );
    write("templates/fr/stop/body.md", "Bonjour\n");
    write("templates/README.md", "whose these are\n");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let own = format!(
        "[lexicon]\npath = '{}'\n[templates]\npath = '{}'\n",
        path("lexicon"),
        path("templates")
    );
    let (_, survey) = good(&[("conf.d/a.toml", &own)]);
    let notes = survey.notes(noon());
    let of = |name: &str| {
        let all = notes.iter().filter(|n| n.file == path(name));
        all.map(|n| n.what.as_str()).collect::<Vec<_>>()
    };
    let [page] = of("templates/fr/stop/body.html")[..] else {
        panic!("{notes:#?}")
    };
    assert!(page.starts_with("the page does not say"), "{page}");
    let [unread] = of("templates/fr/stop/body.md")[..] else {
        panic!("{notes:#?}")
    };
    assert!(unread.starts_with("no letter is made"), "{unread}");
    let [lost] = of("lexicon/fr.toml")[..] else {
        panic!("{notes:#?}")
    };
    assert!(
        lost.contains("examples are read otherwise; the example \""),
        "{lost}"
    );
    assert!(of("templates/README.md").is_empty());

    write("lexicon/de.toml", FRENCH);
    let told: Vec<String> = survey.sheets().iter().map(Fault::to_string).collect();
    assert!(
        told.iter().any(|t| t.contains("rename it to fr.toml")),
        "{told:#?}"
    );
}

#[test]
fn the_environment_overrides_and_a_mailbox_is_named_by_its_name() {
    let (config, survey) = good(&[
        ("QUITUS__MAILBOX__SALES_TEAM__POLL_SECONDS", "5"),
        ("QUITUS__REVIEW__REVIEWERS", "['dpo@acme.example']"),
        ("QUITUS__SMTP__HOST", "env.acme.example"),
        ("QUITUS__SMTP__PASSWORD__CREDENTIAL", "smtp.password"),
    ]);
    assert_eq!(config.mailboxes[0].poll_seconds, 5);
    assert_eq!(config.smtp.host, "env.acme.example");
    assert_eq!(config.review.reviewers.len(), 1);
    let password = config.smtp.password.unwrap();
    assert_eq!(
        password.to_string(),
        "the credential smtp.password",
        "the file is no second place"
    );
    assert_eq!(
        places(&survey, "smtp.host"),
        ["$QUITUS__SMTP__HOST", "q.toml:9"]
    );
}

#[test]
fn every_mistake_is_told_where_it_stands() {
    let faults = told(&[
        (
            "conf.d/10-a.toml",
            "[smtp]\n  hots = 'x'\nhost = { a = 1 }\n",
        ),
        (
            "conf.d/20-b.toml",
            "[mailbox]\nname = 'x'\n[[mailbox]]\nx =",
        ),
        (
            "conf.d/30-c.toml",
            "[[mailbox]]\nname = 'sales-team'\naddress = 'c@acme.example'\nimap = { host = 'h.example', username = 'u', password = { env = 'P' } }\n",
        ),
        ("QUITUS__MAILBOX__NOBODY__SENT", "x"),
        ("QUITUS__SMPT__HOST", "x"),
        ("QUITUS__SMTP", "{ host = "),
        ("QUITUS__SMTP____HOST", "x"),
    ]);
    let all = faults.join("\n");
    for part in [
        "conf.d/10-a.toml:2:3: \"hots\" is not a setting of [smtp]\n  → did you mean \"host\"?",
        "conf.d/10-a.toml:3:1: \"host\" is a table here, and a value at q.toml:9",
        "conf.d/20-b.toml:1:2: \"mailbox\" is a table here, and blocks in double brackets at q.toml:12",
        "conf.d/30-c.toml:2:1: two mailboxes are called \"sales-team\", the other at q.toml:13",
        "$QUITUS__MAILBOX__NOBODY__SENT: it names no setting of a [[mailbox]] that is there",
        "$QUITUS__SMPT__HOST: \"smpt\" is not a setting\n  → did you mean \"smtp\"?",
        "$QUITUS__SMTP: the value is no TOML",
        "$QUITUS__SMTP____HOST: the variable names no setting",
    ] {
        assert!(all.contains(part), "{part}\nis missing in\n{all}");
    }
}

#[test]
fn no_secret_comes_in_by_the_environment_or_is_repeated() {
    for value in [
        "hunter2",
        "271828",
        "\"271828\"",
        "'271828",
        "[271828]",
        "{ vault = 271828 }",
    ] {
        let faults = told(&[("QUITUS__SMTP__PASSWORD", value)]);
        assert!(!faults.is_empty(), "{value}");
        let all = faults.join("\n");
        assert!(!all.contains("hunter2") && !all.contains("271828"), "{all}");
    }
    let mut faults = Vec::new();
    let none = environment(
        [("QUITUS_CONFIG", "x"), ("HOME", "y"), ("QUITUS__A", "z")]
            .map(|(n, v)| (n.into(), v.into()))
            .into_iter(),
        &mut faults,
    );
    assert_eq!((none.len(), faults.len()), (1, 0));
}

#[test]
fn what_is_shown_names_no_secret_and_is_complete() {
    let more = "[alerts]\nwebhook = { url = 'https://hooks.example.com/T0/hunter2?k=hunter2' }\nsecret = { command = ['vault', '--token=hunter2'] }\n";
    let (config, survey) = good(&[("conf.d/a.toml", more)]);
    let settings = config.settings(&survey.written);
    let shown = format!("{settings:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("https://hooks.example.com/…") && shown.contains("vault"));
    // Every setting of the reference is there, but for what is below a table or block that is not.
    for section in super::SECTIONS
        .iter()
        .filter(|s| !["guard", "health", "desk", "canary"].contains(&s.key))
    {
        let of = |s: &&super::Setting| s.section.0 == section.key;
        if section.many && !settings.iter().any(|s| of(&s)) {
            continue;
        }
        for one in described(section) {
            let begins = |s: &super::Setting| {
                s.name == one.name || s.name.starts_with(&format!("{}.", one.name))
            };
            let absent = ["[[", "webhook.", "oauth.", "imap.oauth."];
            let below = absent.iter().any(|b| one.name.starts_with(b));
            assert!(
                below || settings.iter().filter(of).any(begins),
                "[{}] {}",
                section.key,
                one.name
            );
        }
    }
}

#[test]
fn every_place_of_a_secret_is_known_by_its_name() {
    for section in super::SECTIONS {
        for one in described(section)
            .iter()
            .filter(|d| d.kind == "where a secret is")
        {
            let last = one.name.rsplit(['.', ' ']).next().unwrap();
            assert!(super::merge::SECRETS.contains(&last), "{}", one.name);
        }
    }
}

#[test]
fn every_setting_says_what_it_means() {
    for section in super::SECTIONS {
        let all = described(section);
        assert!(!all.is_empty(), "[{}]", section.key);
        for one in all {
            assert!(
                one.meaning.len() > 5,
                "[{}] {} says nothing",
                section.key,
                one.name
            );
        }
    }
    assert!(reference().contains("| `port` | whole number | 465 for `tls`, 587 for `starttls`, 25 for `none` | The TCP port. |"));
    assert!(reference().contains("| `listen` | text | needed |"));
}
