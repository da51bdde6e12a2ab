//! A short answer to which the quoted mail gives a meaning: "3" below "1 = call me, 2 = later, 3 = leave me alone".
//!
//! The only use of quoted text (corpus convention 5): it says what a word stands for that the person sent alone. It never
//! creates a request by itself. Only a word that the mail sets apart is explained (in capitals or quotation marks, behind a colon,
//! before a "=", a number of a list): a "merci" is not what "merci de répondre STOP pour ne plus recevoir" explains.

use super::lexicon::Lexicon;
use super::question::Question;
use super::signs;
use super::text::{Shape, Text, Token};
use super::vocabulary::Symbol;
use crate::mail::earlier;
use std::ops::Range;

/// Longer answers speak for themselves.
const ALONE: usize = 4;
/// Nor is what goes on behind a choice longer than this, with the choice.
const GOES_ON: usize = 12;
/// A word that stands in more places than these is explained by none of them.
const PLACES: usize = 40;
/// So many explanations are heard.
const MEANINGS: usize = 3;
/// Words behind a choice that explain it; fewer are an "or".
const EXPLAINS: usize = 2;
/// A number of a list is not larger; years and prices are.
const DIGITS: usize = 2;

/// Words before a number or letter that only say that it is a choice, folded.
const LEADS: &[&str] = &[
    "le", "la", "el", "il", "lo", "o", "a", "the", "die", "der", "das", "de", "het", "nr", "no",
    "n", "num", "numero", "nummer", "numer", "number", "option", "opcion", "opcao", "opzione",
    "optie", "choix", "punkt", "point", "answer", "reponse",
];

/// What the quoted mail says of the answer.
pub struct Choice {
    quoted: String,
    /// The quoted mail in words.
    pub text: Text,
    /// The words that explain the answer, wherever it stands: tokens of `text`.
    pub scopes: Vec<Range<usize>>,
    /// Whether the mail sets it apart; else it only stands there, like the "no" of "yes or no?".
    pub is_apart: bool,
}

/// What sets a choice apart from the words around it, so that others of a list look the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Letter,
    Sign,
    Word,
}

impl Choice {
    /// What the quoted mail says of what the person sent alone, if it says anything: of all of it, else of the number or letter
    /// in it ("le 4, merci").
    pub fn of(question: &Question<'_>, fresh: &Text, lexicons: &[Lexicon]) -> Option<Self> {
        let said = &fresh.tokens[..];
        if said.is_empty() || said.len() > ALONE || question.elided.is_empty() {
            return None;
        }
        let whole = Self::named(question, fresh, said);
        if whole.as_ref().is_some_and(|c| c.is_apart) {
            return whole;
        }
        let named = core(said, lexicons).and_then(|core| Self::named(question, fresh, core));
        named.filter(|c| c.is_apart).or(whole)
    }

    /// What the mail says of the first sentence of a short answer that goes on: "Floss. (Well played, though.)"
    pub fn opening(question: &Question<'_>, fresh: &Text) -> Option<Self> {
        let said = fresh.first_sentence();
        let goes_on = said.len() < fresh.tokens.len() && fresh.tokens.len() <= GOES_ON;
        if !goes_on || said.is_empty() || said.len() > ALONE || question.elided.is_empty() {
            return None;
        }
        let is_said = Kind::of(said) == Kind::Word && fresh.asks.first() == Some(&false);
        let choice = is_said.then(|| Self::named(question, fresh, said));
        choice.flatten().filter(|c| c.is_apart)
    }

    fn named(question: &Question<'_>, fresh: &Text, said: &[Token]) -> Option<Self> {
        let quoted = earlier(question.elided).join("\n\n");
        let text = if signs::only(fresh) {
            Text::with_signs(&quoted)
        } else {
            Text::of(&quoted)
        };
        let page = Page {
            quoted: &quoted,
            text: &text,
        };
        let kind = Kind::of(said);
        let all = 0..(text.tokens.len() + 1).saturating_sub(said.len());
        let same = |at: &usize| {
            let there = text.tokens[*at..].iter().zip(said);
            there.into_iter().all(|(a, b)| a.folded == b.folded)
        };
        let places = all.filter(same).take(PLACES).map(|at| at..at + said.len());
        let (apart, plain): (Vec<_>, Vec<_>) = places.partition(|p| page.sets_apart(p, kind));
        let is_apart = !apart.is_empty();
        let places = if is_apart { apart } else { plain };
        let mut scopes: Vec<_> = places.iter().map(|p| page.scope(p, kind)).collect();
        scopes.dedup();
        (!scopes.is_empty()).then_some(Self {
            quoted,
            text,
            scopes,
            is_apart,
        })
    }

    /// The explanations as they stand in the quoted mail; where one stands behind a question, also with that before it.
    pub fn meanings(&self) -> impl Iterator<Item = &str> {
        let scopes = self.scopes.iter().take(MEANINGS);
        scopes.flat_map(|scope| {
            let asked = (self.asked_before(scope) != *scope).then(|| self.asked_before(scope));
            [Some(scope.clone()), asked]
                .into_iter()
                .flatten()
                .map(|s| self.words(&s))
        })
    }

    /// An explanation with the question before it: "Tired of us? Reply PUMPKIN."
    pub fn asked_before(&self, scope: &Range<usize>) -> Range<usize> {
        let tokens = &self.text.tokens;
        let sentence = tokens[scope.start].sentence;
        let is_first = scope.start == 0 || tokens[scope.start - 1].sentence != sentence;
        let asks = sentence > 0 && self.text.asks.get(sentence - 1) == Some(&true);
        if !is_first || !asks {
            return scope.clone();
        }
        let start = tokens[..scope.start]
            .iter()
            .rposition(|t| t.sentence + 1 != sentence);
        start.map_or(0, |n| n + 1)..scope.end
    }

    fn words(&self, scope: &Range<usize>) -> &str {
        let tokens = &self.text.tokens[scope.clone()];
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return "";
        };
        self.quoted.get(first.start..last.end).unwrap_or_default()
    }
}

/// The one number or letter of an answer, if what stands around it says nothing.
fn core<'t>(said: &'t [Token], lexicons: &[Lexicon]) -> Option<&'t [Token]> {
    let mut symbols = Vec::new();
    let mut says_nothing = |token: &Token| {
        lexicons.iter().any(|lexicon| {
            symbols.clear();
            lexicon.vocabulary.look_up(token, &mut symbols);
            symbols.contains(&Symbol::FILLER)
        })
    };
    let is_choice = |t: &Token| {
        matches!(
            Kind::of(std::slice::from_ref(t)),
            Kind::Number | Kind::Letter
        )
    };
    let at = said
        .iter()
        .position(|t| is_choice(t) && !LEADS.contains(&&*t.folded))?;
    let leads = said[..at]
        .iter()
        .all(|t| LEADS.contains(&&*t.folded) || says_nothing(t));
    (leads && said[at + 1..].iter().all(says_nothing)).then(|| &said[at..=at])
}

impl Kind {
    fn of(said: &[Token]) -> Self {
        match said {
            [one] if one.shape == Shape::Number && one.folded.len() <= DIGITS => Self::Number,
            [one] if one.folded.chars().count() == 1 && one.shape == Shape::Word => Self::Letter,
            all if all.iter().all(signs::is) => Self::Sign,
            _ => Self::Word,
        }
    }
}

/// The quoted mail, as typed and in words.
struct Page<'a> {
    quoted: &'a str,
    text: &'a Text,
}

impl Page<'_> {
    fn token(&self, n: usize) -> &Token {
        &self.text.tokens[n]
    }

    fn typed(&self, n: usize) -> &str {
        let token = self.token(n);
        self.quoted.get(token.start..token.end).unwrap_or_default()
    }

    /// What stands before and behind, without the spaces.
    fn around(&self, place: &Range<usize>) -> (Option<char>, Option<char>) {
        let before = &self.quoted[..self.token(place.start).start];
        let behind = &self.quoted[self.token(place.end - 1).end..];
        let blank = [' ', '\t', '\u{a0}', '\u{202f}'];
        (
            before.trim_end_matches(blank).chars().next_back(),
            behind.trim_start_matches(blank).chars().next(),
        )
    }

    /// All words of a sentence: from its first token to behind its last one.
    fn sentence(&self, place: &Range<usize>) -> Range<usize> {
        let tokens = &self.text.tokens;
        let here = tokens[place.start].sentence;
        let start = tokens[..place.start]
            .iter()
            .rposition(|t| t.sentence != here);
        let end = tokens[place.end..].iter().position(|t| t.sentence != here);
        start.map_or(0, |n| n + 1)..end.map_or(tokens.len(), |n| place.end + n)
    }

    /// Whether the mail sets these words apart, so that an answer can mean them.
    fn sets_apart(&self, place: &Range<usize>, kind: Kind) -> bool {
        let (before, behind) = self.around(place);
        match kind {
            Kind::Sign => true,
            // A date, a time, a price, a telephone number is no choice.
            Kind::Number => {
                let sentence = self.sentence(place);
                let dated = sentence.clone().any(|n| {
                    let token = self.token(n);
                    token.shape == Shape::Address
                        || (token.shape == Shape::Number && token.folded.len() > DIGITS)
                });
                !dated && !matches!(behind, Some('%' | '€' | '$' | '£' | '°' | '/'))
            }
            Kind::Letter => {
                self.is_capital(place.start) || is_mark(behind) || in_quotes(before, behind)
            }
            Kind::Word => {
                let ends = matches!(behind, None | Some('\n' | '\r' | '.' | '!' | ')'));
                in_quotes(before, behind)
                    || self.is_shouted(place)
                    || (before == Some(':') && ends)
                    || (matches!(before, None | Some('\n' | '.' | '?' | '!' | ',' | ';'))
                        && is_mark(behind))
            }
        }
    }

    fn is_capital(&self, n: usize) -> bool {
        self.typed(n).chars().all(char::is_uppercase)
    }

    /// In capitals, in a sentence that is not all in capitals.
    fn is_shouted(&self, place: &Range<usize>) -> bool {
        let loud = |n: usize| self.typed(n).chars().count() > 1 && self.is_capital(n);
        let beside = |n: usize| self.sentence(place).contains(&n) && loud(n);
        place.clone().all(|n| self.is_capital(n))
            && place.clone().any(loud)
            && !(place.start > 0 && beside(place.start - 1) && beside(place.end))
    }

    /// Whether another choice of a list begins at this token.
    fn is_choice(&self, n: usize, kind: Kind) -> bool {
        let token = self.token(n);
        let here = n..n + 1;
        match kind {
            Kind::Number => token.shape == Shape::Number && token.folded.len() <= DIGITS,
            Kind::Sign => signs::is(token),
            Kind::Letter => {
                token.folded.chars().count() == 1 && token.shape == Shape::Word && {
                    self.is_capital(n) || is_mark(self.around(&here).1)
                }
            }
            Kind::Word => {
                let (before, behind) = self.around(&here);
                token.shape == Shape::Word && (in_quotes(before, behind) || self.is_shouted(&here))
            }
        }
    }

    /// The words that explain what stands there: those up to the next choice, if it is one of a list; else its sentence.
    fn scope(&self, place: &Range<usize>, kind: Kind) -> Range<usize> {
        let sentence = self.sentence(place);
        let choices = |range: Range<usize>| range.filter(|n| self.is_choice(*n, kind));
        let next = choices(place.end..sentence.end).next();
        let last = choices(sentence.start..place.start).next_back();
        if next.is_none() && last.is_none() {
            return sentence;
        }
        let end = next.unwrap_or(sentence.end);
        let start = last.map_or(sentence.start, |n| n + 1);
        if end - place.end >= EXPLAINS || (kind != Kind::Word && end > place.end) {
            place.start..end
        } else if kind != Kind::Word && place.start - start >= EXPLAINS {
            start..place.end
        } else {
            sentence
        }
    }
}

/// Marks between a choice and what it means.
fn is_mark(c: Option<char>) -> bool {
    matches!(c, Some('=' | ':' | ')' | '(' | '–' | '—' | '-' | '→'))
}

fn in_quotes(before: Option<char>, behind: Option<char>) -> bool {
    let quotes = |c: Option<char>| c.is_some_and(|c| "\"'“”„‘’‚«»‹›*_<>[]".contains(c));
    quotes(before) && quotes(behind)
}
