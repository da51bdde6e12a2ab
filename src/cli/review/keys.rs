//! One key, without Enter, or one line; and the terminal as it was, however this ends.

use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use std::io::{self, BufRead};

/// The terminal of standard input gives each key at once; as it was when this is dropped.
pub struct AtOnce(Termios);

impl AtOnce {
    /// Before the question is shown: whatever was typed until now is no answer to it.
    pub fn begin() -> io::Result<Self> {
        let before = termios::tcgetattr(io::stdin())?;
        let mut at_once = before.clone();
        // Without ISIG too: Ctrl-C is a key here, so that the terminal is put back.
        at_once.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        at_once.special_codes[SpecialCodeIndex::VMIN] = 1;
        at_once.special_codes[SpecialCodeIndex::VTIME] = 0;
        termios::tcsetattr(io::stdin(), OptionalActions::Flush, &at_once)?;
        Ok(Self(before))
    }

    /// One key in lower case; `q` for Ctrl-C, Ctrl-D and the end of the terminal. Read past every buffer, so that a key
    /// that was pressed twice is not the answer to the next question.
    pub fn key(self) -> io::Result<char> {
        let mut octets = [0; 64];
        let many = rustix::io::read(io::stdin(), &mut octets)?;
        Ok(match octets[..many] {
            [] | [3 | 4, ..] => 'q',
            [one] => char::from(one).to_ascii_lowercase(),
            // An arrow, or a letter of another alphabet.
            _ => '\0',
        })
    }
}

impl Drop for AtOnce {
    fn drop(&mut self) {
        // Nobody is left who could be told.
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// One line, trimmed; empty if nothing was said.
pub fn line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
