//! A text of one line: the only kind of text that a letter's facts are made of.
//!
//! Names, subjects and register data come from strangers. A line break in one of them could end a header, a NUL could
//! cut a text short, a direction override could make a name read as another. They are taken out once, here, when a fact
//! is made, so that nobody later has to remember to do it. Deliberately absent: any way to change the text afterwards.

use serde::{Deserialize, Serialize};

/// The most characters of a fact that is no part of a copy; what is longer ends in an ellipsis.
pub const LONGEST: usize = 2_000;

/// One line without control characters, line or paragraph separators, or direction overrides; trimmed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Line(String);

impl Line {
    /// Makes it: runs of what cannot stand in a line become one space, directions and byte-order marks go.
    pub fn new(text: &str) -> Self {
        Self::clean(text, LONGEST)
    }

    /// The same however long it is: what is held about a person, of which they get a complete copy (Art. 15(3) GDPR).
    pub fn whole(text: &str) -> Self {
        Self::clean(text, usize::MAX)
    }

    fn clean(text: &str, longest: usize) -> Self {
        let mut line = String::with_capacity(text.len().min(longest.saturating_mul(4)));
        let mut gap = false;
        for (count, c) in text.trim().chars().enumerate() {
            if count == longest {
                line.push('…');
                break;
            }
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                gap = !line.is_empty();
            } else if !turns_text_round(c) {
                if std::mem::take(&mut gap) && !line.ends_with(' ') && c != ' ' {
                    line.push(' ');
                }
                line.push(c);
            }
        }
        Self(line)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn turns_text_round(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<Line> for String {
    fn from(line: Line) -> Self {
        line.0
    }
}

impl std::ops::Deref for Line {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// Masked: facts are personal data, and `{:?}` ends up in logs.
impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Line({} characters)", self.0.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_could_end_a_header_survives() {
        let line = Line::new(" Jean\r\nBcc: x@y.z\0\u{2028}\u{202e}Dupont\t ");
        assert_eq!(line.as_str(), "Jean Bcc: x@y.z Dupont");
    }

    #[test]
    fn a_line_has_an_end() {
        assert_eq!(Line::new(&"é".repeat(5_000)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn a_line_of_a_copy_is_whole_and_as_clean() {
        let text = format!("{}\r\nBcc: x@y.z\0", "é".repeat(5_000));
        let line = Line::whole(&text);
        assert_eq!(line.as_str(), format!("{} Bcc: x@y.z", "é".repeat(5_000)));
    }
}
