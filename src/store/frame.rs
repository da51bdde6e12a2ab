//! The bytes of the log: the header of a segment file and the frames after it.
//!
//! ```text
//! segment: "quitlog\0" version:u32 store:16 segment:u32 first frame:u64 hash of the frame before:32 crc32:u32
//! frame:   length of the payload:u32 crc32:u32 number:u64 SHA-256 of the frame before:32 payload
//! payload: version:u8, then postcard of the time (ms) and the events
//! ```
//!
//! Numbers are little endian. The checksum of a frame covers everything of it but itself; its hash, which stands in the next
//! frame, covers all its bytes. A checksum finds a torn or rotten frame at once, the chain finds one that somebody changed.

use crate::record::{Event, Frame, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Octets of a segment's header.
pub const SEGMENT_HEADER: usize = 76;
/// Octets of a frame before its payload.
pub const FRAME_HEADER: usize = 48;
/// A longer payload is refused, and one that claims to be longer is damage.
pub const MAX_PAYLOAD: usize = 32 << 20;

const MAGIC: &[u8; 8] = b"quitlog\0";
const FORMAT: u32 = 1;
const PAYLOAD_FORMAT: u8 = 1;

/// The end of a chain: the number and the hash of its last frame. A new log's is zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Link {
    /// Number of the frame.
    pub number: u64,
    /// SHA-256 of all its bytes.
    pub hash: [u8; 32],
}

/// What stands at the head of a segment file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentHeader {
    /// The store that the segment belongs to.
    pub store: [u8; 16],
    /// Its own number, as in its file name.
    pub segment: u32,
    /// The last frame before it.
    pub before: Link,
}

impl SegmentHeader {
    /// Its bytes.
    pub fn to_bytes(self) -> [u8; SEGMENT_HEADER] {
        let mut bytes = [0; SEGMENT_HEADER];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..28].copy_from_slice(&self.store);
        bytes[28..32].copy_from_slice(&self.segment.to_le_bytes());
        bytes[32..40].copy_from_slice(&(self.before.number + 1).to_le_bytes());
        bytes[40..72].copy_from_slice(&self.before.hash);
        let sum = crc32fast::hash(&bytes[..72]);
        bytes[72..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads the head of a segment file; `None` if it is not one, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..SEGMENT_HEADER)?;
        let sum = u32::from_le_bytes(bytes[72..].try_into().ok()?);
        if &bytes[..8] != MAGIC
            || bytes[8..12] != FORMAT.to_le_bytes()
            || crc32fast::hash(&bytes[..72]) != sum
        {
            return None;
        }
        Some(Self {
            store: bytes[12..28].try_into().ok()?,
            segment: u32::from_le_bytes(bytes[28..32].try_into().ok()?),
            before: Link {
                number: u64::from_le_bytes(bytes[32..40].try_into().ok()?).checked_sub(1)?,
                hash: bytes[40..72].try_into().ok()?,
            },
        })
    }
}

/// A frame whose checksum is right; the payload is not decoded yet.
#[derive(Clone, Copy, Debug)]
pub struct RawFrame<'a> {
    /// Its number.
    pub number: u64,
    /// The hash of the frame before it, as this frame says.
    pub before: [u8; 32],
    /// Version byte and postcard.
    pub payload: &'a [u8],
    /// All its bytes.
    pub bytes: &'a [u8],
}

impl<'a> RawFrame<'a> {
    /// The frame at the beginning of `bytes`; `None` if there is none that is whole and right.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (length, sum, number) = head(bytes)?;
        let bytes = bytes.get(..FRAME_HEADER.checked_add(length)?)?;
        if checksum(bytes) != sum {
            return None;
        }
        Some(Self {
            number,
            before: bytes[16..48].try_into().ok()?,
            payload: &bytes[FRAME_HEADER..],
            bytes,
        })
    }

    /// Its hash: what the next frame says of it.
    pub fn link(&self) -> Link {
        Link {
            number: self.number,
            hash: Sha256::digest(self.bytes).into(),
        }
    }

    /// One event, and how many the frame has; those after it are not read.
    pub fn event(&self, n: usize) -> Option<(Event, usize)> {
        let (version, payload) = self.payload.split_first()?;
        if *version != PAYLOAD_FORMAT {
            return None;
        }
        let (_, rest) = postcard::take_from_bytes::<Timestamp>(payload).ok()?;
        let (count, mut rest) = postcard::take_from_bytes::<usize>(rest).ok()?;
        for _ in 0..n.min(count) {
            (_, rest) = postcard::take_from_bytes::<Event>(rest).ok()?;
        }
        let (event, _) = postcard::take_from_bytes::<Event>(rest).ok()?;
        (n < count).then_some((event, count))
    }

    /// Where in the frame's bytes each event begins, and where the last one ends.
    pub(super) fn places(&self) -> Option<Vec<u32>> {
        let (_, payload) = self.payload.split_first()?;
        let (_, rest) = postcard::take_from_bytes::<Timestamp>(payload).ok()?;
        let (count, mut rest) = postcard::take_from_bytes::<usize>(rest).ok()?;
        let place = |rest: &[u8]| u32::try_from(self.bytes.len() - rest.len()).ok();
        let mut places = vec![place(rest)?];
        for _ in 0..count {
            (_, rest) = postcard::take_from_bytes::<Event>(rest).ok()?;
            places.push(place(rest)?);
        }
        Some(places)
    }

    /// The events.
    pub fn decode(&self) -> Option<Frame> {
        let (version, payload) = self.payload.split_first()?;
        if *version != PAYLOAD_FORMAT {
            return None;
        }
        let (at, events): (Timestamp, Vec<Event>) = postcard::from_bytes(payload).ok()?;
        Some(Frame {
            number: self.number,
            at,
            events,
        })
    }
}

/// Length of the payload, checksum and number, if there can be a frame.
pub fn head(bytes: &[u8]) -> Option<(usize, u32, u64)> {
    let bytes = bytes.get(..FRAME_HEADER)?;
    let length = u32::from_le_bytes(bytes[..4].try_into().ok()?) as usize;
    let sum = u32::from_le_bytes(bytes[4..8].try_into().ok()?);
    let number = u64::from_le_bytes(bytes[8..16].try_into().ok()?);
    (length <= MAX_PAYLOAD && number > 0).then_some((length, sum, number))
}

fn checksum(frame: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&frame[..4]);
    sum.update(&frame[8..]);
    sum.finalize()
}

/// Appends the frame that follows `before` to `bytes`, and says what follows it in turn; `None` if it is too long.
pub fn encode_frame(
    bytes: &mut Vec<u8>,
    before: &Link,
    at: Timestamp,
    events: &[Event],
) -> Option<Link> {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&(before.number + 1).to_le_bytes());
    bytes.extend_from_slice(&before.hash);
    bytes.push(PAYLOAD_FORMAT);
    let written = postcard::to_io(&(at, events), &mut *bytes).is_ok();
    let length = bytes.len() - start - FRAME_HEADER;
    if !written || length > MAX_PAYLOAD {
        bytes.truncate(start);
        return None;
    }
    let frame = &mut bytes[start..];
    frame[..4].copy_from_slice(&(length as u32).to_le_bytes());
    let sum = checksum(frame);
    frame[4..8].copy_from_slice(&sum.to_le_bytes());
    Some(Link {
        number: before.number + 1,
        hash: Sha256::digest(&*frame).into(),
    })
}
