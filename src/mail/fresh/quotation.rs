//! Where the mail that is answered begins: attribution lines, header blocks, separators, quotation marks.
//!
//! What stands behind `>` or in a quoting element is never fresh. What follows an attribution line or a header block
//! without such marks is quoted to the end of the message, because nothing tells where it stops; where the marks are
//! there, unquoted lines between and below them are answers, and stay fresh.

use super::lines::{Line, plain_form};
use super::words::{ANSWER_ABOVE, FORWARDED, LABELS, ORIGINAL, Role, SPEAKERS, WROTE};
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
    reaches: Reaches,
}

/// How far a beginning is believed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reaches {
    /// To the end, or as far as the quotation is marked if it is marked.
    End,
    /// Only if marked quotation follows.
    Marked,
    /// It quotes nothing: only its own lines are furniture.
    Itself,
}

fn elide(lines: &mut [Line], found: &Beginning) -> usize {
    let next = (found.body..lines.len()).find(|n| !lines[*n].blank());
    let marked = next.is_some_and(|n| lines[n].quote > 0);
    if found.reaches == Reaches::Marked && !marked {
        return found.from + 1;
    }
    let own = marked || found.reaches == Reaches::Itself;
    let end = if own { found.body } else { lines.len() };
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
            reaches: Reaches::End,
        })
    };
    if lines[at].cut {
        return sure(at, lines.len(), Quotation);
    }
    let text = lines[at].text.trim();
    if text.len() > 600 {
        return None;
    }
    let below = || header_block(lines, at + 1);
    if let Some(kind) = separator(text) {
        return sure(at, below().unwrap_or(at + 1), kind);
    }
    if let Some(body) = (dashed_words(text)).then(below).flatten() {
        return sure(at, body, Quotation);
    }
    if let Some(body) = header_block(lines, at) {
        return sure(above(lines, at), body, Quotation);
    }
    if let Some(body) = notes_block(lines, at) {
        return sure(at, body, Quotation);
    }
    if answer_above(text) {
        // A help desk's own mail begins with the line: then only the line is furniture.
        let typed_above = lines[..at].iter().any(Line::fresh);
        let body = if typed_above { lines.len() } else { at + 1 };
        return Some(Beginning {
            from: at,
            body,
            kind: Quotation,
            reaches: if typed_above {
                Reaches::End
            } else {
                Reaches::Itself
            },
        });
    }
    attribution(lines, at)
}

/// `##- Please type your reply above this line -##`: a line of its own, with signs around it or short.
fn answer_above(text: &str) -> bool {
    if text.len() > 160 {
        return false;
    }
    let plain = plain_form(text);
    let signs = text.starts_with(|c: char| !c.is_alphanumeric());
    let short = plain.split_whitespace().count() <= 14 && !plain.ends_with('?');
    (signs || short) && ANSWER_ABOVE.iter().any(|w| plain.contains(w))
}

/// What Notes writes above a quoted mail: the sender, the date below it, then `To` and `Subject` alone on their lines.
fn notes_block(lines: &[Line], at: usize) -> Option<usize> {
    let dated = |l: &Line| has_time(&l.text) && digits(&l.text) >= 6 && l.text.len() < 60;
    let next = lines.get(at + 1)?;
    if lines[at].text.len() > 160 || !dated(next) || next.quote != lines[at].quote {
        return None;
    }
    let mut roles: Vec<Role> = Vec::new();
    let mut end = at;
    for (n, line) in lines.iter().enumerate().skip(at + 2).take(16) {
        let name = plain_form(line.text.trim_end_matches([':', ' ', '\t']));
        let names = |(_, names): &&(Role, &[&str])| names.contains(&name.as_str());
        if let Some((role, _)) = LABELS.iter().find(names).filter(|_| !name.is_empty()) {
            roles.push(*role);
            end = n + 1;
        }
    }
    let complete = roles.contains(&Role::To) && roles.contains(&Role::Subject);
    // the subject's own text stands in the line below its label
    complete.then(|| (end + 1).min(lines.len()))
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

/// `----- any words -----`, in whatever language; believed where a header block stands below it.
fn dashed_words(text: &str) -> bool {
    let inner = text.trim_matches(['-', '_', '=', '—', '*', '~', ' ']);
    let dashed = text.len() - inner.len() >= 4 && text.starts_with(['-', '_', '=', '—', '*', '~']);
    dashed && text.len() <= 80 && inner.split_whitespace().count() <= 5
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
    if one_line_header(&lines[first].text) {
        return Some(first + 1);
    }
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

/// `From: … Sent: … To: … Subject: …` that lost its line ends.
fn one_line_header(text: &str) -> bool {
    if text.len() > 600 || text.matches([':', '：']).count() < 4 {
        return false;
    }
    let mut roles: Vec<Role> = Vec::new();
    for piece in text.split([':', '：']) {
        let last = plain_form(piece.split_whitespace().next_back().unwrap_or(""));
        let named = LABELS
            .iter()
            .find(|(_, names)| names.contains(&last.as_str()));
        if let Some((role, _)) = named.filter(|(role, _)| !roles.contains(role)) {
            roles.push(*role);
        }
    }
    roles.first() == Some(&Role::From) && roles.contains(&Role::Subject) && roles.len() >= 4
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

/// An attribution line, alone or wrapped over up to five lines, that begins at `at`.
fn attribution(lines: &[Line], at: usize) -> Option<Beginning> {
    let depth = lines[at].quote;
    let mut joined = String::new();
    for (n, line) in lines.iter().enumerate().skip(at).take(5) {
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
        if let Some(reaches) = is_attribution(&joined, line.attribution) {
            return Some(Beginning {
                from: at,
                body: n + 1,
                kind: Quotation,
                reaches,
            });
        }
    }
    None
}

/// Cheap: an attribution names a date, an address, or was marked by the client.
fn may_begin(line: &Line) -> bool {
    line.attribution || line.text.contains(['@', '<', ':', '：']) || digits(&line.text) > 0
}

/// How far the mail reaches that the text introduces, if it is an attribution line.
fn is_attribution(text: &str, marked: bool) -> Option<Reaches> {
    let bare = text.trim_matches([' ', '*', '_', '-']);
    let dashed = text.len() - bare.len() >= 4 && text.starts_with("--");
    let colon = bare.ends_with([':', '：']);
    let east = ["写道", "のメール", "님이 작성"]
        .iter()
        .any(|e| bare.ends_with(e));
    if let Some(head) = runs_on(bare) {
        return is_attribution(head, marked);
    }
    let lower = plain_form(bare);
    let address = lower.contains('@');
    if !colon && !east && !dashed {
        // "2013/10/2 Name <address>", as Gmail wrote once
        let date_first = lower.starts_with(|c: char| c.is_ascii_digit()) && lower.ends_with('>');
        return (date_first && address && digits(&lower) >= 6).then_some(Reaches::Marked);
    }
    let verb = WROTE.iter().any(|w| has_words(&lower, w));
    let dated = digits(&lower) >= 3;
    let timed = dated && has_time(&lower);
    let spoken = !address && SPEAKERS.iter().any(|w| has_words(&lower, w));
    match () {
        () if verb && address => Some(Reaches::End),
        () if verb && timed && !spoken && digits(&lower) >= 4 => Some(Reaches::End),
        () if verb && dated && !spoken && full_date(&lower) => Some(Reaches::End),
        () if marked || (verb && dated) => Some(Reaches::Marked),
        () if (address || timed) && dated => Some(Reaches::Marked),
        () => None,
    }
}

/// The attribution at the head of a line in which the quoted text goes on: `On …, Name <a@b> wrote: Hello Paul`.
fn runs_on(text: &str) -> Option<&str> {
    let bracket = text.find('>')?;
    let after = &text[bracket + 1..];
    let colon = after.find([':', '：'])?;
    let verb = plain_form(&after[..colon]);
    let more = !after[colon..]
        .trim_start_matches([':', '：', ' '])
        .is_empty();
    (more && WROTE.contains(&verb.as_str())).then(|| &text[..bracket + 1 + colon + 1])
}

/// A day, a month (in digits or letters) and a year.
fn full_date(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|w| w.len() == 4 && (w.starts_with("19") || w.starts_with("20")))
        && digits(text) >= 5
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
