//! The names of things: fingerprints of what must not be stored, and ids of what is.
//!
//! Nothing that is stored in the index or in the clear part of the log lets anybody guess a person: addresses, domains
//! and Message-IDs appear only as keyed fingerprints (HMAC-SHA256 under keys of this installation).

use super::address::{Address, KeyForm};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// `HMAC(kₙ, … HMAC(k₁, SHA-256(key form)))`: recognises a key form without saying what it is.
///
/// A list of plain SHA-256 sums can enter without its plain text, and rotating the key wraps the old value once more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", hex(&self.0[..4]))
    }
}

/// Makes fingerprints and ids with the keys of this installation; the keys live with the store and nowhere else.
#[derive(Clone)]
pub struct Fingerprinter {
    chain: Vec<[u8; 32]>,
    ids: [u8; 32],
}

impl Fingerprinter {
    /// `chain` is k₁ … kₙ, oldest first, never empty; `ids` is the key for Message-IDs, contents and loop headers.
    pub fn new(chain: Vec<[u8; 32]>, ids: [u8; 32]) -> Self {
        Self { chain, ids }
    }

    /// The fingerprint of a key form.
    pub fn of(&self, form: &KeyForm) -> Fingerprint {
        self.of_sha256(Sha256::digest(form.as_str().as_bytes()).into())
    }

    /// The fingerprint of a key form of which only the plain SHA-256 is known (an imported list).
    pub fn of_sha256(&self, sum: [u8; 32]) -> Fingerprint {
        Fingerprint(
            self.chain
                .iter()
                .fold(sum, |value, key| keyed(key, &[&value])),
        )
    }

    /// Both fingerprints of an address: exact, then canonical; one, if they are the same.
    pub fn of_address(&self, address: &Address) -> Vec<Fingerprint> {
        let (exact, canonical) = (address.exact(), address.canonical());
        let mut both = vec![self.of(&exact)];
        if canonical != exact {
            both.push(self.of(&canonical));
        }
        both
    }

    /// The person that an address stands for when nothing else is known: taken from its canonical form.
    pub fn person(&self, address: &Address) -> PersonId {
        PersonId::from_fingerprint(&self.of(&address.canonical()))
    }

    /// The fingerprint of a whole domain.
    pub fn of_domain(&self, ascii_domain: &str) -> Fingerprint {
        self.of(&KeyForm::of_domain(ascii_domain))
    }

    /// A keyed value for a purpose of its own; `parts` are length-prefixed, so that no two lists collide.
    pub fn keyed(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut all = Vec::with_capacity(8 + 64 * parts.len());
        for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
            all.extend_from_slice(&(part.len() as u64).to_le_bytes());
            all.extend_from_slice(part);
        }
        keyed(&self.ids, &[&all])
    }

    /// The name of a Message-ID in the Sent index: without angle brackets, keyed.
    pub fn mail_id(&self, message_id: &str) -> MailIdHash {
        let bare = message_id
            .trim()
            .trim_start_matches('<')
            .trim_end_matches('>');
        MailIdHash(first_16(self.keyed("message-id", &[bare.as_bytes()])))
    }

    /// What makes a message the same message in two folders: its sender, its Message-ID and what was freshly typed.
    /// Relays add footers and recode bodies, so the raw bytes would not do (C2).
    pub fn content(&self, from: &str, message_id: &str, fresh_text: &str) -> ContentKey {
        let words = fresh_text.split_whitespace().collect::<Vec<_>>().join(" ");
        let parts = [from.as_bytes(), message_id.as_bytes(), words.as_bytes()];
        ContentKey(first_16(self.keyed("content", &parts)))
    }
}

fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A 32-byte key is never too long for HMAC, so the fallback key is never used.
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn first_16(bytes: [u8; 32]) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&bytes[..16]);
    short
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The bytes of a hexadecimal text of exactly `N` bytes.
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.trim();
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0u8; N];
    for (i, b) in bytes.iter_mut().enumerate() {
        *b = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(bytes)
}

/// Sixteen keyed bytes with a name of their own.
macro_rules! id16 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0[..6]))
            }
        }
    };
}

id16!(
    /// The content of one inbound message, wherever it was delivered (C2). It is also the message's id.
    ContentKey
);
id16!(
    /// A Message-ID header, keyed.
    MailIdHash
);
id16!(
    /// A person: everything known under any of its fingerprints. Born from the canonical form of the first address.
    PersonId
);

impl PersonId {
    /// The person first seen under this fingerprint.
    pub fn from_fingerprint(f: &Fingerprint) -> Self {
        Self(first_16(f.0))
    }
}

impl ContentKey {
    /// As printed for people and given back by them: 12 hexadecimal digits are enough to find one.
    pub fn short(&self) -> String {
        hex(&self.0[..6])
    }
}

/// A case: what one person asked in one message or thread. Written as a reference like `Q-7F3K-92MD`.
///
/// Forty random bits: nobody can guess another person's reference, and it can be read out on the telephone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(u64);

/// Crockford's base 32: no I, L, O, U, so that a reference survives handwriting.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl CaseId {
    /// From random (or keyed) bits; the lowest forty are kept.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits & 0xff_ffff_ffff)
    }

    /// The forty bits.
    pub const fn bits(self) -> u64 {
        self.0
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |i: u64| CROCKFORD[((self.0 >> (35 - 5 * i)) & 31) as usize] as char;
        let text: String = (0..8).map(digit).collect();
        write!(f, "Q-{}-{}", &text[..4], &text[4..])
    }
}

impl fmt::Debug for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for CaseId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("\"{text}\" is not a case reference; they look like Q-7F3K-92MD");
        let bare: String = text.trim().to_uppercase().replace(['-', ' '], "");
        let digits = bare
            .strip_prefix('Q')
            .filter(|d| d.len() == 8)
            .ok_or_else(bad)?;
        let mut bits = 0u64;
        for c in digits.bytes() {
            let c = match c {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                c => c,
            };
            let value = CROCKFORD.iter().position(|d| *d == c).ok_or_else(bad)?;
            bits = bits << 5 | value as u64;
        }
        Ok(Self(bits))
    }
}

/// One letter: the case, the step in its life, and the attempt series (a human may begin a new one after a rejection).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct LetterId {
    /// The case that it belongs to.
    pub case: CaseId,
    /// Which letter of the case: 0 is the first.
    pub step: u8,
    /// 0, until a human orders the letter to be sent again under a new Message-ID.
    pub series: u8,
}

impl LetterId {
    /// Its own Message-ID, known before it is ever sent, the same for the same letter for ever (design, States).
    pub fn message_id(&self, keys: &Fingerprinter, domain: &str) -> String {
        let parts: [&[u8]; 3] = [&self.case.0.to_le_bytes(), &[self.step], &[self.series]];
        format!(
            "<{}.quitus@{domain}>",
            hex(&keys.keyed("letter", &parts)[..16])
        )
    }
}

/// As people name it: `Q-7F3K-92MD.0`, the case and the step; with a third number for a later series.
impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.series {
            0 => write!(f, "{}.{}", self.case, self.step),
            series => write!(f, "{}.{}.{series}", self.case, self.step),
        }
    }
}

impl std::str::FromStr for LetterId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("\"{text}\" names no letter; they look like Q-7F3K-92MD.0");
        let mut parts = text.trim().split('.');
        let case = parts.next().unwrap_or_default().parse();
        let mut number = |default: Option<u8>| match parts.next() {
            Some(part) => part.parse().ok(),
            None => default,
        };
        let (step, series) = (number(None), number(Some(0)));
        let id = case.ok().zip(step).zip(series);
        let ((case, step), series) = id.filter(|_| parts.next().is_none()).ok_or_else(bad)?;
        Ok(Self { case, step, series })
    }
}

/// Which key seals something; the store keeps the key itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub u64);

/// What a key protects, and so when it is zeroed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum KeyKind {
    /// A person's row of the register.
    Contact = 1,
    /// What a person wrote to us, copies and attachments of a case.
    Content = 2,
    /// The deciding words, the letter as it was sent and its address: zeroed by retention, or kept by a legal hold.
    Proof = 3,
    /// The plain address in notices to senders: zeroed when every one of them has obeyed.
    Notice = 4,
}

/// Personal content, unreadable without its key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The key.
    pub key: KeyId,
    /// Nonce and ciphertext (XChaCha20-Poly1305), as the store wrote them.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Sealed({} bytes under key {})",
            self.bytes.len(),
            self.key.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Fingerprinter {
        Fingerprinter::new(vec![[1; 32]], [2; 32])
    }

    #[test]
    fn a_reference_survives_a_telephone() {
        let case = CaseId::from_bits(0xff_1234_5678);
        let text = case.to_string();
        assert_eq!(text.parse::<CaseId>(), Ok(case));
        assert_eq!(
            text.to_lowercase()
                .replace('-', " ")
                .replace('0', "o")
                .parse::<CaseId>(),
            Ok(case)
        );
        assert!("Q-123".parse::<CaseId>().is_err() && "Q-7F3K-92MU".parse::<CaseId>().is_err());
    }

    #[test]
    fn a_letter_is_named_by_its_case_and_step() {
        for (text, step, series) in [("Q-0000-0001.0", 0, 0), ("Q-0000-0001.12.3", 12, 3)] {
            let case = CaseId::from_bits(1);
            let id = LetterId { case, step, series };
            assert_eq!((id.to_string().as_str(), text.parse()), (text, Ok(id)));
        }
        for bad in ["Q-0000-0001", "Q-0000-0001.300", "Q-0000-0001.0.0.0", ".0"] {
            assert!(bad.parse::<LetterId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rotating_wraps_the_old_fingerprint() {
        let form = Address::parse("a@example.com").unwrap().exact();
        let old = keys().of(&form);
        let new = Fingerprinter::new(vec![[1; 32], [3; 32]], [2; 32]).of(&form);
        assert_eq!(new.0, super::keyed(&[3; 32], &[&old.0]));
    }

    #[test]
    fn the_same_words_in_another_layout_are_the_same_content() {
        let k = keys();
        assert_eq!(
            k.content("a@x.de", "<1@x>", "STOP\r\n please"),
            k.content("a@x.de", "<1@x>", "STOP please\n")
        );
        assert_ne!(
            k.content("a@x.de", "<1@x>", "STOP"),
            k.content("a@x.de<1", "@x>", "STOP")
        );
    }
}
