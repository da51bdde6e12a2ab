//! The main job on real servers: replies in Dovecot, the daemon in this process, letters through Postfix, both over TLS.
//!
//! The daemon is ended between its decisions and its letters, runs again, and then meets a mailbox with a new UIDVALIDITY.

#[path = "way/campaign.rs"]
mod campaign;
#[path = "support/certs.rs"]
mod certs;
#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "support/house.rs"]
mod house;
#[path = "support/port.rs"]
mod port;
#[path = "support/postbox.rs"]
mod postbox;
#[path = "support/postfix.rs"]
mod postfix;
#[path = "support/settings.rs"]
mod settings;
#[path = "support/tls.rs"]
mod tls;
#[path = "desk/tool.rs"]
mod tool;

use certs::Authority;
use dovecot::Dovecot;
use postfix::Postfix;
use quitus::mail::{self, Limits};
use quitus::record::{LetterState, MessageRow, MessageState, Suppression, Timestamp};
use quitus::sandbox::samples::{End, MAILBOX};
use quitus::service::{Clock, Daemon};
use settings::Smtp;

/// Replies of every kind of end.
const REPLIES: [&str; 9] = [
    "01-stop-fr",
    "02-polite-en",
    "04-source-fr",
    "06-access-en",
    "10-out-of-office-fr",
    "14-not-interested-nl",
    "17-answered-by-hand-fr",
    "21-stop-de",
    "25-junk-mobile-fr",
];

/// The Message-ID of a sample and the address that wrote it.
fn writer(name: &str, now: Timestamp) -> (String, String) {
    let (_, raw) = settings::sample(name).letter.written(now.to_jiff());
    let message = mail::read(&raw, &Limits::default(), None, &()).unwrap();
    let from = message.from.as_ref().unwrap().as_str().to_owned();
    (message.message_id.unwrap(), from)
}

/// What the store says of a sample's message.
fn message(daemon: &Daemon, name: &str, now: Timestamp) -> MessageRow {
    let reader = daemon.office.sequencer.reader();
    let mail = reader.fingerprinter().mail_id(&writer(name, now).0);
    let key = reader.state().inbound(mail).unwrap().expect(name);
    reader.state().message(key).unwrap().expect(name)
}

/// Asserts that every reply ended as its sample says.
fn assert_ends(daemon: &Daemon, now: Timestamp) {
    let state = daemon.office.sequencer.reader().state();
    for name in REPLIES {
        let (sample, row) = (settings::sample(name), message(daemon, name, now));
        let wanted = match sample.end {
            End::Answered => MessageState::Answered,
            End::Acted => MessageState::Acted,
            End::Held => MessageState::Held,
            End::Ignored => MessageState::Ignored,
        };
        assert_eq!(row.state, Some(wanted), "{name}: {}", row.rule);
        // What the gate lets pass (A.ok) is decided by the policy, and the demo's answers by itself.
        let rule = match sample.rule {
            "A.ok" => "P.auto",
            // The null Return-Path of an absence notice may speak before its headers (A2).
            "A3" => "A",
            rule => rule,
        };
        assert!(
            row.rule.to_string().starts_with(rule),
            "{name}: {}",
            row.rule
        );
        let person = row.person.map(|p| state.person(p).unwrap());
        let suppression = person.and_then(|p| p.suppression).map(|s| s.suppression);
        let wanted = match name {
            "06-access-en" | "14-not-interested-nl" => Some(Suppression::Paused),
            // Who asks where an address comes from does not want the next mail either.
            _ if sample.requests.contains(&"stop") || sample.requests.contains(&"source") => {
                Some(Suppression::Suppressed)
            }
            _ => None,
        };
        assert_eq!(suppression, wanted, "{name}");
    }
}

/// The header of a letter, unfolded, and its lines.
fn field(raw: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(raw).replace("\r\n", "\n");
    let head = text.split("\n\n").next()?.replace("\n ", " ");
    let head = head.replace("\n\t", " ");
    let mut lines = head.lines();
    let line = lines.find(|l| l.to_lowercase().starts_with(&format!("{name}:")))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Asserts that exactly one letter answers this reply, as a letter must look, with these words in its text.
fn assert_letter(letters: &[Vec<u8>], name: &str, words: &str, now: Timestamp) {
    let (id, from) = writer(name, now);
    let id = format!("<{id}>");
    let answers = |l: &&Vec<u8>| field(l, "in-reply-to").as_deref() == Some(&*id);
    let found: Vec<_> = letters.iter().filter(answers).collect();
    assert_eq!(found.len(), 1, "letters that answer {name}");
    let letter = found[0];
    assert_eq!(
        field(letter, "auto-submitted").as_deref(),
        Some("auto-replied"),
        "{name}"
    );
    assert!(
        field(letter, "references").unwrap().ends_with(&id),
        "{name}"
    );
    assert!(field(letter, "to").unwrap().contains(&from), "{name}");
    assert_eq!(field(letter, "delivered-to").as_deref(), Some(&*from));
    let read = mail::read(letter, &Limits::default(), None, &()).unwrap();
    let text = format!("{} {:?}", read.fresh.text, read.fresh.elided);
    assert!(text.contains(words), "{name}: {text}");
}

fn letters_left(daemon: &Daemon) -> u64 {
    let state = daemon.office.sequencer.reader().state();
    let counts = state.counts().unwrap();
    let place = LetterState::ALL
        .iter()
        .position(|s| *s == LetterState::Sent);
    counts.letters[place.unwrap()]
}

/// How many notices their owner was sent.
fn told(daemon: &Daemon) -> u64 {
    let state = daemon.office.sequencer.reader().state();
    state.owner_notices().unwrap().sent
}

/// What arrived beside as many notices to the owner: only what is new was answered, and told once.
fn arrived(postfix: &Postfix, count: usize) -> Vec<Vec<u8>> {
    let of_owner = |mail: &Vec<u8>| field(mail, "delivered-to").as_deref() == Some(MAILBOX);
    let all = postfix.letters(2 * count).into_iter();
    let (notices, letters): (Vec<_>, Vec<_>) = all.partition(of_owner);
    assert_eq!(notices.len(), count, "notices: {}", postfix.log());
    assert_eq!(letters.len(), count, "letters: {}", postfix.log());
    letters
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_are_obeyed_and_answered_once_across_restarts_and_a_new_uidvalidity() {
    let (dovecot, folder) = (Dovecot::start(), tempfile::tempdir().unwrap());
    let authority = Authority::new("test");
    let certified = authority.vouch_for("127.0.0.1", 2040);
    let everybody = "virtual_mailbox_domains = static:all\n";
    let postfix = Postfix::start(Some(certified.pem()), everybody);
    let now = Clock::system().now();
    house::fill(&dovecot, &REPLIES, now);
    let authority = authority.file(folder.path());
    let way = Smtp {
        port: postfix.tls_port(),
        authority: Some(&authority),
    };
    // Letters wait ten minutes, so the first daemon decides and ends before any of them leaves.
    let file = settings::configuration(folder.path(), &dovecot, &way, 10);
    house::furnish(&file, now).await;
    let all = REPLIES.len() as u64;

    let first = house::start(&file, 0).await;
    house::until("every reply was decided", || house::decided(&first) == all).await;
    assert_ends(&first, now);
    assert_eq!(letters_left(&first), 0);
    first.end().await;
    assert!(postfix.letters(0).is_empty());

    let second = house::start(&file, 30).await;
    house::until("five letters left, and their owner heard of each", || {
        letters_left(&second) == 5 && told(&second) == 5
    })
    .await;
    assert_ends(&second, now);
    second.end().await;
    let letters = arrived(&postfix, 5);
    for (name, words) in [
        ("01-stop-fr", "ne vous enverra plus"),
        ("02-polite-en", "Atelier Vauban"),
        ("04-source-fr", "Dropcontact"),
        ("06-access-en", "access to your data"),
        ("21-stop-de", "Atelier Vauban"),
    ] {
        assert_letter(&letters, name, words, now);
    }

    // The same mail under another UIDVALIDITY, one reply that was never seen, and a way in clear text.
    let other = ["mailbox", "update", "-u", MAILBOX];
    dovecot.doveadm(&[&other[..], &["--uid-validity", "77", "INBOX"]].concat());
    let stop = settings::sample("24-stop-es");
    let later = now.plus_seconds(300);
    house::deliver(&dovecot, "", &stop.letter, later);
    let plain = Smtp {
        port: postfix.port(),
        authority: None,
    };
    settings::configuration(folder.path(), &dovecot, &plain, 0);
    let third = house::start(&file, 60).await;
    house::until("the new reply was decided and answered", || {
        house::decided(&third) == all + 1 && letters_left(&third) == 6 && told(&third) == 6
    })
    .await;
    assert_ends(&third, now);
    let state = third.office.sequencer.reader().state();
    let resets: u32 = state.folders().unwrap().iter().map(|f| f.1.resets).sum();
    assert_eq!(resets, 1, "the change was seen");
    third.end().await;
    let letters = arrived(&postfix, 6);
    assert_letter(&letters, "24-stop-es", "Atelier Vauban", later);
    let store = folder.path().join("store");
    assert_eq!(quitus::proof::verify_log(&store).unwrap().bad, None);
    assert!(quitus::store::verify(&store).unwrap().is_clean());
}
