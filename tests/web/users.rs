//! `quitus users` and the demo's link, as a person types them: the real binary.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const CONFIGURATION: &str = include_str!("../../src/cli/demo/quitus.toml");

fn configuration(folder: &Path) {
    std::fs::write(folder.join("password"), "demo").unwrap();
    let text = CONFIGURATION
        .replace("@MAILBOX@", "claire@firm.example")
        .replace("@PRIVACY@", "privacy@firm.example")
        .replace("@FIRM@", "Firm")
        .replace("@AUTHSERV@", "mx.firm.example")
        .replace("@IMAP@", "1")
        .replace("@SMTP@", "2");
    std::fs::write(folder.join("quitus.toml"), text).unwrap();
}

fn quitus(folder: &Path, arguments: &[&str], typed: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quitus"))
        .args(["--config", "quitus.toml", "users"])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may have ended already.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn users_come_and_go_and_no_secret_is_kept_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    configuration(folder.path());
    let typed = "correct horse battery\n";
    let does = |arguments: &[&str], typed: &str| {
        let output = quitus(folder.path(), arguments, typed);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code().unwrap(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let add = ["add", "odile", "--role", "reviewer", "--password-file", "-"];
    let (code, said, error) = does(&add, typed);
    assert_eq!(
        (code, said.as_str()),
        (0, "odile may sign in as reviewer\n"),
        "{error}"
    );
    let file = folder.path().join("store/users.toml");
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(
        kept.contains("$argon2id$") && !kept.contains("horse"),
        "{kept}"
    );
    let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert_eq!(does(&add, typed).0, 2, "a name is there once");
    for (arguments, typed) in [
        (
            &["add", "eve", "--role", "viewer", "--password-file", "-"][..],
            "short\n",
        ),
        (
            &["add", "a b", "--role", "viewer", "--password-file", "-"],
            typed,
        ),
        (
            &["add", "eve", "--role", "owner", "--password-file", "-"],
            typed,
        ),
        (&["add", "eve", "--role", "viewer"], typed),
        (
            &[
                "add",
                "eve",
                "--role",
                "viewer",
                "--password",
                "argv-is-seen",
            ],
            "",
        ),
        (&["passwd", "nobody", "--password-file", "-"], typed),
        (&["remove", "nobody"], ""),
    ] {
        let (code, _, error) = does(arguments, typed);
        assert_eq!(code, 2, "{arguments:?}: {error}");
    }
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        kept,
        "nothing changed"
    );
    let (code, token, _) = does(&["token", "odile"], "");
    assert!(
        code == 0 && token.starts_with("quitus-") && token.len() == 72,
        "{token}"
    );
    let with_token = std::fs::read_to_string(&file).unwrap();
    assert!(with_token.contains("token = ") && !with_token.contains(token.trim()));
    let (_, list, _) = does(&["list", "--json"], "");
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(
        list["users"][0],
        serde_json::json!({"user": "odile", "role": "reviewer", "language": null, "password": true, "token": true})
    );
    assert_eq!(
        does(
            &["passwd", "odile", "--password-file", "-"],
            "another one, longer\n"
        )
        .0,
        0
    );
    assert_ne!(std::fs::read_to_string(&file).unwrap(), with_token);
    assert_eq!(does(&["remove", "odile"], "").0, 0);
    assert!(does(&["list"], "").1.starts_with("nobody:"));
}

/// One request to the demo's desk.
fn ask_demo(at: &str, method: &str, path: &str, more: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(at).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nContent-Length: {length}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nOrigin: http://{at}\r\n{more}\r\n{body}"
    )
    .unwrap();
    std::io::read_to_string(stream).unwrap()
}

fn cookie_of(answer: &str) -> String {
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let mut lines = answer.lines();
    let cookie = lines.find_map(|l| l.strip_prefix("set-cookie: ")).unwrap();
    format!("Cookie: {}\r\n", cookie.split(';').next().unwrap())
}

/// The value of a hidden field.
fn field<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap_or_else(|| panic!("{name} in {page}"));
    rest.split('"').next().unwrap()
}

/// A demo that stays until the test is over, whatever its end.
struct Demo(std::process::Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_demo_that_stays_lets_somebody_in_who_finds_what_waits_and_edits_a_template() {
    let child = Command::new(env!("CARGO_BIN_EXE_quitus"))
        .args(["demo", "--keep"])
        .stdout(Stdio::piped())
        .spawn();
    let mut demo = Demo(child.unwrap());
    let lines = BufReader::new(demo.0.stdout.take().unwrap()).lines();
    let mut said = String::new();
    for line in lines.map(Result::unwrap) {
        said += &format!("{line}\n");
        if line.contains("Ctrl-C") {
            break;
        }
    }
    let word_after = |mark: &str| {
        let (_, rest) = said.split_once(mark).unwrap_or_else(|| panic!("{said}"));
        rest.split([' ', ',', '\n']).next().unwrap().to_owned()
    };
    let link = word_after("  http://");
    let (at, path) = link.split_once('/').unwrap();
    let cookie = cookie_of(&ask_demo(at, "GET", &format!("/{path}"), "", ""));
    let today = ask_demo(at, "GET", "/", &cookie, "");
    assert!(today.contains("A letter to approve"), "{today}");
    assert!(
        today.contains("<strong>30</strong>"),
        "what was decided since: {today}"
    );
    let (name, password) = (word_after(", name "), word_after(", password "));
    let typed = format!("name={name}&password={password}");
    let cookie = cookie_of(&ask_demo(at, "POST", "/sign-in", "", &typed));
    let edit = "/templates/edit?path=fr/parts/closing.txt";
    let page = ask_demo(at, "GET", edit, &cookie, "");
    assert!(page.contains("an unchanged copy"), "{page}");
    let form = format!(
        "csrf={}&seen={}&path=fr/parts/closing.txt&do=publish&text=%C3%80+bient%C3%B4t,%0D%0A%7B%7B+controller.name+%7D%7D%0D%0A",
        field(&page, "csrf"),
        field(&page, "seen")
    );
    let done = ask_demo(at, "POST", "/templates/edit", &cookie, &form);
    assert!(done.starts_with("HTTP/1.1 303"), "{done}");
    let page = ask_demo(at, "GET", edit, &cookie, "");
    assert!(page.contains("published") && page.contains("bientôt"));
    let store = said.lines().find_map(|l| l.strip_prefix("store")).unwrap();
    let folder = std::path::Path::new(store.trim()).parent().unwrap();
    let text = std::fs::read_to_string(folder.join("templates/fr/parts/closing.txt")).unwrap();
    assert_eq!(text, "À bientôt,\n{{ controller.name }}\n");
    let config = folder.join("quitus.toml");
    let log = Command::new(env!("CARGO_BIN_EXE_quitus"))
        .args(["log", "--config", config.to_str().unwrap()])
        .output()
        .unwrap();
    let log = String::from_utf8(log.stdout).unwrap();
    assert!(log.contains("published by you"), "{log}");
    let folder = folder.to_owned();
    drop(demo);
    std::fs::remove_dir_all(folder).unwrap();
}
