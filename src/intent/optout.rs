//! The word that the quoted mail itself defines as the opt-out: "répondez 3 pour ne plus recevoir nos mails".
//!
//! The only use of quoted text (corpus convention 5): it gives a meaning to a word that the person sent alone. It never
//! creates a request by itself.

use super::classification::{Evidence, Found};
use super::hits::Symbols;
use super::lexicon::Lexicon;
use super::read::Question;
use super::text::{Shape, Text, Token};
use crate::record::RequestKind;

/// Longer answers speak for themselves.
const ALONE: usize = 4;

/// The opt-out that the quoted mail defines and the person sent, if so.
pub fn defined(question: &Question<'_>, fresh: &Text, lexicons: &[Lexicon]) -> Option<Found> {
    let said = &fresh.tokens;
    if said.is_empty() || said.len() > ALONE || question.elided.is_empty() {
        return None;
    }
    let unquoted: Vec<&str> = question
        .elided
        .lines()
        .take(400)
        .map(|l| l.trim_start_matches(['>', ' ', '\t', '|']))
        .collect();
    let text = Text::of(&unquoted.join("\n"));
    let places: Vec<usize> = (0..text.tokens.len().saturating_sub(said.len() - 1))
        .filter(|at| {
            text.tokens[*at..]
                .iter()
                .zip(said)
                .all(|(a, b)| a.folded == b.folded)
        })
        .collect();
    if places.is_empty() {
        return None;
    }
    let lexicon = lexicons
        .iter()
        .find(|l| places.iter().any(|at| means_opt_out(&text, *at, l)))?;
    let code = lexicon.language.map_or("any", |l| l.word());
    let quoted = question
        .fresh
        .get(said[0].start..said[said.len() - 1].end)
        .unwrap_or_default();
    let evidence = Evidence {
        rule: format!("{code}.optout.defined_by_the_quoted_mail"),
        text: quoted.to_owned(),
        start: Some(said[0].start),
    };
    Some(Found {
        kind: RequestKind::Stop,
        confidence: 0.93,
        evidence: vec![evidence],
    })
}

fn means_opt_out(text: &Text, at: usize, lexicon: &Lexicon) -> bool {
    let symbols = Symbols::of(text, lexicon);
    let token = &text.tokens[at];
    let sentence = token.sentence;
    let of_sentence = |t: &Token| {
        t.sentence == sentence
            || (t.sentence + 1 == sentence && text.asks.get(t.sentence) == Some(&true))
    };
    let numbers = text
        .tokens
        .iter()
        .filter(|t| t.sentence == sentence && t.shape == Shape::Number)
        .count();
    let by_clause = token.shape == Shape::Number && numbers > 1;
    let within = |t: &Token| {
        if by_clause {
            t.clause == token.clause
        } else {
            of_sentence(t)
        }
    };
    (0..text.tokens.len())
        .filter(|n| within(&text.tokens[*n]))
        .any(|n| {
            let rest = || {
                (n..text.tokens.len())
                    .take_while(|i| within(&text.tokens[*i]))
                    .map(|i| symbols.at(i))
            };
            lexicon.optout.iter().any(|p| p.longest(rest()).is_some())
        })
}
