//! How much of a message is looked at, so that no message, however built, costs more than a known amount of work.
//!
//! Real mail stays far below every one of these; what exceeds one is cut there and says so as a
//! [`Defect`](super::Defect). A header block over its limit is the one thing that makes a message unreadable, because
//! the gate cannot judge what it has not seen.

/// The bounds of one reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the whole message that are looked at.
    pub octets: usize,
    /// Octets of the top-level header block; more is [`Unreadable::TooLarge`](super::Unreadable::TooLarge).
    pub header_octets: usize,
    /// Fields of one header block.
    pub header_fields: usize,
    /// Octets of one field value that are kept.
    pub value_octets: usize,
    /// Entries of one address or id list that are kept.
    pub list_entries: usize,
    /// MIME parts.
    pub parts: usize,
    /// Levels of multiparts in multiparts.
    pub depth: usize,
    /// Octets of decoded text that are read.
    pub text_octets: usize,
    /// Received fields after which it is a loop (A0).
    pub hops: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            octets: 1 << 20,
            header_octets: 256 << 10,
            header_fields: 2_000,
            value_octets: 8 << 10,
            list_entries: 500,
            parts: 200,
            depth: 16,
            text_octets: 256 << 10,
            hops: 100,
        }
    }
}
