//! The small language in which a writer says what people write: words, `stem*`, `a|b`, `[perhaps]`, `(this|or that)`,
//! `@class`, `..3` for up to three words of any kind, `<number>`, `<address>`, `<domain>`.
//!
//! A pattern becomes a set of positions and what may follow each (Glushkov's construction), so that matching never
//! goes back and hostile text costs no more than ordinary text. Deliberately absent: regular expressions.

use super::vocabulary::{Symbol, VocabularyBuilder};
use std::collections::HashMap;

/// The tree of a pattern.
#[derive(Clone, Debug)]
pub enum Node {
    /// One token that carries this symbol.
    One(Symbol),
    /// Up to so many tokens of any kind.
    Gap(usize),
    /// One after the other.
    Seq(Vec<Node>),
    /// One of them.
    Alt(Vec<Node>),
    /// It or nothing.
    Maybe(Box<Node>),
}

/// The classes of a lexicon, ready to be used in patterns.
pub type Classes = HashMap<String, Node>;

/// What is wrong with a pattern, and what to do.
pub type Wrong = (String, String);

/// Reads a pattern.
pub fn parse(
    pattern: &str,
    classes: &Classes,
    words: &mut VocabularyBuilder,
) -> Result<Node, Wrong> {
    let mut parser = Parser {
        rest: pattern,
        classes,
        words,
    };
    let node = parser.choice(0)?;
    if !parser.rest.is_empty() {
        return Err(wrong(
            pattern,
            "a bracket closes that was never opened",
            "remove it, or open one before it",
        ));
    }
    Ok(node)
}

fn wrong(pattern: &str, what: &str, fix: &str) -> Wrong {
    (format!("{what} in \"{pattern}\""), fix.to_owned())
}

struct Parser<'a> {
    rest: &'a str,
    classes: &'a Classes,
    words: &'a mut VocabularyBuilder,
}

impl Parser<'_> {
    fn choice(&mut self, depth: usize) -> Result<Node, Wrong> {
        let mut ways = Vec::new();
        loop {
            ways.push(self.sequence(depth)?);
            match self.rest.strip_prefix('|') {
                Some(rest) if depth > 0 => self.rest = rest,
                Some(_) => {
                    return Err(wrong(
                        self.rest,
                        "a | that stands alone",
                        "write a|b without spaces, or (some words|other words)",
                    ));
                }
                None => break,
            }
        }
        Ok(if ways.len() == 1 {
            ways.remove(0)
        } else {
            Node::Alt(ways)
        })
    }

    fn sequence(&mut self, depth: usize) -> Result<Node, Wrong> {
        let mut items = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            match self.rest.chars().next() {
                None | Some(')' | ']' | '|') => break,
                Some(open @ ('(' | '[')) => items.push(self.bracket(open, depth)?),
                Some(_) => items.push(self.word(depth)?),
            }
        }
        if items.is_empty() {
            return Err(wrong(
                self.rest,
                "nothing where words are expected",
                "write at least one word there",
            ));
        }
        Ok(if items.len() == 1 {
            items.remove(0)
        } else {
            Node::Seq(items)
        })
    }

    fn bracket(&mut self, open: char, depth: usize) -> Result<Node, Wrong> {
        if depth > 8 {
            return Err(wrong(
                self.rest,
                "too many brackets inside each other",
                "define a class and use @class",
            ));
        }
        self.rest = &self.rest[1..];
        let inner = self.choice(depth + 1)?;
        let close = if open == '(' { ')' } else { ']' };
        self.rest = self.rest.strip_prefix(close).ok_or_else(|| {
            (
                format!("a {open} that is not closed"),
                format!("add {close} where the part ends"),
            )
        })?;
        Ok(if open == '(' {
            inner
        } else {
            Node::Maybe(Box::new(inner))
        })
    }

    fn word(&mut self, depth: usize) -> Result<Node, Wrong> {
        let end = self
            .rest
            .find(|c: char| c.is_whitespace() || "()[]".contains(c) || (c == '|' && depth > 0))
            .unwrap_or(self.rest.len());
        let (chunk, rest) = self.rest.split_at(end);
        self.rest = rest;
        let mut ways = Vec::new();
        for part in chunk.split('|') {
            ways.push(self.atom(part)?);
        }
        Ok(if ways.len() == 1 {
            ways.remove(0)
        } else {
            Node::Alt(ways)
        })
    }

    fn atom(&mut self, part: &str) -> Result<Node, Wrong> {
        if let Some(name) = part.strip_prefix('@') {
            return self.classes.get(name).cloned().ok_or_else(|| {
                let near = super::nearest::nearest(name, self.classes.keys().map(String::as_str));
                (
                    format!("no class @{name}"),
                    near.map_or(
                        "define it under [classes], above where other classes use it".to_owned(),
                        |n| format!("did you mean @{n}?"),
                    ),
                )
            });
        }
        match part {
            "<number>" => return Ok(Node::One(Symbol::NUMBER)),
            "<address>" => return Ok(Node::One(Symbol::ADDRESS)),
            "<domain>" => return Ok(Node::One(Symbol::DOMAIN)),
            _ => {}
        }
        if let Some(count) = part.strip_prefix("..") {
            return match count.parse() {
                Ok(n) if (1..=12).contains(&n) => Ok(Node::Gap(n)),
                _ => Err((
                    format!("\"{part}\" is no gap"),
                    "write ..1 to ..12: up to so many words of any kind".to_owned(),
                )),
            };
        }
        let (text, stem) = part.strip_suffix('*').map_or((part, false), |t| (t, true));
        let tokens = super::text::Text::of(text).tokens;
        let last = tokens.len().saturating_sub(1);
        let mut nodes: Vec<Node> = tokens
            .iter()
            .enumerate()
            .map(|(n, t)| Node::One(self.words.symbol(&t.folded, stem && n == last)))
            .collect();
        match nodes.len() {
            0 => Err((
                format!("\"{part}\" holds no word"),
                "write letters or digits".to_owned(),
            )),
            1 => Ok(nodes.remove(0)),
            _ => Ok(Node::Seq(nodes)),
        }
    }
}

/// A pattern ready to be matched.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub(super) symbols: Vec<Symbol>,
    pub(super) follow: Vec<u128>,
    pub(super) first: u128,
    pub(super) last: u128,
}

struct Ends {
    nullable: bool,
    first: u128,
    last: u128,
}

impl Pattern {
    /// Builds it; an error if it could match nothing at all, begins with a gap, or is too long.
    pub fn build(node: &Node) -> Result<Self, Wrong> {
        let mut built = Self {
            symbols: Vec::new(),
            follow: Vec::new(),
            first: 0,
            last: 0,
        };
        let ends = built.add(node)?;
        built.first = ends.first;
        built.last = ends.last;
        let gap_first = built
            .positions(ends.first)
            .any(|p| built.symbols[p] == Symbol::ANY);
        if ends.nullable {
            return Err((
                "it is true of any text".to_owned(),
                "at least one word must not stand in [ ]".to_owned(),
            ));
        }
        if gap_first {
            return Err((
                "it begins with a gap".to_owned(),
                "begin with a word".to_owned(),
            ));
        }
        Ok(built)
    }

    pub(super) fn positions(&self, mut set: u128) -> impl Iterator<Item = usize> + use<> {
        std::iter::from_fn(move || {
            (set != 0).then(|| {
                let p = set.trailing_zeros() as usize;
                set &= set - 1;
                p
            })
        })
    }

    fn leaf(&mut self, symbol: Symbol) -> Result<Ends, Wrong> {
        if self.symbols.len() == 128 {
            return Err((
                "it is too long".to_owned(),
                "make two phrases of it, or use fewer words of several words in its classes"
                    .to_owned(),
            ));
        }
        let bit = 1 << self.symbols.len();
        self.symbols.push(symbol);
        self.follow.push(0);
        Ok(Ends {
            nullable: false,
            first: bit,
            last: bit,
        })
    }

    fn link(&mut self, before: &mut Ends, after: &Ends) {
        for p in self.positions(before.last) {
            self.follow[p] |= after.first;
        }
        if before.nullable {
            before.first |= after.first;
        }
        before.last = after.last | if after.nullable { before.last } else { 0 };
        before.nullable &= after.nullable;
    }

    fn add(&mut self, node: &Node) -> Result<Ends, Wrong> {
        let mut ends = Ends {
            nullable: true,
            first: 0,
            last: 0,
        };
        match node {
            Node::One(symbol) => ends = self.leaf(*symbol)?,
            Node::Gap(count) => {
                for _ in 0..*count {
                    let mut one = self.leaf(Symbol::ANY)?;
                    one.nullable = true;
                    self.link(&mut ends, &one);
                }
            }
            Node::Seq(items) => {
                for item in items {
                    let next = self.add(item)?;
                    self.link(&mut ends, &next);
                }
            }
            Node::Alt(ways) => {
                ends.nullable = false;
                for way in ways {
                    let one = self.add(way)?;
                    ends.first |= one.first;
                    ends.last |= one.last;
                    ends.nullable |= one.nullable;
                }
            }
            Node::Maybe(inner) => {
                ends = self.add(inner)?;
                ends.nullable = true;
            }
        }
        Ok(ends)
    }

    /// The symbols that a match can begin with.
    pub fn openings(&self) -> impl Iterator<Item = Symbol> + '_ {
        self.positions(self.first).map(|p| self.symbols[p])
    }

    /// Matches at the beginning of `tokens` (the symbols of each token); the length of the longest match.
    pub fn longest<'a>(&self, tokens: impl Iterator<Item = &'a [Symbol]>) -> Option<usize> {
        self.longest_from(self.first, tokens)
    }

    pub(super) fn longest_from<'a>(
        &self,
        from: u128,
        tokens: impl Iterator<Item = &'a [Symbol]>,
    ) -> Option<usize> {
        let (mut open, mut longest) = (from, None);
        for (n, token) in tokens.enumerate() {
            let active = self.active(open, token);
            if active == 0 {
                break;
            }
            if active & self.last != 0 {
                longest = Some(n + 1);
            }
            open = self.after(active);
        }
        longest
    }

    /// Which of the open positions this token fits.
    pub(super) fn active(&self, open: u128, token: &[Symbol]) -> u128 {
        let mut active = 0u128;
        for p in self.positions(open) {
            if self.symbols[p] == Symbol::ANY || token.contains(&self.symbols[p]) {
                active |= 1 << p;
            }
        }
        active
    }

    pub(super) fn after(&self, active: u128) -> u128 {
        self.positions(active)
            .fold(0, |set, p| set | self.follow[p])
    }
}

/// Which phrases can begin with each symbol.
pub fn openings(phrases: &[(Pattern, usize, usize)], symbols: usize) -> Vec<Vec<u32>> {
    let mut openings = vec![Vec::new(); symbols];
    for (n, (pattern, ..)) in phrases.iter().enumerate() {
        for symbol in pattern.openings() {
            let list: &mut Vec<u32> = &mut openings[symbol.0 as usize];
            if list.last() != Some(&(n as u32)) {
                list.push(n as u32);
            }
        }
    }
    openings
}
