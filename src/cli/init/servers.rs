//! Servers as a person names them (`imap.acme.example:993/tls`), and the names that are tried where nobody knows them.

use super::asking::Tongue;
use super::providers::{Place, Protection};
use crate::delivery::{self, SmtpSettings};
use crate::mailbox::{self, ImapSettings};
use crate::record::domain_to_ascii;
use std::fmt;
use std::net::IpAddr;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Mail is read there.
    Imap,
    /// Mail is handed in there.
    Smtp,
}

impl Role {
    /// The usual port.
    pub const fn port(self, protection: Protection) -> u16 {
        match (self, protection) {
            (Self::Imap, Protection::Tls) => 993,
            (Self::Imap, _) => 143,
            (Self::Smtp, Protection::Tls) => 465,
            (Self::Smtp, Protection::Starttls) => 587,
            (Self::Smtp, Protection::None) => 25,
        }
    }
}

/// One server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    /// Its name or IP address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub protection: Protection,
}

impl From<&Place> for Server {
    fn from(place: &Place) -> Self {
        Self {
            host: place.host.clone(),
            port: place.port,
            protection: place.security,
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, .. } = self;
        let word = self.protection.word();
        match host.contains(':') {
            true => write!(f, "[{host}]:{port}/{word}"),
            false => write!(f, "{host}:{port}/{word}"),
        }
    }
}

impl Server {
    /// From `HOST[:PORT][/tls|starttls|none]`; what is left out follows from the rest.
    pub fn parse(text: &str, role: Role, tongue: Tongue) -> Result<Self, String> {
        let wrong = || {
            let form = "HOST[:PORT][/tls|starttls]";
            let like = tongue.of("is no server; write", "n'est pas un serveur ; écrivez");
            format!("\"{text}\" {like} {form}")
        };
        let (place, protection) = match text.trim().split_once('/') {
            Some((place, word)) => (place, Some(word)),
            None => (text.trim(), None),
        };
        let (host, port) = host_and_port(place).ok_or_else(wrong)?;
        let protection = match (protection, port) {
            (Some("tls"), _) => Protection::Tls,
            (Some("starttls"), _) => Protection::Starttls,
            (Some("none"), _) => Protection::None,
            (Some(_), _) => return Err(wrong()),
            (None, Some(143 | 587)) => Protection::Starttls,
            (None, _) => Protection::Tls,
        };
        let local = host.eq_ignore_ascii_case("localhost")
            || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if protection == Protection::None && !local {
            let why = tongue.of(
                "the password would cross the network in clear text: write /tls or /starttls",
                "le mot de passe traverserait le réseau en clair : écrivez /tls ou /starttls",
            );
            return Err(why.to_owned());
        }
        Ok(Self {
            port: port.unwrap_or_else(|| role.port(protection)),
            host,
            protection,
        })
    }
}

fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[').and_then(|t| t.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':')?)),
        None if text.parse::<IpAddr>().is_ok() => (text, None),
        None => text
            .split_once(':')
            .map_or((text, None), |(h, p)| (h, Some(p))),
    };
    let port = port.map(|p| p.parse().ok().filter(|p| *p > 0));
    let good = host.parse::<IpAddr>().is_ok() || domain_to_ascii(host).is_some();
    match (good, port) {
        (false, _) | (_, Some(None)) => None,
        (true, port) => Some((host.to_owned(), port.flatten())),
    }
}

/// What is tried for a domain of which nothing is known, the likeliest first.
fn candidates(domain: &str, role: Role) -> Vec<Server> {
    let (own, ways) = match role {
        Role::Imap => (
            "imap",
            [(Protection::Tls, 993), (Protection::Starttls, 143)],
        ),
        Role::Smtp => (
            "smtp",
            [(Protection::Tls, 465), (Protection::Starttls, 587)],
        ),
    };
    let of = |(protection, port): (Protection, u16)| {
        [own, "mail"].map(|name| Server {
            host: format!("{name}.{domain}"),
            port,
            protection,
        })
    };
    ways.into_iter().flat_map(of).collect()
}

/// The first of the likely servers that shows a trusted certificate and speaks as it should; or what each tried one said.
pub async fn guess(domain: &str, role: Role) -> Result<Server, Vec<String>> {
    let all = candidates(domain, role);
    let asked = all.iter().map(|server| greeted(server, role));
    let said = futures::future::join_all(asked).await;
    let mut tried = Vec::new();
    for (server, said) in all.into_iter().zip(said) {
        match said {
            Ok(()) => return Ok(server),
            Err(why) => tried.push(format!("{server}: {why}")),
        }
    }
    Err(tried)
}

/// Whether such a server is there, over TLS. No login, nothing sent.
async fn greeted(server: &Server, role: Role) -> Result<(), String> {
    let Server {
        host,
        port,
        protection,
    } = server;
    let word = protection.word();
    let lines = format!("host = \"{host}\"\nport = {port}\nsecurity = \"{word}\"\n");
    match role {
        Role::Imap => {
            let login = "username = \"nobody\"\npassword = { env = \"\" }\ntimeout_seconds = 10\n";
            let settings: ImapSettings =
                toml::from_str(&(lines + login)).map_err(|e| e.to_string())?;
            mailbox::greet(&settings).await.map_err(|e| e.to_string())
        }
        Role::Smtp => {
            let patience = "timeouts = { connect = \"10 s\", command = \"10 s\" }\n";
            let settings: SmtpSettings<()> =
                toml::from_str(&(lines + patience)).map_err(|e| e.to_string())?;
            let probe = delivery::probe(&settings, None).await;
            probe.map(drop).map_err(|e| e.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_follows_from_the_rest() {
        for (text, role, whole) in [
            ("imap.acme.example", Role::Imap, "imap.acme.example:993/tls"),
            (
                "mail.acme.example:587",
                Role::Smtp,
                "mail.acme.example:587/starttls",
            ),
            (
                "mail.acme.example/starttls",
                Role::Imap,
                "mail.acme.example:143/starttls",
            ),
            ("[::1]:1143/none", Role::Imap, "[::1]:1143/none"),
            ("127.0.0.1/none", Role::Smtp, "127.0.0.1:25/none"),
        ] {
            let server = Server::parse(text, role, Tongue::En);
            assert_eq!(
                server.map(|s| s.to_string()).as_deref(),
                Ok(whole),
                "{text}"
            );
            assert!(Server::parse(whole, role, Tongue::En).is_ok(), "{whole}");
        }
        for bad in [
            "",
            "imaps://x",
            "x:0",
            "x:abc",
            "x/ssl",
            "a b",
            "mail.acme.example/none",
        ] {
            assert!(Server::parse(bad, Role::Imap, Tongue::Fr).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_usual_names_are_tried_and_never_in_clear_text() {
        let all = candidates("acme.example", Role::Imap);
        let shown: Vec<String> = all.iter().map(Server::to_string).collect();
        let should = ["imap.acme.example:993/tls", "mail.acme.example:993/tls"];
        assert_eq!(shown[..2], should);
        let clear = |s: &Server| s.protection == Protection::None;
        assert!(
            !all.iter()
                .chain(&candidates("x.example", Role::Smtp))
                .any(clear)
        );
    }
}
