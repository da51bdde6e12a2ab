//! Messages made from samples by a seeded generator: the same seed makes the same messages.

/// Pieces that parsers stumble over.
const PIECES: &[&[u8]] = &[
    b"\r\n",
    b"\n\n",
    b"\r",
    b"\0",
    b"--",
    b"--b\r\n",
    b">",
    b"> > > ",
    b"<blockquote>",
    b"</div>",
    b"<!--",
    b"<a href=\"",
    b"&#x10FFFF;",
    b"&lt;",
    b"=?utf-8?b?",
    b"=?utf-8?q?=FF?=",
    b"?=",
    b"=\n",
    b"=E2=80",
    b"\xff\xfe",
    b"\xe2\x80\x8b",
    b"\xef\xb7\xba",
    b"e\xcc\x81\xcc\x81\xcc\x81",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
    b"boundary=\"",
    b"Content-Type: text/html; charset=utf-7\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"From: a@b.example\r\n",
    b"Auto-Submitted: auto-replied\r\n",
    b"a@b.example",
    b"@",
    b"://",
    b"stop",
    b"STOP ",
    b"ne me ",
    b"remove me ",
    b"?",
    b"!",
    b", ",
    b"On Mon, 1 Jan 2026, A <a@b.example> wrote:\n",
    b"-----Original Message-----\n",
    b"-- \n",
    b"begin 644 x\n",
    b"e-",
    b"'t",
    b"1. ",
    b"(((((((",
    b"[",
    b"%s%n",
    b"\x1b[2J",
];
/// Messages grow no further.
const LARGEST: usize = 192 << 10;

/// SplitMix64: small, seeded, the same everywhere.
pub struct Generator(u64);

impl Generator {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `of`; 0 if there is none.
    fn below(&mut self, of: usize) -> usize {
        (self.next() % of.max(1) as u64) as usize
    }

    /// Begin and end of a part of something so long, at most `most` long.
    fn part(&mut self, length: usize, most: usize) -> std::ops::Range<usize> {
        let begin = self.below(length);
        begin..(begin + 1 + self.below(most)).min(length)
    }

    /// A sample with one to eight changes.
    pub fn message(&mut self, samples: &[Vec<u8>]) -> Vec<u8> {
        let mut raw = samples[self.below(samples.len())].clone();
        for _ in 0..1 + self.below(8) {
            self.change(&mut raw, samples);
        }
        raw.truncate(LARGEST);
        raw
    }

    fn change(&mut self, raw: &mut Vec<u8>, samples: &[Vec<u8>]) {
        let at = self.below(raw.len() + 1);
        match self.below(8) {
            0 if at < raw.len() => raw[at] = self.next() as u8,
            1 if at < raw.len() => raw[at] ^= 1 << self.below(8),
            2 => {
                let piece = PIECES[self.below(PIECES.len())];
                raw.splice(at..at, piece.iter().copied());
            }
            // The same piece very often: what grows faster than its input shows here.
            3 => {
                let piece = PIECES[self.below(PIECES.len())];
                let times = 1 << self.below(12);
                raw.splice(at..at, piece.repeat(times));
            }
            4 => {
                let other = &samples[self.below(samples.len())];
                let part = self.part(other.len(), 2_000);
                raw.splice(at..at, other[part].iter().copied());
            }
            5 => {
                let part = self.part(raw.len(), 400);
                raw.drain(part);
            }
            6 => {
                let part = self.part(raw.len(), 200);
                let piece = raw[part].repeat(1 << self.below(8));
                raw.splice(at..at, piece);
            }
            _ if self.below(4) == 0 => raw.truncate(at),
            _ => {
                let noise: Vec<u8> = (0..self.below(32)).map(|_| self.next() as u8).collect();
                raw.splice(at..at, noise);
            }
        }
        raw.truncate(LARGEST);
    }
}
