//! An SMTP server that does what it is told: says this at that step, cuts the line there, or falls silent; and remembers.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A step of the dialog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
    Greeting,
    Hello,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// After the first line of the letter.
    MidLetter,
    /// After the final dot.
    Dot,
}

/// What it does there instead of its duty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Says this line and goes on.
    Say(&'static str),
    /// Says this line and hangs up.
    SayAndCut(&'static str),
    /// Hangs up.
    Cut,
    /// Never says anything again.
    Hang,
}

/// How the server behaves.
#[derive(Clone, Default)]
pub struct Script {
    /// At that step, that; only the first so many times (0: always).
    pub fault: Option<(At, Fault, usize)>,
    /// Lines of its EHLO reply beside its name.
    pub offers: Vec<&'static str>,
    /// After so many letters on a connection: 421.
    pub letters_per_connection: Option<usize>,
    /// Answers the final dot of the first so many letters only when the next letter's commands have come.
    pub dot_after_next: usize,
    /// Hangs up on a connection that is silent for so long.
    pub idle_limit: Option<std::time::Duration>,
    /// TLS from the first byte.
    pub tls: Option<TlsAcceptor>,
}

/// What it saw.
#[derive(Default)]
pub struct Seen {
    /// Letters it said 250 to, or would have, had it not been told otherwise: without final dot, dots unstuffed.
    pub letters: Vec<Vec<u8>>,
    /// Commands, of all connections in the order of arrival.
    pub commands: Vec<String>,
    /// Connections so far.
    pub connections: usize,
    /// Connections now, and at most at the same time.
    pub open: usize,
    pub most_open: usize,
    faults: usize,
}

/// The running server; it ends with the test's runtime.
pub struct ScriptedSmtp {
    pub port: u16,
    pub seen: Arc<Mutex<Seen>>,
}

impl ScriptedSmtp {
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let all = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                socket.set_nodelay(true).unwrap();
                let talk = Talk {
                    script: script.clone(),
                    seen: Arc::clone(&all),
                };
                tokio::spawn(async move {
                    talk.count_connection(1);
                    match talk.script.tls.clone() {
                        None => talk.have(socket).await,
                        Some(tls) => match tls.accept(socket).await {
                            Ok(socket) => talk.have(socket).await,
                            Err(_) => Some(()),
                        },
                    };
                    talk.count_connection(-1);
                });
            }
        });
        Self { port, seen }
    }
}

struct Talk {
    script: Script,
    seen: Arc<Mutex<Seen>>,
}

impl Talk {
    fn count_connection(&self, change: i8) {
        let mut seen = self.seen.lock().unwrap();
        if change > 0 {
            seen.connections += 1;
            seen.open += 1;
            seen.most_open = seen.most_open.max(seen.open);
        } else {
            seen.open -= 1;
        }
    }

    /// Ends with `None` when the line is to be cut.
    async fn have<S: AsyncRead + AsyncWrite + Unpin>(&self, socket: S) -> Option<()> {
        let mut line = BufReader::new(socket);
        self.act(At::Greeting, &mut line, "220 scripted ESMTP")
            .await?;
        let mut letters = 0;
        loop {
            let mut command = String::new();
            let read = line.read_line(&mut command);
            let n = match self.script.idle_limit {
                None => read.await,
                Some(limit) => tokio::time::timeout(limit, read).await.ok()?,
            };
            if n.ok()? == 0 {
                return None;
            }
            let command = command.trim_end().to_owned();
            self.seen.lock().unwrap().commands.push(command.clone());
            let word = command.split(' ').next().unwrap_or("").to_uppercase();
            match word.as_str() {
                "EHLO" => {
                    let mut reply = String::from("250-scripted");
                    for offer in &self.script.offers {
                        reply.push_str(&format!("\r\n250-{offer}"));
                    }
                    reply.push_str("\r\n250 HELP");
                    self.act(At::Hello, &mut line, &reply).await?
                }
                "AUTH" => self.act(At::Auth, &mut line, "235 2.7.0 welcome").await?,
                "MAIL" if self.script.letters_per_connection == Some(letters) => {
                    say(&mut line, "421 4.7.0 enough for one connection").await?;
                    return None;
                }
                "MAIL" => self.act(At::Mail, &mut line, "250 2.1.0 ok").await?,
                "RCPT" => self.act(At::Rcpt, &mut line, "250 2.1.5 ok").await?,
                "DATA" => {
                    if self.act(At::Data, &mut line, "354 go on").await? {
                        self.take_letter(&mut line).await?;
                        letters += 1;
                    }
                    true
                }
                "QUIT" => {
                    say(&mut line, "221 2.0.0 bye").await?;
                    return None;
                }
                _ => say(&mut line, "250 2.0.0 ok").await?,
            };
        }
    }

    async fn take_letter<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        line: &mut BufReader<S>,
    ) -> Option<bool> {
        let mut letter = Vec::new();
        loop {
            let mut row = Vec::new();
            if line.read_until(b'\n', &mut row).await.ok()? == 0 {
                return None;
            }
            if row == b".\r\n" {
                break;
            }
            letter.extend_from_slice(row.strip_prefix(b".").unwrap_or(&row));
            self.act(At::MidLetter, line, "").await?;
        }
        let letters = {
            let mut seen = self.seen.lock().unwrap();
            seen.letters.push(letter);
            seen.letters.len()
        };
        if letters <= self.script.dot_after_next && line.fill_buf().await.ok()?.is_empty() {
            return None;
        }
        self.act(
            At::Dot,
            line,
            "250 2.0.0 taken as 4711 for <jean@example.com>",
        )
        .await
    }

    /// Does its duty at a step, or what the script says; `Some(true)` if it was the duty.
    async fn act<S: AsyncWrite + Unpin>(&self, at: At, line: &mut S, duty: &str) -> Option<bool> {
        let fault = self.script.fault.filter(|(step, _, times)| {
            let mut seen = self.seen.lock().unwrap();
            let due = *step == at && (*times == 0 || seen.faults < *times);
            seen.faults += usize::from(due);
            due
        });
        match fault.map(|(_, fault, _)| fault) {
            None if duty.is_empty() => Some(true),
            None => say(line, duty).await,
            Some(Fault::Say(text)) => say(line, text).await.map(|_| false),
            Some(Fault::SayAndCut(text)) => {
                say(line, text).await;
                None
            }
            Some(Fault::Cut) => None,
            Some(Fault::Hang) => std::future::pending().await,
        }
    }
}

async fn say<S: AsyncWrite + Unpin>(line: &mut S, text: &str) -> Option<bool> {
    line.write_all(format!("{text}\r\n").as_bytes())
        .await
        .ok()?;
    line.flush().await.ok()?;
    Some(true)
}
