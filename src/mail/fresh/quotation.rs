//! Where the mail that is answered begins: attribution lines, header blocks, separators, quotation marks.
//!
//! What stands behind `>` or in a quoting element is never fresh. What follows an attribution line or a header block
//! without such marks is quoted to the end of the message, because nothing tells where it stops; where the marks are
//! there, unquoted lines between and below them are answers, and stay fresh.

use super::lines::{Line, plain_form};
use super::words::{FORWARDED, LABELS, ORIGINAL, Role, WROTE};
use crate::mail::ElidedKind::{self, Forwarded, Quotation};

/// Marks every quoted line.
pub(super) fn mark(lines: &mut [Line]) {
    for line in lines.iter_mut().filter(|l| l.quote > 0) {
        line.kind = Some(Quotation);
    }
    let mut at = 0;
    while at < lines.len() {
        if lines[at].kind.is_some() || (lines[at].blank() && !lines[at].cut) {
            at += 1;
            continue;
        }
        at = match beginning(lines, at) {
            Some(found) => elide(lines, &found),
            None => at + 1,
        };
    }
    torn_lines(lines);
}

/// A place where a quoted mail begins.
struct Beginning {
    from: usize,
    /// First line of the quoted mail itself.
    body: usize,
    kind: ElidedKind,
    /// Only believed if marked quotation follows.
    weak: bool,
}

fn elide(lines: &mut [Line], found: &Beginning) -> usize {
    let next = (found.body..lines.len()).find(|n| !lines[*n].blank());
    let marked = next.is_some_and(|n| lines[n].quote > 0);
    if found.weak && !marked {
        return found.from + 1;
    }
    let end = if marked { found.body } else { lines.len() };
    for line in &mut lines[found.from..end] {
        line.kind.get_or_insert(found.kind);
    }
    end
}

fn beginning(lines: &[Line], at: usize) -> Option<Beginning> {
    let sure = |from, body, kind| {
        Some(Beginning {
            from,
            body,
            kind,
            weak: false,
        })
    };
    if lines[at].cut {
        return sure(at, lines.len(), Quotation);
    }
    let text = lines[at].text.trim();
    if text.len() > 600 {
        return None;
    }
    if let Some(kind) = separator(text) {
        let body = header_block(lines, at + 1).unwrap_or(at + 1);
        return sure(at, body, kind);
    }
    if let Some(body) = header_block(lines, at) {
        return sure(above(lines, at), body, Quotation);
    }
    attribution(lines, at)
}

/// `-----Original Message-----`, `---------- Forwarded message ---------`, `Begin forwarded message:`.
fn separator(text: &str) -> Option<ElidedKind> {
    let dashed = text.starts_with("--")
        || text.starts_with("__")
        || text.starts_with("==")
        || text.starts_with("—");
    let colon = text.ends_with([':', '：']);
    if !dashed && !colon || text.len() > 120 {
        return None;
    }
    let inner = plain_form(text.trim_matches(['-', '_', '=', '—', ' ', ':', '：']));
    let says = |table: &[&str]| table.iter().any(|w| inner.starts_with(w));
    match () {
        () if says(FORWARDED) => Some(Forwarded),
        () if dashed && says(ORIGINAL) => Some(Quotation),
        () => None,
    }
}

/// The role of a line `Label: value`, if it is one of a header block.
fn label(line: &Line) -> Option<Role> {
    let text = line.text.trim_start_matches([' ', '*', '\t']);
    let (name, _) = text.split_once([':', '：'])?;
    if name.is_empty() || name.len() > 40 {
        return None;
    }
    let name = plain_form(name);
    LABELS
        .iter()
        .find(|(_, names)| names.contains(&name.as_str()))
        .map(|(role, _)| *role)
}

/// If a header block begins at or just after `at`, the index behind its last line.
fn header_block(lines: &[Line], at: usize) -> Option<usize> {
    let first = (at..lines.len().min(at + 3)).find(|n| !lines[*n].blank())?;
    if first != at && label(&lines[at]).is_some() {
        return None;
    }
    label(&lines[first])?;
    let depth = lines[first].quote;
    let mut roles: Vec<Role> = Vec::new();
    let (mut end, mut strange, mut blanks) = (first, 0, 0);
    for (n, line) in lines.iter().enumerate().skip(first).take(24) {
        if line.quote != depth {
            break;
        }
        match label(line) {
            _ if line.blank() => blanks += 1,
            Some(role) => {
                if !roles.contains(&role) {
                    roles.push(role);
                }
                (end, strange) = (n + 1, 0);
            }
            // a long list of recipients goes on in the next lines
            None if blanks == 0 || line.text.contains('@') => strange += 1,
            None => break,
        }
        let complete = roles.contains(&Role::Subject) && roles.len() >= 3;
        if strange > 3 || blanks > if complete { 0 } else { 6 } {
            break;
        }
    }
    let evidence = || {
        lines[first..end]
            .iter()
            .any(|l| l.text.contains('@') || digits(&l.text) >= 4)
    };
    let others = roles.len().saturating_sub(1);
    (roles.contains(&Role::From) && (others >= 2 || (others >= 1 && evidence()))).then_some(end)
}

/// The rule, or the "get Outlook" line's rule, that Outlook draws above its header block.
fn above(lines: &[Line], at: usize) -> usize {
    let mut from = at;
    while from > 0 && lines[from - 1].kind.is_none() && lines[from - 1].blank() && at - from < 3 {
        from -= 1;
    }
    let rule = from > 0 && {
        let text = lines[from - 1].text.trim();
        text.len() >= 5
            && text
                .chars()
                .all(|c| matches!(c, '_' | '-' | '=' | '—' | '─'))
    };
    if rule { from - 1 } else { at }
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// `10:31`, `10.31`, `10h31` somewhere in the text.
fn has_time(text: &str) -> bool {
    let b = text.as_bytes();
    (1..b.len().saturating_sub(2)).any(|n| {
        matches!(b[n], b':' | b'.' | b'h')
            && b[n - 1].is_ascii_digit()
            && b[n + 1].is_ascii_digit()
            && b[n + 2].is_ascii_digit()
            && !b.get(n + 3).is_some_and(u8::is_ascii_digit)
    })
}

/// An attribution line, alone or wrapped over up to four lines, that begins at `at`.
fn attribution(lines: &[Line], at: usize) -> Option<Beginning> {
    let depth = lines[at].quote;
    let mut joined = String::new();
    for (n, line) in lines.iter().enumerate().skip(at).take(4) {
        if line.blank() || line.quote != depth || joined.len() > 500 {
            break;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line.text.trim());
        if n == at && !may_begin(line) {
            return None;
        }
        if let Some(weak) = is_attribution(&joined, line.attribution) {
            return Some(Beginning {
                from: at,
                body: n + 1,
                kind: Quotation,
                weak,
            });
        }
    }
    None
}

/// Cheap: an attribution names a date, an address, or was marked by the client.
fn may_begin(line: &Line) -> bool {
    line.attribution || line.text.contains(['@', '<', ':', '：']) || digits(&line.text) > 0
}

/// `Some(false)`: surely an attribution line; `Some(true)`: only if quoted lines follow.
fn is_attribution(text: &str, marked: bool) -> Option<bool> {
    let trimmed = text.trim_end_matches([' ', '*', '_']);
    let colon = trimmed.ends_with([':', '：']);
    let east = trimmed.ends_with("写道") || trimmed.ends_with("のメール");
    if !colon && !east {
        return None;
    }
    let lower = plain_form(trimmed);
    let address = lower.contains('@');
    let verb = WROTE.iter().any(|w| has_words(&lower, w));
    let dated = digits(&lower) >= 3;
    match (verb, address || (dated && has_time(&lower))) {
        (true, true) if dated || address => Some(false),
        (true, _) if marked || dated => Some(true),
        (false, true) if dated || marked => Some(true),
        _ if marked => Some(true),
        _ => None,
    }
}

/// Whether `words` stands in `text` with no letter on either side (scripts without spaces need none).
fn has_words(text: &str, words: &str) -> bool {
    let spaced = words.starts_with(|c: char| c < '\u{3000}');
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        !spaced
            || (!before.is_some_and(char::is_alphabetic) && !after.is_some_and(char::is_alphabetic))
    })
}

/// The tail of a quoted line that a mail program wrapped without a mark: `> … and therefore` / `we` / `> propose`.
fn torn_lines(lines: &mut [Line]) {
    for n in 1..lines.len().saturating_sub(1) {
        let between = lines[n - 1].quote > 0 && lines[n + 1].quote == lines[n - 1].quote;
        let long = lines[n - 1].text.chars().count() >= 60;
        let text = lines[n].text.trim();
        let tail = text.starts_with(char::is_lowercase) && text.chars().count() <= 40;
        let ends = lines[n - 1]
            .text
            .trim_end()
            .ends_with(['.', '?', '!', ':', '…']);
        if lines[n].fresh() && between && long && tail && !ends {
            lines[n].kind = Some(Quotation);
        }
    }
}
