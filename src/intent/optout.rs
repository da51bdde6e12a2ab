//! The word that the quoted mail itself defines as the opt-out: "répondez 3 pour ne plus recevoir nos mails".
//!
//! The only use of quoted text (corpus convention 5): it gives a meaning to a word that the person sent alone. It never
//! creates a request by itself.

use super::classification::{Evidence, Found};
use super::hits::Symbols;
use super::lexicon::Lexicon;
use super::question::Question;
use super::text::{Shape, Text, Token};
use crate::record::RequestKind;

/// Longer answers speak for themselves.
const ALONE: usize = 4;
/// A word that stands in more places than these is defined by none of them.
const PLACES: usize = 40;

/// The opt-out that the quoted mail defines and the person sent, if so.
pub fn defined(question: &Question<'_>, fresh: &Text, lexicons: &[Lexicon]) -> Option<Found> {
    let said = &fresh.tokens;
    let (text, places) = places(question, fresh)?;
    let mut scopes: Vec<Scope> = places.iter().map(|at| Scope::of(&text, *at)).collect();
    scopes.dedup();
    if scopes.is_empty() {
        return None;
    }
    let means = |lexicon: &&Lexicon| {
        let symbols = Symbols::of(&text, lexicon);
        let mut each = scopes.iter();
        each.any(|scope| scope.means_opt_out(&text, lexicon, &symbols))
    };
    let lexicon = lexicons.iter().find(means)?;
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
        confidence: 1.0,
        evidence: vec![evidence],
    })
}

/// Whether what the person sent alone stands in the quoted mail, which may define it in words that no lexicon has.
pub fn may_be_defined(question: &Question<'_>, fresh: &Text) -> bool {
    places(question, fresh).is_some_and(|(_, places)| !places.is_empty())
}

/// The quoted mail, and where what the person sent alone stands in it.
fn places(question: &Question<'_>, fresh: &Text) -> Option<(Text, Vec<usize>)> {
    let said = &fresh.tokens;
    if said.is_empty() || said.len() > ALONE || question.elided.is_empty() {
        return None;
    }
    let lines = question.elided.lines().take(400);
    let unquoted: Vec<&str> = lines
        .map(|l| l.trim_start_matches(['>', ' ', '\t', '|']))
        .collect();
    let text = Text::of(&unquoted.join("\n"));
    let all = 0..text.tokens.len().saturating_sub(said.len() - 1);
    let found = all.filter(|at| {
        let same = |(a, b): (&Token, &Token)| a.folded == b.folded;
        text.tokens[*at..].iter().zip(said).all(same)
    });
    let found = found.take(PLACES).collect();
    Some((text, found))
}

/// The words that could define a word: those of its sentence, or of its clause where a sentence lists several numbers.
#[derive(PartialEq, Eq)]
struct Scope {
    sentence: usize,
    clause: Option<usize>,
}

impl Scope {
    fn of(text: &Text, at: usize) -> Self {
        let token = &text.tokens[at];
        let is_number = |t: &&Token| t.sentence == token.sentence && t.shape == Shape::Number;
        let numbers = text.tokens.iter().filter(is_number).count();
        let by_clause = token.shape == Shape::Number && numbers > 1;
        Self {
            sentence: token.sentence,
            clause: by_clause.then_some(token.clause),
        }
    }

    fn holds(&self, text: &Text, token: &Token) -> bool {
        match self.clause {
            Some(clause) => token.clause == clause,
            None => {
                let asked = || text.asks.get(token.sentence) == Some(&true);
                token.sentence == self.sentence || (token.sentence + 1 == self.sentence && asked())
            }
        }
    }

    fn means_opt_out(&self, text: &Text, lexicon: &Lexicon, symbols: &Symbols) -> bool {
        let holds = |n: &usize| self.holds(text, &text.tokens[*n]);
        (0..text.tokens.len()).filter(holds).any(|n| {
            let rest = || {
                (n..text.tokens.len())
                    .take_while(holds)
                    .map(|i| symbols.at(i))
            };
            lexicon.optout.iter().any(|p| p.longest(rest()).is_some())
        })
    }
}
