//! Where a typed text ends and its furniture begins: signature, "sent from my telephone"; what is legal or a list's see `footers`.
//!
//! Only the end of a run of typed lines is furniture (a banner: its beginning). In doubt a line stays typed: a name too
//! many costs nothing, a lost "STOP" does. So a block is a signature only after a delimiter, after a closing formula and
//! without sentences, or if it begins with the writer's own name; and who asks there to be let alone is heard (`speech`).

use super::Typist;
use super::footers::{banners, disclaimers, is_legal, list_footer};
use super::lines::{Line, plain_form};
use super::speech::{
    asks_barely, asks_for_oneself, is_more_than_a_name, is_no_motto, is_question, is_sentence,
};
use super::words::{CLOSINGS, DEVICES, SENT_FROM, THANKS};
use crate::mail::ElidedKind::Signature;

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
    delimiter(lines, typist);
    disclaimers(lines, typist);
    after_closing(lines, typist);
    own_name(lines, typist);
}

pub(super) fn set(lines: &mut [Line], kind: crate::mail::ElidedKind) {
    for line in lines {
        line.kind.get_or_insert(kind);
    }
}

/// Indices of the lines that still count as typed.
pub(super) fn typed(lines: &[Line]) -> Vec<usize> {
    (0..lines.len()).filter(|n| lines[*n].fresh()).collect()
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

/// A line of dashes, underscores and the like.
pub(super) fn is_rule(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 2
        && text
            .chars()
            .all(|c| matches!(c, '-' | '_' | '*' | '=' | '—' | '–' | '─' | '~'))
}

/// `-- ` (RFC 3676 4.3), or a rule of other signs with little below it. What asks below the card that a client put there stays.
fn delimiter(lines: &mut [Line], typist: &Typist) {
    let fresh = typed(lines);
    let mut seen = 0;
    while seen < fresh.len() {
        let text = lines[fresh[seen]].text.trim();
        let below = &fresh[seen + 1..];
        let exact = text == "--";
        let few = below.len() <= 12;
        let delimits = is_rule(text)
            && match (exact, seen) {
                (true, 0) => few,
                (true, _) => true,
                (false, 0) => false,
                (false, _) => few && !below.iter().any(|b| asks(&lines[*b].text)),
            };
        if !delimits {
            seen += 1;
            continue;
        }
        let asked = exact.then(|| asked_below(lines, below, typist)).flatten();
        let end = asked.map_or(lines.len(), |place| below[place]);
        set(&mut lines[fresh[seen]..end], Signature);
        seen = asked.map_or(fresh.len(), |place| seen + 1 + place);
    }
}

/// Below a delimiter: where the paragraph begins in which somebody asks to be let alone, without the lines of a card above it.
fn asked_below(lines: &[Line], below: &[usize], typist: &Typist) -> Option<usize> {
    let asks = |n: &usize| asks_for_oneself(&lines[*n].text);
    let mut place = below.iter().position(asks)?;
    let of_card = |text: &str| is_card(text) || is_name(text, typist) || is_rule(text);
    while place > 0
        && below[place - 1] + 1 == below[place]
        && !of_card(&lines[below[place - 1]].text)
    {
        place -= 1;
    }
    Some(place)
}

/// A question, or a sentence that somebody typed below a rule, not a firm's motto or a legal line.
fn asks(text: &str) -> bool {
    let typed = || asks_for_oneself(text) || !is_legal(&plain_form(text));
    is_question(text) || (is_sentence(text) && typed())
}

/// Whether the line is a closing formula, and not a sentence with one in it.
pub(super) fn is_closing(line: &Line) -> bool {
    is_formula(line.plain())
}

/// The same of a line of any text.
pub(in crate::mail) fn closes(line: &str) -> bool {
    is_formula(&plain_form(line))
}

fn is_formula(text: &str) -> bool {
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
    let sentence = below.iter().position(|n| is_no_motto(&lines[*n].text));
    let Some(sentence) = sentence else {
        return (!below.is_empty()).then_some((below, lines.len()));
    };
    let (card, end) = (&below[..sentence], below[sentence]);
    let whole = card.len() >= 3 && card.iter().any(|n| is_card(&lines[*n].text));
    (whole && opens_paragraph(lines, end)).then_some((card, end))
}

/// A line that only a visiting card has: telephone, address, web page, several fields.
pub(super) fn is_card(text: &str) -> bool {
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
        let text = &lines[*n].text;
        let name = opens && below.len() <= 12 && typist.is(text) && !is_more_than_a_name(text);
        if name && !below[1..].iter().any(|b| is_typed_in_card(lines, *b)) {
            return set(&mut lines[*n..], Signature);
        }
    }
}

/// A question, something asked, or a paragraph that begins with a sentence: somebody typed it below their name.
fn is_typed_in_card(lines: &[Line], n: usize) -> bool {
    let text = &lines[n].text;
    is_question(text)
        || asks_for_oneself(text)
        || asks_barely(text)
        || (is_sentence(text) && opens_paragraph(lines, n))
}

fn opens_paragraph(lines: &[Line], n: usize) -> bool {
    n > 0 && lines[n - 1].blank()
}
