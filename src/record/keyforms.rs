//! What people are recognised by beside addresses: telephone numbers, profile pages, ids of the CRM; each in one normal form.
//!
//! What is doubtful has no normal form: a wrong one would make two people one, or stop somebody who never asked. A profile and a
//! CRM id name one person; a telephone may be the switchboard of a whole firm, so it never says who somebody is.

use super::KeyForm;
use unicode_normalization::UnicodeNormalization;

/// A telephone number as E.164 has it: `+33612345678`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// How a country writes its numbers at home (ITU E.164 and the national plans, as of 2026).
struct Plan {
    /// ISO 3166-1 alpha-2.
    country: &'static str,
    /// The country's code.
    code: &'static str,
    /// What is dialled before a number at home, and not from abroad.
    trunk: &'static str,
    /// Digits of a number without it: the fewest and the most.
    digits: (usize, usize),
    /// With which digits such a number begins; any but zero, if none is named.
    begins: &'static str,
}

const fn plan(
    country: &'static str,
    code: &'static str,
    trunk: &'static str,
    digits: (usize, usize),
    begins: &'static str,
) -> Plan {
    Plan {
        country,
        code,
        trunk,
        digits,
        begins,
    }
}

const PLANS: &[Plan] = &[
    plan("FR", "33", "0", (9, 9), ""),
    plan("DE", "49", "0", (6, 11), ""),
    plan("ES", "34", "", (9, 9), "6789"),
    // The zero of an Italian number is part of it.
    plan("IT", "39", "", (6, 11), "03"),
    plan("NL", "31", "0", (9, 9), ""),
    plan("PT", "351", "", (9, 9), "236789"),
    plan("BE", "32", "0", (8, 9), ""),
    plan("CH", "41", "0", (9, 9), ""),
    plan("AT", "43", "0", (7, 13), ""),
    plan("LU", "352", "", (6, 9), "2345678"),
    plan("PL", "48", "", (9, 9), ""),
    plan("SE", "46", "0", (7, 9), ""),
    plan("DK", "45", "", (8, 8), ""),
    plan("NO", "47", "", (8, 8), ""),
    plan("FI", "358", "0", (6, 11), ""),
    plan("CZ", "420", "", (9, 9), ""),
    plan("SK", "421", "0", (9, 9), ""),
    plan("RO", "40", "0", (9, 9), ""),
    plan("HU", "36", "06", (8, 9), ""),
    plan("GR", "30", "", (10, 10), "2678"),
    plan("HR", "385", "0", (8, 9), ""),
    plan("BG", "359", "0", (8, 9), ""),
    plan("GB", "44", "0", (9, 10), ""),
    plan("IE", "353", "0", (7, 9), ""),
];

impl Plan {
    /// Whether these digits are a number of it, without trunk prefix.
    fn fits(&self, digits: &str) -> bool {
        let (fewest, most) = self.digits;
        let first = digits.chars().next();
        let begins = match self.begins {
            "" => first.is_some_and(|c| c != '0'),
            those => first.is_some_and(|c| those.contains(c)),
        };
        begins && (fewest..=most).contains(&digits.len())
    }
}

impl Phone {
    /// A number as people write it. `country` (ISO 3166-1 alpha-2) reads one without its country's code; none = it is doubtful.
    pub fn parse(text: &str, country: Option<&str>) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("tel:").unwrap_or(text);
        // `+33 (0)6 …`: a trunk prefix that is not dialled from abroad.
        let optional = text.contains("(0)");
        let mut digits = String::new();
        for c in text.chars() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if digits.is_empty() => digits.push('+'),
                c if c.is_whitespace()
                    || ".-/()\u{2010}\u{2011}\u{2012}\u{2013}\u{ad}".contains(c) => {}
                // A letter, a comma, a second plus: an extension, two numbers, or none.
                _ => return None,
            }
        }
        let abroad = digits
            .strip_prefix('+')
            .or_else(|| digits.strip_prefix("00"));
        match abroad {
            Some(rest) => international(rest, optional),
            None => national(&digits, country?),
        }
    }

    /// The number: `+33612345678`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text under which it is looked up.
    pub fn key_form(&self) -> KeyForm {
        KeyForm::labelled("phone", &self.0)
    }
}

fn international(rest: &str, optional: bool) -> Option<Phone> {
    let Some(plan) = PLANS.iter().find(|p| rest.starts_with(p.code)) else {
        // Of other countries nothing is known but how long a number may be.
        let fits = (8..=15).contains(&rest.len()) && !rest.starts_with('0') && !optional;
        return fits.then(|| Phone(format!("+{rest}")));
    };
    let number = &rest[plan.code.len()..];
    // A zero after the country's code is a mistake where none belongs to the number, and can only be the trunk prefix.
    let number = match plan.trunk {
        "" => number,
        trunk => number.strip_prefix(trunk).unwrap_or(number),
    };
    let italian = plan.code == "39" && (6..=11).contains(&number.len());
    let fits = plan.fits(number) || italian;
    (fits && (!optional || !plan.trunk.is_empty() || italian))
        .then(|| Phone(format!("+{}{number}", plan.code)))
}

fn national(digits: &str, country: &str) -> Option<Phone> {
    let country = country.trim().to_ascii_uppercase();
    let plan = PLANS.iter().find(|p| p.country == country)?;
    let number = digits.strip_prefix(plan.trunk)?;
    plan.fits(number)
        .then(|| Phone(format!("+{}{number}", plan.code)))
}

/// The page of one person where professionals show themselves: `linkedin.com/in/jean-dupont`.
///
/// Only pages that are certainly one person's: a firm's page, or its site, is shared by everybody there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Profile(String);

impl Profile {
    /// A page's address, with or without scheme.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        let scheme = ["https://", "http://", "//"];
        let after = scheme.iter().find(|s| lower.starts_with(*s));
        let text = &text[after.map_or(0, |s| s.len())..];
        let end = text.find(['?', '#']).unwrap_or(text.len());
        let (host, path) = text[..end].split_once('/')?;
        let path = decoded(path)?;
        let mut names = path.split('/').filter(|n| !n.is_empty());
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let site = |name: &str| {
            let before = host.strip_suffix(name);
            before.is_some_and(|b| {
                b.is_empty()
                    || b.strip_suffix('.')
                        .is_some_and(|l| !l.contains(['.', '@', ':']))
            })
        };
        let first = names.next()?.to_ascii_lowercase();
        let rest: Vec<&str> = names.collect();
        if site("linkedin.com") {
            return linkedin(&first, &rest);
        }
        if site("xing.com") && matches!(first.as_str(), "profile" | "people") {
            return Self::of("xing.com/profile", rest.first()?, true);
        }
        None
    }

    /// Public names mean the same in either case; ids of the sales tool do not.
    fn of(place: &str, name: &str, folded: bool) -> Option<Self> {
        let name: String = name.nfc().collect();
        let name = if folded { name.to_lowercase() } else { name };
        let fits = name.chars().count() <= 200 && name.chars().any(char::is_alphanumeric);
        fits.then(|| Self(format!("{place}/{name}")))
    }

    /// Its normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text under which it is looked up.
    pub fn key_form(&self) -> KeyForm {
        KeyForm::labelled("profile", &self.0)
    }
}

fn linkedin(first: &str, rest: &[&str]) -> Option<Profile> {
    match (first, rest) {
        // What follows the name is a language, or a part of the page.
        ("in", [name, ..]) => Profile::of("linkedin.com/in", name, true),
        // The old form: a name alone is borne by many, the three numbers after it are the person's.
        ("pub", [_, _, _, _]) => Profile::of("linkedin.com/pub", &rest.join("/"), true),
        ("sales", ["lead" | "people", id, ..]) => {
            let id = id.split(',').next()?;
            Profile::of("linkedin.com/sales", id, false)
        }
        _ => None,
    }
}

/// Percent-decoded; nothing, if that is no text.
fn decoded(path: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), path.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let pair = [rest.next()?, rest.next()?];
                let digit = |b: u8| char::from(b).to_digit(16);
                u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?
            }
            other => other,
        });
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.contains(|c: char| c.is_control() || c.is_whitespace())).then_some(text)
}

/// The CRM's own id of a person, exactly as it is written there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrmId(String);

impl CrmId {
    /// What exports write where there is none.
    const NONE: [&str; 9] = [
        "0",
        "-",
        "n/a",
        "na",
        "null",
        "none",
        "nil",
        "#n/a",
        "undefined",
    ];

    /// An id; nothing where a list says that there is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = !text.is_empty() && text.len() <= 200 && !text.contains(char::is_control);
        let none = Self::NONE.contains(&text.to_ascii_lowercase().as_str());
        (fits && !none).then(|| Self(text.to_owned()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text under which it is looked up.
    pub fn key_form(&self) -> KeyForm {
        KeyForm::labelled("crm", &self.0)
    }
}

/// Never in plain words where a log might take it.
macro_rules! hidden {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

hidden!(Phone, Profile, CrmId);

#[cfg(test)]
#[path = "keyforms_tests.rs"]
mod tests;
