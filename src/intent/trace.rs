//! Everything that the lexicons saw in one reply and what became of it, so that a reviewer knows which line to change.
//!
//! Built only when asked (`Reader::trace`); what is understood never depends on it. Deliberately absent: the outcome,
//! which is about the whole message, and how all this is shown.

use super::asked;
use super::choice::Choice;
use super::classification::{Classification, Signal};
use super::hits::{Astray, Hit};
use super::lexicon::{Effect, Lexicon, Reach};
use super::question::Question;
use super::read::Reader;
use super::text::Text;
use crate::record::{Language, Stance};
use serde::Serialize;

impl Reader {
    /// What the lexicons see in a reply, and what becomes of it: for people who ask why it was read so.
    pub fn trace(&self, question: &Question<'_>) -> Trace {
        let (read, tracer) = self.read_and_trace(question, Some(Tracer::default()));
        let mut trace = tracer.unwrap_or_default().finish(&read);
        let text = Text::of(question.fresh);
        let guess = self.guesser.guess(&text, question.fresh);
        let chosen = self.chosen(&guess);
        trace.languages = chosen.iter().filter_map(|l| l.language).collect();
        trace.nearly = super::nearly::find(&text, question.fresh, &chosen, &read);
        let choice = Choice::of(question, &text, &self.lexicons).filter(|c| c.is_apart);
        let asked = asked::question_of(question, &text, &self.lexicons);
        trace.meanings = match (asked, choice) {
            (Some(question), _) => vec![question],
            (None, choice) => {
                choice.map_or_else(Vec::new, |c| c.meanings().map(str::to_owned).collect())
            }
        };
        trace
    }
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trace {
    /// The languages whose phrases were tried in the body, beside those of `any`.
    pub languages: Vec<Language>,
    /// Every phrase that stands in the reply: those of the body, then those of the subject.
    pub seen: Vec<Seen>,
    /// How many more there were than are listed.
    pub unlisted: usize,
    /// Phrases of which one element is missing, the nearest first.
    pub nearly: Vec<Nearly>,
    /// What the quoted mail says of the answer, if that is short and the mail explains it; read in its place.
    pub meanings: Vec<String>,
}

/// A phrase of a lexicon, and where a writer finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Phrase {
    /// `fr.stop.imperative/3`, as in the evidence.
    pub rule: String,
    /// What the rule means: `stop`, `stance not_interested`, `human partial`, `unsure`, `trap`.
    pub means: String,
    /// The lexicon.
    pub file: String,
    /// The line of the phrase, from 1.
    pub line: usize,
    /// As it is written there.
    pub phrase: String,
}

/// A phrase that stands in the reply.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seen {
    /// Which.
    #[serde(flatten)]
    pub phrase: Phrase,
    /// The words, as typed.
    pub text: String,
    /// Byte offset in the fresh text; `None` if they stand in the subject.
    pub start: Option<usize>,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a phrase that stands in the reply.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It counts, or is a trap that watches.
    Counts,
    /// A trap gave its words another sense.
    Explained(Phrase),
    /// Another phrase stands in for it.
    Beaten(Phrase),
    /// Its rule wants it elsewhere: what the rule wants.
    Misplaced(String),
    /// Something else counts more: what.
    Aside(String),
}

/// A phrase of which all but one element stand in the reply.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nearly {
    /// Which.
    #[serde(flatten)]
    pub phrase: Phrase,
    /// The words that were there, as typed.
    pub text: String,
    /// What would have been the missing element: classes, and a few words, without accents; `relanc*` is any that begins so.
    pub missing: Vec<String>,
}

/// More phrases are not listed: nobody reads them.
const MOST_SEEN: usize = 200;

/// Collects what is seen while a reply is read.
#[derive(Debug, Default)]
pub(super) struct Tracer {
    seen: Vec<(Seen, Effect)>,
    unlisted: usize,
}

/// The text that is read, for quoting.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    pub text: &'a Text,
    pub original: &'a str,
    /// The body, not the subject.
    pub is_body: bool,
}

impl Page<'_> {
    /// Why somebody must look, with the words that a phrase found.
    pub fn signal(&self, reason: &str, hit: &Hit<'_>) -> Signal {
        let words = self.text.quote(self.original, hit.first, hit.last);
        Signal {
            reason: reason.to_owned(),
            rule: format!("{}/{}", hit.rule.name, hit.number),
            text: words.to_owned(),
        }
    }
}

impl Tracer {
    /// Writes down a hit.
    pub fn see(&mut self, page: Page<'_>, hit: &Hit<'_>, fate: Fate) {
        if self.seen.len() >= MOST_SEEN {
            self.unlisted += 1;
            return;
        }
        let seen = Seen {
            phrase: Phrase::of(hit),
            text: page
                .text
                .quote(page.original, hit.first, hit.last)
                .to_owned(),
            start: page.is_body.then(|| page.text.tokens[hit.first].start),
            fate,
        };
        self.seen.push((seen, hit.rule.effect.clone()));
    }

    /// Some of what seemed to count did not, beside the rest of the reply.
    pub fn finish(self, read: &Classification) -> Trace {
        let seen = self.seen.into_iter().map(|(mut seen, effect)| {
            if seen.fate == Fate::Counts
                && let Some(why) = outweighed(&effect, &seen, read)
            {
                seen.fate = Fate::Aside(why);
            }
            seen
        });
        Trace {
            seen: seen.collect(),
            unlisted: self.unlisted,
            ..Trace::default()
        }
    }
}

fn outweighed(effect: &Effect, seen: &Seen, read: &Classification) -> Option<String> {
    let request = || read.requests.first().map_or("", |f| f.kind.word());
    match effect {
        Effect::Request(kind) => (!read.asks(*kind)).then(|| "it was not counted".to_owned()),
        Effect::Trap(_) => None,
        _ if seen.start.is_none() => Some("only requests count in a subject".to_owned()),
        Effect::Human(reason, _) => {
            let told = read.human.iter().any(|s| s.reason == *reason);
            (!told).then(|| "it counts only beside a request".to_owned())
        }
        Effect::Unsure if read.unsure.is_none() => {
            Some(format!("{} was found, which explains it", request()))
        }
        Effect::Unsure => None,
        Effect::Stance(stance) => match read.stance {
            Some(other) if other == *stance => None,
            Some(other) => Some(format!("{} counts more", Stance::word(other))),
            None => Some(format!("{} counts more", request())),
        },
    }
}

impl Phrase {
    pub(super) fn of(hit: &Hit<'_>) -> Self {
        let is_it = |(_, rule, number): &(_, usize, usize)| {
            *number == hit.number && std::ptr::eq(&hit.lexicon.rules[*rule], hit.rule)
        };
        let n = hit.lexicon.phrases.iter().position(is_it);
        Self::nth(hit.lexicon, n.unwrap_or_default())
    }

    /// The phrase with this index in its lexicon.
    pub(super) fn nth(lexicon: &Lexicon, n: usize) -> Self {
        let (_, rule, number) = &lexicon.phrases[n];
        let rule = &lexicon.rules[*rule];
        let means = match &rule.effect {
            Effect::Request(kind) => kind.word().to_owned(),
            Effect::Stance(stance) => format!("stance {stance}"),
            Effect::Human(reason, _) => format!("human {reason}"),
            Effect::Unsure => "unsure".to_owned(),
            Effect::Trap(Reach::Words) => "trap".to_owned(),
            Effect::Trap(Reach::Sentence) => "trap for its sentence".to_owned(),
            Effect::Trap(Reach::Text) => "trap for the whole reply".to_owned(),
        };
        let written = &lexicon.written[n];
        Self {
            rule: format!("{}/{number}", rule.name),
            means,
            file: lexicon.path.clone(),
            line: written.line,
            phrase: written.text.clone(),
        }
    }
}

impl From<Astray> for Fate {
    fn from(astray: Astray) -> Self {
        Self::Misplaced(
            match astray {
                Astray::Question => "question = true: only in a sentence that ends with a question mark",
                Astray::Start => "where = \"start\": only at the beginning of a sentence",
                Astray::End => "where = \"end\": only at the end of a sentence",
                Astray::Clause => "where = \"clause\": only if nothing else stands between the commas",
                Astray::Whole => "where = \"whole\": only if the reply says nothing else",
                Astray::Subject => {
                    "it stands in the subject: of the subject of a reply only its last clause counts, and only beside an empty body"
                }
            }
            .to_owned(),
        )
    }
}
