//! Where the mail that is answered begins: attribution lines, header blocks, separators, quotation marks.
//!
//! What stands behind `>` or in a quoting element is never fresh. What follows an attribution line or a header block
//! without such marks is quoted to the end of the message, because nothing tells where it stops; where the marks are
//! there, unquoted lines between and below them are answers, and stay fresh. `|` and `»` are marks too, if the first line
//! below an attribution has them.

use super::Typist;
use super::attribution::{attribution, digits, has_time};
use super::letter;
use super::lines::{Line, plain_form};
use super::speech::answers;
use super::words::{ANSWER_ABOVE, FORWARDED, LABELS, ORIGINAL, Role};
use crate::mail::ElidedKind::{self, Forwarded, Quotation};
use aho_corasick::AhoCorasick;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Marks every quoted line.
pub(super) fn mark(lines: &mut [Line], typist: &Typist) {
    for line in lines.iter_mut().filter(|l| l.quote > 0) {
        line.kind = Some(Quotation);
    }
    let labels = labels(lines);
    let (mut at, mut typed_above, mut bar) = (0, false, None);
    while at < lines.len() {
        if has_bar(&lines[at], bar) {
            lines[at].kind.get_or_insert(Quotation);
        }
        if group_wise(&lines[at]) {
            lines[at..].iter_mut().for_each(|l| {
                l.kind.get_or_insert(Quotation);
            });
            break;
        }
        if lines[at].kind.is_some() || (lines[at].blank() && !lines[at].cut) {
            at += 1;
            continue;
        }
        at = match beginning(lines, &labels, at, typed_above, Some(typist)) {
            Some(found) => {
                bar = bar.or_else(|| bar_below(lines, &found));
                elide(lines, &found, bar)
            }
            None => at + 1,
        };
        typed_above |= lines[at - 1].fresh() && lines[at - 1].text.contains(char::is_alphanumeric);
    }
    torn_lines(lines);
}

/// `>>> Name <address> 3/4/2025 9:12 AM >>>`: GroupWise marks no line below it.
fn group_wise(line: &Line) -> bool {
    line.quote >= 3 && line.text.trim_end().ends_with(">>>") && has_time(&line.text)
}

/// The role of each line, if it is one of a header block.
pub(super) fn labels(lines: &[Line]) -> Vec<Option<Role>> {
    lines.iter().map(label).collect()
}

/// A place where a quoted mail begins.
pub(super) struct Beginning {
    pub from: usize,
    /// First line of the quoted mail itself.
    pub body: usize,
    pub kind: ElidedKind,
    pub reaches: Reaches,
}

/// How far a beginning is believed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reaches {
    /// To the end, or as far as the quotation is marked if it is marked.
    End,
    /// Only if marked quotation follows.
    Marked,
    /// It quotes nothing: only its own lines are furniture.
    Itself,
}

/// The sign other than `>` with which the first line of the quoted mail begins, as a few programs mark every line.
fn bar_below(lines: &[Line], found: &Beginning) -> Option<char> {
    let next = lines[found.body..].iter().find(|l| !l.blank())?;
    next.text
        .trim_start()
        .chars()
        .next()
        .filter(|c| matches!(c, '|' | '¦' | '»'))
}

fn has_bar(line: &Line, bar: Option<char>) -> bool {
    bar.is_some_and(|bar| line.text.trim_start().starts_with(bar))
}

fn elide(lines: &mut [Line], found: &Beginning, bar: Option<char>) -> usize {
    let next = lines[found.body..].iter().find(|l| !l.blank());
    let marked = next.is_some_and(|l| l.quote > 0 || has_bar(l, bar));
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

/// The mail that begins at a line, if one does. Without a typist all that is read is a quoted thread, in which nobody wrote
/// letters' heads.
pub(super) fn beginning(
    lines: &[Line],
    labels: &[Option<Role>],
    at: usize,
    typed_above: bool,
    typist: Option<&Typist>,
) -> Option<Beginning> {
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
    let below = || header_block(lines, labels, at + 1);
    if let Some(kind) = separator(text) {
        return sure(at, below().unwrap_or(at + 1), kind);
    }
    if let Some(body) = (dashed_words(text) || notes_line(text) || says_original(&lines[at]))
        .then(below)
        .flatten()
    {
        return sure(at, body, Quotation);
    }
    let typed = |body: usize| {
        typist.is_some_and(|t| letter::is_head(&lines[at..body], &labels[at..body], t))
    };
    if let Some(body) = header_block(lines, labels, at).filter(|body| !typed(*body)) {
        return sure(above(lines, at), body, Quotation);
    }
    if let Some(body) = notes_block(lines, at) {
        return sure(at, body, Quotation);
    }
    if answer_above(&lines[at]) {
        return Some(desk_line(lines, at, typed_above));
    }
    attribution(lines, at)
}

/// A help desk's own mail begins with the line: then only the line is furniture, and the dashes that Jira draws above it.
fn desk_line(lines: &[Line], at: usize, typed_above: bool) -> Beginning {
    let rule = |l: &Line| !l.text.contains(char::is_alphanumeric);
    let above = lines[..at]
        .iter()
        .rposition(|l| !rule(l))
        .map_or(0, |n| n + 1);
    Beginning {
        from: if typed_above { at } else { above },
        body: if typed_above { lines.len() } else { at + 1 },
        kind: Quotation,
        reaches: if typed_above {
            Reaches::End
        } else {
            Reaches::Itself
        },
    }
}

/// `##- Please type your reply above this line -##`: a line of its own, with signs around it or short.
fn answer_above(line: &Line) -> bool {
    static WORDS: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| AhoCorasick::new(ANSWER_ABOVE).ok());
    let text = line.text.trim();
    if text.len() > 160 {
        return false;
    }
    let plain = line.plain();
    if (WORDS.as_ref()).is_some_and(|words| !words.is_match(plain)) {
        return false;
    }
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
        if let Some(role) = role_of(&name) {
            roles.push(role);
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
    let signs = ['-', '_', '=', '—', ' ', ':', '：'];
    // Samsung's plain text has lost the line end: `-------- Message d'origine --------De : …`
    let bare = text.trim_start_matches(signs);
    let closed = bare
        .split_once("----")
        .filter(|_| dashed)
        .map(|(words, _)| words);
    if (!dashed && !colon || text.len() > 120) && closed.is_none() {
        return None;
    }
    let inner = plain_form(closed.unwrap_or(bare).trim_end_matches(signs));
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

/// `Original Message` alone on its line, as BlackBerry writes it; believed where a header block stands below it.
fn says_original(line: &Line) -> bool {
    line.text.len() <= 60 && ORIGINAL.contains(&line.plain())
}

/// `Name ---04/03/2025 09:12:33---Hello …`, above the header block of Notes.
fn notes_line(text: &str) -> bool {
    let mut pieces = text.splitn(3, "---");
    let dated = pieces.nth(1).is_some_and(|d| has_time(d) && digits(d) >= 8);
    dated && pieces.next().is_some()
}

/// The role of a line `Label: value`, if it is one of a header block.
fn label(line: &Line) -> Option<Role> {
    let text = line.text.trim_start_matches([' ', '*', '\t']);
    let (name, _) = text.split_once([':', '：'])?;
    if name.is_empty() || name.len() > 40 {
        return None;
    }
    role_of(&plain_form(name))
}

/// What a label names, in any of the languages; a map, because hostile mail can ask a million times.
fn role_of(name: &str) -> Option<Role> {
    static ROLES: LazyLock<HashMap<&str, Role>> = LazyLock::new(|| {
        let names = LABELS.iter().rev();
        names
            .flat_map(|(role, names)| names.iter().map(|n| (*n, *role)))
            .collect()
    });
    ROLES.get(name).copied()
}

/// If a header block begins at or just after `at`, the index behind its last line.
fn header_block(lines: &[Line], labels: &[Option<Role>], at: usize) -> Option<usize> {
    let first = (at..lines.len().min(at + 3)).find(|n| !lines[*n].blank())?;
    if first != at && labels[at].is_some() {
        return None;
    }
    labels[first]?;
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
        match labels[n] {
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
        roles.extend(role_of(&last).filter(|role| !roles.contains(role)));
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

/// The tail of a quoted line that a mail program wrapped without a mark: `> … and therefore` / `we` / `> propose`. An answer
/// that somebody typed in between is none.
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
        if lines[n].fresh() && between && long && tail && !ends && !answers(text) {
            lines[n].kind = Some(Quotation);
        }
    }
}
