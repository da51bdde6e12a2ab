//! A server's reply as the log may keep it: code, enhanced status and text, every address masked, at most 200 characters.
//!
//! Servers love to repeat the recipient ("<jean@example.com>: user unknown"), and what a stranger's server writes must
//! neither betray anybody in our log nor break its lines.

use crate::record::Address;

const LONGEST: usize = 200;

/// Masks every address, turns control characters and line ends into spaces, cuts.
pub fn clean(reply: &str) -> String {
    let mut out = String::with_capacity(reply.len().min(LONGEST));
    let words = reply
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty());
    for word in words {
        if !out.is_empty() {
            out.push(' ');
        }
        mask(word, &mut out);
        if out.len() > 8 * LONGEST {
            break;
        }
    }
    if out.chars().count() > LONGEST {
        out = out.chars().take(LONGEST - 1).collect();
        out.push('…');
    }
    out
}

/// Masks the addresses of one word: `<a@b.de>:`, `rcpt=a@b.de;x`, `SRS0=…=a@b.de`, and anything with an `@`.
fn mask(word: &str, out: &mut String) {
    if !word.contains('@') {
        out.push_str(word);
        return;
    }
    let border = |c: char| "<>()[]{}\"',;:=|".contains(c);
    let mut rest = word;
    while !rest.is_empty() {
        let end = rest.find(border).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        if piece.contains('@') {
            let bare = piece.trim_matches(['.', '!', '?']);
            match Address::parse(bare) {
                Ok(address) => out.push_str(&address.masked()),
                Err(_) => out.push_str("…@…"),
            }
        } else {
            out.push_str(piece);
        }
        let next = after.chars().next();
        out.extend(next);
        rest = &after[next.map_or(0, char::len_utf8)..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_the_reason_and_nobody() {
        assert_eq!(
            clean("550 5.1.1 <jean.dupont@entreprise.com>: Recipient\r\nunknown"),
            "550 5.1.1 <j…@e…e.com>: Recipient unknown"
        );
        let shown = clean(
            "550 rcpt=jean@entreprise.com; mailto:jean@entreprise.com. \"a@b\"@entreprise.com x@",
        );
        assert!(
            !shown.contains("jean") && !shown.contains("entreprise"),
            "{shown}"
        );
    }

    #[test]
    fn a_reply_cannot_break_or_flood_the_log() {
        assert_eq!(clean("250 ok\u{1b}[31m\0\nx"), "250 ok [31m x");
        let long = clean(&"é ".repeat(5000));
        assert_eq!(long.chars().count(), 200);
        assert!(long.ends_with('…'));
    }
}
