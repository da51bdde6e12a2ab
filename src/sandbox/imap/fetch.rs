//! What a FETCH gets of one message.

use super::folders::Stored;
use super::{reply, structure};
use imap_codec::imap_types::core::{NString, Vec1};
use imap_codec::imap_types::fetch::{MessageDataItem, MessageDataItemName, Section};
use std::borrow::Cow;
use std::num::NonZeroU32;

/// Whether reading these items marks the message as read (RFC 3501, 6.4.5: all bodies but the peeked).
pub(super) fn marks_as_read(names: &[MessageDataItemName<'_>]) -> bool {
    use MessageDataItemName as N;
    names.iter().any(|name| {
        matches!(
            name,
            N::BodyExt { peek: false, .. } | N::Rfc822 | N::Rfc822Text
        )
    })
}

/// The items asked for; `with_uid` for UID commands, which always tell it. `None` if nothing of it can be told.
pub(super) fn items<'a>(
    message: &'a Stored,
    names: &[MessageDataItemName<'a>],
    with_uid: bool,
) -> Option<Vec1<MessageDataItem<'a>>> {
    let mut items = Vec::with_capacity(names.len() + 1);
    if with_uid && !names.contains(&MessageDataItemName::Uid) {
        items.push(MessageDataItem::Uid(NonZeroU32::new(message.uid)?));
    }
    items.extend(names.iter().filter_map(|name| item(message, name)));
    Vec1::try_from(items).ok()
}

fn item<'a>(message: &'a Stored, name: &MessageDataItemName<'a>) -> Option<MessageDataItem<'a>> {
    use MessageDataItem as I;
    use MessageDataItemName as N;
    let raw: &'a [u8] = &message.raw;
    Some(match name {
        N::Uid => I::Uid(NonZeroU32::new(message.uid)?),
        N::Flags => {
            let flags = reply::flags(&message.flags).into_iter();
            I::Flags(flags.map(Into::into).collect())
        }
        N::InternalDate => I::InternalDate(reply::date_time(message.internal_date)?),
        N::Rfc822Size => I::Rfc822Size(raw.len() as u32),
        N::Rfc822 => I::Rfc822(literal(raw)?),
        N::Rfc822Header => I::Rfc822Header(literal(structure::header(raw))?),
        N::Rfc822Text => I::Rfc822Text(literal(structure::body(raw))?),
        N::Envelope => I::Envelope(structure::envelope(raw)),
        N::Body => I::Body(structure::body_structure(raw, false)?),
        N::BodyStructure => I::BodyStructure(structure::body_structure(raw, true)?),
        N::BodyExt {
            section, partial, ..
        } => {
            let data = body_section(raw, section.as_ref());
            let (origin, data) = match (partial, data) {
                (None, data) => (None, data),
                (Some((from, _)), None) => (Some(*from), None),
                (Some((from, length)), Some(data)) => {
                    (Some(*from), Some(part_of(data, *from, length.get())))
                }
            };
            let data = match data {
                None => NString(None),
                Some(Cow::Borrowed(data)) => literal(data)?,
                Some(Cow::Owned(data)) => NString(Some(literal_of(data)?)),
            };
            I::BodyExt {
                section: section.clone(),
                origin,
                data,
            }
        }
        // BINARY is not advertised.
        N::Binary { .. } | N::BinarySize { .. } => return None,
    })
}

fn literal(data: &[u8]) -> Option<NString<'_>> {
    use imap_codec::imap_types::core::Literal;
    Some(NString(Some(Literal::try_from(data).ok()?.into())))
}

fn literal_of(data: Vec<u8>) -> Option<imap_codec::imap_types::core::IString<'static>> {
    use imap_codec::imap_types::core::Literal;
    Some(Literal::try_from(data).ok()?.into())
}

/// `<from.length>`; beyond the end there is an empty text (RFC 3501, 6.4.5).
fn part_of(data: Cow<'_, [u8]>, from: u32, length: u32) -> Cow<'_, [u8]> {
    let from = (from as usize).min(data.len());
    let end = from.saturating_add(length as usize).min(data.len());
    match data {
        Cow::Borrowed(data) => Cow::Borrowed(&data[from..end]),
        Cow::Owned(data) => Cow::Owned(data[from..end].to_vec()),
    }
}

/// One section; `None` (NIL) if there is no such part.
fn body_section<'a>(raw: &'a [u8], section: Option<&Section<'_>>) -> Option<Cow<'a, [u8]>> {
    let piece = |part: Option<&imap_codec::imap_types::fetch::Part>| match part {
        None => Some(raw),
        Some(part) => {
            // HEADER and TEXT of a part are those of the message that it encloses.
            structure::piece(raw, &numbers(part)).map(|(_, body)| body)
        }
    };
    Some(match section {
        None => Cow::Borrowed(raw),
        Some(Section::Part(part)) => Cow::Borrowed(structure::piece(raw, &numbers(part))?.1),
        Some(Section::Mime(part)) => Cow::Borrowed(structure::piece(raw, &numbers(part))?.0),
        Some(Section::Header(part)) => Cow::Borrowed(structure::header(piece(part.as_ref())?)),
        Some(Section::Text(part)) => Cow::Borrowed(structure::body(piece(part.as_ref())?)),
        Some(Section::HeaderFields(part, names)) => {
            let names: Vec<&[u8]> = names.as_ref().iter().map(AsRef::as_ref).collect();
            Cow::Owned(structure::some_fields(piece(part.as_ref())?, &names, true))
        }
        Some(Section::HeaderFieldsNot(part, names)) => {
            let names: Vec<&[u8]> = names.as_ref().iter().map(AsRef::as_ref).collect();
            Cow::Owned(structure::some_fields(piece(part.as_ref())?, &names, false))
        }
    })
}

fn numbers(part: &imap_codec::imap_types::fetch::Part) -> Vec<u32> {
    part.0.as_ref().iter().map(|n| n.get()).collect()
}
