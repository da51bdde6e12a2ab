//! Which messages a SEARCH means.
//!
//! Texts are looked for in the raw message without regard to case, as they stand: encoded words and encoded bodies are
//! not decoded, which RFC 3501 asks for and no program of ours needs.

use super::folders::Stored;
use super::structure;
use imap_codec::imap_types::search::SearchKey;
use imap_codec::imap_types::sequence::{SeqOrUid, Sequence, SequenceSet};

/// A message and its place, as the searching client knows it.
pub(super) struct Candidate<'a> {
    pub(super) message: &'a Stored,
    pub(super) seq: u32,
    /// Largest sequence number and UID of the folder: what `*` means.
    pub(super) last: (u32, u32),
}

/// Whether a set names this number; `*` is the largest one, and the ends of a range may stand in any order.
pub(super) fn names(set: &SequenceSet, number: u32, largest: u32) -> bool {
    let value = |end: &SeqOrUid| match end {
        SeqOrUid::Value(n) => n.get(),
        SeqOrUid::Asterisk => largest,
    };
    set.0.as_ref().iter().any(|part| match part {
        Sequence::Single(one) => value(one) == number,
        Sequence::Range(a, b) => {
            let (a, b) = (value(a), value(b));
            (a.min(b)..=a.max(b)).contains(&number)
        }
    })
}

/// Whether a message fulfils every key.
pub(super) fn fulfils_all(at: &Candidate<'_>, keys: &[SearchKey<'_>]) -> bool {
    keys.iter().all(|key| fulfils(at, key))
}

fn fulfils(at: &Candidate<'_>, key: &SearchKey<'_>) -> bool {
    use SearchKey as K;
    let message = at.message;
    let flag = |name: &str| message.flags.contains(name);
    let text = |needle: &[u8]| contains(&message.raw, needle);
    match key {
        K::And(keys) => fulfils_all(at, keys.as_ref()),
        K::Or(a, b) => fulfils(at, a) || fulfils(at, b),
        K::Not(key) => !fulfils(at, key),
        K::SequenceSet(set) => names(set, at.seq, at.last.0),
        K::Uid(set) => names(set, message.uid, at.last.1),
        K::All | K::Old => true,
        K::New | K::Recent => false,
        K::Answered => flag("\\Answered"),
        K::Deleted => flag("\\Deleted"),
        K::Draft => flag("\\Draft"),
        K::Flagged => flag("\\Flagged"),
        K::Seen => flag("\\Seen"),
        K::Unanswered => !flag("\\Answered"),
        K::Undeleted => !flag("\\Deleted"),
        K::Undraft => !flag("\\Draft"),
        K::Unflagged => !flag("\\Flagged"),
        K::Unseen => !flag("\\Seen"),
        K::Keyword(word) => flag(word.as_ref()),
        K::Unkeyword(word) => !flag(word.as_ref()),
        K::Larger(octets) => message.raw.len() > *octets as usize,
        K::Smaller(octets) => message.raw.len() < *octets as usize,
        K::Bcc(value) => header(message, b"bcc", value.as_ref()),
        K::Cc(value) => header(message, b"cc", value.as_ref()),
        K::From(value) => header(message, b"from", value.as_ref()),
        K::Subject(value) => header(message, b"subject", value.as_ref()),
        K::To(value) => header(message, b"to", value.as_ref()),
        K::Header(name, value) => header(message, name.as_ref(), value.as_ref()),
        K::Text(value) => text(value.as_ref()),
        K::Body(value) => contains(structure::body(&message.raw), value.as_ref()),
        // Dates compare as texts of the form 2026-11-23.
        K::Before(day) => received_on(message) < day.as_ref().to_string(),
        K::On(day) => received_on(message) == day.as_ref().to_string(),
        K::Since(day) => received_on(message) >= day.as_ref().to_string(),
        K::SentBefore(day) => sent_on(message) < day.as_ref().to_string(),
        K::SentOn(day) => sent_on(message) == day.as_ref().to_string(),
        K::SentSince(day) => sent_on(message) >= day.as_ref().to_string(),
    }
}

fn received_on(message: &Stored) -> String {
    message.internal_date.strftime("%Y-%m-%d").to_string()
}

/// The day of the Date header in its own zone; INTERNALDATE's where there is none.
fn sent_on(message: &Stored) -> String {
    let value = structure::field(structure::header(&message.raw), b"date");
    let value = value.map(|v| String::from_utf8_lossy(v).into_owned());
    let date = value.and_then(|v| jiff::fmt::rfc2822::parse(v.trim()).ok());
    date.map_or_else(
        || received_on(message),
        |d| d.strftime("%Y-%m-%d").to_string(),
    )
}

/// An empty value asks only whether the field is there.
fn header(message: &Stored, name: &[u8], value: &[u8]) -> bool {
    structure::fields(structure::header(&message.raw))
        .filter(|(n, _, _)| n.eq_ignore_ascii_case(name))
        .any(|(_, v, _)| value.is_empty() || contains(v, value))
}

fn contains(text: &[u8], needle: &[u8]) -> bool {
    needle.is_empty()
        || text
            .windows(needle.len())
            .any(|w| w.eq_ignore_ascii_case(needle))
}
