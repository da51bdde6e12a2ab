//! Tells a program, or a webhook, that the daemon is ill, and that it is well again; beside the mails that reviewers get.
//!
//! It says only what `quitus status` says. What was told is remembered beside the store, in `alerts.json`, so that a restart
//! tells nothing twice; where that cannot be written (a full disk is what it would tell of) an alert may come again, and never
//! stays away. A daemon that does not run tells nothing: that is the supervisor's to notice.

mod judging;

use super::nobody::masked;
use super::settings::{AlertSettings, Listener};
use super::watch::Watch;
use crate::record::Timestamp;
use crate::service::{Need, Office, Status, Why};
use judging::{Due, Sight, Told};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch as signal;
use tokio::time::Instant;

/// How often it is looked whether something must be told.
const LOOK: Duration = Duration::from_secs(5);
/// How long to wait after the first failure to tell, the second, …; the last one repeats.
const WAITS: [u64; 5] = [10, 60, 300, 900, 3600];
/// Its file, beside the store.
const FILE: &str = "alerts.json";

/// What each was told, and what is seen now.
struct Alerts {
    office: Office,
    file: PathBuf,
    told: BTreeMap<String, Told>,
    sight: Sight,
    /// Failures in a row, and not before when it is tried again.
    failed: BTreeMap<Listener, (usize, Instant)>,
}

/// Looks and tells until it is time to stop.
pub(super) async fn run(office: Office, watch: Arc<Watch>, mut stop: signal::Receiver<bool>) {
    let file = office.house.load().config.store.path.join(FILE);
    let mut alerts = Alerts {
        told: remembered(&file),
        file,
        office,
        sight: Sight::default(),
        failed: BTreeMap::new(),
    };
    loop {
        // Whoever is being told when it is time to stop is told again after the next start.
        tokio::select! {
            // A sender that is gone means the same as a stop.
            _ = stop.wait_for(|stop| *stop) => return,
            () = async { tokio::time::sleep(LOOK).await; alerts.round(&watch).await } => {}
        }
    }
}

impl Alerts {
    async fn round(&mut self, watch: &Watch) {
        let house = self.office.house.load_full();
        let settings = &house.config.alerts;
        let listeners = settings.listeners();
        if listeners.is_empty() {
            return;
        }
        let urgent: Vec<Need> = match watch.look().await {
            Ok(status) => {
                let urgent = urgent(&status);
                self.looked_at(&urgent);
                urgent
            }
            Err(why) => vec![Need::of(Why::Damage, "quitus store verify").about(masked(&why))],
        };
        let now = self.office.clock.now();
        let patience = i64::from(settings.patience_seconds);
        let standing = self.sight.look(&urgent, now, patience);
        let repeat = i64::from(settings.repeat_hours) * 3600;
        let calm = self.sight.is_calm(now, patience);
        for to in listeners {
            let told = self.told.get(to.word()).cloned().unwrap_or_default();
            let waits = self.failed.get(&to).map(|(_, until)| *until);
            if waits.is_some_and(|until| until > Instant::now()) {
                continue;
            }
            let Some(due) = told.due(&standing, calm, now, repeat) else {
                continue;
            };
            let since = told.since(self.sight.since(&standing).unwrap_or(now));
            let alert = Alert {
                due,
                controller: &house.config.controller.name,
                since,
                last: told.last(),
                needs: &standing,
            };
            let heard = tell(settings, to, &alert).await;
            self.heard(to, &alert, heard, told.after(due, &standing, since, now));
        }
    }

    /// What somebody has looked at meanwhile is news when it comes again.
    fn looked_at(&mut self, urgent: &[Need]) {
        let before = self.told.clone();
        for told in self.told.values_mut() {
            told.looked_at(urgent);
        }
        if self.told != before {
            self.remember();
        }
    }

    fn remember(&self) {
        if let Err(error) = remember(&self.file, &self.told) {
            tracing::warn!(%error, "what was alerted cannot be remembered; a restart tells it again");
        }
    }

    /// Remembers what was heard, or that it must be told again.
    fn heard(&mut self, to: Listener, alert: &Alert<'_>, heard: Result<(), String>, after: Told) {
        let name = to.word();
        match heard {
            Ok(()) => {
                tracing::info!(alert = alert.word(), "the {name} of [alerts] was told");
                self.failed.remove(&to);
                self.told.insert(name.to_owned(), after);
                self.remember();
            }
            Err(why) => {
                tracing::error!(alert = alert.word(), %why, "the {name} of [alerts] was not told");
                let failures = self.failed.get(&to).map_or(0, |(n, _)| *n);
                let wait = WAITS[failures.min(WAITS.len() - 1)];
                let until = Instant::now() + Duration::from_secs(wait);
                self.failed.insert(to, (failures + 1, until));
            }
        }
    }
}

async fn tell(settings: &AlertSettings, to: Listener, alert: &Alert<'_>) -> Result<(), String> {
    // The settings were judged when they were loaded; a certificate's file may have gone since.
    let Some(way) = settings.way(to).map_err(|(what, _)| what)? else {
        return Ok(());
    };
    let (id, text, data) = (alert.id(), alert.text(), alert.data());
    let told = way.tell(alert.word(), &id, &text, &data).await;
    told.map_err(|trouble| trouble.words)
}

/// What is urgent, without anybody's address.
fn urgent(status: &Status) -> Vec<Need> {
    let urgent = status.needs.iter().filter(|n| n.is_urgent());
    urgent
        .map(|need| Need {
            subject: need.subject.as_deref().map(masked),
            command: masked(&need.command),
            message: None,
            ..need.clone()
        })
        .collect()
}

/// One alert, ready to be told.
struct Alert<'a> {
    due: Due,
    controller: &'a str,
    since: Timestamp,
    /// When this listener was told something before (milliseconds).
    last: i64,
    needs: &'a [Need],
}

impl Alert<'_> {
    /// The type of the message.
    fn word(&self) -> &'static str {
        match self.due {
            Due::Ill => "alert.ill",
            Due::Still => "alert.still_ill",
            Due::Well => "alert.well",
        }
    }

    /// The same if it must be told again because it was not heard.
    fn id(&self) -> String {
        format!("{} {}", self.since, self.last)
    }

    fn text(&self) -> String {
        let (who, since) = (self.controller, self.since);
        let mut text = match self.due {
            Due::Ill => format!("Quitus of {who} is ill since {since}.\n"),
            Due::Still => format!("Quitus of {who} is still ill, since {since}.\n"),
            Due::Well => format!("Quitus of {who} is well again; it was ill since {since}.\n"),
        };
        for need in self.needs {
            text += &format!("\n{}\n→ {}\n", need.line(), need.command);
        }
        text
    }

    fn data(&self) -> Value {
        let need = |need: &Need| {
            let mut data = json!(need);
            data["line"] = json!(need.line());
            data
        };
        json!({
            "controller": self.controller,
            "since": self.since.to_string(),
            "needs": self.needs.iter().map(need).collect::<Vec<_>>(),
        })
    }
}

/// What was told before this process began; nothing if that cannot be read, and then it is told again.
fn remembered(file: &Path) -> BTreeMap<String, Told> {
    let text = std::fs::read(file).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Whole or not at all.
fn remember(file: &Path, told: &BTreeMap<String, Told>) -> io::Result<()> {
    let new = file.with_extension("json.new");
    std::fs::write(&new, serde_json::to_vec(told)?)?;
    std::fs::rename(&new, file)
}
