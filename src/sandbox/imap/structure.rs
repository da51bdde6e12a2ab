//! The pieces of a message as IMAP sees them: header, body, fields, numbered parts, ENVELOPE and BODYSTRUCTURE.
//!
//! Octets are never changed, only cut out; mail-parser says where the parts are.

use super::reply::{istring, nstring};
use imap_codec::imap_types::body::{
    BasicFields, Body, BodyStructure, Disposition, MultiPartExtensionData, SinglePartExtensionData,
    SpecificFields,
};
use imap_codec::imap_types::core::{IString, Vec1};
use imap_codec::imap_types::envelope::{Address, Envelope};
use mail_parser::{ContentType, Message, MessageParser, MimeHeaders, PartType};

/// Where the body begins: after the first empty line, or nowhere.
fn body_at(raw: &[u8]) -> usize {
    if raw.starts_with(b"\r\n") {
        return 2;
    }
    let end = raw.windows(4).position(|w| w == b"\r\n\r\n");
    end.map_or(raw.len(), |at| at + 4)
}

/// The header with the empty line that ends it.
pub(super) fn header(raw: &[u8]) -> &[u8] {
    &raw[..body_at(raw)]
}

/// What follows the header.
pub(super) fn body(raw: &[u8]) -> &[u8] {
    &raw[body_at(raw)..]
}

/// Fields of a header: name, value (still folded), and both with the line end.
pub(super) fn fields(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8], &[u8])> {
    let mut rest = header;
    std::iter::from_fn(move || {
        if rest.is_empty() || rest.starts_with(b"\r\n") {
            return None;
        }
        let mut end = 0;
        loop {
            let line = rest[end..].iter().position(|b| *b == b'\n');
            end = line.map_or(rest.len(), |at| end + at + 1);
            if !matches!(rest.get(end), Some(b' ' | b'\t')) {
                break;
            }
        }
        let (whole, after) = rest.split_at(end);
        rest = after;
        let colon = whole.iter().position(|b| *b == b':').unwrap_or(whole.len());
        let value = whole.get(colon + 1..).unwrap_or_default();
        Some((whole[..colon].trim_ascii(), value.trim_ascii(), whole))
    })
}

/// The value of the first field of this name.
pub(super) fn field<'a>(header: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    fields(header)
        .find(|(n, _, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, value, _)| value)
}

/// HEADER.FIELDS (`wanted`) or HEADER.FIELDS.NOT, with the empty line that ends it.
pub(super) fn some_fields(raw: &[u8], names: &[&[u8]], wanted: bool) -> Vec<u8> {
    let mut chosen = Vec::new();
    for (name, _, whole) in fields(header(raw)) {
        if names.iter().any(|n| n.eq_ignore_ascii_case(name)) == wanted {
            chosen.extend_from_slice(whole);
        }
    }
    chosen.extend_from_slice(b"\r\n");
    chosen
}

/// MIME header and body of a numbered part (RFC 3501, 6.4.5), or nothing if there is no such part.
pub(super) fn piece<'a>(raw: &'a [u8], path: &[u32]) -> Option<(&'a [u8], &'a [u8])> {
    let message = MessageParser::default().parse(raw)?;
    let mut id = 0;
    for (depth, number) in path.iter().enumerate() {
        let part = message.parts.get(id)?;
        match &part.body {
            PartType::Multipart(ids) => id = *ids.get(*number as usize - 1)? as usize,
            PartType::Message(_) if depth > 0 => {
                let inner = raw.get(part.offset_body as usize..part.offset_end as usize)?;
                return piece(inner, &path[depth..]);
            }
            _ if *number == 1 && depth + 1 == path.len() => {}
            _ => return None,
        }
    }
    let part = message.parts.get(id)?;
    let mime = raw.get(part.offset_header as usize..part.offset_body as usize)?;
    let body = raw.get(part.offset_body as usize..part.offset_end as usize)?;
    Some((mime, body))
}

fn unfolded(header: &[u8], name: &[u8]) -> Option<String> {
    let value = String::from_utf8_lossy(field(header, name)?);
    Some(value.replace("\r\n", "").replace(['\r', '\n'], " "))
}

/// ENVELOPE; texts as they stand in the header, so that clients decode them as they always do.
pub(super) fn envelope(raw: &[u8]) -> Envelope<'static> {
    let header = header(raw);
    let parsed = MessageParser::default().parse_headers(header);
    let text = |name: &[u8]| nstring(unfolded(header, name).as_deref());
    let people = |name: &str| {
        let found = parsed.as_ref().and_then(|m| m.header(name)?.as_address());
        found.map(addresses).unwrap_or_default()
    };
    let from = people("From");
    // RFC 3501, 7.4.2: Sender and Reply-To default to From.
    let or_from = |found: Vec<Address<'static>>| {
        if found.is_empty() {
            from.clone()
        } else {
            found
        }
    };
    Envelope {
        date: text(b"date"),
        subject: text(b"subject"),
        sender: or_from(people("Sender")),
        reply_to: or_from(people("Reply-To")),
        to: people("To"),
        cc: people("Cc"),
        bcc: people("Bcc"),
        in_reply_to: text(b"in-reply-to"),
        message_id: text(b"message-id"),
        from,
    }
}

fn addresses(found: &mail_parser::Address<'_>) -> Vec<Address<'static>> {
    let address = |a: &mail_parser::Addr<'_>| {
        let (mailbox, host) = a.address.as_deref()?.rsplit_once('@')?;
        Some(Address {
            name: nstring(a.name.as_deref().map(encoded_word).as_deref()),
            adl: nstring(None),
            mailbox: nstring(Some(mailbox)),
            host: nstring(Some(host)),
        })
    };
    found.iter().filter_map(address).collect()
}

/// A name as it may stand in a header: RFC 2047 if it is not ASCII.
fn encoded_word(name: &str) -> String {
    use base64::Engine;
    if name.is_ascii() {
        return name.to_owned();
    }
    let encoded = base64::engine::general_purpose::STANDARD.encode(name);
    format!("=?UTF-8?B?{encoded}?=")
}

/// BODYSTRUCTURE, or BODY without `extended`. `None` for what cannot be parsed at all.
pub(super) fn body_structure(raw: &[u8], extended: bool) -> Option<BodyStructure<'static>> {
    let message = MessageParser::default().parse(raw)?;
    part_structure(raw, &message, 0, extended)
}

fn part_structure(
    raw: &[u8],
    message: &Message<'_>,
    id: usize,
    extended: bool,
) -> Option<BodyStructure<'static>> {
    let part = message.parts.get(id)?;
    let kind = part.content_type();
    let disposition = || Disposition {
        disposition: part
            .content_disposition()
            .map(|d| (istring(d.ctype()), parameters(Some(d)))),
        tail: None,
    };
    if let PartType::Multipart(ids) = &part.body {
        let inner = |id: &u32| part_structure(raw, message, *id as usize, extended);
        let bodies: Vec<_> = ids.iter().filter_map(inner).collect();
        return Some(BodyStructure::Multi {
            bodies: Vec1::try_from(bodies).ok()?,
            subtype: istring(kind.and_then(ContentType::subtype).unwrap_or("mixed")),
            extension_data: extended.then(|| MultiPartExtensionData {
                parameter_list: parameters(kind),
                tail: Some(disposition()),
            }),
        });
    }
    let octets = raw.get(part.offset_body as usize..part.offset_end as usize)?;
    let mime = raw.get(part.offset_header as usize..part.offset_body as usize)?;
    let encoding = unfolded(mime, b"content-transfer-encoding");
    let body = Body {
        basic: BasicFields {
            parameter_list: parameters(kind),
            id: nstring(unfolded(mime, b"content-id").as_deref()),
            description: nstring(unfolded(mime, b"content-description").as_deref()),
            content_transfer_encoding: istring(encoding.as_deref().unwrap_or("7bit")),
            size: octets.len() as u32,
        },
        specific: specific(octets, &part.body, kind, extended)?,
    };
    Some(BodyStructure::Single {
        body,
        extension_data: extended.then(|| SinglePartExtensionData {
            md5: nstring(None),
            tail: Some(disposition()),
        }),
    })
}

fn specific(
    octets: &[u8],
    body: &PartType<'_>,
    kind: Option<&ContentType<'_>>,
    extended: bool,
) -> Option<SpecificFields<'static>> {
    let number_of_lines = octets.iter().filter(|b| **b == b'\n').count() as u32;
    let subtype = kind.and_then(ContentType::subtype);
    Some(match body {
        PartType::Message(_) => SpecificFields::Message {
            envelope: Box::new(envelope(octets)),
            body_structure: Box::new(body_structure(octets, extended)?),
            number_of_lines,
        },
        PartType::Text(_) | PartType::Html(_) => SpecificFields::Text {
            subtype: istring(subtype.unwrap_or("plain")),
            number_of_lines,
        },
        _ => SpecificFields::Basic {
            r#type: istring(kind.map_or("application", ContentType::ctype)),
            subtype: istring(subtype.unwrap_or("octet-stream")),
        },
    })
}

fn parameters(kind: Option<&ContentType<'_>>) -> Vec<(IString<'static>, IString<'static>)> {
    let attributes = kind.and_then(ContentType::attributes).unwrap_or_default();
    attributes
        .iter()
        .map(|a| (istring(&a.name), istring(&a.value)))
        .collect()
}
