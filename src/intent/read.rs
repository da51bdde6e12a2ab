//! Reads one reply: finds phrases and lets them be weighed (`weighing.rs`), and says what is asked, or "unsure".
//!
//! A request counts only in the fresh text (answering.md B2) or in a subject that the person typed (`subject.rs`). The learned
//! reader stands beside this one and is asked unless the case is plain; `agree.rs` makes one word of both.
//! Deliberately absent: thresholds and outcomes (`outcome.rs`).

use super::asked::{self, Answer};
use super::choice::Choice;
use super::classification::{Classification, Signal};
use super::compile::compile;
use super::hits;
use super::language::{Guess, LanguageGuesser};
use super::learned::Learned;
use super::lexicon::{Lexicon, LexiconSource};
use super::optout;
use super::question::Question;
use super::signs;
use super::subject::Body;
use super::text::Text;
use super::trace::{Page, Tracer};
use super::weighing::Weighing;
use crate::record::{Fault, Language};

/// All lexicons, ready to read. Cheap to share, immutable.
#[derive(Debug)]
pub struct Reader {
    pub(super) lexicons: Vec<Lexicon>,
    pub(super) guesser: LanguageGuesser,
    pub(super) learned: Option<&'static Learned>,
}

impl Reader {
    /// Compiles lexicons and runs their examples; all faults of all files at once.
    pub fn compile(sources: &[LexiconSource<'_>]) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut lexicons = Vec::new();
        for source in sources {
            lexicons.extend(compile(source, &mut faults));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let guesser = LanguageGuesser::of(&lexicons);
        let reader = Self {
            lexicons,
            guesser,
            learned: None,
        };
        for (lexicon, source) in reader.lexicons.iter().zip(sources) {
            super::examples::verify(&reader, lexicon, source, &mut faults);
        }
        if faults.is_empty() {
            Ok(reader)
        } else {
            Err(faults)
        }
    }

    /// The languages that it reads.
    pub fn languages(&self) -> impl Iterator<Item = Language> + '_ {
        self.lexicons.iter().filter_map(|l| l.language)
    }

    /// Reads a reply with the lexicons alone.
    pub fn read(&self, question: &Question<'_>) -> Classification {
        self.read_and_trace(question, None).0
    }

    pub(super) fn read_and_trace(
        &self,
        question: &Question<'_>,
        tracer: Option<Tracer>,
    ) -> (Classification, Option<Tracer>) {
        let text = Text::of(question.fresh);
        let guess = self.guesser.guess(&text, question.fresh);
        let mut weighing = Weighing::new(guess.clear, tracer);
        let page = Page {
            text: &text,
            original: question.fresh,
            is_body: true,
        };
        let hits = hits::find(&text, &self.chosen(&guess), |hit, astray| {
            weighing.note(page, hit, || astray.into())
        });
        let body = Body::of(&text, question.fresh, &hits, &self.lexicons);
        let strange = signs::strange(&text, &hits);
        let choice = Choice::of(question, &text, &self.lexicons);
        weighing.weigh(page, &hits);
        if hits.len() >= hits::MOST_HITS {
            weighing.signal(Signal {
                reason: "!too_much".into(),
                rule: "read.too_much".into(),
                text: String::new(),
            });
        }
        self.read_subject(question, body, &mut weighing);
        let answer = asked::answer(question, &text, &self.lexicons);
        let stays = matches!(answer, Some(Answer::Stays { .. }));
        weighing.answered(answer, || {
            optout::defined(question, &text, choice.as_ref(), &self.lexicons)
        });
        // A number without a mail that may have said what it means is as strange as a sign that nobody knows.
        if strange || (text.is_numbers() && question.elided.is_empty()) {
            let all = question.fresh.trim().to_owned();
            weighing.unsure("unclear", "read.strange_answer", all);
        }
        let tracer = weighing.tracer.take();
        weighing.out.is_bare_stance &= choice.is_none() || stays;
        (weighing.finish(question, &text), tracer)
    }

    /// The lexicons of the languages that it could be; English and what all borrow always.
    pub(super) fn chosen(&self, guess: &Guess) -> Vec<&Lexicon> {
        self.lexicons
            .iter()
            .filter(|l| match l.language {
                None | Some(Language::En) => true,
                Some(language) => guess.possible.is_empty() || guess.possible.contains(&language),
            })
            .collect()
    }
}
