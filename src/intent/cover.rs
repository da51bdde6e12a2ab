//! Whether one phrase fits wherever another fits: words that the lexicon holds as a part of others, positions side by side.
//!
//! Only what is certain is said; where it would take too long to know, the answer is no. Deliberately absent: what
//! follows from it; that is `clash.rs`.

use super::lexicon::Lexicon;
use super::pattern::Pattern;
use super::vocabulary::Symbol;
use std::collections::HashSet;

/// More pairs of positions are not followed.
const MOST_STATES: usize = 4_000;

/// For each symbol, which others every token that carries it carries too.
pub struct Implied {
    rows: Vec<Option<Vec<u64>>>,
}

impl Implied {
    /// Of a lexicon's vocabulary.
    pub fn of(lexicon: &Lexicon) -> Self {
        let symbols = lexicon.vocabulary.symbols();
        let mut rows: Vec<Option<Vec<u64>>> = vec![None; symbols];
        let shapes = [Symbol::NUMBER, Symbol::ADDRESS, Symbol::DOMAIN];
        for shape in shapes {
            meet(&mut rows, &[shape], &[shape]);
        }
        lexicon
            .vocabulary
            .each_word(|carried, all| meet(&mut rows, carried, all));
        Self { rows }
    }

    /// Whether a token that carries `one` always carries `other`.
    fn implies(&self, one: Symbol, other: Symbol) -> bool {
        if other == Symbol::ANY || one == other {
            return true;
        }
        let row = self.rows.get(one.0 as usize).and_then(Option::as_ref);
        row.is_some_and(|r| r[other.0 as usize / 64] >> (other.0 % 64) & 1 == 1)
    }

    /// Whether any token can carry it.
    fn is_spoken(&self, symbol: Symbol) -> bool {
        symbol == Symbol::ANY
            || self
                .rows
                .get(symbol.0 as usize)
                .is_some_and(Option::is_some)
    }
}

/// The symbols that are `carried` by a word mean `all` of these there; only what is common to all their words is implied.
fn meet(rows: &mut [Option<Vec<u64>>], carried: &[Symbol], all: &[Symbol]) {
    let mut set = vec![0u64; rows.len().div_ceil(64)];
    for symbol in all {
        set[symbol.0 as usize / 64] |= 1 << (symbol.0 % 64);
    }
    for symbol in carried {
        match &mut rows[symbol.0 as usize] {
            Some(row) => row.iter_mut().zip(&set).for_each(|(r, s)| *r &= s),
            row => *row = Some(set.clone()),
        }
    }
}

/// Whether `wide` fits from the same word on, and to the same word or farther, wherever `narrow` fits.
pub fn covers(wide: &Pattern, narrow: &Pattern, implied: &Implied) -> bool {
    let step = |q: usize, open: u128| {
        let symbol = narrow.symbols[q];
        let fits = |a: &usize| implied.implies(symbol, wide.symbols[*a]);
        let fitting = wide.positions(open).filter(fits);
        fitting.fold(0u128, |set, a| set | 1 << a)
    };
    let spoken = |q: &usize| implied.is_spoken(narrow.symbols[*q]);
    let mut seen: HashSet<(usize, u128)> = HashSet::new();
    let firsts = narrow.positions(narrow.first).filter(spoken);
    let mut waiting: Vec<(usize, u128)> = firsts.map(|q| (q, step(q, wide.first))).collect();
    if waiting.is_empty() {
        return false;
    }
    while let Some((q, active)) = waiting.pop() {
        if active == 0 || seen.len() > MOST_STATES {
            return false;
        }
        if narrow.last >> q & 1 == 1 && active & wide.last == 0 {
            return false;
        }
        if !seen.insert((q, active)) {
            continue;
        }
        let open = wide.after(active);
        let nexts = narrow.positions(narrow.follow[q]).filter(spoken);
        waiting.extend(nexts.map(|next| (next, step(next, open))));
    }
    true
}
