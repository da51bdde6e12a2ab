//! Takes what a mailbox hands over: read in parallel, decided, sealed, composed, and committed as one frame a message.
//!
//! A message whose reading panics is parked as dead and never delays its neighbours. What the store does not take is
//! refused as a whole batch, so the mailbox offers it again; taking twice is harmless, because a commit expects its
//! message to be unseen.

use super::apologising;
use super::canary;
use super::gathering::{self, Gathered, OurLines, Read, Trouble, gather};
use super::house::{House, Office};
use super::people;
use super::sent_index;
use super::sequencer::{Committed, Proposal};
use crate::intent::Signal;
use crate::mail::{self, Limits};
use crate::mailbox::{
    Cursor, Cursors, Fetched, FolderOpened, HeaderKey, Passed, PassedOver, Refused, Sink,
};
use crate::record::{Event, FolderId, Location, MessageState, PassedMany, RuleId, UidSet};
use crate::request::{Decision, Expectation};
use crate::store::Reader;
use futures::stream::{self, Stream, StreamExt};
use sha2::{Digest, Sha256};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

/// How often a message is decided again before the batch is refused (and offered again later).
const DECISIONS: usize = 20;

/// Asked once: the answer is read from files of the system.
static CORES: LazyLock<usize> =
    LazyLock::new(|| std::thread::available_parallelism().map_or(2, usize::from));

/// Messages that are decided by one thread and handed in together.
const PART: usize = 16;

/// Sees how each message ended: the demo prints it, `status` counts it.
pub trait Witness: Send + Sync {
    /// A message was committed.
    fn ended(&self, ending: &Ending);
}

/// How one message ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Where it lay.
    pub location: Location,
    /// Its Message-ID, if it had one.
    pub message_id: Option<String>,
    /// What was decided, if somebody sees it; `None` if it could not be read.
    pub decision: Option<Box<Decision>>,
    /// What was understood.
    pub read: crate::intent::Classification,
    /// How it ended.
    pub state: MessageState,
    /// The rule.
    pub rule: RuleId,
    /// Why a letter stayed a draft, in words.
    pub unwritten: Option<String>,
    /// From bytes to decision.
    pub micros: u64,
}

/// The reception desk of the daemon; one for all mailboxes.
#[derive(Clone)]
pub struct Reception {
    /// What is shared.
    pub office: Office,
    /// Who watches.
    pub witness: Option<Arc<dyn Witness>>,
}

/// A message ready to be committed.
pub(super) struct Ready {
    proposal: Proposal,
    ending: Ending,
}

impl Reception {
    /// Takes a batch: everything in it is committed, or nothing is known to be.
    async fn take(&self, batch: Vec<Fetched>) -> Result<(), Refused> {
        let mut waiting: Vec<Arc<Fetched>> = batch.into_iter().map(Arc::new).collect();
        for _ in 0..DECISIONS {
            let mut handed_in = Vec::new();
            // While a part becomes durable the next are decided; what one did not see of its neighbours is a conflict.
            let mut parts = pin!(self.prepared(&waiting));
            while let Some(ready) = parts.next().await {
                let (proposals, endings): (Vec<_>, Vec<_>) =
                    (ready?.into_iter()).map(|r| (r.proposal, r.ending)).unzip();
                let submitted = self.office.sequencer.submit_all(proposals).await;
                handed_in.push((submitted, endings));
            }
            let (mut again, mut messages) = (Vec::new(), waiting.iter());
            for (submitted, endings) in handed_in {
                let verdicts = submitted.verdicts().await;
                for ((verdict, ending), message) in
                    verdicts.into_iter().zip(endings).zip(&mut messages)
                {
                    match verdict {
                        Committed::Frame(_) => self.tell(&ending),
                        // It was taken when its batch was offered before, and the rest of that was refused.
                        Committed::Conflict if self.is_taken(ending.location)? => {}
                        Committed::Conflict => again.push(message.clone()),
                        Committed::Full(why) | Committed::Failed(why) => return Err(Refused(why)),
                    }
                }
            }
            if again.is_empty() {
                return Ok(());
            }
            waiting = again;
        }
        Err(Refused("decisions kept overtaking each other".into()))
    }

    fn is_taken(&self, at: Location) -> Result<bool, Refused> {
        let seen = self.office.sequencer.reader().state().seen(at);
        seen.map_err(|e| Refused(e.to_string()))
    }

    fn tell(&self, ending: &Ending) {
        tracing::info!(state = %ending.state, rule = %ending.rule, micros = ending.micros, "message");
        if let Some(witness) = &self.witness {
            witness.ended(ending);
        }
    }

    /// Reads and decides in parallel, on as many blocking threads as there are cores and one that waits; part by part, in order.
    fn prepared(
        &self,
        batch: &[Arc<Fetched>],
    ) -> impl Stream<Item = Result<Vec<Ready>, Refused>> + Send + use<> {
        let parts: Vec<Vec<Arc<Fetched>>> = batch.chunks(PART).map(<[_]>::to_vec).collect();
        let desk = self.clone();
        let begin = move |part: Vec<Arc<Fetched>>| {
            let desk = desk.clone();
            tokio::task::spawn_blocking(move || desk.prepare_part(&part))
        };
        let parts = stream::iter(parts).map(begin).buffered(*CORES + 1);
        parts.map(|part| {
            let part = part.map_err(|e| Refused(e.to_string()))?;
            part.map_err(|e| Refused(e.to_string()))
        })
    }

    fn prepare_part(&self, part: &[Arc<Fetched>]) -> Result<Vec<Ready>, Trouble> {
        let house = self.office.house.load_full();
        let mut ready = Vec::with_capacity(part.len());
        for fetched in part {
            let done =
                std::panic::catch_unwind(AssertUnwindSafe(|| self.prepare_one(&house, fetched)));
            ready.push(match done {
                Ok(result) => result?,
                // Rule of thumb 8: the message is parked, the next one goes on.
                Err(_) => self.dead(fetched, "C2.panic", "reading it failed inside Quitus"),
            });
        }
        Ok(ready)
    }

    fn prepare_one(&self, house: &House, fetched: &Fetched) -> Result<Ready, Trouble> {
        let began = Instant::now();
        crate::faults::stumble(&fetched.raw);
        let reader = self.office.sequencer.reader();
        let role = gathering::role(fetched.role);
        if role == crate::record::FolderRole::Sent {
            return self.sent(house, fetched);
        }
        let message = mail::read(
            &fetched.raw,
            &Limits::default(),
            Some(&house.gate),
            &OurLines(reader),
        );
        let read = Read {
            location: gathering::location(fetched),
            role,
            mailbox: fetched.mailbox.clone(),
            received: fetched.internal_date,
            message,
        };
        let message = match &read.message {
            Ok(message) => message,
            Err(why) => return Ok(self.dead(fetched, "A0", &why.to_string())),
        };
        if let Some(events) = canary::heard(&self.office, house, &read, message)? {
            return Ok(self.silent(fetched, events));
        }
        let mut gathered = gather(&self.office, house, &read, message)?;
        count_firm(reader, &mut gathered)?;
        let decided = match self.hear(house, message, &gathered)? {
            Some(heard) => heard,
            None => self.decide(house, message, &gathered)?,
        };
        let ending = Ending {
            location: read.location,
            message_id: message.message_id.clone(),
            state: decided.state,
            rule: decided.rule,
            read: gathered.read,
            decision: decided.seen,
            unwritten: decided.unwritten,
            micros: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
        };
        Ok(Ready {
            proposal: decided.proposal,
            ending,
        })
    }

    /// A mail of ours: what it teaches, and what it did wrong.
    fn sent(&self, house: &House, fetched: &Fetched) -> Result<Ready, Trouble> {
        let events = sent_index::learn(&self.office, house, fetched)?;
        let unchanged = apologising::expected(self.office.sequencer.reader(), &events)?;
        let mut ready = self.silent(fetched, events);
        ready.proposal.expectations.extend(unchanged);
        Ok(ready)
    }

    /// A message that nobody can read (A0, C2).
    fn dead(&self, fetched: &Fetched, rule: &'static str, why: &str) -> Ready {
        let digest: [u8; 32] = Sha256::digest(&fetched.raw).into();
        let (location, rule) = (gathering::location(fetched), RuleId::of(rule));
        let event = Event::Died {
            location,
            message: gathering::digest_key(&digest),
            rule: rule.clone(),
            why: why.to_owned(),
        };
        Ready {
            proposal: Proposal::new(vec![event]).expecting(vec![Expectation::Unseen(location)]),
            ending: Ending {
                rule,
                state: MessageState::Dead,
                ..ending_of(location)
            },
        }
    }

    /// Something that is written down and is no message to us.
    pub(super) fn silent(&self, fetched: &Fetched, events: Vec<Event>) -> Ready {
        let location = gathering::location(fetched);
        let proposal = Proposal::new(events).expecting(vec![Expectation::Unseen(location)]);
        Ready {
            proposal,
            ending: ending_of(location),
        }
    }
}

/// B5: whoever speaks for a whole firm; how much of the register it is.
fn count_firm(reader: &Reader, gathered: &mut Gathered) -> Result<(), Trouble> {
    let says = |s: &Signal| s.reason == "whole_firm";
    if gathered.read.human.iter().any(says)
        && let Some(domain) = &mut gathered.who.domain
    {
        people::count_domain(reader, domain)?;
    }
    Ok(())
}

fn ending_of(location: Location) -> Ending {
    Ending {
        location,
        message_id: None,
        decision: None,
        read: Default::default(),
        state: MessageState::Ignored,
        rule: RuleId::of("sent"),
        unwritten: None,
        micros: 0,
    }
}

impl Cursors for Reception {
    async fn cursor(&self, mailbox: &str, folder: &str) -> Option<Cursor> {
        let row = self
            .office
            .sequencer
            .reader()
            .state()
            .folder(FolderId::of(mailbox, folder))
            .ok()??;
        let uidnext = row.seen.last().map_or(0, |last| last.saturating_add(1));
        Some(Cursor {
            uidvalidity: row.uidvalidity,
            uidnext,
            seen: row.seen,
        })
    }
}

impl Sink for Reception {
    async fn folder_opened(&self, opened: FolderOpened) -> Result<(), Refused> {
        let folder = FolderId::of(&opened.mailbox, &opened.folder);
        let known = self
            .office
            .sequencer
            .reader()
            .state()
            .folder(folder)
            .map_err(|e| Refused(e.to_string()))?;
        if known.is_some_and(|f| {
            f.uidvalidity == opened.uidvalidity
                && !matches!(opened.opening, crate::mailbox::Opening::WentBack { .. })
        }) {
            return Ok(());
        }
        self.write(vec![Event::FolderOpened {
            folder,
            mailbox: opened.mailbox.to_string(),
            name: opened.folder.to_string(),
            role: gathering::role(opened.role),
            uidvalidity: opened.uidvalidity,
        }])
        .await
    }

    async fn known(&self, _: &FolderOpened, keys: Vec<HeaderKey>) -> Result<Vec<bool>, Refused> {
        let reader = self.office.sequencer.reader();
        let refuse = |e: crate::record::Damaged| Refused(e.to_string());
        let mut known = Vec::with_capacity(keys.len());
        for key in keys {
            let mail = reader.fingerprinter().mail_id(&key.message_id);
            // Without a Message-ID nothing is sure: the body is read, and the content key decides.
            let found = !key.message_id.is_empty()
                && (reader.state().inbound(mail).map_err(refuse)?.is_some()
                    || reader.state().sent(mail).map_err(refuse)?.is_some());
            known.push(found);
        }
        Ok(known)
    }

    async fn fetched(&self, batch: Vec<Fetched>) -> Result<(), Refused> {
        self.take(batch).await
    }

    async fn passed(&self, passed: Passed) -> Result<(), Refused> {
        let folder = FolderId::of(&passed.mailbox, &passed.folder);
        let uidvalidity = passed.uidvalidity;
        let events = match passed.why {
            PassedOver::Unreadable { why } => unreadable(folder, uidvalidity, &passed.uids, &why),
            PassedOver::Gone => vec![Event::Gone {
                folder,
                uidvalidity,
                uids: passed.uids,
            }],
            PassedOver::BeforeUs | PassedOver::Known => vec![Event::PassedMany(PassedMany {
                folder,
                uidvalidity,
                uids: passed.uids,
            })],
        };
        self.write(events).await
    }
}

/// C2: after three failed readings while its neighbours could be read, a message is dead.
fn unreadable(folder: FolderId, uidvalidity: u32, uids: &UidSet, why: &str) -> Vec<Event> {
    let all = uids.ranges().iter().flat_map(|(low, high)| *low..=*high);
    all.map(|uid| {
        let location = Location {
            folder,
            uidvalidity,
            uid,
        };
        let digest: [u8; 32] =
            Sha256::digest(format!("{folder:?} {uidvalidity} {uid}").as_bytes()).into();
        Event::Died {
            location,
            message: gathering::digest_key(&digest),
            rule: RuleId::of("C2"),
            why: crate::delivery::reply::clean(why),
        }
    })
    .collect()
}

impl Reception {
    /// Writes events down in frames of bounded size.
    async fn write(&self, events: Vec<Event>) -> Result<(), Refused> {
        let frames = events
            .chunks(1_000)
            .map(|part| Proposal::new(part.to_vec()))
            .collect();
        for verdict in self.office.sequencer.commit_all(frames).await {
            match verdict {
                Committed::Frame(_) | Committed::Conflict => {}
                Committed::Full(why) | Committed::Failed(why) => return Err(Refused(why)),
            }
        }
        Ok(())
    }
}
