//! Opening a connection: the name, TCP, TLS or STARTTLS, hello, login; each a phase of its own when it fails.
//!
//! Until EHLO is through it is spoken here and not by lettre, which cannot begin after a STARTTLS and does not say in
//! which step it failed. There is no way from here to a server in clear text, except to this machine itself.

use super::bearer;
use super::login::Pass;
use super::outcome::{Phase, Problem, Trouble};
use super::settings::{AuthMechanism, Security, SmtpSettings};
use super::steps::{heard, problem, refused, said, within};
use super::tls::{self, Trust};
use super::wire::{Fail, Marks, Stream, Wire};
use crate::oauth::Mechanism;
use lettre::transport::smtp::authentication;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

const PLAIN: authentication::Mechanism = authentication::Mechanism::Plain;
const LOGIN: authentication::Mechanism = authentication::Mechanism::Login;

/// What the server offered in its last EHLO, and under which TLS.
#[derive(Clone, Debug, Default)]
pub(super) struct Offers {
    pub(super) lines: Vec<String>,
    pub(super) tls: Option<String>,
    /// The server's own certificate (DER).
    pub(super) certificate: Option<Vec<u8>>,
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

    /// Whether a mechanism of AUTH was offered (RFC 4954 3).
    pub(super) fn has_auth(&self, mechanism: &str) -> bool {
        let all = self.parameters("AUTH").unwrap_or_default();
        all.split(' ')
            .any(|one| one.eq_ignore_ascii_case(mechanism))
    }

    pub(super) fn size_limit(&self) -> Option<usize> {
        let limit = self.parameters("SIZE")?.trim().parse().ok()?;
        (limit > 0).then_some(limit)
    }
}

/// A connection that is ready for letters.
pub(super) struct Opened {
    pub(super) line: AsyncSmtpConnection,
    pub(super) marks: Arc<Marks>,
    pub(super) offers: Offers,
}

/// Connects, makes the way safe, says hello, logs in.
pub(super) async fn open(
    settings: &SmtpSettings<()>,
    trust: Option<&Trust>,
    pass: Option<&Pass>,
) -> Result<Opened, Problem> {
    let patience = settings.timeouts.command.0;
    let tcp = reach(settings, settings.timeouts.connect.0).await?;
    let local = tcp.local_addr();
    let local = local.map_err(|e| problem(Phase::Connect, Trouble::Cut, &e))?;
    let hello = match (&settings.hello_name, local.ip()) {
        (Some(name), _) => ClientId::Domain(name.clone()),
        (None, std::net::IpAddr::V4(ip)) => ClientId::Ipv4(ip),
        (None, std::net::IpAddr::V6(ip)) => ClientId::Ipv6(ip),
    };
    let (mut wire, offers) = introduce(settings, trust, tcp, &format!("EHLO {hello}")).await?;
    wire.play_greeting_back();
    let marks = wire.marks();
    let begun = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello);
    let mut line = within(patience, begun)
        .await
        .map_err(|fail| refused(Phase::Hello, fail))?;
    match pass {
        None => {}
        Some(Pass::Password(user, password)) => {
            let password = password.expose().to_owned();
            let login = authentication::Credentials::new(user.clone(), password);
            log_in(&mut line, settings.auth, &login, patience).await?;
        }
        Some(Pass::Token(user, token)) => {
            let said = |m: Mechanism| m.answer(user, (&settings.host, settings.port()), token);
            bearer::log_in(&mut line, &offers, said, patience).await?;
        }
    }
    Ok(Opened {
        line,
        marks,
        offers,
    })
}

/// Greeting and EHLO, before and after TLS as the settings say.
async fn introduce(
    settings: &SmtpSettings<()>,
    trust: Option<&Trust>,
    tcp: TcpStream,
    ehlo: &str,
) -> Result<(Wire, Offers), Problem> {
    let (patience, connect) = (settings.timeouts.command.0, settings.timeouts.connect.0);
    let peer = tcp.peer_addr();
    let peer = peer.map_err(|e| problem(Phase::Connect, Trouble::Cut, &e))?;
    let mut offers = Offers::default();
    let mut stream: Box<dyn Stream> = Box::new(tcp);
    if let (Security::Tls, Some(trust)) = (settings.security, trust) {
        (stream, offers.tls, offers.certificate) = shake_hands(stream, trust, connect).await?;
    }
    let mut wire = Wire::new(stream, peer);
    heard(Phase::Greeting, patience, wire.hear()).await?;
    offers.lines = heard(Phase::Hello, patience, wire.ask(ehlo)).await?;
    if let (Security::Starttls, Some(trust)) = (settings.security, trust) {
        if !offers.has("STARTTLS") {
            let words = "the server offers no STARTTLS; letters do not go in clear text";
            return Err(problem(Phase::Tls, Trouble::Tls, &words));
        }
        heard(Phase::Tls, patience, wire.ask("STARTTLS")).await?;
        (stream, offers.tls, offers.certificate) =
            shake_hands(wire.into_stream(), trust, connect).await?;
        wire = Wire::new(stream, peer);
        offers.lines = heard(Phase::Hello, patience, wire.ask(ehlo)).await?;
    }
    Ok((wire, offers))
}

async fn log_in(
    line: &mut AsyncSmtpConnection,
    only: Option<AuthMechanism>,
    login: &authentication::Credentials,
    patience: Duration,
) -> Result<(), Problem> {
    let all: &[authentication::Mechanism] = match only {
        None => &[PLAIN, LOGIN],
        Some(AuthMechanism::Plain) => &[PLAIN],
        Some(AuthMechanism::Login) => &[LOGIN],
    };
    if line.server_info().get_auth_mechanism(all).is_none() {
        let words = "the server offers no login that we may use (PLAIN, LOGIN)";
        return Err(problem(Phase::Auth, Trouble::Login, &words));
    }
    match within(patience, line.auth(all, login)).await {
        Ok(_) => Ok(()),
        Err(Fail::Said { code, text }) if code >= 500 => {
            Err(problem(Phase::Auth, Trouble::Login, &said(code, &text)))
        }
        Err(fail) => Err(refused(Phase::Auth, fail)),
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
) -> Result<(Box<dyn Stream>, Option<String>, Option<Vec<u8>>), Problem> {
    let hands = trust.connector.connect(trust.name.clone(), stream);
    match timeout(patience, hands).await {
        Ok(Ok(tls)) => {
            let version = tls.get_ref().1.protocol_version();
            let version = version.and_then(|v| v.as_str().map(|v| v.replace("TLSv1_", "TLS 1.")));
            let chain = tls.get_ref().1.peer_certificates().unwrap_or_default();
            let certificate = chain.first().map(|c| c.to_vec());
            Ok((Box::new(tls), version, certificate))
        }
        Ok(Err(e)) => Err(match tls::why(&e) {
            Some(words) => problem(Phase::Tls, Trouble::Tls, &words),
            None => problem(Phase::Tls, Trouble::Cut, &e),
        }),
        Err(_) => Err(problem(Phase::Tls, Trouble::Silent, &"no answer in time")),
    }
}
