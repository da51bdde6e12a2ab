//! A text as the rules see it: words without case and accents, each with the place where it was typed.
//!
//! People answer from telephones, without diacritics, with typographic quotes and invisible characters; rules should
//! not have to know. Every token keeps its byte offsets, because evidence quotes the fresh text exactly. Deliberately
//! absent: any knowledge of a language, apart from a few abbreviations after which a full stop ends nothing.

use super::fold::fold;
use super::signs;
use unicode_normalization::char::is_combining_mark;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Letters.
    Word,
    /// Digits.
    Number,
    /// An e-mail address.
    Address,
    /// `@example.com`, `example.com` or a web address.
    Domain,
    /// 👍; only in a text without words, and where signs are asked for.
    Sign,
}

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Lower case, without accents; an address as typed, in lower case.
    pub folded: String,
    /// Byte offsets in the original.
    pub start: usize,
    /// End, exclusive.
    pub end: usize,
    /// Which sentence; rules never look across a sentence.
    pub sentence: usize,
    /// Which clause: the pieces between commas, colons, dashes and brackets.
    pub clause: usize,
    /// What it is.
    pub shape: Shape,
}

/// A text cut into tokens, clauses and sentences.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// In their order.
    pub tokens: Vec<Token>,
    /// For each sentence, whether it ends with a question mark.
    pub asks: Vec<bool>,
}

/// More is not read: nobody types that much, and a rule must stay fast on hostile mail.
const MOST_TOKENS: usize = 4_000;
/// No address or web address is longer; looked for from every word on, it must not be looked for through a whole text.
const LONGEST: usize = 1_024;
/// A line shorter than this was ended on purpose, not wrapped by a mail client.
const WRAPPED_FROM: usize = 50;
/// A full stop after these ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "art", "arts", "abs", "dr", "mr", "mrs", "ms", "mme", "mlle", "m", "sr", "sra", "srta", "nr",
    "no", "lit", "lid", "tel", "st", "d", "z", "b", "p", "ex", "u", "a", "av", "avv", "dott",
    "ing", "sig", "prof", "geom", "c", "par", "al", "nº", "num", "cl", "ca", "bzw", "usw", "etc",
    "inkl", "attn", "str", "stk", "pkt", "ust", "čl", "čj",
];

impl Text {
    /// Cuts a text.
    pub fn of(original: &str) -> Self {
        let words = Self::cut(original, false);
        if words.tokens.is_empty() && original.contains(signs::is_sign) {
            Self::with_signs(original)
        } else {
            words
        }
    }

    /// The same, with the signs between the words.
    pub fn with_signs(original: &str) -> Self {
        Self::cut(original, true)
    }

    fn cut(original: &str, signs: bool) -> Self {
        let mut cutter = Cutter {
            text: original,
            signs,
            out: Self::default(),
            sentence: 0,
            clause: 0,
            line_start: 0,
        };
        cutter.run();
        let Cutter {
            mut out, sentence, ..
        } = cutter;
        out.asks.resize(sentence + 1, false);
        out
    }

    /// The words of its first sentence.
    pub fn first_sentence(&self) -> &[Token] {
        let end = self.tokens.iter().position(|t| t.sentence > 0);
        &self.tokens[..end.unwrap_or(self.tokens.len())]
    }

    /// Whether it is numbers and nothing else.
    pub fn is_numbers(&self) -> bool {
        !self.tokens.is_empty() && self.tokens.iter().all(|t| t.shape == Shape::Number)
    }

    /// The words from token `first` to token `last`, as typed.
    pub fn quote<'a>(&self, original: &'a str, first: usize, last: usize) -> &'a str {
        match (self.tokens.get(first), self.tokens.get(last)) {
            (Some(a), Some(b)) => original.get(a.start..b.end).unwrap_or_default(),
            _ => "",
        }
    }
}

struct Cutter<'a> {
    text: &'a str,
    signs: bool,
    out: Text,
    sentence: usize,
    clause: usize,
    line_start: usize,
}

impl Cutter<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(c) = self.text[at..].chars().next() {
            if self.out.tokens.len() >= MOST_TOKENS {
                return;
            }
            if c.is_alphanumeric() || (c == '@' && self.domain_follows(at)) {
                at = self.word(at);
            } else if self.signs && signs::is_sign(c) {
                at = self.sign(at, c);
            } else {
                self.mark(at, c);
                at += c.len_utf8();
            }
        }
    }

    /// Reads one sign; the same one again says nothing more.
    fn sign(&mut self, at: usize, c: char) -> usize {
        let end = at + signs::length(&self.text[at..]);
        match self.out.tokens.last_mut() {
            Some(last) if last.shape == Shape::Sign && last.folded.starts_with(c) => last.end = end,
            _ => self.push(at, end, c.to_string(), Shape::Sign),
        }
        end
    }

    fn domain_follows(&self, at: usize) -> bool {
        let rest = &self.text[at + 1..];
        let rest = &rest[..rest.floor_char_boundary(LONGEST)];
        let len = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'))
            .unwrap_or(rest.len());
        rest[..len].trim_end_matches('.').contains('.')
    }

    /// Reads one token that starts at `at`; returns where it ends.
    fn word(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        let near = &rest[..rest.floor_char_boundary(LONGEST)];
        let chunk = near
            .find(|c: char| !(c.is_alphanumeric() || "@._-+/:".contains(c)))
            .unwrap_or(near.len());
        let long = near[..chunk].trim_end_matches(['.', '-', '_', ':', '/']);
        if long.contains('@') || long.contains("://") || looks_like_domain(long) {
            let shape = match long.find('@') {
                Some(n) if n > 0 => Shape::Address,
                _ => Shape::Domain,
            };
            self.push(at, at + long.len(), long.to_lowercase(), shape);
            return at + long.len();
        }
        let end = at + rest.find(|c: char| !in_word(c)).unwrap_or(rest.len());
        let end = join_suffix(self.text, end);
        let mut folded = fold(&self.text[at..end]);
        let mut end = end;
        if folded == "e"
            && let Some(n) = email_follows(&self.text[end..])
        {
            folded.push_str(&fold(
                self.text[end..end + n].trim_start_matches(['-', '\u{2011}', ' ']),
            ));
            end += n;
        }
        let shape = if folded.bytes().all(|b| b.is_ascii_digit()) {
            Shape::Number
        } else {
            Shape::Word
        };
        self.push(at, end, folded, shape);
        end
    }

    fn push(&mut self, start: usize, end: usize, folded: String, shape: Shape) {
        if folded.is_empty() {
            return;
        }
        let (sentence, clause) = (self.sentence, self.clause);
        self.out.tokens.push(Token {
            folded,
            start,
            end,
            sentence,
            clause,
            shape,
        });
    }

    fn mark(&mut self, at: usize, c: char) {
        let next = self.text[at + c.len_utf8()..].chars().next();
        match c {
            '?' | '\u{37e}' | '？' => self.end_sentence(true),
            // A Greek question mark, as keyboards type it.
            ';' if self.is_greek() => self.end_sentence(true),
            '!' | ';' | '…' | '¡' | '¿' | '•' | '。' => self.end_sentence(false),
            '.' if next.is_none_or(|n| !n.is_alphanumeric()) && !self.after_abbreviation(at) => {
                self.end_sentence(false)
            }
            '\n' => {
                let line = self.text[self.line_start..at].trim();
                let following = self.text[at + 1..].trim_start_matches([' ', '\t', '\r']);
                let item = following.starts_with(['-', '*', '–', '•', '\n', '('])
                    || starts_numbered(following);
                if line.chars().count() < WRAPPED_FROM || item {
                    self.end_sentence(false);
                }
                self.line_start = at + 1;
            }
            ',' | ':' | '(' | ')' | '–' | '—' | '/' | '|' => self.clause += 1,
            '-' if next == Some(' ') || next == Some('-') => self.clause += 1,
            _ => {}
        }
    }

    fn after_abbreviation(&self, at: usize) -> bool {
        self.out.tokens.last().is_some_and(|t| {
            t.end == at
                && (ABBREVIATIONS.contains(&t.folded.as_str())
                    || (t.shape == Shape::Number && t.start == self.line_first()))
        })
    }

    fn is_greek(&self) -> bool {
        let greek = |c: char| ('\u{370}'..='\u{3ff}').contains(&c);
        let last = self.out.tokens.last();
        last.is_some_and(|t| t.folded.starts_with(greek))
    }

    fn line_first(&self) -> usize {
        let line = &self.text[self.line_start..];
        self.line_start + (line.len() - line.trim_start().len())
    }

    fn end_sentence(&mut self, asks: bool) {
        if self
            .out
            .tokens
            .last()
            .is_some_and(|t| t.sentence == self.sentence)
        {
            self.out.asks.resize(self.sentence + 1, false);
            self.out.asks[self.sentence] = asks;
            self.sentence += 1;
            self.clause += 1;
        } else if asks && let Some(last) = self.out.asks.last_mut() {
            *last = true;
        }
    }
}

fn starts_numbered(line: &str) -> bool {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    (1..3).contains(&digits) && line[digits..].starts_with([')', '.'])
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || invisible(c)
}

fn invisible(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
    )
}

fn looks_like_domain(word: &str) -> bool {
    let Some((before, last)) = word.rsplit_once('.') else {
        return false;
    };
    before.len() > 3
        && (2..8).contains(&last.len())
        && last.bytes().all(|b| b.is_ascii_lowercase())
        && {
            before
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
                && (word.starts_with("www.") || KNOWN_ENDINGS.contains(&last))
        }
}

/// Endings after which a word with a full stop inside is a domain rather than two sentences without a space.
const KNOWN_ENDINGS: &[&str] = &[
    "com", "net", "org", "test", "eu", "fr", "de", "co", "io", "nl", "es", "pt", "ch", "be", "pl",
    "uk", "example",
];

/// English "don't", "I'm" are one word; French "d'où" is two.
fn join_suffix(text: &str, end: usize) -> usize {
    let mut chars = text[end..].chars();
    let Some('\'' | '’' | '‘' | '´' | '`' | '\u{2bc}') = chars.next() else {
        return end;
    };
    let after = text.len() - chars.as_str().len();
    let tail = chars.as_str();
    let len = tail.find(|c: char| !in_word(c)).unwrap_or(tail.len());
    let known = [
        "t", "s", "re", "ll", "ve", "m", "d", "T", "S", "RE", "LL", "VE", "M", "D",
    ];
    if known.contains(&&tail[..len]) {
        after + len
    } else {
        end
    }
}

fn email_follows(text: &str) -> Option<usize> {
    let rest = text.trim_start_matches(['-', '\u{2011}', ' ']);
    let skipped = text.len() - rest.len();
    let head: String = rest.chars().take(4).flat_map(char::to_lowercase).collect();
    if skipped == 0 || skipped > 3 || !(head == "mail" || head == "post") {
        return None;
    }
    Some(skipped + rest.find(|c: char| !in_word(c)).unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        Text::of(text)
            .tokens
            .into_iter()
            .map(|t| t.folded)
            .collect()
    }

    #[test]
    fn accents_case_and_invisible_characters_do_not_matter() {
        assert_eq!(
            words("DÉSINSCRI\u{200b}VEZ-moi de\u{a0}vos e\u{301}crits"),
            ["desinscrivez", "moi", "de", "vos", "ecrits"]
        );
    }

    #[test]
    fn clitics_are_words_and_english_contractions_are_one() {
        assert_eq!(
            words("d’où ? don’t m'écrire"),
            ["d", "ou", "dont", "m", "ecrire"]
        );
    }

    #[test]
    fn an_e_mail_is_one_word_and_an_address_is_one_token() {
        let text = Text::of("No e-mails to Marie.D@Example.com, nor @example.com.");
        assert_eq!(text.tokens[1].folded, "emails");
        assert_eq!(text.tokens[3].shape, Shape::Address);
        assert_eq!(text.tokens[5].shape, Shape::Domain);
    }

    #[test]
    fn an_abbreviation_ends_no_sentence_and_a_short_line_does() {
        let text = Text::of("Art. 15 DSGVO\nDanke. Ok?");
        let sentences: Vec<_> = text.tokens.iter().map(|t| t.sentence).collect();
        assert_eq!(sentences, [0, 0, 0, 1, 2]);
        assert_eq!(text.asks, [false, false, true, false]);
    }

    #[test]
    fn a_quotation_of_tokens_is_exactly_what_was_typed() {
        let original = "Ah… « Ne M’ÉCRIVEZ  plus ! »";
        let text = Text::of(original);
        assert_eq!(text.quote(original, 1, 4), "Ne M’ÉCRIVEZ  plus");
    }
}
