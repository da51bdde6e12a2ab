//! The way out: every step of the dialog with a server that fails there, TLS that cannot be trusted, and a real Postfix.
//!
//! What is asserted each time: how it ended, whether the house was asked, and what the server has.

#[path = "support/certs.rs"]
mod certs;
#[path = "support/port.rs"]
mod port;
#[path = "support/postbox.rs"]
mod postbox;
#[path = "support/postfix.rs"]
mod postfix;
#[path = "support/scripted_smtp.rs"]
mod scripted_smtp;

use certs::{Authority, Certified};
use postfix::Postfix;
use quitus::delivery::{
    BreakerState, Courier, Credentials, Frozen, House, Outcome, Parcel, Phase, SmtpSettings,
    Trouble, probe,
};
use quitus::record::Address;
use scripted_smtp::{At, Fault, Script, ScriptedSmtp};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const LETTER: &str = "From: <bot@example.com>\r\nTo: <jean@example.com>\r\nSubject: STOP\r\n\
    Message-ID: <1@example.com>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n\r\n\
    .a dot\r\n..two\r\n.\r\nlast\r\n\r\n";

fn settings(port: u16, more: &str) -> SmtpSettings<String> {
    let text = format!(
        "host = \"127.0.0.1\"\nport = {port}\n{more}\n\
         timeouts = {{connect = \"5 s\", command = \"300 ms\", final_dot = \"300 ms\"}}\n"
    );
    toml::from_str(&text).unwrap()
}

const PLAIN: &str = "security = \"none\"";

fn parcel_of(letter: &[u8]) -> Parcel {
    Parcel {
        sender: Address::parse("bot@example.com").ok(),
        recipient: Address::parse("jean@example.com").unwrap(),
        blind_copy: None,
        letter: Frozen::new(letter.to_vec()).unwrap(),
    }
}

fn parcel() -> Parcel {
    parcel_of(LETTER.as_bytes())
}

/// Sends one letter to a server that behaves so; also: how often the house was asked.
async fn send(script: Script) -> (Outcome, usize, ScriptedSmtp) {
    let server = ScriptedSmtp::start(script).await;
    let courier = Courier::new(&settings(server.port, PLAIN), None).unwrap();
    let asked = AtomicUsize::new(0);
    let house = || async {
        asked.fetch_add(1, Ordering::Relaxed);
        true
    };
    let outcome = courier.deliver(&parcel(), &house).await;
    (outcome, asked.into_inner(), server)
}

/// Both kinds of servers: with and without PIPELINING.
fn scripts(at: At, fault: Fault) -> [Script; 2] {
    [vec![], vec!["PIPELINING"]].map(|offers| Script {
        fault: Some((at, fault, 0)),
        offers,
        ..Script::default()
    })
}

async fn yes() -> bool {
    true
}

#[tokio::test]
async fn the_same_bytes_arrive_and_the_reply_is_kept_without_addresses() {
    for offers in [vec![], vec!["PIPELINING", "SIZE 100000"]] {
        let script = Script {
            offers,
            ..Script::default()
        };
        let (outcome, asked, server) = send(script).await;
        let reply = "250 2.0.0 taken as 4711 for <j…@e…e.com>".to_owned();
        assert_eq!((outcome, asked), (Outcome::Sent { reply }, 1));
        assert_eq!(server.seen.lock().unwrap().letters, [LETTER.as_bytes()]);
    }
}

#[tokio::test]
async fn a_refusal_is_for_a_human_and_a_later_is_for_later_at_every_command() {
    let steps = [
        (At::Mail, Phase::MailFrom, 0),
        (At::Rcpt, Phase::RcptTo, 0),
        (At::Data, Phase::Data, 1),
        (At::Dot, Phase::FinalDot, 1),
    ];
    for (at, expected, times_asked) in steps {
        for script in scripts(at, Fault::Say("550 5.7.1 no")) {
            let (outcome, asked, _server) = send(script).await;
            let (phase, reply) = (expected, "550 5.7.1 no".to_owned());
            assert_eq!(outcome, Outcome::Rejected { phase, reply });
            assert_eq!(asked, times_asked);
        }
        for (words, trouble) in [
            ("451 4.3.0 later", Trouble::Letter),
            ("421 4.3.2 closing", Trouble::Refused),
        ] {
            for script in scripts(at, Fault::Say(words)) {
                let (outcome, _, _server) = send(script).await;
                let (phase, reply) = (expected, words.to_owned());
                let deferred = Outcome::Deferred {
                    phase,
                    trouble,
                    reply,
                };
                assert_eq!(outcome, deferred);
            }
        }
    }
}

#[tokio::test]
async fn what_fails_before_the_354_was_never_sent() {
    let steps = [
        (At::Greeting, Phase::Greeting),
        (At::Hello, Phase::Hello),
        (At::Mail, Phase::MailFrom),
        (At::Rcpt, Phase::RcptTo),
        (At::Data, Phase::Data),
    ];
    for (at, expected) in steps {
        for (fault, trouble_expected) in [
            (Fault::Cut, Trouble::Cut),
            (Fault::Hang, Trouble::Silent),
            (Fault::Say("what?"), Trouble::Garbled),
        ] {
            for script in scripts(at, fault) {
                let (outcome, _, server) = send(script).await;
                let Outcome::Deferred { phase, trouble, .. } = outcome else {
                    panic!("{at:?} {fault:?}: {outcome:?}");
                };
                assert_eq!((phase, trouble), (expected, trouble_expected), "{at:?}");
                assert!(server.seen.lock().unwrap().letters.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn what_fails_after_the_354_is_perhaps_sent_and_never_sent_again() {
    for at in [At::MidLetter, At::Dot] {
        for fault in [
            Fault::Cut,
            Fault::Hang,
            Fault::Say("what?"),
            Fault::SayAndCut("25"),
        ] {
            for script in scripts(at, fault) {
                let (outcome, asked, server) = send(script).await;
                let uncertain = matches!(
                    outcome,
                    Outcome::Uncertain {
                        phase: Phase::FinalDot,
                        ..
                    }
                );
                assert!(uncertain, "{at:?} {fault:?}: {outcome:?}");
                assert_eq!(asked, 1);
                assert_eq!(server.seen.lock().unwrap().connections, 1);
            }
        }
    }
}

#[tokio::test]
async fn a_greeting_that_sends_us_away_is_the_servers_trouble_not_the_letters() {
    for words in ["554 go away", "421 later"] {
        let script = scripts(At::Greeting, Fault::Say(words))[0].clone();
        let (outcome, asked, _server) = send(script).await;
        let expected = Outcome::Deferred {
            phase: Phase::Greeting,
            trouble: Trouble::Refused,
            reply: words.to_owned(),
        };
        assert_eq!((outcome, asked), (expected, 0));
    }
    let courier = Courier::new(&settings(port::free_port(), PLAIN), None).unwrap();
    let outcome = courier.deliver(&parcel(), &yes).await;
    let unreachable = matches!(
        outcome,
        Outcome::Deferred {
            phase: Phase::Connect,
            trouble: Trouble::Unreachable,
            ..
        }
    );
    assert!(unreachable, "{outcome:?}");
}

#[tokio::test]
async fn a_name_without_an_address_is_temporary() {
    let mut nowhere = settings(25, "");
    nowhere.host = "nowhere.invalid".into();
    let courier = Courier::new(&nowhere, None).unwrap();
    let outcome = courier.deliver(&parcel(), &yes).await;
    let Outcome::Deferred { phase, trouble, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!((phase, trouble), (Phase::Dns, Trouble::Dns));
}

#[tokio::test]
async fn a_letter_that_the_house_withdraws_is_not_handed_over_and_the_next_one_goes() {
    let server = ScriptedSmtp::start(Script::default()).await;
    let courier = Courier::new(&settings(server.port, PLAIN), None).unwrap();
    let no = || async { false };
    assert_eq!(courier.deliver(&parcel(), &no).await, Outcome::Withdrawn);
    let sent = courier.deliver(&parcel(), &yes).await;
    assert!(matches!(sent, Outcome::Sent { .. }), "{sent:?}");
    courier.rest().await;
    let seen = server.seen.lock().unwrap();
    assert_eq!((seen.letters.len(), seen.connections), (1, 1));
    let words: Vec<&str> = seen.commands.iter().map(|c| &c[..4]).collect();
    assert_eq!(
        words[2..],
        ["MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA", "QUIT"]
    );
}

#[tokio::test]
async fn a_connection_is_used_again_and_replaced_when_the_server_has_enough() {
    let script = Script {
        letters_per_connection: Some(3),
        offers: vec!["PIPELINING"],
        ..Script::default()
    };
    let server = ScriptedSmtp::start(script).await;
    let courier = Courier::new(&settings(server.port, PLAIN), None).unwrap();
    let asked = AtomicUsize::new(0);
    let house = || async {
        asked.fetch_add(1, Ordering::Relaxed);
        true
    };
    for _ in 0..7 {
        let outcome = courier.deliver(&parcel(), &house).await;
        assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
    }
    let seen = server.seen.lock().unwrap();
    assert_eq!((seen.letters.len(), seen.connections), (7, 3));
    assert_eq!(asked.into_inner(), 7);
}

#[tokio::test]
async fn our_own_limit_of_letters_and_a_servers_idle_limit_go_unnoticed() {
    let script = Script {
        idle_limit: Some(Duration::from_millis(50)),
        ..Script::default()
    };
    let server = ScriptedSmtp::start(script).await;
    let limits = "security = \"none\"\nmessages_per_connection = 2";
    let courier = Courier::new(&settings(server.port, limits), None).unwrap();
    for pause in [0, 0, 0, 150, 0] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let outcome = courier.deliver(&parcel(), &yes).await;
        assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
    }
    assert_eq!(courier.breaker(), BreakerState::Closed { failures: 0 });
    let seen = server.seen.lock().unwrap();
    assert_eq!((seen.letters.len(), seen.connections), (5, 3));
}

#[tokio::test]
async fn there_are_never_more_connections_than_allowed() {
    let script = Script {
        letters_per_connection: Some(4),
        ..Script::default()
    };
    let server = ScriptedSmtp::start(script).await;
    let limits = "security = \"none\"\nmax_sessions = 3";
    let courier = Arc::new(Courier::new(&settings(server.port, limits), None).unwrap());
    let all: Vec<_> = (0..40)
        .map(|_| {
            let courier = Arc::clone(&courier);
            tokio::spawn(async move {
                let slow = || async {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    true
                };
                courier.deliver(&parcel(), &slow).await
            })
        })
        .collect();
    for one in all {
        let outcome = one.await.unwrap();
        assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
    }
    let seen = server.seen.lock().unwrap();
    assert_eq!((seen.letters.len(), seen.most_open), (40, 3));
}

#[tokio::test]
async fn a_server_that_failed_three_times_is_left_alone() {
    let script = scripts(At::Greeting, Fault::Cut)[0].clone();
    let server = ScriptedSmtp::start(script).await;
    let courier = Courier::new(&settings(server.port, PLAIN), None).unwrap();
    for _ in 0..6 {
        let outcome = courier.deliver(&parcel(), &yes).await;
        assert!(matches!(outcome, Outcome::Deferred { .. }), "{outcome:?}");
    }
    assert_eq!(server.seen.lock().unwrap().connections, 3);
    let state = courier.breaker();
    assert!(matches!(state, BreakerState::Open { failures: 3, .. }));
}

#[tokio::test]
async fn a_login_is_made_as_offered_and_refused_only_once() {
    for (offer, dialog) in [
        ("AUTH PLAIN LOGIN", "AUTH PLAIN AGJvdABzZWNyZXQ="),
        ("AUTH LOGIN XOAUTH2", "AUTH LOGIN"),
    ] {
        let login_challenge = Fault::Say("334 VXNlcm5hbWU6");
        let script = Script {
            offers: vec![offer],
            fault: (dialog == "AUTH LOGIN").then_some((At::Auth, login_challenge, 1)),
            ..Script::default()
        };
        let server = ScriptedSmtp::start(script).await;
        let login = Credentials::new("bot", "secret");
        let with_login = settings(server.port, PLAIN);
        let done = tokio::time::timeout(Duration::from_secs(5), probe(&with_login, Some(&login)));
        let probed = done.await.unwrap();
        let seen = server.seen.lock().unwrap();
        let said = |line: &str| seen.commands.iter().any(|c| c == line);
        assert!(said(dialog), "{probed:?}");
        assert_eq!(said("Ym90"), dialog == "AUTH LOGIN", "the name on its own");
        assert_eq!(probed.unwrap().capabilities, [offer, "HELP"]);
    }
    let script = Script {
        offers: vec!["AUTH PLAIN"],
        ..scripts(
            At::Auth,
            Fault::Say("535 5.7.8 bad password for bot@example.com"),
        )[0]
        .clone()
    };
    let server = ScriptedSmtp::start(script).await;
    let login = Some(Credentials::new("bot", "wrong"));
    let courier = Courier::new(&settings(server.port, PLAIN), login).unwrap();
    for expected in [Trouble::Login, Trouble::BreakerOpen] {
        let outcome = courier.deliver(&parcel(), &yes).await;
        let Outcome::Deferred { trouble, reply, .. } = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(trouble, expected);
        assert!(!reply.contains("example.com"), "{reply}");
    }
    assert_eq!(server.seen.lock().unwrap().connections, 1);
}

#[tokio::test]
async fn bytes_that_a_server_cannot_carry_are_refused_before_anything_is_said() {
    let eight_bit = parcel_of("Subject: x\r\n\r\né\r\n".as_bytes());
    for (offers, ok) in [(vec![], false), (vec!["8BITMIME"], true)] {
        let script = Script {
            offers,
            ..Script::default()
        };
        let server = ScriptedSmtp::start(script).await;
        let courier = Courier::new(&settings(server.port, PLAIN), None).unwrap();
        let outcome = courier.deliver(&eight_bit, &yes).await;
        assert_eq!(matches!(outcome, Outcome::Sent { .. }), ok, "{outcome:?}");
        let seen = server.seen.lock().unwrap();
        let mail = seen.commands.iter().find(|c| c.starts_with("MAIL"));
        assert_eq!(
            mail.is_some_and(|m| m.ends_with(" BODY=8BITMIME")),
            ok,
            "{mail:?}"
        );
    }
    let mut foreign = parcel();
    foreign.recipient = Address::parse("zoé@example.com").unwrap();
    let server = ScriptedSmtp::start(Script::default()).await;
    let courier = Courier::new(&settings(server.port, PLAIN), None).unwrap();
    let outcome = courier.deliver(&foreign, &yes).await;
    assert!(matches!(outcome, Outcome::Rejected { .. }), "{outcome:?}");
}

fn acceptor(certified: &Certified) -> tokio_rustls::TlsAcceptor {
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    use tokio_rustls::rustls::{ServerConfig, crypto::ring};
    let certificate = CertificateDer::from_pem_slice(certified.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(certified.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    tokio_rustls::TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn a_certificate_that_cannot_be_trusted_is_refused_in_words_and_nothing_goes_in_clear_text() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let ca = format!("ca_file = \"{}\"", ours.file(folder.path()).display());
    for (certified, expected) in [
        (ours.vouch_for("127.0.0.1", 2040), Ok("TLS 1.3")),
        (ours.vouch_for("127.0.0.1", 2021), Err("has expired")),
        (
            ours.vouch_for("mail.example.com", 2040),
            Err("another name"),
        ),
        (
            theirs.vouch_for("127.0.0.1", 2040),
            Err("unknown authority"),
        ),
    ] {
        let script = Script {
            tls: Some(acceptor(&certified)),
            ..Script::default()
        };
        let server = ScriptedSmtp::start(script).await;
        let safe = settings(server.port, &ca);
        match (probe(&safe, None).await, expected) {
            (Ok(probed), Ok(version)) => assert_eq!(probed.tls.as_deref(), Some(version)),
            (Err(problem), Err(words)) => {
                assert_eq!(problem.trouble, Trouble::Tls);
                assert!(problem.reply.contains(words), "{problem}");
            }
            (got, expected) => panic!("{got:?} instead of {expected:?}"),
        }
        let courier = Courier::new(&safe, None).unwrap();
        let outcome = courier.deliver(&parcel(), &yes).await;
        assert_eq!(
            matches!(outcome, Outcome::Sent { .. }),
            expected.is_ok(),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn without_starttls_and_without_tls_at_all_nothing_is_sent() {
    let server = ScriptedSmtp::start(Script::default()).await;
    let stripped = probe(&settings(server.port, "security = \"starttls\""), None).await;
    let problem = stripped.unwrap_err();
    assert_eq!((problem.phase, problem.trouble), (Phase::Tls, Trouble::Tls));
    let clear = probe(&settings(server.port, ""), None).await.unwrap_err();
    assert!(clear.reply.contains("does not speak TLS"), "{clear}");
    assert!(server.seen.lock().unwrap().letters.is_empty());
}

#[tokio::test]
async fn postfix_takes_letters_over_tls_starttls_and_loopback_and_files_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("test");
    let ca = authority.file(folder.path());
    let server = Postfix::start(Some(authority.vouch_for("127.0.0.1", 2040).pem()), "");
    let (tls, starttls) = (
        format!("ca_file = \"{}\"", ca.display()),
        format!("security = \"starttls\"\nca_file = \"{}\"", ca.display()),
    );
    for (port, more) in [
        (server.port(), PLAIN),
        (server.port(), starttls.as_str()),
        (server.tls_port(), tls.as_str()),
    ] {
        let mut settings = settings(port, more);
        settings.timeouts = quitus::delivery::Timeouts::default();
        let courier = Courier::new(&settings, None).unwrap();
        for _ in 0..2 {
            let outcome = courier.deliver(&parcel(), &yes).await;
            assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
        }
        courier.rest().await;
    }
    let letters = server.letters(6);
    assert_eq!(letters.len(), 6, "{}", server.log());
    let unix = LETTER.replace("\r\n", "\n");
    for letter in letters {
        let text = String::from_utf8(letter).unwrap();
        assert!(text.ends_with(&unix), "{text}");
        assert!(text.starts_with("Return-Path: <bot@example.com>"), "{text}");
    }
}

#[tokio::test]
async fn postfix_refusing_a_recipient_leaves_the_connection_good_for_the_next_letter() {
    let refuse = "smtpd_recipient_restrictions = check_recipient_access inline:{gone@example.com=REJECT, later@example.com=DEFER}, permit_mynetworks, reject\n";
    let server = Postfix::start(None, refuse);
    let mut patient = settings(server.port(), PLAIN);
    patient.timeouts = quitus::delivery::Timeouts::default();
    let courier = Courier::new(&patient, None).unwrap();
    let to = |address: &str| Parcel {
        recipient: Address::parse(address).unwrap(),
        ..parcel()
    };
    let gone = courier.deliver(&to("gone@example.com"), &yes).await;
    let Outcome::Rejected { phase, reply } = gone else {
        panic!("{gone:?}");
    };
    assert_eq!(phase, Phase::RcptTo);
    assert!(reply.starts_with("554 5.7.1 <g…@e…e.com>"), "{reply}");
    let later = courier.deliver(&to("later@example.com"), &yes).await;
    let Outcome::Deferred { phase, trouble, .. } = later else {
        panic!("{later:?}");
    };
    assert_eq!((phase, trouble), (Phase::RcptTo, Trouble::Letter));
    let sent = courier.deliver(&to("jean@example.com"), &yes).await;
    assert!(matches!(sent, Outcome::Sent { .. }), "{sent:?}");
    assert_eq!(server.letters(1).len(), 1);
    courier.rest().await;
    let connections = server.log().matches(": connect from").count();
    // One is the test's own look whether Postfix listens.
    assert_eq!(connections, 2, "{}", server.log());
}

/// A house with so many letters, and what it was asked and told, in order.
struct Many {
    left: usize,
    given: usize,
    story: Vec<String>,
    /// An outcome was told and not settled yet.
    unsaid: bool,
}

impl Many {
    fn of(left: usize) -> Self {
        Self {
            left,
            given: 0,
            story: Vec::new(),
            unsaid: false,
        }
    }
}

impl House for Many {
    fn next(&mut self) -> Option<Arc<Parcel>> {
        self.left = self.left.checked_sub(1)?;
        self.given += 1;
        let letter = LETTER.replace("<1@", &format!("<{}@", self.given));
        Some(Arc::new(parcel_of(letter.as_bytes())))
    }

    async fn committed(&mut self) -> bool {
        self.story.push("asked".into());
        self.unsaid = false;
        true
    }

    async fn ended(&mut self, outcome: Outcome) {
        let word = match outcome {
            Outcome::Sent { .. } => "sent".into(),
            Outcome::Uncertain { .. } => "uncertain".into(),
            Outcome::Rejected { phase, .. } => format!("rejected {phase}"),
            Outcome::Deferred { phase, .. } => format!("deferred {phase}"),
            Outcome::Withdrawn => "withdrawn".into(),
        };
        self.story.push(word);
        self.unsaid = true;
    }

    async fn settle(&mut self) {
        if std::mem::take(&mut self.unsaid) {
            self.story.push("settled".into());
        }
    }
}

/// Carries three letters over a server that behaves so.
async fn three(script: Script) -> (Vec<String>, ScriptedSmtp) {
    let server = ScriptedSmtp::start(script).await;
    let courier = Courier::new(&settings(server.port, PLAIN), None).unwrap();
    let mut house = Many::of(3);
    while house.left > 0 {
        courier.carry(&mut house).await;
    }
    (house.story, server)
}

/// What waits for a slow step, another connection or a round trip, is written down before it.
const SETTLED_BETWEEN: [&str; 8] = [
    "asked", "sent", "settled", "asked", "sent", "settled", "asked", "sent",
];

fn pipelining() -> Script {
    Script {
        offers: vec!["PIPELINING"],
        ..Script::default()
    }
}

#[tokio::test]
async fn the_next_letter_is_named_behind_the_final_dot_and_its_data_waits_for_the_house() {
    let script = Script {
        dot_after_next: 2,
        ..pipelining()
    };
    let (story, server) = three(script).await;
    assert_eq!(story, ["asked", "sent", "asked", "sent", "asked", "sent"]);
    let seen = server.seen.lock().unwrap();
    assert_eq!((seen.letters.len(), seen.connections), (3, 1));
    let ids: Vec<bool> = (1..=3)
        .zip(&seen.letters)
        .map(|(n, l)| String::from_utf8_lossy(l).contains(&format!("<{n}@")))
        .collect();
    assert_eq!(ids, [true; 3], "each letter has its own bytes");
}

#[tokio::test]
async fn without_pipelining_each_letter_is_named_when_the_one_before_has_ended() {
    let (story, server) = three(Script::default()).await;
    assert_eq!(story, SETTLED_BETWEEN);
    assert_eq!(server.seen.lock().unwrap().letters.len(), 3);
}

#[tokio::test]
async fn a_letter_that_was_named_ahead_goes_over_another_connection_when_this_one_ends() {
    let script = Script {
        letters_per_connection: Some(1),
        ..pipelining()
    };
    let (story, server) = three(script).await;
    assert_eq!(story, SETTLED_BETWEEN);
    let seen = server.seen.lock().unwrap();
    assert_eq!((seen.letters.len(), seen.connections), (3, 3));
}

#[tokio::test]
async fn an_unknown_end_is_one_letters_own_and_the_one_named_behind_it_is_sent_once() {
    let script = Script {
        fault: Some((At::Dot, Fault::Cut, 1)),
        ..pipelining()
    };
    let (story, server) = three(script).await;
    assert_eq!(
        story,
        [
            "asked",
            "uncertain",
            "settled",
            "asked",
            "sent",
            "asked",
            "sent"
        ]
    );
    let seen = server.seen.lock().unwrap();
    assert_eq!((seen.letters.len(), seen.connections), (3, 2));
}

#[tokio::test]
async fn replies_are_never_taken_for_another_letters() {
    for (at, first) in [
        (At::Mail, vec!["rejected MAIL FROM"]),
        (At::Rcpt, vec!["rejected RCPT TO"]),
        (At::Dot, vec!["asked", "rejected the final dot"]),
    ] {
        let script = Script {
            fault: Some((at, Fault::Say("550 5.7.1 no"), 1)),
            ..pipelining()
        };
        let (story, server) = three(script).await;
        let rest = ["asked", "sent", "asked", "sent"];
        let expected: Vec<&str> = first.into_iter().chain(rest).collect();
        assert_eq!(story, expected, "{at:?}");
        assert_eq!(server.seen.lock().unwrap().connections, 1);
    }
}

#[tokio::test]
async fn an_outcome_does_not_wait_for_a_server_that_is_slow_about_the_next_letter() {
    let script = Script {
        fault: Some((At::Rcpt, Fault::Hang, 0)),
        ..pipelining()
    };
    let (story, _server) = three(script).await;
    let settled = story.iter().filter(|w| *w == "settled").count();
    assert_eq!(settled, 2, "{story:?}");
}
