//! The IMAP side against a real Dovecot: logging in, protection, folders, reading, what other clients do meanwhile.

mod support;

use quitus::config::SecretSource;
use quitus::mailbox::*;
use quitus::record::UidSet;
use std::sync::{Arc, Mutex, Weak};
use support::dovecot::Dovecot;
use support::watched::{Running, Store};

/// One server for all tests that run at the same time, each with a user of its own; the last one ends it.
fn server() -> Arc<Dovecot> {
    static SERVER: Mutex<Weak<Dovecot>> = Mutex::new(Weak::new());
    let mut shared = SERVER.lock().unwrap_or_else(|e| e.into_inner());
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(Dovecot::start());
        *shared = Arc::downgrade(&server);
        server
    })
}

fn settings(server: &Dovecot, user: &str, more: &str) -> MailboxSettings {
    let secret = server.ca_file().with_file_name(format!("{user}.password"));
    std::fs::write(&secret, "secret\n").unwrap();
    let text = format!(
        "name = '{user}'\naddress = '{user}@example.com'\npoll_seconds = 1\n[imap]\nhost = '127.0.0.1'\nport = {}\nusername = '{user}'\npassword = {{ file = '{}' }}\nca_file = '{}'\ntimeout_seconds = 5\n{more}",
        server.imaps,
        secret.display(),
        server.ca_file().display(),
    );
    let settings: MailboxSettings = toml::from_str(&text).unwrap();
    assert_eq!(settings.faults(), []);
    settings
}

fn mail(id: &str, more: &str) -> Vec<u8> {
    format!("From: a@example.org\r\nTo: sales@example.com\r\nMessage-ID: <{id}@t>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n{more}\r\nSTOP\r\n").into_bytes()
}

async fn open(settings: MailboxSettings) -> Result<Session, SessionError> {
    Connector::new(Arc::new(settings))?.open().await
}

#[tokio::test]
async fn both_logins_and_both_protections_work_and_a_wrong_password_is_said() {
    let s = &*server();
    for auth in ["login", "plain", "auto"] {
        let mut plain = settings(s, "login", &format!("auth = '{auth}'"));
        open(plain.clone()).await.unwrap().log_out().await;
        plain.imap.security = Security::StartTls;
        plain.imap.port = Some(s.imap);
        let probe = probe(&plain).await.unwrap();
        assert!(probe.protected && probe.capabilities.iter().any(|c| c == "IDLE"));
        assert!(
            probe.named.iter().all(|(_, opened)| opened.is_ok()),
            "{:?}",
            probe.named
        );
        plain.imap.password = Some(SecretSource::Command(vec!["echo".into(), "wrong é".into()]));
        assert!(matches!(open(plain).await, Err(SessionError::Auth { .. })));
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_trusted_is_refused_in_words() {
    let s = &*server();
    for security in [Security::Tls, Security::StartTls] {
        let port = if security == Security::Tls {
            s.imaps
        } else {
            s.imap
        };
        let problem = async |host: &str, trusted: bool| {
            let mut settings = settings(s, "tls", "");
            settings.imap.security = security;
            settings.imap.port = Some(port);
            settings.imap.host = host.to_owned();
            if !trusted {
                let other = s.ca_file().with_file_name("other.pem");
                support::tls::Authority::new().write(&other);
                settings.imap.ca_file = Some(other);
            }
            match open(settings).await.map(drop) {
                Err(SessionError::Tls { problem, .. }) => problem,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(problem("127.0.0.2", true).await, TlsProblem::Expired);
        assert_eq!(problem("localhost", true).await, TlsProblem::WrongName);
        assert_eq!(
            problem("127.0.0.1", false).await,
            TlsProblem::UnknownAuthority
        );
    }
}

#[tokio::test]
async fn the_newest_window_is_read_first_and_huge_messages_in_part() {
    let s = &*server();
    for n in 1..=25 {
        s.deliver("order", "", &mail(&n.to_string(), ""));
    }
    let huge = mail("huge", &format!("X-Fill: {}\r\n", "x".repeat(50_000)));
    s.deliver("order", "", &huge);
    s.deliver("order", ".Unwanted", &mail("junk", ""));
    s.deliver("order", ".Sent", &mail("sent", ""));
    let more =
        "[read]\nwindow = 10\nbatch_messages = 4\nmax_message_bytes = 20000\npartial_bytes = 8192";
    let running = Running::start(settings(s, "order", more), Store::default());
    running
        .until("28 messages", |book, _| book.fetched.len() == 28)
        .await;
    {
        let book = running.store.0.lock().unwrap();
        let inbox: Vec<u32> = book
            .fetched
            .iter()
            .filter(|m| m.role == FolderRole::Inbox)
            .map(|m| m.uid)
            .collect();
        assert_eq!(inbox.len(), 26);
        assert!(inbox[..10].iter().all(|uid| *uid > 16), "{inbox:?}");
        let part = book.fetched.iter().find(|m| m.partial).unwrap();
        assert_eq!(
            (part.raw.len(), &part.raw[..], part.size),
            (8192, &huge[..8192], huge.len() as u64)
        );
        assert_eq!(book.fetched[0].role, FolderRole::Sent, "Sent goes first");
        assert!(
            book.fetched
                .iter()
                .any(|m| m.role == FolderRole::Junk && &*m.folder == "Unwanted")
        );
    }
    assert!(
        !s.doveadm(&["fetch", "-u", "order", "flags", "mailbox", "INBOX", "all"])
            .contains("Seen")
    );
    running.stop().await;
}

#[tokio::test]
async fn what_arrives_while_a_backlog_is_read_waits_for_none_of_it() {
    let server = server();
    let s = &*server;
    for n in 1..=200 {
        s.deliver("late", "", &mail(&n.to_string(), ""));
    }
    let store = Store::default();
    let post = server.clone();
    store.0.lock().unwrap().meanwhile = Some(Box::new(move || {
        post.deliver("late", "", &mail("now", ""));
        // A store that takes its time.
        std::thread::sleep(std::time::Duration::from_millis(600));
    }));
    let more = "[read]\nwindow = 20\nbatch_messages = 10";
    let mut calm = settings(s, "late", more);
    calm.poll_seconds = 600;
    let running = Running::start(calm, store);
    running
        .until("201 messages", |book, _| book.fetched.len() == 201)
        .await;
    {
        let book = running.store.0.lock().unwrap();
        let place = book.fetched.iter().position(|m| m.uid == 201).unwrap();
        assert!(place < 100, "after {place} others");
    }
    running
        .until("watching", |_, status| {
            status.state == MailboxState::Watching
        })
        .await;
    assert_eq!(running.store.0.lock().unwrap().fetched.len(), 201, "once");
    running.stop().await;
}

#[tokio::test]
async fn new_mail_wakes_idle_and_a_restart_reads_nothing_twice() {
    let s = &*server();
    let mut slow = settings(s, "idle", "");
    slow.poll_seconds = 600;
    let running = Running::start(slow.clone(), Store::default());
    running
        .until("watching", |_, status| {
            status.state == MailboxState::Watching
        })
        .await;
    s.deliver("idle", "", &mail("1", ""));
    running
        .until("the new mail", |book, _| book.fetched.len() == 1)
        .await;
    let store = running.store.clone();
    running.stop().await;
    s.deliver("idle", "", &mail("2", ""));
    let running = Running::start(slow, store);
    running
        .until("the second mail", |book, _| book.fetched.len() == 2)
        .await;
    running
        .until("the same folders", |book, _| {
            book.opened
                .last()
                .is_some_and(|o| o.opening == Opening::Same)
        })
        .await;
    running.stop().await;
}

#[tokio::test]
async fn a_folder_that_was_recreated_is_recognised_by_its_header_keys() {
    let s = &*server();
    for n in 1..=3 {
        s.deliver("again", ".Replies", &mail(&n.to_string(), ""));
    }
    let mut replies = settings(s, "again", "");
    replies.folders = vec!["Replies".to_owned()];
    let running = Running::start(replies, Store::default());
    running
        .until("3 messages", |book, _| book.fetched.len() == 3)
        .await;
    s.doveadm(&["mailbox", "delete", "-u", "again", "Replies"]);
    s.doveadm(&["mailbox", "create", "-u", "again", "Replies"]);
    s.deliver("again", ".Replies", &mail("2", ""));
    s.deliver("again", ".Replies", &mail("4", ""));
    running
        .until("the new one only", |book, _| book.fetched.len() == 4)
        .await;
    {
        let book = running.store.0.lock().unwrap();
        assert!(
            book.opened
                .iter()
                .any(|o| matches!(o.opening, Opening::Recreated { .. }))
        );
        assert!(
            book.passed
                .iter()
                .any(|p| p.why == PassedOver::Known && p.uids.len() == 1)
        );
    }
    running.stop().await;
}

#[tokio::test]
async fn what_another_client_removes_before_it_is_read_is_gone_and_counted() {
    let s = &*server();
    s.deliver("gone", "", &mail("1", ""));
    let running = Running::start(settings(s, "gone", ""), Store::default());
    running
        .until("the first", |book, _| book.fetched.len() == 1)
        .await;
    let store = running.store.clone();
    running.stop().await;
    s.deliver("gone", "", &mail("2", ""));
    s.doveadm(&["expunge", "-u", "gone", "mailbox", "INBOX", "uid", "2"]);
    s.deliver("gone", "", &mail("3", ""));
    let running = Running::start(settings(s, "gone", ""), store);
    running
        .until("the hole", |book, _| {
            book.passed
                .iter()
                .any(|p| p.why == PassedOver::Gone && p.uids.ranges() == [(2, 2)])
        })
        .await;
    running
        .until("the third", |book, _| book.fetched.len() == 2)
        .await;
    running
        .until("the count", |_, status| {
            status.folders.iter().any(|f| f.gone == 1)
        })
        .await;
    running.stop().await;
}

#[tokio::test]
async fn a_colleague_who_was_faster_is_seen() {
    let s = &*server();
    for n in 1..=40 {
        s.deliver("faster", "", &mail(&n.to_string(), ""));
    }
    let mut session = open(settings(s, "faster", "")).await.unwrap();
    let inbox = session.find("inbox").unwrap();
    let opened = session.examine(&inbox).await.unwrap();
    s.doveadm(&[
        "flags",
        "add",
        "-u",
        "faster",
        "\\Answered",
        "mailbox",
        "INBOX",
        "uid",
        "1",
    ]);
    s.deliver("faster", ".Sent", &mail("a", "In-Reply-To: <2@t>\r\n"));
    // A copy of a letter of ours is no human's answer.
    let ours = "In-Reply-To: <4@t>\r\nX-Quitus-Loop: 1;2@t\r\n";
    s.deliver("faster", ".Sent", &mail("c", ours));
    s.deliver(
        "faster",
        ".Entw&APw-rfe",
        &mail("b", "References: <x@t> <3@t>\r\n"),
    );
    // Many are asked for at once; the one beyond the first group is found too.
    s.deliver("faster", ".Sent", &mail("d", "In-Reply-To: <39@t>\r\n"));
    let requests: Vec<LookAgain> = (1..=40)
        .map(|uid| LookAgain {
            folder: "INBOX".into(),
            uidvalidity: opened.uidvalidity,
            uid,
            message_id: format!("<{uid}@t>"),
        })
        .collect();
    let found = look_again(&mut session, &requests, "\\Sent", "\\Drafts")
        .await
        .unwrap();
    let mut expected = vec![None; 40];
    expected[0] = Some(Faster::Answered);
    expected[1] = Some(Faster::Sent);
    expected[2] = Some(Faster::Draft);
    expected[38] = Some(Faster::Sent);
    assert_eq!(found, expected);
    assert_eq!(session.find("\\Drafts").unwrap().name, "Entwürfe");
}

#[tokio::test]
async fn filing_moves_flags_and_copies_once() {
    let s = &*server();
    for n in 1..=3 {
        s.deliver("file", "", &mail(&n.to_string(), ""));
    }
    let mut standby = Standby::new(Connector::new(Arc::new(settings(s, "file", ""))).unwrap());
    let session = standby.session().await.unwrap();
    let inbox = session.find("INBOX").unwrap();
    let uidvalidity = session.examine(&inbox).await.unwrap().uidvalidity;
    let selection = Selection {
        folder: "INBOX".into(),
        uidvalidity,
        uids: UidSet::from(vec![(2, 3), (9, 9)]),
    };
    let flagged = add_flag(session, &selection, "$Quitus").await.unwrap();
    assert_eq!(flagged.ranges(), [(2, 3)]);
    assert!(add_flag(session, &selection, "x) y").await.is_err());
    let moved = move_to(session, &selection, "Entwürfe").await.unwrap();
    assert_eq!(
        outcomes(&selection, &moved),
        [(2, Filed::Done), (3, Filed::Done), (9, Filed::Gone)]
    );
    assert_eq!(
        move_to(session, &selection, "Entwürfe").await.unwrap(),
        UidSet::new()
    );
    assert!(
        append_once(session, "\\Sent", "<copy@t>", &mail("copy", ""))
            .await
            .unwrap()
    );
    assert!(
        !append_once(session, "\\Sent", "<copy@t>", &mail("copy", ""))
            .await
            .unwrap()
    );
    assert!(matches!(
        move_to(session, &selection, "Nowhere").await,
        Err(SessionError::NoFolder(_))
    ));
    assert!(session.is_usable());
    standby.close().await;
}
