//! How a token is said to a mail server: XOAUTH2, or OAUTHBEARER (RFC 7628) where the server knows only that.

use super::error::clean;
use crate::config::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// How a token is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mechanism {
    /// Google's and Microsoft's.
    Xoauth2,
    /// The standard.
    Oauthbearer,
}

impl Mechanism {
    /// The one to use with a server that offers these.
    pub fn choose(offers: impl Fn(&str) -> bool) -> Option<Self> {
        let all = [Self::Xoauth2, Self::Oauthbearer];
        all.into_iter().find(|m| offers(m.word()))
    }

    /// As the server calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Xoauth2 => "XOAUTH2",
            Self::Oauthbearer => "OAUTHBEARER",
        }
    }

    /// What the client says, in base64. Gone from memory when dropped.
    pub fn answer(
        self,
        user: &str,
        (host, port): (&str, u16),
        token: &Secret,
    ) -> Zeroizing<String> {
        let token = token.expose();
        let said = Zeroizing::new(match self {
            Self::Xoauth2 => format!("user={user}\x01auth=Bearer {token}\x01\x01"),
            Self::Oauthbearer => {
                let user = user.replace('=', "=3D").replace(',', "=2C");
                format!("n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01")
            }
        });
        Zeroizing::new(STANDARD.encode(said.as_bytes()))
    }

    /// What must be said after the server has told why it refuses, so that it ends the exchange.
    pub const fn after_refusal(self) -> &'static str {
        match self {
            Self::Xoauth2 => "",
            // RFC 7628 3.2.3: a single %x01.
            Self::Oauthbearer => "AQ==",
        }
    }
}

/// Why a server refuses a token, out of its base64 JSON; nothing if it says nothing of the kind.
pub fn refusal(challenge: &str) -> Option<String> {
    let bytes = STANDARD.decode(challenge.trim()).ok()?;
    let json: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    let word = |key: &str| json.get(key).and_then(|v| v.as_str()).map(clean);
    let status = word("status").or_else(|| json.get("status").map(ToString::to_string))?;
    match word("scope").filter(|s| !s.is_empty()) {
        Some(scope) => Some(format!("status {status}, wanted scope {scope}")),
        None => Some(format!("status {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(mechanism: Mechanism, user: &str) -> String {
        let token = Secret::new("vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg==".to_owned());
        let said = mechanism.answer(user, ("server.example.com", 143), &token);
        String::from_utf8(STANDARD.decode(said.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn the_words_are_those_of_the_specifications() {
        // RFC 7628 4.1, and developers.google.com/gmail/imap/xoauth2-protocol.
        assert_eq!(
            decoded(Mechanism::Oauthbearer, "user@example.com"),
            "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg==\x01\x01"
        );
        let google = Mechanism::Xoauth2.answer(
            "someuser@example.com",
            ("", 0),
            &Secret::new("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg".to_owned()),
        );
        assert_eq!(
            google.as_str(),
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
        );
        assert!(decoded(Mechanism::Oauthbearer, "a=b,c").starts_with("n,a=a=3Db=2Cc,"));
    }

    #[test]
    fn a_refusal_is_read_and_nonsense_is_not() {
        let google = "eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIG1hYyIsInNjb3BlIjoiaHR0cHM6Ly9tYWlsLmdvb2dsZS5jb20vIn0K";
        assert_eq!(
            refusal(google).unwrap(),
            "status 401, wanted scope https://mail.google.com/"
        );
        assert_eq!(refusal(""), None);
        assert_eq!(refusal("bm8="), None);
    }

    #[test]
    fn the_standard_is_used_only_where_nothing_else_is_offered() {
        let offers = |all: &'static [&'static str]| move |word: &str| all.contains(&word);
        assert_eq!(
            Mechanism::choose(offers(&["OAUTHBEARER", "XOAUTH2"])),
            Some(Mechanism::Xoauth2)
        );
        assert_eq!(
            Mechanism::choose(offers(&["OAUTHBEARER"])),
            Some(Mechanism::Oauthbearer)
        );
        assert_eq!(Mechanism::choose(offers(&["PLAIN"])), None);
    }
}
