//! Tells the senders: a loop for each, so that one that hangs delays no other, until every notice has ended.
//!
//! A sender in trouble rests as a whole, longer each time, so that a thousand notices do not knock at a door that is shut.
//! Nothing is told in shadow mode. What a sender said is committed before anything follows from it.

use super::forgetting::forget;
use super::pace::Pace;
use super::report::Troubles;
use crate::record::{
    Concerned, Damaged, Event, Mode, Notice, NoticeAct, NoticeEnd, QueuedNotice, SECOND_LOOK_HOURS,
    Timestamp, Told,
};
use crate::request::Expectation;
use crate::sender::{self, Connector, Trouble, TroubleKind};
use crate::service::house::Office;
use crate::service::outbox::write_if;
use futures::stream::{FuturesUnordered, StreamExt};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

mod opening;

use opening::{Opened, open};

/// After so many notices the settings are looked at again.
const ROUND: usize = 500;
/// Between two looks at an empty queue: a row of the index each.
const NAP: Duration = Duration::from_millis(100);
/// How long a sender rests after its first trouble, its second, …; the last one repeats.
const RESTS: [u64; 7] = [1, 5, 30, 120, 300, 600, 900];
/// How long a notice waits after a trouble of its own, in seconds; the last one repeats.
const WAITS: [i64; 5] = [5, 30, 120, 600, 1800];
/// So often a notice is tried again at once when its sender has trouble.
const FIRST: usize = 2;

/// A word about somebody of whom every sender has now obeyed.
pub(crate) type Obeyed = mpsc::UnboundedSender<Concerned>;

/// The loops.
pub struct Tellers {
    office: Office,
    troubles: Arc<Troubles>,
    obeyed: Obeyed,
}

impl Tellers {
    /// Nobody is told yet.
    pub fn new(office: Office, troubles: Arc<Troubles>, obeyed: Obeyed) -> Self {
        Self {
            office,
            troubles,
            obeyed,
        }
    }

    /// Keeps a loop for each sender of the configuration in force, until `stop` becomes true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        // Dropped with this task, should one not end in time.
        let (mut loops, mut names) = (JoinSet::new(), BTreeMap::new());
        while !*stop.borrow_and_update() {
            while loops.try_join_next().is_some() {}
            names.retain(|_, running: &mut AbortHandle| !running.is_finished());
            for sender in &self.office.house.load().senders {
                let name = sender.name().to_owned();
                names.entry(name.clone()).or_insert_with(|| {
                    let teller = Teller {
                        office: self.office.clone(),
                        troubles: self.troubles.clone(),
                        obeyed: self.obeyed.clone(),
                        name,
                        failures: 0,
                    };
                    loops.spawn(teller.run(stop.clone()))
                });
            }
            tokio::select! {
                _ = stop.changed() => {}
                () = tokio::time::sleep(5 * NAP) => {}
            }
        }
        // Each ends after the notices that it began; a panic in one was its own end already.
        while loops.join_next().await.is_some() {}
    }
}

/// The loop of one sender.
struct Teller {
    office: Office,
    troubles: Arc<Troubles>,
    obeyed: Obeyed,
    name: String,
    /// Rounds in a row that ended in trouble.
    failures: usize,
}

impl Teller {
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut pace = Pace::new();
        while !*stop.borrow_and_update() {
            let house = self.office.house.load_full();
            let Some(sender) = house.senders.iter().find(|s| s.name() == self.name) else {
                return self.troubles.forget(&self.name);
            };
            let rest = match self.round(sender, &mut pace, &stop).await {
                Ok(Round::Idle) => NAP,
                Ok(Round::Told) => {
                    self.well();
                    continue;
                }
                Ok(Round::Trouble(trouble)) => self.ill(&trouble),
                Err(why) => {
                    tracing::warn!(sender = self.name, %why, "notices wait");
                    10 * NAP
                }
            };
            self.rest(rest, sender, &mut stop).await;
        }
    }

    /// Rests, as long as its settings are in force: what was corrected is tried at once.
    async fn rest(&mut self, rest: Duration, sender: &Connector, stop: &mut watch::Receiver<bool>) {
        let end = Instant::now() + rest;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || *stop.borrow() {
                return;
            }
            if !self.is_in_force(sender) {
                self.failures = 0;
                return;
            }
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(left.min(5 * NAP)) => {}
            }
        }
    }

    /// Whether the configuration in force still describes it so.
    fn is_in_force(&self, sender: &Connector) -> bool {
        let house = self.office.house.load();
        house.senders.iter().any(|s| s.is(sender))
    }

    fn well(&mut self) {
        if self.failures > 0 {
            tracing::info!(sender = self.name, "the sender answers again");
        }
        self.failures = 0;
        self.troubles.well(&self.name);
    }

    /// How long the sender rests.
    fn ill(&mut self, trouble: &Trouble) -> Duration {
        tracing::warn!(sender = self.name, why = %trouble.words, "the sender was not told");
        let rest = Duration::from_secs(RESTS[self.failures.min(RESTS.len() - 1)]);
        self.failures += 1;
        self.troubles
            .ill(&self.name, trouble, self.office.clock.now());
        trouble.wait.map_or(rest, |wait| wait.max(rest))
    }

    /// Tells what is due, as many at once as the sender allows, until nothing is or the sender has trouble.
    async fn round(
        &self,
        sender: &Connector,
        pace: &mut Pace,
        stop: &watch::Receiver<bool>,
    ) -> Result<Round, Damaged> {
        let limits = sender.limits();
        let at_once = limits.at_once.max(1);
        let (mut under_way, mut trouble) = (FuturesUnordered::new(), None);
        let (mut busy, mut end, mut begun) = (Vec::new(), Round::Idle, 0);
        loop {
            // What is under way ends; nothing new is begun at a door that is shut.
            let goes_on = trouble.is_none() && begun < ROUND && !*stop.borrow();
            let goes_on = goes_on && self.is_in_force(sender);
            while goes_on && under_way.len() < at_once {
                let Some(notice) = self.next(&busy, at_once)? else {
                    break;
                };
                pace.turn(limits.per_minute).await;
                begun += 1;
                busy.push(notice.about);
                under_way.push(async { (notice.about, self.tell(sender, notice).await) });
            }
            if under_way.is_empty() {
                return Ok(trouble.map_or(end, Round::Trouble));
            }
            // One that takes long keeps nobody from a place that is free.
            tokio::select! {
                Some((about, told)) = under_way.next() => {
                    busy.retain(|b| *b != about);
                    end = Round::Told;
                    if told.is_ok() {
                        self.troubles.well(&self.name);
                    }
                    trouble = trouble.or(told.err());
                }
                () = tokio::time::sleep(NAP) => {}
            }
        }
    }

    /// What is told next: what was asked just now before what a backlog asks. Nothing in shadow mode.
    fn next(&self, busy: &[Concerned], at_once: usize) -> Result<Option<QueuedNotice>, Damaged> {
        let state = self.office.sequencer.reader().state();
        if state.mode()?.is_none_or(|m| m.mode == Mode::Shadow) {
            return Ok(None);
        }
        let now = self.office.clock.now();
        for fresh in [true, false] {
            let mut queue = state
                .notices_of(&self.name, fresh, at_once + 1)?
                .into_iter();
            let next = queue.find(|(at, n)| is_due(*at, n, now) && !busy.contains(&n.about));
            if let Some((_, notice)) = next {
                return Ok(Some(notice));
            }
        }
        Ok(None)
    }

    /// One notice, to its end for now.
    async fn tell(&self, sender: &Connector, notice: QueuedNotice) -> Result<(), Trouble> {
        let (reader, about) = (self.office.sequencer.reader(), notice.about);
        let task = match open(reader, &self.name, about) {
            Ok(Opened::Task(task)) => task,
            Ok(Opened::Ended) => return Ok(()),
            Ok(Opened::ByHand(told, why)) => {
                let stuck = self.stuck(about, why.to_owned());
                self.written(about, &told, stuck).await;
                return Ok(());
            }
            Ok(Opened::Later(told, why)) => {
                let failed = self.failed(about, &told, &local(why));
                self.written(about, &told, failed).await;
                return Ok(());
            }
            Err(why) => return Err(local(why.to_string())),
        };
        let (act, at) = (task.told.act, task.told.position);
        let notice = format!("{}.{}.{}", at.segment, at.offset, at.event);
        let (event, trouble) = match sender.tell_notice(&notice, act, &task.whom).await {
            sender::Told::Obeyed { words } => {
                (self.ended(about, NoticeEnd::Obeyed, words, None), None)
            }
            sender::Told::Unknown { words } => {
                let first = task.told.ended.is_none() && task.told.act != NoticeAct::Lift;
                let now = self.office.clock.now();
                let again = first.then_some(now.plus_seconds(SECOND_LOOK_HOURS * 3600));
                (self.ended(about, NoticeEnd::Unknown, words, again), None)
            }
            sender::Told::Left { words } => (self.ended(about, NoticeEnd::Left, words, None), None),
            sender::Told::Refused { words } => (self.stuck(about, words), None),
            sender::Told::Later(trouble) => {
                (self.failed(about, &task.told, &trouble), Some(trouble))
            }
        };
        self.written(about, &task.told, event).await;
        match trouble {
            Some(trouble) => Err(trouble),
            None => Ok(()),
        }
    }

    fn ended(
        &self,
        about: Concerned,
        end: NoticeEnd,
        words: String,
        again: Option<Timestamp>,
    ) -> Notice {
        Notice::Ended {
            sender: self.name.clone(),
            about,
            end,
            words,
            again,
        }
    }

    fn stuck(&self, about: Concerned, why: String) -> Notice {
        let sender = self.name.clone();
        Notice::Stuck { sender, about, why }
    }

    fn failed(&self, about: Concerned, told: &Told, trouble: &Trouble) -> Notice {
        let tried = usize::from(told.attempts).min(WAITS.len() - 1);
        // The sender's trouble is not the notice's: the whole sender rests, and the notice is the first to be told. But one
        // that is always first and always fails must not keep the others from being told.
        let wait = match trouble.kind {
            TroubleKind::Answer | TroubleKind::Local => WAITS[tried],
            _ => tried.checked_sub(FIRST).map_or(0, |n| WAITS[n]),
        };
        Notice::Failed {
            sender: self.name.clone(),
            about,
            next: self.office.clock.now().plus_seconds(wait),
            why: trouble.words.clone(),
        }
    }

    /// Writes down how it ended, and forgets the address once nobody has to be told of it. If something else was asked while
    /// this was told, it says nothing of that: an obeyed lift must not end the suppression behind it.
    async fn written(&self, about: Concerned, told: &Told, notice: Notice) {
        let ended = matches!(notice, Notice::Ended { .. });
        let as_asked = vec![Expectation::notice(about, told)];
        if !write_if(&self.office, vec![Event::Notice(notice)], as_asked).await {
            return;
        }
        crate::faults::reached("notice: written down");
        if ended && forget(&self.office, about).await {
            // Nobody listens any more when the daemon ends; the letters are looked at again at the next start.
            let _ = self.obeyed.send(about);
        }
    }
}

enum Round {
    /// Nothing is due.
    Idle,
    /// All of it was told.
    Told,
    /// The sender has trouble.
    Trouble(Trouble),
}

/// By the wall clock; a clock that was set back must not make a person wait for it to come round again.
fn is_due(at: Timestamp, notice: &QueuedNotice, now: Timestamp) -> bool {
    let (longest, early) = (WAITS[WAITS.len() - 1], at.millis_since(now));
    let waits_too_long = notice.since.is_some() && early > 2_000 * longest;
    !notice.stuck && (early <= 0 || waits_too_long)
}

fn local(words: String) -> Trouble {
    Trouble {
        kind: TroubleKind::Local,
        words,
        wait: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::PersonId;

    fn queued(open: bool, stuck: bool) -> QueuedNotice {
        QueuedNotice {
            about: Concerned::Person(PersonId([1; 16])),
            since: open.then_some(Timestamp::from_millis(0)),
            stuck,
        }
    }

    #[test]
    fn a_clock_that_is_set_back_starves_no_notice() {
        let now = Timestamp::from_millis(10_000_000_000);
        let day = now.plus_days(1);
        assert!(is_due(now, &queued(true, false), now));
        assert!(!is_due(now.plus_seconds(60), &queued(true, false), now));
        assert!(
            is_due(day, &queued(true, false), now),
            "no notice waits a day"
        );
        assert!(
            !is_due(day, &queued(false, false), now),
            "but the second look does"
        );
        assert!(!is_due(now, &queued(true, true), now), "stuck");
    }
}
