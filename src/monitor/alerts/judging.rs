//! When something must be told: pure, from what is urgent now, what was told, and what time it is.

use crate::record::Timestamp;
use crate::service::{Need, Why};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Due {
    /// It has become ill, or ill by something more.
    Ill,
    /// It still is.
    Still,
    /// It is well again.
    Well,
}

/// What one listener was told.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub(super) struct Told {
    /// Since when it is ill, as it was told (milliseconds); nothing while it is well.
    since: Option<i64>,
    /// When it was told last (milliseconds).
    at: i64,
    /// Of what in this illness, and how many each stood for.
    needs: BTreeMap<String, u64>,
}

impl Told {
    /// Since when it is ill: as it was told, else as it is seen.
    pub(super) fn since(&self, seen: Timestamp) -> Timestamp {
        self.since.map_or(seen, Timestamp::from_millis)
    }

    /// When it was told last (milliseconds).
    pub(super) fn last(&self) -> i64 {
        self.at
    }

    /// What must be told now: of this, which stands; `calm`: nothing has been urgent for a while.
    pub(super) fn due(
        &self,
        standing: &[Need],
        calm: bool,
        now: Timestamp,
        repeat: i64,
    ) -> Option<Due> {
        let Some(_) = self.since else {
            return (!standing.is_empty()).then_some(Due::Ill);
        };
        if standing.is_empty() {
            return calm.then_some(Due::Well);
        }
        if standing.iter().any(|need| self.is_new(need)) {
            return Some(Due::Ill);
        }
        // A clock that was set back must not silence it.
        let passed = now.millis_since(Timestamp::from_millis(self.at)).abs();
        (passed >= 1000 * repeat).then_some(Due::Still)
    }

    /// Incidents that somebody has looked at count no more: the next one is news, though there were as many before.
    pub(super) fn looked_at(&mut self, urgent: &[Need]) {
        let incidents = urgent.iter().filter(|n| n.why.contains(&Why::Incident));
        let open: BTreeMap<String, u64> = incidents.map(|n| (key(n), n.count)).collect();
        let of_incidents = format!("{} ", Why::Incident.word());
        self.needs.retain(|key, told| {
            let left = open.get(key).copied();
            *told = left.map_or(*told, |left| left.min(*told));
            left.is_some() || !key.starts_with(&of_incidents)
        });
    }

    fn is_new(&self, need: &Need) -> bool {
        match self.needs.get(&key(need)) {
            None => true,
            // Each mail after a STOP is one too many.
            Some(told) => need.why.contains(&Why::Incident) && need.count > *told,
        }
    }

    /// What it has been told once that is done.
    pub(super) fn after(
        &self,
        due: Due,
        standing: &[Need],
        since: Timestamp,
        now: Timestamp,
    ) -> Self {
        let now_standing = standing.iter().map(|n| (key(n), n.count));
        let needs = match due {
            Due::Well => {
                let at = now.millis();
                return Self {
                    at,
                    ..Self::default()
                };
            }
            // What comes and goes within one illness is told once.
            Due::Ill => self.needs.clone().into_iter().chain(now_standing).collect(),
            Due::Still => now_standing.collect(),
        };
        Self {
            since: Some(since.millis()),
            at: now.millis(),
            needs,
        }
    }
}

/// By what a need is known again at the next look.
fn key(need: &Need) -> String {
    let why = need.why.first().map_or("", |w| w.word());
    format!("{why} {}", need.subject.as_deref().unwrap_or_default())
}

/// What is seen, and since when.
#[derive(Default)]
pub(super) struct Sight {
    seen: BTreeMap<String, Timestamp>,
    /// Since when nothing is urgent.
    calm: Option<Timestamp>,
}

impl Sight {
    /// What stands of all that is urgent: what comes and goes by itself (a connection) only once it has lasted for so many seconds.
    pub(super) fn look(&mut self, urgent: &[Need], now: Timestamp, patience: i64) -> Vec<Need> {
        let keys: Vec<String> = urgent.iter().map(key).collect();
        self.seen.retain(|k, _| keys.contains(k));
        for key in keys {
            self.seen.entry(key).or_insert(now);
        }
        match urgent.is_empty() {
            true => self.calm = self.calm.or(Some(now)),
            false => self.calm = None,
        }
        let lasts = |since: Timestamp| now.millis_since(since) >= 1000 * patience;
        let stands = |need: &&Need| {
            let passing = need
                .why
                .iter()
                .all(|w| matches!(w, Why::Mailbox | Why::Smtp));
            !passing || self.seen.get(&key(need)).is_some_and(|s| lasts(*s))
        };
        urgent.iter().filter(stands).cloned().collect()
    }

    /// Since when the oldest of these is seen.
    pub(super) fn since(&self, standing: &[Need]) -> Option<Timestamp> {
        let seen = standing.iter().filter_map(|n| self.seen.get(&key(n)));
        seen.min().copied()
    }

    /// Whether nothing has been urgent for so many seconds.
    pub(super) fn is_calm(&self, now: Timestamp, patience: i64) -> bool {
        self.calm
            .is_some_and(|since| now.millis_since(since) >= 1000 * patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    /// One listener, told at once of whatever is due.
    #[derive(Default)]
    struct Listener {
        told: Told,
        sight: Sight,
    }

    impl Listener {
        fn look(&mut self, second: i64, urgent: &[Need]) -> Option<Due> {
            let now = Timestamp::from_millis(1000 * (1_800_000_000 + second));
            self.told.looked_at(urgent);
            let standing = self.sight.look(urgent, now, 120);
            let calm = self.sight.is_calm(now, 120);
            let due = self.told.due(&standing, calm, now, DAY)?;
            let since = self.told.since(self.sight.since(&standing).unwrap_or(now));
            self.told = self.told.after(due, &standing, since, now);
            Some(due)
        }
    }

    fn full() -> Need {
        Need::of(Why::DiskFull, "make room")
    }

    fn mailbox(name: &str) -> Need {
        Need::of(Why::Mailbox, "wait").about(name)
    }

    fn incidents(count: u64) -> Need {
        Need::of(Why::Incident, "quitus incidents list").times(count)
    }

    #[test]
    fn it_is_told_once_when_it_is_ill_daily_while_it_lasts_and_once_when_it_is_well() {
        let mut listener = Listener::default();
        assert_eq!(listener.look(0, &[]), None);
        assert_eq!(listener.look(10, &[full()]), Some(Due::Ill));
        assert_eq!(listener.look(12, &[full()]), None);
        assert_eq!(listener.look(10 + DAY - 1, &[full()]), None);
        assert_eq!(listener.look(10 + DAY, &[full()]), Some(Due::Still));
        assert_eq!(listener.look(12 + DAY, &[full()]), None);
        assert_eq!(listener.look(20 + DAY, &[]), None, "not yet calm");
        assert_eq!(listener.look(140 + DAY, &[]), Some(Due::Well));
        assert_eq!(listener.look(150 + DAY, &[]), None);
        assert_eq!(listener.look(160 + DAY, &[full()]), Some(Due::Ill));
    }

    #[test]
    fn a_connection_that_comes_and_goes_wakes_nobody_and_one_that_stays_away_does() {
        let mut listener = Listener::default();
        for second in (0..600).step_by(60) {
            assert_eq!(listener.look(second, &[mailbox("sales")]), None);
            assert_eq!(listener.look(second + 30, &[]), None);
        }
        assert_eq!(listener.look(600, &[mailbox("sales")]), None);
        assert_eq!(listener.look(719, &[mailbox("sales")]), None);
        assert_eq!(listener.look(720, &[mailbox("sales")]), Some(Due::Ill));
    }

    #[test]
    fn what_is_more_is_told_at_once_and_what_was_told_is_not_told_again() {
        let mut listener = Listener::default();
        assert_eq!(listener.look(0, &[incidents(1)]), Some(Due::Ill));
        assert_eq!(
            listener.look(10, &[full(), incidents(1)]),
            Some(Due::Ill),
            "a full disk is news"
        );
        assert_eq!(listener.look(20, &[incidents(1)]), None);
        assert_eq!(
            listener.look(30, &[full(), incidents(1)]),
            None,
            "it was told in this illness"
        );
        assert_eq!(
            listener.look(40, &[incidents(2)]),
            Some(Due::Ill),
            "one mail more after a STOP"
        );
        assert_eq!(listener.look(50, &[incidents(1)]), None, "somebody looked");
        assert_eq!(listener.look(60, &[]), None);
        assert_eq!(listener.look(70, &[full()]), None, "calm too short");
    }

    #[test]
    fn an_incident_after_those_that_somebody_looked_at_is_told() {
        let mut listener = Listener::default();
        let two = [full(), incidents(2)];
        assert_eq!(listener.look(0, &two), Some(Due::Ill));
        assert_eq!(listener.look(10, &[full(), incidents(1)]), None);
        assert_eq!(listener.look(20, &two), Some(Due::Ill), "one more");
        assert_eq!(listener.look(30, &[full()]), None, "both were looked at");
        assert_eq!(
            listener.look(40, &[full(), incidents(1)]),
            Some(Due::Ill),
            "a new one in the same illness"
        );
        assert_eq!(listener.look(50, &[full(), incidents(1)]), None);
    }

    #[test]
    fn what_was_told_outlives_the_process() {
        let mut before = Listener::default();
        assert_eq!(before.look(0, &[full()]), Some(Due::Ill));
        let kept = serde_json::to_string(&before.told).unwrap();
        let mut after = Listener {
            told: serde_json::from_str(&kept).unwrap(),
            sight: Sight::default(),
        };
        assert_eq!(after.look(5, &[full()]), None);
        assert_eq!(after.look(10, &[]), None, "it has only just begun to look");
        assert_eq!(after.look(130, &[]), Some(Due::Well));
    }

    #[test]
    fn a_clock_that_is_set_back_silences_nothing() {
        let mut listener = Listener::default();
        assert_eq!(listener.look(10 * DAY, &[full()]), Some(Due::Ill));
        assert_eq!(listener.look(0, &[full()]), Some(Due::Still));
        assert_eq!(listener.look(10, &[full()]), None);
    }
}
