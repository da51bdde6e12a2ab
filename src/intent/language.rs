//! In which language somebody answers: by the small words that only that language has, weighed by how rare they are.
//!
//! Replies are too short for a general detector, which is asked only for long texts that the small words leave open.

use super::lexicon::Lexicon;
use super::text::{Shape, Text, Token};
use crate::record::Language;
use std::collections::HashMap;

/// Knows the function words of all lexicons.
#[derive(Debug, Default)]
pub struct LanguageGuesser {
    words: HashMap<String, u32>,
}

/// What the words say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guess {
    /// The language, if it is clear.
    pub clear: Option<Language>,
    /// All that it could be; empty means that it could be any.
    pub possible: Vec<Language>,
}

/// A general detector is asked from so many words on.
const LONG: usize = 20;
/// Fewer words prove no language: all lexicons are asked.
const SHORT: usize = 6;

/// Words of this trade that people type in whatever language they speak: a bare "STOP" is nobody's English.
const INTERNATIONAL: [&str; 7] = [
    "stop",
    "unsubscribe",
    "ok",
    "spam",
    "mail",
    "email",
    "newsletter",
];

impl LanguageGuesser {
    /// Of these lexicons' words.
    pub fn of(lexicons: &[Lexicon]) -> Self {
        let mut words: HashMap<String, u32> = HashMap::new();
        for lexicon in lexicons {
            let Some(language) = lexicon.language else {
                continue;
            };
            for word in &lexicon.words {
                *words.entry(word.clone()).or_default() |= 1 << (language as u32);
            }
        }
        Self { words }
    }

    /// Guesses.
    pub fn guess(&self, text: &Text, original: &str) -> Guess {
        let (scores, count) = self.score(text);
        let mut ranked: Vec<(f32, Language)> = Language::ALL
            .iter()
            .map(|l| (scores[*l as usize], *l))
            .filter(|(s, _)| *s > 0.0)
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let Some(&(best, language)) = ranked.first() else {
            return Guess::default();
        };
        let second = ranked.get(1).map_or(0.0, |(s, _)| *s);
        let clear = if best >= 1.0 && best >= second * 1.4 {
            Some(language)
        } else if count >= LONG {
            general(original).filter(|l| scores[*l as usize] > 0.0)
        } else {
            (best >= 0.5 && best >= second * 2.0).then_some(language)
        };
        let possible = if best < 1.0 || count < SHORT {
            Vec::new()
        } else {
            ranked
                .iter()
                .take_while(|(s, _)| *s >= best * 0.45)
                .map(|(_, l)| *l)
                .take(5)
                .collect()
        };
        Guess { clear, possible }
    }

    /// Whether it is a small word of any language.
    pub(super) fn knows(&self, word: &Token) -> bool {
        self.words.contains_key(&word.folded)
    }

    /// How much each language owns of the first words, and how many words there were. A word that several languages
    /// have counts for each by its share.
    fn score(&self, text: &Text) -> ([f32; 32], usize) {
        let mut scores = [0f32; 32];
        let mut count = 0;
        for token in text
            .tokens
            .iter()
            .filter(|t| t.shape == Shape::Word)
            .take(200)
        {
            count += 1;
            if INTERNATIONAL.contains(&token.folded.as_str()) {
                continue;
            }
            let Some(&set) = self.words.get(token.folded.as_str()) else {
                continue;
            };
            let share = 1.0 / set.count_ones() as f32;
            for language in Language::ALL {
                if set & (1 << (*language as u32)) != 0 {
                    scores[*language as usize] += share;
                }
            }
        }
        (scores, count)
    }
}

fn general(text: &str) -> Option<Language> {
    use whatlang::Lang;
    let info = whatlang::detect(text).filter(whatlang::Info::is_reliable)?;
    Some(match info.lang() {
        Lang::Fra => Language::Fr,
        Lang::Eng => Language::En,
        Lang::Deu => Language::De,
        Lang::Spa => Language::Es,
        Lang::Ita => Language::It,
        Lang::Nld => Language::Nl,
        Lang::Por => Language::Pt,
        Lang::Pol => Language::Pl,
        Lang::Swe => Language::Sv,
        Lang::Dan => Language::Da,
        Lang::Nob => Language::No,
        Lang::Fin => Language::Fi,
        Lang::Ces => Language::Cs,
        Lang::Slk => Language::Sk,
        Lang::Ron => Language::Ro,
        Lang::Hun => Language::Hu,
        Lang::Ell => Language::El,
        Lang::Hrv => Language::Hr,
        Lang::Bul => Language::Bg,
        _ => return None,
    })
}
