//! What the daemon itself went through and the operator must know: how the last process ended, what was edited and is not in
//! force, and why.
//!
//! Kept in memory only: it is about this process. What happened to mail and letters is in the log.

use crate::record::{Fault, Timestamp};
use serde::Serialize;
use std::sync::{Mutex, PoisonError};

/// The daemon, as `quitus status` shows it.
#[derive(Clone, Debug, Serialize)]
pub struct DaemonReport {
    /// Its process id.
    pub pid: u32,
    /// When it started (RFC 3339).
    pub since: String,
    /// What the process before it left behind, if it was killed or the machine stopped.
    pub interrupted: Option<Interrupted>,
    /// When somebody last saved or ordered new settings, templates or lexicons that are in force (RFC 3339).
    pub reloaded: Option<String>,
    /// What was saved since then and is wrong: when, and every mistake. The last good set stays in force.
    pub edits: Option<(String, Vec<String>)>,
    /// Sections of the configuration that changed and take effect at the next start.
    pub restart: Vec<&'static str>,
}

/// The process before was killed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Interrupted {
    /// Frames of the log that the index lacked.
    pub replayed: u64,
    /// Letters that were being sent, and are uncertain now.
    pub uncertain: usize,
}

/// The memory of one daemon.
#[derive(Debug)]
pub(super) struct Health(Mutex<DaemonReport>);

impl Health {
    pub(super) fn new(since: Timestamp, interrupted: Option<Interrupted>) -> Self {
        Self(Mutex::new(DaemonReport {
            pid: std::process::id(),
            since: since.to_string(),
            interrupted,
            reloaded: None,
            edits: None,
            restart: Vec::new(),
        }))
    }

    /// New settings are in force, apart from these sections.
    pub(super) fn reloaded(&self, at: Timestamp, restart: Vec<&'static str>) {
        self.change(|r| {
            r.reloaded = Some(at.to_string());
            r.edits = None;
            r.restart = restart;
        });
    }

    /// What was saved is wrong.
    pub(super) fn refused(&self, at: Timestamp, faults: &[Fault]) {
        let faults = faults.iter().map(Fault::to_string).collect();
        self.change(|r| r.edits = Some((at.to_string(), faults)));
    }

    pub(super) fn report(&self) -> DaemonReport {
        let report = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        report.clone()
    }

    fn change(&self, how: impl FnOnce(&mut DaemonReport)) {
        how(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl std::fmt::Display for DaemonReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "daemon     process {} since {}", self.pid, self.since)?;
        if let Some(Interrupted {
            replayed,
            uncertain,
        }) = self.interrupted
        {
            writeln!(
                f,
                "           the process before it was killed, or the machine stopped: {replayed} frames were read again, \
                 {uncertain} letters are uncertain by it"
            )?;
        }
        if !self.restart.is_empty() {
            let sections = self.restart.join(", ");
            writeln!(
                f,
                "RESTART    {sections} changed: in force once the daemon is started again"
            )?;
        }
        if let Some((at, faults)) = &self.edits {
            writeln!(
                f,
                "EDITS      what was saved is wrong (seen {at}); the last good set stays in force"
            )?;
            for line in faults.iter().flat_map(|fault| fault.lines()) {
                writeln!(f, "           {line}")?;
            }
        }
        Ok(())
    }
}
