//! The canary in `quitus status`: for each request whether answers come, how long they took, and what is wrong.

use super::mark::BOTH;
use crate::config::Config;
use crate::record::{CanaryRow, CanaryStage, Damaged, RequestKind, State, Timestamp};
use crate::service::needs::{Need, Why};
use serde::Serialize;
use std::fmt;

/// One request of the canary.
#[derive(Clone, Debug, Serialize)]
pub struct CanaryReport {
    /// `stop` or `access`.
    pub request: RequestKind,
    /// `never` ran, `running`, `answered`, `failed`.
    pub state: &'static str,
    /// How far the last run is.
    pub stage: Option<CanaryStage>,
    /// When it began (RFC 3339).
    pub begun: Option<String>,
    /// When an answer came last (RFC 3339).
    pub answered: Option<String>,
    /// How long that took, in milliseconds.
    pub took_ms: Option<i64>,
    /// In which folder it lay.
    pub folder: Option<String>,
    /// Since when none comes (RFC 3339), and why.
    pub failing: Option<(String, String)>,
}

impl CanaryReport {
    /// Both, from the state alone.
    pub fn of_state(state: &State<'_>) -> Result<Vec<Self>, Damaged> {
        let of = |request| Ok(Self::of(request, state.canary(request)?));
        BOTH.into_iter().map(of).collect()
    }

    /// The same if one is configured; else nothing.
    pub fn of_house(state: &State<'_>, config: &Config) -> Result<Vec<Self>, Damaged> {
        match &config.canary {
            Some(_) => Self::of_state(state),
            None => Ok(Vec::new()),
        }
    }

    fn of(request: RequestKind, row: Option<CanaryRow>) -> Self {
        let state = match &row {
            None => "never",
            Some(row) if !row.over => "running",
            Some(row) if row.stage == CanaryStage::Arrived => "answered",
            Some(_) => "failed",
        };
        let told = |at: &Timestamp| at.to_string();
        let arrived = row.as_ref().and_then(|r| r.arrived.as_ref());
        Self {
            request,
            state,
            stage: row.as_ref().map(|r| r.stage),
            begun: row.as_ref().map(|r| told(&r.begun)),
            answered: arrived.map(|(at, ..)| told(at)),
            took_ms: arrived.map(|(_, took, _)| *took),
            folder: arrived.map(|(_, _, folder)| folder.clone()),
            failing: (row.as_ref().and_then(|r| r.failing.as_ref()))
                .map(|(since, why)| (told(since), why.clone())),
        }
    }

    /// Whether its last run waits for nothing more.
    pub fn is_over(&self) -> bool {
        matches!(self.state, "answered" | "failed")
    }

    /// What a human must do about it.
    pub(in crate::service) fn need(&self) -> Option<Need> {
        let (since, why) = self.failing.as_ref()?;
        let need = Need::of(Why::Canary, "quitus doctor, then quitus canary");
        Some(need.about(format!("{}: {why}", self.request)).since(since))
    }
}

impl fmt::Display for CanaryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.request)?;
        match self.state {
            "never" => f.write_str("never tried yet")?,
            "running" => f.write_str("on its way")?,
            _ => f.write_str(self.state)?,
        }
        if let Some((since, why)) = &self.failing {
            write!(f, "; NO ANSWER since {since}: {why}")?;
        }
        if let (Some(at), Some(took)) = (&self.answered, self.took_ms) {
            write!(f, "; last answer {at}, after {} s", (took + 500) / 1000)?;
        }
        match self.folder.as_deref().filter(|_| self.state == "answered") {
            Some(folder) if folder != "INBOX" => write!(f, ", found in {folder}"),
            _ => Ok(()),
        }
    }
}
