//! Reads single frames and whole stretches of the log while it grows.

use super::frame::{FRAME_HEADER, Link, RawFrame, SEGMENT_HEADER, head};
use super::segment::{Piece, SegmentReader, segment_path, segments};
use crate::record::{Event, Frame, LogPosition};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Frames remembered: those that are looked at again are the newest.
const REMEMBERED: usize = 16;
/// Octets that are read at once: most frames are shorter.
const MOST_FRAMES: usize = 16 << 10;
/// Larger frames (imports) are not worth remembering, but where their events stand is.
const REMEMBERED_EVENTS: usize = 64;
/// Places of events of large frames that are remembered: four octets each.
const REMEMBERED_PLACES: usize = 1 << 20;

/// Why an event could not be read again.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Retention dropped the segment.
    #[error("this part of the log was dropped by retention")]
    Dropped,
    /// The frame is damaged, or there is none at that place.
    #[error("the log is damaged at segment {}, octet {}", .0.segment, .0.offset)]
    Damaged(LogPosition),
    /// The disk.
    #[error("the log cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// The reading end; any number of threads may use it.
pub(super) struct LogFiles {
    dir: PathBuf,
    open: Mutex<VecDeque<(u32, Arc<File>)>>,
    recent: Mutex<VecDeque<(LogPosition, Arc<Frame>)>>,
    /// Where the events of large frames stand: people of the register are looked up in any order, and a frame of an import has
    /// a thousand of them.
    large: Mutex<BTreeMap<LogPosition, Arc<[u32]>>>,
}

impl LogFiles {
    pub(super) fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            open: Mutex::default(),
            recent: Mutex::default(),
            large: Mutex::default(),
        }
    }

    /// The event at a place that a row of the index names.
    pub(super) fn event(&self, at: LogPosition) -> Result<Event, ReadError> {
        let (n, place) = (usize::from(at.event), LogPosition { event: 0, ..at });
        if let Some(frame) = self.remembered(place) {
            return frame.events.get(n).cloned().ok_or(ReadError::Damaged(at));
        }
        if let Some(events) = self.events_of_large(place) {
            return self.event_of_large(at, &events);
        }
        let bytes = self.bytes(place)?;
        let raw = RawFrame::parse(&bytes).ok_or(ReadError::Damaged(place))?;
        let (event, of) = raw.event(n).ok_or(ReadError::Damaged(at))?;
        if of > REMEMBERED_EVENTS
            && let Some(events) = raw.places()
            && let Ok(mut large) = self.large.lock()
        {
            if large.values().map(|e| e.len()).sum::<usize>() + events.len() > REMEMBERED_PLACES {
                large.clear();
            }
            large.insert(place, events.into());
        }
        Ok(event)
    }

    fn events_of_large(&self, place: LogPosition) -> Option<Arc<[u32]>> {
        self.large.lock().ok()?.get(&place).cloned()
    }

    /// One event of a frame that was found whole before: it alone is read. What it sealed says itself whether it is whole.
    fn event_of_large(&self, at: LogPosition, events: &[u32]) -> Result<Event, ReadError> {
        let n = usize::from(at.event);
        let (Some(begin), Some(end)) = (events.get(n), events.get(n + 1)) else {
            return Err(ReadError::Damaged(at));
        };
        let mut bytes = vec![0; (end - begin) as usize];
        let offset = u64::from(at.offset) + u64::from(*begin);
        let read = self.file(at.segment)?.read_exact_at(&mut bytes, offset);
        read.map_err(|_| ReadError::Damaged(at))?;
        postcard::from_bytes(&bytes).map_err(|_| ReadError::Damaged(at))
    }

    /// The frame at a place.
    pub(super) fn frame(&self, at: LogPosition) -> Result<Arc<Frame>, ReadError> {
        if let Some(frame) = self.remembered(at) {
            return Ok(frame);
        }
        let bytes = self.bytes(at)?;
        self.remember(at, &RawFrame::parse(&bytes).ok_or(ReadError::Damaged(at))?)
    }

    fn remembered(&self, at: LogPosition) -> Option<Arc<Frame>> {
        let recent = self.recent.lock().ok()?;
        let (_, frame) = recent.iter().find(|(p, _)| *p == at)?;
        Some(frame.clone())
    }

    /// Reads all events of a frame; one that is not large is remembered.
    fn remember(&self, at: LogPosition, raw: &RawFrame<'_>) -> Result<Arc<Frame>, ReadError> {
        let frame = Arc::new(raw.decode().ok_or(ReadError::Damaged(at))?);
        if frame.events.len() <= REMEMBERED_EVENTS
            && let Ok(mut recent) = self.recent.lock()
        {
            recent.truncate(REMEMBERED - 1);
            recent.push_front((at, frame.clone()));
        }
        Ok(frame)
    }

    /// The octets of the frame at a place; those of most frames come with the first read.
    fn bytes(&self, at: LogPosition) -> Result<Vec<u8>, ReadError> {
        let file = self.file(at.segment)?;
        let offset = u64::from(at.offset);
        let mut bytes = vec![0; MOST_FRAMES];
        let read = file.read_at(&mut bytes, offset)?;
        bytes.truncate(read);
        let (length, ..) = head(&bytes).ok_or(ReadError::Damaged(at))?;
        bytes.resize(FRAME_HEADER + length, 0);
        if let Some(rest) = bytes.get_mut(read..) {
            file.read_exact_at(rest, offset + read as u64)
                .map_err(|_| ReadError::Damaged(at))?;
        }
        Ok(bytes)
    }

    fn file(&self, segment: u32) -> Result<Arc<File>, ReadError> {
        let mut open = match self.open.lock() {
            Ok(open) => open,
            Err(poisoned) => poisoned.into_inner(),
        };
        if let Some((_, file)) = open.iter().find(|(s, _)| *s == segment) {
            return Ok(file.clone());
        }
        let file = File::open(segment_path(&self.dir, segment)).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => ReadError::Dropped,
            _ => ReadError::Io(e),
        })?;
        let file = Arc::new(file);
        open.truncate(7);
        open.push_front((segment, file.clone()));
        Ok(file)
    }
}

/// The frames of a log in their order; damaged stretches are passed over and counted.
pub struct Frames {
    dir: PathBuf,
    segments: VecDeque<u32>,
    reader: Option<(u32, SegmentReader)>,
    first: u64,
    start: Option<(u32, u64)>,
    end: Option<(u32, u64)>,
    ends: Option<Arc<Ends>>,
    last: Option<Mark>,
    /// What was passed over: segment, offset, octets.
    pub damage: Vec<(u32, u64, u64)>,
}

/// Where the frame with a number begins: number, segment, offset.
type Mark = (u64, u32, u64);

/// Where earlier readings ended: whoever follows the log begins there, and not at the beginning of its last segment. A place
/// in the log never changes while the log is open.
#[derive(Default)]
pub(super) struct Ends(Mutex<VecDeque<Mark>>);

impl Ends {
    /// The nearest place at or before this frame.
    fn before(&self, first: u64) -> Option<Mark> {
        let ends = self.0.lock().ok()?;
        ends.iter().filter(|m| m.0 <= first).max().copied()
    }

    fn remember(&self, mark: Mark) {
        if let Ok(mut ends) = self.0.lock() {
            ends.retain(|m| *m != mark);
            ends.truncate(REMEMBERED - 1);
            ends.push_front(mark);
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        if let (Some(ends), Some(mark)) = (&self.ends, self.last) {
            ends.remember(mark);
        }
    }
}

/// A frame with its place and its own link.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Segment and offset.
    pub place: LogPosition,
    /// Where the next frame begins (or the segment ends).
    pub end: u64,
    /// What the frame says of the one before it.
    pub before: [u8; 32],
    /// Number and hash.
    pub link: Link,
    /// Time and events.
    pub frame: Frame,
}

impl Frames {
    /// The frames numbered `first` or later; not beyond `end` (segment, offset), if one is given.
    pub fn from_number(dir: &Path, first: u64, end: Option<(u32, u64)>) -> io::Result<Self> {
        let all = segments(dir)?;
        // The last segment that begins at or before `first` is where it stands.
        let mut begin = 0;
        for (i, segment) in all.iter().enumerate() {
            let (_, header) = SegmentReader::open(&segment_path(dir, *segment))?;
            if header.is_some_and(|h| h.before.number < first) {
                begin = i;
            }
        }
        Ok(Self {
            dir: dir.to_owned(),
            segments: all.into_iter().skip(begin).collect(),
            reader: None,
            first,
            start: None,
            end,
            ends: None,
            last: None,
            damage: Vec::new(),
        })
    }

    /// The same beside readings that go on where another ended.
    pub(super) fn following(
        dir: &Path,
        first: u64,
        end: (u32, u64),
        ends: &Arc<Ends>,
    ) -> io::Result<Self> {
        let mut frames = Self::from_number(dir, first, Some(end))?;
        // A reading that ended in an earlier segment is further away than the beginning of this one.
        let here = frames.segments.front().copied().unwrap_or(u32::MAX);
        if let Some((_, segment, offset)) = ends.before(first).filter(|m| m.1 >= here) {
            frames.segments.retain(|s| *s >= segment);
            frames.start = Some((segment, offset));
        }
        frames.ends = Some(ends.clone());
        Ok(frames)
    }

    /// The frames from this place (segment, offset) on.
    pub fn from_place(dir: &Path, start: (u32, u64)) -> io::Result<Self> {
        let all = segments(dir)?;
        Ok(Self {
            dir: dir.to_owned(),
            segments: all.into_iter().filter(|s| *s >= start.0).collect(),
            reader: None,
            first: 0,
            start: Some(start),
            end: None,
            ends: None,
            last: None,
            damage: Vec::new(),
        })
    }

    fn open_next(&mut self) -> io::Result<bool> {
        let Some(segment) = self.segments.pop_front() else {
            return Ok(false);
        };
        if self.end.is_some_and(|(last, _)| segment > last) {
            self.segments.clear();
            return Ok(false);
        }
        let (mut reader, header) = SegmentReader::open(&segment_path(&self.dir, segment))?;
        if header.is_none() {
            self.damage.push((segment, 0, SEGMENT_HEADER as u64));
        }
        if let Some((_, offset)) = self.start.take_if(|(s, _)| *s == segment) {
            reader.seek(offset);
        }
        if let Some((_, offset)) = self.end.filter(|(s, _)| *s == segment) {
            reader.stop_at(offset);
        }
        self.reader = Some((segment, reader));
        Ok(true)
    }

    fn advance(&mut self) -> io::Result<Option<Placed>> {
        loop {
            let Some((segment, reader)) = &mut self.reader else {
                match self.open_next()? {
                    true => continue,
                    false => return Ok(None),
                }
            };
            let segment = *segment;
            match reader.next_piece()? {
                None => self.reader = None,
                Some(Piece::Frame(_, raw)) if raw.number < self.first => {}
                Some(Piece::Frame(at, raw)) => match raw.decode() {
                    Some(frame) => {
                        let place = LogPosition {
                            segment,
                            offset: at as u32,
                            event: 0,
                        };
                        let (end, before) = (at + raw.bytes.len() as u64, raw.before);
                        let link = raw.link();
                        self.last = Some((link.number + 1, segment, end));
                        return Ok(Some(Placed {
                            place,
                            end,
                            before,
                            link,
                            frame,
                        }));
                    }
                    None => self.damage.push((segment, at, raw.bytes.len() as u64)),
                },
                Some(Piece::Damage(at, octets)) => self.damage.push((segment, at, octets)),
                Some(Piece::Torn(at)) => {
                    let octets = reader.length() - at;
                    self.damage.push((segment, at, octets));
                }
            }
        }
    }
}

impl Iterator for Frames {
    type Item = io::Result<Placed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
