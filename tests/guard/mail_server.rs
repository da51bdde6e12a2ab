//! A real Postfix that asks the guard, by the policy protocol and as a milter: what it refuses, lets pass, and does when nobody answers.

use crate::port::free_port;
use crate::postfix::Postfix;
use crate::stage::{FREE, PAUSED, STOPPED, Stage};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A session with the mail server.
struct Session {
    read: BufReader<TcpStream>,
    write: TcpStream,
}

impl Session {
    fn open(postfix: &Postfix) -> Self {
        let write = TcpStream::connect(("127.0.0.1", postfix.port())).unwrap();
        write
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let read = BufReader::new(write.try_clone().unwrap());
        let mut session = Self { read, write };
        session.reply();
        session.say("EHLO tool.example.com");
        session
    }

    fn reply(&mut self) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            assert!(
                self.read.read_line(&mut line).unwrap() > 0,
                "cut after {all}"
            );
            all += &line;
            if line.as_bytes().get(3) == Some(&b' ') {
                return all;
            }
        }
    }

    /// The guard that is asked runs in this very process: its worker must go on.
    fn say(&mut self, words: &str) -> String {
        tokio::task::block_in_place(|| {
            self.write
                .write_all(format!("{words}\r\n").as_bytes())
                .unwrap();
            self.reply()
        })
    }

    /// MAIL and RCPT: what is said of the recipient.
    fn recipient(&mut self, whom: &str) -> String {
        self.say("RSET");
        let mail = self.say("MAIL FROM:<bot@example.com>");
        match mail.starts_with("250") {
            true => self.say(&format!("RCPT TO:<{whom}>")),
            false => mail,
        }
    }

    /// A whole mail to those who are taken; what is said at its end.
    fn mail(&mut self, to: &[&str]) -> String {
        self.say("RSET");
        self.say("MAIL FROM:<bot@example.com>");
        for whom in to {
            self.say(&format!("RCPT TO:<{whom}>"));
        }
        match self.say("DATA") {
            go_on if go_on.starts_with("354") => {
                self.say("From: bot@example.com\r\nSubject: step 3\r\n\r\nBuy this.\r\n.")
            }
            no => no,
        }
    }
}

/// By which way the mail server asks, and how it is told to.
fn ways(port: u16) -> [(&'static str, String, String); 2] {
    let listen = |section: &str| format!("[{section}]\nlisten = \"127.0.0.1:{port}\"");
    let policy = format!(
        "smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{port}, permit_mynetworks, reject\n"
    );
    let milter =
        format!("smtpd_milters = inet:127.0.0.1:{port}\nmilter_default_action = tempfail\n");
    [
        ("policy", listen("policy"), policy),
        ("milter", listen("milter"), milter),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postfix_refuses_whom_the_guard_names_and_everybody_while_it_is_down() {
    for (way, settings, main_cf) in ways(free_port()) {
        let mut stage = Stage::open(&settings).await;
        let postfix = Postfix::start(None, &main_cf);
        let mut session = Session::open(&postfix);
        for whom in [STOPPED, PAUSED, "Stop+tag@example.com"] {
            let said = session.recipient(whom);
            let refused =
                said.starts_with("550 5.7.1") && said.contains("asked not to be written to");
            assert!(refused, "{way} {whom}: {said}\n{}", postfix.log());
        }
        assert!(
            session.recipient(FREE).starts_with("250"),
            "{way}: {}",
            postfix.log()
        );
        // The free one of two gets it.
        assert!(session.mail(&[STOPPED, FREE]).starts_with("250"), "{way}");
        let delivered = postfix.letters(1);
        let letter = String::from_utf8_lossy(&delivered[0]).into_owned();
        assert!(
            letter.contains(FREE) && !letter.contains(STOPPED),
            "{way}: {letter}"
        );
        assert!(session.mail(&[STOPPED]).starts_with("554"), "{way}");
        let [asked, refused, failed] = stage.counts(way);
        assert_eq!((asked, refused, failed), (7, 5, 0), "{way}");

        stage.down().await;
        let mut session = Session::open(&postfix);
        for whom in [FREE, STOPPED] {
            let said = session.recipient(whom);
            assert!(said.starts_with('4'), "{way}, down: {said}");
        }
        assert!(!session.mail(&[FREE]).starts_with("250"), "{way}, down");

        stage.up().await;
        let mut session = Session::open(&postfix);
        assert!(
            session.recipient(FREE).starts_with("250"),
            "{way}, up again: {}",
            postfix.log()
        );
        assert!(
            session.recipient(STOPPED).starts_with("550"),
            "{way}, up again"
        );
        assert_eq!(postfix.letters(0).len(), 1, "{way}");
        stage.end().await;
    }
}

impl Postfix {
    /// Where its settings are.
    fn conf(&self) -> std::path::PathBuf {
        self.folder.path().join("conf")
    }
}

/// Mail by the sendmail command.
fn sendmail(postfix: &Postfix, to: &[&str]) {
    let mut child = Command::new("/usr/sbin/sendmail")
        .arg("-C")
        .arg(postfix.conf())
        .args(["-i", "-f", "bot@example.com"])
        .args(to)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let text = b"From: bot@example.com\nSubject: step 3\n\nBuy this.\n";
    child.stdin.take().unwrap().write_all(text).unwrap();
    assert!(child.wait().unwrap().success(), "{}", postfix.log());
}

/// Waits until Postfix has logged this.
fn logged(postfix: &Postfix, words: &str) {
    let end = Instant::now() + Duration::from_secs(30);
    while !postfix.log().contains(words) {
        assert!(
            Instant::now() < end,
            "never said {words}: {}",
            postfix.log()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_of_the_sendmail_command_comes_back_whole_if_one_recipient_is_refused() {
    let port = free_port();
    let mut stage = Stage::open(&format!("[milter]\nlisten = \"127.0.0.1:{port}\"")).await;
    let settings =
        format!("non_smtpd_milters = inet:127.0.0.1:{port}\nmilter_default_action = tempfail\n");
    let postfix = Postfix::start(None, &settings);
    sendmail(&postfix, &[FREE]);
    let first = postfix.letters(1);
    assert!(String::from_utf8_lossy(&first[0]).contains("Buy this."));
    sendmail(&postfix, &[FREE, STOPPED]);
    let both = postfix.letters(2);
    let bounce = both.iter().map(|l| String::from_utf8_lossy(l).into_owned());
    let bounce: Vec<String> = bounce.filter(|l| l.contains("MAILER-DAEMON")).collect();
    assert_eq!(bounce.len(), 1, "{}", postfix.log());
    assert!(
        bounce[0].contains("asked not to be written to"),
        "{}",
        bounce[0]
    );
    assert!(bounce[0].contains("To: bot@example.com"), "{}", bounce[0]);

    stage.down().await;
    let before = postfix.letters(0).len();
    sendmail(&postfix, &[FREE]);
    logged(&postfix, "4.7.1 Service unavailable");
    assert_eq!(
        postfix.letters(0).len(),
        before,
        "nothing passes while nobody answers"
    );
    stage.end().await;
}
