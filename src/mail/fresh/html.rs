//! HTML bodies as lines: what a person would see, and the marks by which mail clients set apart what they quote.
//!
//! A tokenizer of our own, because it must stay linear on hostile input, must drop what is hidden (a quotation or a
//! "STOP" nobody saw decides nothing), and must keep the marks that converters to text throw away. It knows no CSS
//! beyond inline styles. Answers typed inside Gmail's quotation container stay fresh, because only `blockquote` quotes;
//! lines in a loud colour are marked, and `colour` says what follows.

use super::lines::{Line, tidy};
use super::marks::{Mark, Marks};
use super::tags::{Tag, is_block, is_void, tag};
use mail_parser::decoders::html::add_html_token;

/// Open elements that are remembered; deeper ones inherit from the last remembered.
const DEPTH: usize = 256;
/// How far up an end tag looks for its start tag.
const LOOK_UP: usize = 24;

#[derive(Clone, Copy, Default)]
struct Zone {
    quote: u16,
    signature: bool,
    hidden: bool,
    pre: bool,
    attribution: bool,
    loud: bool,
}

struct Reader<'a> {
    lines: Vec<Line>,
    text: String,
    space: bool,
    open: Vec<(Tag, Zone)>,
    beyond: usize,
    zone: Zone,
    cut_next: bool,
    /// Words of the line that is read do not stand out.
    quiet: bool,
    marks: Marks<'a>,
    /// No comment ends from here on, so that it need not be looked for again.
    no_comment_end: bool,
}

/// Reads a whole body.
pub(in crate::mail) fn lines(html: &str) -> Vec<Line> {
    let mut reader = Reader {
        lines: Vec::new(),
        text: String::new(),
        space: false,
        open: Vec::new(),
        beyond: 0,
        zone: Zone::default(),
        cut_next: false,
        quiet: false,
        marks: Marks::default(),
        no_comment_end: false,
    };
    let bytes = html.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'<' {
            at = reader.markup(html, at);
        } else {
            let end = html[at..].find('<').map_or(bytes.len(), |n| at + n);
            reader.words(&html[at..end]);
            at = end;
        }
    }
    reader.end_line(false);
    reader.lines
}

impl<'a> Reader<'a> {
    /// One tag or comment; returns where the text goes on.
    fn markup(&mut self, html: &'a str, at: usize) -> usize {
        let bytes = html.as_bytes();
        let rest = &bytes[at..];
        if rest.starts_with(b"<!--") {
            // Without its end, a comment is dropped alone: the rest may be what somebody typed.
            let end = if self.no_comment_end {
                None
            } else {
                find(rest, b"-->", 4)
            };
            self.no_comment_end = end.is_none();
            return end.map_or(at + 4, |n| at + n + 3);
        }
        let closing = rest.get(1) == Some(&b'/');
        let name_at = if closing { 2 } else { 1 };
        let starts = rest.get(name_at).is_some_and(|b| b.is_ascii_alphabetic());
        if !starts && !matches!(rest.get(1), Some(b'!' | b'?')) {
            self.words("<");
            return at + 1;
        }
        let end = tag_end(rest);
        let inner = &html[at + name_at.min(end)..at + end];
        let name_len = inner
            .bytes()
            .position(|b| b.is_ascii_whitespace() || b == b'/' || b == b'>')
            .unwrap_or(inner.len());
        let name = tag(&inner.as_bytes()[..name_len]);
        let after = (at + end + 1).min(bytes.len());
        if closing {
            self.close(name);
            return after;
        }
        if let b"script\0\0" | b"style\0\0\0" | b"title\0\0\0" | b"template" = &name {
            return skip_raw(bytes, after, &name);
        }
        self.start(name, &inner[name_len..], inner.ends_with('/'));
        after
    }

    fn start(&mut self, name: Tag, attributes: &'a str, empty: bool) {
        if is_block(&name) {
            self.end_line(&name == b"p\0\0\0\0\0\0\0" && !self.last_blank());
            if self
                .open
                .last()
                .is_some_and(|(t, _)| t == b"p\0\0\0\0\0\0\0")
                && &name != b"blockquo"
            {
                self.pop();
            }
        }
        match &name {
            b"br\0\0\0\0\0\0" => return self.end_line_or_blank(),
            b"hr\0\0\0\0\0\0" => {
                if self.marks.of(&name, attributes).contains(&Mark::Cut) {
                    self.cut_next = true;
                }
                return;
            }
            b"td\0\0\0\0\0\0" | b"th\0\0\0\0\0\0" => self.space = true,
            _ => {}
        }
        if empty || is_void(&name) {
            return;
        }
        let mut zone = self.zone;
        zone.pre |= matches!(&name, b"pre\0\0\0\0\0" | b"textarea");
        for mark in self.marks.of(&name, attributes) {
            match mark {
                Mark::Quote => zone.quote = zone.quote.saturating_add(1),
                Mark::Signature => zone.signature = true,
                Mark::Hidden => zone.hidden = true,
                Mark::Attribution => zone.attribution = true,
                Mark::Preformatted => zone.pre = true,
                Mark::Cut => self.cut_next = true,
                Mark::Loud(loud) => zone.loud = *loud,
            }
        }
        // Links have a colour by themselves.
        zone.loud &= &name != b"a\0\0\0\0\0\0\0";
        if self.open.len() < DEPTH {
            self.open.push((name, self.zone));
            self.zone = zone;
        } else {
            self.beyond += 1;
        }
    }

    fn close(&mut self, name: Tag) {
        if is_block(&name) {
            self.end_line(false);
        }
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        let found = self
            .open
            .iter()
            .rev()
            .take(LOOK_UP)
            .position(|(t, _)| *t == name);
        for _ in 0..found.map_or(0, |n| n + 1) {
            self.pop();
        }
        if &name == b"p\0\0\0\0\0\0\0" && !self.last_blank() {
            self.push(String::new());
        }
    }

    fn pop(&mut self) {
        self.end_signature_line();
        if let Some((_, zone)) = self.open.pop() {
            self.zone = zone;
        }
    }

    /// An inline element that changes what its words are ends the line.
    fn end_signature_line(&mut self) {
        let outer = self
            .open
            .last()
            .map(|(_, z)| (z.quote, z.signature, z.attribution));
        let inner = (self.zone.quote, self.zone.signature, self.zone.attribution);
        if outer.is_some_and(|o| o != inner) {
            self.end_line(false);
        }
    }

    fn words(&mut self, text: &str) {
        if self.zone.hidden {
            return;
        }
        self.quiet |= !self.zone.loud && !text.trim_ascii().is_empty();
        if self.zone.pre {
            for (n, line) in text.split('\n').enumerate() {
                if n > 0 {
                    self.end_line_or_blank();
                }
                self.decode(line);
            }
            return;
        }
        let plain = !text.as_bytes().contains(&b'&');
        for (n, word) in text.split([' ', '\t', '\r', '\n', '\u{c}']).enumerate() {
            self.space |= n > 0;
            if word.is_empty() {
                continue;
            }
            if self.space && !self.text.is_empty() && !self.text.ends_with(' ') {
                self.text.push(' ');
            }
            self.space = false;
            match plain {
                true => self.text.push_str(word),
                false => self.decode(word),
            }
        }
    }

    /// Appends text with its character references resolved.
    fn decode(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find('&') {
            self.text.push_str(&rest[..at]);
            let tail = &rest[at..];
            let end = tail.bytes().take(12).position(|b| b == b';');
            match end.filter(|e| {
                *e > 1
                    && tail.as_bytes()[1..*e]
                        .iter()
                        .all(|b| b.is_ascii_alphanumeric() || *b == b'#')
            }) {
                Some(e) => {
                    add_html_token(&mut self.text, &tail.as_bytes()[..=e], false);
                    rest = &tail[e + 1..];
                }
                None => {
                    self.text.push('&');
                    rest = &tail[1..];
                }
            }
        }
        self.text.push_str(rest);
    }

    fn last_blank(&self) -> bool {
        self.lines.last().is_none_or(Line::blank)
    }

    fn push(&mut self, text: String) {
        self.lines.push(Line {
            text,
            quote: self.zone.quote,
            signature: self.zone.signature,
            cut: std::mem::take(&mut self.cut_next),
            attribution: self.zone.attribution,
            loud: !std::mem::take(&mut self.quiet),
            ..Line::default()
        });
    }

    /// Ends the line if there is one; `blank` leaves an empty one after what stands before.
    fn end_line(&mut self, blank: bool) {
        self.space = false;
        let text = tidy(std::mem::take(&mut self.text).trim_start_matches(' '));
        if !text.trim().is_empty() {
            self.push(text);
        } else if blank {
            self.push(String::new());
        }
    }

    fn end_line_or_blank(&mut self) {
        if self.zone.hidden {
            return;
        }
        self.space = false;
        let text = tidy(&std::mem::take(&mut self.text));
        self.push(text);
    }
}

/// Where a tag ends (its `>`, quoted attribute values respected). One that does not end within the window ends at the
/// first `>` in it, or with it, so that unended tags cannot make the work quadratic.
fn tag_end(rest: &[u8]) -> usize {
    let window = &rest[..rest.len().min(4096)];
    let mut at = 1;
    while let Some(byte) = window.get(at) {
        match byte {
            b'>' => return at,
            // The value of an attribute, and no lone quotation mark: to its end.
            quote @ (b'"' | b'\'') if window[..at].trim_ascii_end().ends_with(b"=") => {
                let inside = &window[at + 1..];
                at += 1 + inside
                    .iter()
                    .position(|b| b == quote)
                    .unwrap_or(inside.len());
            }
            _ => {}
        }
        at += 1;
    }
    let last = rest.len().min(4096) - 1;
    let first = window.iter().position(|b| *b == b'>').unwrap_or(last);
    // never in the middle of a character
    (first..rest.len())
        .find(|n| rest[*n].is_ascii())
        .unwrap_or(rest.len())
}

fn find(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    bytes
        .get(from..)?
        .windows(needle.len())
        .position(|w| w == needle)
        .map(|n| n + from)
}

/// After `<style>` and the like: just after its end tag, or where it is if that never comes.
fn skip_raw(bytes: &[u8], at: usize, name: &Tag) -> usize {
    let name: &[u8] = &name[..name.iter().position(|b| *b == 0).unwrap_or(8)];
    let mut from = at;
    while let Some(n) = find(bytes, b"</", from) {
        let end = n + 2 + name.len();
        if bytes
            .get(n + 2..end)
            .is_some_and(|t| t.eq_ignore_ascii_case(name))
        {
            return find(bytes, b">", end).map_or(bytes.len(), |n| n + 1);
        }
        from = n + 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_ends_behind_the_values_of_its_attributes() {
        for (rest, end) in [
            ("<p>", 2),
            ("<a title=\"a > b\">c", 16),
            ("<a title = '\">' x>c", 17),
            // No value: a quotation mark that somebody forgot.
            ("<p \">c\">", 4),
            ("<a b=\"c>", 7),
            ("<a b=\"c", 6),
        ] {
            assert_eq!(tag_end(rest.as_bytes()), end, "{rest}");
        }
    }

    #[test]
    fn attributes_that_come_again_mean_what_they_meant() {
        let mut marks = Marks::default();
        let blockquote = tag(b"blockquote");
        let styled: Vec<String> = (0..20)
            .map(|n| format!(" style=\"margin:{n}px\""))
            .collect();
        for _ in 0..3 {
            assert_eq!(
                marks.of(&tag(b"div"), " class=gmail_signature"),
                [Mark::Signature]
            );
            assert_eq!(marks.of(&blockquote, ""), [Mark::Quote]);
            // The same attributes on another tag say something else.
            let same = " class=\"x\"";
            assert_eq!(marks.of(&blockquote, same), [Mark::Quote]);
            assert_eq!(marks.of(&tag(b"div"), same), []);
            for more in &styled {
                assert_eq!(marks.of(&tag(b"div"), more), []);
            }
        }
    }
}
