//! E-mail addresses, and the two forms under which one person's address is recognised.
//!
//! `Jean.Dupont+crm@Gmail.com` is written to as it stands, looked up as `jean.dupont+crm@gmail.com` (exact) and as
//! `jeandupont@gmail.com` (canonical). Rule B7: dots are dropped for Gmail's two domains only, because elsewhere they
//! tell two people apart; a `+tag` is dropped everywhere. No display name ever decides anything, so it is not here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An address of RFC 5322 `addr-spec` shape, trimmed, its domain in lower case and in IDNA's ASCII form.
///
/// The local part keeps its case: it is what we write to. Comparison is by [`Address::exact`] or [`Address::canonical`];
/// `==` compares exact forms.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    text: String,
    at: usize,
}

/// Why a text is not an address that mail can be sent to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no `@` with something on both sides.
    #[error("\"{0}\" is not an e-mail address: it needs something before and after an @")]
    NoAt(String),
    /// A space, a control character, or a character that would end a header.
    #[error("\"{0}\" is not an e-mail address: {1:?} cannot stand in one")]
    BadCharacter(String, char),
    /// RFC 5321 4.5.3.1: 64 octets before the @, 254 in all.
    #[error("\"{0}\" is longer than an e-mail address may be")]
    TooLong(String),
    /// The domain is not one (RFC 5890, RFC 1035).
    #[error("\"{0}\" is not an e-mail address: its domain is not valid")]
    BadDomain(String),
}

impl Address {
    /// Reads one bare address; no display name, no angle brackets, no comment.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let shown = || text.chars().take(80).collect::<String>();
        let (local, domain) = text
            .rsplit_once('@')
            .ok_or_else(|| AddressError::NoAt(shown()))?;
        if local.is_empty() || domain.is_empty() {
            return Err(AddressError::NoAt(shown()));
        }
        let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
        let forbidden = |c: char| {
            c.is_control() || c.is_whitespace() || (!quoted && "<>()[]\\,;:\"@".contains(c))
        };
        if let Some(c) = local.chars().find(|c| forbidden(*c)) {
            return Err(AddressError::BadCharacter(shown(), c));
        }
        let domain = domain_to_ascii(domain).ok_or_else(|| AddressError::BadDomain(shown()))?;
        if local.len() > 64 || local.len() + 1 + domain.len() > 254 {
            return Err(AddressError::TooLong(shown()));
        }
        Ok(Self {
            at: local.len(),
            text: format!("{local}@{domain}"),
        })
    }

    /// The address as it is written to.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the `@`, in its own case.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// What stands after the `@`: lower case, ASCII.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The exact key form: lower case, nothing else changed.
    pub fn exact(&self) -> KeyForm {
        KeyForm(self.text.to_lowercase())
    }

    /// The canonical key form: without `+tag`, and without dots in Gmail's domains (B7).
    pub fn canonical(&self) -> KeyForm {
        let local = self.local().to_lowercase();
        let base = match local.find('+') {
            Some(plus) if plus > 0 => &local[..plus],
            _ => local.as_str(),
        };
        match self.domain() {
            "gmail.com" | "googlemail.com" => {
                KeyForm(format!("{}@gmail.com", base.replace('.', "")))
            }
            domain => KeyForm(format!("{base}@{domain}")),
        }
    }

    /// The `tag` of `local+tag@domain`, in its own case.
    pub fn tag(&self) -> Option<&str> {
        self.local()
            .split_once('+')
            .map(|(_, tag)| tag)
            .filter(|t| !t.is_empty())
    }

    /// Whether both are the same mailbox by their canonical forms.
    pub fn same_person(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }

    /// How logs name it: `j…@a…e.com`. The one place that masks.
    pub fn masked(&self) -> String {
        let first = self.local().chars().next().unwrap_or('?');
        let (name, suffix) = self
            .domain()
            .rsplit_once('.')
            .unwrap_or((self.domain(), ""));
        let (head, tail) = (name.chars().next(), name.chars().next_back());
        let name = match (head, tail) {
            (Some(h), Some(t)) if name.chars().count() > 2 => format!("{h}…{t}"),
            (Some(h), _) => format!("{h}…"),
            _ => "…".to_owned(),
        };
        format!("{first}…@{name}.{suffix}")
    }

    /// Whether its domain belongs to a provider of private mailboxes: no firm speaks through such a domain.
    pub fn is_freemail(&self) -> bool {
        is_freemail_domain(self.domain())
    }
}

/// A domain in lower-case ASCII (IDNA, UTS 46), or nothing if it is not one.
pub fn domain_to_ascii(domain: &str) -> Option<String> {
    let domain = domain.trim().trim_end_matches('.');
    let ascii = idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::STD3).ok()?;
    let ok = !ascii.is_empty()
        && ascii.len() <= 253
        && ascii
            .split('.')
            .all(|l| !l.is_empty() && l.len() <= 63 && !l.starts_with('-') && !l.ends_with('-'));
    ok.then(|| ascii.into_owned())
}

/// Whether a domain (lower-case ASCII) belongs to a provider of private mailboxes.
pub fn is_freemail_domain(domain: &str) -> bool {
    FREEMAIL.binary_search(&domain).is_ok()
}

/// Providers of private mailboxes in Europe and worldwide; sorted, so that a look-up is a binary search.
const FREEMAIL: &[&str] = &[
    "abv.bg",
    "aim.com",
    "alice.it",
    "aol.com",
    "aol.fr",
    "arcor.de",
    "atlas.cz",
    "bbox.fr",
    "bigpond.com",
    "bk.ru",
    "bluewin.ch",
    "bol.com.br",
    "btinternet.com",
    "centrum.cz",
    "citromail.hu",
    "club-internet.fr",
    "email.cz",
    "fastmail.com",
    "fastmail.fm",
    "free.fr",
    "freemail.hu",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.fr",
    "gmx.net",
    "googlemail.com",
    "hotmail.be",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "icloud.com",
    "inbox.lv",
    "inbox.ru",
    "interia.pl",
    "laposte.net",
    "libero.it",
    "list.ru",
    "live.be",
    "live.co.uk",
    "live.com",
    "live.de",
    "live.fr",
    "live.it",
    "live.nl",
    "mac.com",
    "mail.com",
    "mail.de",
    "mail.ru",
    "me.com",
    "msn.com",
    "neuf.fr",
    "noos.fr",
    "numericable.fr",
    "o2.pl",
    "onet.pl",
    "online.de",
    "online.no",
    "op.pl",
    "orange.es",
    "orange.fr",
    "outlook.be",
    "outlook.com",
    "outlook.de",
    "outlook.es",
    "outlook.fr",
    "outlook.it",
    "outlook.pt",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.ch",
    "protonmail.com",
    "rambler.ru",
    "rocketmail.com",
    "sapo.pt",
    "seznam.cz",
    "sfr.fr",
    "sky.com",
    "skynet.be",
    "t-online.de",
    "talktalk.net",
    "tele2.it",
    "telefonica.net",
    "telenet.be",
    "terra.es",
    "tin.it",
    "tiscali.it",
    "tuta.com",
    "tuta.io",
    "tutanota.com",
    "tutanota.de",
    "ukr.net",
    "virgilio.it",
    "virginmedia.com",
    "vodafone.it",
    "voila.fr",
    "wanadoo.es",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.es",
    "yahoo.fr",
    "yahoo.it",
    "yandex.com",
    "yandex.ru",
    "ymail.com",
    "zoznam.sk",
];

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.exact() == other.exact()
    }
}

impl Eq for Address {}

impl std::hash::Hash for Address {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.exact().hash(state);
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        Self::parse(&text)
    }
}

impl From<Address> for String {
    fn from(a: Address) -> Self {
        a.text
    }
}

impl std::str::FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

/// Masked, so that a `{:?}` in a log gives nobody away; [`Address::as_str`] is the plain text.
impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

/// The text under which something (an address, a telephone, a profile) is looked up; only ever stored as a fingerprint.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyForm(String);

impl KeyForm {
    /// The key form of a whole domain, as in "nobody at this firm": `@example.com`.
    pub fn of_domain(ascii_domain: &str) -> Self {
        Self(format!("@{}", ascii_domain.to_lowercase()))
    }

    /// Of something that is no address. No address holds a control character, so nothing of one kind is ever taken for another.
    pub(super) fn labelled(kind: &str, text: &str) -> Self {
        Self(format!("{kind}\0{text}"))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for KeyForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyForm(…)")
    }
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
