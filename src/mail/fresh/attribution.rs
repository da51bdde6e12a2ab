//! The line that introduces a quoted mail: `On Tuesday, Name <address> wrote:`, in some thirty languages and orders.
//!
//! A verb of writing beside an address is proof if a time or a date stands with them, or the verb at the end; beside a date, too.
//! But nobody may speak in the sentence: people write "as I wrote on Monday at 10:30:" themselves, and "your colleague
//! (a@b.example) wrote to me on Monday. I therefore ask you:". What is less counts if marked quotation follows.

use super::lines::{Line, plain_form};
use super::quotation::{Beginning, Reaches};
use super::words::{SPEAKERS, TOLD, WROTE};
use crate::mail::ElidedKind::Quotation;
use aho_corasick::AhoCorasick;
use std::sync::LazyLock;

pub(super) fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// `10:31`, `10.31`, `10h31` somewhere in the text.
pub(super) fn has_time(text: &str) -> bool {
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
pub(super) fn attribution(lines: &[Line], at: usize) -> Option<Beginning> {
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
    line.attribution
        || line.text.starts_with("--")
        || line.text.contains(['@', '<', ':', '：'])
        || digits(&line.text) > 0
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
        // `"Name" name@firm.example – 3. Juni 2025 10:12`, as Nextcloud Mail does
        let date_last = has_time(&bare[bare.floor_char_boundary(bare.len().saturating_sub(12))..]);
        let dated = address && digits(&lower) >= 6;
        return (dated && (date_first || date_last)).then_some(Reaches::Marked);
    }
    believed(&lower, marked, dashed && text.ends_with("--"))
}

/// How far a line is believed that ends as an attribution does.
fn believed(lower: &str, marked: bool, dashed: bool) -> Option<Reaches> {
    let address = lower.contains('@');
    let verb = has_verb(lower);
    let dated = digits(lower) >= 3;
    let timed = dated && has_time(lower);
    let day = dated && full_date(lower);
    let told = verb && names(lower, TOLD);
    let spoken = told || (verb && names(lower, SPEAKERS));
    let last = verb && has_verb(last_words(lower));
    match () {
        () if verb && dashed => Some(Reaches::End),
        () if verb && address && timed && last && !told => Some(Reaches::End),
        () if verb && address && (timed || day || last) && !spoken => Some(Reaches::End),
        () if verb && timed && !spoken && digits(lower) >= 4 => Some(Reaches::End),
        () if verb && day && !spoken => Some(Reaches::End),
        () if marked || (verb && (dated || address)) => Some(Reaches::Marked),
        () if (address || timed) && dated => Some(Reaches::Marked),
        () => None,
    }
}

/// Whether one of the words stands in the text, its addresses left out: `<i.you@firm.example>` says nothing.
fn names(text: &str, table: &[&str]) -> bool {
    let words = text.split_whitespace().filter(|w| !w.contains('@'));
    let bare = words.collect::<Vec<_>>().join(" ");
    table.iter().any(|w| has_words(&bare, w))
}

/// The last five words.
fn last_words(text: &str) -> &str {
    let mut spaces = text.trim_end().rmatch_indices(char::is_whitespace);
    spaces.nth(4).map_or(text, |(at, _)| &text[at..])
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

/// Whether somebody "wrote", in one of the languages. One pass finds out whether any of the verbs can be there at all.
fn has_verb(text: &str) -> bool {
    static VERBS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(WROTE).ok());
    let possible = VERBS.as_ref().is_none_or(|v| v.is_match(text));
    possible && WROTE.iter().any(|w| has_words(text, w))
}

/// Whether `words` stands in `text` with no letter on either side (scripts without spaces need none).
pub(super) fn has_words(text: &str, words: &str) -> bool {
    let spaced = words.starts_with(|c: char| c < '\u{3000}');
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        !spaced
            || (!before.is_some_and(char::is_alphabetic) && !after.is_some_and(char::is_alphabetic))
    })
}
