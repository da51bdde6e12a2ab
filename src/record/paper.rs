//! Paper: the scan of a request that came on it, and the sheet on which one is answered.
//!
//! A scan is recognised by its first octets, since the name of a file proves nothing. What stands on either exists in plain
//! only in memory: a scan is sealed with the content of its case, a sheet with the proof, as a letter by mail is.

use super::{LogPosition, Timestamp};
use serde::{Deserialize, Serialize};

/// What a scan is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// PDF.
    Pdf,
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// TIFF, of either byte order.
    Tiff,
    /// WebP.
    Webp,
    /// HEIF, as telephones photograph.
    Heic,
}

/// Brands of ISO base media files that are still pictures of HEIF.
const HEIF: [&[u8]; 6] = [b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"];

impl Media {
    /// All, as people are told what may be handed in.
    pub const ALL: [Self; 6] = [
        Self::Pdf,
        Self::Png,
        Self::Jpeg,
        Self::Tiff,
        Self::Webp,
        Self::Heic,
    ];

    /// What these octets are, by how they begin; none if they are nothing that is taken.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let at = |from: usize, what: &[u8]| bytes.get(from..from + what.len()) == Some(what);
        let heif = || HEIF.iter().any(|brand| at(8, brand));
        Some(match bytes {
            _ if at(0, b"%PDF-") => Self::Pdf,
            _ if at(0, b"\x89PNG\r\n\x1a\n") => Self::Png,
            _ if at(0, b"\xff\xd8\xff") => Self::Jpeg,
            _ if at(0, b"II*\0") || at(0, b"MM\0*") => Self::Tiff,
            _ if at(0, b"RIFF") && at(8, b"WEBP") => Self::Webp,
            _ if at(4, b"ftyp") && heif() => Self::Heic,
            _ => return None,
        })
    }

    /// The word, which is also the ending of a file's name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Tiff => "tiff",
            Self::Webp => "webp",
            Self::Heic => "heic",
        }
    }
}

/// A scan of what came, under the content key of its case.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scan {
    /// The file's name, without its folder.
    pub name: String,
    /// The file.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}

/// Only how large: a scan is personal.
impl std::fmt::Debug for Scan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scan({} octets)", self.bytes.len())
    }
}

/// A letter as it was printed, under the proof key of its case.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sheet {
    /// The lines of the address.
    pub to: Vec<String>,
    /// When it was printed; the day stands on it.
    pub printed: Timestamp,
    /// What it is about.
    pub subject: String,
    /// The letter as text, without head and address.
    pub text: String,
    /// The page that was printed.
    pub html: String,
}

/// What the index remembers of a scan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ScanRow {
    /// What it is.
    pub media: Media,
    /// How large.
    pub octets: u64,
    /// When it was handed in.
    pub at: Timestamp,
    /// Where its event stands.
    pub position: LogPosition,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_is_what_its_first_octets_say() {
        let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
        let known: [(&[u8], Media); 8] = [
            (b"%PDF-1.7\n", Media::Pdf),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Media::Png),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Media::Jpeg),
            (b"II*\0\x08\0\0\0", Media::Tiff),
            (b"MM\0*\0\0\0\x08", Media::Tiff),
            (b"RIFF\x24\0\0\0WEBPVP8 ", Media::Webp),
            (heic, Media::Heic),
            (b"%PDF-", Media::Pdf),
        ];
        for (bytes, media) in known {
            assert_eq!(Media::of(bytes), Some(media));
        }
        let nothing: [&[u8]; 7] = [
            b"",
            b"%PD",
            b"<html>%PDF-1.7",
            b"MZ\x90\0",
            b"RIFF\x24\0\0\0WAVEfmt ",
            b"\0\0\0\x18ftypisom\0\0\0\0",
            b"GIF89a",
        ];
        for bytes in nothing {
            assert_eq!(Media::of(bytes), None, "{bytes:?}");
        }
    }
}
