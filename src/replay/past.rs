//! Decides the messages of the past one after the other, on rows in memory, as the daemon would have done at that moment.
//!
//! The same `request::decide` and the same `record::apply` as in the daemon, so that an open case, a cap or a second STOP mean here what
//! they mean there. What a replay cannot know is left out, and only makes it more careful: there is no register, so letters that need one are held.

use super::note::{Mail, SentMail};
use super::tell::Circumstances;
use crate::mail::{Gate, InboundMessage, Report};
use crate::record::{
    Address, CaseId, Damaged, Event, FolderId, FolderRole, Frame, KeyId, LetterKind, Location,
    LogPosition, MemoryTables, Mode, PersonId, SmtpReply, State, Timestamp, apply, hour_key,
    is_freemail_domain,
};
use crate::record::{Fingerprinter, Sealed};
use crate::request::{
    self, Arrival, Case, Decision, Domain, Forwarded, FreshIds, History, House, Known, Release,
    Reported, SealedLetter, Situation, Who,
};
use std::collections::HashMap;

/// A dozen words, two of them shouted: what stands for a long or angry text, whose words were not kept (`stop_answer`).
const LONG: &str = "! ! . . . . . . . . . .";

/// The rows, and what is not in them.
pub(super) struct Past<'a> {
    circumstances: &'a Circumstances<'a>,
    tables: MemoryTables,
    keys: Fingerprinter,
    frames: u64,
    ids: u64,
    addresses: HashMap<PersonId, Address>,
}

impl<'a> Past<'a> {
    pub fn new(circumstances: &'a Circumstances<'a>) -> Self {
        Self {
            circumstances,
            tables: MemoryTables::default(),
            // The rows never leave this process, so nothing has to be kept from anybody who sees them.
            keys: Fingerprinter::new(vec![[0; 32]], [0; 32]),
            frames: 0,
            ids: 0,
            addresses: HashMap::new(),
        }
    }

    fn state(&self) -> State<'_> {
        State(&self.tables)
    }

    /// The person of an address, known from now on.
    pub fn person(&mut self, address: &Address) -> PersonId {
        let person = self.keys.person(address);
        self.addresses
            .entry(person)
            .or_insert_with(|| address.clone());
        person
    }

    /// The address by which a person became known.
    pub fn address(&self, person: PersonId) -> Option<&Address> {
        self.addresses.get(&person)
    }

    /// Whether a mail of ours has this id, or a mail went to this address.
    pub fn is_reply(&self, mail: &Mail) -> Result<bool, Damaged> {
        for id in &mail.thread {
            if self.state().sent(self.keys.mail_id(id))?.is_some() {
                return Ok(true);
            }
        }
        match &mail.from {
            Some(from) => Ok(self.state().last_mailed(self.keys.person(from))?.is_some()),
            None => Ok(false),
        }
    }

    fn commit(&mut self, at: Timestamp, events: Vec<Event>) -> Result<(), Damaged> {
        self.frames += 1;
        let number = self.frames;
        let frame = Frame { number, at, events };
        apply(&mut self.tables, LogPosition::default(), &frame).map(drop)
    }

    /// A mail of ours.
    pub fn mailed(&mut self, mail: &SentMail) -> Result<(), Damaged> {
        let mut events: Vec<Event> = Vec::new();
        let mut to = Vec::new();
        for address in &mail.to {
            let person = self.person(address);
            if !to.contains(&person) {
                events.push(Event::Recognised {
                    person,
                    fingerprints: self.keys.of_address(address),
                });
                to.push(person);
            }
        }
        let place = (mail.folder, mail.uid);
        let unnamed = format!("sent {place:?}");
        events.push(Event::SentSeen {
            location: None,
            mail: self.keys.mail_id(mail.id.as_deref().unwrap_or(&unnamed)),
            to,
            at: mail.at,
            answers: mail.answers.iter().map(|i| self.keys.mail_id(i)).collect(),
            lines: Vec::new(),
        });
        self.commit(mail.at, events)
    }

    /// A message to us: what would have become of it.
    pub fn decide(&mut self, mail: &Mail) -> Result<Decision, Damaged> {
        let message = message(mail);
        let gate = Gate {
            verdict: mail.gate.verdict,
            reading: mail.gate.reading,
            rule: mail.gate.rule.clone(),
            sign: mail.gate.sign.clone(),
        };
        if let Some(from) = &mail.from {
            self.person(from);
        }
        self.ids += 1;
        let (thread, letter) = request::evidence(&self.state(), &self.keys, &message)?;
        let arrival = self.arrival(mail);
        let who = self.who(mail, thread)?;
        let case = letter.map(|(id, _)| id.case);
        let history = self.history(&arrival, &who, case)?;
        let here = self.circumstances;
        let situation = Situation {
            message: &message,
            gate: &gate,
            read: &mail.read,
            arrival,
            house: House {
                mode: Mode::Live,
                activated: Some(Timestamp::from_millis(i64::MIN)),
                has_template: here.has_template,
                systems_delivered: here.systems_delivered,
                sourced: false,
            },
            who,
            history,
            ids: FreshIds {
                case: CaseId::from_bits(self.ids),
                content_key: KeyId(self.ids),
                proof_key: KeyId(self.ids),
            },
        };
        let decision = request::decide(&situation, here.policy, mail.received);
        Ok(decision)
    }

    /// Makes what was decided the past of what comes next; a letter that leaves has left, and ends its case.
    pub fn happened(&mut self, decision: &Decision) -> Result<(), Damaged> {
        let at = decision.arrival.received;
        let letter = decision.letter.clone().filter(|l| l.is_automatic());
        let sealed = |key, _: request::Plain<'_>| {
            Ok(Sealed {
                key,
                bytes: Vec::new(),
            })
        };
        let mut parts = decision.seal::<Damaged>(sealed)?;
        let mail = self.keys.mail_id(&format!("letter {}", self.ids));
        parts.letter = letter.as_ref().map(|_| SealedLetter {
            mail,
            frozen: Sealed {
                key: KeyId(0),
                bytes: Vec::new(),
            },
            digest: [0; 32],
        });
        let mut events = decision.clone().into_events(parts);
        if let Some(letter) = letter {
            let id = letter.letter;
            let (phase, text) = (String::from("final_dot"), String::new());
            let reply = SmtpReply { phase, text };
            events.push(Event::LetterSending { letter: id });
            events.push(Event::LetterSent { letter: id, reply });
            if letter.kind == LetterKind::Answer && decision.draft.is_none() {
                let (case, by) = (id.case, String::from("auto"));
                events.push(Event::CaseClosed { case, by });
            }
        }
        self.commit(at, events)
    }

    /// A human answered: what comes after that is another case.
    pub fn answered(&mut self, case: CaseId, at: Timestamp) -> Result<(), Damaged> {
        let open = self.state().case(case)?.is_some_and(|c| c.closed.is_none());
        let by = String::from("a human");
        match open {
            true => self.commit(at, vec![Event::CaseClosed { case, by }]),
            false => Ok(()),
        }
    }

    fn arrival(&self, mail: &Mail) -> Arrival {
        let from = mail.from.as_ref().map(Address::as_str).unwrap_or_default();
        let id = mail.id.as_deref().unwrap_or_default();
        Arrival {
            content: self.keys.content(from, id, &mail.words.to_string()),
            location: Location {
                folder: FolderId::of("replay", &mail.folder.to_string()),
                uidvalidity: 1,
                uid: mail.uid,
            },
            mail: mail.id.as_deref().map(|id| self.keys.mail_id(id)),
            role: match mail.junk {
                true => FolderRole::Junk,
                false => FolderRole::Inbound,
            },
            mailbox: None,
            received: mail.received,
            written: mail.written,
            words: mail.words,
            reread: false,
        }
    }

    fn known(&self, address: &Address) -> Result<Known, Damaged> {
        request::known(&self.state(), &self.keys, address)
    }

    fn who(&mut self, mail: &Mail, thread: Vec<Known>) -> Result<Who, Damaged> {
        let mut reported = Vec::new();
        for (address, failed, status) in mail.report.iter().flat_map(|r| &r.about) {
            self.person(address);
            reported.push(Reported {
                known: self.known(address)?,
                letter: None,
                failed: *failed,
                status: status.clone(),
            });
        }
        let forwarded = match &mail.forward {
            Some(inner) => Some(Forwarded {
                known: match &inner.from {
                    Some(from) => {
                        self.person(from);
                        Some(self.known(from)?)
                    }
                    None => None,
                },
                from: inner.from.clone(),
                kinds: inner.kinds.clone(),
            }),
            None => None,
        };
        let from = mail.from.as_ref().map(|a| self.known(a)).transpose()?;
        // Whose address stands there is the reviewer's business; that one does holds the letter.
        let others = mail.names_others.then(|| mail.from.clone()).flatten();
        Ok(Who {
            from,
            token: None,
            unsubscribe: false,
            thread,
            dmarc_pass: mail.dmarc_pass,
            one_of_us: mail.one_of_us,
            forwarded,
            reported,
            named: others.map(|a| (a, String::new())).into_iter().collect(),
            domain: mail.from.as_ref().map(|a| self.domain(a)).transpose()?,
        })
    }

    fn domain(&self, address: &Address) -> Result<Domain, Damaged> {
        let fingerprint = self.keys.of_domain(address.domain());
        Ok(Domain {
            name: address.domain().to_owned(),
            fingerprint,
            freemail: is_freemail_domain(address.domain()),
            suppression: self.state().domain(&fingerprint)?,
            contacts: 0,
            not_prospects: 0,
        })
    }

    fn history(
        &self,
        arrival: &Arrival,
        who: &Who,
        case: Option<CaseId>,
    ) -> Result<History, Damaged> {
        let state = self.state();
        let same_mail = match arrival
            .mail
            .map(|m| state.inbound(m))
            .transpose()?
            .flatten()
        {
            Some(other) if other != arrival.content => state.message(other)?,
            _ => None,
        };
        let people = who.thread.iter().chain(&who.from);
        let open = people.flat_map(|k| k.row.open.iter().copied());
        let thread_case: Vec<Case> = request::cases_of(&state, case)?;
        let domain = who.domain.as_ref().map(|d| d.fingerprint);
        Ok(History {
            same_content: state.message(arrival.content)?,
            same_mail,
            thread_case: thread_case.into_iter().next(),
            open: request::cases_of(&state, open)?,
            identified: None,
            answered_by_hand: false,
            letters_this_hour: state.tally(&hour_key(arrival.received))?.count,
            domain_letters: match domain {
                Some(domain) => state.tally(&domain.0)?.at,
                None => Vec::new(),
            },
        })
    }
}

/// When a letter would have left by itself.
pub(super) fn leaves(decision: &Decision) -> Option<Timestamp> {
    match decision.letter.as_ref()?.release {
        Release::Automatic { not_before, .. } => Some(not_before),
        _ => None,
    }
}

/// The message again, as far as deciding looks at it.
fn message(mail: &Mail) -> InboundMessage {
    let feedback = mail.report.as_ref().filter(|r| r.feedback);
    let mut message = InboundMessage {
        message_id: mail.id.clone(),
        in_reply_to: mail.thread.clone(),
        from: mail.from.clone(),
        report: feedback.map(|_| Report::Feedback {
            recipient: None,
            original_id: None,
        }),
        ..InboundMessage::default()
    };
    if mail.long {
        message.fresh.text = LONG.to_owned();
    }
    message
}
