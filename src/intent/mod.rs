//! Fresh text becomes a [`Classification`]: which requests, with the words that prove it. "Unsure" rather than a guess.
//!
//! Two readers. The lexicons are exact: `text` (words with their places) → `language` → `hits` (phrases) → `read`, `subject` →
//! `weighing` (traps, negation, what stands for what). The phrases are data, `config/lexicon/<lang>.toml`, read by `sheet`, checked
//! and compiled by `lexicon` with `pattern` and `vocabulary`. The `learned` reader knows what no list holds; `judge` says what of a
//! reply it is asked, `choice` what the quoted mail says of a short answer. `agree` makes one word of both, `beyond` looks once more
//! where nothing was typed, `outcome` says what follows.
//! `eval` scores labelled sets, `trace` tells why. Deliberately absent: files and clocks.

mod agree;
mod alone;
mod asked;
mod beyond;
mod builtin;
mod choice;
mod clash;
mod classification;
mod compile;
mod cover;
pub mod eval;
mod examples;
mod fold;
mod hits;
mod judge;
mod language;
mod learned;
mod lexicon;
mod nearest;
mod nearly;
mod optout;
mod outcome;
mod pattern;
mod question;
mod read;
mod sense;
mod sheet;
mod signs;
mod slip;
mod subject;
mod text;
mod trace;
mod understand;
mod vocabulary;
mod weighing;

pub use builtin::{LEXICONS, alone, builtin, with};
pub use clash::clashes;
pub use classification::{Classification, Evidence, Found, OtherSense, Signal};
pub use examples::astray;
pub use learned::{Judgement, LABELS, Learned};
pub use lexicon::LexiconSource;
pub use outcome::{Thresholds, outcome};
pub use question::Question;
pub use read::Reader;
pub use trace::{Fate, Nearly, Phrase, Seen, Trace};
pub use understand::{Opinions, Said, opinions, trace, understand};
