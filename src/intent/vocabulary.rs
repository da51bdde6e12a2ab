//! The words that a lexicon knows, and which of its rules' symbols a typed word stands for.
//!
//! One sorted list, one binary search for a word among those with its first byte: the greatest entry not after it is the word itself, or begins with
//! every stem that fits it, so that stems are found by following parents. Words that the lexicon lists under `typo`
//! are forgiven one wrong, missing, doubled or transposed letter.

use super::text::{Shape, Token};
use std::collections::{BTreeMap, HashMap};

/// A thing that a pattern can ask of one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Symbol(pub u32);

impl Symbol {
    /// Any token.
    pub const ANY: Self = Self(0);
    /// Digits.
    pub const NUMBER: Self = Self(1);
    /// An e-mail address.
    pub const ADDRESS: Self = Self(2);
    /// A domain or web address.
    pub const DOMAIN: Self = Self(3);
    /// A word that says nothing: please, thanks.
    pub const FILLER: Self = Self(4);
    /// A word that opens a letter: the rest of its line is a name.
    pub const GREETING: Self = Self(5);
    /// A word that refuses what is said beside it: not, never, no.
    pub const NEGATION: Self = Self(6);
    const FREE: u32 = 7;
}

/// Collects the words while a lexicon is read.
#[derive(Debug, Default)]
pub struct VocabularyBuilder {
    known: HashMap<(String, bool), Symbol>,
    entries: BTreeMap<String, [Vec<Symbol>; 2]>,
    next: u32,
}

impl VocabularyBuilder {
    /// The symbol of a folded word, or of all words that begin with it.
    pub fn symbol(&mut self, word: &str, stem: bool) -> Symbol {
        if let Some(symbol) = self.known.get(&(word.to_owned(), stem)) {
            return *symbol;
        }
        let symbol = self.fresh();
        self.known.insert((word.to_owned(), stem), symbol);
        self.mean(word, stem, symbol);
        symbol
    }

    /// A symbol that no word carries yet.
    pub fn fresh(&mut self) -> Symbol {
        self.next += 1;
        Symbol(Symbol::FREE + self.next)
    }

    /// From now on this word (or stem) carries the symbol too.
    pub fn mean(&mut self, word: &str, stem: bool, symbol: Symbol) {
        let entry = self.entries.entry(word.to_owned()).or_default();
        let list = &mut entry[usize::from(stem)];
        if !list.contains(&symbol) {
            list.push(symbol);
        }
    }

    /// Ready to be looked up. `typo` are words or stems that are forgiven a letter.
    pub fn build(self, typo: &[(String, bool)]) -> Vocabulary {
        let mut entries: Vec<Entry> = Vec::with_capacity(self.entries.len());
        let mut open: Vec<usize> = Vec::new();
        for (text, [exact, stem]) in self.entries {
            while open
                .last()
                .is_some_and(|n| !text.starts_with(entries[*n].text.as_str()))
            {
                open.pop();
            }
            let parent = open.last().copied();
            if !stem.is_empty() {
                open.push(entries.len());
            }
            entries.push(Entry {
                text,
                exact,
                stem,
                parent,
            });
        }
        let typo = typo.iter().filter(|(w, _)| w.chars().count() >= 5);
        let begins = |byte: usize| entries.partition_point(|e| first_byte(&e.text) < byte);
        Vocabulary {
            begins: (0..=256).map(begins).collect(),
            keys: entries.iter().map(|e| key(&e.text)).collect(),
            entries,
            typo: typo
                .map(|(w, stem)| Forgiven {
                    chars: w.chars().collect(),
                    word: w.clone(),
                    stem: *stem,
                })
                .collect(),
            symbols: Symbol::FREE + self.next + 1,
        }
    }
}

/// The first eight bytes as a number that is ordered as the words are.
fn key(word: &str) -> u64 {
    let mut eight = [0; 8];
    let many = word.len().min(8);
    eight[..many].copy_from_slice(&word.as_bytes()[..many]);
    u64::from_be_bytes(eight)
}

fn first_byte(word: &str) -> usize {
    word.bytes().next().map_or(0, usize::from)
}

#[derive(Debug)]
struct Entry {
    text: String,
    exact: Vec<Symbol>,
    stem: Vec<Symbol>,
    parent: Option<usize>,
}

#[derive(Debug)]
struct Forgiven {
    chars: Vec<char>,
    word: String,
    stem: bool,
}

/// The words of a lexicon.
#[derive(Debug, Default)]
pub struct Vocabulary {
    entries: Vec<Entry>,
    /// The first eight bytes of each entry: nearly every comparison of a search is settled by them, side by side in memory.
    keys: Vec<u64>,
    /// Where the entries with each first byte begin, and where the last end: words and their stems share it.
    begins: Vec<usize>,
    typo: Vec<Forgiven>,
    symbols: u32,
}

impl Vocabulary {
    /// How many symbols there are.
    pub fn symbols(&self) -> usize {
        self.symbols as usize
    }

    /// The words that carry a symbol, without accents; `relanc*` are all that begin so.
    pub fn words_of(&self, symbol: Symbol) -> impl Iterator<Item = String> + '_ {
        let shape = match symbol {
            Symbol::NUMBER => Some("<number>"),
            Symbol::ADDRESS => Some("<address>"),
            Symbol::DOMAIN => Some("<domain>"),
            _ => None,
        };
        let named = self.entries.iter().filter_map(move |e| {
            let word = e.exact.contains(&symbol).then(|| e.text.clone());
            word.or_else(|| e.stem.contains(&symbol).then(|| format!("{}*", e.text)))
        });
        shape.map(str::to_owned).into_iter().chain(named)
    }

    /// Tells of each word or stem which symbols it brings, and all that a token which fits it carries for certain.
    pub fn each_word(&self, mut each: impl FnMut(&[Symbol], &[Symbol])) {
        for entry in &self.entries {
            let mut all = entry.stem.clone();
            let mut above = entry.parent;
            while let Some(n) = above {
                let parent = &self.entries[n];
                all.extend(
                    parent
                        .stem
                        .iter()
                        .filter(|_| entry.text.starts_with(&parent.text)),
                );
                above = parent.parent;
            }
            if !entry.stem.is_empty() {
                each(&entry.stem, &all);
            }
            if !entry.exact.is_empty() {
                all.extend(&entry.exact);
                each(&entry.exact, &all);
            }
        }
    }

    /// Adds the symbols of a token to a list.
    pub fn look_up(&self, token: &Token, out: &mut Vec<Symbol>) {
        match token.shape {
            Shape::Number => out.push(Symbol::NUMBER),
            Shape::Address => return out.push(Symbol::ADDRESS),
            Shape::Domain => return out.push(Symbol::DOMAIN),
            Shape::Word | Shape::Sign => {}
        }
        if !self.find(&token.folded, out) && token.shape == Shape::Word && token.folded.len() >= 5 {
            self.forgive(&token.folded, out);
        }
    }

    fn find(&self, word: &str, out: &mut Vec<Symbol>) -> bool {
        let first = first_byte(word);
        let (Some(start), Some(end)) = (self.begins.get(first), self.begins.get(first + 1)) else {
            return false;
        };
        let sought = key(word);
        let keys = &self.keys[*start..*end];
        let less = start + keys.partition_point(|k| *k < sought);
        let rest = self.keys[less..*end].iter();
        let same = rest.take_while(|k| **k == sought).count();
        let entries = &self.entries[less..less + same];
        let after = less + entries.partition_point(|e| e.text.as_str() <= word);
        let mut next = after.checked_sub(1).filter(|n| n >= start);
        let mut found = false;
        while let Some(n) = next {
            let entry = &self.entries[n];
            if entry.text == word {
                out.extend_from_slice(&entry.exact);
                found = true;
            }
            if !entry.stem.is_empty() && word.starts_with(entry.text.as_str()) {
                out.extend_from_slice(&entry.stem);
                found = true;
            }
            next = entry.parent;
        }
        found
    }

    fn forgive(&self, word: &str, out: &mut Vec<Symbol>) {
        let Some(initial) = word.chars().next() else {
            return;
        };
        let mut letters: Vec<char> = Vec::new();
        let same_initial = |k: &&Forgiven| k.chars.first() == Some(&initial);
        for key in self.typo.iter().filter(same_initial) {
            if letters.is_empty() {
                letters.extend(word.chars());
            }
            if letters.len() < key.chars.len() - 1 {
                continue;
            }
            let typed = &letters[..letters.len().min(key.chars.len() + 2)];
            let mut lengths = if key.stem {
                key.chars.len() - 1..=typed.len().min(key.chars.len() + 1)
            } else {
                typed.len()..=typed.len()
            };
            if lengths.any(|n| one_letter_apart(&typed[..n], &key.chars)) {
                self.find(&key.word, out);
            }
        }
    }
}

/// One letter replaced, missing, too many, or two neighbours exchanged.
fn one_letter_apart(a: &[char], b: &[char]) -> bool {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    match (a.len(), b.len()) {
        (0, 0) | (1, 0) | (0, 1) | (1, 1) => true,
        (2, 2) => a[0] == b[1] && a[1] == b[0],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(vocabulary: &Vocabulary, word: &str) -> Vec<Symbol> {
        let mut out = Vec::new();
        for token in crate::intent::text::Text::of(word).tokens {
            vocabulary.look_up(&token, &mut out);
        }
        out
    }

    #[test]
    fn a_word_finds_itself_and_every_stem_of_it() {
        let mut builder = VocabularyBuilder::default();
        let des = builder.symbol("des", true);
        let stem = builder.symbol("desinscri", true);
        let exact = builder.symbol("desinscrire", false);
        builder.symbol("desir", false);
        let built = builder.build(&[]);
        assert_eq!(found(&built, "désinscrire"), [exact, stem, des]);
        assert_eq!(found(&built, "désinscrivez"), [stem, des]);
        assert_eq!(found(&built, "desirons"), [des]);
    }

    #[test]
    fn words_that_begin_with_the_same_eight_bytes_or_are_shorter_are_told_apart() {
        let mut builder = VocabularyBuilder::default();
        let mut word = |text: &str, stem| builder.symbol(text, stem);
        let [short, eight, stem] = [("un", false), ("unsubscr", false), ("unsubscri", true)]
            .map(|(text, stem)| word(text, stem));
        let [be, bed, dash] = ["unsubscribe", "unsubscribed", "unsubscrit"].map(|w| word(w, false));
        let built = builder.build(&[]);
        for (typed, wanted) in [
            ("un", vec![short]),
            ("uns", vec![]),
            ("unsubscr", vec![eight]),
            ("unsubscra", vec![]),
            ("unsubscribe", vec![be, stem]),
            ("unsubscribed", vec![bed, stem]),
            ("unsubscribes", vec![stem]),
            ("unsubscrit", vec![dash, stem]),
            ("unsubscrz", vec![]),
            ("vn", vec![]),
        ] {
            assert_eq!(found(&built, typed), wanted, "{typed}");
        }
    }

    #[test]
    fn one_wrong_letter_in_a_long_key_word_is_forgiven() {
        let mut builder = VocabularyBuilder::default();
        let stem = builder.symbol("desinscri", true);
        let word = builder.symbol("unsubscribe", false);
        let built = builder.build(&[("desinscri".into(), true), ("unsubscribe".into(), false)]);
        assert_eq!(found(&built, "desincrire"), [stem]);
        assert_eq!(found(&built, "desinscirvez"), [stem]);
        assert_eq!(found(&built, "unsuscribe"), [word]);
        assert_eq!(found(&built, "unsubscribers"), []);
    }
}
