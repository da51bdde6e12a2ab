//! May this address be written to? One word for a text as somebody wrote it, and never "free" in doubt.
//!
//! The one answer that every way of asking gives: the command, lists, HTTP, the mail server. It looks at what holds and at
//! nothing else, so that millions can be asked about.

use crate::record::{
    Address, Damaged, Fingerprinter, State, Suppression, SuppressionRow, Timestamp, domain_to_ascii,
};

/// Whether somebody may be written to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing holds against it.
    Free,
    /// Not until a human has looked.
    Paused,
    /// Never again.
    Suppressed,
    /// It is no address, so nobody can say: not to be written to.
    Unreadable,
}

impl Verdict {
    /// As lists and programs read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Paused => "paused",
            Self::Suppressed => "suppressed",
            Self::Unreadable => "unreadable",
        }
    }

    /// One letter of the word.
    pub fn letter(self) -> char {
        match self {
            Self::Free => 'f',
            Self::Paused => 'p',
            Self::Suppressed => 's',
            Self::Unreadable => 'u',
        }
    }

    /// The verdict of a letter.
    pub fn of_letter(letter: char) -> Option<Self> {
        let all = [Self::Free, Self::Paused, Self::Suppressed, Self::Unreadable];
        all.into_iter().find(|v| v.letter() == letter)
    }
}

/// The verdict on one address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clearance {
    /// Whether it may be written to.
    pub verdict: Verdict,
    /// Since when not.
    pub since: Option<Timestamp>,
}

impl Clearance {
    /// Whether it may be written to.
    pub fn is_free(&self) -> bool {
        self.verdict == Verdict::Free
    }

    fn of(row: Option<SuppressionRow>) -> Self {
        let verdict = match row.as_ref().map(|r| r.suppression) {
            None => Verdict::Free,
            Some(Suppression::Paused) => Verdict::Paused,
            Some(Suppression::Suppressed) => Verdict::Suppressed,
        };
        let since = row.map(|r| r.since);
        Self { verdict, since }
    }
}

/// What holds against an address, of the person or of the domain, the strictest; or against `@domain`.
///
/// # Errors
/// If the rows cannot be read. That is no "free" either.
pub fn clear(state: &State<'_>, keys: &Fingerprinter, text: &str) -> Result<Clearance, Damaged> {
    let text = text.trim();
    let unreadable = Clearance {
        verdict: Verdict::Unreadable,
        since: None,
    };
    if let Some(domain) = text.strip_prefix('@') {
        return match domain_to_ascii(domain).filter(|d| d.contains('.')) {
            Some(ascii) => Ok(Clearance::of(state.domain(&keys.of_domain(&ascii))?)),
            None => Ok(unreadable),
        };
    }
    let Some(address) = address(text) else {
        return Ok(unreadable);
    };
    let domain = keys.of_domain(address.domain());
    let row = state.suppression(&keys.of_address(&address), Some(&domain))?;
    Ok(Clearance::of(row))
}

/// An address; `"anna"@client.example` is `anna@client.example` (RFC 5321, section 4.1.2), so that quoting hides nobody.
fn address(text: &str) -> Option<Address> {
    let Some((local, domain)) = text.strip_prefix('"').and_then(|t| t.rsplit_once("\"@")) else {
        return Address::parse(text).ok();
    };
    let bare = Address::parse(&format!("{local}@{domain}"));
    match local.contains('\\') {
        true => None,
        false => bare.or_else(|_| Address::parse(text)).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_hides_nobody() {
        let read = |text: &str| address(text).map(|a| a.as_str().to_owned());
        let bare = Some("anna@client.example".to_owned());
        assert_eq!(read("\"anna\"@client.example"), bare);
        assert_eq!(read("anna@client.example"), bare);
        assert_eq!(read("\"an\\na\"@client.example"), None);
        let needed = "\"a@b\"@client.example";
        assert_eq!(read(needed).as_deref(), Some(needed));
        assert_eq!(read("\"@client.example"), None);
    }
}
