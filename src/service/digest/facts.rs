//! What a mail to a reviewer says: needs with days in the firm's time zone, and what happened since the digest before.

use crate::answer::{DigestFacts, DigestFirm, DigestNeed, Happened, Line, StopSeen};
use crate::config::{Config, Reviewer};
use crate::record::{
    About, CaseId, Damaged, Event, Flag, Proof, State, Suppression, SuppressionReason, Timestamp,
};
use crate::service::drafting::is_open;
use crate::service::needs::{Need, Why};
use crate::service::status::Status;
use crate::store::Reader;
use jiff::tz::TimeZone;

/// Needs that stand in one mail.
const SHOWN: usize = 40;
/// Frames that are read back at most: what is older is not told as news.
const FRAMES: u64 = 200_000;
/// People who are named by their case.
const STOPS: usize = 100;
/// Clocks looked at.
const CLOCKS: usize = 1_000;
/// From the internal target of a request to its legal end: never more days than these.
const MARGIN: i64 = 95;

/// Cases whose legal end is past, or within `days`.
pub(super) fn ending(state: &State<'_>, now: Timestamp, days: u32) -> Result<Vec<About>, Damaged> {
    let until = now.plus_days(i64::from(days));
    let mut found: Vec<About> = Vec::new();
    for (target, case, _) in state.due(CLOCKS)? {
        if target > until.plus_days(MARGIN) {
            break;
        }
        let Some(row) = state.case(case)? else {
            continue;
        };
        let open = row.requests.iter().filter(|r| is_open(r.state));
        let ends = open.map(|r| r.due).min().is_some_and(|due| due <= until);
        if ends && !found.contains(&About::Due(case)) {
            found.push(About::Due(case));
        }
    }
    Ok(found)
}

/// Whether this need is what the mail is about.
pub(super) fn tells(about: &About, need: &Need) -> bool {
    match about {
        About::Digest(_) => true,
        About::Flag(Flag::Damage, _) => need.why.contains(&Why::Damage),
        About::Flag(Flag::ForeignInstance, _) => need.why.contains(&Why::ForeignInstance),
        About::Flood(of) => {
            need.why.contains(&Why::Flood) && need.subject.as_deref() == Some(&*of.to_string())
        }
        About::Due(case)
        | About::Escalation { case, .. }
        | About::Complaint(case)
        | About::Unseen(case) => need.subject.as_deref() == Some(&*case.to_string()),
    }
}

/// Everything but what happened.
pub(super) fn of(
    config: &Config,
    reviewer: &Reviewer,
    now: Timestamp,
    status: &Status,
    needs: &[Need],
) -> DigestFacts {
    let language = config.language_of(reviewer);
    let zone = &config.policy.calendar.zone;
    let more = needs.len().saturating_sub(SHOWN) as u64;
    DigestFacts {
        language,
        controller: DigestFirm {
            name: config.controller.facts(language).name,
        },
        day: day(zone, now.to_jiff()),
        urgent: false,
        escalation: None,
        stands_in_for: stands_in_for(config, reviewer, now),
        mode: status.mode.to_string(),
        needs: (needs.iter().take(SHOWN))
            .map(|need| told(zone, need))
            .collect(),
        more,
        happened: None,
        stops: Vec::new(),
    }
}

fn told(zone: &TimeZone, need: &Need) -> DigestNeed {
    let on = |at: &Option<String>| {
        let at: Option<jiff::Timestamp> = at.as_deref().and_then(|t| t.parse().ok());
        at.map(|at| day(zone, at))
    };
    DigestNeed {
        why: need.why.iter().map(|why| why.word().to_owned()).collect(),
        about: need.subject.as_deref().map(Into::into),
        count: need.count,
        since: on(&need.since),
        due: on(&need.due),
        days_left: need.days_left.filter(|days| *days >= 0),
        escalated: need.escalated.map(|step| step.word().to_owned()),
        command: need.command.as_str().into(),
    }
}

/// Whose mail this reader gets today because they are away, masked.
fn stands_in_for(config: &Config, reader: &Reviewer, now: Timestamp) -> Option<Line> {
    let today = config.policy.calendar.day(now);
    let away = config.review.reviewers.iter().filter(|one| {
        let deputy = one.deputy.as_ref();
        one.is_absent(today) && deputy.is_some_and(|d| d.same_person(&reader.address))
    });
    let away: Vec<String> = away.map(|one| one.address.masked()).collect();
    (!away.is_empty()).then(|| away.join(", ").as_str().into())
}

fn day(zone: &TimeZone, at: jiff::Timestamp) -> String {
    zone.to_datetime(at).date().to_string()
}

/// What happened since the digest before.
#[derive(Default)]
pub(super) struct Day {
    pub(super) happened: Happened,
    pub(super) stops: Vec<StopSeen>,
    cases: Vec<CaseId>,
}

impl Day {
    /// Reads the log up to this frame.
    pub(super) async fn read(reader: &Reader, last: u64) -> Result<Self, String> {
        let reader = reader.clone();
        let read = tokio::task::spawn_blocking(move || Self::of(&reader, last));
        read.await.map_err(|e| e.to_string())?
    }

    fn of(reader: &Reader, last: u64) -> Result<Self, String> {
        let state = reader.state();
        let before = state.digest_up_to().map_err(|e| e.to_string())?;
        let first = (before + 1).max(last.saturating_sub(FRAMES) + 1);
        let mut day = Self::default();
        for placed in reader.frames(first).map_err(|e| e.to_string())? {
            let placed = placed.map_err(|e| e.to_string())?;
            if placed.link.number > last {
                break;
            }
            placed.frame.events.iter().for_each(|e| day.see(e));
        }
        for case in std::mem::take(&mut day.cases) {
            day.stops.push(StopSeen {
                reference: case.to_string().as_str().into(),
                address: masked(reader, &state, case)?.map(|a| a.as_str().into()),
            });
        }
        Ok(day)
    }

    fn see(&mut self, event: &Event) {
        match event {
            Event::Received { .. } => self.happened.messages += 1,
            Event::Suppressed {
                suppression: Suppression::Suppressed,
                reason: SuppressionReason::Request(_),
                case,
                ..
            } => {
                self.happened.stops += 1;
                let new = case.filter(|c| !self.cases.contains(c));
                self.cases.extend(new.filter(|_| self.cases.len() < STOPS));
            }
            Event::LetterSent { .. } => self.happened.letters += 1,
            Event::CaseClosed { .. } => self.happened.closed += 1,
            _ => {}
        }
    }
}

/// Who asked, masked; nothing once it is erased.
fn masked(reader: &Reader, state: &State<'_>, case: CaseId) -> Result<Option<String>, String> {
    let Some(row) = state.case(case).map_err(|e| e.to_string())? else {
        return Ok(None);
    };
    let event = reader.event(row.position).map_err(|e| e.to_string())?;
    let Event::CaseOpened {
        proof: Some(proof), ..
    } = event
    else {
        return Ok(None);
    };
    let proof: Option<Proof> = reader.open_sealed(&proof).map_err(|e| e.to_string())?;
    Ok(proof.and_then(|p| p.from).map(|a| a.masked()))
}
