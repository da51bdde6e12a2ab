//! The learned reader: a small multilingual encoder that generalises where the lexicons end. Local, deterministic, explained
//! by the sentence that moved it most.
//!
//! `weights` reads the one file (made by `tests/training/`), `words` cuts a text into the pieces of its vocabulary, `encoder`
//! (with `product`) turns them into a probability for each label, `seen` remembers the last texts. What follows from them beside the lexicons is `../agree.rs`. Deliberately
//! absent: files (the weights are inside the program) and threads (messages are read side by side, each on one core).

mod encoder;
mod product;
mod seen;
mod weights;
mod words;

use encoder::Encoder;
use seen::Seen;
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

/// A reader ready to judge. Immutable; some 10 MB beside the weights, of which it needs 36 MB.
pub struct Learned {
    words: Words,
    encoder: Encoder,
    seen: Seen,
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

impl Judgement {
    /// The sentence that spoke for a label most.
    pub fn sentence<'t>(&self, label: usize, text: &'t str) -> &'t str {
        text.get(self.moved_by[label].clone()).unwrap_or_default()
    }
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

    /// Reads weights in the safetensors format; the large ones stay where they lie.
    ///
    /// # Errors
    /// What is missing or of another shape.
    pub fn from_bytes(bytes: &'static [u8]) -> Result<Self, String> {
        let file = weights::File::read(bytes)?;
        if file.labels() != LABELS {
            return Err(format!("the weights judge {:?}", file.labels()));
        }
        Ok(Self {
            words: Words::read(&file)?,
            encoder: Encoder::read(&file)?,
            seen: Seen::default(),
        })
    }

    /// Judges a text; the cost grows with its length up to 192 pieces, of which a longer one gives its beginning and its end.
    pub fn judge(&self, text: &str) -> Judgement {
        self.seen.or_judge(text, || self.judge_anew(text))
    }

    fn judge_anew(&self, text: &str) -> Judgement {
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

    /// A text as the training program cut and judged it, in full precision.
    #[derive(serde::Deserialize)]
    struct Taught {
        text: String,
        pieces: Vec<String>,
        says: [f32; LABELS.len()],
    }

    fn taught() -> Vec<Taught> {
        let lines = include_str!("../../../tests/cases/reader/judged.jsonl").lines();
        lines.map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    #[test]
    fn texts_are_cut_and_judged_as_they_were_taught() {
        let learned = Learned::shipped().unwrap();
        let (taught, pieces) = (taught(), learned.words.pieces());
        assert!(taught.len() > 50);
        let mut worst: f32 = 0.0;
        for sample in &taught {
            let cut = learned.words.cut(&sample.text, usize::MAX);
            let cut: Vec<&str> = cut.iter().map(|p| pieces[&p.id]).collect();
            assert_eq!(cut, sample.pieces, "{}", sample.text);
            let judged = learned.judge(&sample.text);
            for (said, should) in judged.says.iter().zip(&sample.says) {
                worst = worst.max((said - should).abs());
            }
            assert_eq!(judged, learned.judge_anew(&sample.text), "twice the same");
        }
        // Eight bits a weight instead of thirty-two.
        assert!(worst < 0.08, "{worst}");
    }

    #[test]
    fn the_sentence_that_asks_is_the_one_that_is_quoted() {
        let text = "Bonjour Monsieur,\nIl fait beau ici. Ne m’écrivez plus jamais, s’il vous plaît.\nBonne journée";
        let judged = Learned::shipped().unwrap().judge(text);
        assert!(judged.says[0] > 0.5, "{:?}", judged.says);
        assert!(judged.sentence(0, text).contains("Ne m’écrivez plus"));
        let nothing = Learned::shipped().unwrap().judge("");
        assert_eq!(nothing.sentence(0, ""), "");
    }

    #[test]
    fn of_a_text_of_any_length_and_script_a_bounded_part_is_judged() {
        let learned = Learned::shipped().unwrap();
        for text in [
            "a".repeat(1_000_000),
            "日本 ".repeat(300_000),
            "\u{fdfa}".repeat(10_000),
        ] {
            // Hundreds of thousands of words are cut into some thousand pieces, of which the encoder sees some.
            let pieces = learned.words.cut(&text, 8 * LONGEST).len();
            assert!((1..50_000).contains(&pieces), "{pieces}");
            assert!(learned.judge(&text).says.iter().all(|p| p.is_finite()));
        }
    }

    #[test]
    fn weights_of_another_shape_are_told_not_believed() {
        assert!(Learned::from_bytes(b"").is_err());
        assert!(Learned::from_bytes(&WEIGHTS[..WEIGHTS.len() / 2]).is_err());
        let mut other = WEIGHTS.to_vec();
        let at = other.windows(4).position(|w| w == b"stop").unwrap();
        other[at] = b'x';
        let why = Learned::from_bytes(other.leak()).unwrap_err();
        assert!(why.contains("xtop"), "{why}");
    }
}
