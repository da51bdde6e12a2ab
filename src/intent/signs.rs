//! Signs that people answer with instead of words: 👍, 👎, 🛑.
//!
//! In a text with words they say nothing of their own (a heart behind a thank-you, a face behind a no) and are passed over.
//! Where there is nothing else they are read like words, so that lexicons can list them and a quoted mail can define them.

use super::hits::Hit;
use super::text::{Shape, Text, Token};

/// Whether a character is such a sign.
pub(super) fn is_sign(c: char) -> bool {
    matches!(
        u32::from(c),
        0x2190..=0x21ff | 0x2300..=0x23ff | 0x25a0..=0x27bf | 0x2b00..=0x2bff | 0x1f000..=0x1faff
    ) && !is_tone(c)
}

/// The colour of a hand.
fn is_tone(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// What changes the look of the sign before it, or ties the next one to it.
fn changes_the_look(c: char) -> bool {
    is_tone(c) || matches!(c, '\u{fe0e}' | '\u{fe0f}' | '♀' | '♂')
}

/// How many bytes the sign at the beginning of a text takes, with all that belongs to it: "🙅🏽‍♀️" is one.
pub(super) fn length(text: &str) -> usize {
    let mut tied = true;
    let end = text.char_indices().find(|(at, c)| {
        let belongs = *at == 0 || changes_the_look(*c) || *c == '\u{200d}' || (tied && is_sign(*c));
        tied = *c == '\u{200d}';
        !belongs
    });
    end.map_or(text.len(), |(at, _)| at)
}

/// Whether a reply consists of signs and nothing else.
pub(super) fn only(text: &Text) -> bool {
    !text.tokens.is_empty() && text.tokens.iter().all(is)
}

/// Whether a reply consists of signs, and not every one stands in a lexicon.
pub(super) fn strange(text: &Text, hits: &[Hit<'_>]) -> bool {
    let known = |n: usize| hits.iter().any(|h| (h.first..=h.last).contains(&n));
    only(text) && !(0..text.tokens.len()).all(known)
}

/// Whether a token is a sign.
pub(super) fn is(token: &Token) -> bool {
    token.shape == Shape::Sign
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(text: &str) -> Vec<String> {
        let text = Text::of(text);
        assert!(text.tokens.iter().all(is), "{text:?}");
        text.tokens.into_iter().map(|t| t.folded).collect()
    }

    #[test]
    fn a_sign_is_one_whatever_its_colour_and_however_often() {
        assert_eq!(signs("👍🏽"), ["👍"]);
        assert_eq!(signs("👍👍 👍"), ["👍"]);
        assert_eq!(signs("❤️"), ["❤"]);
        assert_eq!(signs("🙅🏽‍♀️!"), ["🙅"]);
        assert_eq!(signs("🛑✋ 👋"), ["🛑", "✋", "👋"]);
    }

    #[test]
    fn beside_words_and_digits_signs_are_none() {
        let words = Text::of("merci 🙏 beaucoup, 3️⃣");
        assert!(!words.tokens.iter().any(is), "{words:?}");
        assert_eq!(words.tokens.len(), 3);
        assert!(Text::of("… - .").tokens.is_empty());
    }
}
