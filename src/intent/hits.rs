//! Which phrases of which lexicons stand in a text, and where.
//!
//! Each phrase is tried only where a word with which it can begin stands, so the cost grows with the text, not with
//! the lexicons. Deliberately absent: what a hit means beside others; that is `weighing.rs`.

use super::lexicon::{Lexicon, Place, Rule};
use super::pattern::Pattern;
use super::text::{Text, Token};
use super::vocabulary::Symbol;
use std::ops::Range;

/// A phrase found.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'r> {
    /// Its rule.
    pub rule: &'r Rule,
    /// Its lexicon.
    pub lexicon: &'r Lexicon,
    /// Which phrase of the rule, from 1.
    pub number: usize,
    /// First and last token.
    pub first: usize,
    /// Inclusive.
    pub last: usize,
    /// Whose word of refusal stands in it.
    pub refusal: Refusal,
}

/// What a word for "not" in a phrase does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// There is none.
    None,
    /// It stands between the words of the phrase and takes it back: "slet ikke mine oplysninger".
    TakesBack,
    /// It is the phrase's own, and what is asked: "schreiben Sie nicht mehr", "ne souhaite pas être contacté".
    IsAsked,
}

impl Hit<'_> {
    /// Whether they share a token.
    pub fn overlaps(&self, other: &Hit<'_>) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// Whether this is longer and holds all of the other.
    pub fn exceeds(&self, other: &Hit<'_>) -> bool {
        self.first <= other.first
            && self.last >= other.last
            && self.last - self.first > other.last - other.first
    }
}

/// The symbols of each token of a text in one lexicon.
pub struct Symbols {
    flat: Vec<Symbol>,
    ends: Vec<usize>,
}

impl Symbols {
    /// Looks all tokens up.
    pub fn of(text: &Text, lexicon: &Lexicon) -> Self {
        let mut flat = Vec::with_capacity(text.tokens.len() * 3);
        let ends = text.tokens.iter().map(|t| {
            lexicon.vocabulary.look_up(t, &mut flat);
            flat.len()
        });
        let ends = ends.collect();
        Self { flat, ends }
    }

    /// Those of one token.
    pub fn at(&self, n: usize) -> &[Symbol] {
        let start = n.checked_sub(1).map_or(0, |p| self.ends[p]);
        &self.flat[start..self.ends[n]]
    }
}

/// Why a hit does not stand where its rule wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Astray {
    /// Its sentence asks nothing.
    Question,
    /// Something stands before it.
    Start,
    /// Something stands after it.
    End,
    /// Its clause says more.
    Clause,
    /// The reply says more.
    Whole,
    /// Its words in this subject are not the writer's.
    Subject,
}

/// Each hit is weighed beside each other, so there is an end; nobody's reply comes near it, and one that does is for a human.
pub const MOST_HITS: usize = 2_000;

/// All hits of some lexicons, at most [`MOST_HITS`]; those that do not stand where their rule wants them are only told to `astray`.
pub fn find<'r>(
    text: &Text,
    lexicons: &[&'r Lexicon],
    mut astray: impl FnMut(&Hit<'r>, Astray),
) -> Vec<Hit<'r>> {
    let symbols: Vec<Symbols> = lexicons.iter().map(|l| Symbols::of(text, l)).collect();
    let loud = Loud::of(&quiet(text, &symbols));
    let mut hits = Vec::new();
    // In which turn each phrase was tried last: one word may carry several of the symbols that open it.
    let most = lexicons.iter().map(|l| l.phrases.len()).max();
    let (mut tried, mut turn) = (vec![0u32; most.unwrap_or_default()], 0);
    for (lexicon, symbols) in lexicons.iter().zip(&symbols) {
        for first in 0..text.tokens.len() {
            turn += 1;
            for symbol in symbols.at(first) {
                for &n in lexicon.opened_by(*symbol) {
                    let (pattern, rule, number) = &lexicon.phrases[n as usize];
                    if std::mem::replace(&mut tried[n as usize], turn) == turn {
                        continue;
                    }
                    let sentence = text.tokens[first].sentence;
                    let tokens = (first..text.tokens.len())
                        .take_while(|i| text.tokens[*i].sentence == sentence)
                        .map(|i| symbols.at(i));
                    let Some(length) = pattern.longest(tokens) else {
                        continue;
                    };
                    let hit = Hit {
                        rule: &lexicon.rules[*rule],
                        lexicon,
                        number: *number,
                        first,
                        last: first + length - 1,
                        refusal: refusal(pattern, text, symbols, first..first + length),
                    };
                    if hits.len() >= MOST_HITS {
                        return hits;
                    }
                    match misplaced(text, &loud, &hit) {
                        None => hits.push(hit),
                        Some(why) => astray(&hit, why),
                    }
                }
            }
        }
    }
    hits
}

/// What a word of refusal does in a phrase. One before a comma takes back nothing that is asked behind it ("mis datos no les
/// pertenecen, elimínenlos"), nor the other way round.
fn refusal(pattern: &Pattern, text: &Text, symbols: &Symbols, words: Range<usize>) -> Refusal {
    let is_one_clause = text.tokens[words.start].clause == text.tokens[words.end - 1].clause;
    let is_own = |n: usize| symbols.at(n).iter().any(|s| pattern.symbols.contains(s));
    let mut said = words.filter(|n| symbols.at(*n).contains(&Symbol::NEGATION));
    match said.next() {
        None => Refusal::None,
        Some(first) if is_own(first) || said.any(is_own) => Refusal::IsAsked,
        Some(_) if is_one_clause => Refusal::TakesBack,
        Some(_) => Refusal::None,
    }
}

/// Tokens that say nothing: fillers, and a greeting with the name after it.
pub fn quiet(text: &Text, symbols: &[Symbols]) -> Vec<bool> {
    let mut quiet = vec![false; text.tokens.len()];
    for symbols in symbols {
        let mut greeted = None;
        for (n, token) in text.tokens.iter().enumerate() {
            let carried = symbols.at(n);
            let opens = n == 0 || text.tokens[n - 1].clause != token.clause;
            if carried.contains(&Symbol::GREETING) && (opens || quiet[n - 1]) {
                greeted = Some((n, token.clause));
            }
            let named = greeted.is_some_and(|(g, clause)| clause == token.clause && n - g <= 4);
            quiet[n] |=
                carried.contains(&Symbol::FILLER) || carried.contains(&Symbol::GREETING) || named;
        }
    }
    quiet
}

/// The words of a text that say something, in whatever language it is.
pub fn loud<'t>(text: &'t Text, lexicons: &[Lexicon]) -> impl Iterator<Item = &'t Token> + use<'t> {
    let symbols: Vec<Symbols> = lexicons.iter().map(|l| Symbols::of(text, l)).collect();
    let quiet = quiet(text, &symbols);
    let each = text.tokens.iter().zip(quiet);
    each.filter(|(_, quiet)| !quiet).map(|(token, _)| token)
}

/// Longer texts say something.
const SILENT: usize = 16;
/// Two words that are no name may point elsewhere: "see subject".
const POINTERS: usize = 2;

/// Whether a text says nothing: greetings, closings, a name, and perhaps two words that point elsewhere.
pub fn is_silent(text: &Text, original: &str, lexicons: &[Lexicon]) -> bool {
    if text.tokens.len() > SILENT {
        return false;
    }
    let is_name = |token: &&Token| {
        let mut typed = original.get(token.start..token.end).unwrap_or("").chars();
        typed.next().is_some_and(char::is_uppercase)
    };
    let (names, others): (Vec<&Token>, Vec<&Token>) = loud(text, lexicons).partition(is_name);
    names.len() <= NAME && others.len() <= POINTERS
}

/// A signature may follow a reply that is otherwise one phrase.
const NAME: usize = 3;

/// How many tokens before each place say something; of a text that says `n`, the last entry is `n`.
struct Loud(Vec<usize>);

impl Loud {
    fn of(quiet: &[bool]) -> Self {
        let mut loud = Vec::with_capacity(quiet.len() + 1);
        loud.push(0);
        for quiet in quiet {
            loud.push(loud.last().copied().unwrap_or(0) + usize::from(!quiet));
        }
        Self(loud)
    }

    /// From one token to another, exclusive.
    fn between(&self, from: usize, to: usize) -> usize {
        self.0[to] - self.0[from]
    }
}

fn misplaced(text: &Text, loud: &Loud, hit: &Hit<'_>) -> Option<Astray> {
    let tokens = &text.tokens;
    let sentence = tokens[hit.first].sentence;
    if hit.rule.question && !text.asks.get(sentence).copied().unwrap_or(false) {
        return Some(Astray::Question);
    }
    let own = loud.between(hit.first, hit.last + 1);
    match hit.rule.place {
        Place::Anywhere => None,
        Place::Start => {
            let begin = tokens.partition_point(|t| t.sentence < sentence);
            (loud.between(begin, hit.first) > 0).then_some(Astray::Start)
        }
        Place::End => {
            let end = tokens.partition_point(|t| t.sentence <= sentence);
            (loud.between(hit.last + 1, end) > 0).then_some(Astray::End)
        }
        Place::Clause | Place::Whole => {
            let (a, b) = (tokens[hit.first].clause, tokens[hit.last].clause);
            let begin = tokens.partition_point(|t| t.clause < a);
            let end = tokens.partition_point(|t| t.clause <= b);
            let spoken = loud.between(begin, end) - own;
            let rest = loud.between(0, tokens.len()) - own;
            match hit.rule.place {
                Place::Whole if spoken > 0 || rest > NAME => Some(Astray::Whole),
                _ if spoken > 0 => Some(Astray::Clause),
                _ => None,
            }
        }
    }
}
