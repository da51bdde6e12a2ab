//! A small firm on loopback servers: the real daemon, its control socket, and mails written here.

use quitus::api::{Answer, Client, Control, Desk, router};
use quitus::config::Config;
use quitus::record::{Fault, Mode, State, Timestamp};
use quitus::sandbox::{imap, smtp};
use quitus::service::{Clock, Daemon, Extras};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

pub const FIRM: &str = "ateliervauban.example";
pub const MAILBOX: &str = "claire@ateliervauban.example";
const CONFIGURATION: &str = include_str!("../../src/cli/demo/quitus.toml");
const PATIENCE: Duration = Duration::from_secs(10);

/// Everybody of the register: address, names, language.
pub const LIST: &str = "email,civility,first_name,last_name,role,firm,country,language,campaign,relation,provider,origin,origin_date,public,why\n\
anne@dune.example,Mme,Anne,Zibeline,directrice,Dune,FR,fr,salon,prospect,Dropcontact,site public de Dune,2026-10-12,yes,votre fonction de directrice chez Dune\n\
bob@cliff.example,Mr,Bob,Quarrystone,director,Cliff,FR,en,salon,prospect,Dropcontact,public site of Cliff,2026-10-12,yes,your role as director of Cliff\n\
carl@fels.example,Herr,Carl,Fels,Leiter,Fels,FR,de,salon,prospect,Dropcontact,Website von Fels,2026-10-12,yes,Ihre Funktion als Leiter bei Fels\n\
dolores@roca.example,Sra.,Dolores,Roca,directora,Roca,FR,es,salon,prospect,Dropcontact,sitio de Roca,2026-10-12,yes,su cargo de directora en Roca\n\
elio@scoglio.example,Sig.,Elio,Scoglio,direttore,Scoglio,FR,it,salon,prospect,Dropcontact,sito di Scoglio,2026-10-12,yes,il Suo ruolo di direttore presso Scoglio\n\
femke@duin.example,mevr.,Femke,Duin,directeur,Duin,FR,nl,salon,prospect,Dropcontact,site van Duin,2026-10-12,yes,uw functie van directeur bij Duin\n\
gil@praia.example,Sr.,Gil,Praia,diretor,Praia,FR,pt,salon,prospect,Dropcontact,site da Praia,2026-10-12,yes,a sua função de diretor na Praia\n";

pub struct Stage {
    pub folder: tempfile::TempDir,
    pub inbox: imap::Server,
    pub post: smtp::Server,
    pub daemon: Daemon,
    pub client: Client,
    pub control: Control,
    pub now: jiff::Timestamp,
    pub mails: std::cell::Cell<u32>,
    /// Seconds by which the daemon's clock is ahead.
    pub ahead: Arc<AtomicI64>,
}

fn configuration(folder: &Path, imap: u16, smtp: u16, more: &str) -> Config {
    std::fs::write(folder.join("password"), "demo").unwrap();
    let each = |text: &str| -> String {
        let languages = ["de", "es", "it", "nl", "pt"];
        languages
            .map(|l| format!("{l} = \"{text} ({l})\"\n"))
            .concat()
    };
    let mut text = CONFIGURATION
        .replace("@MAILBOX@", MAILBOX)
        .replace("@PRIVACY@", "donnees@ateliervauban.example")
        .replace("@FIRM@", "Atelier Vauban")
        .replace("@AUTHSERV@", "mx.ateliervauban.example")
        .replace("@IMAP@", &imap.to_string())
        .replace("@SMTP@", &smtp.to_string());
    for section in ["purpose", "basis", "retention"] {
        let head = format!("[processing.{section}]\n");
        text = text.replace(&head, &(head.clone() + &each(section)));
    }
    // A line that begins so belongs to a section that is there already.
    for line in more.lines() {
        let heads = [
            ("@policy ", "[policy]\n"),
            ("@smtp ", "[smtp]\n"),
            ("@mailbox ", "[[mailbox]]\n"),
        ];
        let into = |(mark, head): &(&str, &'static str)| Some((line.strip_prefix(mark)?, *head));
        match heads.iter().find_map(into) {
            Some((setting, head)) => text = text.replace(head, &format!("{head}{setting}\n")),
            None => text += &format!("{line}\n"),
        }
    }
    // For the commands, which read it themselves.
    std::fs::write(folder.join("quitus.toml"), &text).unwrap();
    let told = |faults: Vec<Fault>| faults.iter().map(Fault::to_string).collect::<Vec<_>>();
    Config::read(&folder.join("quitus.toml"), &text).unwrap_or_else(|f| panic!("{:?}", told(f)))
}

impl Stage {
    /// With more at the end of the configuration.
    pub async fn with(mode: Mode, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inbox = imap::Server::start(imap::Settings {
            accounts: vec![(MAILBOX.into(), Some("demo".into()))],
            ..Default::default()
        });
        let inbox = inbox.await.unwrap();
        let post = smtp::Server::start(smtp::Settings::default())
            .await
            .unwrap();
        let (imap, smtp) = (inbox.address().port(), post.address().port());
        let config = configuration(folder.path(), imap, smtp, more);
        let (ahead, system) = (Arc::<AtomicI64>::default(), Clock::system());
        let hands = ahead.clone();
        let clock = move || system.now().plus_seconds(hands.load(Ordering::Relaxed));
        let now = jiff::Timestamp::now();
        let extras = Extras {
            activate: Some((mode, Timestamp::from(now).plus_seconds(-86_400))),
            floor: Some(1 << 20),
            clock: Some(Clock::of(clock)),
            ..Default::default()
        };
        let daemon = Daemon::start(config.clone(), extras).await.unwrap();
        let routes = router(Desk::of(&daemon));
        let control = Control::open(routes, &config.control_socket).await.unwrap();
        let client = Client::of(&config).await.unwrap();
        assert!(matches!(client, Client::Socket(_)));
        let mails = std::cell::Cell::new(0);
        let stage = Self {
            folder,
            inbox,
            post,
            daemon,
            client,
            control,
            now,
            mails,
            ahead,
        };
        stage.import(LIST).await;
        stage
    }

    pub async fn end(self) -> tempfile::TempDir {
        self.control.end().await;
        drop(self.client);
        self.daemon.end().await;
        self.folder
    }

    /// The daemon's clock goes on by so many seconds.
    pub fn later(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }

    pub async fn import(&self, list: &str) -> Answer {
        let list = list.as_bytes().to_vec();
        let path = "/contacts/import?file=list.csv";
        self.client.hand_over(path, list).await.unwrap()
    }

    /// A mail to Claire; the border says that it is genuine. Returns once it is decided.
    pub async fn receives(&self, from: &str, subject: &str, text: &str) {
        self.receives_with(from, subject, text, "").await;
    }

    pub async fn receives_with(&self, from: &str, subject: &str, text: &str, headers: &str) {
        let before = self.decided();
        self.arrives((from, "pass"), subject, text, headers);
        self.until("the mail is decided", || self.decided() > before)
            .await;
    }

    pub fn arrives(&self, (from, dmarc): (&str, &str), subject: &str, text: &str, headers: &str) {
        let number = self.mails.get() + 1;
        self.mails.set(number);
        let domain = from.split_once('@').unwrap().1;
        let date = self.now.strftime("%a, %d %b %Y %H:%M:%S +0000");
        let raw = format!(
            "Authentication-Results: mx.{FIRM};\n\tdmarc={dmarc} header.from={domain}\n\
             Received: from mail.{domain} (mail.{domain} [192.0.2.15])\n\tby mx.{FIRM} (Postfix) with ESMTPS id 4cB05k1Zz9; {date}\n\
             Date: {date}\nFrom: <{from}>\nTo: <{MAILBOX}>\nSubject: {subject}\nMessage-ID: <mail-{number}@{domain}>\n{headers}\
             MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n"
        );
        let raw = raw.replace('\n', "\r\n");
        self.inbox
            .deliver(MAILBOX, "INBOX", raw.as_bytes(), self.now);
    }

    pub fn state<T>(&self, ask: impl Fn(&State<'_>) -> T) -> T {
        ask(&self.daemon.office.sequencer.reader().state())
    }

    pub fn decided(&self) -> u64 {
        self.state(|s| s.counts().unwrap().messages.iter().sum())
    }

    pub async fn until(&self, what: &str, done: impl Fn() -> bool) {
        let patience = tokio::time::Instant::now() + PATIENCE;
        while !done() {
            assert!(
                tokio::time::Instant::now() < patience,
                "waited in vain until {what}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The references of open cases, oldest request first.
    pub async fn open(&self) -> Vec<String> {
        let list = self.client.get("/requests").await.unwrap();
        let all = list.data["requests"].as_array().unwrap().iter();
        all.map(|c| c["case"].as_str().unwrap().to_owned())
            .collect()
    }

    pub async fn show(&self, case: &str) -> Answer {
        self.client.get(&format!("/requests/{case}")).await.unwrap()
    }

    /// An order of Anne's.
    pub async fn order(&self, path: &str, mut word: Value) -> Answer {
        word["by"] = json!("odile");
        let done = self.client.post(path, &word).await;
        done.unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// Drafts of a case as they are shown: kind and hash.
    pub async fn drafts(&self, case: &str) -> Vec<Value> {
        let shown = self.show(case).await;
        let letters = shown.data["letters"].as_array().unwrap().clone();
        let drafts = letters.into_iter().filter(|l| l["state"] == "draft");
        drafts.collect()
    }

    /// Approves a draft as it was shown, and gives the letter that the server took.
    pub async fn approve(&self, case: &str, draft: &Value) -> smtp::Received {
        let before = self.post.count();
        let hash = draft["hash"]
            .as_str()
            .unwrap_or_else(|| panic!("no letter: {draft}"));
        let path = format!("/requests/{case}/approve");
        let done = self.order(&path, json!({"hash": hash})).await;
        assert!(!done.wrong, "{}", done.text);
        if !self.post.wait_for(before + 1, PATIENCE).await {
            panic!("no letter left:\n{}", self.show(case).await.text);
        }
        let sent = || {
            let waits = self.state(|s| s.next_due().unwrap().is_none());
            waits
                && self.state(|s| {
                    s.waiting(quitus::record::Waiting::Sending, 1)
                        .unwrap()
                        .is_empty()
                })
        };
        self.until("the letter is known to be sent", sent).await;
        self.post.received().pop().unwrap()
    }

    /// The only draft of the only open case: approved.
    pub async fn approve_only(&self) -> (String, Value, smtp::Received) {
        let case = self.open().await.pop().unwrap();
        let drafts = self.drafts(&case).await;
        assert_eq!(drafts.len(), 1, "{drafts:?}");
        let letter = self.approve(&case, &drafts[0]).await;
        (case, drafts[0].clone(), letter)
    }
}

/// The text of a letter, and its attachments.
pub fn read(letter: &smtp::Received) -> (String, Vec<(String, Vec<u8>)>) {
    use mail_parser::MimeHeaders;
    let message = mail_parser::MessageParser::default()
        .parse(&letter.raw)
        .unwrap();
    let text = message.body_text(0).unwrap().replace("\r\n", "\n");
    let files = message.attachments();
    let named = files.map(|f| {
        (
            f.attachment_name().unwrap_or("").to_owned(),
            f.contents().to_vec(),
        )
    });
    (text, named.collect())
}
