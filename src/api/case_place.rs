//! Where a page of open cases ends: a cursor over the clocks that run, and then over what is held without one.

use super::Refusal;
use crate::record::{CaseId, CaseRow, RunningClock, State as Rows, Timestamp};
use crate::service::is_open;

/// Where a page of open cases ends.
#[derive(Clone, Copy)]
pub enum Place {
    /// Among those with a clock, behind this one.
    Clock(Option<RunningClock>),
    /// Among those that are held without one.
    Held(Option<(Timestamp, CaseId)>),
}

impl Place {
    /// What stands behind it, each with its own place.
    pub fn next(self, state: &Rows<'_>, limit: usize) -> Result<Vec<(Self, CaseId)>, Refusal> {
        let limit = limit.max(1);
        Ok(match self {
            Self::Clock(after) => {
                let all = state.clocks_after(after, limit)?.into_iter();
                all.map(|c| (Self::Clock(Some(c)), c.1)).collect()
            }
            Self::Held(after) => {
                let all = state.held_after(after, limit)?.into_iter();
                all.map(|h| (Self::Held(Some(h)), h.1)).collect()
            }
        })
    }

    /// A case stands where its first clock stands; among the held ones only without a clock.
    pub fn is_not_the_place_of(self, row: &CaseRow) -> bool {
        let open = row.requests.iter().filter(|r| is_open(r.state));
        let first = open.map(|r| (r.target, r.request)).min();
        match self {
            Self::Clock(Some((at, _, kind))) => first != Some((at, kind)),
            _ => first.is_some(),
        }
    }

    /// As a cursor.
    pub fn written(self) -> String {
        match self {
            Self::Clock(None) => "c".to_owned(),
            Self::Clock(Some((at, case, kind))) => format!("c.{}.{case}.{kind}", at.millis()),
            Self::Held(None) => "h".to_owned(),
            Self::Held(Some((at, case))) => format!("h.{}.{case}", at.millis()),
        }
    }

    /// From a cursor.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let held = match parts.next()? {
            "c" => false,
            "h" => true,
            _ => return None,
        };
        let Some(at) = parts.next() else {
            return Some(if held {
                Self::Held(None)
            } else {
                Self::Clock(None)
            });
        };
        let at = Timestamp::from_millis(at.parse().ok()?);
        let case = parts.next()?.parse().ok()?;
        Some(match held {
            true => Self::Held(Some((at, case))),
            false => Self::Clock(Some((at, case, parts.next()?.parse().ok()?))),
        })
    }
}
