//! Reads one reply: finds phrases, lets traps and negations explain words away, and says what is asked, or "unsure".
//!
//! A request counts only in the fresh text (answering.md B2) or in a subject that the person typed. The learned reader stands
//! beside this one and is asked unless the case is plain; `agree.rs` makes one word of both.
//! Deliberately absent: thresholds and outcomes (`outcome.rs`).

use super::asked::{self, Answer};
use super::choice::Choice;
use super::classification::{Classification, Evidence, Found, Signal};
use super::compile::compile;
use super::hits::{self, Astray, Hit};
use super::language::{Guess, LanguageGuesser};
use super::learned::Learned;
use super::lexicon::{Effect, Lexicon, LexiconSource, Place};
use super::optout;
use super::question::Question;
use super::sense;
use super::signs;
use super::text::{Shape, Text};
use super::trace::{Fate, Page, Phrase, Tracer};
use crate::record::{Fault, Language, RequestKind, Stance};

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
        let mut weighing = Weighing {
            out: Classification {
                language: guess.clear,
                ..Classification::default()
            },
            spoken: Vec::new(),
            tracer,
        };
        let page = Page {
            text: &text,
            original: question.fresh,
            is_body: true,
        };
        let hits = hits::find(&text, &self.chosen(&guess), |hit, astray| {
            weighing.note(page, hit, || astray.into())
        });
        let bare = Self::is_bare(&text, &hits);
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
        self.read_subject(question, bare, &mut weighing);
        let answer = asked::answer(question, &text, &self.lexicons);
        let stays = answer == Some(Answer::Stays);
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

    fn is_bare(text: &Text, hits: &[Hit<'_>]) -> bool {
        text.tokens.len() <= 2
            && !hits
                .iter()
                .any(|h| matches!(h.rule.effect, Effect::Request(_) | Effect::Unsure))
    }

    /// A new subject was typed by the person; of "Re: …" only what was added at its end, and only if the body is bare.
    fn read_subject(&self, question: &Question<'_>, bare: bool, weighing: &mut Weighing) {
        if question.subject.is_empty() || (question.subject_is_reply && !bare) {
            return;
        }
        let text = Text::of(question.subject);
        let page = Page {
            text: &text,
            original: question.subject,
            is_body: false,
        };
        let all: Vec<&Lexicon> = self.lexicons.iter().collect();
        let last = text.tokens.last().map_or(0, |t| t.clause);
        let mut hits = hits::find(&text, &all, |hit, astray| {
            weighing.note(page, hit, || astray.into())
        });
        hits.retain(|h| {
            let alone = matches!(h.rule.place, Place::Clause | Place::Whole);
            let added = (alone || matches!(h.rule.effect, Effect::Trap(_)))
                && text.tokens[h.first].clause == last;
            let theirs = (!question.subject_is_reply || added) && (bare || !alone);
            if !theirs {
                weighing.note(page, h, || Astray::Subject.into());
            }
            theirs
        });
        weighing.weigh(page, &hits);
    }
}

struct Weighing {
    out: Classification,
    /// Stances with their place in the text.
    spoken: Vec<(usize, Stance)>,
    /// Only if somebody asked why.
    tracer: Option<Tracer>,
}

impl Weighing {
    /// What the quoted mail's own word says is surer than a phrase that knows the word from elsewhere.
    fn surely(&mut self, defined: Option<Found>) {
        let Some(found) = defined else { return };
        let requests = &mut self.out.requests;
        requests.retain(|f| f.kind != found.kind);
        requests.push(found);
        self.out.stance = None;
    }

    fn answered(&mut self, answer: Option<Answer>, defined: impl FnOnce() -> Option<Found>) {
        match answer {
            Some(Answer::Leaves(found)) => self.surely(Some(found)),
            Some(Answer::Stays) => self.stays(),
            None => self.surely(defined()),
        }
    }

    /// A yes or no to our own question says that we may go on, and nothing else.
    fn stays(&mut self) {
        // What stands in a subject that the person typed stays asked.
        let is_of_subject = |f: &Found| f.evidence.iter().all(|e| e.start.is_none());
        self.out.requests.retain(is_of_subject);
        self.out.human.clear();
        self.out.unsure = None;
        self.spoken = vec![(0, Stance::Interested)];
        self.out.is_bare_stance = true;
    }

    fn note(&mut self, page: Page<'_>, hit: &Hit<'_>, fate: impl FnOnce() -> Fate) {
        if let Some(tracer) = &mut self.tracer {
            tracer.see(page, hit, fate());
        }
    }

    fn weigh(&mut self, page: Page<'_>, hits: &[Hit<'_>]) {
        let is_trap = |h: &&Hit<'_>| matches!(h.rule.effect, Effect::Trap(_));
        let traps: Vec<&Hit<'_>> = hits.iter().filter(is_trap).collect();
        if page.is_body {
            let senses = traps.iter().map(|trap| sense::other(page.text, trap));
            self.out.other_senses.extend(senses);
        }
        let mut alive: Vec<&Hit<'_>> = Vec::with_capacity(hits.len());
        for hit in hits {
            match sense::explained(page.text, hit, &traps) {
                None => alive.push(hit),
                Some(trap) => self.note(page, hit, || Fate::Explained(Phrase::of(trap))),
            }
        }
        for hit in &alive {
            let other = match hit.rule.effect {
                Effect::Stance(_) => sense::turned(page.text, hit, &alive),
                _ => sense::beaten(page.text, hit, &alive),
            };
            match other {
                None => self.count(page, hit),
                Some(other) => self.note(page, hit, || Fate::Beaten(Phrase::of(other))),
            }
        }
    }

    fn count(&mut self, page: Page<'_>, hit: &Hit<'_>) {
        self.note(page, hit, || Fate::Counts);
        match &hit.rule.effect {
            Effect::Request(kind) => self.request(*kind, hit, page),
            Effect::Stance(stance) if page.is_body => {
                self.spoken.push((hit.first, *stance));
                self.out.is_bare_stance |= hit.rule.place == Place::Whole;
            }
            Effect::Human(reason, alone) if page.is_body => {
                let reason = if *alone {
                    format!("!{reason}")
                } else {
                    reason.clone()
                };
                self.signal(page.signal(&reason, hit));
            }
            Effect::Unsure if self.out.unsure.is_none() => {
                self.out.unsure = Some(page.signal("unclear", hit));
            }
            _ => {}
        }
    }

    fn request(&mut self, kind: RequestKind, hit: &Hit<'_>, page: Page<'_>) {
        let Page { text, original, .. } = page;
        let evidence = Evidence {
            rule: format!("{}/{}", hit.rule.name, hit.number),
            text: text.quote(original, hit.first, hit.last).to_owned(),
            start: page.is_body.then(|| text.tokens[hit.first].start),
        };
        if let Some(reason) = &hit.rule.human {
            self.signal(page.signal(reason, hit));
        }
        self.out.language = self.out.language.or(hit.lexicon.language);
        match self.out.requests.iter_mut().find(|f| f.kind == kind) {
            Some(found) => {
                found.confidence = found.confidence.max(hit.rule.sure);
                if found.evidence.len() < 4
                    && !found
                        .evidence
                        .iter()
                        .any(|e| e.text.contains(&evidence.text))
                {
                    found.evidence.push(evidence);
                }
            }
            None => self.out.requests.push(Found {
                kind,
                confidence: hit.rule.sure,
                evidence: vec![evidence],
            }),
        }
    }

    fn signal(&mut self, signal: Signal) {
        if !self.out.human.iter().any(|s| s.reason == signal.reason) {
            self.out.human.push(signal);
        }
    }

    /// What keeps a reply from being passed over, unless something else does already.
    fn unsure(&mut self, reason: &str, rule: &str, text: String) {
        self.out.unsure.get_or_insert_with(|| Signal {
            reason: reason.to_owned(),
            rule: rule.to_owned(),
            text,
        });
    }

    fn finish(mut self, question: &Question<'_>, text: &Text) -> Classification {
        let asked = !self.out.requests.is_empty();
        self.out.stance = self.stance(question);
        if asked {
            self.addresses(question, text);
            self.out.unsure = None;
        }
        if self.out.asks(RequestKind::Stop)
            && self.spoken.iter().any(|(_, s)| *s == Stance::Interested)
        {
            let quoted = self
                .out
                .requests
                .iter()
                .find(|f| f.kind == RequestKind::Stop)
                .map(|f| f.evidence[0].text.clone());
            self.signal(Signal {
                reason: "partial".into(),
                rule: "stop.and.interested".into(),
                text: quoted.unwrap_or_default(),
            });
        }
        self.out
            .human
            .retain(|s| asked || s.reason.starts_with('!'));
        for signal in &mut self.out.human {
            signal.reason = signal.reason.trim_start_matches('!').to_owned();
        }
        let silent = text.tokens.is_empty() && self.out.stance.is_none();
        if silent && !asked && !question.automatic {
            self.out.unsure = None;
            self.unsure("nothing_left", "read.nothing_left", String::new());
        }
        let doubted = asked || !self.out.human.is_empty() || self.out.unsure.is_some();
        self.out.is_bare_stance &= !doubted;
        self.out.requests.sort_by_key(|f| {
            f.evidence
                .first()
                .and_then(|e| e.start)
                .unwrap_or(usize::MAX)
        });
        self.out
    }

    fn stance(&self, question: &Question<'_>) -> Option<Stance> {
        let says = |stance| self.spoken.iter().any(|(_, s)| *s == stance);
        let order = [
            Stance::Departed,
            Stance::OutOfOffice,
            Stance::WrongPerson,
            Stance::Interested,
            Stance::NotInterested,
            Stance::Question,
        ];
        if question.automatic && !says(Stance::Departed) {
            return Some(Stance::OutOfOffice);
        }
        order.into_iter().find(|s| says(*s)).or_else(|| {
            (self.out.requests.is_empty()
                && self.out.human.is_empty()
                && question.fresh.trim_end().ends_with('?'))
            .then_some(Stance::Question)
        })
    }

    /// Convention 7: an address or domain that is not the sender's own is somebody else's.
    fn addresses(&mut self, question: &Question<'_>, text: &Text) {
        let from = question.from.to_lowercase();
        let own = from.rsplit_once('@').map_or("", |(_, d)| d);
        for token in &text.tokens {
            let reason = match token.shape {
                Shape::Address if token.folded != from => "other_address",
                Shape::Domain
                    if token.folded.starts_with('@')
                        || (!own.is_empty() && token.folded.ends_with(own)) =>
                {
                    "whole_firm"
                }
                _ => continue,
            };
            let quoted = question
                .fresh
                .get(token.start..token.end)
                .unwrap_or_default();
            self.signal(Signal {
                reason: reason.into(),
                rule: format!("read.{reason}"),
                text: quoted.to_owned(),
            });
        }
    }
}
