//! Whoever watches the daemon from outside: the health page, the alerts that leave, and the journal that reads its lines.

use crate::firm::{Firm, MAILBOX};
use crate::operator::{Running, ask, status, until};
use crate::port::free_port;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rustix::process::Signal;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Asks the page; the status, the head and the body.
fn get(port: u16, path: &str, accept: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let ask =
        format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    let code = head.split(' ').nth(1).unwrap().parse().unwrap();
    (code, head.to_lowercase(), body.to_owned())
}

/// Waits for something that takes its time.
fn wait<T>(what: &str, mut there: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Saves a mistake, or mends it, and has it read.
fn spoil(firm: &Firm, daemon: &Running, spoiled: bool) {
    let both = ["delay_minutes = 0", "delay_minutes = \"soon\""];
    let [from, to] = if spoiled { both } else { [both[1], both[0]] };
    firm.change(from, to);
    daemon.signal(Signal::HUP);
}

#[test]
fn the_health_page_says_what_status_says_in_numbers_and_names_nobody() {
    let firm = Firm::new(1);
    let port = free_port();
    firm.change("name = \"sales\"", &format!("name = \"{MAILBOX}\""));
    firm.change(
        "[smtp]",
        &format!("[health]\nlisten = \"127.0.0.1:{port}\"\n\n[smtp]"),
    );
    let daemon = Running::start(&firm.file);
    assert_eq!(get(port, "/healthz", "*/*").0, 200);
    assert_eq!(get(port, "/elsewhere", "*/*").0, 404);
    let ready = get(port, "/readyz", "*/*");
    assert_eq!((ready.0, ready.2.as_str()), (200, "ready\n"));

    firm.reply(1, "STOP");
    let now = until(&firm.file, "the STOP is obeyed", |s| s["suppressed"] == 1);
    std::thread::sleep(Duration::from_millis(1100));
    let (code, head, page) = get(port, "/metrics", "*/*");
    assert_eq!(code, 200);
    assert!(
        head.contains("content-type: text/plain; version=0.0.4"),
        "{head}"
    );
    let number = |line: &str| -> f64 {
        let found = page.lines().find_map(|l| l.strip_prefix(line));
        let found = found.unwrap_or_else(|| panic!("{line} is not in {page}"));
        found.trim().parse().unwrap()
    };
    assert_eq!(number("quitus_people{state=\"suppressed\"}"), 1.0);
    assert_eq!(number("quitus_mailbox_up{mailbox=\"c…@a…n.example\"}"), 1.0);
    assert_eq!(number("quitus_mode{mode=\"shadow\"}"), 1.0);
    assert_eq!(number("quitus_ill"), 0.0);
    for (state, many) in now["messages"].as_object().unwrap() {
        let line = format!("quitus_messages{{state=\"{state}\"}}");
        assert_eq!(number(&line), many.as_f64().unwrap(), "{line}");
    }
    let since: jiff::Timestamp = now["daemon"]["since"].as_str().unwrap().parse().unwrap();
    let began = number("quitus_start_time_seconds");
    assert!((began - since.as_second() as f64).abs() < 2.0, "{began}");
    assert!(
        !page.contains("claire") && !page.contains("client1"),
        "{page}"
    );
    let (_, head, open) = get(
        port,
        "/metrics",
        "application/openmetrics-text; version=1.0.0",
    );
    assert!(
        head.contains("content-type: application/openmetrics-text; version=1.0.0"),
        "{head}"
    );
    assert!(open.ends_with("# EOF\n"));

    spoil(&firm, &daemon, true);
    let ill = wait("503", || {
        let asked = get(port, "/readyz", "*/*");
        (asked.0 == 503).then_some(asked.2)
    });
    assert!(ill.starts_with("what was saved is wrong"), "{ill}");
    assert_eq!(get(port, "/healthz", "*/*").0, 200, "ill, and alive");
    let page = get(port, "/metrics", "*/*").2;
    assert!(page.contains("\nquitus_ill 1\n"), "{page}");
    assert!(
        page.contains("\nquitus_needs{why=\"edits\",urgent=\"yes\"} 1\n"),
        "{page}"
    );
    spoil(&firm, &daemon, false);
    daemon.end();
}

#[test]
fn a_mailbox_that_is_ill_is_told_by_the_page_with_its_address_masked() {
    let firm = Firm::new(1);
    let port = free_port();
    firm.write("password", "not the password");
    firm.change("name = \"sales\"", &format!("name = \"{MAILBOX}\""));
    firm.change(
        "[smtp]",
        &format!("[health]\nlisten = \"127.0.0.1:{port}\"\n\n[smtp]"),
    );
    let daemon = Running::start(&firm.file);
    let ill = wait("503", || {
        let asked = get(port, "/readyz", "*/*");
        (asked.0 == 503).then_some(asked.2)
    });
    let masked = "c…@a…n.example: a mailbox cannot be read (since ";
    assert!(ill.starts_with(masked) && ill.lines().count() == 1, "{ill}");
    let page = get(port, "/metrics", "*/*").2;
    assert!(
        page.contains("\nquitus_mailbox_up{mailbox=\"c…@a…n.example\"} 0\n"),
        "{page}"
    );
    daemon.end();
}

/// The receiver's key, and the signed messages that it took.
const KEY: &str = "whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0";
type Heard = Arc<Mutex<Vec<(String, Value)>>>;

/// As a receiver does it (Standard Webhooks): the signature of id, time and body under the shared secret.
async fn take(State(heard): State<Heard>, headers: HeaderMap, body: String) {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let key = STANDARD.decode(KEY.trim_start_matches("whsec_")).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
    mac.update(format!("{id}.{time}.{body}").as_bytes());
    let right = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(header("webhook-signature"), right);
    let message = serde_json::from_str(&body).unwrap();
    heard.lock().unwrap().push((id, message));
}

/// A receiver on loopback, for as long as the runtime lives; its port.
fn receiver(runtime: &tokio::runtime::Runtime, heard: &Heard) -> u16 {
    let routes = Router::new()
        .route("/hook", post(take))
        .with_state(heard.clone());
    let bound = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
    let listener = bound.unwrap();
    let port = listener.local_addr().unwrap().port();
    runtime.spawn(async move { axum::serve(listener, routes).await });
    port
}

/// A program that writes down what it reads; the first time it fails, so that it must be told again.
fn pager(firm: &Firm) -> String {
    let heard = firm.path("heard");
    let script = firm.write(
        "page.sh",
        &format!(
            "cat > '{0}.new'\n[ -e '{0}.failed' ] || {{ touch '{0}.failed'; exit 1; }}\ncat '{0}.new' >> '{0}'\necho == >> '{0}'\n",
            heard.display()
        ),
    );
    format!("command = [\"sh\", \"{}\"]", script.display())
}

/// What the program was told, one after the other.
fn paged(firm: &Firm) -> Vec<String> {
    let text = std::fs::read_to_string(firm.path("heard")).unwrap_or_default();
    let told = text.split("==\n").filter(|t| !t.is_empty());
    told.map(str::to_owned).collect()
}

#[test]
fn a_program_and_a_webhook_are_told_once_that_it_is_ill_and_once_that_it_is_well() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (firm, heard) = (Firm::new(1), Heard::default());
    let port = receiver(&runtime, &heard);
    firm.write("hook.key", KEY);
    let alerts = format!(
        "[alerts]\n{}\nwebhook = {{ url = \"http://127.0.0.1:{port}/hook\" }}\nsecret = {{ file = \"hook.key\" }}\n\
         patience_seconds = 0\n\n[smtp]",
        pager(&firm)
    );
    firm.change("[smtp]", &alerts);
    let checked = ask(&firm.file, &["check"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let daemon = Running::start(&firm.file);

    spoil(&firm, &daemon, true);
    let first = wait("the webhook is told", || {
        heard.lock().unwrap().first().cloned()
    });
    assert_eq!(first.1["type"], "alert.ill");
    let data = &first.1["data"];
    assert_eq!(data["controller"], "Atelier Vauban");
    assert_eq!(data["needs"][0]["why"], serde_json::json!(["edits"]));
    assert_eq!(data["needs"][0]["command"], "quitus check");
    let paged_ill = wait("the program is told", || paged(&firm).first().cloned());
    daemon.said("the command of [alerts] was not told");
    assert!(
        paged_ill.starts_with("Quitus of Atelier Vauban is ill since 20"),
        "{paged_ill}"
    );
    assert!(
        paged_ill.contains("\nwhat was saved is wrong, the last good set stays in force (since ")
            && paged_ill.ends_with("\n→ quitus check\n"),
        "{paged_ill}"
    );

    spoil(&firm, &daemon, false);
    let all = wait("the webhook is told", || {
        let all = heard.lock().unwrap().clone();
        (all.len() > 1).then_some(all)
    });
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!(all[1].1["type"], "alert.well");
    assert_ne!(all[0].0, all[1].0, "another alert is another message");
    let told = wait("the program is told", || {
        let told = paged(&firm);
        (told.len() > 1).then_some(told)
    });
    assert!(
        told.len() == 2
            && told[1].starts_with("Quitus of Atelier Vauban is well again; it was ill since 20"),
        "{told:#?}"
    );
    daemon.end();
}

#[test]
fn a_restart_tells_nothing_twice_and_only_what_lasts_is_told_of_a_mailbox() {
    let firm = Firm::new(1);
    firm.write("heard.failed", "");
    firm.write("password", "not the password");
    firm.change("name = \"sales\"", &format!("name = \"{MAILBOX}\""));
    let alerts = format!("[alerts]\n{}\npatience_seconds = 3\n\n[smtp]", pager(&firm));
    firm.change("[smtp]", &alerts);
    let daemon = Running::start(&firm.file);
    let told = wait("the program is told", || paged(&firm).first().cloned());
    assert!(
        told.contains("\nc…@a…n.example: a mailbox cannot be read (since "),
        "{told}"
    );
    assert!(!told.contains("claire"), "{told}");
    daemon.said("was told");
    daemon.end();
    let kept = std::fs::read_to_string(firm.path("store/alerts.json")).unwrap();
    assert!(!kept.contains("claire"), "{kept}");

    let daemon = Running::start(&firm.file);
    until(&firm.file, "it is ill again", |s| {
        s["needs"][0]["why"][0] == "mailbox"
    });
    // Two looks and more.
    std::thread::sleep(Duration::from_secs(12));
    assert_eq!(paged(&firm).len(), 1);
    daemon.end();
}

#[test]
fn the_journal_gets_priorities_and_neither_times_nor_colours() {
    let firm = Firm::new(1);
    let log = firm.write("daemon.log", "");
    let found = std::fs::metadata(log).unwrap();
    let stream = format!("{}:{}", found.dev(), found.ino());
    let daemon = Running::start_with(&firm.file, &[("JOURNAL_STREAM", &stream)]);
    spoil(&firm, &daemon, true);
    daemon.said("the last good set stays in force");
    spoil(&firm, &daemon, false);
    assert_eq!(status(&firm.file)["mode"], "shadow");
    let lines = daemon.log();
    assert!(
        lines.contains("<6>INFO quitus::cli::run: ready "),
        "{lines}"
    );
    assert!(lines.contains("<3>ERROR quitus::cli::run: "), "{lines}");
    // What to do stands on a line of its own, with the priority of the mistake.
    assert!(lines.contains("\n<3>→ "), "{lines}");
    for line in lines.lines() {
        assert!(
            matches!(&line.as_bytes()[..3], [b'<', b'3' | b'4' | b'6', b'>']),
            "{line}"
        );
        assert!(
            !line.contains('\u{1b}') && !line.contains("Z  INFO"),
            "{line}"
        );
    }
    daemon.end();

    // Another stream than that which was named is not the journal.
    let daemon = Running::start_with(&firm.file, &[("JOURNAL_STREAM", "1:1")]);
    let last = daemon.log().lines().last().unwrap().to_owned();
    assert!(last.contains("Z  INFO "), "{last}");
    daemon.end();
}
