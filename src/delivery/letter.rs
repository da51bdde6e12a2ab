//! A letter in the shape in which it can be handed to a server: bytes that never change again, one sender, one recipient.
//!
//! Whatever could make two servers see two different messages in the same bytes (a bare CR or LF, a NUL; "SMTP
//! smuggling") is refused here, before anything is frozen, so that the dialog need not think about it.

use crate::record::Address;
use std::sync::Arc;

/// The bytes of a letter: RFC 5322 with CRLF line ends, lines of at most 998 octets, ending in CRLF.
#[derive(Clone, PartialEq, Eq)]
pub struct Frozen {
    bytes: Arc<[u8]>,
    eight_bit: bool,
    utf8_header: bool,
}

/// Why bytes cannot be frozen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    /// A CR without LF or an LF without CR (RFC 5321 2.3.8).
    #[error("a bare line end at octet {0}")]
    BareLineEnd(usize),
    /// A NUL octet.
    #[error("a NUL at octet {0}")]
    Nul(usize),
    /// RFC 5321 4.5.3.1.6: 1,000 octets with CRLF.
    #[error("a line of more than 998 octets at octet {0}")]
    LongLine(usize),
    /// No empty line ends the header.
    #[error("no header that an empty line ends")]
    NoHeader,
}

impl Frozen {
    /// Takes the bytes as they will be sent; a missing last line end is added, nothing else is changed.
    pub fn new(mut bytes: Vec<u8>) -> Result<Self, Malformed> {
        if !bytes.ends_with(b"\r\n") {
            bytes.extend_from_slice(b"\r\n");
        }
        let mut start = 0;
        let mut header_end = None;
        while start < bytes.len() {
            let Some(length) = bytes[start..].iter().position(|b| *b == b'\n') else {
                break;
            };
            let line = &bytes[start..start + length];
            let Some((b'\r', line)) = line.split_last() else {
                return Err(Malformed::BareLineEnd(start + length));
            };
            if let Some(at) = line.iter().position(|b| *b == b'\r') {
                return Err(Malformed::BareLineEnd(start + at));
            }
            if let Some(at) = line.iter().position(|b| *b == 0) {
                return Err(Malformed::Nul(start + at));
            }
            if line.len() > 998 {
                return Err(Malformed::LongLine(start));
            }
            if line.is_empty() && header_end.is_none() {
                header_end = Some(start);
            }
            start += length + 1;
        }
        let header_end = header_end.filter(|n| *n > 0).ok_or(Malformed::NoHeader)?;
        Ok(Self {
            eight_bit: !bytes.is_ascii(),
            utf8_header: !bytes[..header_end].is_ascii(),
            bytes: bytes.into(),
        })
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Without the last CRLF: lettre ends every message with CRLF dot CRLF, and the recipient shall see these bytes
    /// and not one line more.
    pub(super) fn without_last_line_end(&self) -> &[u8] {
        self.bytes.strip_suffix(b"\r\n").unwrap_or(&self.bytes)
    }
}

/// Only the size: letters are nobody's business in a log.
impl std::fmt::Debug for Frozen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frozen({} octets)", self.bytes.len())
    }
}

/// A frozen letter with its envelope; one recipient, because a server answers for each of them separately. What it says
/// of the blind copy decides nothing.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// MAIL FROM; `None` is the null sender `<>`.
    pub sender: Option<Address>,
    /// RCPT TO.
    pub recipient: Address,
    /// A second RCPT TO that no header names: our own mailbox, where the copy proves that the server took the letter (C5).
    /// ASCII only.
    pub blind_copy: Option<Address>,
    /// What is handed over.
    pub letter: Frozen,
}

impl Parcel {
    /// Whether the server must offer 8BITMIME (RFC 6152).
    pub fn needs_8bit(&self) -> bool {
        self.letter.eight_bit
    }

    /// Whether the server must offer SMTPUTF8 (RFC 6531): an address or a header field is not ASCII.
    pub fn needs_utf8(&self) -> bool {
        let ascii = |a: &Address| a.as_str().is_ascii();
        self.letter.utf8_header
            || !ascii(&self.recipient)
            || !self.sender.as_ref().is_none_or(ascii)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_servers_could_read_differently_is_never_frozen() {
        let frozen = |text: &str| Frozen::new(text.as_bytes().to_vec());
        assert_eq!(
            frozen("A: b\r\n\r\nx\n.\nMAIL"),
            Err(Malformed::BareLineEnd(9))
        );
        assert_eq!(
            frozen("A: b\r\n\r\nx\r.\r\n"),
            Err(Malformed::BareLineEnd(9))
        );
        assert_eq!(frozen("A: b\r\n\r\nx\0\r\n"), Err(Malformed::Nul(9)));
        assert_eq!(frozen("A: b"), Err(Malformed::NoHeader));
        let long = format!("A: b\r\n\r\n{}\r\n", "x".repeat(999));
        assert_eq!(frozen(&long), Err(Malformed::LongLine(8)));
    }

    #[test]
    fn a_letter_that_is_frozen_again_is_the_same() {
        let once = Frozen::new(b"A: b\r\n\r\nx".to_vec()).unwrap();
        assert_eq!(once.bytes(), b"A: b\r\n\r\nx\r\n");
        assert_eq!(Frozen::new(once.bytes().to_vec()).unwrap(), once);
    }
}
