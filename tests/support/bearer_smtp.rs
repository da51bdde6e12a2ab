//! An SMTP server that takes log-ins by token alone: XOAUTH2 or OAUTHBEARER, with the challenge that says why not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

/// What it saw.
#[derive(Default)]
pub struct Seen {
    /// Command lines, of all connections.
    pub commands: Vec<String>,
    /// What was said to it by a log-in, decoded, and whether it was taken.
    pub logins: Vec<(String, bool)>,
    pub letters: usize,
}

/// The running server; its threads end with the process.
#[derive(Clone)]
pub struct BearerSmtp {
    pub port: u16,
    seen: Arc<Mutex<Seen>>,
    mechanism: &'static str,
    live: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

impl BearerSmtp {
    /// `live` says whether a token is good.
    pub fn start(
        mechanism: &'static str,
        live: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            seen: Arc::default(),
            mechanism,
            live: Arc::new(live),
        };
        let own = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                std::thread::spawn(move || own.talk(stream));
            }
        });
        server
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn talk(&self, stream: TcpStream) -> Option<()> {
        let mut out = stream.try_clone().ok()?;
        let mut lines = BufReader::new(stream).lines();
        let mut next = || lines.next()?.ok();
        let mut say = |text: &str| out.write_all(format!("{text}\r\n").as_bytes()).ok();
        say("220 bearer ESMTP")?;
        let mut known = false;
        loop {
            let line = next()?;
            self.seen().commands.push(line.clone());
            let words: Vec<&str> = line.split(' ').collect();
            match words[0].to_uppercase().as_str() {
                "EHLO" => say(&format!(
                    "250-bearer\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN {}",
                    self.mechanism
                ))?,
                "AUTH" if words.get(1) == Some(&self.mechanism) => {
                    let said = match words.get(2) {
                        Some(said) => (*said).to_owned(),
                        None => {
                            say("334 ")?;
                            next()?
                        }
                    };
                    let said = String::from_utf8(STANDARD.decode(said).ok()?).ok()?;
                    let token = said.split("auth=Bearer ").nth(1)?.split('\x01').next()?;
                    known = (self.live)(token);
                    self.seen().logins.push((said.clone(), known));
                    if known {
                        say("235 2.7.0 welcome")?;
                    } else {
                        let why = r#"{"status":"401","schemes":"bearer","scope":"https://mail.example/"}"#;
                        say(&format!("334 {}", STANDARD.encode(why)))?;
                        let end = if self.mechanism == "XOAUTH2" {
                            ""
                        } else {
                            "AQ=="
                        };
                        match next()? == end {
                            true => say("535 5.7.8 Username and Password not accepted")?,
                            false => say("501 5.5.2 that is no answer")?,
                        }
                    }
                }
                "AUTH" => say("504 5.5.4 not this one")?,
                "MAIL" if !known => say("530 5.7.0 log in first")?,
                "DATA" => {
                    say("354 go on")?;
                    while next()? != "." {}
                    self.seen().letters += 1;
                    say("250 2.0.0 taken")?;
                }
                "QUIT" => return say("221 bye"),
                _ => say("250 ok")?,
            }
        }
    }
}
