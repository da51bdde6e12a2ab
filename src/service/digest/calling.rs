//! What cannot wait for the daily mail: who is told of what at once, and each of them once.

use super::escalating::{self, Circle};
use super::{Mailer, Reader, facts};
use crate::answer::DigestFacts;
use crate::record::{About, CaseId};
use crate::service::by_hand;
use crate::service::floods::floods_unseen;
use crate::service::needs::{self, Need};
use crate::service::status::Status;
use std::collections::BTreeSet;

/// How often the clocks of requests are looked at, in milliseconds.
const CLOCKS: i64 = 60_000;

/// Somebody, and what they must hear of.
struct Call {
    to: Reader,
    about: Vec<About>,
}

impl Mailer {
    /// What cannot wait: each is told of it once.
    pub(super) async fn alarms(&mut self, readers: &[Reader]) -> Result<(), String> {
        let now = self.office.clock.now();
        let last = self.clocks;
        let look = last.is_none_or(|last| now.millis_since(last).abs() >= CLOCKS);
        let mut trouble = Ok(());
        for call in self.calls(readers, look)? {
            let new = self.untold(&call.to, &call.about)?;
            if new.is_empty() {
                continue;
            }
            let status = (self.status)().map_err(|e| e.to_string())?;
            // One mail for each sort of news: it has words of its own.
            for sort in Sort::ALL {
                let of = new.iter().copied().filter(|about| Sort::of(about) == sort);
                // Whoever cannot be told now keeps nobody else waiting.
                let told = self.call(&call.to, of.collect(), &status).await;
                trouble = trouble.and(told);
            }
        }
        if look && trouble.is_ok() {
            self.clocks = Some(now);
        }
        trouble
    }

    /// Who must hear of what; what they heard before is among it.
    fn calls(&self, readers: &[Reader], look: bool) -> Result<Vec<Call>, String> {
        let now = self.office.clock.now();
        let state = self.office.sequencer.reader().state();
        let flags = state.flags().map_err(|e| e.to_string())?;
        let mut urgent: Vec<About> = (flags.iter())
            .map(|row| About::Flag(row.flag, row.since))
            .collect();
        let house = self.office.house.load();
        let (review, mut brought) = (&house.config.review, Vec::new());
        if look {
            urgent
                .extend(facts::ending(&state, now, review.alarm_days).map_err(|e| e.to_string())?);
            let floods = floods_unseen(&state, &house.config.policy.settings.floods);
            let floods = floods.map_err(|e| e.to_string())?.into_iter();
            urgent.extend(floods.map(|(of, _)| About::Flood(of)));
            let found = escalating::reached(&state, &review.escalation, now);
            brought = found.map_err(|e| e.to_string())?;
        }
        let mut calls = Vec::new();
        for reader in readers {
            add(&mut calls, reader.clone(), urgent.iter().copied());
        }
        if brought.is_empty() {
            return Ok(calls);
        }
        let today = house.config.policy.calendar.day(now);
        let reader = |one: &_| self.reader(one);
        let deputies: Vec<Reader> = review.standing_by(today).into_iter().map(reader).collect();
        let above: Vec<Reader> = house.config.above().iter().map(reader).collect();
        for (about, circle) in brought {
            for to in circle_of(circle, readers, &deputies, &above) {
                add(&mut calls, to.clone(), [about]);
            }
        }
        Ok(calls)
    }

    /// What cases wait for that so many others wait before that the list of what waits does not name them.
    fn beyond(&self, about: &[About], named: &[Need]) -> Result<Vec<Need>, String> {
        let state = self.office.sequencer.reader().state();
        let (house, now) = (self.office.house.load(), self.office.clock.now());
        let soon = house.config.review.due_soon_days;
        let mut cases: Vec<CaseId> = about.iter().filter_map(About::case).collect();
        cases.sort_unstable();
        cases.dedup();
        let named: BTreeSet<&str> = named.iter().filter_map(|n| n.subject.as_deref()).collect();
        cases.retain(|case| !named.contains(&*case.to_string()));
        let needs = needs::of_cases(&state, &cases, now, soon);
        let mut needs = needs.map_err(|e| e.to_string())?;
        by_hand::mark(&self.office, &mut needs);
        Ok(needs)
    }

    /// One mail, about what still waits for somebody.
    async fn call(&self, to: &Reader, about: Vec<About>, status: &Status) -> Result<(), String> {
        let is_new = |need: &&Need| about.iter().any(|a| facts::tells(a, need));
        let mut needs: Vec<Need> = status.needs.iter().filter(is_new).cloned().collect();
        needs.extend(self.beyond(&about, &needs)?);
        needs::in_order(&mut needs);
        // The rest was dealt with between two looks, or waits for nobody.
        let tells = |a: &About| needs.iter().any(|need| facts::tells(a, need));
        let about: Vec<About> = about.into_iter().filter(tells).collect();
        if about.is_empty() {
            return Ok(());
        }
        let facts = DigestFacts {
            urgent: true,
            escalation: escalating::word(&about).map(str::to_owned),
            ..self.facts(&to.reviewer, status, &needs)
        };
        self.tell(to, about, &facts).await
    }
}

/// Who is in a circle: everybody nearer is, too.
fn circle_of<'r>(
    circle: Circle,
    readers: &'r [Reader],
    deputies: &'r [Reader],
    above: &'r [Reader],
) -> Vec<&'r Reader> {
    match circle {
        Circle::Readers => readers.iter().collect(),
        Circle::Deputies => readers.iter().chain(deputies).collect(),
        Circle::Everybody => readers.iter().chain(deputies).chain(above).collect(),
        // Where nobody stands in, it goes up.
        Circle::Others if deputies.is_empty() => above.iter().collect(),
        Circle::Others => deputies.iter().collect(),
    }
}

/// What they must hear of, added to the rest; each once.
fn add(calls: &mut Vec<Call>, to: Reader, about: impl IntoIterator<Item = About>) {
    let at = match calls.iter().position(|call| call.to.key == to.key) {
        Some(at) => at,
        None => {
            let about = Vec::new();
            calls.push(Call { to, about });
            calls.len() - 1
        }
    };
    for one in about {
        if !calls[at].about.contains(&one) {
            calls[at].about.push(one);
        }
    }
}

/// What one mail is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Unseen,
    Complaint,
    /// A clock that has run far.
    Clock,
    Alarm,
}

impl Sort {
    /// The most urgent first.
    const ALL: [Self; 4] = [Self::Unseen, Self::Complaint, Self::Clock, Self::Alarm];

    const fn of(about: &About) -> Self {
        match about {
            About::Unseen(_) => Self::Unseen,
            About::Complaint(_) => Self::Complaint,
            About::Escalation { .. } | About::Due(_) => Self::Clock,
            About::Digest(_) | About::Flag(..) | About::Flood(_) => Self::Alarm,
        }
    }
}
