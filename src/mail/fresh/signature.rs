//! Where a typed text ends and its furniture begins: signature, "sent from my telephone", disclaimer, gateway banner.
//!
//! Only the end of a run of typed lines is furniture (a banner: its beginning). In doubt a line stays typed: a name too
//! many costs nothing, a lost "STOP" does. So a block is a signature only after a delimiter, after a closing formula and
//! without sentences, or if it begins with the writer's own name; a disclaimer must hold several of its typical words.

use super::Typist;
use super::lines::{Line, plain_form};
use super::words::{
    BANNERS, CLOSINGS, CONFIDENTIAL, DEVICES, DISCLAIMER_STARTS, DISCLAIMERS, LIST_FOOTERS,
    SENT_FROM, THANKS,
};
use crate::mail::ElidedKind::{Disclaimer, Signature};
use aho_corasick::AhoCorasick;
use std::sync::LazyLock;

/// Marks the furniture of every run of typed lines.
pub(super) fn mark(lines: &mut [Line], typist: &Typist) {
    let mut at = 0;
    while at < lines.len() {
        if !lines[at].fresh() {
            at += 1;
            continue;
        }
        let mut end = at;
        while end < lines.len() && (lines[end].kind.is_none() || lines[end].kind == Some(Signature))
        {
            end += 1;
        }
        run(&mut lines[at..end], typist);
        at = end;
    }
}

fn run(lines: &mut [Line], typist: &Typist) {
    banners(lines);
    telephones(lines);
    list_footer(lines);
    delimiter(lines);
    disclaimers(lines);
    after_closing(lines, typist);
    own_name(lines, typist);
}

fn set(lines: &mut [Line], kind: crate::mail::ElidedKind) {
    for line in lines {
        line.kind.get_or_insert(kind);
    }
}

/// Indices of the lines that still count as typed.
fn typed(lines: &[Line]) -> Vec<usize> {
    (0..lines.len()).filter(|n| lines[*n].fresh()).collect()
}

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
static DISCLAIMER: LazyLock<Rows> = LazyLock::new(|| Rows::of(DISCLAIMERS));

fn banners(lines: &mut [Line]) {
    for n in typed(lines).into_iter().take(6) {
        let text = lines[n].plain();
        if text.len() < 400 && BANNER.stand_in(text) {
            set(&mut lines[n..=n], Disclaimer);
        }
    }
}

fn telephones(lines: &mut [Line]) {
    for line in lines
        .iter_mut()
        .filter(|l| l.fresh() && l.text.len() <= 160)
    {
        let text = line.plain();
        let text = text.trim_start_matches(['-', '—', '[', '(', '<', ' ']);
        // "Envoyé de mon iPhone" is short; "Envoyé depuis trois mois, …" is a sentence that somebody typed
        let head = text.split(['<', '(']).next().unwrap_or("");
        let words = head.split_whitespace().count();
        if !SENT_FROM.iter().any(|s| text.starts_with(s)) {
            continue;
        }
        let device = DEVICES.iter().any(|d| head.contains(d));
        let sentence = text.contains(['?', '!', ';']) || (text.contains(", ") && words > 8);
        let short = words <= if device { 13 } else { 6 };
        if short && !sentence {
            line.kind = Some(Signature);
        }
    }
}

/// What a list puts under every mail, with the rule above it, to the end of the run.
fn list_footer(lines: &mut [Line]) {
    let fresh = typed(lines);
    let found = fresh.iter().position(|n| is_list_footer(&lines[*n]));
    let Some(seen) = found else { return };
    let rule = fresh[..seen]
        .iter()
        .rposition(|n| is_rule(&lines[*n].text))
        .filter(|r| seen - r <= 5);
    if rule.is_some() || seen > 0 {
        set(&mut lines[fresh[rule.unwrap_or(seen)]..], Disclaimer);
    }
}

/// The line begins as such a footer does: "I want to unsubscribe from this list" is typed, and so is a question.
fn is_list_footer(line: &Line) -> bool {
    let bare = line
        .plain()
        .trim_start_matches(|c: char| !c.is_alphanumeric());
    let begins = |row: &&[&str]| bare.starts_with(row[0]) && row.iter().all(|w| bare.contains(w));
    !is_question(bare) && (bare.contains("mailman/listinfo") || LIST_FOOTERS.iter().any(begins))
}

/// A line of dashes, underscores and the like.
fn is_rule(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 2
        && text
            .chars()
            .all(|c| matches!(c, '-' | '_' | '*' | '=' | '—' | '–' | '─' | '~'))
}

/// `-- ` (RFC 3676 4.3), or a rule of other signs with little below it.
fn delimiter(lines: &mut [Line]) {
    let fresh = typed(lines);
    for (seen, n) in fresh.iter().enumerate() {
        let text = lines[*n].text.trim();
        let below = &fresh[seen + 1..];
        let exact = text == "--";
        let rule = is_rule(text);
        let short = below.len() <= 12 && !below.iter().any(|b| asks(&lines[*b].text));
        if seen > 0 && (exact || (rule && short)) {
            return set(&mut lines[*n..], Signature);
        }
        if rule && seen == 0 && exact && below.len() <= 12 {
            return set(&mut lines[*n..], Signature);
        }
    }
}

/// A question, or a sentence that somebody typed below a rule, not a firm's motto or a legal line.
fn asks(text: &str) -> bool {
    is_question(text) || (is_sentence(text) && !DISCLAIMER.stand_in(&plain_form(text)))
}

fn is_question(text: &str) -> bool {
    text.trim_end().ends_with('?')
}

/// A sentence, not a line of a visiting card.
fn is_sentence(text: &str) -> bool {
    let text = text.trim();
    let words = text.split_whitespace().count();
    let ended = text.ends_with(['.', '?', '!', '…']) && words >= 4 && !text.contains(['@', '|']);
    let lower = text.to_lowercase();
    let postscript = ["ps", "p.s", "nb", "n.b", "p.-s", "post scriptum"]
        .iter()
        .any(|p| {
            lower
                .strip_prefix(p)
                .is_some_and(|r| r.starts_with([' ', ':', '.', '-']))
        });
    ended || is_question(text) || (words >= 12 && !text.contains(['@', '|'])) || postscript
}

fn disclaimers(lines: &mut [Line]) {
    let fresh = typed(lines);
    let mut seen = 0;
    while seen < fresh.len() {
        let start = fresh[seen];
        let end = (start..lines.len())
            .find(|n| !lines[*n].fresh())
            .unwrap_or(lines.len());
        let paragraph = plain_form(
            &lines[start..end]
                .iter()
                .map(|l| l.text.as_str())
                .collect::<Vec<_>>()
                .join(" "),
        );
        let begins = (start..end).find(|n| {
            let text = lines[*n].plain();
            DISCLAIMER_STARTS.iter().any(|s| text.starts_with(s)) && text.len() >= 25
        });
        let secret =
            seen > 0 && begins == Some(start) && CONFIDENTIAL.iter().any(|c| paragraph.contains(c));
        let whole = secret || (paragraph.len() >= 40 && DISCLAIMER.stand_in(&paragraph));
        if whole || begins.is_some_and(|b| b > start && seen > 0) {
            let from = begins.map_or(start, |b| legal_above(lines, start, b));
            let card = lines[start..from].iter().all(|l| !is_sentence(&l.text));
            // A disclaimer that is not marked by its first words covers only lines that hold its words.
            let from = if begins.is_none() {
                first_of_row(lines, start, end)
            } else {
                from
            };
            if card && seen > 0 && from - start <= 4 {
                set(&mut lines[start..from], Signature);
            }
            return set(&mut lines[from..], Disclaimer);
        }
        seen += end - start;
    }
}

/// The first of the lines right above `at` that are footers by themselves: "before you print" above "this e-mail is".
fn legal_above(lines: &[Line], start: usize, at: usize) -> usize {
    let typed = lines[start..at]
        .iter()
        .rposition(|l| !DISCLAIMER.stand_in(l.plain()));
    typed.map_or(start, |n| start + n + 1)
}

/// The line of a paragraph at which its legal words begin.
fn first_of_row(lines: &[Line], start: usize, end: usize) -> usize {
    let words: Vec<&str> = DISCLAIMERS
        .iter()
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

/// Whether the line is a closing formula, and not a sentence with one in it.
fn is_closing(line: &Line) -> bool {
    let text = line.plain();
    let words = text.split_whitespace().count();
    if is_question(text) || words > 14 {
        return false;
    }
    let bare = text.trim_end_matches([',', '.', '!', ' ', ';', '-']);
    THANKS.contains(&bare)
        || CLOSINGS.iter().any(|c| {
            // Most begin with another letter.
            if c.as_bytes().first() != text.as_bytes().first() {
                return false;
            }
            let Some(rest) = text.strip_prefix(c.trim_end_matches(',')) else {
                return false;
            };
            let formal = rest.chars().next().is_none_or(|c| !c.is_alphanumeric());
            formal
                && (words <= 7 || text.starts_with("veuillez") || text.starts_with("je vous prie"))
        })
}

/// Name, function, telephone below a closing formula. The name that is typed right under it stays.
fn after_closing(lines: &mut [Line], typist: &Typist) {
    let fresh = typed(lines);
    let Some(place) = (0..fresh.len())
        .rev()
        .take(14)
        .find(|p| is_closing(&lines[fresh[*p]]))
    else {
        return;
    };
    let Some((below, end)) = card_below(lines, &fresh[place + 1..]) else {
        return;
    };
    let attached = below[0] == fresh[place] + 1;
    let rest = if attached { &below[1..] } else { below };
    let Some(first) = rest.first().copied() else {
        return;
    };
    if attached && rest.len() == 1 && first == below[0] + 1 && !is_card(&lines[first].text) {
        return; // a name and a function, typed together
    }
    let card = rest.len() >= 2 || rest.iter().any(|n| is_card(&lines[*n].text));
    if card || is_name(&lines[first].text, typist) {
        set(&mut lines[first..end], Signature);
    }
}

/// Which of the lines below a closing formula may be its card, and where that ends. A paragraph of sentences below them may
/// be a firm's motto or something typed, and stays; then what is above it must be a whole card.
fn card_below<'a>(lines: &[Line], below: &'a [usize]) -> Option<(&'a [usize], usize)> {
    let sentence = below.iter().position(|n| is_sentence(&lines[*n].text));
    let Some(sentence) = sentence else {
        return (!below.is_empty()).then_some((below, lines.len()));
    };
    let (card, end) = (&below[..sentence], below[sentence]);
    let whole = card.len() >= 3 && card.iter().any(|n| is_card(&lines[*n].text));
    (whole && opens_paragraph(lines, end)).then_some((card, end))
}

/// A line that only a visiting card has: telephone, address, web page, several fields.
fn is_card(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= 6
        || text.contains(['@', '|', '•', '·'])
        || text.contains("www.")
        || text.contains("http")
}

/// Two to four words, each in capitals at its start; or the writer's own name.
fn is_name(text: &str, typist: &Typist) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let capital = |w: &&str| w.chars().next().is_some_and(char::is_uppercase);
    let shouted = text.chars().all(|c| !c.is_lowercase());
    typist.is(text) || ((2..=4).contains(&words.len()) && words.iter().all(capital) && !shouted)
}

/// A last paragraph that begins with the writer's own name, below something else.
fn own_name(lines: &mut [Line], typist: &Typist) {
    let fresh = typed(lines);
    for (seen, n) in fresh.iter().enumerate().skip(1) {
        let opens = fresh[seen - 1] + 1 < *n;
        let below = &fresh[seen..];
        let name = opens && below.len() <= 12 && typist.is(&lines[*n].text);
        if name
            && !below.iter().skip(1).any(|b| {
                is_question(&lines[*b].text)
                    || (is_sentence(&lines[*b].text) && opens_paragraph(lines, *b))
            })
        {
            return set(&mut lines[*n..], Signature);
        }
    }
}

fn opens_paragraph(lines: &[Line], n: usize) -> bool {
    n > 0 && lines[n - 1].blank()
}
