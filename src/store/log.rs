//! The processing log: appends groups of frames, durable before anything else happens.
//!
//! A group is one write and one fdatasync, whatever its size. A write or fsync that fails is final: nobody can say what is on
//! the disk, so the log refuses everything until the store is opened again and reads what is really there.

use super::disk;
use super::frame::{Link, SEGMENT_HEADER, SegmentHeader, encode_frame};
use super::segment::{Piece, SegmentReader, segment_path, segments};
use super::{Damage, DamageKind};
use crate::record::{Event, LogPosition, Timestamp};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The writing end.
pub(super) struct Log {
    dir: PathBuf,
    store: [u8; 16],
    file: Option<File>,
    segment: u32,
    end: u64,
    link: Link,
    limit: u64,
    failed: bool,
}

/// Frames that are not written yet; their numbers and places are already known.
pub(super) struct Staged {
    segment: u32,
    start: u64,
    bytes: Vec<u8>,
    link: Link,
    new_segment: Option<SegmentHeader>,
}

impl Staged {
    /// Adds a frame; `None` if it is too long for one.
    pub(super) fn push(&mut self, at: Timestamp, events: &[Event]) -> Option<(u64, LogPosition)> {
        let offset = u32::try_from(self.start + self.bytes.len() as u64).ok()?;
        self.link = encode_frame(&mut self.bytes, &self.link, at, events)?;
        let place = LogPosition {
            segment: self.segment,
            offset,
            event: 0,
        };
        Some((self.link.number, place))
    }

    pub(super) fn end(&self) -> (u32, u64) {
        (self.segment, self.start + self.bytes.len() as u64)
    }

    pub(super) fn link(&self) -> Link {
        self.link
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }
}

impl Log {
    /// Opens the log of `dir`: reads the last segment whole, cuts a torn end off (a copy goes to `damaged/`), and says
    /// what was found. Older segments are looked at by their headers only; `verify` reads them all.
    pub(super) fn open(
        dir: &Path,
        store: [u8; 16],
        limit: u64,
        damage: &mut Vec<Damage>,
    ) -> io::Result<Self> {
        disk::private_dir(&dir.join("log"))?;
        let mut log = Self {
            dir: dir.to_owned(),
            store,
            file: None,
            segment: 0,
            end: 0,
            link: Link::default(),
            limit: limit.min(u64::from(u32::MAX / 2)),
            failed: false,
        };
        let mut all = segments(dir)?;
        while let Some(last) = all.pop() {
            if log.read_last(last, damage)? {
                break;
            }
        }
        log.check_older(&all, damage)?;
        Ok(log)
    }

    /// Takes `segment` as the one to append to; `false` if nothing of it was ever written whole, and it is gone now.
    fn read_last(&mut self, segment: u32, damage: &mut Vec<Damage>) -> io::Result<bool> {
        let path = segment_path(&self.dir, segment);
        let (mut reader, header) = SegmentReader::open(&path)?;
        let length = reader.length();
        let mut link = header.map_or(Link::default(), |h| h.before);
        let (mut end, mut torn) = (SEGMENT_HEADER as u64, None);
        let mut frames = 0;
        while let Some(piece) = reader.next_piece()? {
            match piece {
                Piece::Frame(at, frame) => {
                    (link, end) = (frame.link(), at + frame.bytes.len() as u64);
                    frames += 1;
                }
                Piece::Damage(at, octets) => {
                    damage.push(Damage::of(DamageKind::Middle, segment, at, octets))
                }
                Piece::Torn(at) => torn = Some(at),
            }
        }
        if header.is_none() && frames == 0 {
            // The machine stopped while this segment was begun.
            self.keep_copy(segment, 0)?;
            damage.push(Damage::of(DamageKind::TornEnd, segment, 0, length));
            std::fs::remove_file(&path)?;
            disk::sync_dir("log: new segment removed", &self.dir.join("log"))?;
            return Ok(false);
        }
        if header.is_none_or(|h| h.store != self.store || h.segment != segment) {
            damage.push(Damage::of(
                DamageKind::Header,
                segment,
                0,
                SEGMENT_HEADER as u64,
            ));
        }
        let file = disk::open(&path)?;
        if let Some(at) = torn {
            self.keep_copy(segment, at)?;
            file.set_len(at)?;
            disk::sync("log: torn end cut", &file)?;
            damage.push(Damage::of(DamageKind::TornEnd, segment, at, length - at));
        }
        (self.file, self.segment, self.end, self.link) = (Some(file), segment, end, link);
        Ok(true)
    }

    /// Copies what is about to be cut off.
    fn keep_copy(&self, segment: u32, from: u64) -> io::Result<()> {
        let folder = self.dir.join("damaged");
        disk::private_dir(&folder)?;
        let bytes = std::fs::read(segment_path(&self.dir, segment))?;
        let rest = bytes.get(from as usize..).unwrap_or_default();
        disk::replace(
            "log: copy of a torn end",
            &folder.join(format!("log-{segment:08}-{from}.bin")),
            rest,
        )
    }

    /// Headers of the segments before the last: theirs, in order, none missing.
    fn check_older(&self, older: &[u32], damage: &mut Vec<Damage>) -> io::Result<()> {
        for (i, segment) in older.iter().enumerate() {
            let (_, header) = SegmentReader::open(&segment_path(&self.dir, *segment))?;
            if header.is_none_or(|h| h.store != self.store || h.segment != *segment) {
                let n = SEGMENT_HEADER as u64;
                damage.push(Damage::of(DamageKind::Header, *segment, 0, n));
            }
            let next = older.get(i + 1).copied().unwrap_or(self.segment);
            if next != segment + 1 {
                damage.push(Damage::of(DamageKind::Missing, segment + 1, 0, 0));
            }
        }
        Ok(())
    }

    /// The last frame.
    pub(super) fn link(&self) -> Link {
        self.link
    }

    /// Where the next frame will stand.
    pub(super) fn end(&self) -> (u32, u64) {
        (self.segment, self.end)
    }

    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    /// After this nothing is written until the store is opened again.
    pub(super) fn fail(&mut self) {
        self.failed = true;
    }

    /// Begins a group.
    pub(super) fn stage(&self) -> Staged {
        let roll = self.file.is_none() || self.end >= self.limit;
        let segment = self.segment + u32::from(roll);
        Staged {
            segment,
            start: if roll {
                SEGMENT_HEADER as u64
            } else {
                self.end
            },
            bytes: Vec::new(),
            link: self.link,
            new_segment: roll.then_some(SegmentHeader {
                store: self.store,
                segment,
                before: self.link,
            }),
        }
    }

    /// Writes a group, and makes it durable.
    pub(super) fn append(&mut self, staged: &Staged) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other("an earlier write to the log failed"));
        }
        let done = self.write(staged);
        self.failed = done.is_err();
        done
    }

    fn write(&mut self, staged: &Staged) -> io::Result<()> {
        let file = match (&staged.new_segment, &self.file) {
            (None, Some(file)) => {
                disk::write_at("log: write", file, &staged.bytes, staged.start)?;
                disk::sync("log: sync", file)?;
                None
            }
            (header, _) => {
                let mut bytes = header.map_or(Vec::new(), |h| h.to_bytes().to_vec());
                bytes.extend_from_slice(&staged.bytes);
                let file = disk::create(&segment_path(&self.dir, staged.segment))?;
                disk::write_at("log: write new segment", &file, &bytes, 0)?;
                disk::sync("log: sync new segment", &file)?;
                disk::sync_dir("log: sync folder", &self.dir.join("log"))?;
                Some(file)
            }
        };
        if let Some(file) = file {
            self.file = Some(file);
        }
        (self.segment, self.end) = staged.end();
        self.link = staged.link;
        Ok(())
    }
}
