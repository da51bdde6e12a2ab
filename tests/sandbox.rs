//! The loopback servers and the samples of the demo: do they speak their protocols, and are the letters what they claim?
#![cfg(feature = "demo")]

use futures::TryStreamExt;
use jiff::Timestamp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use quitus::sandbox::{imap, samples, smtp};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const USER: &str = "claire@ateliervauban.example";
const LETTER: &[u8] = b"Message-ID: <1@x.example>\r\nSubject: Hello\r\nFrom: A <a@x.example>\r\nTo: b@y.example\r\n\r\nbody\r\n";

async fn imap() -> imap::Server {
    let accounts = vec![(USER.to_owned(), Some("secret".to_owned()))];
    let settings = imap::Settings {
        accounts,
        ..Default::default()
    };
    imap::Server::start(settings).await.unwrap()
}

/// A client that types lines.
struct Raw(TcpStream, String);

impl Raw {
    async fn open(server: &imap::Server) -> Self {
        let mut raw = Self(
            TcpStream::connect(server.address()).await.unwrap(),
            String::new(),
        );
        raw.until("Sandbox ready.\r\n").await;
        raw
    }

    async fn logged_in(server: &imap::Server) -> Self {
        let mut raw = Self::open(server).await;
        raw.say(&format!("a LOGIN {USER} secret")).await;
        raw
    }

    /// Everything up to this text.
    async fn until(&mut self, text: &str) -> String {
        let wait = async {
            loop {
                if let Some(at) = self.1.find(text) {
                    let rest = self.1.split_off(at + text.len());
                    return std::mem::replace(&mut self.1, rest);
                }
                let mut buffer = [0; 4096];
                let n = self.0.read(&mut buffer).await.unwrap_or(0);
                if n == 0 {
                    return std::mem::take(&mut self.1);
                }
                self.1.push_str(&String::from_utf8_lossy(&buffer[..n]));
            }
        };
        tokio::time::timeout(Duration::from_secs(5), wait)
            .await
            .unwrap()
    }

    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// One command; the answer up to the end of its tagged line.
    async fn say(&mut self, command: &str) -> String {
        self.send(&format!("{command}\r\n")).await;
        let tag = format!("{} ", command.split(' ').next().unwrap());
        let mut all = String::new();
        loop {
            let line = self.until("\r\n").await;
            all.push_str(&line);
            if line.starts_with(&tag) || line.is_empty() {
                return all;
            }
        }
    }
}

#[tokio::test]
async fn every_command_of_a_mail_program_is_answered() {
    let server = imap().await;
    for (n, flag) in [(1, ""), (2, ""), (3, "\\Answered")] {
        let uid = server.deliver(
            USER,
            "INBOX",
            LETTER,
            Timestamp::from_second(1_795_000_000).unwrap(),
        );
        assert_eq!(uid, Some(n));
        if !flag.is_empty() {
            server.flag(USER, "INBOX", n, flag);
        }
    }
    let mut c = Raw::open(&server).await;
    let plain = "AGNsYWlyZUBhdGVsaWVydmF1YmFuLmV4YW1wbGUAc2VjcmV0";
    for (command, wanted) in [
        ("a CAPABILITY", "UIDPLUS"),
        (
            "b LOGIN claire@ateliervauban.example wrong",
            "b NO [AUTHENTICATIONFAILED]",
        ),
        ("c SELECT INBOX", "c NO"),
        (&format!("d AUTHENTICATE PLAIN {plain}"), "d OK"),
        ("e ID NIL", "* ID ("),
        ("f LIST \"\" \"*\"", "* LIST (\\Sent) \"/\" Sent"),
        (
            "g LIST (SPECIAL-USE) \"\" \"*\" RETURN (SPECIAL-USE)",
            "* LIST (\\Junk) \"/\" Junk",
        ),
        (
            "h STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)",
            "MESSAGES 3 UIDNEXT 4",
        ),
        ("i SELECT INBOX", "* 3 EXISTS"),
        ("j UID SEARCH ALL", "* SEARCH 1 2 3\r\n"),
        ("k UID SEARCH UID 9:*", "* SEARCH 3\r\n"),
        ("l UID SEARCH ANSWERED", "* SEARCH 3\r\n"),
        (
            "m UID SEARCH HEADER Message-ID \"<1@x.example>\" UNSEEN",
            "* SEARCH 1 2 3\r\n",
        ),
        (
            "n UID FETCH 1 (UID FLAGS RFC822.SIZE INTERNALDATE)",
            "INTERNALDATE \"18-Nov-2026",
        ),
        (
            "o UID FETCH 1 BODY.PEEK[]<0.12>",
            "BODY[]<0> {12}\r\nMessage-ID: ",
        ),
        (
            "p UID FETCH 1 BODY.PEEK[HEADER.FIELDS (subject)]",
            "{18}\r\nSubject: Hello\r\n\r\n",
        ),
        (
            "q UID FETCH 1 (ENVELOPE BODYSTRUCTURE)",
            "\"Hello\" ((\"A\" NIL \"a\" \"x.example\"))",
        ),
        ("r UID FETCH 1 BODY.PEEK[1]", "{6}\r\nbody\r\n"),
        ("s FETCH 2 BODY[]", "FLAGS (\\Seen)"),
        ("t UID STORE 1 +FLAGS ($Quitus)", "FLAGS ($Quitus)"),
        ("u UID COPY 1 Junk", "[COPYUID "),
        ("v UID MOVE 1 Trash", "* 1 EXPUNGE"),
        ("w UID STORE 2 +FLAGS.SILENT (\\Deleted)", "w OK"),
        ("x UID EXPUNGE 2", "* 1 EXPUNGE"),
        ("y CREATE Handled", "y OK"),
        ("z APPEND Sent (\\Seen) {6+}\r\nA: b\r\n", "z OK [APPENDUID"),
        ("zz FROB", "zz BAD"),
        ("aa DELETE Handled", "aa OK"),
        ("ab CLOSE", "ab OK"),
        ("ac LOGOUT", "* BYE"),
    ] {
        let answer = c.say(command).await;
        assert!(answer.contains(wanted), "{command}: {answer}");
    }
    assert_eq!(server.messages(USER, "Trash").len(), 1);
    assert_eq!(server.messages(USER, "Sent")[0].raw.as_ref(), b"A: b\r\n");
}

#[tokio::test]
async fn a_literal_that_waits_is_asked_for() {
    let server = imap().await;
    let mut c = Raw::logged_in(&server).await;
    c.send("b APPEND Drafts {6}\r\n").await;
    c.until("+ ").await;
    c.send("A: b\r\n\r\n").await;
    c.until("b OK [APPENDUID").await;
    c.send("c AUTHENTICATE PLAIN\r\n").await;
    c.until("+ ").await;
}

#[tokio::test]
async fn idle_tells_what_arrives_and_a_recreated_folder_throws_out() {
    let server = imap().await;
    let mut c = Raw::logged_in(&server).await;
    c.say("b SELECT INBOX").await;
    c.send("c IDLE\r\n").await;
    c.until("+ idling\r\n").await;
    server.deliver(USER, "INBOX", LETTER, Timestamp::now());
    c.until("* 1 EXISTS\r\n").await;
    server.expunge(USER, "INBOX", 1);
    c.until("* 1 EXPUNGE\r\n").await;
    c.send("DONE\r\n").await;
    c.until("c OK").await;
    let before = c.say("d STATUS INBOX (UIDVALIDITY)").await;
    server.recreate(USER, "INBOX");
    assert!(c.say("e NOOP").await.contains("* BYE"));
    let mut c = Raw::logged_in(&server).await;
    assert_ne!(before, c.say("d STATUS INBOX (UIDVALIDITY)").await);
}

#[tokio::test]
async fn the_script_misbehaves_where_it_says() {
    use imap::{Effect, Fault};
    let server = imap().await;
    server.deliver(USER, "INBOX", LETTER, Timestamp::now());
    server.script([
        Fault::at("NOOP", 2, Effect::No("[LIMIT] later".into())),
        Fault::at("NOOP", 3, Effect::WrongTag),
        Fault::at("UID FETCH", 1, Effect::CutAfter(40)),
        Fault::at_connection(2, Effect::Bye("full".into())),
        Fault::at("UID FETCH", 2, Effect::HugeLiteral(1 << 40)),
    ]);
    let mut c = Raw::logged_in(&server).await;
    assert!(c.say("b NOOP").await.contains("b OK"));
    assert!(c.say("c NOOP").await.contains("c NO [LIMIT] later"));
    c.send("d NOOP\r\n").await;
    c.until("XX99 OK").await;
    c.say("e SELECT INBOX").await;
    assert_eq!(c.say("f UID FETCH 1 BODY.PEEK[]").await.len(), 40);
    let mut full = Raw(
        TcpStream::connect(server.address()).await.unwrap(),
        String::new(),
    );
    assert_eq!(full.until("\r\n").await, "* BYE full\r\n");
    let mut c = Raw::logged_in(&server).await;
    c.say("e SELECT INBOX").await;
    c.send("f UID FETCH 1 BODY.PEEK[]\r\n").await;
    c.until("{1099511627776}\r\n").await;
    assert!(server.received().contains(&"UID FETCH".to_owned()));
}

#[tokio::test]
async fn async_imap_reads_what_was_delivered() {
    let server = imap().await;
    for _ in 0..500 {
        server.deliver(USER, "INBOX", LETTER, Timestamp::now());
    }
    let socket = TcpStream::connect(server.address()).await.unwrap();
    let mut client = async_imap::Client::new(socket);
    client.read_response().await.unwrap();
    let mut session = client.login(USER, "secret").await.map_err(|e| e.0).unwrap();
    let inbox = session.select("INBOX").await.unwrap();
    assert_eq!((inbox.exists, inbox.uid_next), (500, Some(501)));
    let fetched = session
        .uid_fetch("1:*", "(UID RFC822.SIZE INTERNALDATE BODY.PEEK[])")
        .await
        .unwrap();
    let fetched: Vec<_> = fetched.try_collect().await.unwrap();
    assert_eq!(fetched.len(), 500);
    assert!(fetched.iter().all(|f| f.body() == Some(LETTER)));
}

fn mailer(server: &smtp::Server) -> AsyncSmtpTransport<Tokio1Executor> {
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(server.address().port())
        .credentials(Credentials::new("me".into(), "secret".into()))
        .timeout(Some(Duration::from_secs(2)))
        .build()
}

fn envelope() -> lettre::address::Envelope {
    let to = vec!["b@y.example".parse().unwrap()];
    lettre::address::Envelope::new(Some("a@x.example".parse().unwrap()), to).unwrap()
}

#[tokio::test]
async fn lettre_sends_and_the_letter_arrives_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let settings = smtp::Settings {
        login: Some(("me".into(), "secret".into())),
        folder: Some(folder.path().to_owned()),
        ..Default::default()
    };
    let server = smtp::Server::start(settings).await.unwrap();
    let raw = b"Subject: dots\r\n\r\n.\r\n..two\r\nend\r\n";
    let mailer = mailer(&server);
    for _ in 0..2 {
        mailer.send_raw(&envelope(), raw).await.unwrap();
    }
    assert!(server.wait_for(2, Duration::from_secs(2)).await);
    let received = server.received();
    // lettre always writes a line end before the final dot, even after one.
    assert_eq!(received[1].raw, [raw.as_slice(), b"\r\n"].concat());
    assert_eq!(
        (received[0].from.as_str(), received[0].to.join(",")),
        ("a@x.example", "b@y.example".into())
    );
    assert_eq!(
        std::fs::read(folder.path().join("0002.eml")).unwrap(),
        received[1].raw
    );
}

#[tokio::test]
async fn smtp_faults_strike_at_their_step() {
    use smtp::{Effect, Fault, Step};
    let server = smtp::Server::start(smtp::Settings::default())
        .await
        .unwrap();
    server.script([
        Fault::at(Step::Rcpt, 1, Effect::Reply("451 4.3.0 later".into())),
        Fault::at(Step::Data, 1, Effect::Reply("552 5.2.2 no".into())),
        Fault::at(Step::Dot, 1, Effect::Cut),
        Fault::at(Step::Connect, 4, Effect::Reply("421 4.3.2 busy".into())),
    ]);
    let mut outcomes = Vec::new();
    for _ in 0..5 {
        // A mailer of its own each time: no pooled connection.
        let sent = mailer(&server).send_raw(&envelope(), LETTER).await;
        outcomes.push(match sent {
            Ok(_) => "sent",
            Err(e) if e.is_transient() => "4xx",
            Err(e) if e.is_permanent() => "5xx",
            Err(_) => "cut",
        });
    }
    assert_eq!(outcomes, ["4xx", "5xx", "cut", "4xx", "sent"]);
    let confirmed: Vec<bool> = server.received().iter().map(|r| r.confirmed).collect();
    assert_eq!(confirmed, [false, true]);
}

#[test]
fn every_sample_has_one_sender_fresh_dates_and_its_trap() {
    let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    let originals: Vec<String> = samples::originals()
        .iter()
        .map(|l| id_of(&l.written(now).1))
        .collect();
    let mut traps = 0;
    for sample in samples::all() {
        let (arrived, raw) = sample.letter.written(now);
        let name = sample.name;
        let message = mail_parser::MessageParser::default().parse(&raw).unwrap();
        let from = message.from().unwrap();
        assert_eq!(from.iter().count(), 1, "{name}");
        assert!(
            from.first().unwrap().address().unwrap().contains('@'),
            "{name}"
        );
        assert!(!raw.windows(6).any(|w| w == b"@DATE-"), "{name}");
        assert!(
            raw.windows(2).filter(|w| w == b"\r\n").count()
                == raw.iter().filter(|b| **b == b'\n').count(),
            "{name}"
        );
        let age = now.duration_since(arrived).as_mins();
        assert!((1..=20).contains(&age), "{name}: {age} minutes");
        assert_eq!(
            message.date().unwrap().to_timestamp(),
            arrived.as_second() - 60,
            "{name}"
        );
        if let Some(id) = message.in_reply_to().as_text() {
            assert!(originals.iter().any(|o| o == id), "{name} answers {id}");
        }
        let text = (0..9)
            .filter_map(|n| message.body_text(n))
            .collect::<String>();
        traps += usize::from(text.contains("STOP"));
        assert!(!text.contains('\u{fffd}'), "{name}: {text}");
    }
    assert_eq!(samples::all().len(), 30);
    assert!(traps >= 20, "{traps} quote our own STOP");
}

fn id_of(raw: &[u8]) -> String {
    let message = mail_parser::MessageParser::default().parse(raw).unwrap();
    message.message_id().unwrap().to_owned()
}

#[test]
fn the_register_holds_every_prospect_that_was_written_to() {
    let mut rows = csv::Reader::from_reader(samples::register_csv().as_bytes());
    let header = "email,civility,first_name,last_name,role,firm,country,language,phone,campaign,relation,owner,provider,origin,origin_date,public,why";
    assert_eq!(
        rows.headers().unwrap().iter().collect::<Vec<_>>().join(","),
        header
    );
    let known: Vec<String> = rows.records().map(|r| r.unwrap()[0].to_owned()).collect();
    for original in samples::originals() {
        let (_, raw) = original.written(Timestamp::now());
        let message = mail_parser::MessageParser::default().parse(&raw).unwrap();
        let to = message
            .to()
            .unwrap()
            .first()
            .unwrap()
            .address()
            .unwrap()
            .to_owned();
        assert!(known.contains(&to), "{to}");
    }
}
