//! `quitus init`: by flags and at a terminal, against a real Dovecot and a Postfix that asks for the password, too.

use crate::certs::Authority;
use crate::commands::EVERYBODY;
use crate::dovecot::Dovecot;
use crate::operator::{Said, ask};
use crate::postfix::Postfix;
use crate::terminal::Terminal;
use quitus::config::Config;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The servers of a firm, and a folder in which nothing is yet.
struct New {
    dovecot: Dovecot,
    postfix: Postfix,
    folder: tempfile::TempDir,
    /// In a folder of their own: the authorities of both servers.
    trusted: tempfile::TempDir,
}

const ADDRESS: &str = "claire.morel@ateliervauban.example";

impl New {
    fn firm() -> Self {
        let dovecot = Dovecot::start();
        let authority = Authority::new("the firm's own");
        let certified = authority.vouch_for("127.0.0.1", 2040);
        let settings = format!(
            "{EVERYBODY}smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = {}\n",
            dovecot.ca_file().with_file_name("run/smtp-auth").display()
        );
        let postfix = Postfix::start(Some(certified.pem()), &settings);
        let trusted = tempfile::tempdir().unwrap();
        let ours = std::fs::read_to_string(authority.file(trusted.path())).unwrap();
        let theirs = std::fs::read_to_string(dovecot.ca_file()).unwrap();
        std::fs::write(trusted.path().join("ca.pem"), ours + &theirs).unwrap();
        Self {
            dovecot,
            postfix,
            folder: tempfile::tempdir().unwrap(),
            trusted,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("config/quitus.toml")
    }

    /// Where the servers are, in flags.
    fn servers(&self) -> Vec<String> {
        let imap = format!("127.0.0.1:{}/tls", self.dovecot.imaps);
        let smtp = format!("127.0.0.1:{}/tls", self.postfix.tls_port());
        let ca = self.trusted.path().join("ca.pem").display().to_string();
        let all = ["--imap", &imap, "--smtp", &smtp, "--ca-file", &ca];
        all.map(str::to_owned).to_vec()
    }

    /// Everything that has no default, in flags.
    fn flags(&self) -> Vec<String> {
        let firm = [
            "--address",
            ADDRESS,
            "--name",
            "Atelier Vauban",
            "--postal-address",
            "12 rue des Ateliers, 59000 Lille",
            "--country",
            "fr",
            "--password-stdin",
        ];
        let mut all = vec!["init".to_owned()];
        all.extend(firm.map(str::to_owned));
        all.extend(self.servers());
        all
    }

    /// What lies in the folder, at any depth.
    fn names(&self) -> Vec<String> {
        fn below(folder: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                found.push(path.file_name().unwrap().to_str().unwrap().to_owned());
                if path.is_dir() {
                    below(&path, found);
                }
            }
        }
        let mut found = Vec::new();
        below(self.folder.path(), &mut found);
        found.sort();
        found
    }
}

/// Without a terminal: these words, this on standard input.
fn init(folder: &Path, words: &[String], input: &str, lang: &str) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quitus"))
        .args(words)
        .current_dir(folder)
        .env_remove("QUITUS_CONFIG")
        .env_remove("LC_ALL")
        .env("LANG", lang)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end before it reads.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn flags_write_a_tried_configuration_once_and_nothing_is_sent() {
    let new = New::firm();
    let said = init(new.folder.path(), &new.flags(), "secret\n", "fr_FR.UTF-8");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(new.names(), ["config", "quitus.password", "quitus.toml"]);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let password = new.file().with_file_name("quitus.password");
    assert_eq!(mode(&password), 0o600);
    assert!(!said.out.contains("secret") && !said.err.contains("secret\n"));
    for words in [
        "Ensuite",
        "quitus check --online",
        "quitus replay",
        "quitus run",
    ] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    let text = std::fs::read_to_string(new.file()).unwrap();
    assert!(
        text.contains("qui répond") && !text.contains("secret\""),
        "{text}"
    );
    let config = Config::load(&new.file()).unwrap_or_else(|f| panic!("{f:#?}"));
    assert_eq!(config.controller.country, "FR");
    assert_eq!(config.controller.privacy_email.as_str(), ADDRESS);
    assert_eq!(config.review.reviewers.len(), 1);
    // Both servers take the password, as the daemon will give it.
    let checked = ask(&new.file(), &["check", "--online"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(
        checked.out.contains("AUTH PLAIN LOGIN"),
        "the SMTP log-in was one: {}",
        checked.out
    );
    assert!(!new.postfix.log().contains("from=<"), "no mail was begun");

    let again = init(new.folder.path(), &new.flags(), "other\n", "en");
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.err.contains("there already"), "{again:?}");
    assert_eq!(std::fs::read_to_string(new.file()).unwrap(), text);
    assert_eq!(std::fs::read_to_string(&password).unwrap(), "secret\n");
    // A password that somebody left there is not written over either, and no server is troubled.
    std::fs::remove_file(new.file()).unwrap();
    let left = init(new.folder.path(), &new.flags(), "other\n", "en");
    assert_eq!(left.code, Some(2), "{left:?}");
    assert!(
        left.err.contains("quitus.password is there already"),
        "{left:?}"
    );
    assert!(!left.err.contains("Trying"), "{left:?}");
    assert!(!new.file().exists());
}

#[test]
fn what_a_server_refuses_is_told_and_not_written() {
    let new = New::firm();
    let wrong = init(new.folder.path(), &new.flags(), "not it\n", "en");
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    for words in ["refuses the login", "the login was refused", "--offline"] {
        assert!(wrong.err.contains(words), "{words}: {}", wrong.err);
    }
    assert!(new.names().is_empty(), "{:?}", new.names());
    let mut offline = new.flags();
    offline.push("--offline".to_owned());
    let said = init(new.folder.path(), &offline, "not it\n", "en");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(ask(&new.file(), &["check"]).code, Some(0));
}

#[test]
fn without_a_terminal_every_missing_flag_is_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let words = |all: &[&str]| all.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    let none = init(folder.path(), &words(&["init"]), "", "C");
    assert_eq!(none.code, Some(2), "{none:?}");
    for flag in [
        "--address",
        "--password-file",
        "--name",
        "--postal-address",
        "--country",
    ] {
        assert!(none.err.contains(flag), "{flag}: {}", none.err);
    }
    // Of a provider in the list nothing else is needed; of another one the servers are.
    let firm = [
        "--name",
        "A",
        "--postal-address",
        "B",
        "--password-env",
        "P",
        "--offline",
    ];
    let with = |address: &str| {
        let all = [&["init", "--address", address], &firm[..]].concat();
        init(folder.path(), &words(&all), "", "fr_FR")
    };
    let unknown = with("a@acme.example");
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.err.contains(": --imap, --smtp"), "{unknown:?}");
    let known = with("a@orange.fr");
    assert_eq!(known.code, Some(0), "{known:?}");
    let config = Config::load(&folder.path().join("config/quitus.toml"));
    let config = config.unwrap_or_else(|f| panic!("{f:#?}"));
    assert_eq!(config.mailboxes[0].imap.host, "imap.orange.fr");
    assert!(
        known.err.contains("webmail"),
        "what to do there is told: {known:?}"
    );
}

#[test]
fn at_a_terminal_defaults_stand_in_brackets_and_wrong_answers_come_again() {
    let new = New::firm();
    let servers = new.servers();
    let mut words = vec!["init"];
    words.extend(servers.iter().map(String::as_str));
    let mut person = Terminal::of(new.folder.path(), &words, 0, &[("LANG", "C")]);
    person.answers("en, fr [en]: ", "en");
    person.answers("receives replies: ", "claire");
    person.sees("✗");
    person.answers("receives replies: ", ADDRESS);
    person.answers(&format!("Login name [{ADDRESS}]: "), "");
    person.answers("[1]: ", "4");
    person.answers("[1]: ", "1");
    person.answers("Password (not shown): ", "wr0ng-one");
    person.answers("as people call it: ", "Atelier Vauban");
    person.answers("legal name [Atelier Vauban]: ", "Atelier Vauban SAS");
    person.answers("postal address, on one line: ", "");
    person.answers(
        "postal address, on one line: ",
        "12 rue des Ateliers, 59000 Lille",
    );
    person.answers("two letters: ", "France");
    person.answers("two letters: ", "fr");
    person.answers("time zone [Europe/Paris]: ", "Paris");
    person.answers("time zone [Europe/Paris]: ", "");
    person.answers(
        &format!("answers requests [{ADDRESS}]: "),
        "privacy@ateliervauban.example",
    );
    person.answers("with commas [privacy@ateliervauban.example]: ", "");
    person.answers("[store]: ", "");
    // The servers refuse the password: nothing is lost but that.
    person.sees("refuses the login");
    person.answers("leave (q)? [p]: ", "p");
    person.answers("Password (not shown): ", "secret");
    person.sees("is written");
    assert_eq!(person.ends(), Some(0), "{}", person.shown);
    assert!(!person.shown.contains("wr0ng-one"), "{}", person.shown);
    let checked = ask(&new.file(), &["check", "--online"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let config = Config::load(&new.file()).unwrap_or_else(|f| panic!("{f:#?}"));
    assert_eq!(config.controller.legal_name, "Atelier Vauban SAS");
}

#[test]
fn whoever_leaves_leaves_nothing_behind() {
    let new = New::firm();
    let servers = new.servers();
    let mut words = vec![
        "init",
        "--language",
        "fr",
        "--address",
        ADDRESS,
        "--username",
        "claire",
    ];
    words.extend(servers.iter().map(String::as_str));
    // At the password the terminal is silent, and gets its echo back; at any other question Ctrl-C is a signal.
    let mut person = Terminal::of(new.folder.path(), &words, 0, &[("LANG", "C")]);
    person.answers("[1]: ", "");
    person.sees("non affiché): ");
    person.types("hunter2\u{3}");
    person.sees("rien n'a été écrit");
    assert_eq!(person.ends(), Some(2), "{}", person.shown);
    assert!(!person.shown.contains("hunter2"), "{}", person.shown);
    let mut person = Terminal::of(new.folder.path(), &words, 0, &[("LANG", "C")]);
    person.sees("[1]: ");
    person.types("\u{3}");
    assert_ne!(person.ends(), Some(0), "{}", person.shown);
    assert!(new.names().is_empty(), "{:?}", new.names());
}

#[test]
fn a_log_in_by_token_is_written_by_flags_or_answers_and_names_the_command_that_comes_next() {
    let folder = tempfile::tempdir().unwrap();
    let words =
        "init --offline --provider microsoft365 --address a@acme.example --name Acme --country fr";
    let mut flags: Vec<String> = words.split(' ').map(str::to_owned).collect();
    flags.extend([
        "--postal-address".to_owned(),
        "12 rue de la Paix, Paris".to_owned(),
    ]);
    let missing = init(folder.path(), &flags, "", "en_US.UTF-8");
    assert_eq!(missing.code, Some(2));
    assert!(missing.err.contains("--oauth-client-id"), "{missing:?}");
    let client = "--oauth-client-id 11-22 --oauth-tenant acme.example";
    flags.extend(client.split(' ').map(str::to_owned));
    let said = init(folder.path(), &flags, "", "en_US.UTF-8");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("quitus oauth login"), "{said:?}");
    let file = folder.path().join("config/quitus.toml");
    let config = Config::load(&file).unwrap();
    let blocks: Vec<_> = config.oauth().collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        assert_eq!(
            (block.provider.as_str(), block.client_id.as_str()),
            ("microsoft", "11-22")
        );
        assert_eq!(block.tenant.as_deref(), Some("acme.example"));
    }
    assert!(config.mailboxes[0].imap.password.is_none() && config.smtp.password.is_none());
    // Google without the secret that it wants is a mistake, told before anything is written.
    let other = tempfile::tempdir().unwrap();
    let words = "init --offline --provider google --address a@acme.example --name Acme --country fr --oauth-client-id x";
    let mut flags: Vec<String> = words.split(' ').map(str::to_owned).collect();
    flags.extend([
        "--postal-address".to_owned(),
        "12 rue de la Paix, Paris".to_owned(),
    ]);
    let said = init(other.path(), &flags, "", "en_US.UTF-8");
    assert!(
        said.code == Some(2) && said.err.contains("client_secret"),
        "{said:?}"
    );
    assert!(!other.path().join("config/quitus.toml").exists());
}
