//! The store, and the daemon that uses it: through its control socket if one runs, else read here and left as it is.

use super::finding::{Findings, Id};
use crate::api::Client;
use crate::cli::check;
use crate::cli::store::wrong_in;
use crate::config::Config;
use crate::guard::GuardSettings;
use crate::store::{self, OpenError};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// A log above this is not read through here.
const MUCH: u64 = 128 << 20;
/// How many missed looks at a mailbox are too many, and what is no time at all.
const MISSED: u64 = 5;
const LEAST: u64 = 120;
/// How long the daemon may take to say how it is.
const PATIENCE: Duration = Duration::from_secs(30);

/// The daemon if one runs, else the store alone.
pub async fn look(config: &Config, now: Timestamp, all: &mut Findings) {
    let Some(client) = Client::daemon(&config.control_socket).await else {
        let what = "none runs: no mail is read, no STOP is obeyed";
        all.warn(Id::Daemon, "", what, "quitus run");
        let path = config.store.path.clone();
        let found = tokio::task::spawn_blocking(move || alone(&path));
        match found.await {
            Ok(found) => all.0.extend(found.0),
            Err(e) => all.wrong(Id::Store, "", e.to_string(), "quitus store verify"),
        }
        return;
    };
    let asked = tokio::time::timeout(PATIENCE, client.get("/status")).await;
    match asked {
        Ok(Ok(answer)) => running(config, &answer.data, now, all),
        Ok(Err(e)) => all.wrong(Id::Daemon, "", e.to_string(), "look at its log"),
        Err(_) => {
            let what = format!(
                "it takes a connection and says nothing for {} s",
                PATIENCE.as_secs()
            );
            all.wrong(
                Id::Daemon,
                "",
                what,
                "look at its log; end it and start it again",
            );
        }
    }
}

/// A store that nobody uses.
fn alone(path: &Path) -> Findings {
    let mut all = Findings::default();
    let shown = path.display();
    let log = path.join("log");
    if !log.is_dir() {
        let what = format!("there is none yet; `quitus run` makes it in {shown}");
        all.good(Id::Store, "", what);
        return all;
    }
    let segments = std::fs::read_dir(&log).into_iter().flatten().flatten();
    let octets: u64 = segments
        .filter_map(|e| e.metadata().ok())
        .map(|m| m.len())
        .sum();
    if octets > MUCH {
        let what = format!("its log has {} MiB: it was not read through", octets >> 20);
        all.good(Id::Store, "", what + "; `quitus store verify` does it");
        return all;
    }
    match store::verify(path) {
        Ok(report) if report.is_clean() => {
            let what = format!("{} frames, keys and index are whole", report.frames);
            all.good(Id::Store, "", what);
        }
        Ok(report) => {
            let fix = match report.damage.is_empty() && report.keys.lost.is_empty() {
                true => "quitus store rebuild",
                false => "keep a copy, put back what the backup has, then `quitus store rebuild`",
            };
            for what in wrong_in(&report) {
                all.wrong(Id::Store, "", what, fix);
            }
        }
        Err(OpenError::Locked { pid }) => {
            let what = format!("process {pid} uses it, and its control socket does not answer");
            let fix = "run this as the daemon's user, or wait until it has started";
            all.wrong(Id::Store, "", what, fix);
        }
        Err(e) => {
            let told = e.of(path).to_string();
            let (what, fix) = told.split_once("\n  → ").unwrap_or((&told, ""));
            let fix = match fix {
                "" => "quitus store verify",
                fix => fix,
            };
            all.wrong(Id::Store, "", what, fix);
        }
    }
    all
}

/// What a running daemon says of itself.
fn running(config: &Config, status: &Value, now: Timestamp, all: &mut Findings) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let daemon = &status["daemon"];
    let edits = daemon["edits"].as_array();
    match edits {
        Some(edits) => {
            let when = edits.first().map(text).unwrap_or_default();
            let what = format!("what was saved at {when} is wrong, and not in force");
            all.wrong(Id::Daemon, "", what, "quitus check");
        }
        None => {
            let what = format!("process {} since {}", daemon["pid"], text(&daemon["since"]));
            all.good(Id::Daemon, "", what);
        }
    }
    let restart: Vec<String> = daemon["restart"]
        .as_array()
        .into_iter()
        .flatten()
        .map(text)
        .collect();
    if !restart.is_empty() {
        let what = format!("{} changed since it started", restart.join(", "));
        all.warn(Id::Daemon, "", what, "end it and start it again");
    }
    all.good(Id::Mode, "", text(&status["mode"]));
    if let Some(full) = status["disk"].as_str() {
        all.wrong(Id::Disk, "", full, "make room on the disk of the store");
    }
    let flags = status["flags"].as_array().map_or(0, Vec::len);
    match flags {
        0 => all.good(
            Id::Store,
            "",
            "the daemon has it open, and knows of no damage",
        ),
        n => {
            let what = format!("{n} flags are up: nothing is sent until somebody has looked");
            let fix =
                "quitus status tells what happened; then quitus store acknowledge --reason TEXT";
            all.wrong(Id::Store, "", what, fix);
        }
    }
    for settings in &config.mailboxes {
        let mut seen = status["mailboxes"].as_array().into_iter().flatten();
        let seen = seen.find(|m| m["name"] == settings.name.as_str());
        polled(&settings.name, settings.poll_seconds, seen, now, all);
    }
    listeners(&config.guard, &status["guard"], all);
}

/// When the daemon last looked at a mailbox with success.
fn polled(name: &str, every: u64, seen: Option<&Value>, now: Timestamp, all: &mut Findings) {
    let about = &format!("mailbox {name}");
    let Some(seen) = seen else {
        let what = "the daemon does not know it";
        return all.warn(Id::Poll, about, what, "end it and start it again");
    };
    if let Some(error) = seen["last_error"].as_array() {
        let why = error.get(1).and_then(Value::as_str).unwrap_or_default();
        let fix = seen["fix"]
            .as_str()
            .unwrap_or("it is tried again by itself");
        return all.wrong(Id::Poll, about, why, fix);
    }
    let last = seen["last_poll"]
        .as_str()
        .and_then(|t| t.parse::<Timestamp>().ok());
    let Some(last) = last else {
        let what = "not looked at yet: the daemon has just started, or a long backlog is read";
        return all.warn(Id::Poll, about, what, "quitus status tells how far it is");
    };
    let age = now.duration_since(last);
    let most = (every * MISSED).max(LEAST);
    let what = format!("last looked at {} s ago", age.as_secs().max(0));
    let late = age > SignedDuration::from_secs(i64::try_from(most).unwrap_or(i64::MAX));
    match late {
        true => all.warn(
            Id::Poll,
            about,
            what,
            "quitus status tells what it is doing",
        ),
        false => all.good(Id::Poll, about, what),
    }
}

/// Who asks before writing: the listeners that the settings want.
fn listeners(settings: &GuardSettings, seen: &Value, all: &mut Findings) {
    let wanted = [
        ("policy", settings.policy.is_some()),
        ("milter", settings.milter.is_some()),
        ("http", settings.http.is_some()),
        ("one_click", settings.one_click.is_some()),
    ];
    for (name, _) in wanted.iter().filter(|(_, wanted)| *wanted) {
        let mut listeners = seen.as_array().into_iter().flatten();
        let found = listeners.find(|g| g["name"] == *name);
        match found {
            Some(one) if one["up"] == true && one["failed"] == 0 => {
                let what = format!("listens on {}", one["listen"].as_str().unwrap_or_default());
                all.good(Id::Guard, name, what);
            }
            Some(one) if one["up"] == true => {
                let what = format!("{} questions could not be answered", one["failed"]);
                all.warn(Id::Guard, name, what, "look at the daemon's log");
            }
            _ => {
                let fix = "look at the daemon's log; end it and start it again";
                all.wrong(Id::Guard, name, "it does not listen", fix);
            }
        }
    }
}

/// A harmless round trip with each tool that sends.
pub async fn senders(config: &Config, all: &mut Findings) {
    for settings in &config.senders {
        let seen = check::of_sender(settings).await;
        let what = seen.lines.join("\n");
        match seen.ok {
            true => all.good(Id::Sender, &settings.name, what),
            false => {
                let fix = format!("correct it, then quitus senders test {}", settings.name);
                all.wrong(Id::Sender, &settings.name, what, fix);
            }
        }
    }
}
