//! Many mailboxes in one process: a server that is down delays no other and is asked by one; a mailbox that closes.
//!
//! The figures for five hundred are those of the bench `many`; here are the rules, with a score of them.

#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "support/fleet.rs"]
mod fleet;
#[path = "support/house.rs"]
mod house;
#[path = "support/port.rs"]
mod port;
#[path = "support/settings.rs"]
mod settings;
#[path = "support/tls.rs"]
mod tls;

use dovecot::Dovecot;
use fleet::Fleet;
use quitus::mailbox::MailboxState;
use quitus::sandbox::samples::{MAILBOX, PRIVACY};
use quitus::sandbox::smtp;
use quitus::service::{Clock, Daemon};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Long, for a machine on which others build.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that takes every connection and ends it; how many there were.
fn dead() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            drop(connection);
        }
    });
    (port, asked)
}

/// Lets these mailboxes be on another port.
fn move_to(port: u16, fleet: &Fleet, mailboxes: &[usize]) {
    let text = std::fs::read_to_string(&fleet.file).unwrap();
    let mut blocks: Vec<String> = text.split("[[mailbox]]").map(str::to_owned).collect();
    let here = format!("port = {}\n", fleet.dovecot.imaps);
    for n in mailboxes {
        // Before the first mailbox stands everything else.
        let block = &mut blocks[n + 1];
        *block = block.replacen(&here, &format!("port = {port}\n"), 1);
    }
    std::fs::write(&fleet.file, blocks.join("[[mailbox]]")).unwrap();
}

#[test]
fn a_server_that_is_down_is_asked_by_one_mailbox_and_delays_no_other() {
    let (port, asked) = dead();
    let at_once = 3;
    let fleet = Fleet::new(24, &format!("[connections]\nat_once = {at_once}\n"));
    // Every third mailbox is there.
    let down: Vec<usize> = (0..24).filter(|n| n % 3 == 0).collect();
    move_to(port, &fleet, &down);
    let begun = Instant::now();
    let mut daemon = fleet.run();
    let up = daemon.until(PATIENCE, |seen| (seen.connected.len() == 16).then_some(()));
    assert!(up.is_some(), "{:?}", daemon.seen());
    for (n, mailbox) in [(1, 1), (2, 22), (3, 8)] {
        fleet.stop(mailbox, n);
        let sent = Instant::now();
        let acted = daemon.until(PATIENCE, |seen| seen.last.filter(|_| seen.acted == n));
        let acted = acted.unwrap_or_else(|| panic!("reply {n}: {:?}", daemon.seen()));
        // By IDLE, and not by a poll, which comes after a minute.
        let took = acted.duration_since(sent);
        assert!(took < Duration::from_secs(20), "reply {n} took {took:?}");
    }
    let status = fleet.ask(&["status", "--json"]).unwrap();
    assert_eq!(
        status["suppressed"],
        3,
        "{:?}: {status:#}",
        daemon.seen().states
    );
    // Eight mailboxes that each doubled their own pause would have asked dozens of times by the time the pause of one is long.
    while asked.load(Ordering::SeqCst) < at_once + 3 {
        assert!(begun.elapsed() < PATIENCE, "it is tried again");
        std::thread::sleep(Duration::from_millis(20));
    }
    let (took, asked) = (begun.elapsed().as_secs_f64(), asked.load(Ordering::SeqCst));
    // Those that began together, then one after half a second at the least, then one after each doubled pause.
    let most = at_once + 1 + (took / 0.5 + 1.0).log2().ceil() as usize;
    assert!(asked <= most, "{asked} connections in {took} s");
    let ill = fleet.ask(&["status", "--json"]).unwrap();
    let ill = ill["mailboxes"].as_array().unwrap();
    let ill: Vec<_> = ill.iter().filter(|m| !m["last_error"].is_null()).collect();
    assert_eq!(ill.len(), down.len(), "each says what is wrong: {ill:#?}");
    assert!(ill.iter().all(|m| m["state"] == "reconnecting"));
    let seen = daemon.seen();
    let about = |word: &str| seen.warnings.iter().filter(|w| w.contains(word)).count();
    assert!(
        about("\"mailbox\"") <= down.len(),
        "each said it once: {seen:#?}"
    );
}

/// The firm of the demo, whose salesperson's mailbox closes on this day; the house's own stays.
fn leaving(
    folder: &Path,
    dovecot: &Dovecot,
    smtp: u16,
    day: jiff::civil::Date,
) -> std::path::PathBuf {
    let way = settings::Smtp {
        port: smtp,
        authority: None,
    };
    let file = settings::configuration(folder, dovecot, &way, 0);
    let text = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once("[[mailbox]]").unwrap();
    let (block, after) = rest.split_once("[smtp]").unwrap();
    let block: Vec<&str> = block
        .lines()
        .filter(|l| !l.starts_with("aliases"))
        .collect();
    let block = block.join("\n");
    let stays = block
        .replace("\"sales\"", "\"house\"")
        .replace(MAILBOX, PRIVACY);
    let leaves = block.replace(
        "poll_seconds",
        &format!("closing = \"{day}\"\npoll_seconds"),
    );
    let text = format!("{before}[[mailbox]]{leaves}\n[[mailbox]]{stays}\n[smtp]{after}");
    std::fs::write(&file, text).unwrap();
    file
}

fn states(daemon: &Daemon) -> Vec<(String, MailboxState)> {
    let all = daemon.mailboxes().iter().map(|m| m.borrow().clone());
    all.map(|m| (m.name, m.state)).collect()
}

fn logins(dovecot: &Dovecot) -> usize {
    let login = format!("Login: user=<{MAILBOX}>");
    dovecot.log().lines().filter(|l| l.contains(&login)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_closes_is_obeyed_from_the_house_and_then_no_longer_connected() {
    let (dovecot, folder) = (Dovecot::start(), tempfile::tempdir().unwrap());
    let server = smtp::Server::start(smtp::Settings::default())
        .await
        .unwrap();
    let now = Clock::system().now();
    house::fill(&dovecot, &["01-stop-fr"], now);
    let paris = jiff::tz::TimeZone::get("Europe/Paris").unwrap();
    let today = paris.to_datetime(now.to_jiff());
    let port = server.address().port();
    let file = leaving(folder.path(), &dovecot, port, today.date());
    house::furnish(&file, now).await;

    let daemon = house::start(&file, 0).await;
    assert!(server.wait_for(1, PATIENCE).await, "{:?}", daemon.status());
    let letter = &server.received()[0];
    let text = String::from_utf8_lossy(&letter.raw).into_owned();
    let from = text.lines().find(|l| l.starts_with("From:")).unwrap();
    assert!(from.contains(PRIVACY) && !from.contains(MAILBOX), "{from}");
    assert!(!letter.from.contains(MAILBOX), "{}", letter.from);
    let told = daemon.status().unwrap().to_string();
    let day = today.date().to_string();
    assert!(
        told.contains(&format!("closes at the end of {day}")),
        "{told}"
    );
    daemon.end().await;

    // The next day by the house's clock.
    let before = logins(&dovecot);
    assert!(before > 0);
    house::deliver(&dovecot, "", &settings::sample("21-stop-de").letter, now);
    let daemon = house::start(&file, 24 * 60).await;
    house::until("the house's own mailbox is watched", || {
        states(&daemon)[1].1 == MailboxState::Watching
    })
    .await;
    let closed = ("sales".to_owned(), MailboxState::Closed);
    assert_eq!(states(&daemon)[0], closed);
    assert_eq!(logins(&dovecot), before, "nobody logged in there");
    assert_eq!(house::decided(&daemon), 1);
    let lies = ["mailbox", "status", "-u", MAILBOX, "messages", "INBOX"];
    assert!(
        dovecot.doveadm(&lies).contains("messages=2"),
        "unread there"
    );
    let told = daemon.status().unwrap();
    let closed = format!("sales: closed since the end of {day}");
    assert!(told.to_string().contains(&closed), "{told}");
    assert!(
        !told
            .needs
            .iter()
            .any(|n| n.subject.as_deref() == Some("sales"))
    );
    daemon.end().await;
}
