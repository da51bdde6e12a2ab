//! What was decided about one message, as data; and the order in which it becomes events.
//!
//! What will be sealed stands here in plain text, because the keys are the store's. A decision is made, sealed
//! ([`Decision::seal`]), its letter composed, and then committed ([`Decision::into_events`]) together with its expectations.

mod events;

use super::expectation::Expectation;
use super::situation::{Arrival, Case, Known, Situation};
use crate::record::{
    Address, CaseId, ContentKey, Fingerprint, KeptMessage, KeyId, KeyKind, Language, LetterHead,
    LetterId, LetterKind, MailIdHash, MessageState, PersonId, Proof, Proposal, Reading,
    RequestKind, RuleId, Sealed, Suppression, SuppressionReason, Timestamp, Verdict,
};

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The message.
    pub arrival: Arrival,
    /// The gate's words, for the log.
    pub gate: (Verdict, Reading, RuleId),
    /// The content is known already: only its new place is written down.
    pub again: bool,
    /// How it ended.
    pub state: MessageState,
    /// By which rule.
    pub rule: RuleId,
    /// Whom it is about; nobody, if nothing of the sender may be kept.
    pub person: Option<PersonId>,
    /// The text, if it stays in the store.
    pub kept: Option<Keep>,
    /// New fingerprints of people.
    pub recognised: Vec<(PersonId, Vec<Fingerprint>)>,
    /// Suppressions and pauses of people.
    pub suppressions: Vec<Suppress>,
    /// A pause of a whole domain (B5).
    pub domain: Option<(Fingerprint, Suppression)>,
    /// Addresses that mail comes back from: until when letters are held, and whether the failure is permanent.
    pub failed: Vec<(PersonId, Timestamp, bool)>,
    /// Letters that came back: letter, requests that open again, status, whether the failure is permanent.
    pub bounced: Vec<(LetterId, Vec<RequestKind>, String, bool)>,
    /// The sender's words, keyed (A5).
    pub spoke: Option<(PersonId, u64)>,
    /// The case.
    pub case: Option<CasePlan>,
    /// For a reviewer to decide; sealed under the case's proof key.
    pub proposals: Vec<(RuleId, Proposal)>,
    /// The letter.
    pub letter: Option<LetterPlan>,
    /// Beside an acknowledgement, or a neutral STOP letter, that leaves by itself: the answer that a human will release.
    pub draft: Option<LetterPlan>,
    /// Somebody must be told at once (a request after a suppression, a complaint).
    pub alert: bool,
    /// What must still be true when this is committed.
    pub expectations: Vec<Expectation>,
}

/// The text of the message, and the key under which it is sealed: its case's content key, or the person's contact key.
#[derive(Clone, Debug, PartialEq)]
pub struct Keep {
    /// The key.
    pub key: KeyId,
    /// The text.
    pub message: KeptMessage,
}

/// No more prospecting to this person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Suppress {
    /// Whom.
    pub person: PersonId,
    /// How far.
    pub suppression: Suppression,
    /// Why.
    pub reason: SuppressionReason,
}

/// A request of this message that gets a clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpenedRequest {
    /// What is asked.
    pub kind: RequestKind,
    /// The internal target.
    pub target: Timestamp,
    /// The legal end.
    pub due: Timestamp,
}

/// The person is who they say (B8).
#[derive(Clone, Debug, PartialEq)]
pub struct Identified {
    /// Requests that waited for it.
    pub reopened: Vec<RequestKind>,
    /// Drafts that waited for it, and wait for approval now.
    pub drafts: Vec<LetterId>,
}

/// The case of the message.
#[derive(Clone, Debug, PartialEq)]
pub struct CasePlan {
    /// Its reference.
    pub case: CaseId,
    /// It begins with this message.
    pub new: bool,
    /// Who asks.
    pub person: Option<PersonId>,
    /// The language of the first message.
    pub language: Option<Language>,
    /// Its content key.
    pub content_key: KeyId,
    /// Its proof key.
    pub proof_key: KeyId,
    /// What proves it; only of a new case.
    pub proof: Option<Proof>,
    /// The case before.
    pub previous: Option<CaseId>,
    /// Requests that get a clock.
    pub opened: Vec<OpenedRequest>,
    /// Requests that were asked again.
    pub reminded: Vec<RequestKind>,
    /// Requests that run in another open case of the person, and were asked again.
    pub beside: Vec<(CaseId, RequestKind)>,
    /// Requests that wait for the person to prove who they are (B8).
    pub awaiting_identity: Vec<RequestKind>,
    /// The message carries the code: what goes on now.
    pub identified: Option<Identified>,
    /// A human must look, and why.
    pub held: Option<RuleId>,
    /// Proof is kept whatever retention says.
    pub legal_hold: bool,
    /// Nothing is left to do: no letter follows.
    pub closed: bool,
}

/// In whose name a letter speaks (rights.md, Voice).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The mailbox that was written to, in the firm's voice.
    Mailbox,
    /// The privacy address, with the controller's legal name.
    Privacy,
}

/// Whether a letter leaves by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Release {
    /// It does, if it can be composed and the linter finds it clean.
    Automatic {
        /// Not earlier: the delay, office hours, the hourly cap.
        not_before: Timestamp,
        /// Given up after that.
        expires: Timestamp,
    },
    /// It does, and is written when the tools that send have obeyed: it says only what is true.
    WhenObeyed {
        /// Not earlier.
        not_before: Timestamp,
        /// Given up after that.
        expires: Timestamp,
    },
    /// It is a draft for a human.
    Held(RuleId),
}

/// A letter.
#[derive(Clone, Debug, PartialEq)]
pub struct LetterPlan {
    /// Its name: case, step, series 0.
    pub letter: LetterId,
    /// Answer or acknowledgement.
    pub kind: LetterKind,
    /// The requests that it answers, in the order of its parts.
    pub answers: Vec<RequestKind>,
    /// The requests that it says will be answered (acknowledgement).
    pub announces: Vec<RequestKind>,
    /// In which language.
    pub language: Language,
    /// The one recipient: From, or the address on file; none if it is printed and posted.
    pub to: Option<Address>,
    /// In whose name.
    pub identity: Identity,
    /// Without name, role, firm or source, because the reader may not be the person (B9).
    pub neutral: bool,
    /// The person.
    pub person: Option<PersonId>,
    /// The recipient's domain, keyed, unless it is a provider of private mailboxes (A7).
    pub domain: Option<Fingerprint>,
    /// The message that it replies to; none if a human entered the request.
    pub message: Option<ContentKey>,
    /// Whether it leaves by itself.
    pub release: Release,
}

/// Plain content that is to be sealed.
#[derive(Clone, Copy, Debug)]
pub enum Plain<'a> {
    /// The text of the message.
    Kept(&'a KeptMessage),
    /// What proves the case.
    Proof(&'a Proof),
    /// Something for a reviewer.
    Proposal(&'a Proposal),
}

/// The sealed parts of a decision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SealedParts {
    /// Of `kept`.
    pub kept: Option<Sealed>,
    /// Of the case's proof.
    pub proof: Option<Sealed>,
    /// Of the proposals, in their order.
    pub proposals: Vec<Sealed>,
    /// The frozen letter; without it an automatic letter becomes a draft (A8).
    pub letter: Option<SealedLetter>,
}

/// An automatic letter that was composed, found clean, and frozen.
#[derive(Clone, Debug, PartialEq)]
pub struct SealedLetter {
    /// Its Message-ID, keyed.
    pub mail: MailIdHash,
    /// `FrozenLetter`, sealed under the case's proof key.
    pub frozen: Sealed,
    /// SHA-256 of its bytes.
    pub digest: [u8; 32],
}

impl LetterPlan {
    /// The head of its row.
    pub fn head(&self, automatic: bool) -> LetterHead {
        LetterHead {
            letter: self.letter,
            kind: self.kind,
            answers: self.answers.clone(),
            person: self.person,
            domain: self.domain,
            message: self.message,
            automatic,
        }
    }

    /// Whether it leaves by itself.
    pub fn is_automatic(&self) -> bool {
        matches!(self.release, Release::Automatic { .. })
    }
}

impl Decision {
    /// A decision that does nothing but say how the message ended.
    pub(super) fn bare(s: &Situation<'_>, state: MessageState, rule: RuleId) -> Self {
        Self {
            arrival: s.arrival.clone(),
            gate: (s.gate.verdict, s.gate.reading, s.gate.rule.clone()),
            again: false,
            state,
            rule,
            person: None,
            kept: None,
            recognised: Vec::new(),
            suppressions: Vec::new(),
            domain: None,
            failed: Vec::new(),
            bounced: Vec::new(),
            spoke: None,
            case: None,
            proposals: Vec::new(),
            letter: None,
            draft: None,
            alert: false,
            expectations: vec![
                Expectation::Unseen(s.arrival.location),
                Expectation::NewContent(s.arrival.content),
            ],
        }
    }

    /// A human must look, and why.
    pub(super) fn hold(&mut self, rule: RuleId) {
        if let Some(case) = &mut self.case {
            case.held = Some(rule.clone());
        }
        (self.state, self.rule) = (MessageState::Held, rule);
    }

    /// It relies on what this case is now.
    pub(super) fn expect_case(&mut self, case: &Case) {
        self.expectations.push(Expectation::Case {
            id: case.id,
            version: case.row.version,
        });
    }

    /// What is new of a person's fingerprints.
    pub(super) fn recognise(&mut self, known: &Known) {
        if !known.fingerprints.is_empty() && self.recognised.iter().all(|(p, _)| *p != known.person)
        {
            self.recognised
                .push((known.person, known.fingerprints.clone()));
        }
    }

    /// The strictest word for a person stays.
    pub(super) fn suppress(&mut self, new: Suppress) {
        match self
            .suppressions
            .iter_mut()
            .find(|s| s.person == new.person)
        {
            Some(old) if old.suppression < new.suppression => *old = new,
            Some(_) => {}
            None => self.suppressions.push(new),
        }
    }

    /// In doubt: no prospecting until a human has looked.
    pub(super) fn pause(&mut self, known: &Known, reason: SuppressionReason) {
        self.recognise(known);
        self.suppress(Suppress {
            person: known.person,
            suppression: Suppression::Paused,
            reason,
        });
    }

    /// The keys that must exist (synced) before the events are committed.
    pub fn new_keys(&self) -> Vec<(KeyId, KeyKind)> {
        let new = self.case.iter().filter(|c| c.new);
        new.flat_map(|c| {
            [
                (c.content_key, KeyKind::Content),
                (c.proof_key, KeyKind::Proof),
            ]
        })
        .collect()
    }

    /// Seals what is to be sealed, with the store's `seal`.
    pub fn seal<E>(
        &self,
        mut seal: impl FnMut(KeyId, Plain<'_>) -> Result<Sealed, E>,
    ) -> Result<SealedParts, E> {
        let mut parts = SealedParts::default();
        if let Some(kept) = &self.kept {
            parts.kept = Some(seal(kept.key, Plain::Kept(&kept.message))?);
        }
        let Some(case) = &self.case else {
            return Ok(parts);
        };
        if let Some(proof) = &case.proof {
            parts.proof = Some(seal(case.proof_key, Plain::Proof(proof))?);
        }
        for (_, proposal) in &self.proposals {
            parts
                .proposals
                .push(seal(case.proof_key, Plain::Proposal(proposal))?);
        }
        Ok(parts)
    }

    /// A letter that was to leave by itself waits until the tools that send have obeyed; whether there is one.
    pub fn wait_for_senders(&mut self) -> bool {
        let Some(letter) = self.letter.as_mut() else {
            return false;
        };
        if let Release::Automatic {
            not_before,
            expires,
        } = letter.release
        {
            letter.release = Release::WhenObeyed {
                not_before,
                expires,
            };
        }
        matches!(letter.release, Release::WhenObeyed { .. })
    }

    /// A letter that was to leave by itself is held after all (not composed, not clean: A8; a limit).
    pub fn hold_letter(&mut self, rule: RuleId) {
        let Some(letter) = self.letter.as_mut().filter(|l| l.is_automatic()) else {
            return;
        };
        letter.release = Release::Held(rule.clone());
        if let Some(case) = self.case.as_mut().filter(|c| c.held.is_none()) {
            case.held = Some(rule.clone());
        }
        (self.state, self.rule) = (MessageState::Held, rule);
    }
}
