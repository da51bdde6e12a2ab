//! Matching with one element of a phrase left out, or another word in its place.

use super::pattern::Pattern;
use super::vocabulary::Symbol;

/// A phrase that fits but for one element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// How many tokens it covers.
    pub length: usize,
    /// What the missing element could have been.
    pub missing: Vec<Symbol>,
    /// Which of these tokens carry a word of the phrase.
    pub kept: Vec<usize>,
}

impl Pattern {
    /// The way to match the beginning of `tokens` with one element missing that keeps most words.
    pub fn all_but_one(&self, tokens: &[&[Symbol]]) -> Option<Slip> {
        let mut best: Option<Slip> = None;
        let mut open = self.first;
        for n in 0..=tokens.len() {
            for p in self
                .positions(open)
                .filter(|p| self.symbols[*p] != Symbol::ANY)
            {
                for length in self.without(p, n, tokens) {
                    self.keep(&mut best, self.symbols[p], length, tokens);
                }
            }
            let Some(token) = tokens.get(n) else { break };
            let active = self.active(open, token);
            if active == 0 {
                break;
            }
            open = self.after(active);
        }
        best
    }

    /// The lengths of the matches in which position `p`, which is open at token `n`, fits nothing, or a word that is not its.
    fn without(&self, p: usize, n: usize, tokens: &[&[Symbol]]) -> impl Iterator<Item = usize> {
        let at_the_end = (n > 0 && self.last & (1 << p) != 0).then_some(n);
        // What begins with a gap would begin anywhere.
        let is_word = |q: &usize| n > 0 || self.symbols[*q] != Symbol::ANY;
        let next = self.positions(self.follow[p]).filter(is_word);
        let next = next.fold(0u128, |set, q| set | 1 << q);
        let rest = |from: usize| {
            let tokens = tokens.get(from..)?.iter().copied();
            self.longest_from(next, tokens).map(|l| from + l)
        };
        let replaced = (n > 0).then(|| rest(n + 1)).flatten();
        [at_the_end, rest(n), replaced].into_iter().flatten()
    }

    fn keep(&self, best: &mut Option<Slip>, missing: Symbol, length: usize, tokens: &[&[Symbol]]) {
        let is_word = |n: &usize| {
            let fits = |s: &Symbol| *s != Symbol::ANY && self.symbols.contains(s);
            tokens[*n].iter().any(fits)
        };
        let kept: Vec<usize> = (0..length).filter(is_word).collect();
        match best {
            Some(found) if found.kept == kept && found.length == length => {
                if !found.missing.contains(&missing) {
                    found.missing.push(missing);
                }
            }
            Some(found) if found.kept.len() >= kept.len() => {}
            _ => {
                *best = Some(Slip {
                    length,
                    missing: vec![missing],
                    kept,
                });
            }
        }
    }
}
