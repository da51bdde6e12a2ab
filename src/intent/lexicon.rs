//! One language's rules, as they stand in `config/lexicon/<lang>.toml`, ready to be matched; `compile.rs` makes them.
//!
//! Deliberately absent: what a match leads to; rules only say "this phrase, this meaning", and `weighing.rs` weighs them.

use super::pattern::Pattern;
use super::sheet::TestSheet;
use super::vocabulary::{Symbol, Vocabulary};
use crate::record::{Language, RequestKind, Stance};

/// A lexicon as a file: its path as people know it, and its text.
#[derive(Clone, Debug)]
pub struct LexiconSource<'a> {
    /// Shown in faults.
    pub path: &'a str,
    /// TOML.
    pub text: &'a str,
}

/// What a rule means.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Somebody asks this.
    Request(RequestKind),
    /// How they stand to the business.
    Stance(Stance),
    /// A human must see it: the reason, and whether even without a request.
    Human(String, bool),
    /// Strong words that no other rule explains.
    Unsure,
    /// The words have another sense here.
    Trap(Reach),
}

/// How far a trap explains words away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// What it overlaps.
    Words,
    /// Its whole sentence.
    Sentence,
    /// The whole reply.
    Text,
}

/// Where a phrase must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Anywhere in a sentence.
    Anywhere,
    /// It begins its sentence (after fillers).
    Start,
    /// It ends its sentence (before fillers).
    End,
    /// Its clause says nothing else.
    Clause,
    /// The fresh text says (nearly) nothing else.
    Whole,
}

/// A rule, apart from its phrases.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `fr.stop.imperative`.
    pub name: String,
    /// What it means.
    pub effect: Effect,
    /// Where.
    pub place: Place,
    /// 0 to 1.
    pub sure: f32,
    /// Traps: the kinds that it explains away; empty means all.
    pub explains: Vec<RequestKind>,
    /// Traps: it says no to what its words ask, so a longer phrase around it asks nothing either.
    pub negates: bool,
    /// Requests: kinds found in the same sentence that this one stands in for.
    pub beats: Vec<RequestKind>,
    /// A reason for a human, with the request.
    pub human: Option<String>,
    /// Only in a question.
    pub question: bool,
}

/// A phrase as a person wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// `ne|n @me @contact plus`.
    pub text: String,
    /// Its line in the file, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
}

/// A lexicon ready to be matched.
#[derive(Debug)]
pub struct Lexicon {
    /// `None` for words that every language borrows.
    pub language: Option<Language>,
    /// Folded function words.
    pub words: Vec<String>,
    /// The words it knows.
    pub vocabulary: Vocabulary,
    /// The rules.
    pub rules: Vec<Rule>,
    /// Pattern, rule, number of the phrase in its rule from 1.
    pub phrases: Vec<(Pattern, usize, usize)>,
    /// The file, as people know it.
    pub path: String,
    /// Each of `phrases` as it was written.
    pub written: Vec<Written>,
    /// Its classes, each with the symbol that its single words carry.
    pub classes: Vec<(Symbol, String)>,
    /// Phrases by the symbol that they can begin with.
    pub openings: Vec<Vec<u32>>,
    /// How a quoted footer says "this answer is an opt-out".
    pub optout: Vec<Pattern>,
    /// Answers that say yes and nothing else.
    pub yes: Vec<Pattern>,
    /// Answers that say no and nothing else.
    pub no: Vec<Pattern>,
    /// How a mail offers to stop: a yes to it is an opt-out.
    pub asks_to_stop: Vec<Pattern>,
    /// How a mail asks whether it may go on: a no to it is an opt-out.
    pub asks_to_go_on: Vec<Pattern>,
    /// Examples, verified when all lexicons are loaded.
    pub(crate) tests: Vec<TestSheet>,
}

impl Lexicon {
    /// The phrases that can begin with a symbol.
    pub(super) fn opened_by(&self, symbol: Symbol) -> &[u32] {
        let phrases = self.openings.get(symbol.0 as usize);
        phrases.map_or(&[], Vec::as_slice)
    }
}
