//! Responses of the IMAP server, encoded with imap-codec into one buffer, and the small values that they are made of.
//!
//! Values that the codec refuses (a text with a line end in it) are left out or replaced: a server never panics.

use imap_codec::ResponseCodec;
use imap_codec::encode::Encoder;
use imap_codec::imap_types::core::{IString, NString, Tag, Text};
use imap_codec::imap_types::datetime::DateTime;
use imap_codec::imap_types::flag::Flag;
use imap_codec::imap_types::mailbox::Mailbox;
use imap_codec::imap_types::response::{Code, Data, Response, Status, StatusKind};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// How a command ended, with the words of its tagged response.
pub(super) struct Ending {
    pub(super) kind: StatusKind,
    pub(super) code: Option<Code<'static>>,
    pub(super) text: String,
}

impl Ending {
    pub(super) fn ok(text: &str) -> Self {
        Self::new(StatusKind::Ok, text)
    }

    pub(super) fn no(text: &str) -> Self {
        Self::new(StatusKind::No, text)
    }

    pub(super) fn bad(text: &str) -> Self {
        Self::new(StatusKind::Bad, text)
    }

    pub(super) fn with(self, code: Code<'static>) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    fn new(kind: StatusKind, text: &str) -> Self {
        Self {
            kind,
            code: None,
            text: text.to_owned(),
        }
    }
}

pub(super) fn respond(out: &mut Vec<u8>, response: &Response<'_>) {
    out.extend(ResponseCodec::default().encode(response).dump());
}

pub(super) fn data(out: &mut Vec<u8>, data: Data<'_>) {
    respond(out, &Response::Data(data));
}

/// A status response: tagged, or untagged where there is no tag.
pub(super) fn status(out: &mut Vec<u8>, tag: Option<&str>, ending: Ending) {
    let tag = tag.and_then(|t| Tag::try_from(t.to_owned()).ok());
    let text = Text::try_from(ending.text).or_else(|_| Text::try_from("Done"));
    if let Ok(text) = text
        && let Ok(status) = Status::new(tag, ending.kind, ending.code, text)
    {
        respond(out, &Response::Status(status));
    }
}

pub(super) fn istring(text: &str) -> IString<'static> {
    let bytes: Vec<u8> = text.bytes().filter(|b| *b != 0).collect();
    IString::try_from(bytes)
        .unwrap_or_else(|_| imap_codec::imap_types::core::Quoted::unvalidated("").into())
}

pub(super) fn nstring(text: Option<&str>) -> NString<'static> {
    NString(text.map(istring))
}

/// INTERNALDATE in UTC. The codec's dates are chrono's, which we do not otherwise use: hence by way of a text.
pub(super) fn date_time(time: Timestamp) -> Option<DateTime> {
    let parsed = time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let parsed = parsed.parse().ok()?;
    DateTime::validate(&parsed).ok()?;
    DateTime::try_from(parsed).ok()
}

/// The other way round, for APPEND.
pub(super) fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_second(time.as_ref().timestamp()).ok()
}

pub(super) fn flags(flags: &BTreeSet<String>) -> Vec<Flag<'_>> {
    let flags = flags.iter();
    flags
        .filter_map(|f| Flag::try_from(f.as_str()).ok())
        .collect()
}

pub(super) fn folder_name(mailbox: &Mailbox<'_>) -> String {
    match mailbox {
        Mailbox::Inbox => "INBOX".to_owned(),
        Mailbox::Other(name) => String::from_utf8_lossy(name.inner().as_ref()).into_owned(),
    }
}
