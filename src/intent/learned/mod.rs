//! The learned reader: a small multilingual encoder that generalises where the lexicons end. Local, deterministic, explained
//! by the sentence that moved it most.
//!
//! `weights` reads the one file (made by `tests/training/`), `words` cuts a text into the pieces of its vocabulary, `encoder`
//! turns them into a probability for each label. What follows from them beside the lexicons is `../agree.rs`. Deliberately
//! absent: files (the weights are inside the program) and threads (messages are read side by side, each on one core).

mod encoder;
mod weights;
mod words;

use encoder::Encoder;
use std::ops::Range;
use std::sync::OnceLock;
use words::{Piece, Words};

/// Pieces of a text that are read at most; of a longer one its beginning and its end.
pub const LONGEST: usize = 192;
/// How much of a text that is too long is its beginning.
const HEAD: usize = (LONGEST - 2) * 2 / 3;

/// What is judged, in the order of the weights: the kinds, the stances, and what else a careful human would say.
pub const LABELS: [&str; 16] = [
    "stop",
    "source",
    "access",
    "erasure",
    "rectification",
    "restriction",
    "portability",
    "complaint",
    "interested",
    "not_interested",
    "wrong_person",
    "ooo",
    "question",
    "none",
    "machine",
    "human",
];

/// The weights inside the program.
static WEIGHTS: &[u8] = include_bytes!("../../../config/reader/reader.safetensors");

/// A reader ready to judge. Immutable; about 100 MB.
pub struct Learned {
    words: Words,
    encoder: Encoder,
}

impl std::fmt::Debug for Learned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Learned").finish_non_exhaustive()
    }
}

/// What the learned reader thinks of one text.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// A probability for each of [`LABELS`].
    pub says: [f32; LABELS.len()],
    /// For each label the sentence that spoke for it most: bytes of the text.
    pub moved_by: [Range<usize>; LABELS.len()],
}

impl Learned {
    /// The reader that came with the program; made ready once.
    ///
    /// # Errors
    /// What is wrong with the weights; never, unless the program was built with others.
    pub fn shipped() -> Result<&'static Self, String> {
        static SHIPPED: OnceLock<Result<Learned, String>> = OnceLock::new();
        let ready = SHIPPED.get_or_init(|| Self::from_bytes(WEIGHTS));
        ready.as_ref().map_err(Clone::clone)
    }

    /// Reads weights in the safetensors format.
    ///
    /// # Errors
    /// What is missing or of another shape.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let file = weights::File::read(bytes)?;
        if file.labels() != LABELS {
            return Err(format!("the weights judge {:?}", file.labels()));
        }
        Ok(Self {
            words: Words::read(&file)?,
            encoder: Encoder::read(&file)?,
        })
    }

    /// Judges a text; the cost grows with its length up to [`LONGEST`] pieces.
    pub fn judge(&self, text: &str) -> Judgement {
        let mut pieces = self.words.cut(text, 8 * LONGEST);
        if pieces.len() > LONGEST - 2 {
            let tail = pieces.len() - (LONGEST - 2 - HEAD);
            pieces.drain(HEAD..tail);
        }
        let ids: Vec<u32> = pieces.iter().map(|p| p.id).collect();
        let judged = self.encoder.judge(&words::framed(&ids));
        let sentences = sentences(text);
        let mut says = [0.0; LABELS.len()];
        let mut moved_by = std::array::from_fn(|_| 0..0);
        for (label, (logit, parts)) in judged.into_iter().enumerate() {
            says[label] = 1.0 / (1.0 + (-logit).exp());
            // The frame around the text says nothing that could be quoted.
            let parts = parts.get(1..=pieces.len()).unwrap_or_default();
            moved_by[label] = loudest(&sentences, &pieces, parts);
        }
        Judgement { says, moved_by }
    }

    #[cfg(test)]
    fn pieces(&self, text: &str) -> Vec<String> {
        let pieces = self.words.cut(text, usize::MAX);
        pieces
            .iter()
            .map(|p| self.words.piece(p.id).to_owned())
            .collect()
    }
}

/// The sentence whose pieces add the most.
fn loudest(sentences: &[Range<usize>], pieces: &[Piece], parts: &[f32]) -> Range<usize> {
    let mut sums = vec![0.0; sentences.len()];
    for (piece, part) in pieces.iter().zip(parts) {
        let at = sentences.partition_point(|s| s.end <= piece.start);
        if let Some(sum) = sums.get_mut(at) {
            *sum += part;
        }
    }
    let loudest = sums.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    loudest
        .and_then(|(n, _)| sentences.get(n).cloned())
        .unwrap_or(0..0)
}

/// Sentences of a text, as byte ranges in order; a line ends one too.
fn sentences(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut begun, mut closing) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        let ends_here = c == '\n' || (closing && c.is_whitespace());
        closing = matches!(c, '.' | '!' | '?' | '…') || (closing && !c.is_whitespace());
        if ends_here {
            if !text[begun..at].trim().is_empty() {
                found.push(begun..at);
            }
            begun = at;
        }
    }
    if !text[begun..].trim().is_empty() {
        found.push(begun..text.len());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn try_it() {
        let begun = std::time::Instant::now();
        let learned = Learned::shipped().unwrap();
        println!("load {:?}", begun.elapsed());
        let text = std::fs::read_to_string("/tmp/parity.txt").unwrap();
        for line in text.lines() {
            let begun = std::time::Instant::now();
            let j = learned.judge(line);
            println!(
                "{:?} {:?} {:?}",
                begun.elapsed(),
                learned.pieces(line),
                j.says
            );
        }
    }
}
