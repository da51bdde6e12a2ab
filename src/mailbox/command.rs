//! Building IMAP commands so that nothing a person typed can end one and begin another.
//!
//! Names, passwords and search words go through [`Command::string`] alone: quoted where that is safe, a literal where it is
//! not, refused when they hold CR, LF or NUL. Everything else in a command is a fixed word or a number.

use super::error::SessionError;
use crate::record::UidSet;
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// How long a list of UIDs in one command may be: servers must take 8,192 octets (RFC 7162 4), Dovecot takes 64 KiB.
const LONGEST_SET: usize = 6_000;

/// One command without its tag: pieces between which the server must say that it is ready (literals).
pub struct Command {
    name: &'static str,
    pieces: Vec<Zeroizing<Vec<u8>>>,
}

impl Command {
    /// A command of fixed words; the first word is its name in error messages.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            pieces: vec![Zeroizing::new(name.as_bytes().to_vec())],
        }
    }

    /// Its name in error messages.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The pieces; between two of them waits the server's `+`.
    pub fn into_pieces(self) -> Vec<Zeroizing<Vec<u8>>> {
        self.pieces
    }

    fn push(&mut self, bytes: &[u8]) {
        if let Some(piece) = self.pieces.last_mut() {
            piece.extend_from_slice(bytes);
        }
    }

    /// A space and a fixed word, or numbers.
    pub fn word(mut self, word: &str) -> Self {
        debug_assert!(word.bytes().all(|b| (0x20..0x7f).contains(&b)));
        self.push(b" ");
        self.push(word.as_bytes());
        self
    }

    /// A space and a string that came from people: a name, a password, a search word.
    pub fn string(mut self, text: &str, what: &'static str) -> Result<Self, SessionError> {
        if text.contains(['\r', '\n', '\0']) {
            return Err(SessionError::Unsendable { what });
        }
        if !text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Ok(self.literal(text.as_bytes()));
        }
        self.push(b" \"");
        for byte in text.bytes() {
            if matches!(byte, b'"' | b'\\') {
                self.push(b"\\");
            }
            self.push(&[byte]);
        }
        self.push(b"\"");
        Ok(self)
    }

    /// A space and any bytes, announced by their number.
    pub fn literal(mut self, bytes: &[u8]) -> Self {
        self.push(format!(" {{{}}}\r\n", bytes.len()).as_bytes());
        self.pieces.push(Zeroizing::new(bytes.to_vec()));
        self
    }

    /// A space and a folder name in the form of the wire.
    pub fn folder(self, wire: &str) -> Result<Self, SessionError> {
        self.string(wire, "a folder name")
    }
}

/// UIDs as IMAP writes them, `1:5,7`, cut into pieces that a server will take.
pub fn sequence_sets(uids: &UidSet) -> Vec<String> {
    let mut sets = Vec::new();
    let mut set = String::new();
    for (first, last) in uids.ranges() {
        if set.len() > LONGEST_SET {
            sets.push(std::mem::take(&mut set));
        }
        if !set.is_empty() {
            set.push(',');
        }
        // Writing to a string cannot fail.
        let _ = match first == last {
            true => write!(set, "{first}"),
            false => write!(set, "{first}:{last}"),
        };
    }
    if !set.is_empty() {
        sets.push(set);
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(command: Command) -> Vec<String> {
        let pieces = command.into_pieces();
        pieces
            .iter()
            .map(|p| String::from_utf8_lossy(p).into_owned())
            .collect()
    }

    #[test]
    fn nothing_typed_can_end_a_command() {
        for bad in ["x\r\nA9 DELETE INBOX", "x\n", "a\0b"] {
            assert!(Command::new("EXAMINE").folder(bad).is_err());
        }
        let quoted = Command::new("LOGIN")
            .string("a\"b", "x")
            .unwrap()
            .string("\\", "x")
            .unwrap();
        assert_eq!(text(quoted), ["LOGIN \"a\\\"b\" \"\\\\\""]);
        let literal = Command::new("LOGIN").string("é", "x").unwrap().word("X");
        assert_eq!(text(literal), ["LOGIN {2}\r\n", "é X"]);
    }

    #[test]
    fn long_lists_of_uids_are_cut() {
        let odd: UidSet = (0..5_000u32).map(|n| 1_000_000 + 2 * n).collect();
        let sets = sequence_sets(&odd);
        assert!(sets.len() > 1 && sets.iter().all(|s| s.len() < 8_000));
        assert_eq!(sets.join(",").split(',').count(), 5_000);
        assert_eq!(
            sequence_sets(&UidSet::from(vec![(1, 5), (7, 7)])),
            ["1:5,7"]
        );
    }
}
