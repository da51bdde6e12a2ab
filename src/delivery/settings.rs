//! `[smtp]`: the server that takes our letters, and how patiently it is spoken to.
//!
//! The password's type is left open ([`SmtpSettings`] is generic over it): how a secret is written in a file is the
//! configuration's business, and this room gets it resolved as [`super::Credentials`].

use super::span::Span;
use crate::oauth::OauthSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[smtp]`: the server that takes our letters, and how patiently it is spoken to.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "Password: Deserialize<'de>"))]
pub struct SmtpSettings<Password> {
    /// Name of the server, as its certificate has it.
    pub host: String,
    /// The TCP port; default 465 for `tls`, 587 for `starttls`, 25 for `none`.
    pub port: Option<u16>,
    /// How the way there is protected; default `tls`.
    #[serde(default)]
    pub security: Security,
    /// Login name; without one there is no login.
    pub username: Option<String>,
    /// Where the password is kept: `{ file = "…" }`, `{ env = "…" }`, `{ command = ["…"] }` or `{ credential = "…" }`.
    pub password: Option<Password>,
    /// A log-in by token instead of a password; default: none.
    pub oauth: Option<OauthSettings>,
    /// The only mechanism to use; default: PLAIN if offered, else LOGIN.
    pub auth: Option<AuthMechanism>,
    /// A PEM file of certificate authorities to trust beside the system's own.
    pub ca_file: Option<std::path::PathBuf>,
    /// The name given in EHLO; default: our address as a literal (RFC 5321 4.1.4).
    pub hello_name: Option<String>,
    /// What stands in MAIL FROM; default `mailbox`.
    #[serde(default)]
    pub envelope_sender: EnvelopeSender,
    /// For `bounce_token`: the mailbox whose `+TOKEN` variants come back to us, as in `bounce@example.com`.
    pub bounce_address: Option<crate::record::Address>,
    /// Connections at the same time; default 2.
    #[serde(default = "two")]
    pub max_sessions: usize,
    /// Letters on one connection, after which a new one is opened; default 100.
    #[serde(default = "hundred")]
    pub messages_per_connection: u32,
    /// How long a connection may wait unused; default 30 s.
    #[serde(default = "half_a_minute")]
    pub idle: Span,
    /// Patience, step by step.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// When a letter that was put off is tried again.
    #[serde(default)]
    pub retry: Retry,
    /// When the server is left alone.
    #[serde(default)]
    pub breaker: BreakerSettings,
    /// Where to look whether an uncertain letter went out; default `none`.
    #[serde(default)]
    pub sent_check: SentCheck,
}

/// How the way to the server is protected. There is no "if possible": that is clear text for whoever wants it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte (RFC 8314).
    #[default]
    Tls,
    /// STARTTLS, required (RFC 3207).
    Starttls,
    /// Clear text; only to this machine itself.
    None,
}

/// How we log in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthMechanism {
    /// RFC 4616.
    Plain,
    /// The old Microsoft way.
    Login,
}

/// What stands in MAIL FROM, and so where a bounce goes (answering.md A).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnvelopeSender {
    /// The mailbox that answers.
    #[default]
    Mailbox,
    /// `bounce+TOKEN@`: says which letter came back, whatever the bounce looks like.
    BounceToken,
    /// `<>`: no bounce ever (RFC 3834 allows it); many servers distrust it.
    Null,
}

/// Where to look for a letter whose fate is unknown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SentCheck {
    /// The Sent folder of the mailbox: the server files what it takes.
    Imap,
    /// A blind copy comes back to the mailbox.
    Bcc,
    /// Nowhere: a human decides.
    #[default]
    None,
}

/// Patience. A letter's own bytes add to `final_dot`: a second for each 16 KiB.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// Name look-up, TCP, TLS: for each of them. Default 30 s.
    pub connect: Span,
    /// Greeting and every command. Default 5 min (RFC 5321 4.5.3.2).
    pub command: Span,
    /// The reply to the final dot. Default 10 min (RFC 5321 4.5.3.2.6); shorter means more letters that nobody knows about.
    pub final_dot: Span,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Span::seconds(30),
            command: Span::seconds(300),
            final_dot: Span::seconds(600),
        }
    }
}

/// When a letter that was put off is tried again.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Waiting times; the last one repeats. Default 1 min, 5 min, 15 min, 1 h, 4 h.
    pub schedule: Vec<Span>,
    /// Since the first try; then a human decides. Default 3 d.
    pub give_up: Span,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            schedule: [60, 300, 900, 3_600, 14_400].map(Span::seconds).to_vec(),
            give_up: Span::seconds(3 * 86_400),
        }
    }
}

/// When a server that fails is left alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerSettings {
    /// Failures in a row. Default 3. (A refused login or certificate opens it at once.)
    pub opens_after: u32,
    /// The first pause; it doubles. Default 30 s.
    pub first_wait: Span,
    /// The longest pause. Default 15 min.
    pub longest_wait: Span,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            opens_after: 3,
            first_wait: Span::seconds(30),
            longest_wait: Span::seconds(900),
        }
    }
}

/// A setting that cannot stand; the configuration adds file, line and column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wrong {
    /// The key within `[smtp]`.
    pub key: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub fix: String,
}

impl<Password> SmtpSettings<Password> {
    /// The port, given or usual.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            Security::Tls => 465,
            Security::Starttls => 587,
            Security::None => 25,
        })
    }

    /// Everything in it that cannot stand, apart from the shape.
    pub fn check(&self) -> Vec<Wrong> {
        let mut all = Vec::new();
        let mut wrong = |key, what: &str, fix: &str| {
            all.push(Wrong {
                key,
                what: what.to_owned(),
                fix: fix.to_owned(),
            });
        };
        self.check_connection(&mut wrong);
        self.check_sending(&mut wrong);
        all
    }

    /// The server, and how it is spoken to.
    fn check_connection(&self, wrong: &mut impl FnMut(&'static str, &str, &str)) {
        if self.host.trim().is_empty() || self.host.contains(char::is_whitespace) {
            wrong(
                "host",
                "no server name",
                "write it as its certificate has it",
            );
        }
        if self.security == Security::None && !is_this_machine(&self.host) {
            wrong(
                "security",
                "\"none\" sends letters and passwords in clear text over the network",
                "use \"tls\" or \"starttls\"; \"none\" is for localhost, 127.0.0.1 and ::1",
            );
        }
        super::login::check(self, wrong);
        if let Some(name) = &self.hello_name
            && crate::record::domain_to_ascii(name).is_none()
        {
            wrong("hello_name", "not a host name", "as in mail.example.com");
        }
    }

    /// What is sent through it, how often and how long.
    fn check_sending(&self, wrong: &mut impl FnMut(&'static str, &str, &str)) {
        if self.envelope_sender == EnvelopeSender::BounceToken && self.bounce_address.is_none() {
            wrong(
                "envelope_sender",
                "\"bounce_token\" needs a mailbox for the bounces",
                "add bounce_address = \"bounce@your.domain\" (mail to bounce+anything@ must arrive there)",
            );
        }
        if self.max_sessions == 0 || self.messages_per_connection == 0 {
            wrong(
                "max_sessions",
                "with none of them nothing would ever be sent",
                "max_sessions and messages_per_connection are at least 1",
            );
        }
        if self.retry.schedule.is_empty() || self.retry.schedule.contains(&Span::seconds(0)) {
            wrong(
                "retry",
                "the schedule needs at least one waiting time, none of them zero",
                "remove it, or write schedule = [\"1 min\", \"5 min\"]",
            );
        }
    }

    /// The same without the password, so that it can be kept and shown.
    pub fn without_password(&self) -> SmtpSettings<()> {
        SmtpSettings {
            password: None,
            host: self.host.clone(),
            port: self.port,
            security: self.security,
            username: self.username.clone(),
            oauth: self.oauth.clone(),
            auth: self.auth,
            ca_file: self.ca_file.clone(),
            hello_name: self.hello_name.clone(),
            envelope_sender: self.envelope_sender,
            bounce_address: self.bounce_address.clone(),
            max_sessions: self.max_sessions,
            messages_per_connection: self.messages_per_connection,
            idle: self.idle,
            timeouts: self.timeouts,
            retry: self.retry.clone(),
            breaker: self.breaker,
            sent_check: self.sent_check,
        }
    }
}

/// Whether a host name can only be this machine itself.
pub(super) fn is_this_machine(host: &str) -> bool {
    let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}

fn two() -> usize {
    2
}

fn hundred() -> u32 {
    100
}

fn half_a_minute() -> Span {
    Span::seconds(30)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SmtpSettings<String>, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn little_is_enough() {
        let s = read("host = \"mail.example.com\"").unwrap();
        assert_eq!((s.port(), s.security), (465, Security::Tls));
        assert_eq!(s.timeouts.final_dot, Span::seconds(600));
        assert!(s.check().is_empty());
    }

    #[test]
    fn clear_text_never_leaves_this_machine() {
        let s = read("host = \"mail.example.com\"\nsecurity = \"none\"").unwrap();
        assert_eq!(s.check()[0].key, "security");
        for here in ["localhost", "127.0.0.1", "::1"] {
            let s = read(&format!("host = \"{here}\"\nsecurity = \"none\"")).unwrap();
            assert!(s.check().is_empty(), "{here}");
        }
        assert!(!is_this_machine("localhost.example.com"));
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let s = read(
            "host = \" \"\nusername = \"u\"\nenvelope_sender = \"bounce_token\"\nmax_sessions = 0\nretry = {schedule = []}",
        );
        let keys: Vec<_> = s.unwrap().check().iter().map(|w| w.key).collect();
        assert_eq!(
            keys,
            [
                "host",
                "username",
                "envelope_sender",
                "max_sessions",
                "retry"
            ]
        );
        assert!(read("host = \"x\"\nsecurity = \"opportunistic\"").is_err());
        assert!(read("host = \"x\"\nhots = \"y\"").is_err());
    }
}
