//! Commits, one after the other, in groups: the only writer of the log.
//!
//! Messages are read and decided in parallel ahead of it. What comes here says what it expects to be still true; the
//! sequencer looks, with everything that was committed before in view (also what stands in the same group), and either
//! commits or reports a conflict, whereupon the message is decided again. One fdatasync serves a whole group.

mod pulse;

pub use pulse::{Beat, Pulse};

use super::clock::Clock;
use crate::record::{Event, State};
use crate::request::Expectation;
use crate::store::{CommitError, Reader, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tokio::sync::{Notify, mpsc, oneshot, watch};

/// Commits that one group may hold.
const GROUP: usize = 512;
/// Octets of frames that one group may hold.
const GROUP_OCTETS: u64 = 4 << 20;

/// What somebody wants to have happened.
#[derive(Debug)]
pub struct Proposal {
    /// One frame of events.
    pub events: Vec<Event>,
    /// What must be true.
    pub expectations: Vec<Expectation>,
    /// An outcome that is known and must be written down even on a full disk.
    pub essential: bool,
}

impl Proposal {
    /// New work: refused when the disk is full.
    pub fn new(events: Vec<Event>) -> Self {
        Self {
            events,
            expectations: Vec::new(),
            essential: false,
        }
    }

    /// What has happened outside already.
    pub fn essential(events: Vec<Event>) -> Self {
        Self {
            events,
            expectations: Vec::new(),
            essential: true,
        }
    }

    /// With what must be true.
    pub fn expecting(mut self, expectations: Vec<Expectation>) -> Self {
        self.expectations = expectations;
        self
    }
}

/// What became of a proposal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Committed {
    /// It is durable, as this frame.
    Frame(u64),
    /// Something that it expected is no longer true: decide again.
    Conflict,
    /// There is no room on the disk; later.
    Full(String),
    /// The store has failed; the daemon must end and open it again.
    Failed(String),
}

enum Request {
    Commit(Proposal, oneshot::Sender<Committed>),
    Checkpoint(oneshot::Sender<Result<u64, String>>),
    /// Whether the thread still takes work; nothing is written for it.
    Beat(oneshot::Sender<()>),
}

/// The way to the sequencer. Cheap to clone.
#[derive(Clone)]
pub struct Sequencer {
    requests: mpsc::Sender<Request>,
    reader: Reader,
    failed: Arc<AtomicBool>,
    letters: Arc<Notify>,
    committed: watch::Receiver<u64>,
}

/// The sequencer's thread; joining it gives the store back, closed to nobody.
pub type Running = JoinHandle<Store>;

impl Sequencer {
    /// Starts the thread that owns the store from now on. It ends when the last [`Sequencer`] is dropped.
    pub fn start(store: Store, clock: Clock) -> std::io::Result<(Self, Running)> {
        let (requests, queue) = mpsc::channel(4 * GROUP);
        let reader = store.reader();
        let failed = Arc::new(AtomicBool::new(false));
        let letters = Arc::new(Notify::new());
        let head = reader.head().map_or(0, |link| link.number);
        let (tell, committed) = watch::channel(head);
        let heard = Heard {
            failed: failed.clone(),
            letters: letters.clone(),
            committed: tell,
        };
        let thread = std::thread::Builder::new()
            .name("sequencer".into())
            .spawn(move || serve(store, queue, &clock, &heard))?;
        Ok((
            Self {
                requests,
                reader,
                failed,
                letters,
                committed,
            },
            thread,
        ))
    }

    /// Whether the store has failed for good: the process must end and open it again.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Told when a letter was committed that may have to leave, whoever queued it: a message, a reviewer's word, a resend.
    pub fn letters(&self) -> Arc<Notify> {
        self.letters.clone()
    }

    /// The number of the last frame, told with every group that is committed: whoever follows the log waits for it, and
    /// need not look into files. It ends with the thread.
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }

    /// Whether its thread is alive, for as long as somebody asks.
    pub fn pulse(&self) -> Pulse {
        Pulse {
            requests: self.requests.downgrade(),
            failed: self.failed.clone(),
        }
    }

    /// What is committed and applied, for looking things up.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Commits one proposal; returns once it is durable, or not.
    pub async fn commit(&self, proposal: Proposal) -> Committed {
        match self.hand_in(proposal).await {
            Some(answer) => answer.await.unwrap_or_else(|_| gone()),
            None => gone(),
        }
    }

    /// Commits several, each a frame of its own, in their order and if possible in one group.
    pub async fn commit_all(&self, proposals: Vec<Proposal>) -> Vec<Committed> {
        self.submit_all(proposals).await.verdicts().await
    }

    /// Hands several in, and does not wait for what becomes of them.
    pub async fn submit_all(&self, proposals: Vec<Proposal>) -> Submitted {
        let mut answers = Vec::with_capacity(proposals.len());
        for proposal in proposals {
            answers.push(self.hand_in(proposal).await);
        }
        Submitted(answers)
    }

    /// Writes a checkpoint; the number of its frame.
    pub async fn checkpoint(&self) -> Result<u64, String> {
        let (tell, answer) = oneshot::channel();
        if self.requests.send(Request::Checkpoint(tell)).await.is_err() {
            return Err("the sequencer has ended".into());
        }
        answer
            .await
            .unwrap_or_else(|_| Err("the sequencer has ended".into()))
    }

    async fn hand_in(&self, proposal: Proposal) -> Option<oneshot::Receiver<Committed>> {
        let (tell, answer) = oneshot::channel();
        self.requests
            .send(Request::Commit(proposal, tell))
            .await
            .ok()?;
        Some(answer)
    }
}

/// Proposals that were handed in.
pub struct Submitted(Vec<Option<oneshot::Receiver<Committed>>>);

impl Submitted {
    /// What became of each, in their order.
    pub async fn verdicts(self) -> Vec<Committed> {
        let mut verdicts = Vec::with_capacity(self.0.len());
        for answer in self.0 {
            verdicts.push(match answer {
                Some(answer) => answer.await.unwrap_or_else(|_| gone()),
                None => gone(),
            });
        }
        verdicts
    }
}

fn gone() -> Committed {
    Committed::Failed("the sequencer has ended".into())
}

type Waiting = Vec<(Proposal, oneshot::Sender<Committed>)>;

/// Who is told of what the thread does.
struct Heard {
    failed: Arc<AtomicBool>,
    letters: Arc<Notify>,
    committed: watch::Sender<u64>,
}

impl Heard {
    /// A checkpoint is a frame, too.
    fn tell_head(&self, store: &Store) {
        if let Ok(head) = store.reader().head() {
            self.committed.send_replace(head.number);
        }
    }
}

fn serve(
    mut store: Store,
    mut queue: mpsc::Receiver<Request>,
    clock: &Clock,
    heard: &Heard,
) -> Store {
    let mut waiting: Waiting = Vec::new();
    while let Some(first) = queue.blocking_recv() {
        // On a busy machine others are about to hand in, too: one fdatasync for all of them. On an idle one this takes nothing.
        std::thread::yield_now();
        let mut next = Some(first);
        while let Some(request) = next {
            match request {
                Request::Commit(proposal, tell) => waiting.push((proposal, tell)),
                Request::Checkpoint(tell) => {
                    commit_group(&mut store, std::mem::take(&mut waiting), clock, heard);
                    let made = store
                        .checkpoint(clock.now())
                        .map(|c| c.frame)
                        .map_err(|e| e.to_string());
                    heard.tell_head(&store);
                    // Whoever asked may have stopped waiting.
                    let _ = tell.send(made);
                }
                Request::Beat(tell) => {
                    commit_group(&mut store, std::mem::take(&mut waiting), clock, heard);
                    // Nor does this one wait for ever.
                    let _ = tell.send(());
                }
            }
            next = if waiting.len() < GROUP {
                queue.try_recv().ok()
            } else {
                None
            };
        }
        if !waiting.is_empty() {
            commit_group(&mut store, std::mem::take(&mut waiting), clock, heard);
        }
        heard.failed.store(store.is_poisoned(), Ordering::Relaxed);
    }
    store
}

/// Commits what waits, in as few groups as its size allows.
fn commit_group(store: &mut Store, waiting: Waiting, clock: &Clock, heard: &Heard) {
    let mut rest = waiting.into_iter();
    loop {
        let room = store.check_room();
        let mut group = store.group(clock.now());
        let (mut taken, mut may_leave) = (Vec::new(), false);
        for (proposal, tell) in rest.by_ref() {
            let verdict = match (&room, proposal.essential) {
                (Err(full), false) => Err(refusal(full)),
                _ => judge(&proposal.expectations, &group.state()),
            };
            let letter = proposal.events.iter().any(may_have_to_leave);
            match verdict.and_then(|()| group.push(proposal.events).map_err(|e| refusal(&e))) {
                Ok(frame) => {
                    taken.push((frame, tell));
                    may_leave |= letter;
                }
                // Nobody waits any more for what is not sent: the connection that asked was dropped.
                Err(verdict) => drop(tell.send(verdict)),
            }
            if group.octets() >= GROUP_OCTETS {
                break;
            }
        }
        if taken.is_empty() {
            return;
        }
        let done = match room {
            Ok(()) => group.commit(),
            Err(_) => group.commit_essential(),
        };
        let last = taken.last().map(|(frame, _)| *frame);
        for (frame, tell) in taken {
            let verdict = done
                .as_ref()
                .map_or_else(refusal, |()| Committed::Frame(frame));
            drop(tell.send(verdict));
        }
        match &done {
            Ok(()) => {
                // Nobody may be listening.
                heard.committed.send_replace(last.unwrap_or_default());
                if may_leave {
                    heard.letters.notify_one();
                }
            }
            Err(error) => tracing::error!(%error, "the log did not take a group"),
        }
    }
}

/// Whether the outbox should look at once, and not only at its next round.
fn may_have_to_leave(event: &Event) -> bool {
    matches!(event, Event::LetterQueued { .. } | Event::LetterJudged(_))
}

fn judge(expectations: &[Expectation], state: &State<'_>) -> Result<(), Committed> {
    for expectation in expectations {
        match expectation.holds(state) {
            Ok(true) => {}
            Ok(false) => return Err(Committed::Conflict),
            Err(damaged) => return Err(Committed::Failed(damaged.to_string())),
        }
    }
    Ok(())
}

fn refusal(error: &CommitError) -> Committed {
    match error {
        CommitError::Full { .. } => Committed::Full(error.to_string()),
        CommitError::TooLarge => Committed::Full(error.to_string()),
        _ => Committed::Failed(error.to_string()),
    }
}
