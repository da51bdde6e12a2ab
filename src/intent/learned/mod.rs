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

/// Pieces that are looked at together; of a longer text its beginning and its end, and its middle by itself.
pub const LONGEST: usize = 192;
/// Pieces between the two marks of the frame.
const MOST: usize = LONGEST - 2;
/// How much of a text that is too long is its beginning.
const HEAD: usize = MOST * 2 / 3;
/// The middle of a long text is looked at by itself, from so many pieces before the end of the beginning on: half of a sentence
/// says little.
const BEFORE: usize = 30;
/// So often at most, each time from as many pieces later on as a beginning has: some 250 words in all.
const LOOKS: usize = 2;
/// What a part alone says counts with this much less, in log-odds: it lacks what stands around it. Of 27 long letters 13 had a kind
/// that was missed without these looks, and one with them (tests/training/README.md).
const LESS: f32 = 1.0;
/// And never for more: a right that no lexicon hears beside it is for a human then, and not done.
const PART: f32 = 0.93;

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

/// The first label in [`LABELS`] that is no kind, and two more places there.
const STANCES: usize = 8;
const NONE: usize = 13;
const HUMAN: usize = 15;

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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// A probability for each of [`LABELS`].
    pub says: [f32; LABELS.len()],
    /// For each label the sentence that spoke for it most: bytes of the text.
    pub moved_by: [Range<usize>; LABELS.len()],
    /// The sentences of a long text of which it did not see all: bytes of the text. Empty if it saw everything.
    pub unread: Range<usize>,
    /// The text is in a script or a language of which it was taught next to nothing.
    pub is_foreign: bool,
    /// The text has hardly a word beside its greeting; set by who asks.
    pub is_terse: bool,
}

impl Judgement {
    /// Whether words of the text stand in a sentence of which it did not see all.
    pub fn missed(&self, words: &Range<usize>) -> bool {
        words.start < self.unread.end && self.unread.start < words.end
    }

    /// Takes what a part of the text says, where it hears a kind or a reason for a human that the rest does not say as plainly.
    fn hear(&mut self, mut part: Self) {
        for label in (0..STANCES).chain([HUMAN]) {
            let said = part.says[label];
            // Less by so many log-odds.
            let counts = (said / (said + (1.0 - said) * LESS.exp())).min(PART);
            if counts <= self.says[label] {
                continue;
            }
            self.says[label] = counts;
            self.moved_by[label] = std::mem::take(&mut part.moved_by[label]);
            if label < STANCES {
                self.says[NONE] = self.says[NONE].min(part.says[NONE]);
            }
        }
    }

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

    /// Judges a text; the cost grows with its length up to 192 pieces; a longer one is looked at twice or three times, and not all of it.
    pub fn judge(&self, text: &str) -> Judgement {
        self.seen.or_judge(text, || self.judge_anew(text))
    }

    fn judge_anew(&self, text: &str) -> Judgement {
        let pieces = self.words.cut(text, 8 * LONGEST);
        let sentences = sentences(text);
        let mut judged = match pieces.len() <= MOST {
            true => self.look(&pieces, &sentences),
            false => self.look_again(&pieces, &sentences),
        };
        judged.is_foreign = self.words.is_foreign(text);
        judged
    }

    /// A long text: its beginning with its end, and its middle by itself.
    fn look_again(&self, pieces: &[Piece], sentences: &[Range<usize>]) -> Judgement {
        let tail = pieces.len() - (MOST - HEAD);
        let ends = [&pieces[..HEAD], &pieces[tail..]].concat();
        let mut judged = self.look(&ends, sentences);
        let mut read = HEAD;
        for n in 0..LOOKS {
            let begin = HEAD - BEFORE + n * HEAD;
            if read < tail {
                read = (begin + MOST).min(pieces.len());
                judged.hear(self.look(&pieces[begin..read], sentences));
            }
        }
        if read < tail {
            judged.unread = whole(sentences, pieces[read].start..pieces[tail].start);
        }
        judged
    }

    /// One look at no more than [`MOST`] pieces.
    fn look(&self, pieces: &[Piece], sentences: &[Range<usize>]) -> Judgement {
        let ids: Vec<u32> = pieces.iter().map(|p| p.id).collect();
        let said = self.encoder.judge(&words::framed(&ids));
        let mut judged = Judgement::default();
        for (label, (logit, parts)) in said.into_iter().enumerate() {
            judged.says[label] = 1.0 / (1.0 + (-logit).exp());
            // The frame around the text says nothing that could be quoted.
            let parts = parts.get(1..=pieces.len()).unwrap_or_default();
            judged.moved_by[label] = loudest(sentences, pieces, parts);
        }
        judged
    }
}

/// A part of a text with all of the sentences in which it begins and ends; nothing stays nothing.
fn whole(sentences: &[Range<usize>], part: Range<usize>) -> Range<usize> {
    let mut touched = (sentences.iter()).filter(|s| s.start < part.end && part.start < s.end);
    match touched.next() {
        Some(first) => first.start..touched.next_back().unwrap_or(first).end,
        None => part,
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
    fn of_a_long_text_the_sentences_that_are_not_seen_are_known() {
        let learned = Learned::shipped().unwrap();
        let (before, after) = (
            "Il fait beau à Lyon. ".repeat(40),
            " Tout va bien ici.".repeat(40),
        );
        let (before, after) = (before.repeat(2), after.repeat(2));
        let text = format!("{before}Retirez-moi de votre liste.{after}");
        let judged = learned.judge(&text);
        let at = before.len();
        assert!(judged.missed(&(at..at + 10)), "{:?}", judged.unread);
        assert!(!judged.missed(&(0..10)), "{:?}", judged.unread);
        assert!(
            !learned
                .judge("Retirez-moi de votre liste.")
                .missed(&(0..10))
        );
        assert_eq!(whole(&[0..5, 5..9, 9..12], 6..10), 5..12);
    }

    #[test]
    fn the_middle_of_a_long_text_is_heard() {
        let learned = Learned::shipped().unwrap();
        let (before, after) = (
            "Il fait beau à Lyon aujourd’hui. ".repeat(16),
            " Tout va bien ici depuis lundi.".repeat(16),
        );
        let asked = "Retirez-moi de votre liste et ne m’écrivez plus.";
        let text = format!("{before}{asked}{after}");
        assert!(learned.words.cut(&text, usize::MAX).len() > MOST);
        let judged = learned.judge(&text);
        // Between so much that is about nothing it is not sure; a human looks from a quarter on.
        assert!(judged.says[0] > 0.25, "{:?}", judged.says);
        assert_eq!(judged.sentence(0, &text).trim(), asked);
        assert!(!judged.missed(&(before.len()..before.len() + asked.len())));
        let nothing = learned.judge(&format!("{before}{after}"));
        assert!(nothing.says[0] < 0.1, "{:?}", nothing.says);
        assert_eq!(
            [LABELS[STANCES - 1], LABELS[NONE], LABELS[HUMAN]],
            ["complaint", "none", "human"]
        );
    }

    #[test]
    fn a_part_is_heard_where_it_is_plainer_and_is_never_sure() {
        let says = |access: f32, none: f32| {
            let mut judged = Judgement::default();
            (judged.says[2], judged.says[NONE]) = (access, none);
            judged
        };
        let mut whole = says(0.1, 0.9);
        whole.hear(says(0.9999, 0.2));
        assert_eq!((whole.says[2], whole.says[NONE]), (PART, 0.2));
        let mut surer = says(0.97, 0.1);
        surer.hear(says(0.98, 0.9));
        assert_eq!(surer, says(0.97, 0.1), "less counts for less");
    }

    #[test]
    fn a_script_that_was_not_taught_is_foreign() {
        let learned = Learned::shipped().unwrap();
        for foreign in ["네, 관심 있습니다.", "تم الاستلام", "Cảm ơn, đã nhận."]
        {
            assert!(learned.judge(foreign).is_foreign, "{foreign}");
        }
        for known in [
            "Ακόμα ένα",
            "Изпратете ми данните",
            "Größe, œuvre, ő, ț 😀",
            "",
            "…",
        ] {
            assert!(!learned.judge(known).is_foreign, "{known}");
        }
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
