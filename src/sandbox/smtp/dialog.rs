//! One SMTP connection (RFC 5321), step by step, with the fault script looked at before each reply.

use super::faults::{Effect, Step};
use super::{Received, Shared, Tls};
use crate::sandbox::wire::Wire;
use base64::Engine;
use jiff::Timestamp;
use std::io::{ErrorKind, Result};
use std::sync::Arc;
use tokio::net::TcpStream;

struct Dialog {
    wire: Wire,
    shared: Arc<Shared>,
    session: usize,
    encrypted: bool,
    known: bool,
    from: Option<String>,
    to: Vec<String>,
}

/// What is to be done after a reply.
enum Next {
    GoOn,
    End,
    Encrypt,
}

/// Talks to a client until either has enough.
pub(super) async fn serve(socket: TcpStream, session: usize, shared: Arc<Shared>) -> Result<()> {
    let implicit = match &shared.settings.tls {
        Tls::Implicit(config) => Some(config.clone()),
        _ => None,
    };
    let mut dialog = Dialog {
        encrypted: implicit.is_some(),
        wire: Wire::accept(socket, implicit).await?,
        known: shared.settings.login.is_none(),
        shared,
        session,
        from: None,
        to: Vec::new(),
    };
    let mut next = dialog
        .reply(Step::Connect, "220 localhost ESMTP sandbox")
        .await?;
    loop {
        match next {
            Next::End => break,
            Next::Encrypt => dialog = dialog.encrypt().await?,
            Next::GoOn => {}
        }
        let Some(line) = dialog.wire.line().await? else {
            break;
        };
        next = dialog.command(&String::from_utf8_lossy(&line)).await?;
    }
    dialog.wire.close().await;
    Ok(())
}

impl Dialog {
    async fn command(&mut self, line: &str) -> Result<Next> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                let greeting = self.extensions();
                self.forget_letter();
                self.reply(Step::Hello, &greeting).await
            }
            "HELO" => self.reply(Step::Hello, "250 localhost").await,
            "STARTTLS" if matches!(self.shared.settings.tls, Tls::Start(_)) && !self.encrypted => {
                match self.reply(Step::StartTls, "220 2.0.0 Go on").await? {
                    Next::GoOn => Ok(Next::Encrypt),
                    next => Ok(next),
                }
            }
            "AUTH" => self.auth(rest).await,
            "MAIL" => self.mail(rest).await,
            "RCPT" => self.rcpt(rest).await,
            "DATA" => self.data().await,
            "RSET" => {
                self.forget_letter();
                self.reply(Step::Rset, "250 2.0.0 Forgotten").await
            }
            "NOOP" => self.reply(Step::Noop, "250 2.0.0 Nothing done").await,
            "QUIT" => {
                self.reply(Step::Quit, "221 2.0.0 Until next time").await?;
                Ok(Next::End)
            }
            _ => self.say("502 5.5.2 I do not know that command").await,
        }
    }

    fn extensions(&self) -> String {
        let start = matches!(self.shared.settings.tls, Tls::Start(_)) && !self.encrypted;
        let start = if start { "250-STARTTLS\r\n" } else { "" };
        format!(
            "250-localhost\r\n250-PIPELINING\r\n250-SIZE 67108864\r\n{start}250-AUTH PLAIN LOGIN\r\n\
             250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 SMTPUTF8"
        )
    }

    async fn mail(&mut self, rest: &str) -> Result<Next> {
        if !self.known {
            return self.say("530 5.7.0 Log in first").await;
        }
        if self.from.is_some() {
            return self.say("503 5.5.1 There is a sender already").await;
        }
        let Some(from) = path(rest, "FROM:") else {
            return self.say("501 5.5.4 MAIL FROM:<address>").await;
        };
        let next = self.carry_out(Step::Mail, "250 2.1.0 Fine").await?;
        if next.1 {
            self.from = Some(from);
        }
        Ok(next.0)
    }

    async fn rcpt(&mut self, rest: &str) -> Result<Next> {
        if self.from.is_none() {
            return self.say("503 5.5.1 Who sends it?").await;
        }
        let Some(to) = path(rest, "TO:").filter(|to| !to.is_empty()) else {
            return self.say("501 5.5.4 RCPT TO:<address>").await;
        };
        let next = self.carry_out(Step::Rcpt, "250 2.1.5 Fine").await?;
        if next.1 {
            self.to.push(to);
        }
        Ok(next.0)
    }

    async fn data(&mut self) -> Result<Next> {
        if self.to.is_empty() {
            return self.say("503 5.5.1 Who shall have it?").await;
        }
        let (next, carried_out) = self.carry_out(Step::Data, "354 End it with a dot").await?;
        if !carried_out || matches!(next, Next::End) {
            return Ok(next);
        }
        let raw = self.letter().await?;
        let effect = self.shared.strike(Step::Dot);
        let mut letter = Received {
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
            raw,
            at: Timestamp::now(),
            session: self.session,
            confirmed: !matches!(effect, Some(Effect::Cut | Effect::Hang(_))),
        };
        match &effect {
            Some(Effect::Reply(text)) if !text.starts_with('2') => {}
            Some(Effect::Late(time)) => {
                // Whoever does not wait that long has not been told.
                letter.confirmed = false;
                self.shared.keep(letter);
                tokio::time::sleep(*time).await;
                return self.say("250 2.0.0 Kept").await;
            }
            _ => self.shared.keep(letter),
        }
        Ok(self.act(effect, "250 2.0.0 Kept").await?.0)
    }

    /// The letter up to the final dot, with the added dots taken away; copied once.
    async fn letter(&mut self) -> Result<Vec<u8>> {
        let mut letter = Vec::with_capacity(self.wire.waiting().len());
        loop {
            let mut done = 0;
            let mut ended = false;
            let waiting = self.wire.waiting();
            while let Some(end) = waiting[done..].iter().position(|b| *b == b'\n') {
                let line = &waiting[done..=done + end];
                done += end + 1;
                if line == b".\r\n" {
                    ended = true;
                    break;
                }
                letter.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
            }
            self.wire.take(done);
            if ended {
                return Ok(letter);
            }
            if !self.wire.more().await? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    async fn auth(&mut self, rest: &str) -> Result<Next> {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let (user, password) = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let answer = match initial {
                    "" => self.ask("").await?,
                    initial => decoded(initial),
                };
                let mut parts = answer.split('\0').skip(1).map(str::to_owned);
                (
                    parts.next().unwrap_or_default(),
                    parts.next().unwrap_or_default(),
                )
            }
            "LOGIN" => {
                let user = match initial {
                    "" => self.ask("Username:").await?,
                    initial => decoded(initial),
                };
                (user, self.ask("Password:").await?)
            }
            _ => return self.say("504 5.5.4 PLAIN or LOGIN").await,
        };
        let login = self.shared.settings.login.as_ref();
        let right = login.is_none_or(|(u, p)| *u == user && *p == password);
        if !right {
            return self.say("535 5.7.8 Not so").await;
        }
        let (next, carried_out) = self.carry_out(Step::Auth, "235 2.7.0 Welcome").await?;
        self.known |= carried_out;
        Ok(next)
    }

    async fn ask(&mut self, question: &str) -> Result<String> {
        let question = base64::engine::general_purpose::STANDARD.encode(question);
        self.wire
            .send(format!("334 {question}\r\n").as_bytes())
            .await?;
        let line = self.wire.line().await?.unwrap_or_default();
        Ok(decoded(&String::from_utf8_lossy(&line)))
    }

    fn forget_letter(&mut self) {
        self.from = None;
        self.to.clear();
    }

    async fn encrypt(self) -> Result<Self> {
        let Tls::Start(config) = &self.shared.settings.tls else {
            return Ok(self);
        };
        let config = config.clone();
        Ok(Self {
            wire: self.wire.encrypted(config).await?,
            encrypted: true,
            from: None,
            to: Vec::new(),
            ..self
        })
    }

    async fn say(&mut self, text: &str) -> Result<Next> {
        self.wire.send(format!("{text}\r\n").as_bytes()).await?;
        Ok(Next::GoOn)
    }

    async fn reply(&mut self, step: Step, right: &str) -> Result<Next> {
        Ok(self.carry_out(step, right).await?.0)
    }

    /// Replies, as is right or as the script says; and whether the command counts as carried out.
    async fn carry_out(&mut self, step: Step, right: &str) -> Result<(Next, bool)> {
        let effect = self.shared.strike(step);
        self.act(effect, right).await
    }

    async fn act(&mut self, effect: Option<Effect>, right: &str) -> Result<(Next, bool)> {
        match effect {
            None => Ok((self.say(right).await?, true)),
            Some(Effect::Late(time)) => {
                tokio::time::sleep(time).await;
                Ok((self.say(right).await?, true))
            }
            Some(Effect::CutAfterReply) => {
                self.say(right).await?;
                Ok((Next::End, true))
            }
            Some(Effect::Reply(text)) => {
                self.say(&text).await?;
                let last = text.starts_with("421");
                Ok((if last { Next::End } else { Next::GoOn }, false))
            }
            Some(Effect::Cut) => Ok((Next::End, false)),
            Some(Effect::Hang(time)) => {
                self.wire.stall(time).await;
                Ok((Next::End, false))
            }
        }
    }
}

/// The address of `FROM:<…>` or `TO:<…>`; what follows it (SIZE=, BODY=) is allowed and means nothing here.
fn path(rest: &str, word: &str) -> Option<String> {
    let begins = rest.get(..word.len())?.eq_ignore_ascii_case(word);
    let rest = rest.get(word.len()..).filter(|_| begins)?.trim_start();
    let (address, _) = rest.strip_prefix('<')?.split_once('>')?;
    Some(address.to_owned())
}

fn decoded(text: &str) -> String {
    let decoded = base64::engine::general_purpose::STANDARD.decode(text.trim());
    String::from_utf8_lossy(&decoded.unwrap_or_default()).into_owned()
}
