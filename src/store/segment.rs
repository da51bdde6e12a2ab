//! Reads the segment files of a log from front to back, and tells a torn end from damage in the middle.
//!
//! Nothing here needs a key or the index: the same reader serves opening, replaying and proving.

use super::frame::{FRAME_HEADER, RawFrame, SEGMENT_HEADER, SegmentHeader, head};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// How much is read from the disk at a time.
const WINDOW: usize = 256 << 10;

/// The file of a segment.
pub fn segment_path(dir: &Path, segment: u32) -> PathBuf {
    dir.join("log").join(format!("{segment:08}.log"))
}

/// The numbers of the segments that are there, in order.
pub fn segments(dir: &Path) -> io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(dir.join("log"))? {
        let name = entry?.file_name();
        if let Some(number) = name.to_str().and_then(|n| n.strip_suffix(".log"))
            && let Ok(number) = number.parse()
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// What stands next in a segment.
#[derive(Debug)]
pub enum Piece<'a> {
    /// A frame whose checksum is right, and where it begins.
    Frame(u64, RawFrame<'a>),
    /// These octets are no frame, and a frame follows them.
    Damage(u64, u64),
    /// From here to the end there is no frame.
    Torn(u64),
}

/// One segment file, read from front to back.
pub struct SegmentReader {
    file: File,
    length: u64,
    offset: u64,
    /// The octets of the file from `window_at` on.
    window: Vec<u8>,
    window_at: u64,
    /// A frame found behind damage must have a higher number than the last good one.
    last: u64,
}

impl SegmentReader {
    /// Opens a segment; the header is `None` if it cannot be read (then no frame of it is).
    pub fn open(path: &Path) -> io::Result<(Self, Option<SegmentHeader>)> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut reader = Self {
            file,
            length,
            offset: SEGMENT_HEADER as u64,
            window: Vec::new(),
            window_at: 0,
            last: 0,
        };
        let header = SegmentHeader::from_bytes(reader.fill(0, SEGMENT_HEADER)?);
        if let Some(header) = &header {
            reader.last = header.before.number;
        }
        Ok((reader, header))
    }

    /// Goes on at this offset, where a frame begins.
    pub fn seek(&mut self, offset: u64) {
        self.offset = offset;
    }

    /// Reads no further than here (frames behind it are being written).
    pub fn stop_at(&mut self, length: u64) {
        self.length = self.length.min(length);
    }

    /// Octets of the file.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// What comes next; `None` at the end of the segment.
    pub fn next_piece(&mut self) -> io::Result<Option<Piece<'_>>> {
        let at = self.offset;
        if at >= self.length {
            return Ok(None);
        }
        let whole = head(self.fill(at, FRAME_HEADER)?).map(|(n, ..)| FRAME_HEADER + n);
        let good = match whole {
            Some(n) => RawFrame::parse(self.fill(at, n)?).map(|f| (n, f.number)),
            None => None,
        };
        match good {
            Some((n, number)) => {
                (self.offset, self.last) = (at + n as u64, number);
                let frame = RawFrame::parse(self.fill(at, n)?);
                Ok(frame.map(|f| Piece::Frame(at, f)))
            }
            None => match self.find_next(at + 1)? {
                Some(next) => {
                    self.offset = next;
                    Ok(Some(Piece::Damage(at, next - at)))
                }
                None => {
                    self.offset = self.length;
                    Ok(Some(Piece::Torn(at)))
                }
            },
        }
    }

    /// Where the next right frame begins at `from` or later.
    fn find_next(&mut self, from: u64) -> io::Result<Option<u64>> {
        let rest = (self.length - from.min(self.length)) as usize;
        let last = self.last;
        let bytes = self.fill(from, rest)?;
        let plausible = |at: &usize| {
            head(&bytes[*at..]).is_some_and(|(n, _, number)| {
                number > last && number - last < 1 << 24 && *at + FRAME_HEADER + n <= bytes.len()
            })
        };
        let found = (0..bytes.len())
            .filter(plausible)
            .find(|at| RawFrame::parse(&bytes[*at..]).is_some());
        Ok(found.map(|at| from + at as u64))
    }

    /// Up to `n` octets from `at` on; fewer at the end of the file.
    fn fill(&mut self, at: u64, n: usize) -> io::Result<&[u8]> {
        let n = n.min(self.length.saturating_sub(at) as usize);
        let have = self.window_at..self.window_at + self.window.len() as u64;
        if !(have.start <= at && at + n as u64 <= have.end) {
            let size = n.max(WINDOW).min(self.length.saturating_sub(at) as usize);
            self.window.resize(size, 0);
            self.file.read_exact_at(&mut self.window, at)?;
            self.window_at = at;
        }
        let start = (at - self.window_at) as usize;
        Ok(&self.window[start..start + n])
    }
}
