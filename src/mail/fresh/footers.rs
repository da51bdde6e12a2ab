//! Furniture that nobody typed and no client made: a gateway's banner, a list's footer, a firm's disclaimer.
//!
//! Their words stand in requests too: who exercises a right names the confidentiality policy, the recipients, "this e-mail
//! address". So a paragraph in which the writer speaks of themselves is furniture only below a signature; stems of words count
//! only beside what such a footer alone says; and a banner warns, or is a tag of a few words.

use super::Typist;
use super::lines::{Line, plain_form};
use super::signature::{is_card, is_closing, is_rule, set, typed};
use super::speech::{is_question, is_sentence, of_oneself, of_us};
use super::words::{
    BANNERS, CONFIDENTIAL, DISCLAIMER_STARTS, DISCLAIMERS, FOOTER_SIGNS, LIST_EXITS, LIST_FOOTERS,
    OUTSIDERS, SECRETS, WARNINGS,
};
use crate::mail::ElidedKind::{Disclaimer, Signature};
use aho_corasick::AhoCorasick;
use std::sync::LazyLock;

/// Rows of words of which all stand in a text. One pass finds out whether the first word of any row does.
struct Rows {
    rows: &'static [&'static [&'static str]],
    firsts: Option<AhoCorasick>,
}

impl Rows {
    fn of(rows: &'static [&'static [&'static str]]) -> Self {
        let firsts = AhoCorasick::new(rows.iter().map(|row| row[0])).ok();
        Self { rows, firsts }
    }

    fn stand_in(&self, text: &str) -> bool {
        let possible = self.firsts.as_ref().is_none_or(|f| f.is_match(text));
        possible && (self.rows.iter()).any(|row| row.iter().all(|w| text.contains(w)))
    }
}

static BANNER: LazyLock<Rows> = LazyLock::new(|| Rows::of(BANNERS));
static OUTSIDER: LazyLock<Rows> = LazyLock::new(|| Rows::of(OUTSIDERS));
static DISCLAIMER: LazyLock<Rows> = LazyLock::new(|| Rows::of(DISCLAIMERS));
static SECRET: LazyLock<Rows> = LazyLock::new(|| Rows::of(SECRETS));

/// Whether a text (lower case) holds the words of a disclaimer, as no request does.
fn is_disclaimer(text: &str) -> bool {
    let sign = || FOOTER_SIGNS.iter().any(|s| text.contains(s));
    DISCLAIMER.stand_in(text) || (SECRET.stand_in(text) && sign())
}

/// Whether a line (lower case) may be one of a disclaimer.
pub(super) fn is_legal(text: &str) -> bool {
    DISCLAIMER.stand_in(text) || SECRET.stand_in(text)
}

/// What a mail gateway puts above a message from outside.
pub(super) fn banners(lines: &mut [Line]) {
    for n in typed(lines).into_iter().take(6) {
        if is_banner(&lines[n]) {
            set(&mut lines[n..=n], Disclaimer);
        }
    }
}

fn is_banner(line: &Line) -> bool {
    let text = line.plain();
    // Some rows end a word, as "von extern " does.
    let ended = format!("{text} ");
    let sure = || BANNER.stand_in(&ended);
    let warns = || WARNINGS.iter().any(|w| text.contains(w));
    let tag = || text.split_whitespace().count() <= 5 || text.starts_with('[');
    let perhaps = || OUTSIDER.stand_in(&ended) && (tag() || warns());
    text.len() < 400 && (sure() || perhaps()) && !of_us(&line.text)
}

/// What a list puts under every mail, with the rule above it, to the end of the run.
pub(super) fn list_footer(lines: &mut [Line]) {
    let fresh = typed(lines);
    let found = (0..fresh.len()).find(|place| is_list_footer(lines, &fresh, *place));
    let Some(seen) = found else { return };
    let rule = rule_above(lines, &fresh, seen);
    if rule.is_some() || seen > 0 {
        set(&mut lines[fresh[rule.unwrap_or(seen)]..], Disclaimer);
    }
}

fn rule_above(lines: &[Line], fresh: &[usize], place: usize) -> Option<usize> {
    let near = place.saturating_sub(5);
    let rule = |n: &usize| is_rule(&lines[*n].text);
    fresh[near..place].iter().rposition(rule).map(|n| near + n)
}

/// The line begins as such a footer does: "I want to unsubscribe from this list" is typed, and so is a question.
fn is_list_footer(lines: &[Line], fresh: &[usize], place: usize) -> bool {
    let line = &lines[fresh[place]];
    let bare = line
        .plain()
        .trim_start_matches(|c: char| !c.is_alphanumeric());
    let begins = |row: &&[&str]| bare.starts_with(row[0]) && row.iter().all(|w| bare.contains(w));
    let sure = bare.contains("mailman/listinfo") || LIST_FOOTERS.iter().any(begins);
    let linked = || {
        let mut near = fresh[place..].iter().take(5).map(|n| &lines[*n].text);
        near.any(|text| text.contains('@') || text.contains("http"))
    };
    let exit =
        || LIST_EXITS.iter().any(begins) && (rule_above(lines, fresh, place).is_some() || linked());
    (sure || exit()) && !is_question(bare) && !of_oneself(&line.text)
}

/// "This e-mail is confidential": from its first line to the end of the run, with the card above it.
pub(super) fn disclaimers(lines: &mut [Line], typist: &Typist) {
    let fresh = typed(lines);
    let mut seen = 0;
    while seen < fresh.len() {
        let start = fresh[seen];
        let end = (start..lines.len())
            .find(|n| !lines[*n].fresh())
            .unwrap_or(lines.len());
        if let Some(from) = disclaimer(lines, start, end, seen > 0, typist) {
            let card = lines[start..from].iter().all(|l| !is_sentence(&l.text));
            if card && seen > 0 && from - start <= 4 {
                set(&mut lines[start..from], Signature);
            }
            return set(&mut lines[from..], Disclaimer);
        }
        seen += end - start;
    }
}

/// The line of a paragraph at which a disclaimer begins, if it holds one.
fn disclaimer(
    lines: &[Line],
    start: usize,
    end: usize,
    typed_above: bool,
    typist: &Typist,
) -> Option<usize> {
    let paragraph = plain_form(&joined(&lines[start..end]));
    let first = (start..end).find(|n| {
        let text = lines[*n].plain();
        DISCLAIMER_STARTS.iter().any(|s| text.starts_with(s)) && text.len() >= 25
    });
    let from = first.map(|at| legal_above(lines, start, at));
    let confidential = CONFIDENTIAL.iter().any(|c| paragraph.contains(c));
    let opens = typed_above && first == Some(start) && confidential;
    let whole = opens || (paragraph.len() >= 40 && is_disclaimer(&paragraph));
    // Within a paragraph "this e-mail address" may be anybody's words, but not right below a card.
    let below_card = |from: usize| {
        let card = || lines[start..from].iter().all(|l| !is_sentence(&l.text));
        is_below_card(&lines[start..from], typist) || (confidential && card())
    };
    let inside = typed_above && first.is_some_and(|at| at > start) && from.is_some_and(below_card);
    if !whole && !inside {
        return None;
    }
    // A disclaimer that is not marked by its first words covers only lines that hold its words.
    let from = from.unwrap_or_else(|| first_of_row(lines, start, end));
    let text = joined(&lines[from..end]);
    let speaks = of_oneself(&text) || is_question(&text);
    (!speaks || is_below_card(&lines[..from], typist)).then_some(from)
}

fn joined(lines: &[Line]) -> String {
    let texts: Vec<&str> = lines.iter().map(|l| l.text.as_str()).collect();
    texts.join(" ")
}

/// Whether the last of these lines are a signature, or end a letter.
fn is_below_card(lines: &[Line], typist: &Typist) -> bool {
    let mut last = lines.iter().rev().filter(|l| !l.blank()).take(12);
    last.any(|l| {
        let card = is_card(&l.text) && !is_sentence(&l.text);
        let signed = l.kind == Some(Signature) || typist.is(&l.text);
        card || signed || is_rule(&l.text) || is_closing(l)
    })
}

/// The first of the lines right above `at` that are footers by themselves: "before you print" above "this e-mail is".
fn legal_above(lines: &[Line], start: usize, at: usize) -> usize {
    let typed = lines[start..at].iter().rposition(|l| !is_legal(l.plain()));
    typed.map_or(start, |n| start + n + 1)
}

/// The line of a paragraph at which its legal words begin.
fn first_of_row(lines: &[Line], start: usize, end: usize) -> usize {
    let rows = DISCLAIMERS.iter().chain(SECRETS);
    let words: Vec<&str> = rows
        .flat_map(|r| r.iter().copied())
        .filter(|w| w.len() >= 7)
        .collect();
    (start..end)
        .find(|n| {
            let text = lines[*n].plain();
            words.iter().any(|w| text.contains(w))
        })
        .unwrap_or(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banner_is_one_in_languages_whose_articles_are_other_peoples_pronouns() {
        let banner = |text: &str| {
            let text = text.to_owned();
            is_banner(&Line {
                text,
                ..Line::default()
            })
        };
        for text in [
            "ATTENZIONE: mittente esterno. Non aprire allegati i link sospetti",
            "UWAGA: nadawca zewnętrzny, nie klikaj w linki i załączniki",
            "Este e-mail veio de remetente externo. Não abra os anexos nem clique nos links.",
        ] {
            assert!(banner(text), "{text}");
        }
        assert!(!banner(
            "Warning: I read no external email, take me off your list"
        ));
    }
}
