//! The word that the quoted mail itself defines as the opt-out: "répondez 3 pour ne plus recevoir nos mails".
//!
//! What the mail says of the word is found by [`Choice`]; here a lexicon knows its words for "no more mail" in it. Where none
//! does, the learned reader is asked what the explanation means (`judge.rs`).

use super::asked;
use super::choice::Choice;
use super::classification::{Evidence, Found};
use super::hits::Symbols;
use super::lexicon::Lexicon;
use super::question::Question;
use super::text::Text;
use crate::record::RequestKind;
use std::ops::Range;

/// The end of the rule's name, behind the language.
const DEFINED: &str = ".optout.defined_by_the_quoted_mail";

/// Whether a request was found by [`defined`].
pub fn is_defined(found: &Found) -> bool {
    found.evidence.iter().any(|e| e.rule.ends_with(DEFINED))
}

/// The opt-out that the quoted mail defines and the person sent, if so.
pub fn defined(
    question: &Question<'_>,
    fresh: &Text,
    choice: Option<&Choice>,
    lexicons: &[Lexicon],
) -> Option<Found> {
    let choice = choice.filter(|c| c.is_apart && !asked::is_yes(fresh, lexicons));
    let opening = match choice {
        Some(_) => None,
        None => Choice::opening(question, fresh),
    };
    let choice = choice.or(opening.as_ref())?;
    let scopes: Vec<Range<usize>> = choice
        .scopes
        .iter()
        .map(|s| choice.asked_before(s))
        .collect();
    let means = |lexicon: &&Lexicon| {
        let symbols = Symbols::of(&choice.text, lexicon);
        let mut each = scopes.iter();
        each.any(|scope| means_opt_out(scope, lexicon, &symbols))
    };
    let lexicon = lexicons.iter().find(means)?;
    let code = lexicon.language.map_or("any", |l| l.word());
    let said = match opening {
        Some(_) => fresh.first_sentence(),
        None => &fresh.tokens,
    };
    let quoted = question.fresh.get(said[0].start..said[said.len() - 1].end);
    let evidence = Evidence {
        rule: format!("{code}{DEFINED}"),
        text: quoted.unwrap_or_default().to_owned(),
        start: Some(said[0].start),
    };
    Some(Found {
        kind: RequestKind::Stop,
        confidence: 1.0,
        evidence: vec![evidence],
    })
}

fn means_opt_out(scope: &Range<usize>, lexicon: &Lexicon, symbols: &Symbols) -> bool {
    scope.clone().any(|n| {
        let rest = || (n..scope.end).map(|i| symbols.at(i));
        lexicon.optout.iter().any(|p| p.longest(rest()).is_some())
    })
}
