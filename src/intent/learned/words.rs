//! Cuts a text into the pieces of the vocabulary: the most likely cut of each word (a unigram language model, Kudo 2018).

use super::weights::File;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

const START: u32 = 0;
const END: u32 = 2;
const UNKNOWN: u32 = 3;
/// Stands for the space before a word.
const SPACE: char = '▁';
/// A character without a piece costs this much more than the rarest piece.
const UNKNOWN_COST: f64 = 10.0;
/// So many words say in which script a text is written.
const FIRST_WORDS: usize = 200;
/// Characters of a word that are read; what is longer is no word.
const LONGEST_WORD: usize = 200;

/// A piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its number in the vocabulary.
    pub id: u32,
    /// Byte offset of its word in the text.
    pub start: usize,
}

/// The vocabulary.
pub struct Words {
    scores: Vec<f64>,
    numbers: HashMap<&'static str, u32>,
    unknown: f64,
    /// Characters of the longest piece.
    longest: usize,
}

/// The pieces with the marks of the beginning and the end that the encoder was taught.
pub fn framed(ids: &[u32]) -> Vec<u32> {
    let mut framed = Vec::with_capacity(ids.len() + 2);
    framed.push(START);
    framed.extend_from_slice(ids);
    framed.push(END);
    framed
}

impl Words {
    /// Reads the vocabulary.
    pub fn read(file: &File<'static>) -> Result<Self, String> {
        let text = std::str::from_utf8(file.bytes("vocabulary.pieces")?);
        let text = text.map_err(|e| format!("vocabulary.pieces: {e}"))?;
        let pieces: Vec<&str> = text.split('\n').collect();
        let scores: Vec<f64> = file
            .row("vocabulary.scores")?
            .iter()
            .map(|s| f64::from(*s))
            .collect();
        if scores.len() != pieces.len() {
            return Err(format!(
                "{} pieces have {} scores",
                pieces.len(),
                scores.len()
            ));
        }
        let numbers = (0u32..).zip(&pieces).map(|(n, p)| (*p, n)).collect();
        let rarest = scores.iter().copied().fold(0.0, f64::min);
        Ok(Self {
            unknown: rarest - UNKNOWN_COST,
            longest: pieces.iter().map(|p| p.chars().count()).max().unwrap_or(1),
            scores,
            numbers,
        })
    }

    /// The pieces by their numbers.
    #[cfg(test)]
    pub fn pieces(&self) -> HashMap<u32, &str> {
        self.numbers.iter().map(|(p, n)| (*n, *p)).collect()
    }

    /// Cuts a text: all of it, or the beginning and the end of one of more than `most` words.
    pub fn cut(&self, text: &str, most: usize) -> Vec<Piece> {
        let words: Vec<(usize, &str)> = words(text).collect();
        let (head, tail) = if words.len() > most {
            let half = most / 2;
            (&words[..half], &words[words.len() - half..])
        } else {
            (&words[..], &words[..0])
        };
        let mut pieces = Vec::new();
        for (start, word) in head.iter().chain(tail) {
            let folded = std::iter::once(SPACE)
                .chain(word.nfkc().flat_map(char::to_lowercase))
                .take(LONGEST_WORD);
            let letters: Vec<char> = folded.collect();
            // A character that is compatible with a space divides the word after all.
            for part in letters[1..].split(|c| c.is_whitespace()) {
                if !part.is_empty() {
                    let part: Vec<char> =
                        std::iter::once(SPACE).chain(part.iter().copied()).collect();
                    self.word(&part, *start, &mut pieces);
                }
            }
        }
        pieces
    }

    /// Whether a word in ten or more has a letter without a piece: nobody taught how that script or language is written.
    pub fn is_foreign(&self, text: &str) -> bool {
        let (mut all, mut strange) = (0, 0);
        for (_, word) in words(text).take(FIRST_WORDS) {
            let folded = word.nfkc().flat_map(char::to_lowercase).take(LONGEST_WORD);
            let mut letters = folded.filter(|c| c.is_alphabetic()).peekable();
            if letters.peek().is_some() {
                all += 1;
                strange += usize::from(letters.any(|letter| !self.knows(letter)));
            }
        }
        strange > 0 && strange * 10 >= all
    }

    fn knows(&self, letter: char) -> bool {
        let mut bytes = [0; 4];
        let letter: &str = letter.encode_utf8(&mut bytes);
        self.numbers.contains_key(letter)
    }

    /// The most likely cut of one word.
    fn word(&self, letters: &[char], start: usize, pieces: &mut Vec<Piece>) {
        let mut best: Vec<(f64, usize, u32)> =
            vec![(f64::NEG_INFINITY, 0, UNKNOWN); letters.len() + 1];
        best[0].0 = 0.0;
        let mut tried = String::new();
        for from in 0..letters.len() {
            let so_far = best[from].0;
            let unknown = so_far + self.unknown;
            if unknown > best[from + 1].0 {
                best[from + 1] = (unknown, from, UNKNOWN);
            }
            tried.clear();
            for (length, letter) in letters[from..].iter().take(self.longest).enumerate() {
                tried.push(*letter);
                let Some(&id) = self.numbers.get(tried.as_str()) else {
                    continue;
                };
                let score = so_far + self.scores[id as usize];
                let end = &mut best[from + length + 1];
                if score > end.0 || (score == end.0 && end.2 == UNKNOWN) {
                    *end = (score, from, id);
                }
            }
        }
        let first = pieces.len();
        let mut at = letters.len();
        while at > 0 {
            let (_, from, id) = best[at];
            // Characters without a piece that stand side by side are one unknown thing.
            if id != UNKNOWN || pieces[first..].last().is_none_or(|p| p.id != UNKNOWN) {
                pieces.push(Piece { id, start });
            }
            at = from;
        }
        pieces[first..].reverse();
    }
}

/// Words with their byte offsets.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let origin = text.as_ptr() as usize;
    text.split_whitespace()
        .map(move |word| (word.as_ptr() as usize - origin, word))
}
