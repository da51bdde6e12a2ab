//! What is needed to judge a message without a daemon, the same for `classify`, `explain` and `eval`; and all cores at it.
//!
//! Deliberately absent: what is printed.

use super::edge::{self, End};
use crate::intent::{self, Classification, Thresholds};
use crate::mail::{self, Circumstances, Gate, House, InboundMessage, Limits, Unreadable};
use crate::record::Outcome;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Items that a worker takes at once.
const HANDFUL: usize = 16;

/// Lexicons, house and thresholds.
pub struct Bench {
    /// The lexicons.
    pub reader: intent::Reader,
    /// Who we are.
    pub house: House,
    /// How sure the reader must be.
    pub thresholds: Thresholds,
}

/// A message that was read, and what would be done about its content.
pub struct Judged {
    /// The message.
    pub message: InboundMessage,
    /// May it be answered, may it be read?
    pub gate: Gate,
    /// What it asks.
    pub read: Classification,
    /// Act, hold or ignore.
    pub outcome: Outcome,
    /// Why a human must see it, if so.
    pub hold_reason: Option<String>,
}

impl Bench {
    /// With `--config` its lexicons, house and thresholds; else the program's own. A configuration that merely lies around is
    /// not used: what is said of a message must not depend on the folder in which the command is run.
    pub fn of(named: Option<&Path>) -> Result<Self, End> {
        if named.is_none() {
            return Ok(Self {
                reader: intent::builtin()?,
                house: House::unknown(),
                thresholds: Thresholds::default(),
            });
        }
        let config = edge::config(named)?;
        Ok(Self {
            reader: config.read_lexicons()?,
            house: config.house(),
            thresholds: config.policy.settings.thresholds.clone(),
        })
    }

    /// Reads, judges and understands one message.
    pub fn judge(&self, raw: &[u8]) -> Result<Judged, Unreadable> {
        let message = mail::read(raw, &Limits::default(), Some(&self.house), &())?;
        let gate = mail::gate(&message, &self.house, &Circumstances::default());
        let (gate, read) = intent::understand(&self.reader, &message, gate);
        let (outcome, hold_reason) = intent::outcome(&gate, &read, &self.thresholds);
        Ok(Judged {
            message,
            gate,
            read,
            outcome,
            hold_reason,
        })
    }
}

/// Works on all items on all cores, and hands the results over in the order of the items.
pub fn in_order<'i, I: Sync, R: Send>(
    items: &'i [I],
    work: impl Fn(&'i I) -> R + Sync,
    mut each: impl FnMut(R) -> io::Result<()>,
) -> io::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::sync_channel::<(usize, Vec<R>)>(cores * 4);
    std::thread::scope(|scope| {
        for _ in 0..cores.min(items.len().div_ceil(HANDFUL)) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let start = next.fetch_add(HANDFUL, Ordering::Relaxed);
                    let Some(handful) = items.get(start..items.len().min(start + HANDFUL)) else {
                        break;
                    };
                    let done = handful.iter().map(work).collect();
                    // Nobody listens any more when the output was closed.
                    if handful.is_empty() || sender.send((start, done)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        // Owned here, so that an early end hangs up on the workers.
        let receiver = receiver;
        let (mut waiting, mut turn) = (BTreeMap::new(), 0);
        for (start, done) in &receiver {
            waiting.insert(start, done);
            while let Some(done) = waiting.remove(&turn) {
                turn += HANDFUL;
                done.into_iter().try_for_each(&mut each)?;
            }
        }
        Ok(())
    })
}
