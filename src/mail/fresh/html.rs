//! HTML bodies as lines: what a person would see, and the marks by which mail clients set apart what they quote.
//!
//! A tokenizer of our own, because it must stay linear on hostile input, must drop what is hidden (a quotation or a
//! "STOP" nobody saw decides nothing), and must keep the marks that converters to text throw away. It knows no CSS
//! beyond inline styles. Answers typed inside a client's container of the quotation stay fresh where only its `blockquote`s
//! quote (`containers`); lines in a loud colour are marked, and `colour` says what follows.

use super::containers::Containers;
use super::lines::{Line, tidy};
use super::marks::{Mark, Marks};
use super::markup::{find, skip_raw, tag_end};
use super::tags::{Tag, is_block, is_void, tag};
use mail_parser::decoders::html::add_html_token;

/// Open elements that are remembered; deeper ones inherit from the last remembered.
const DEPTH: usize = 256;
/// How far up an end tag looks for its start tag.
const LOOK_UP: usize = 24;
const BLOCKQUOTE: &Tag = b"blockquo";

#[derive(Clone, Copy, Default)]
struct Zone {
    quote: u16,
    /// Of a client's container of what is quoted; 0 outside of all.
    container: usize,
    signature: bool,
    hidden: bool,
    /// Without size, until an element within has one: mails are built so.
    tiny: bool,
    pre: bool,
    attribution: bool,
    loud: bool,
}

struct Reader<'a> {
    lines: Vec<Line>,
    text: String,
    space: bool,
    open: Vec<(Tag, Zone)>,
    /// Where in `open` the blockquotes stand: an end tag finds its own, however much in between was never closed.
    quotes: Vec<usize>,
    beyond: usize,
    quotes_beyond: usize,
    containers: Containers,
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
        quotes: Vec::new(),
        beyond: 0,
        quotes_beyond: 0,
        containers: Containers::default(),
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
    reader.containers.quote(&mut reader.lines);
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
                && &name != BLOCKQUOTE
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
        let zone = self.zone_of(&name, attributes);
        let quotes = &name == BLOCKQUOTE;
        if self.open.len() < DEPTH {
            if quotes {
                self.quotes.push(self.open.len());
            }
            self.open.push((name, self.zone));
            self.zone = zone;
        } else {
            self.beyond += 1;
            self.quotes_beyond += usize::from(quotes);
        }
    }

    /// What an element makes of its content.
    fn zone_of(&mut self, name: &Tag, attributes: &'a str) -> Zone {
        let mut zone = self.zone;
        zone.pre |= matches!(name, b"pre\0\0\0\0\0" | b"textarea");
        for mark in self.marks.of(name, attributes) {
            match mark {
                Mark::Quote => zone.quote = zone.quote.saturating_add(1),
                Mark::Container => zone.container = self.containers.open(zone.quote),
                Mark::Signature => zone.signature = true,
                Mark::Hidden => zone.hidden = true,
                Mark::Tiny(tiny) => zone.tiny = *tiny,
                Mark::Attribution => zone.attribution = true,
                Mark::Preformatted => zone.pre = true,
                Mark::Cut => self.cut_next = true,
                Mark::Loud(loud) => zone.loud = *loud,
            }
        }
        // Links have a colour by themselves.
        zone.loud &= name != b"a\0\0\0\0\0\0\0";
        zone
    }

    fn close(&mut self, name: Tag) {
        if is_block(&name) {
            self.end_line(false);
        }
        if &name == BLOCKQUOTE {
            return self.close_quote();
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

    /// The innermost blockquote ends, with all that was left open in it; one that was opened too deep to be remembered is counted.
    fn close_quote(&mut self) {
        let deep = self.beyond > 0 && self.quotes_beyond > 0;
        if deep || self.quotes.is_empty() {
            self.quotes_beyond = self.quotes_beyond.saturating_sub(1);
            self.beyond = self.beyond.saturating_sub(1);
            return;
        }
        (self.beyond, self.quotes_beyond) = (0, 0);
        if let Some(at) = self.quotes.last().copied() {
            while self.open.len() > at {
                self.pop();
            }
        }
    }

    fn pop(&mut self) {
        self.end_signature_line();
        if let Some((name, zone)) = self.open.pop() {
            if &name == BLOCKQUOTE {
                self.quotes.pop();
            }
            self.zone = zone;
        }
    }

    /// An inline element that changes what its words are ends the line.
    fn end_signature_line(&mut self) {
        let says = |z: &Zone| (z.quote, z.container, z.signature, z.attribution);
        let outer = self.open.last().map(|(_, zone)| says(zone));
        if outer.is_some_and(|o| o != says(&self.zone)) {
            self.end_line(false);
        }
    }

    fn words(&mut self, text: &str) {
        if self.zone.hidden || self.zone.tiny {
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
            container: self.zone.container,
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
        // No height of its own, but what stands around it is not one line.
        if self.zone.tiny {
            return self.end_line(false);
        }
        self.space = false;
        let text = tidy(&std::mem::take(&mut self.text));
        self.push(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
