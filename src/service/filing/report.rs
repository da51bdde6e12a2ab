//! Filing as `quitus status` shows it: only what fails needs anybody's eyes.

use crate::record::{Damaged, State};
use serde::Serialize;
use std::fmt;

/// Steps looked at for the report.
const LOOKED_AT: usize = 10_000;

/// Steps of filing that wait.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FilingReport {
    /// How many wait.
    pub waiting: u64,
    /// How many of them have failed and are tried again.
    pub failing: u64,
    /// Why the one that fails for the longest time does, and when it is tried again (RFC 3339).
    pub why: Option<(String, String)>,
}

impl FilingReport {
    /// `None` if nothing waits.
    pub fn of(state: &State<'_>) -> Result<Option<Self>, Damaged> {
        let all = state.filings(LOOKED_AT)?;
        let failing = all.iter().filter(|(_, _, row)| row.why.is_some());
        let oldest = failing.clone().min_by_key(|(_, _, row)| row.since);
        let why = oldest.and_then(|(next, _, row)| Some((row.why.clone()?, next.to_string())));
        Ok((!all.is_empty()).then(|| Self {
            waiting: all.len() as u64,
            failing: failing.count() as u64,
            why,
        }))
    }
}

impl fmt::Display for FilingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} steps wait", self.waiting)?;
        match &self.why {
            Some((why, next)) => write!(f, ", {} failed: {why}; again at {next}", self.failing),
            None => Ok(()),
        }
    }
}
