//! The parts of a message, in their order, each with its bytes still encoded until somebody wants them.
//!
//! Multiparts are split here, with a bound on their number and depth; every level looks at its bytes once. Nested
//! messages are not opened: whoever wants their header fields reads those alone. That keeps a bomb of messages in
//! messages, or a base64 tower, a matter of a few kilobytes of work.

use super::fields::{self, Fields, MediaType};
use super::{Defect, Limits};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;

/// A part that is not a multipart.
#[derive(Clone, Debug)]
pub(super) struct Part<'a> {
    pub kind: MediaType,
    pub fields: Fields<'a>,
    pub body: &'a [u8],
    /// It stands in a `multipart/alternative` (the number tells which), so that one text is not read twice.
    pub alternative: Option<usize>,
}

/// Walks the whole message.
pub(super) struct Walk<'a, 'l> {
    pub parts: Vec<Part<'a>>,
    pub defects: Vec<Defect>,
    limits: &'l Limits,
    alternatives: usize,
}

impl<'a, 'l> Walk<'a, 'l> {
    pub fn new(limits: &'l Limits) -> Self {
        Self {
            parts: Vec::new(),
            defects: Vec::new(),
            limits,
            alternatives: 0,
        }
    }

    /// Splits one entity and all below it.
    pub fn entity(&mut self, fields: Fields<'a>, body: &'a [u8], depth: usize, alt: Option<usize>) {
        if self.parts.len() >= self.limits.parts {
            return self.too_many();
        }
        let kind = fields.media_type();
        let multipart = kind.essence.starts_with("multipart/");
        let boundary = kind.parameter("boundary").unwrap_or("").to_owned();
        if !multipart || boundary.is_empty() {
            let alternative = alt;
            self.parts.push(Part {
                kind,
                fields,
                body,
                alternative,
            });
            return;
        }
        if depth >= self.limits.depth {
            return self.too_many();
        }
        let sections = sections(body, boundary.as_bytes(), self.limits.parts);
        if sections.is_empty() {
            // The boundary that was promised never comes: what is there is read as text rather than lost.
            let kind = MediaType {
                essence: "text/plain".into(),
                parameters: Vec::new(),
            };
            self.parts.push(Part {
                kind,
                fields: Fields::default(),
                body,
                alternative: alt,
            });
            return;
        }
        let alt = if kind.essence == "multipart/alternative" && alt.is_none() {
            self.alternatives += 1;
            Some(self.alternatives)
        } else {
            alt
        };
        for section in sections {
            let (inner, rest) = fields::split(section, self.limits);
            self.entity(inner, rest, depth + 1, alt);
        }
    }

    fn too_many(&mut self) {
        if !self.defects.contains(&Defect::Parts) {
            self.defects.push(Defect::Parts);
        }
    }
}

/// What stands between the boundary lines; the last section may lack its end.
fn sections<'a>(body: &'a [u8], boundary: &[u8], most: usize) -> Vec<&'a [u8]> {
    let mut found = Vec::new();
    let (mut at, mut start) = (0, None);
    while at < body.len() && found.len() <= most {
        let end = body[at..]
            .iter()
            .position(|b| *b == b'\n')
            .map_or(body.len(), |n| at + n + 1);
        if let Some(closing) = boundary_line(&body[at..end], boundary) {
            if let Some(from) = start.take() {
                found.push(strip_line_end(&body[from..at]));
            }
            if closing {
                return found;
            }
            start = Some(end);
        }
        at = end;
    }
    if let Some(from) = start {
        found.push(&body[from.min(at)..at]);
    }
    found
}

fn boundary_line(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    let rest = rest.trim_ascii_end();
    match rest {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

fn strip_line_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

impl Part<'_> {
    /// The body without its transfer encoding; bytes that are no valid encoding are taken as they stand.
    pub fn bytes(&self, limits: &Limits) -> Vec<u8> {
        let encoding = self.fields.first("content-transfer-encoding");
        let encoding = encoding.map(|v| v.trim_ascii().to_ascii_lowercase());
        match encoding.as_deref() {
            Some(b"base64") => {
                let most = limits.text_octets / 3 * 4 + 4096;
                let body = &self.body[..self.body.len().min(most)];
                base64_decode(body).unwrap_or_else(|| lenient_base64(body))
            }
            Some(b"quoted-printable") => {
                let body = &self.body[..self.body.len().min(limits.text_octets * 3)];
                quoted_printable_decode(body).unwrap_or_else(|| lenient_quoted_printable(body))
            }
            // One octet too many tells that there are more.
            _ => self.body[..self.body.len().min(limits.text_octets + 1)].to_vec(),
        }
    }

    /// The body as text, and what was wrong with its charset.
    pub fn text(&self, limits: &Limits, defects: &mut Vec<Defect>) -> String {
        let mut bytes = self.bytes(limits);
        if bytes.len() > limits.text_octets || self.body.len() > limits.text_octets * 3 {
            bytes.truncate(limits.text_octets);
            defects.push(Defect::Truncated);
        }
        decode(bytes, self.kind.parameter("charset"), defects)
    }

    /// Of a kind in which people write.
    pub fn is_text(&self) -> bool {
        matches!(
            self.kind.essence.as_str(),
            "text/plain" | "text/html" | "text" | "text/enriched" | "text/richtext"
        )
    }

    pub fn is_attachment(&self) -> bool {
        self.fields.first("content-disposition").is_some_and(|v| {
            v.trim_ascii()
                .to_ascii_lowercase()
                .starts_with(b"attachment")
        })
    }

    /// File name, or media type where there is none.
    pub fn name(&self) -> String {
        let disposition = self
            .fields
            .first("content-disposition")
            .map(fields::media_type);
        let name = disposition
            .as_ref()
            .and_then(|d| d.parameter("filename"))
            .or_else(|| self.kind.parameter("name"))
            .unwrap_or(&self.kind.essence);
        fields::clean(name).chars().take(200).collect()
    }
}

/// Base64 with foreign characters in it: they are skipped (RFC 2045 6.8). But a footer that a gateway put below it, as it
/// stands, is text: were it decoded, it would make the whole one of an unknown charset.
fn lenient_base64(body: &[u8]) -> Vec<u8> {
    let coded = |line: &[u8]| {
        let mut octets = line.trim_ascii().iter();
        octets.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
    };
    let lines: Vec<&[u8]> = body.split_inclusive(|b| *b == b'\n').collect();
    let footer = lines.iter().position(|l| !coded(l));
    let end = footer.unwrap_or(lines.len());
    let below = |l: &&[u8]| coded(l) && l.trim_ascii().len() >= LINE_OF_BASE64;
    if end > 0 && !lines[end..].iter().any(below) {
        let mut text = only_base64(&lines[..end].concat());
        text.push(b'\n');
        text.extend(lines[end..].concat());
        return text;
    }
    only_base64(body)
}

/// A line of so many characters of base64, without a space, is no line of a footer.
const LINE_OF_BASE64: usize = 40;

fn only_base64(body: &[u8]) -> Vec<u8> {
    let mut kept: Vec<u8> = body
        .iter()
        .copied()
        .filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        .collect();
    // Whoever counts characters wrongly loses the last one; whoever forgot the padding, nothing.
    if kept.len() % 4 == 1 {
        kept.pop();
    }
    kept.resize(kept.len().next_multiple_of(4), b'=');
    base64_decode(&kept).unwrap_or_default()
}

/// Quoted-printable in which something is no encoding, as a footer that was put below it as it stands: an equals sign without
/// two digits behind it is one. Digits are in upper case (RFC 2045 6.7), so that most links keep their parameters.
fn lenient_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|b| *b == b'\n') {
        decode_line(line, &mut text);
    }
    text
}

fn decode_line(line: &[u8], text: &mut Vec<u8>) {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'A'..=b'F' => Some(b - b'A' + 10),
        _ => None,
    };
    let mut rest = line;
    while let Some((first, after)) = rest.split_first() {
        let octet = match after {
            [high, low, ..] if *first == b'=' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match octet {
            Some((high, low)) => {
                text.push((high << 4) | low);
                rest = &after[2..];
            }
            // A line that goes on in the next one.
            None if *first == b'=' && after.trim_ascii().is_empty() => return,
            None => {
                text.push(*first);
                rest = after;
            }
        }
    }
}

fn decode(bytes: Vec<u8>, charset: Option<&str>, defects: &mut Vec<Defect>) -> String {
    let named = charset
        .map(|c| c.trim_matches(['"', '\'', ' ']))
        .unwrap_or("");
    let unicode = named.is_empty()
        || ["utf-8", "utf8", "us-ascii", "ascii"]
            .iter()
            .any(|n| named.eq_ignore_ascii_case(n));
    if unicode {
        return match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(e) => {
                let end = e.utf8_error();
                let torn = end.error_len().is_none(); // the limit cut a character in two
                if !torn {
                    note(defects, if named.is_empty() { "(none)" } else { named });
                    return western(e.as_bytes());
                }
                String::from_utf8_lossy(e.as_bytes())
                    .trim_end_matches('\u{FFFD}')
                    .to_owned()
            }
        };
    }
    match charset_decoder(named.as_bytes()) {
        Some(decoder) => decoder(&bytes),
        None => {
            note(defects, named);
            String::from_utf8(bytes).unwrap_or_else(|e| western(e.as_bytes()))
        }
    }
}

/// What is no UTF-8 and says nothing true of itself is most often windows-1252 in Europe.
fn western(bytes: &[u8]) -> String {
    charset_decoder(b"windows-1252").map_or_else(
        || String::from_utf8_lossy(bytes).into_owned(),
        |decoder| decoder(bytes),
    )
}

fn note(defects: &mut Vec<Defect>, charset: &str) {
    let defect = Defect::Charset(charset.chars().take(40).collect());
    if !defects.contains(&defect) {
        defects.push(defect);
    }
}
