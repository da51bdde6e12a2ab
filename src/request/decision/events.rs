//! The order in which a decision becomes events: received, people, case, proposals, letters, decided.

use super::{CasePlan, Decision, Identified, LetterPlan, Release, SealedLetter, SealedParts};
use crate::record::{
    CaseId, ContentKey, Event, Notice, RequestKind, RequestState, Review, Sealed, SuppressionReason,
};
use crate::request::rule;
use crate::request::situation::Arrival;

impl Decision {
    /// The events of this decision, in the order in which they are committed: received, people, case, letter, decided.
    pub fn into_events(mut self, sealed: SealedParts) -> Vec<Event> {
        let (content, location) = (self.arrival.content, self.arrival.location);
        if self.again {
            let (message, rule) = (content, self.rule);
            return vec![Event::Joined {
                message,
                location,
                rule,
            }];
        }
        if sealed.letter.is_none() {
            self.hold_letter(rule::UNSURE_LETTER);
        }
        let mut events = vec![self.received(sealed.kept.clone())];
        self.people(&mut events);
        let case = self.case.as_ref().map(|c| c.case);
        if let Some(plan) = &self.case {
            plan.events(&self.arrival, sealed.proof, &mut events);
        }
        let proposals = self.proposals.iter().zip(sealed.proposals);
        events.extend(proposals.map(|((rule, _), what)| Event::Proposed {
            case,
            rule: rule.clone(),
            what: Some(what),
        }));
        for plan in self.letter.iter().chain(&self.draft) {
            events.push(plan.event(sealed.letter.as_ref()));
        }
        events.push(Event::Decided {
            message: content,
            state: self.state,
            rule: self.rule,
            case,
        });
        if let Some(plan) = self.case.as_ref().filter(|c| c.closed) {
            events.push(Event::CaseClosed {
                case: plan.case,
                by: "auto".into(),
            });
        }
        events
    }

    fn received(&self, kept: Option<Sealed>) -> Event {
        let (verdict, reading, rule) = self.gate.clone();
        Event::Received {
            message: self.arrival.content,
            location: self.arrival.location,
            mail: self.arrival.mail,
            received: self.arrival.received,
            written: self.arrival.written,
            person: self.person,
            verdict,
            reading,
            rule,
            kept,
        }
    }

    /// Letters that came back: their requests open again, and a human looks.
    fn came_back(&self, events: &mut Vec<Event>) {
        for (letter, kinds, status, hard) in &self.bounced {
            let (letter, hard, status) = (*letter, *hard, status.clone());
            events.push(Event::LetterBounced {
                letter,
                status,
                hard,
            });
            events.extend(kinds.iter().map(|request| Event::RequestMoved {
                case: letter.case,
                request: *request,
                state: RequestState::Open,
                by: "auto".into(),
            }));
            events.push(Event::CaseHeld {
                case: letter.case,
                rule: rule::REPORT,
            });
        }
    }

    /// Who must not be written to from now on.
    pub fn suppressed(&self) -> Vec<Event> {
        let case = self.case.as_ref().map(|c| c.case);
        let people = self.suppressions.iter().map(|s| Event::Suppressed {
            person: s.person,
            suppression: s.suppression,
            reason: s.reason,
            case,
        });
        let firm = (self.domain.iter()).map(|(domain, suppression)| Event::DomainSuppressed {
            domain: *domain,
            suppression: *suppression,
            reason: SuppressionReason::WholeFirm,
            case,
        });
        people.chain(firm).collect()
    }

    /// What holds for people from now on; before anything else happens (promise 2).
    fn people(&self, events: &mut Vec<Event>) {
        for (person, fingerprints) in &self.recognised {
            events.push(Event::Recognised {
                person: *person,
                fingerprints: fingerprints.clone(),
            });
        }
        events.extend(self.suppressed());
        self.came_back(events);
        for (person, until, hard) in &self.failed {
            events.push(Event::AddressFailed {
                person: *person,
                until: *until,
                hard: *hard,
            });
        }
        if let Some((person, words)) = self.spoke {
            events.push(Event::Spoke { person, words });
        }
    }
}

impl LetterPlan {
    fn event(&self, frozen: Option<&SealedLetter>) -> Event {
        match (&self.release, frozen) {
            (
                Release::Automatic {
                    not_before,
                    expires,
                },
                Some(frozen),
            ) => Event::LetterQueued {
                head: self.head(true),
                mail: frozen.mail,
                not_before: *not_before,
                expires: *expires,
                frozen: frozen.frozen.clone(),
                digest: frozen.digest,
                by: "auto".into(),
            },
            (
                Release::WhenObeyed {
                    not_before,
                    expires,
                },
                _,
            ) => Event::Notice(Notice::LetterWaits {
                head: self.head(true),
                not_before: *not_before,
                expires: *expires,
            }),
            (Release::Held(rule), _) => Event::LetterDrafted {
                head: self.head(false),
                rule: rule.clone(),
            },
            (Release::Automatic { .. }, None) => Event::LetterDrafted {
                head: self.head(false),
                rule: rule::UNSURE_LETTER,
            },
        }
    }
}

impl CasePlan {
    fn events(&self, arrival: &Arrival, proof: Option<Sealed>, events: &mut Vec<Event>) {
        let (case, message) = (self.case, arrival.content);
        if self.new {
            events.push(Event::CaseOpened {
                case,
                person: self.person,
                message: Some(message),
                received: arrival.received,
                language: self.language,
                content_key: self.content_key,
                proof_key: self.proof_key,
                proof,
                previous: self.previous,
            });
        }
        events.extend(self.opened.iter().map(|o| Event::RequestOpened {
            case,
            request: o.kind,
            received: arrival.received,
            target: o.target,
            due: o.due,
        }));
        self.reminders(message, events);
        if !self.new && self.reminded.is_empty() {
            events.push(Event::MessageAdded { case, message });
        }
        let waits = |request: &RequestKind| Event::RequestMoved {
            case,
            request: *request,
            state: RequestState::AwaitingIdentity,
            by: "auto".into(),
        };
        events.extend(self.awaiting_identity.iter().map(waits));
        if let Some(identified) = &self.identified {
            identified.events(case, arrival, events);
        }
        if let Some(rule) = &self.held {
            let rule = rule.clone();
            events.push(Event::CaseHeld { case, rule });
        }
        if self.legal_hold {
            let (on, by) = (true, "auto".into());
            events.push(Event::LegalHold { case, on, by });
        }
    }
}

impl CasePlan {
    /// What was asked again, in this case and beside it.
    fn reminders(&self, message: ContentKey, events: &mut Vec<Event>) {
        let here = self.reminded.iter().map(|request| (self.case, *request));
        let all = here.chain(self.beside.iter().copied());
        events.extend(all.map(|(case, request)| Event::Reminded {
            case,
            request,
            message,
        }));
    }
}

impl Identified {
    fn events(&self, case: CaseId, arrival: &Arrival, events: &mut Vec<Event>) {
        events.push(Event::Reviewed(Review::IdentityProved {
            case,
            rule: rule::CODE,
            message: Some(arrival.content),
            by: "auto".into(),
            note: None,
        }));
        events.extend(self.reopened.iter().map(|request| Event::RequestMoved {
            case,
            request: *request,
            state: RequestState::Open,
            by: "auto".into(),
        }));
        let rule = rule::REVIEW;
        events.extend(self.drafts.iter().map(|letter| Event::LetterHeld {
            letter: *letter,
            rule: rule.clone(),
        }));
    }
}
