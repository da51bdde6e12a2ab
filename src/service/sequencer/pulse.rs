//! Whether the sequencer's thread still takes work, felt without a frame being written for it.

use super::Request;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{mpsc, oneshot};

/// Feels whether the sequencer's thread is alive. Keeps nothing open: the thread ends as if nobody felt.
#[derive(Clone)]
pub struct Pulse {
    pub(super) requests: mpsc::WeakSender<Request>,
    pub(super) failed: Arc<AtomicBool>,
}

/// What was felt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Beat {
    /// The thread took a request that was handed in just now, and everything that stood before it is done with.
    Alive,
    /// The store has failed for good.
    Failed,
    /// The thread has ended.
    Ended,
}

impl Pulse {
    /// Hands in a request that asks for nothing but an answer. It waits behind all others as a commit does, so a thread that
    /// hangs (in an fsync that never returns, say) gives none; the caller knows how long it wants to wait.
    pub async fn beat(&self) -> Beat {
        let Some(requests) = self.requests.upgrade() else {
            return Beat::Ended;
        };
        let (tell, answer) = oneshot::channel();
        if requests.send(Request::Beat(tell)).await.is_err() {
            return Beat::Ended;
        }
        drop(requests);
        match answer.await {
            Err(_) => Beat::Ended,
            Ok(()) if self.failed.load(Ordering::Relaxed) => Beat::Failed,
            Ok(()) => Beat::Alive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Event, Timestamp};
    use crate::service::clock::Clock;
    use crate::service::sequencer::{Committed, Proposal, Sequencer};
    use crate::store::{Options, Store};
    use std::sync::Mutex;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_pulse_is_felt_while_work_is_taken_and_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = Timestamp::from_millis(1_800_000_000_000);
        let (store, _) = Store::open(folder.path(), &Options::at(at)).unwrap();
        // Whoever holds this lets the thread hang at the next commit, as a disk that does not come back would.
        let hold = Arc::new(Mutex::new(()));
        let held = hold.clone();
        let clock = Clock::of(move || {
            drop(held.lock().unwrap());
            at
        });
        let (sequencer, running) = Sequencer::start(store, clock).unwrap();
        let pulse = sequencer.pulse();
        let before = sequencer.reader().head().unwrap().number;
        assert_eq!(pulse.beat().await, Beat::Alive);
        assert_eq!(sequencer.reader().head().unwrap().number, before);

        let opened = Event::Opened {
            instance: [1; 16],
            version: "test".into(),
        };
        let proposal = Proposal::essential(vec![opened]);
        let guard = hold.lock().unwrap();
        let (submitted, felt) = tokio::task::block_in_place(|| {
            let submit = sequencer.submit_all(vec![proposal]);
            let submitted = tokio::runtime::Handle::current().block_on(submit);
            let beat = timeout(Duration::from_millis(300), pulse.beat());
            let felt = tokio::runtime::Handle::current().block_on(beat);
            (submitted, felt)
        });
        drop(guard);
        assert!(felt.is_err(), "a thread that hangs has no pulse: {felt:?}");
        assert!(matches!(
            submitted.verdicts().await[..],
            [Committed::Frame(_)]
        ));
        assert_eq!(pulse.beat().await, Beat::Alive);
        drop(sequencer);
        running.join().unwrap();
        assert_eq!(pulse.beat().await, Beat::Ended);
    }
}
