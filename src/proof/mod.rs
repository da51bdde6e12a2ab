//! Evidence that stands without the store: anybody can verify a log, without its keys and without the index.
//!
//! The chain is plain SHA-256, so whoever holds a receipt (the number and hash of a frame) can check that the log still
//! contains that frame and everything before it. Deliberately absent: opening anything that is sealed.

use crate::store::frame::Link;
use crate::store::segment::{Piece, SegmentReader, segment_path, segments};
use std::io;
use std::path::Path;

/// The first place of a log that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPlace {
    /// The segment file.
    pub segment: u32,
    /// Octet in it.
    pub offset: u64,
    /// What is wrong.
    pub what: &'static str,
}

/// What reading the whole log found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogReport {
    /// Frames whose checksum and chain are right, up to the first bad place.
    pub frames: u64,
    /// Number of the first frame: above 1 if retention dropped what was before.
    pub first: u64,
    /// The last good frame.
    pub last: Link,
    /// The first bad place.
    pub bad: Option<BadPlace>,
}

impl std::fmt::Display for LogReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hash = crate::record::hex(&self.last.hash);
        write!(
            f,
            "{} frames, {} to {}, ending in {hash}",
            self.frames, self.first, self.last.number
        )?;
        match &self.bad {
            None => Ok(()),
            Some(bad) => write!(
                f,
                "; then log/{:08}.log at octet {}: {}",
                bad.segment, bad.offset, bad.what
            ),
        }
    }
}

/// Checks framing and chain of the log in `dir` from its first frame to its last.
pub fn verify_log(dir: &Path) -> io::Result<LogReport> {
    let mut report = LogReport::default();
    for segment in segments(dir)? {
        let (mut reader, header) = SegmentReader::open(&segment_path(dir, segment))?;
        let bad = |offset, what| {
            Some(BadPlace {
                segment,
                offset,
                what,
            })
        };
        let Some(header) = header else {
            report.bad = bad(0, "the head of the file is damaged");
            return Ok(report);
        };
        if report.first == 0 {
            report.first = header.before.number + 1;
            report.last = header.before;
        } else if header.before != report.last {
            report.bad = bad(0, "this file does not follow the one before it");
            return Ok(report);
        }
        while let Some(piece) = reader.next_piece()? {
            let (offset, what) = match piece {
                Piece::Frame(at, frame)
                    if frame.number != report.last.number + 1
                        || frame.before != report.last.hash =>
                {
                    (at, "this frame does not follow the one before it")
                }
                Piece::Frame(at, frame) if frame.decode().is_none() => {
                    (at, "this frame holds no events that this version knows")
                }
                Piece::Frame(_, frame) => {
                    (report.last, report.frames) = (frame.link(), report.frames + 1);
                    continue;
                }
                Piece::Damage(at, _) => (at, "here is no frame, and frames follow"),
                Piece::Torn(at) => (at, "the last frame was not written whole"),
            };
            report.bad = bad(offset, what);
            return Ok(report);
        }
    }
    Ok(report)
}
