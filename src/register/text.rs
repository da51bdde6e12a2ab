//! The text of a list, whatever its encoding and delimiter; it is decoded while it is read, never held whole.

use std::io::Read;

/// UTF-16 by its mark, UTF-8 if the sample is valid (a character cut at its end does not count), else windows-1252.
pub(super) fn encoding_of(sample: &[u8]) -> &'static encoding_rs::Encoding {
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(sample) {
        return encoding;
    }
    match std::str::from_utf8(sample) {
        Err(e) if e.error_len().is_some() => encoding_rs::WINDOWS_1252,
        _ => encoding_rs::UTF_8,
    }
}

/// The delimiter that stands most often in the header, outside quotation marks.
pub(super) fn delimiter_of(text: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for b in text.trim_start_matches(['\u{feff}', '\r', '\n']).bytes() {
        match b {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if !quoted => counts
                .iter_mut()
                .filter(|(d, _)| *d == b)
                .for_each(|(_, n)| *n += 1),
            _ => {}
        }
    }
    // The first of equals, so that a list of one column has a comma.
    counts
        .iter()
        .rev()
        .max_by_key(|(_, n)| *n)
        .map_or(b',', |(d, _)| *d)
}

/// Turns any of the encodings into UTF-8 while reading.
pub(super) struct Decoder<R> {
    decoder: encoding_rs::Decoder,
    source: std::io::Chain<std::io::Cursor<Vec<u8>>, R>,
    text: Vec<u8>,
    at: usize,
    ended: bool,
    /// Lines end with CR LF.
    crlf: bool,
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(encoding: &'static encoding_rs::Encoding, sample: Vec<u8>, rest: R) -> Self {
        let (text, _, _) = encoding.decode(&sample);
        let first = text.split_once('\n');
        let crlf = first.is_some_and(|(line, _)| line.ends_with('\r'));
        Self {
            crlf,
            decoder: encoding.new_decoder_with_bom_removal(),
            source: std::io::Cursor::new(sample).chain(rest),
            text: Vec::new(),
            at: 0,
            ended: false,
        }
    }
}

impl<R> Decoder<R> {
    /// The encoding's name.
    pub(super) fn encoding(&self) -> &'static str {
        self.decoder.encoding().name()
    }

    /// The line of a row; 0 if nobody knows. The reader ends a row at its CR, and counts the LF for the next one.
    pub(super) fn line(&self, at: Option<&csv::Position>) -> u64 {
        at.map_or(0, |p| p.line() + u64::from(self.crlf))
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.text.len() && !self.ended {
            let mut raw = [0u8; 8192];
            let n = self.source.read(&mut raw)?;
            self.ended = n == 0;
            let room = self.decoder.max_utf8_buffer_length(n).unwrap_or(4 * n + 16);
            self.text.resize(room, 0);
            let (_, _, written, _) =
                self.decoder
                    .decode_to_utf8(&raw[..n], &mut self.text, self.ended);
            self.text.truncate(written);
            self.at = 0;
        }
        let n = out.len().min(self.text.len() - self.at);
        out[..n].copy_from_slice(&self.text[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}
