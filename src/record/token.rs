//! The token in `stop+TOKEN@` and in a link: it names one person, for one purpose, until a day, and only we can make it.
//!
//! 31 letters and digits of one case: it fits a local part beside a name (RFC 5321, section 4.5.3.1.1), a URL, and a
//! server that lower-cases. Inside are the kind (1 octet), the last day (2), the first 8 octets of the PersonId, masked,
//! and a MAC of 8 over all of it. Two tokens of one person have nothing in common that an outsider could see. It is the
//! strongest evidence of whose reply this is (answering.md B1), so what is not exactly ours is no token at all.

use super::{Fingerprinter, PersonId, Timestamp};

/// Letters of a token (RFC 4648, section 6, in lower case).
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Octets within.
const OCTETS: usize = 19;
/// Their letters.
pub const TOKEN_LETTERS: usize = 31;
const DAY: i64 = 86_400_000;

/// What a token is for.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum TokenKind {
    /// In the address that replies go to: says whose reply it is.
    Reply = 1,
    /// In the address of List-Unsubscribe: mail to it needs no words.
    Unsubscribe = 2,
}

/// What a token of ours says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is for.
    pub kind: TokenKind,
    /// The last day on which it holds (UTC), counted from 1970-01-01.
    pub until: u16,
    /// The first octets of the person's id.
    pub person: [u8; 8],
}

/// Why something is no token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoToken {
    /// It has not the form of one.
    #[error("cut short, or never a token")]
    Form,
    /// The form, and not our MAC.
    #[error("forged, damaged, or of another installation")]
    NotOurs,
    /// It was one.
    #[error("expired")]
    Expired,
}

impl Token {
    /// A token for a person that holds so many days from now; at most until the year 2149.
    pub fn new(kind: TokenKind, person: PersonId, now: Timestamp, days: u16) -> Self {
        let until = now.millis().div_euclid(DAY).saturating_add(days.into());
        let mut short = [0; 8];
        short.copy_from_slice(&person.0[..8]);
        Self {
            kind,
            until: u16::try_from(until.max(0)).unwrap_or(u16::MAX),
            person: short,
        }
    }

    /// Its letters.
    pub fn written(&self, keys: &Fingerprinter) -> String {
        let (head, mac) = (self.head(), mac(keys, self));
        let mut octets = [0; OCTETS];
        octets[..3].copy_from_slice(&head);
        octets[3..11].copy_from_slice(&masked(keys, head, mac, self.person));
        octets[11..].copy_from_slice(&mac);
        letters(&octets)
    }

    /// Reads a token that was used at a moment. Any case of letters.
    ///
    /// # Errors
    /// If it is not exactly one that we made, or it held until a day before.
    pub fn read(keys: &Fingerprinter, text: &str, at: Timestamp) -> Result<Self, NoToken> {
        let octets = octets(text).ok_or(NoToken::Form)?;
        let kind = match octets[0] {
            1 => TokenKind::Reply,
            2 => TokenKind::Unsubscribe,
            _ => return Err(NoToken::NotOurs),
        };
        let (mut hidden, mut given) = ([0; 8], [0; 8]);
        hidden.copy_from_slice(&octets[3..11]);
        given.copy_from_slice(&octets[11..]);
        let mut token = Self {
            kind,
            until: u16::from_be_bytes([octets[1], octets[2]]),
            person: [0; 8],
        };
        token.person = masked(keys, token.head(), given, hidden);
        let expected = mac(keys, &token);
        // Compared whole, so that the time taken says nothing about how much was right.
        let differ = given
            .iter()
            .zip(expected)
            .fold(0, |all, (a, b)| all | (a ^ b));
        if differ != 0 {
            return Err(NoToken::NotOurs);
        }
        let today = at.millis().div_euclid(DAY);
        if today > token.until.into() {
            return Err(NoToken::Expired);
        }
        Ok(token)
    }

    fn head(&self) -> [u8; 3] {
        let [high, low] = self.until.to_be_bytes();
        [self.kind as u8, high, low]
    }
}

fn mac(keys: &Fingerprinter, token: &Token) -> [u8; 8] {
    first_8(keys.keyed("token", &[&token.head(), &token.person]))
}

/// The person's octets under a mask that the MAC chooses: masking twice gives them back.
fn masked(keys: &Fingerprinter, head: [u8; 3], mac: [u8; 8], person: [u8; 8]) -> [u8; 8] {
    let mut mask = first_8(keys.keyed("token-mask", &[&head, &mac]));
    for (m, p) in mask.iter_mut().zip(person) {
        *m ^= p;
    }
    mask
}

fn first_8(long: [u8; 32]) -> [u8; 8] {
    let mut short = [0; 8];
    short.copy_from_slice(&long[..8]);
    short
}

fn letters(octets: &[u8; OCTETS]) -> String {
    let mut text = String::with_capacity(TOKEN_LETTERS);
    let (mut bits, mut held) = (0u32, 0u32);
    for octet in octets {
        bits = (bits << 8) | u32::from(*octet);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(letter(bits >> held));
        }
        bits &= (1 << held) - 1;
    }
    text.push(letter(bits << (5 - held)));
    text
}

fn letter(five: u32) -> char {
    char::from(ALPHABET[(five & 31) as usize])
}

/// The octets of a text of exactly one token; one text for each token, so what the last letter has too many must be 0.
fn octets(text: &str) -> Option<[u8; OCTETS]> {
    if text.len() != TOKEN_LETTERS {
        return None;
    }
    let mut all = [0; OCTETS];
    let mut places = all.iter_mut();
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in text.bytes() {
        let five = match byte.to_ascii_lowercase() {
            b @ b'a'..=b'z' => b - b'a',
            b @ b'2'..=b'7' => b - b'2' + 26,
            _ => return None,
        };
        bits = (bits << 5) | u32::from(five);
        held += 5;
        if held >= 8 {
            held -= 8;
            *places.next()? = u8::try_from((bits >> held) & 0xff).ok()?;
            bits &= (1 << held) - 1;
        }
    }
    (bits == 0).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(n: u8) -> Fingerprinter {
        Fingerprinter::new(vec![[1; 32]], [n; 32])
    }

    fn kind() -> impl Strategy<Value = TokenKind> {
        prop_oneof![Just(TokenKind::Reply), Just(TokenKind::Unsubscribe)]
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_795_500_000);

    proptest! {
        #[test]
        fn what_was_minted_is_read_in_any_case_until_its_last_day(
            kind in kind(), id in any::<[u8; 16]>(), days in 0u16..4_000, shout in any::<bool>(),
        ) {
            let token = Token::new(kind, PersonId(id), NOW, days);
            let mut text = token.written(&keys(2));
            prop_assert_eq!(text.len(), TOKEN_LETTERS);
            prop_assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
            if shout {
                text.make_ascii_uppercase();
            }
            prop_assert_eq!(&token.person, &id[..8]);
            let last = NOW.plus_days(days.into());
            prop_assert_eq!(Token::read(&keys(2), &text, NOW), Ok(token));
            prop_assert_eq!(Token::read(&keys(2), &text, last), Ok(token));
            prop_assert_eq!(Token::read(&keys(2), &text, last.plus_days(1)), Err(NoToken::Expired));
            prop_assert_eq!(Token::read(&keys(3), &text, NOW), Err(NoToken::NotOurs));
        }

        #[test]
        fn a_token_with_another_letter_or_cut_short_is_none(
            kind in kind(), id in any::<[u8; 16]>(), at in 0..TOKEN_LETTERS, other in 0usize..32,
        ) {
            let text = Token::new(kind, PersonId(id), NOW, 400).written(&keys(2));
            let mut changed = text.clone().into_bytes();
            changed[at] = ALPHABET[other];
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_eq!(Token::read(&keys(2), &changed, NOW).is_ok(), changed == text);
            for cut in [&text[1..], &text[..at], &format!("{text}a")] {
                prop_assert_eq!(Token::read(&keys(2), cut, NOW), Err(NoToken::Form));
            }
        }

        #[test]
        fn nothing_that_somebody_writes_is_a_token_or_a_panic(text in "\\PC{0,40}") {
            prop_assert!(Token::read(&keys(2), &text, NOW).is_err());
        }
    }

    #[test]
    fn two_tokens_of_one_person_share_nothing_but_what_everybody_knows() {
        let person = PersonId([7; 16]);
        let one = Token::new(TokenKind::Reply, person, NOW, 30).written(&keys(2));
        let two = Token::new(TokenKind::Reply, person, NOW, 31).written(&keys(2));
        let same = one.bytes().zip(two.bytes()).skip(5);
        assert!(same.filter(|(a, b)| a == b).count() < 8, "{one} {two}");
    }
}
