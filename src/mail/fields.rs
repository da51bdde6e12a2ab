//! Header fields as they stand on the wire, and their values decoded by mail-parser's field readers.
//!
//! The block is split here, not by mail-parser, so that the number and size of fields are bounded before anything is
//! decoded, and so that two From fields are seen as two. Nothing outside this room knows mail-parser's types.

use super::Limits;
use crate::record::{Address, Timestamp};
use mail_parser::parsers::MessageStream;
use mail_parser::{DateTime, HeaderValue};

/// One field: its name as typed, and everything after the colon up to and including the line end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    pub name: &'a [u8],
    pub value: &'a [u8],
}

/// The fields of one header block.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields<'a> {
    pub list: Vec<Field<'a>>,
    /// There were more than the limit.
    pub cut: bool,
    /// Lines that are neither a field nor a continuation.
    pub strange: usize,
}

/// A media type with its parameters, all in lower case except the parameters' values.
#[derive(Clone, Debug, Default)]
pub(super) struct MediaType {
    pub essence: String,
    pub parameters: Vec<(String, String)>,
}

impl MediaType {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }
}

/// Splits a block; returns it with what follows the empty line. Linear, and stops splitting at the limits.
pub(super) fn split<'a>(raw: &'a [u8], limits: &Limits) -> (Fields<'a>, &'a [u8]) {
    let mut fields = Fields::default();
    let mut at = 0;
    let mut start: Option<(usize, usize)> = None; // of the name, of the value
    let close = |from: Option<(usize, usize)>, end: usize, fields: &mut Fields<'a>| {
        let Some((name, value)) = from else { return };
        if fields.list.len() == limits.header_fields {
            fields.cut = true;
            return;
        }
        fields.list.push(Field {
            name: raw[name..value - 1].trim_ascii(),
            value: &raw[value..end],
        });
    };
    while at < raw.len() {
        let end = raw[at..]
            .iter()
            .position(|b| *b == b'\n')
            .map_or(raw.len(), |n| at + n + 1);
        let line = &raw[at..end];
        if line.iter().all(|b| matches!(b, b'\r' | b'\n')) {
            close(start, at, &mut fields);
            return (fields, &raw[end..]);
        }
        if !matches!(line[0], b' ' | b'\t') {
            close(start.take(), at, &mut fields);
            match line.iter().position(|b| *b == b':') {
                Some(colon) if field_name(&line[..colon]) => start = Some((at, at + colon + 1)),
                _ if at == 0 && line.starts_with(b"From ") => {} // an mbox separator
                _ => fields.strange += 1,
            }
        }
        at = end;
    }
    close(start, raw.len(), &mut fields);
    (fields, &[])
}

fn field_name(name: &[u8]) -> bool {
    let name = name.trim_ascii_end();
    !name.is_empty() && name.len() <= 128 && name.iter().all(|b| (33..127).contains(b))
}

impl<'a> Fields<'a> {
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a [u8]> + 's {
        self.list
            .iter()
            .filter(move |f| f.name.eq_ignore_ascii_case(name.as_bytes()))
            .map(|f| f.value)
    }

    pub fn first(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// That of Content-Type; plain text without one, or with an empty one (RFC 2045 5.2).
    pub fn media_type(&self) -> MediaType {
        let named = self.first("content-type").map(media_type);
        let plain = || MediaType {
            essence: "text/plain".into(),
            parameters: Vec::new(),
        };
        let named = named.filter(|kind| !kind.essence.is_empty());
        named.unwrap_or_else(plain)
    }
}

/// Runs a field reader of mail-parser over one value; it needs the line end to stop at.
fn with_stream<T>(value: &[u8], read: impl Fn(&mut MessageStream<'_>) -> T) -> T {
    if value.ends_with(b"\n") {
        read(&mut MessageStream::new(value))
    } else {
        let mut ended = value.to_vec();
        ended.push(b'\n');
        read(&mut MessageStream::new(&ended))
    }
}

fn bounded<'v>(value: &'v [u8], limits: &Limits) -> &'v [u8] {
    &value[..value.len().min(limits.value_octets)]
}

/// Decoded, unfolded, without control characters.
pub(super) fn text(value: &[u8], limits: &Limits) -> String {
    let value = bounded(value, limits);
    let body = value.trim_ascii();
    let plain =
        !body.iter().any(|b| !(32..127).contains(b)) && !body.windows(2).any(|w| w == b"=?");
    if plain {
        return String::from_utf8_lossy(body).into_owned();
    }
    let decoded = with_stream(value, |s| match s.parse_unstructured() {
        HeaderValue::Text(t) => t.into_owned(),
        _ => String::new(),
    });
    clean(&decoded)
}

/// One line without control characters: nothing that could end a header, hide or reorder text on a terminal.
pub(super) fn clean(text: &str) -> String {
    // Every character that is changed begins with one of these octets.
    let odd = |b: u8| matches!(b, ..32 | 127 | 0xC2 | 0xE2);
    if !text.bytes().any(odd) {
        return text.trim().to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let bidi = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || c == '\u{2028}' || c == '\u{2029}' {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !bidi {
            out.push(c);
        }
    }
    out.trim().to_owned()
}

/// Mailboxes of an address field, usable ones only, with their display names; and how many there were in all.
///
/// `From: Gemeente, dhr. Kok <kok@…>` should have been quoted (RFC 5322 3.2.4), and is written every day: words without an
/// "@" before a comma name nobody else, they begin the next mailbox's name.
pub(super) fn mailboxes(value: &[u8], limits: &Limits) -> (Vec<(Address, Option<String>)>, usize) {
    let value = &value[..value.len().min(limits.value_octets * 8)];
    with_stream(value, |s| {
        let HeaderValue::Address(list) = s.parse_address() else {
            return (Vec::new(), 0);
        };
        let mut seen = 0;
        let mut usable = Vec::new();
        let mut begun: Vec<String> = Vec::new();
        for entry in list.iter().take(limits.list_entries) {
            let name = entry.name.as_deref().map(clean).filter(|n| !n.is_empty());
            let words = match (entry.address.as_deref(), &name) {
                (Some(word), None) => Some(word),
                (None, Some(word)) => Some(word.as_str()),
                _ => None,
            };
            if let Some(words) = words.filter(|w| !w.contains(['@', '<', '>'])) {
                begun.push(clean(words));
                continue;
            }
            seen += 1;
            let begun = std::mem::take(&mut begun);
            let Some(Ok(address)) = entry.address.as_deref().map(Address::parse) else {
                continue;
            };
            let name = begun.into_iter().chain(name).collect::<Vec<_>>().join(", ");
            usable.push((address, Some(name).filter(|n| !n.is_empty())));
        }
        (usable, seen + usize::from(!begun.is_empty()))
    })
}

/// Message-IDs without angle brackets, without anything that could break a header; oldest first as they stand.
pub(super) fn ids(value: &[u8], limits: &Limits) -> Vec<String> {
    let value = &value[..value.len().min(limits.value_octets * 8)];
    let found = with_stream(value, |s| match s.parse_id() {
        HeaderValue::Text(t) => vec![t.into_owned()],
        HeaderValue::TextList(l) => l.into_iter().map(|t| t.into_owned()).collect(),
        _ => Vec::new(),
    });
    let mut kept: Vec<String> = found.iter().filter_map(|id| message_id(id)).collect();
    if kept.len() > limits.list_entries {
        kept.drain(1..kept.len() - limits.list_entries + 1);
    }
    kept
}

/// A cleaned id, if it is one: up to 998 octets, no spaces, no brackets.
pub(super) fn message_id(text: &str) -> Option<String> {
    let id: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>'))
        .collect();
    (!id.is_empty() && id.len() <= 998).then_some(id)
}

/// A valid date, or nothing: `31 Feb` and `25:99` are none.
pub(super) fn date(value: &[u8]) -> Option<Timestamp> {
    let value = &value[..value.len().min(256)];
    let date = with_stream(value, |s| match s.parse_date() {
        HeaderValue::DateTime(d) => Some(d),
        _ => None,
    })?;
    timestamp(&date)
}

fn timestamp(d: &DateTime) -> Option<Timestamp> {
    let leap_second = d.second == 60;
    let second = if leap_second { 59 } else { d.second };
    let on_calendar = jiff::civil::Date::new(
        i16::try_from(d.year).ok()?,
        i8::try_from(d.month).ok()?,
        i8::try_from(d.day).ok()?,
    );
    let d = DateTime { second, ..*d };
    (d.is_valid() && on_calendar.is_ok()).then(|| Timestamp::from_seconds(d.to_timestamp()))
}

/// The date of a Received field: what follows its last semicolon.
pub(super) fn received_date(value: &[u8]) -> Option<Timestamp> {
    let semicolon = value.iter().rposition(|b| *b == b';')?;
    date(&value[semicolon + 1..])
}

/// A Content-Type or Content-Disposition value.
pub(super) fn media_type(value: &[u8]) -> MediaType {
    let value = &value[..value.len().min(4096)];
    with_stream(value, |s| {
        let HeaderValue::ContentType(ct) = s.parse_content_type() else {
            return MediaType::default();
        };
        let essence = match &ct.c_subtype {
            Some(sub) => format!("{}/{}", ct.c_type, sub),
            None => ct.c_type.to_string(),
        };
        MediaType {
            essence: essence.to_ascii_lowercase(),
            parameters: ct
                .attributes
                .iter()
                .flatten()
                .take(20)
                .map(|a| (a.name.to_ascii_lowercase(), a.value.to_string()))
                .collect(),
        }
    })
}
