//! A mistake in something that people edit (configuration, template, lexicon, import): where it is, what it is, what to do.
//!
//! All mistakes are collected before anybody is told, because nobody likes to be corrected one line at a time.

use std::fmt;

/// One mistake. `Display` prints `file:line:column: what` and, on a second line, what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The file as the person would open it.
    pub file: String,
    /// Line, from 1; 0 if the mistake has no line (a missing file).
    pub line: usize,
    /// Column in characters, from 1; 0 if it has none.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it; never empty.
    pub fix: String,
}

impl Fault {
    /// A mistake at a byte offset of a file's text.
    pub fn at(
        file: &str,
        text: &str,
        offset: usize,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before[before.rfind('\n').map_or(0, |n| n + 1)..]
            .chars()
            .count()
            + 1;
        Self {
            file: file.to_owned(),
            line,
            column,
            what: what.into(),
            fix: fix.into(),
        }
    }

    /// A mistake of a whole file.
    pub fn of_file(file: &str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            column: 0,
            what: what.into(),
            fix: fix.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => write!(f, "{}: ", self.file)?,
            (line, 0) => write!(f, "{}:{line}: ", self.file)?,
            (line, column) => write!(f, "{}:{line}:{column}: ", self.file)?,
        }
        write!(f, "{}\n  → {}", self.what, self.fix)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_says_where_in_characters_not_bytes() {
        let fault = Fault::at("q.toml", "a = 1\nété = x", 14, "no", "yes");
        assert_eq!(fault.to_string(), "q.toml:2:7: no\n  → yes");
    }
}
