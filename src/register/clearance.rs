//! May this address be written to? One word for a text as somebody wrote it, and never "free" in doubt.
//!
//! The one answer that every way of asking gives: the command, lists, HTTP, the mail server. It looks at what holds and at
//! nothing else, so that millions can be asked about.

use crate::record::{
    Address, CrmId, Damaged, Fingerprint, Fingerprinter, Phone, Profile, State, Suppression,
    SuppressionRow, Timestamp, domain_to_ascii,
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

/// What somebody is asked about by, if it is no address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Key {
    /// A telephone, perhaps of many.
    Phone(Phone),
    /// A profile page.
    Profile(Profile),
    /// The CRM's id.
    CrmId(CrmId),
}

impl Key {
    /// By what the text says it is (`phone:`, `profile:`, `crm:`), else by its shape. `None` = an address, or a domain; `Some(None)` =
    /// it cannot be read. `home` is the country of a number that says none.
    pub fn read(text: &str, home: &str) -> Option<Option<Self>> {
        let text = text.trim();
        let said = text.split_once(':').map(|(kind, rest)| {
            let kind = kind.trim().to_ascii_lowercase();
            (kind, rest.trim())
        });
        let phone = |text| Phone::parse(text, Some(home)).map(Self::Phone);
        match said.as_ref().map(|(kind, rest)| (kind.as_str(), *rest)) {
            Some(("phone" | "tel", number)) => return Some(phone(number)),
            Some(("crm", id)) => return Some(CrmId::parse(id).map(Self::CrmId)),
            Some(("profile", page)) => return Some(Profile::parse(page).map(Self::Profile)),
            Some(("http" | "https", _)) => return Some(Profile::parse(text).map(Self::Profile)),
            _ => {}
        }
        if text.contains('@') {
            return None;
        }
        if let Some(page) = Profile::parse(text) {
            return Some(Some(Self::Profile(page)));
        }
        let number = text.starts_with(|c: char| c == '+' || c == '(' || c.is_ascii_digit());
        number.then(|| phone(text))
    }

    /// Its fingerprint.
    pub fn fingerprint(&self, keys: &Fingerprinter) -> Fingerprint {
        keys.of(&match self {
            Self::Phone(phone) => phone.key_form(),
            Self::Profile(page) => page.key_form(),
            Self::CrmId(id) => id.key_form(),
        })
    }

    /// What holds against it, of the person or of their firm, and for how many people: of a telephone, everybody who has it counts.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub fn held(
        &self,
        state: &State<'_>,
        keys: &Fingerprinter,
    ) -> Result<(usize, Option<SuppressionRow>), Damaged> {
        let fingerprint = self.fingerprint(keys);
        if let Self::Phone(_) = self {
            return state.held_at(&fingerprint);
        }
        let row = state.held_by_key(&fingerprint)?;
        Ok((usize::from(row.is_some()), row))
    }
}

/// The strictest of what holds against one person who is named in several ways, apart by tabs: `email:…`, `phone:…`,
/// `profile:…`, `crm:…`, or by its shape.
///
/// An address that cannot be read is never "free"; anything else that cannot be read says nothing, unless nothing else is said.
///
/// # Errors
/// If the rows cannot be read.
pub fn clear_row(
    state: &State<'_>,
    keys: &Fingerprinter,
    home: &str,
    row: &str,
) -> Result<Clearance, Damaged> {
    let mut strictest: Option<Clearance> = None;
    for text in row.split('\t').filter(|t| !t.trim().is_empty()) {
        // In a column of addresses nothing is taken for anything else.
        let address = text.trim().strip_prefix("email:");
        let read = match address {
            Some(address) if address.trim().is_empty() => continue,
            Some(_) => None,
            None => Key::read(text, home),
        };
        let found = match read {
            None => clear(state, keys, address.unwrap_or(text))?,
            Some(None) => continue,
            Some(Some(key)) => Clearance::of(key.held(state, keys)?.1),
        };
        let rank = |c: &Clearance| match c.verdict {
            Verdict::Free => 0,
            Verdict::Unreadable => 1,
            Verdict::Paused => 2,
            Verdict::Suppressed => 3,
        };
        if strictest.as_ref().is_none_or(|s| rank(s) < rank(&found)) {
            strictest = Some(found);
        }
    }
    Ok(strictest.unwrap_or(Clearance {
        verdict: Verdict::Unreadable,
        since: None,
    }))
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
