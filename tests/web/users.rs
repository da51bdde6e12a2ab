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

#[test]
fn the_demo_that_stays_prints_a_link_that_signs_in() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quitus"))
        .args(["demo", "--keep"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let link = lines
        .map(Result::unwrap)
        .find(|l| l.contains("http://127.0.0.1:"));
    let link = link.expect("a link is printed");
    let rest = link.trim().strip_prefix("http://").unwrap();
    let (at, path) = rest.split_once('/').unwrap();
    let ask = |path: &str, more: &str| {
        let mut stream = TcpStream::connect(at).unwrap();
        write!(
            stream,
            "GET /{path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n{more}\r\n"
        )
        .unwrap();
        std::io::read_to_string(stream).unwrap()
    };
    let first = ask(path, "");
    assert!(first.starts_with("HTTP/1.1 303"), "{first}");
    let cookie = first
        .lines()
        .find_map(|l| l.strip_prefix("set-cookie: "))
        .unwrap();
    let cookie = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
    let today = ask("", &cookie);
    assert!(today.contains("A letter to approve"), "{today}");
    child.kill().unwrap();
    child.wait().unwrap();
}
