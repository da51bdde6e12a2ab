//! What repeats: marks that warm-up tools put into every mail, and robots that say the same again and again.
//!
//! A warm-up tool lets strangers' mailboxes write to each other, each mail with the same word or header field, by which it finds its own.
//! So a mark that comes from several firms that nobody wrote to, and never in an answer to us, is proposed for
//! `[house.warm_up]`. Proposed only: a human knows whether they pay for such a tool.

use super::findings::Marks;
use super::note::Mail;
use crate::mail::InboundMessage;
use std::collections::{BTreeMap, BTreeSet};

/// Marks of one message that are kept.
const KEPT: usize = 8;
/// Messages, and domains that they came from, from which on a mark repeats.
const MESSAGES: usize = 5;
const DOMAINS: usize = 3;

/// What may be the mark of a warm-up tool: `tag:` a word that looks like a code or names the thing, `header:` a field that does.
pub fn marks(message: &InboundMessage) -> Vec<String> {
    let mut found = Vec::new();
    for (name, _) in &message.signs.headers {
        if name.starts_with("x-") && name.contains("warm") {
            found.push(format!("header:{name}"));
        }
    }
    let last = message.fresh.text.lines().rev().take(3);
    for line in std::iter::once(message.subject.as_str()).chain(last) {
        let words = line.split(|c: char| c.is_whitespace() || "|()[]{}<>,;:\"".contains(c));
        found.extend(words.filter(|w| is_code(w)).map(|w| format!("tag:{w}")));
    }
    found.sort();
    found.dedup();
    found.truncate(KEPT);
    found
}

/// A word nobody types: letters and digits mixed, or the name of the thing itself.
fn is_code(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let plain = word
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    let lower = word.to_ascii_lowercase();
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let letters = word.chars().filter(char::is_ascii_alphabetic).count();
    let named = ["warmup", "warm-up", "warm_up"]
        .iter()
        .any(|w| lower.contains(w));
    plain && (6..=40).contains(&word.len()) && (named || (digits >= 2 && letters >= 2))
}

/// The marks that repeat among messages from people whom nobody wrote to.
pub fn repeated<'a>(unasked: impl Iterator<Item = &'a Mail>) -> Marks {
    let mut seen: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for mail in unasked {
        let Some(from) = &mail.from else { continue };
        for mark in &mail.marks {
            let (count, domains) = seen.entry(mark).or_default();
            *count += 1;
            domains.insert(from.domain());
        }
    }
    let mut marks = Marks::default();
    for (mark, (count, domains)) in seen {
        if count < MESSAGES || domains.len() < DOMAINS {
            continue;
        }
        match mark.split_once(':') {
            Some(("header", name)) => marks.headers.push((name.to_owned(), count)),
            Some((_, word)) => marks.tags.push((word.to_owned(), count)),
            None => {}
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_from_words_dates_and_telephones() {
        for code in ["7XK2Q9P", "[wrm-83fa]", "warmup", "mw_2k9x1"] {
            let word = code.trim_matches(['[', ']']);
            assert!(is_code(word), "{code}");
        }
        for word in ["2026-03-01", "0612345678", "bonjour", "A4", "RGPD", "T1"] {
            assert!(!is_code(word), "{word}");
        }
    }
}
