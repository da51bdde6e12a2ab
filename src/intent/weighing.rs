//! What was found so far in one reply, and what it comes to: traps take words out, a special request stands in for another, a
//! request says more than a stance.
//!
//! Deliberately absent: which phrases stand in the reply (`hits.rs`), and what the other reader says (`agree.rs`).

use super::asked::Answer;
use super::classification::{Classification, Evidence, Found, Signal};
use super::hits::Hit;
use super::lexicon::{Effect, Place};
use super::question::Question;
use super::sense;
use super::text::{Shape, Text};
use super::trace::{Fate, Page, Phrase, Tracer};
use crate::record::{Language, RequestKind, Stance};

/// What was found so far in one reply.
pub(super) struct Weighing {
    pub(super) out: Classification,
    /// Stances with their place in the text.
    spoken: Vec<(usize, Stance)>,
    /// Words of a request in a subject that may be the person's, and what they ask.
    doubted: Option<(RequestKind, Signal)>,
    /// Only if somebody asked why.
    pub(super) tracer: Option<Tracer>,
}

impl Weighing {
    pub(super) fn new(language: Option<Language>, tracer: Option<Tracer>) -> Self {
        let out = Classification {
            language,
            ..Classification::default()
        };
        Self {
            out,
            spoken: Vec::new(),
            doubted: None,
            tracer,
        }
    }

    /// What the quoted mail's own word says is surer than a phrase that knows the word from elsewhere.
    fn surely(&mut self, defined: Option<Found>) {
        let Some(found) = defined else { return };
        let requests = &mut self.out.requests;
        requests.retain(|f| f.kind != found.kind);
        requests.push(found);
        self.out.stance = None;
    }

    pub(super) fn answered(
        &mut self,
        answer: Option<Answer>,
        defined: impl FnOnce() -> Option<Found>,
    ) {
        match answer {
            Some(Answer::Leaves(found)) => self.surely(Some(found)),
            // "May I go on?" – "Yes" is interest; "Shall I stop?" – "No" is none.
            Some(Answer::Stays { says_yes }) => {
                self.says_only();
                self.spoken = match says_yes {
                    true => vec![(0, Stance::Interested)],
                    false => Vec::new(),
                };
                self.out.is_bare_stance = true;
            }
            Some(Answer::Unclear(signal)) => {
                self.says_only();
                self.out.unsure = Some(signal);
            }
            None => self.surely(defined()),
        }
    }

    /// A yes or no to our own question says nothing else.
    fn says_only(&mut self) {
        // What stands in a subject that the person typed stays asked.
        let is_of_subject = |f: &Found| f.evidence.iter().all(|e| e.start.is_none());
        self.out.requests.retain(is_of_subject);
        self.out.human.clear();
        self.out.unsure = None;
        self.spoken.clear();
    }

    /// A request in a subject that may be the person's: it is not passed over, whatever else is asked.
    pub(super) fn doubt(&mut self, page: Page<'_>, hit: &Hit<'_>, reason: &str) {
        if let Effect::Request(kind) = hit.rule.effect {
            self.doubted = Some((kind, page.signal(reason, hit)));
        }
    }

    pub(super) fn note(&mut self, page: Page<'_>, hit: &Hit<'_>, fate: impl FnOnce() -> Fate) {
        if let Some(tracer) = &mut self.tracer {
            tracer.see(page, hit, fate());
        }
    }

    pub(super) fn weigh(&mut self, page: Page<'_>, hits: &[Hit<'_>]) {
        let is_trap = |h: &&Hit<'_>| matches!(h.rule.effect, Effect::Trap(_));
        let traps: Vec<&Hit<'_>> = hits.iter().filter(is_trap).collect();
        if page.is_body {
            let senses = traps.iter().map(|trap| sense::other(page.text, trap));
            self.out.other_senses.extend(senses);
        }
        let mut alive: Vec<&Hit<'_>> = Vec::with_capacity(hits.len());
        for hit in hits {
            match sense::explained(page.text, hit, &traps) {
                None if sense::is_refused(hit, hits) => self.refused(page, hit),
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

    /// Words of a request with a word of refusal between them: they ask nothing for sure. A human looks, unless the learned reader
    /// hears nothing either.
    fn refused(&mut self, page: Page<'_>, hit: &Hit<'_>) {
        self.note(page, hit, || {
            Fate::Aside("a word of refusal stands between its words".to_owned())
        });
        if page.is_body {
            self.out.other_senses.push(sense::other(page.text, hit));
        }
        if self.out.unsure.is_none() {
            self.out.unsure = Some(page.signal("unclear", hit));
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

    pub(super) fn signal(&mut self, signal: Signal) {
        if !self.out.human.iter().any(|s| s.reason == signal.reason) {
            self.out.human.push(signal);
        }
    }

    /// What keeps a reply from being passed over, unless something else does already.
    pub(super) fn unsure(&mut self, reason: &str, rule: &str, text: String) {
        self.out.unsure.get_or_insert_with(|| Signal {
            reason: reason.to_owned(),
            rule: rule.to_owned(),
            text,
        });
    }

    /// Whoever asks for silence and for more in one breath wants neither for sure.
    fn mixed(&mut self) {
        let wants = self.spoken.iter().any(|(_, s)| *s == Stance::Interested);
        let mut requests = self.out.requests.iter();
        let stop = requests.find(|f| f.kind == RequestKind::Stop);
        let quoted = stop.map(|f| f.evidence[0].text.clone());
        if let (true, Some(text)) = (wants, quoted) {
            self.signal(Signal {
                reason: "partial".into(),
                rule: "stop.and.interested".into(),
                text,
            });
        }
    }

    pub(super) fn finish(mut self, question: &Question<'_>, text: &Text) -> Classification {
        let asked = !self.out.requests.is_empty();
        self.out.stance = self.stance(question);
        if asked {
            self.addresses(question, text);
            self.out.unsure = None;
        }
        self.mixed();
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
        let erases = self.out.asks(RequestKind::Erasure);
        let is_said = |kind| self.out.asks(kind) || (erases && kind == RequestKind::Stop);
        if let Some((_, signal)) = self.doubted.take().filter(|(kind, _)| !is_said(*kind)) {
            self.out.unsure = Some(signal);
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
