//! A bare yes or no to what the quoted mail asks: "Shall I take you off the list?" – "Yes, please."
//!
//! The writer of such an answer says nothing but yes or no, so what it asks for stands in our own question, the last one that the
//! mail asks. Each lexicon knows how a mail offers to stop (`asks_to_stop`) and asks whether it may go on (`asks_to_go_on`), and
//! which answers say yes and no and nothing else (`yes`, `no`). A yes to anything else is no opt-out, whatever the footer defines.
//! Where the mail asks two things ("A demo? Or shall I stop writing?"), a human says which one was answered.
//! Deliberately absent: a word that the mail defines, see `optout.rs`.

use super::classification::{Evidence, Found, Signal};
use super::hits::{self, Symbols};
use super::lexicon::Lexicon;
use super::pattern::Pattern;
use super::question::Question;
use super::text::Text;
use crate::mail::earlier;
use crate::record::{Language, RequestKind};
use std::ops::Range;

/// Longer answers speak for themselves.
const SHORT: usize = 7;
/// The reason of an answer of which nobody knows what it answers.
pub(super) const UNCLEAR: &str = "which_question";
/// The end of the rule's name, behind the language.
const ANSWERED: &str = ".asked.answered";

/// What a yes or a no means.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// "Shall I stop?" – "Yes"; "May I go on?" – "No".
    Leaves(Found),
    /// "Shall I stop?" – "No"; "May I go on?" – "Yes".
    Stays {
        /// They said yes, so they like to be written to.
        says_yes: bool,
    },
    /// "A demo? Or shall I stop?" – "No, thanks": why a human must look.
    Unclear(Signal),
}

/// What our own mail asks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Asked {
    Leave,
    GoOn,
    Both,
    Other,
}

/// The last question of our own mail.
struct Last {
    words: String,
    asks: Asked,
    /// The mail asks something before it, too.
    after_another: bool,
    /// "A demo, or shall I stop?": it asks two things itself.
    is_either: bool,
}

/// How a question asks two things, folded.
const OR: &[(Language, &[&str])] = &[
    (Language::Fr, &["ou"]),
    (Language::En, &["or"]),
    (Language::De, &["oder"]),
    (Language::Es, &["o"]),
    (Language::It, &["o", "oppure"]),
    (Language::Nl, &["of"]),
    (Language::Pt, &["ou"]),
    (Language::Pl, &["albo", "lub"]),
    (Language::Sv, &["eller"]),
    (Language::Da, &["eller"]),
    (Language::No, &["eller"]),
    (Language::Fi, &["vai", "tai"]),
    (Language::Cs, &["nebo", "anebo"]),
    (Language::Sk, &["alebo"]),
    (Language::Ro, &["sau", "ori"]),
    (Language::Hu, &["vagy"]),
    (Language::El, &["ειτε"]),
    (Language::Hr, &["ili"]),
    (Language::Bg, &["или"]),
];
/// How thanks begin, folded. Who thanks for a question says no to an offer, not to silence.
const THANKS: &[&str] = &[
    "merci",
    "thank",
    "thx",
    "dank",
    "gracias",
    "grazie",
    "obrigad",
    "bedankt",
    "dziek",
    "tack",
    "tak",
    "kiitos",
    "dekuj",
    "dik",
    "mult",
    "koszon",
    "ευχαριστ",
    "hvala",
    "благодар",
];

/// Whether a request was found by [`answer`].
pub fn is_answered(found: &Found) -> bool {
    found.evidence.iter().any(|e| e.rule.ends_with(ANSWERED))
}

/// What a bare yes or no means, if the last question of the mail that it answers is about our writing.
pub fn answer(question: &Question<'_>, fresh: &Text, lexicons: &[Lexicon]) -> Option<Answer> {
    if question.elided.is_empty() {
        return None;
    }
    let (is_yes, lexicon) = yes_or_no(fresh, lexicons)?;
    let last = asked(question, lexicons)?;
    let thanks = || (fresh.tokens.iter()).any(|t| THANKS.iter().any(|w| t.folded.starts_with(w)));
    match (last.asks, is_yes) {
        (Asked::Leave, _) if last.is_either => return Some(unclear(question)),
        (Asked::Leave, false) if last.after_another || thanks() => return Some(unclear(question)),
        (Asked::Leave, true) | (Asked::GoOn, false) => {}
        (Asked::Leave, false) | (Asked::GoOn, true) => {
            return Some(Answer::Stays { says_yes: is_yes });
        }
        (Asked::Both | Asked::Other, _) => return None,
    }
    let code = lexicon.language.map_or("any", |l| l.word());
    let evidence = Evidence {
        rule: format!("{code}{ANSWERED}"),
        text: fresh
            .quote(question.fresh, 0, fresh.tokens.len() - 1)
            .to_owned(),
        start: Some(fresh.tokens[0].start),
    };
    Some(Answer::Leaves(Found {
        kind: RequestKind::Stop,
        confidence: 1.0,
        evidence: vec![evidence],
    }))
}

fn unclear(question: &Question<'_>) -> Answer {
    Answer::Unclear(Signal {
        reason: UNCLEAR.to_owned(),
        rule: "asked.two_questions".to_owned(),
        text: question.fresh.trim().to_owned(),
    })
}

/// The question that a bare yes or no answers, as the mail has it; for people who ask why.
pub fn question_of(question: &Question<'_>, fresh: &Text, lexicons: &[Lexicon]) -> Option<String> {
    answer(question, fresh, lexicons)?;
    asked(question, lexicons).map(|last| last.words)
}

/// The question that a bare yes answers, as the mail has it, if no lexicon knows it for one about our writing.
pub fn other_question(
    question: &Question<'_>,
    fresh: &Text,
    lexicons: &[Lexicon],
) -> Option<String> {
    if question.elided.is_empty() || !is_yes(fresh, lexicons) {
        return None;
    }
    let last = asked(question, lexicons)?;
    (last.asks == Asked::Other).then_some(last.words)
}

/// Whether an answer says yes and nothing else.
pub fn is_yes(fresh: &Text, lexicons: &[Lexicon]) -> bool {
    yes_or_no(fresh, lexicons).is_some_and(|(is_yes, _)| is_yes)
}

/// Whether the answer is a yes (or else a no) and says nothing beside it, and whose words it uses.
fn yes_or_no<'l>(fresh: &Text, lexicons: &'l [Lexicon]) -> Option<(bool, &'l Lexicon)> {
    if fresh.tokens.is_empty() || fresh.tokens.len() > SHORT {
        return None;
    }
    let all: Vec<Symbols> = lexicons.iter().map(|l| Symbols::of(fresh, l)).collect();
    let quiet = hits::quiet(fresh, &all);
    let every: Vec<usize> = (0..quiet.len()).collect();
    let loud: Vec<usize> = every.iter().copied().filter(|n| !quiet[*n]).collect();
    let says = |patterns: &[Pattern], symbols: &Symbols| {
        [&every, &loud].into_iter().any(|places| {
            let tokens = || places.iter().map(|n| symbols.at(*n));
            let whole = Some(places.len()).filter(|n| *n > 0);
            whole.is_some() && patterns.iter().any(|p| p.longest(tokens()) == whole)
        })
    };
    let mut each = lexicons.iter().zip(&all);
    each.find_map(|(lexicon, symbols)| {
        let yes = says(&lexicon.yes, symbols);
        (yes || says(&lexicon.no, symbols)).then_some((yes, lexicon))
    })
}

/// The last question of the nearest mail. That of a footer ("No more mail? Reply OUT") is passed over.
fn asked(question: &Question<'_>, lexicons: &[Lexicon]) -> Option<Last> {
    let mail = earlier(question.elided).into_iter().next()?;
    let text = Text::of(&mail);
    let spoken = lexicons.iter().filter(|l| !l.asks_to_stop.is_empty());
    let spoken = spoken.map(|l| (l, Symbols::of(&text, l))).collect();
    let page = Page { text, spoken };
    let sentences = sentences(&page.text).into_iter().rev();
    let asking = sentences.filter(|s| page.text.asks[page.text.tokens[s.start].sentence]);
    let mut questions = asking.filter_map(|s| Some((page.asks(&s)?, s)));
    let (asks, sentence) = questions.next()?;
    // "Shall I stop, or may I go on?" has no yes.
    (asks != Asked::Both).then(|| Last {
        words: (page.text.quote(&mail, sentence.start, sentence.end - 1)).to_owned(),
        asks,
        after_another: questions.next().is_some(),
        is_either: page.is_either(&sentence),
    })
}

/// Our own mail, in words and in the symbols of each lexicon that knows how a mail asks.
struct Page<'l> {
    text: Text,
    spoken: Vec<(&'l Lexicon, Symbols)>,
}

impl Page<'_> {
    /// What a question asks; nothing if it is a footer's.
    fn asks(&self, sentence: &Range<usize>) -> Option<Asked> {
        let stops = self.has(|l| &l.asks_to_stop, sentence);
        let goes_on = self.has(|l| &l.asks_to_go_on, sentence);
        match (stops, goes_on) {
            (true, true) => Some(Asked::Both),
            (true, false) => Some(Asked::Leave),
            (false, true) => Some(Asked::GoOn),
            (false, false) => (!self.has(|l| &l.optout, sentence)).then_some(Asked::Other),
        }
    }

    fn has(&self, words: fn(&Lexicon) -> &[Pattern], sentence: &Range<usize>) -> bool {
        let mut spoken = self.spoken.iter();
        spoken.any(|(lexicon, symbols)| says(words(lexicon), symbols, sentence))
    }

    /// Whether a question that offers to stop asks something else with an "or".
    fn is_either(&self, sentence: &Range<usize>) -> bool {
        let mut spoken = self.spoken.iter();
        spoken.any(|(lexicon, symbols)| {
            let own = OR.iter().find(|(l, _)| lexicon.language == Some(*l));
            let or = own.map_or(&[][..], |(_, words)| *words);
            let mut tokens = self.text.tokens[sentence.clone()].iter();
            says(&lexicon.asks_to_stop, symbols, sentence)
                && tokens.any(|t| or.contains(&&*t.folded))
        })
    }
}

/// Whether one of these stands in a sentence.
fn says(patterns: &[Pattern], symbols: &Symbols, sentence: &Range<usize>) -> bool {
    sentence.clone().any(|n| {
        let rest = || (n..sentence.end).map(|i| symbols.at(i));
        patterns.iter().any(|p| p.longest(rest()).is_some())
    })
}

/// The tokens of each sentence.
fn sentences(text: &Text) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for (n, token) in text.tokens.iter().enumerate() {
        match out.last_mut() {
            Some(last) if text.tokens[last.start].sentence == token.sentence => last.end = n + 1,
            _ => out.push(n..n + 1),
        }
    }
    out
}

#[cfg(test)]
#[path = "asked_tests.rs"]
mod tests;
