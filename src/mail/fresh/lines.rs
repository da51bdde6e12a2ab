//! The lines of a body, with what its form already says about them: how deeply quoted, in a signature, a sure cut.
//!
//! HTML and plain text both end up here, so that the rules about words (attribution lines, header blocks, signatures,
//! disclaimers) are written once.

use super::super::ElidedKind;
use std::cell::OnceCell;

/// One line.
#[derive(Clone, Debug, Default)]
pub(in crate::mail) struct Line {
    /// Without quotation marks (`>`), trimmed at the end.
    pub text: String,
    /// Depth of quotation.
    pub quote: u16,
    /// Which container of a client's quotation it stands in, counted from 1; 0 in none.
    pub container: usize,
    /// It stands in an element that a client keeps for signatures.
    pub signature: bool,
    /// A client says that the mail that is answered begins here.
    pub cut: bool,
    /// A client says that this line introduces the mail that is answered.
    pub attribution: bool,
    /// All of it has a colour that stands out.
    pub loud: bool,
    /// What the line was taken for; nothing as long as it counts as typed.
    pub kind: Option<ElidedKind>,
    /// [`Line::plain`], once somebody asked.
    pub(super) plain: OnceCell<String>,
}

impl Line {
    /// Its text as the tables of words are compared with it; made once, when the line is whole.
    pub fn plain(&self) -> &str {
        self.plain.get_or_init(|| plain_form(&self.text))
    }

    pub fn blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Typed, as far as is known, and not empty.
    pub fn fresh(&self) -> bool {
        self.kind.is_none() && !self.blank()
    }
}

/// Splits plain text; `flowed` is RFC 3676: a line that ends in a space goes on in the next one.
pub(in crate::mail) fn of_plain(text: &str, flowed: bool) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut goes_on = false;
    let initials = initials(text);
    for raw in text.split('\n').flat_map(bare_returns) {
        let (quote, rest) = depth(raw, initials);
        let soft = flowed && rest.ends_with(' ') && rest.trim_end() != "--";
        let rest = if flowed {
            rest.strip_prefix(' ').unwrap_or(rest)
        } else {
            rest
        };
        let joined = goes_on && lines.last().is_some_and(|l| l.quote == quote);
        match lines.last_mut().filter(|l| joined && l.text.len() < 2000) {
            Some(last) => {
                last.text.push(' ');
                last.text.push_str(rest.trim());
            }
            None => lines.push(Line {
                text: tidy(rest),
                quote,
                ..Line::default()
            }),
        }
        goes_on = soft;
    }
    lines
}

/// A bare CR ends a line too: some old clients write nothing else.
fn bare_returns(line: &str) -> impl Iterator<Item = &str> {
    line.strip_suffix('\r').unwrap_or(line).split('\r')
}

/// The initials before the mark of quoted lines, `JM> text`, as The Bat! and old programs of Fidonet and Usenet write them; of
/// two lines at least, since a single one may be anything.
fn initials(text: &str) -> Option<&str> {
    let mut seen = None;
    for name in text.split('\n').filter_map(initialled) {
        if seen == Some(name) {
            return seen;
        }
        seen = Some(name);
    }
    None
}

/// One to four capitals right before a mark.
fn initialled(line: &str) -> Option<&str> {
    let (name, _) = line.trim_start_matches(' ').split_once('>')?;
    let capitals = name.chars().all(char::is_uppercase);
    (capitals && (1..=4).contains(&name.chars().count())).then_some(name)
}

/// `> > text` is depth 2, and so is `JM>> text` where those are the initials. A smiley (`>:(`) is none.
fn depth<'a>(line: &'a str, initials: Option<&str>) -> (u16, &'a str) {
    let own = initials.and_then(|i| line.trim_start_matches(' ').strip_prefix(i));
    let mut rest = own.filter(|r| r.starts_with('>')).unwrap_or(line);
    let mut depth = 0u16;
    loop {
        let inner = rest.trim_start_matches([' ', '\u{A0}']);
        let near = rest.len() - inner.len() <= if depth == 0 { 1 } else { 2 };
        match inner.strip_prefix('>') {
            Some(after) if near && !after.starts_with([':', ';', '_', '.']) => {
                depth = depth.saturating_add(1);
                rest = after;
            }
            _ => break,
        }
    }
    match depth {
        0 => (0, line),
        _ => (depth, rest.strip_prefix(' ').unwrap_or(rest)),
    }
}

/// Without control characters and invisible ones, other spaces as plain spaces, no spaces at the end.
pub(super) fn tidy(text: &str) -> String {
    // Every character that is changed begins with one of these octets.
    let odd = |b: u8| matches!(b, ..32 | 127 | 0xC2 | 0xE2 | 0xEF);
    if !text.bytes().any(odd) {
        return text.trim_end().to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{A0}' | '\u{2007}' | '\u{202F}' | '\t' => out.push(' '),
            '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}'
            | '\u{FEFF}'
            | '\u{AD}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Lower case, `*` and `_` of emphasis dropped, trimmed: what the tables of words are compared with.
pub(super) fn plain_form(text: &str) -> String {
    let lower = text
        .trim_matches([' ', '*', '_', '\t', '#', '|'])
        .to_lowercase();
    // The first octet of a typographic apostrophe stands for it.
    let odd = |b: u8| matches!(b, b'*' | b'\'' | 0xE2);
    match lower.bytes().any(odd) {
        true => lower.replace(['*', '’'], "'").replace("''", ""),
        false => lower,
    }
}
