//! One connection to the server: opening it, and the dialog of one letter after the other.
//!
//! Commands go through lettre's connection one by one, not through its `send`, so that the step at which something
//! failed is known and the house can be asked between RCPT and DATA. MAIL and RCPT travel together where the server
//! offers PIPELINING (RFC 2920): a round trip less for each letter. DATA never does, because `sending` must be durable first.

use super::letter::Parcel;
use super::outcome::{Outcome, Phase, Problem, Trouble};
use super::reply::clean;
use super::settings::{AuthMechanism, Security, SmtpSettings};
use super::tls::{self, Trust};
use super::wire::{Fail, Marks, Stream, Wire};
use lettre::transport::smtp::authentication::{self, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Quit, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use std::error::Error as _;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A login, resolved. Not printed, and gone from memory when dropped.
#[derive(Clone)]
pub struct Credentials {
    username: String,
    password: zeroize::Zeroizing<String>,
}

impl Credentials {
    /// Name and password as they are sent.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            password: zeroize::Zeroizing::new(password.into()),
        }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// The house's last word: called once the recipient was accepted, before DATA (answering.md C4, A9).
///
/// Here `sending` is made durable. `true`: it is, hand the letter over. `false`: a colleague was faster, or it could not
/// be committed; nothing is handed over and the outcome is [`Outcome::Withdrawn`]. Called at most once for a delivery.
/// A closure `|| async { … }` will do.
pub trait BeforeData {
    /// Whether the letter may go.
    fn committed(&self) -> impl Future<Output = bool> + Send;
}

impl<F, Answer> BeforeData for F
where
    F: Fn() -> Answer + Sync,
    Answer: Future<Output = bool> + Send,
{
    fn committed(&self) -> impl Future<Output = bool> + Send {
        self()
    }
}

/// What the server offered in its last EHLO, and under which TLS.
#[derive(Clone, Debug, Default)]
pub(super) struct Offers {
    pub(super) lines: Vec<String>,
    pub(super) tls: Option<String>,
}

impl Offers {
    /// Whether a keyword of RFC 5321 4.1.1.1 was offered.
    pub(super) fn has(&self, keyword: &str) -> bool {
        self.parameters(keyword).is_some()
    }

    fn parameters(&self, keyword: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            word.eq_ignore_ascii_case(keyword).then_some(rest)
        })
    }

    fn size_limit(&self) -> Option<usize> {
        let limit = self.parameters("SIZE")?.trim().parse().ok()?;
        (limit > 0).then_some(limit)
    }
}

/// How one dialog ended, and whether it may be had again on another connection.
pub(super) struct Spoken {
    pub(super) outcome: Outcome,
    /// The connection, not the letter, failed, and the house was not asked yet.
    pub(super) again: bool,
}

/// An open connection, logged in.
pub(super) struct Session {
    line: AsyncSmtpConnection,
    marks: Arc<Marks>,
    pub(super) offers: Offers,
    /// Letters it has carried.
    pub(super) carried: u32,
    /// When it was last used.
    pub(super) used: Instant,
    /// Whether it may be used again.
    pub(super) sound: bool,
    asked: bool,
}

impl Session {
    /// Connects, makes the way safe, says hello, logs in.
    pub(super) async fn open(
        settings: &SmtpSettings<()>,
        trust: Option<&Trust>,
        login: Option<&Credentials>,
    ) -> Result<Self, Problem> {
        let (patience, connect) = (settings.timeouts.command.0, settings.timeouts.connect.0);
        let tcp = reach(settings, connect).await?;
        let (peer, us) = match (tcp.peer_addr(), tcp.local_addr()) {
            (Ok(peer), Ok(us)) => (peer, us.ip()),
            (Err(e), _) | (_, Err(e)) => return Err(problem(Phase::Connect, Trouble::Cut, &e)),
        };
        let hello = match (&settings.hello_name, us) {
            (Some(name), _) => ClientId::Domain(name.clone()),
            (None, std::net::IpAddr::V4(ip)) => ClientId::Ipv4(ip),
            (None, std::net::IpAddr::V6(ip)) => ClientId::Ipv6(ip),
        };
        let ehlo = format!("EHLO {hello}");
        let mut offers = Offers::default();
        let mut stream: Box<dyn Stream> = Box::new(tcp);
        if let (Security::Tls, Some(trust)) = (settings.security, trust) {
            (stream, offers.tls) = shake_hands(stream, trust, connect).await?;
        }
        let mut wire = Wire::new(stream, peer);
        heard(Phase::Greeting, patience, wire.hear()).await?;
        offers.lines = heard(Phase::Hello, patience, wire.ask(&ehlo)).await?;
        if let (Security::Starttls, Some(trust)) = (settings.security, trust) {
            if !offers.has("STARTTLS") {
                let words = "the server offers no STARTTLS; letters do not go in clear text";
                return Err(problem(Phase::Tls, Trouble::Tls, &words));
            }
            heard(Phase::Tls, patience, wire.ask("STARTTLS")).await?;
            (stream, offers.tls) = shake_hands(wire.into_stream(), trust, connect).await?;
            wire = Wire::new(stream, peer);
            offers.lines = heard(Phase::Hello, patience, wire.ask(&ehlo)).await?;
        }
        wire.play_greeting_back();
        let marks = wire.marks();
        let opening = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello);
        let line = within(patience, opening)
            .await
            .map_err(|fail| refused(Phase::Hello, fail))?;
        let mut session = Self {
            line,
            marks,
            offers,
            carried: 0,
            used: Instant::now(),
            sound: true,
            asked: false,
        };
        if let Some(login) = login {
            session.log_in(settings.auth, login, patience).await?;
        }
        Ok(session)
    }

    async fn log_in(
        &mut self,
        only: Option<AuthMechanism>,
        login: &Credentials,
        patience: Duration,
    ) -> Result<(), Problem> {
        let all: &[Mechanism] = match only {
            None => &[Mechanism::Plain, Mechanism::Login],
            Some(AuthMechanism::Plain) => &[Mechanism::Plain],
            Some(AuthMechanism::Login) => &[Mechanism::Login],
        };
        if self.line.server_info().get_auth_mechanism(all).is_none() {
            let words = "the server offers no login that we may use (PLAIN, LOGIN)";
            return Err(problem(Phase::Auth, Trouble::Login, &words));
        }
        let login =
            authentication::Credentials::new(login.username.clone(), login.password.to_string());
        match within(patience, self.line.auth(all, &login)).await {
            Ok(_) => Ok(()),
            Err(Fail::Said { code, text }) if code >= 500 => {
                Err(problem(Phase::Auth, Trouble::Login, &said(code, &text)))
            }
            Err(fail) => Err(refused(Phase::Auth, fail)),
        }
    }

    /// The dialog of one letter.
    pub(super) async fn carry(
        &mut self,
        parcel: &Parcel,
        house: &impl BeforeData,
        settings: &SmtpSettings<()>,
    ) -> Spoken {
        self.asked = false;
        let outcome = match self.unsuitable(parcel) {
            Some(reply) => Outcome::Rejected {
                phase: Phase::MailFrom,
                reply,
            },
            None => match self.dialog(parcel, house, settings).await {
                Ok(outcome) => outcome,
                Err((phase, fail)) => self.judge(phase, fail),
            },
        };
        self.carried += 1;
        self.used = Instant::now();
        let again = !self.asked
            && matches!(&outcome, Outcome::Deferred { trouble, .. } if trouble.is_relation() && !trouble.needs_a_person());
        let open_transaction = !matches!(outcome, Outcome::Sent { .. });
        if open_transaction && self.sound {
            let reset = within(settings.timeouts.connect.0, self.line.command(Rset)).await;
            self.sound = reset.is_ok();
        }
        Spoken { outcome, again }
    }

    /// Why these bytes can never pass through this server, if so; the letter is not changed to suit it.
    fn unsuitable(&self, parcel: &Parcel) -> Option<String> {
        let size = parcel.letter.bytes().len();
        if parcel.needs_8bit() && !self.offers.has("8BITMIME") {
            return Some("the letter is 8-bit and the server offers no 8BITMIME".into());
        }
        if parcel.needs_utf8() && !self.offers.has("SMTPUTF8") {
            return Some("an address is not ASCII and the server offers no SMTPUTF8".into());
        }
        let limit = self.offers.size_limit().filter(|limit| size > *limit)?;
        Some(format!(
            "the letter has {size} octets, the server takes {limit}"
        ))
    }

    async fn dialog(
        &mut self,
        parcel: &Parcel,
        house: &impl BeforeData,
        settings: &SmtpSettings<()>,
    ) -> Result<Outcome, (Phase, Fail)> {
        let patience = settings.timeouts.command.0;
        self.name_both(parcel, patience).await?;
        self.asked = true;
        if !house.committed().await {
            return Ok(Outcome::Withdrawn);
        }
        let go = within(patience, self.line.command(Data)).await;
        let go = go.map_err(|fail| (Phase::Data, fail))?;
        if !go.has_code(354) {
            let fail = Fail::Garbled(format!("DATA was answered {}", go.code()));
            return Err((Phase::Data, fail));
        }
        let bytes = parcel.letter.without_last_line_end();
        let long = Duration::from_secs(bytes.len() as u64 / 16_384);
        let patience = settings.timeouts.final_dot.0 + long;
        let taken = within(patience, self.line.message(bytes)).await;
        let taken = taken.map_err(|fail| (Phase::FinalDot, fail))?;
        if self.marks.write_failed() || u16::from(taken.code()) / 100 != 2 {
            let fail = Fail::Garbled(format!("unasked: {}", told(&taken)));
            return Err((Phase::FinalDot, fail));
        }
        Ok(Outcome::Sent {
            reply: clean(&told(&taken)),
        })
    }

    /// MAIL and RCPT, together if the server takes them so.
    async fn name_both(
        &mut self,
        parcel: &Parcel,
        patience: Duration,
    ) -> Result<(), (Phase, Fail)> {
        let mut mail = format!(
            "MAIL FROM:<{}>",
            parcel.sender.as_ref().map_or("", |a| a.as_str())
        );
        if self.offers.has("SIZE") {
            mail.push_str(&format!(" SIZE={}", parcel.letter.bytes().len()));
        }
        if parcel.needs_8bit() {
            mail.push_str(" BODY=8BITMIME");
        }
        if parcel.needs_utf8() {
            mail.push_str(" SMTPUTF8");
        }
        let rcpt = format!("RCPT TO:<{}>\r\n", parcel.recipient.as_str());
        if !self.offers.has("PIPELINING") {
            let first = within(patience, self.line.command(format!("{mail}\r\n"))).await;
            first.map_err(|fail| (Phase::MailFrom, fail))?;
            let second = within(patience, self.line.command(rcpt)).await;
            return second.map(drop).map_err(|fail| (Phase::RcptTo, fail));
        }
        let both = format!("{mail}\r\n{rcpt}");
        let first = within(patience, self.line.command(both)).await;
        // The second reply belongs to this letter whatever the first one says; unread it would answer the next command.
        let second = match &first {
            Ok(_) | Err(Fail::Said { .. }) => within(patience, self.line.read_response()).await,
            Err(_) => Err(Fail::Silent),
        };
        self.sound &= matches!(&second, Ok(_) | Err(Fail::Said { .. }));
        first.map_err(|fail| (Phase::MailFrom, fail))?;
        second.map(drop).map_err(|fail| (Phase::RcptTo, fail))
    }

    /// What a failed step means for the letter, and for the connection.
    fn judge(&mut self, phase: Phase, fail: Fail) -> Outcome {
        self.sound &= matches!(&fail, Fail::Said { code, .. } if *code != 421);
        let handed_over = phase == Phase::FinalDot;
        match fail {
            Fail::Said { code, text } => {
                let reply = said(code, &text);
                let trouble = match code {
                    421 => Trouble::Refused,
                    // RFC 4954 6, RFC 3207 4: "log in first", "not without TLS"; no fault of the letter.
                    530 | 534 | 535 | 538 if !handed_over => Trouble::Login,
                    400..=499 => Trouble::Letter,
                    _ => return Outcome::Rejected { phase, reply },
                };
                Outcome::Deferred {
                    phase,
                    trouble,
                    reply,
                }
            }
            other if handed_over => Outcome::Uncertain {
                phase,
                why: clean(&refused(phase, other).reply),
            },
            other => refused(phase, other).into(),
        }
    }

    /// Says goodbye, without waiting long for an answer.
    pub(super) async fn close(mut self) {
        if self.sound {
            let bye = self.line.command(Quit);
            // Whatever is answered, nothing depends on it.
            let _ = within(Duration::from_secs(2), bye).await;
        }
    }
}

/// A name, then a connection, without Nagle's wait.
async fn reach(settings: &SmtpSettings<()>, patience: Duration) -> Result<TcpStream, Problem> {
    let host = settings.host.trim_matches(['[', ']']);
    let found = timeout(patience, tokio::net::lookup_host((host, settings.port()))).await;
    let found = match found {
        Ok(Ok(found)) => found,
        Ok(Err(e)) => return Err(problem(Phase::Dns, Trouble::Dns, &e)),
        Err(_) => return Err(problem(Phase::Dns, Trouble::Dns, &"no answer in time")),
    };
    let mut last = problem(Phase::Dns, Trouble::Dns, &"the name has no address");
    for address in found {
        if settings.security == Security::None && !address.ip().is_loopback() {
            let words = "clear text is only for this machine itself";
            return Err(problem(Phase::Connect, Trouble::Tls, &words));
        }
        last = match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => {
                // Without it the final dot would wait 40 ms for an acknowledgement; a kernel that refuses is only slow.
                let _ = tcp.set_nodelay(true);
                return Ok(tcp);
            }
            Ok(Err(e)) => problem(Phase::Connect, Trouble::Unreachable, &e),
            Err(_) => problem(Phase::Connect, Trouble::Unreachable, &"no answer in time"),
        };
    }
    Err(last)
}

async fn shake_hands(
    stream: Box<dyn Stream>,
    trust: &Trust,
    patience: Duration,
) -> Result<(Box<dyn Stream>, Option<String>), Problem> {
    let hands = trust.connector.connect(trust.name.clone(), stream);
    match timeout(patience, hands).await {
        Ok(Ok(tls)) => {
            let version = tls.get_ref().1.protocol_version();
            let version = version.and_then(|v| v.as_str().map(|v| v.replace("TLSv1_", "TLS 1.")));
            Ok((Box::new(tls), version))
        }
        Ok(Err(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(problem(Phase::Tls, Trouble::Cut, &e))
        }
        Ok(Err(e)) => Err(problem(Phase::Tls, Trouble::Tls, &tls::why(&e))),
        Err(_) => Err(problem(Phase::Tls, Trouble::Silent, &"no answer in time")),
    }
}

/// A step of our own on the wire, in its time.
async fn heard(
    phase: Phase,
    patience: Duration,
    step: impl Future<Output = Result<Vec<String>, Fail>>,
) -> Result<Vec<String>, Problem> {
    match timeout(patience, step).await {
        Ok(result) => result.map_err(|fail| refused(phase, fail)),
        Err(_) => Err(refused(phase, Fail::Silent)),
    }
}

/// A step of lettre's, in its time (lettre has none of its own). After [`Fail::Silent`] the connection is never used again.
async fn within<T>(
    patience: Duration,
    step: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, Fail> {
    let error = match timeout(patience, step).await {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(error)) => error,
        Err(_) => return Err(Fail::Silent),
    };
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    Err(match error.status() {
        Some(code) => Fail::Said {
            code: code.into(),
            text,
        },
        None if error.is_response() && text == "incomplete response" => {
            Fail::Cut("the server closed the connection".into())
        }
        None if error.is_response() || error.is_client() => Fail::Garbled(text),
        None => Fail::Cut(text),
    })
}

/// A failed step that is the server's trouble.
fn refused(phase: Phase, fail: Fail) -> Problem {
    match fail {
        Fail::Said { code, text } => problem(phase, Trouble::Refused, &said(code, &text)),
        Fail::Cut(why) => problem(phase, Trouble::Cut, &format!("the connection ended: {why}")),
        Fail::Silent => problem(phase, Trouble::Silent, &"no reply in time"),
        Fail::Garbled(why) => problem(phase, Trouble::Garbled, &why),
    }
}

fn problem(phase: Phase, trouble: Trouble, what: &impl ToString) -> Problem {
    Problem {
        phase,
        trouble,
        reply: clean(&what.to_string()),
    }
}

fn said(code: u16, text: &str) -> String {
    clean(&format!("{code} {text}"))
}

fn told(reply: &Response) -> String {
    let text: Vec<&str> = reply.message().collect();
    format!("{} {}", reply.code(), text.join(" "))
}
