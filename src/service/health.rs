//! What the daemon itself went through and the operator must know: how the last process ended, what was edited and is not in
//! force, and why.
//!
//! Kept in memory only: it is about this process. What happened to mail and letters is in the log.

use super::needs::{Need, Why};
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
    /// Logs of mail servers (`[[sent_log]]`) that cannot be read: a mail after a STOP in them is not seen.
    pub blind: Vec<BlindLog>,
    /// Parts that have fallen: what they do is not done until the daemon is started again.
    pub fallen: Vec<FallenPart>,
    /// When a daily round erased nothing because the one before it was long ago, or the clock leapt (RFC 3339).
    pub leapt: Option<String>,
}

/// A part of the daemon that ended by a panic.
#[derive(Clone, Debug, Serialize)]
pub struct FallenPart {
    /// Which: `outbox`, `daily round`, a mailbox with its name.
    pub part: String,
    /// Since when (RFC 3339).
    pub since: String,
}

/// A log of a mail server that cannot be read.
#[derive(Clone, Debug, Serialize)]
pub struct BlindLog {
    /// The `[[sent_log]]`'s name.
    pub log: String,
    /// Since when (RFC 3339).
    pub since: String,
    /// Why.
    pub why: String,
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
    pub(super) fn new(since: Timestamp) -> Self {
        Self(Mutex::new(DaemonReport {
            pid: std::process::id(),
            since: since.to_string(),
            interrupted: None,
            reloaded: None,
            edits: None,
            restart: Vec::new(),
            blind: Vec::new(),
            fallen: Vec::new(),
            leapt: None,
        }))
    }

    /// What the process before it left behind.
    pub(super) fn comes_after(&self, interrupted: Option<Interrupted>) {
        self.change(|r| r.interrupted = interrupted);
    }

    /// A part has ended by a panic.
    pub(super) fn fell(&self, part: &str, at: Timestamp) {
        let (part, since) = (part.to_owned(), at.to_string());
        self.change(|r| r.fallen.push(FallenPart { part, since }));
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

    /// A daily round erased nothing because of a leap of the clock, at this time; or it did what was due.
    pub(super) fn leapt(&self, at: Option<Timestamp>) {
        self.change(|r| r.leapt = at.map(|at| at.to_string()));
    }

    /// A log of a mail server cannot be read, for this reason; or it can, or is followed no more.
    pub(super) fn log_is(&self, log: &str, ill: Option<(Timestamp, String)>) {
        self.change(|r| {
            r.blind.retain(|b| b.log != log);
            r.blind.extend(ill.map(|(since, why)| BlindLog {
                log: log.to_owned(),
                since: since.to_string(),
                why,
            }));
        });
    }

    pub(super) fn report(&self) -> DaemonReport {
        let report = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        report.clone()
    }

    fn change(&self, how: impl FnOnce(&mut DaemonReport)) {
        how(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl DaemonReport {
    /// What a human must do about it.
    pub(super) fn needs(&self) -> Vec<Need> {
        let edits = self.edits.iter();
        let edits = edits.map(|(at, _)| Need::of(Why::Edits, "quitus check").since(at));
        let blind = self.blind.iter().map(|b| {
            let fix = format!(
                "let the daemon read it, or correct its [[sent_log]]: {}",
                b.why
            );
            Need::of(Why::SentLog, fix).about(&b.log).since(&b.since)
        });
        let fallen = self.fallen.iter().map(|f| {
            let fix = "start the daemon again; its log says where the part fell";
            Need::of(Why::Part, fix).about(&f.part).since(&f.since)
        });
        let leapt = self.leapt.iter().map(|at| {
            let fix = "look at the machine's clock; if it is right, the next round erases";
            Need::of(Why::Clock, fix).since(at)
        });
        edits.chain(blind).chain(fallen).chain(leapt).collect()
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
        for FallenPart { part, since } in &self.fallen {
            writeln!(f, "FALLEN     {part} since {since}: its work is not done")?;
        }
        for BlindLog { log, since, why } in &self.blind {
            writeln!(f, "SENT LOG   {log} cannot be read since {since}: {why}")?;
        }
        Ok(())
    }
}
