//! Printing: JSON for programs, colours for people on a terminal, and never a panic when nobody reads on.

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::io::{self, Write};

/// What matters.
pub const STRONG: Style = Style::new().bold();
/// What is only context.
pub const FAINT: Style = Style::new().dimmed();
/// All is well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// A human should look.
pub const CARE: Style = AnsiColor::Yellow.on_default();
/// Something is wrong.
pub const BAD: Style = AnsiColor::Red.on_default();

/// Standard output in one piece; colours are taken out unless it is a terminal that wants them.
pub fn people() -> impl Write {
    io::BufWriter::with_capacity(1 << 16, anstream::stdout())
}

/// Standard output for programs.
pub fn programs() -> impl Write {
    io::BufWriter::with_capacity(1 << 16, io::stdout())
}

/// One JSON object on a line of its own.
pub fn json_line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// Text with a style around it; what a stranger wrote cannot move the cursor or change colours.
pub fn painted(style: Style, text: &str) -> String {
    format!("{style}{}{style:#}", harmless(text))
}

/// Without control characters.
pub fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
