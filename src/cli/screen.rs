//! What a terminal shows: how wide it is, lines broken at words with their continuation under the text, marked words.
//!
//! Whoever reads through a pipe gets lines as they are: programs cut them themselves. Deliberately absent: cursor
//! movements and full screens; what was shown can be scrolled back to and copied.

use super::output::{self, BAD, CARE, FAINT, STRONG, painted};
use anstyle::Style;
use std::io::IsTerminal;

/// Columns where nobody says how many there are.
const USUAL: usize = 80;
/// Below this nothing can be laid out.
const LEAST: usize = 40;
/// Before a word that is marked, and behind it. A stranger's text holds neither: it is taken out before.
const MARK: (char, char) = ('\u{e000}', '\u{e001}');

/// A terminal of so many columns, and whether it shows colours.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Columns.
    pub width: usize,
    /// Whether it wants colours (a terminal that is not dumb, no `NO_COLOR`).
    pub colours: bool,
}

impl Screen {
    /// The terminal at standard output; nothing where there is none.
    pub fn of_stdout() -> Option<Self> {
        let out = std::io::stdout();
        if !out.is_terminal() {
            return None;
        }
        let width = rustix::termios::tcgetwinsize(&out).map_or(0, |size| size.ws_col.into());
        let width = if width == 0 { USUAL } else { width };
        let colours = anstream::AutoStream::choice(&out) != anstream::ColorChoice::Never;
        Some(Self {
            width: width.max(LEAST),
            colours,
        })
    }

    /// A line across the screen with a title in it.
    pub fn rule(&self, left: &str, right: &str) -> String {
        let taken = left.chars().count() + right.chars().count() + 6;
        let line = "─".repeat(self.width.saturating_sub(taken).max(2));
        format!("{FAINT}──{FAINT:#} {left} {FAINT}{line}{FAINT:#} {right}")
    }

    /// Marked words in this style; between asterisks where there are no colours.
    pub fn lit(&self, line: &str, style: Style) -> String {
        let (on, off) = match self.colours {
            true => (style.render().to_string(), style.render_reset().to_string()),
            false => ("*".to_owned(), "*".to_owned()),
        };
        line.replace(MARK.0, &on).replace(MARK.1, &off)
    }

    /// A line of an answer: broken at words, its label told apart.
    pub fn dressed(&self, line: &str) -> Vec<String> {
        let line = plain(line);
        let at = hanging(&line);
        let mut lines = folded(&line, self.width, at);
        let label = line.split("  ").next().unwrap_or_default().to_owned();
        let labelled = at > 0 && !line.starts_with(' ') && lines[0].starts_with(&label);
        if labelled {
            let style = match label.as_str() {
                "needs you" => CARE,
                "STOPPED" | "damaged" => BAD,
                label if label.starts_with("Q-") => STRONG,
                _ => FAINT,
            };
            lines[0] = painted(style, &label) + &lines[0][label.len()..];
        }
        lines
    }

    /// Two texts beside each other, each line of them at most `width` columns wide.
    pub fn beside(left: &[String], right: &[String], width: usize) -> Vec<String> {
        let empty = String::new();
        let line = |n: usize| {
            let (left, right) = (
                left.get(n).unwrap_or(&empty),
                right.get(n).unwrap_or(&empty),
            );
            let gap = " ".repeat(width.saturating_sub(columns(left)));
            format!("{left}{gap} │ {right}")
        };
        (0..left.len().max(right.len())).map(line).collect()
    }
}

/// Columns of a line without its marks.
fn columns(line: &str) -> usize {
    let marks = [MARK.0, MARK.1];
    line.chars().filter(|c| !marks.contains(c)).count()
}

/// A stranger's line: without control characters, and without our own marks.
pub fn plain(text: &str) -> String {
    output::harmless(text).replace([MARK.0, MARK.1], " ")
}

/// The text with each of these words marked where it stands, whatever white space is between its parts.
pub fn marked(text: &str, words: &[String]) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for word in words {
        spans.extend(places(text, word));
    }
    spans.sort_unstable();
    let (mut out, mut at) = (String::with_capacity(text.len() + 16), 0);
    for (from, to) in spans {
        if from < at {
            continue;
        }
        out.push_str(&text[at..from]);
        // Each line is lit by itself: what is beside it is not.
        for (n, line) in text[from..to].split('\n').enumerate() {
            if n > 0 {
                out.push('\n');
            }
            out.push(MARK.0);
            out.push_str(line);
            out.push(MARK.1);
        }
        at = to;
    }
    out.push_str(&text[at..]);
    out
}

/// Where a phrase stands in a text; any white space of one is any of the other.
fn places(text: &str, phrase: &str) -> Vec<(usize, usize)> {
    let parts: Vec<&str> = phrase.split_whitespace().collect();
    let Some(first) = parts.first() else {
        return Vec::new();
    };
    let starts = text.match_indices(first).map(|(at, _)| at);
    let whole = |from: usize| {
        let mut at = from;
        for part in &parts {
            let rest = text[at..].trim_start();
            at = text.len() - rest.len();
            rest.strip_prefix(part)?;
            at += part.len();
        }
        Some((from, at))
    };
    starts.filter_map(whole).collect()
}

/// A line broken at spaces into lines of at most `width` columns; those that follow begin under `indent` spaces.
pub fn folded(line: &str, width: usize, indent: usize) -> Vec<String> {
    let indent = indent.min(width / 2);
    let (mut lines, mut now, mut used) = (Vec::new(), String::new(), 0);
    for piece in pieces(line) {
        let wide = columns(piece);
        let fits = used + columns(piece.trim_end()) <= width;
        if !fits && !now.trim().is_empty() {
            lines.push(now.trim_end().to_owned());
            now = " ".repeat(indent);
            used = indent;
        }
        // A word longer than a line is cut, as an address of the web may be.
        for c in piece.chars() {
            if used >= width && !c.is_whitespace() && wide > width - indent {
                lines.push(std::mem::replace(&mut now, " ".repeat(indent)));
                used = indent;
            }
            now.push(c);
            used += usize::from(c != MARK.0 && c != MARK.1);
        }
    }
    lines.push(now.trim_end().to_owned());
    lines
}

/// Words, each with the spaces behind it.
fn pieces(line: &str) -> Vec<&str> {
    let (mut all, mut from, mut spaces) = (Vec::new(), 0, false);
    for (at, c) in line.char_indices() {
        if spaces && c != ' ' && at > from {
            all.push(&line[from..at]);
            from = at;
        }
        spaces = c == ' ';
    }
    all.push(&line[from..]);
    all
}

/// Where what follows a label begins: behind the first run of two spaces, if it is near the beginning.
pub fn hanging(line: &str) -> usize {
    let lead = line.len() - line.trim_start_matches(' ').len();
    let label = line[lead..].find("  ").filter(|at| *at < 24);
    match label {
        Some(at) => {
            let behind = &line[lead + at..];
            let gap = behind.len() - behind.trim_start_matches(' ').len();
            line[..lead + at].chars().count() + gap
        }
        None => lead,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_words_and_go_on_under_the_text() {
        let line = "needs you  Q-0000-0001: a letter waits for your approval, 3 days left";
        let folded = folded(line, 40, hanging(line));
        assert_eq!(
            folded,
            [
                "needs you  Q-0000-0001: a letter waits",
                "           for your approval, 3 days",
                "           left"
            ]
        );
        assert_eq!(super::folded("short", 40, 0), ["short"]);
        assert_eq!(super::folded("", 40, 0), [""]);
    }

    #[test]
    fn no_line_is_wider_than_the_screen_and_nothing_is_lost() {
        let long = "x".repeat(95);
        for text in [
            &long,
            "a b  c é ü",
            &format!("see https://a.example/{long} there"),
            "  – item",
        ] {
            for width in [10, 33, 80] {
                let lines = folded(text, width, hanging(text));
                assert!(lines.iter().all(|l| columns(l) <= width), "{lines:?}");
                let letters = |t: &str| t.chars().filter(|c| *c != ' ').collect::<String>();
                assert_eq!(letters(&lines.concat()), letters(text));
            }
        }
    }

    #[test]
    fn the_words_that_decided_are_marked_across_lines_and_once() {
        let text = "Please remove\nme from your list. STOP.";
        let words = [
            "remove me from".to_owned(),
            "me".to_owned(),
            "STOP".to_owned(),
        ];
        let screen = Screen {
            width: 80,
            colours: false,
        };
        let lit = screen.lit(&marked(text, &words), Style::new());
        assert_eq!(lit, "Please *remove*\n*me from* your list. *STOP*.");
        assert_eq!(marked(text, &["absent".to_owned(), " ".to_owned()]), text);
    }

    #[test]
    fn a_stranger_brings_no_marks_of_ours() {
        assert_eq!(plain("a\u{e000}b\u{1b}[31m"), "a b [31m");
    }
}
