//! The tokens at the mail servers: Dovecot with its oauth2 passdb, and SMTP; one refused token, one more try, then a refusal.

use crate::bearer_smtp::BearerSmtp;
use crate::dovecot::Dovecot;
use crate::place::{Place, USER, dovecot, smtp};
use crate::token_server::{Fault, TokenServer};
use quitus::delivery::{self, Courier, Credentials, Frozen, Outcome, Parcel, Phase, Trouble};
use quitus::mailbox::{SessionError, probe};
use quitus::record::Address;

async fn place(mechanisms: &str, word: &'static str) -> (Place, Dovecot, BearerSmtp) {
    let tokens = TokenServer::start(USER);
    let (dovecot, smtp) = (dovecot(&tokens, mechanisms), smtp(&tokens, word));
    let place = Place::new(tokens, Some(&dovecot), smtp.port, "");
    (place, dovecot, smtp)
}

#[tokio::test]
async fn both_mechanisms_open_a_real_mailbox_the_standard_one_where_there_is_no_other() {
    for (mechanisms, other) in [
        ("xoauth2 oauthbearer", None),
        ("oauthbearer", Some("AUTH=XOAUTH2")),
    ] {
        let (place, dovecot, _smtp) = place(mechanisms, "XOAUTH2").await;
        place.log_in().await;
        // Longer than any command line: Microsoft's are.
        place.tokens.world().padding = 3_000;
        place.log_in().await;
        let seen = probe(&place.config().mailboxes[0]).await;
        let seen = seen.unwrap_or_else(|e| panic!("{mechanisms}: {e}\n{}", dovecot.log()));
        assert!(
            seen.protected && seen.named.iter().all(|(_, opened)| opened.is_ok()),
            "{:?}",
            seen.named
        );
        assert!(other.is_none_or(|o| !seen.capabilities.iter().any(|c| c == o)));
        place.keeps_its_files_sealed();
    }
}

#[tokio::test]
async fn a_token_that_imap_refuses_is_replaced_once_and_then_it_is_a_refused_login() {
    let (place, _dovecot, _smtp) = place("xoauth2", "XOAUTH2").await;
    place.log_in().await;
    // Revoked before its end: the mailbox opens all the same, by one renewal.
    place.tokens.world().live.clear();
    let mailbox = &place.config().mailboxes[0];
    probe(mailbox).await.unwrap();
    assert_eq!(place.tokens.world().asked("refresh_token"), 1);
    // Nothing helps: the account may not read this mailbox. No more renewals, however often it is tried.
    place.tokens.world().user = "somebody else".into();
    for _ in 0..3 {
        let error = probe(mailbox).await.unwrap_err();
        assert!(
            matches!(&error, SessionError::Auth { .. }) && error.needs_a_person(),
            "{error}"
        );
    }
    assert_eq!(place.tokens.world().asked("refresh_token"), 1, "no loop");
}

#[tokio::test]
async fn a_log_in_that_has_ended_does_not_trouble_the_mail_servers() {
    let (place, dovecot, smtp) = place("xoauth2", "XOAUTH2").await;
    let config = place.config();
    let nobody = probe(&config.mailboxes[0]).await.unwrap_err();
    assert!(
        nobody.needs_a_person() && nobody.to_string().contains("quitus oauth login sales"),
        "{nobody}"
    );
    let login = Credentials::of(&config.smtp);
    let problem = delivery::probe(&config.smtp, login.as_ref())
        .await
        .unwrap_err();
    assert_eq!(
        (problem.phase, problem.trouble),
        (Phase::Auth, Trouble::Login)
    );
    place.log_in().await;
    place.tokens.world().fault = Some(Fault::Status(503));
    place.tokens.world().live.clear();
    let later = probe(&config.mailboxes[0]).await.unwrap_err();
    assert!(
        !later.needs_a_person(),
        "a bad moment of the provider is no refusal: {later}"
    );
    assert!(smtp.seen().commands.is_empty() && !dovecot.log().contains("panic"));
}

fn letter() -> Parcel {
    let bytes = b"From: a@acme.example\r\nTo: b@client.example\r\nSubject: x\r\n\r\nx\r\n".to_vec();
    Parcel {
        sender: Some(Address::parse("sales@acme.example").unwrap()),
        recipient: Address::parse("b@client.example").unwrap(),
        blind_copy: None,
        letter: Frozen::new(bytes).unwrap(),
    }
}

async fn deliver(place: &Place) -> Outcome {
    let config = place.config();
    let login = Credentials::of(&config.smtp);
    assert_eq!(format!("{login:?}"), "Some(Credentials(…))");
    let courier = Courier::new(&config.smtp, login).unwrap();
    courier.deliver(&letter(), &|| async { true }).await
}

#[tokio::test]
async fn letters_leave_by_both_mechanisms_with_short_tokens_and_long_ones() {
    for word in ["XOAUTH2", "OAUTHBEARER"] {
        for padding in [0, 2_500] {
            let tokens = TokenServer::start(USER);
            let server = smtp(&tokens, word);
            let place = Place::new(tokens, None, server.port, "");
            place.tokens.world().padding = padding;
            place.log_in().await;
            let outcome = deliver(&place).await;
            assert!(
                matches!(outcome, Outcome::Sent { .. }),
                "{word} {padding}: {outcome:?}"
            );
            let seen = server.seen();
            let auth = seen
                .commands
                .iter()
                .find(|c| c.starts_with("AUTH"))
                .unwrap();
            assert_eq!(
                auth.split(' ').count(),
                if padding == 0 { 3 } else { 2 },
                "RFC 4954 4"
            );
            assert!(auth.len() < 511 && seen.letters == 1);
            let begins = match word {
                "XOAUTH2" => format!("user={USER}\x01auth=Bearer planted-"),
                _ => format!(
                    "n,a={USER},\x01host=127.0.0.1\x01port={}\x01auth=Bearer planted-",
                    server.port
                ),
            };
            assert!(
                seen.logins[0].0.starts_with(&begins) && seen.logins[0].0.ends_with("\x01\x01")
            );
        }
    }
}

#[tokio::test]
async fn a_token_that_smtp_refuses_is_replaced_once_and_then_it_is_a_refused_login() {
    for word in ["XOAUTH2", "OAUTHBEARER"] {
        let tokens = TokenServer::start(USER);
        let live = tokens.clone();
        let open = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
        let door = open.clone();
        let server = BearerSmtp::start(word, move |token| {
            door.load(std::sync::atomic::Ordering::SeqCst) && live.world().live.contains(token)
        });
        let place = Place::new(tokens, None, server.port, "");
        place.log_in().await;
        place.tokens.world().live.clear();
        let outcome = deliver(&place).await;
        assert!(
            matches!(outcome, Outcome::Sent { .. }),
            "{word}: {outcome:?}"
        );
        assert_eq!(
            server
                .seen()
                .logins
                .iter()
                .map(|(_, ok)| *ok)
                .collect::<Vec<_>>(),
            [false, true]
        );
        open.store(false, std::sync::atomic::Ordering::SeqCst);
        for _ in 0..2 {
            let outcome = deliver(&place).await;
            let Outcome::Deferred {
                phase,
                trouble,
                reply,
            } = outcome
            else {
                panic!("{word}: {outcome:?}");
            };
            assert_eq!((phase, trouble), (Phase::Auth, Trouble::Login));
            assert!(
                reply.starts_with("535") && reply.contains("wanted scope https://mail.example/"),
                "{reply}"
            );
        }
        assert_eq!(place.tokens.world().asked("refresh_token"), 1, "no loop");
        assert_eq!(
            server.seen().logins.len(),
            4,
            "one try each, when renewing is over"
        );
    }
}

#[tokio::test]
async fn a_server_that_takes_no_tokens_is_told_none() {
    let old = Dovecot::start();
    let place = Place::new(TokenServer::start(USER), Some(&old), 1, "");
    place.log_in().await;
    let error = probe(&place.config().mailboxes[0]).await.unwrap_err();
    assert!(
        error.needs_a_person() && error.to_string().contains("XOAUTH2"),
        "{error}"
    );
    assert_eq!(place.tokens.world().asked("refresh_token"), 0);
    let tokens = TokenServer::start(USER);
    let server = smtp(&tokens, "CRAM-MD5");
    let place = Place::new(tokens, None, server.port, "");
    place.log_in().await;
    let outcome = deliver(&place).await;
    assert!(
        matches!(&outcome, Outcome::Deferred { trouble: Trouble::Login, reply, .. } if reply.contains("XOAUTH2")),
        "{outcome:?}"
    );
    assert!(server.seen().logins.is_empty());
    assert_eq!(place.tokens.world().asked("refresh_token"), 0);
}
