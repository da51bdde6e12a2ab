//! Leaves a server alone that failed several times in a row, tries it carefully again, and says so to `status`.
//!
//! It knows nothing of letters: only of the relation to one server. A refused login or certificate opens it at once and
//! for the longest pause, because repeating those locks accounts and wakes nobody. Time is monotonic and an argument.

use super::outcome::Problem;
use super::settings::BreakerSettings;
use std::time::{Duration, Instant};

/// The relation to one server.
#[derive(Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    failures: u32,
    pause: Duration,
    open_until: Option<Instant>,
    probing_since: Option<Instant>,
    last: Option<Problem>,
}

/// May something be tried now?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permission {
    /// Yes.
    Go,
    /// Yes, this one: what becomes of it decides.
    Probe,
    /// Not before so much time.
    Wait(Duration),
}

/// What `status`, readiness and metrics show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BreakerState {
    /// All is well, or few failures so far.
    Closed {
        /// Failures in a row.
        failures: u32,
    },
    /// The server is left alone.
    Open {
        /// Until the next careful try.
        wait: Duration,
        /// Failures in a row.
        failures: u32,
        /// What happened last.
        why: Problem,
    },
    /// The pause is over; one try is under way or due.
    HalfOpen {
        /// What happened last.
        why: Problem,
    },
}

impl Breaker {
    /// A server of which nothing bad is known.
    pub fn new(settings: BreakerSettings) -> Self {
        Self {
            pause: settings.first_wait.0,
            settings,
            failures: 0,
            open_until: None,
            probing_since: None,
            last: None,
        }
    }

    /// Asks whether the server may be troubled; [`Permission::Probe`] is given to one at a time.
    pub fn may_try(&mut self, now: Instant) -> Permission {
        let Some(until) = self.open_until else {
            return Permission::Go;
        };
        if now < until {
            return Permission::Wait(until - now);
        }
        // A probe whose end was never told (a task that was dropped) must not close the way for ever.
        if let Some(since) = self.probing_since
            && now < since + self.settings.longest_wait.0
        {
            return Permission::Wait(Duration::from_secs(1).min(self.settings.first_wait.0));
        }
        self.probing_since = Some(now);
        Permission::Probe
    }

    /// The server answered as a server does, whatever it said about the letter.
    pub fn succeeded(&mut self) {
        self.failures = 0;
        self.pause = self.settings.first_wait.0;
        self.open_until = None;
        self.probing_since = None;
        self.last = None;
    }

    /// The relation failed.
    pub fn failed(&mut self, problem: Problem, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        let was_probing = self.probing_since.take().is_some();
        let already_open = self.open_until.is_some() && !was_probing;
        if problem.trouble.needs_a_person() {
            self.open_until = Some(now + self.settings.longest_wait.0);
        } else if !already_open && (was_probing || self.failures >= self.settings.opens_after) {
            self.open_until = Some(now + self.pause);
            self.pause = (self.pause * 2).min(self.settings.longest_wait.0);
        }
        self.last = Some(problem);
    }

    /// For people to see.
    pub fn state(&self, now: Instant) -> BreakerState {
        match (self.open_until, &self.last) {
            (Some(until), Some(why)) if now < until => BreakerState::Open {
                wait: until - now,
                failures: self.failures,
                why: why.clone(),
            },
            (Some(_), Some(why)) => BreakerState::HalfOpen { why: why.clone() },
            _ => BreakerState::Closed {
                failures: self.failures,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::{Phase, Trouble};

    fn problem(trouble: Trouble) -> Problem {
        Problem {
            phase: Phase::Connect,
            trouble,
            reply: "no".into(),
        }
    }

    #[test]
    fn a_server_that_fails_three_times_is_left_alone_and_tried_by_one() {
        let (mut b, t) = (Breaker::new(BreakerSettings::default()), Instant::now());
        let s = Duration::from_secs;
        for _ in 0..3 {
            assert_eq!(b.may_try(t), Permission::Go);
            b.failed(problem(Trouble::Cut), t);
        }
        assert_eq!(b.may_try(t + s(10)), Permission::Wait(s(20)));
        assert!(matches!(b.state(t), BreakerState::Open { failures: 3, .. }));
        assert_eq!(b.may_try(t + s(30)), Permission::Probe);
        assert!(matches!(b.may_try(t + s(31)), Permission::Wait(_)));
        b.failed(problem(Trouble::Cut), t + s(31));
        assert_eq!(b.may_try(t + s(31)), Permission::Wait(s(60)), "it doubles");
        assert_eq!(b.may_try(t + s(91)), Permission::Probe);
        b.succeeded();
        assert_eq!(b.may_try(t + s(92)), Permission::Go);
        assert_eq!(b.state(t), BreakerState::Closed { failures: 0 });
    }

    #[test]
    fn a_refused_login_is_not_repeated_until_the_account_is_locked() {
        let (mut b, t) = (Breaker::new(BreakerSettings::default()), Instant::now());
        b.failed(problem(Trouble::Login), t);
        assert_eq!(b.may_try(t), Permission::Wait(Duration::from_secs(900)));
    }

    #[test]
    fn failures_of_sessions_that_were_under_way_do_not_lengthen_the_pause() {
        let (mut b, t) = (Breaker::new(BreakerSettings::default()), Instant::now());
        for _ in 0..8 {
            b.failed(problem(Trouble::Cut), t);
        }
        assert_eq!(b.may_try(t), Permission::Wait(Duration::from_secs(30)));
    }

    #[test]
    fn a_probe_that_nobody_reports_on_does_not_close_the_way_for_ever() {
        let (mut b, t) = (Breaker::new(BreakerSettings::default()), Instant::now());
        b.failed(problem(Trouble::Login), t);
        let s = Duration::from_secs;
        assert_eq!(b.may_try(t + s(900)), Permission::Probe);
        assert!(matches!(b.may_try(t + s(901)), Permission::Wait(_)));
        assert_eq!(b.may_try(t + s(1800)), Permission::Probe);
    }
}
