//! The way of a message that a person wrote: what it entails for the people, which case it belongs to, what a human must see.

use super::holds::{again, must_be_seen};
use super::joined::{Asked, nearest};
use super::letter;
use super::whose::{Whose, whose};
use super::{is, kinds_of};
use crate::record::{
    Clock, KeptMessage, LetterState, MessageState, PersonId, Proof, ProofOfRequest, Proposal,
    RequestKind, RequestState, Stance, Suppression, SuppressionReason, Timestamp,
};
use crate::request::decision::{CasePlan, Decision, Identified, Keep, OpenedRequest, Suppress};
use crate::request::expectation::Expectation;
use crate::request::policy::{NotInterested, Policy};
use crate::request::rule;
use crate::request::situation::{Case, Known, Situation};

/// A message on its way, and what was found out about it.
pub(super) struct Course<'a, 's> {
    pub s: &'a Situation<'s>,
    pub policy: &'a Policy,
    pub now: Timestamp,
    pub whose: Whose<'a>,
    /// What is asked.
    pub kinds: Vec<RequestKind>,
    /// The open case that the message joins.
    pub open: Option<&'a Case>,
    /// The open case that it would have joined, had that not answered or refused already what is asked again.
    after: Option<&'a Case>,
}

impl<'a, 's> Course<'a, 's>
where
    's: 'a,
{
    pub fn new(s: &'a Situation<'s>, policy: &'a Policy, now: Timestamp) -> Self {
        let (whose, kinds) = (whose(s, &s.who), kinds_of(s));
        let (open, after) = match &s.history.identified {
            Some(case) => (Some(case), None),
            None => nearest(s, whose.about.map(|k| k.person), &kinds),
        };
        Self {
            s,
            policy,
            now,
            whose,
            kinds,
            open,
            after,
        }
    }

    /// Whether a kind was understood surely enough to be acted upon.
    pub fn sure(&self, kind: RequestKind) -> bool {
        let found = self.s.read.requests.iter().find(|f| f.kind == kind);
        let needed = self.policy.settings.thresholds.of(kind).unwrap_or(0.0);
        (kind == RequestKind::Stop && self.s.who.unsubscribe)
            || found.is_some_and(|f| f.confidence >= needed)
    }

    pub fn run(self) -> Decision {
        if self.s.history.identified.is_some() {
            return self.identified();
        }
        if self.kinds.is_empty() {
            return self.nothing_asked();
        }
        if self.whose.stranger && !self.kinds.iter().any(|k| self.sure(*k)) {
            return Decision::bare(self.s, MessageState::Held, rule::UNSURE);
        }
        self.asked()
    }

    /// B8: the reply carries the code of its case, so what waited for it goes on; what else is asked is asked.
    fn identified(&self) -> Decision {
        let mut d = match self.kinds.is_empty() {
            false => self.asked(),
            true => {
                let mut d = Decision::bare(self.s, MessageState::Acted, rule::CODE);
                self.remember(&mut d);
                self.add_to_case(&mut d);
                d
            }
        };
        if d.rule == rule::REMINDER {
            d.rule = rule::CODE;
        }
        let row = self.open.map(|c| &c.row);
        let waits = |r: &&Clock| r.state == RequestState::AwaitingIdentity;
        let clocks = row.iter().flat_map(|r| &r.requests).filter(waits);
        let letters = self.open.iter().flat_map(|c| &c.letters);
        let drafts = letters.filter(|(_, l)| {
            l.state == LetterState::Draft && l.rule.as_ref() == Some(&rule::IDENTITY)
        });
        if let Some(case) = &mut d.case {
            case.identified = Some(Identified {
                reopened: clocks.map(|c| c.request).collect(),
                drafts: drafts.map(|(id, _)| *id).collect(),
            });
            case.held = case.held.take().or(Some(rule::CODE));
        }
        d
    }

    /// Requests: they take effect, they get a case, and then it is seen whether a letter may leave.
    fn asked(&self) -> Decision {
        let mut d = Decision::bare(self.s, MessageState::Acted, rule::DONE);
        for kind in &self.kinds {
            let (suppression, reason) = (self.entails(*kind), SuppressionReason::Request(*kind));
            for known in self.concerned() {
                d.recognise(known);
                let person = known.person;
                d.suppress(Suppress {
                    person,
                    suppression,
                    reason,
                });
            }
        }
        self.remember(&mut d);
        if self.s.history.same_mail.is_some() {
            return self.joined_duplicate(d);
        }
        let fresh = self.open_requests(&mut d);
        if fresh.is_empty() {
            (d.state, d.rule) = (MessageState::Acted, rule::REMINDER);
            let again = again(self, &self.kinds).then_some(rule::AGAIN);
            d.alert |= again.is_some();
            if let Some(rule) = must_be_seen(self).or(again) {
                d.hold(rule);
            }
        } else {
            letter::write(self, &fresh, &mut d);
        }
        self.propose(&mut d);
        d
    }

    /// Nothing is asked: the business itself, thanks, doubt.
    fn nothing_asked(&self) -> Decision {
        let s = self.s;
        let mut d = Decision::bare(s, MessageState::Ignored, rule::NOTHING_ASKED);
        let doubt = must_be_seen(self)
            .or_else(|| s.read.unsure.is_some().then_some(rule::UNSURE))
            .or_else(|| (s.read.stance == Some(Stance::Departed)).then_some(rule::DEPARTED));
        if let Some(rule) = doubt {
            (d.state, d.rule) = (MessageState::Held, rule);
            if self.whose.stranger {
                return d;
            }
            let reason = if is(&d.rule, "B10") {
                SuppressionReason::Departed
            } else {
                SuppressionReason::Unclear
            };
            if let Some(known) = self.whose.about {
                d.pause(known, reason);
            }
            self.hold_for_a_look(&mut d);
            self.propose(&mut d);
            return d;
        }
        if self.whose.stranger {
            return d;
        }
        if s.read.stance == Some(Stance::NotInterested) && self.open.is_none() {
            self.not_interested(&mut d);
        }
        if self.open.is_some() {
            d.rule = rule::THANKS;
            if matches!(s.read.stance, Some(Stance::Interested | Stance::Question)) {
                (d.state, d.rule) = (MessageState::Held, rule::CONTRADICTION);
                self.hold_for_a_look(&mut d);
                return d;
            }
            self.add_to_case(&mut d);
        }
        self.remember(&mut d);
        self.keep(&mut d);
        d
    }

    fn not_interested(&self, d: &mut Decision) {
        d.rule = rule::NOT_INTERESTED;
        let suppression = match self.policy.settings.not_interested {
            NotInterested::Leave => return,
            NotInterested::Pause => Suppression::Paused,
            NotInterested::Suppress => Suppression::Suppressed,
        };
        d.state = MessageState::Acted;
        for known in self.concerned() {
            d.recognise(known);
            d.suppress(Suppress {
                person: known.person,
                suppression,
                reason: SuppressionReason::NotInterested,
            });
        }
    }

    /// The people for whom it holds (B3): the person of token or thread, and the sender.
    fn concerned(&self) -> Vec<&'a Known> {
        let mut all: Vec<&Known> = self.whose.about.into_iter().collect();
        let other = self
            .whose
            .from
            .filter(|f| all.iter().all(|k| k.person != f.person));
        all.extend(other);
        all
    }

    /// What a request entails at once (rights.md, By kind); what is not sure is paused.
    fn entails(&self, kind: RequestKind) -> Suppression {
        match self.sure(kind) {
            true => self.policy.entails(kind),
            false => Suppression::Paused,
        }
    }

    /// C2: the same mail with other words joins its case; it is obeyed and shown, and not answered again.
    fn joined_duplicate(&self, mut d: Decision) -> Decision {
        (d.state, d.rule) = (MessageState::Held, rule::DUPLICATE);
        self.hold_for_a_look(&mut d);
        d
    }

    /// The person, the words (A5), and the versions that the decision relies on.
    pub fn remember(&self, d: &mut Decision) {
        d.person = self.whose.about.map(|k| k.person);
        d.spoke = (self.whose.from).map(|f| (f.person, self.s.arrival.words));
        for known in self.concerned() {
            d.expectations.push(Expectation::Person {
                id: known.person,
                version: known.row.version,
            });
        }
    }

    /// Opens a case or joins the open one; gives the requests that are new.
    fn open_requests(&self, d: &mut Decision) -> Vec<RequestKind> {
        self.add_to_case(d);
        let person = self.whose.about.map(|k| k.person);
        let asked = Asked::of(self.s, person, self.open, &self.kinds);
        let beside = asked.beside.iter();
        beside.for_each(|(case, _)| d.expect_case(case));
        let dates = self.policy.calendar.deadlines(self.s.arrival.received);
        if let Some(plan) = &mut d.case {
            plan.reminded = asked.repeated;
            plan.beside = asked.beside.iter().map(|(c, k)| (c.id, *k)).collect();
            let opened = asked.fresh.iter().map(|kind| OpenedRequest {
                kind: *kind,
                target: dates.target,
                due: dates.due,
            });
            plan.opened = opened.collect();
            plan.legal_hold = asked.fresh.contains(&RequestKind::Complaint);
            d.alert |= plan.legal_hold;
        }
        asked.fresh
    }

    /// The case of this message: the open one, or a new one, linked to the one before.
    fn add_to_case(&self, d: &mut Decision) {
        let ids = self.s.ids;
        let person: Option<PersonId> = self.whose.about.map(|k| k.person);
        let thread = self.s.history.thread_case.as_ref();
        let before = self.after.or(thread).map(|c| c.id);
        let before = before.or_else(|| self.whose.about.and_then(|k| k.row.closed.last().copied()));
        let (case, row) = (
            self.open.map_or(ids.case, |c| c.id),
            self.open.map(|c| &c.row),
        );
        d.expectations.push(Expectation::Case {
            id: case,
            version: row.map_or(0, |r| r.version),
        });
        d.case = Some(CasePlan {
            case,
            new: row.is_none(),
            person: row.map_or(person, |r| r.person),
            language: row.map_or(self.s.read.language, |r| r.language),
            content_key: row.map_or(ids.content_key, |r| r.content_key),
            proof_key: row.map_or(ids.proof_key, |r| r.proof_key),
            proof: row.is_none().then(|| self.proof()),
            previous: before.filter(|_| row.is_none()),
            opened: Vec::new(),
            reminded: Vec::new(),
            beside: Vec::new(),
            awaiting_identity: Vec::new(),
            identified: None,
            held: None,
            legal_hold: false,
            closed: false,
        });
        self.keep(d);
    }

    /// A case without a letter, for a human.
    pub fn hold_for_a_look(&self, d: &mut Decision) {
        self.remember(d);
        self.add_to_case(d);
        d.hold(d.rule.clone());
    }

    fn proof(&self) -> Proof {
        let evidence = self.s.read.requests.iter().map(|f| ProofOfRequest {
            kind: f.kind,
            confidence: f.confidence,
            words: f
                .evidence
                .iter()
                .map(|e| (e.rule.clone(), e.text.clone()))
                .collect(),
        });
        Proof {
            from: self.s.message.from.clone(),
            evidence: evidence.collect(),
            identity: self.whose.evidence.clone(),
        }
    }

    /// The text stays under the key of its case, or of its person; that of strangers who ask nothing clear does not.
    fn keep(&self, d: &mut Decision) {
        let of_contact = || {
            self.whose
                .about
                .and_then(|k| k.contact.as_ref().map(|c| c.key))
        };
        let Some(key) = d.case.as_ref().map(|c| c.content_key).or_else(of_contact) else {
            return;
        };
        let m = self.s.message;
        let message = KeptMessage {
            from: m.from.clone(),
            from_name: m.from_name.clone(),
            to: self.s.arrival.mailbox.clone(),
            subject: m.subject.clone(),
            message_id: m.message_id.clone(),
            references: m.references.iter().chain(&m.in_reply_to).cloned().collect(),
            date: m.date,
            fresh: m.fresh.text.clone(),
            elided: m.fresh.elided.iter().map(elided).collect(),
            understood: understood(self.s),
        };
        d.kept = Some(Keep { key, message });
    }

    /// B3, B4, B5: what a reviewer decides.
    fn propose(&self, d: &mut Decision) {
        if d.case.is_none() {
            return;
        }
        if let Some(from) = self.s.message.from.clone().filter(|_| self.whose.stranger) {
            d.proposals
                .push((rule::STRANGER, Proposal::UnknownSender { from }));
        }
        for (address, words) in &self.s.who.named {
            let (address, words) = (address.clone(), words.clone());
            d.proposals
                .push((rule::OTHERS, Proposal::Address { address, words }));
        }
        let whole_firm = self.s.read.human.iter().any(|h| h.reason == "whole_firm");
        if let Some(firm) = (self.s.who.domain.as_ref()).filter(|f| whole_firm && !f.freemail) {
            d.domain = firm
                .suppression
                .is_none()
                .then_some((firm.fingerprint, Suppression::Paused));
            let proposal = Proposal::Domain {
                domain: firm.name.clone(),
                contacts: firm.contacts,
                not_prospects: firm.not_prospects,
            };
            d.proposals.push((rule::WHOLE_FIRM, proposal));
        }
    }
}

fn elided(piece: &crate::mail::Elided) -> (String, String) {
    use crate::mail::ElidedKind::{Disclaimer, Forwarded, OurLine, Quotation, Signature};
    let kind = match piece.kind {
        Quotation => "quotation",
        Signature => "signature",
        Disclaimer => "disclaimer",
        Forwarded => "forwarded",
        OurLine => "our_line",
    };
    (kind.to_owned(), piece.text.clone())
}

/// What was understood, in words.
fn understood(s: &Situation<'_>) -> String {
    let mut words: Vec<String> = s.read.language.iter().map(|l| l.to_string()).collect();
    words.extend(s.read.requests.iter().map(|f| f.kind.to_string()));
    words.extend(s.read.stance.iter().map(|x| x.to_string()));
    let signals = s.read.human.iter().chain(&s.read.unsure);
    words.extend(signals.map(|x| x.reason.clone()));
    words.join(", ")
}
