//! The unit for systemd: accepted and judged by systemd's own tool, and of one mind with the example and the guide.

use std::collections::BTreeSet;
use std::process::{Command, Output};

const UNIT: &str = include_str!("../../config/quitus.service");
const GUIDE: &str = include_str!("../../config/README.md");
const EXAMPLE: &str = include_str!("../../config/quitus.toml");

/// Everything that the unit says of a setting.
fn said(setting: &str) -> Vec<&'static str> {
    let lines = UNIT.lines().filter(|l| !l.starts_with('#'));
    let pairs = lines.filter_map(|l| l.split_once('='));
    pairs
        .filter_map(|(name, value)| (name == setting).then_some(value))
        .collect()
}

/// Paths below `top` that a text names.
fn paths(text: &str, top: &str) -> BTreeSet<String> {
    let within = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    text.match_indices(top)
        .map(|(at, _)| {
            let rest = &text[at..];
            let end = rest.find(|c| !within(c)).unwrap_or(rest.len());
            rest[..end].trim_end_matches(['.', '/']).to_owned()
        })
        .collect()
}

fn analyze(words: &[&str]) -> Output {
    let run = Command::new("systemd-analyze")
        .args(words)
        .env("SYSTEMD_COLORS", "0")
        .output();
    run.expect("systemd-analyze is in Debian's package systemd, which tests/run installs")
}

#[test]
fn systemd_accepts_the_unit_and_finds_little_that_it_exposes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("quitus.service");
    let here = format!("ExecStart={} run", env!("CARGO_BIN_EXE_quitus"));
    assert!(UNIT.contains("\nExecStart=quitus run "));
    std::fs::write(&path, UNIT.replace("ExecStart=quitus run", &here)).unwrap();
    let unit = path.to_str().unwrap();
    let verified = analyze(&["verify", unit]);
    let complaints = String::from_utf8_lossy(&verified.stderr).into_owned();
    // Of other units of the machine it may complain too.
    let ours: Vec<&str> = complaints
        .lines()
        .filter(|l| l.contains("quitus"))
        .collect();
    assert!(verified.status.success() && ours.is_empty(), "{complaints}");

    let judged = analyze(&["security", "--offline=true", "--threshold=15", unit]);
    let told = String::from_utf8_lossy(&judged.stdout).into_owned();
    let exposure = told
        .split("Overall exposure level for quitus.service: ")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    assert!(exposure.is_some_and(|e| e <= 1.5), "{told}");
    assert!(judged.status.success(), "{told}");
}

#[test]
fn unit_example_and_guide_name_the_same_places() {
    let example: toml::Table = EXAMPLE.parse().unwrap();
    let [state] = said("StateDirectory")[..] else {
        panic!("one StateDirectory")
    };
    let store = format!("/var/lib/{state}");
    assert_eq!(example["store"]["path"].as_str(), Some(store.as_str()));
    assert!(GUIDE.contains(&format!("| `{store}` |")));
    for text in [UNIT, EXAMPLE, GUIDE] {
        for path in paths(text, "/var/lib/quitus") {
            assert!(path.starts_with(&store), "{path}");
        }
    }

    let config = said("ExecStart")[0].split("--config ").nth(1).unwrap();
    assert!(GUIDE.contains(&format!("| `{config}` |")), "{config}");
    assert!(
        GUIDE.contains(&format!("`{config}`.")),
        "it is looked for there"
    );

    // Every socket that somebody is told to make lies in a folder that systemd makes.
    let made: BTreeSet<String> = said("RuntimeDirectory")[0]
        .split(' ')
        .map(|d| format!("/run/{d}"))
        .collect();
    let (mut named, mut sockets) = (BTreeSet::new(), 0);
    for text in [UNIT, EXAMPLE, GUIDE] {
        for path in paths(text, "/run/quitus") {
            let folder = path.rsplit_once('/').unwrap().0.to_owned();
            sockets += usize::from(!made.contains(&path));
            assert!(
                made.contains(&path) || made.contains(&folder),
                "{path} lies in no RuntimeDirectory"
            );
            named.insert(path);
        }
    }
    assert!(sockets >= 2 && made.is_subset(&named), "{named:?}");
}

#[test]
fn every_credential_of_the_unit_is_told_in_the_guide_and_the_other_way_round() {
    let mut credentials = BTreeSet::new();
    for line in said("LoadCredential") {
        let (name, file) = line.split_once(':').unwrap();
        credentials.insert(name);
        assert!(
            GUIDE.contains(&format!("{{ credential = \"{name}\" }}")),
            "{name}"
        );
        assert!(GUIDE.contains(&format!("/etc/credstore/{file}")), "{file}");
    }
    let told = GUIDE.split("credential = \"").skip(1);
    let told: BTreeSet<&str> = told.filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(told, credentials);
}

#[test]
fn the_times_of_the_unit_leave_the_daemon_room_to_end() {
    let seconds = |setting: &str| -> u64 {
        let text = said(setting)[0];
        let (number, factor) = match text {
            t if t.ends_with("min") => (t.trim_end_matches("min"), 60),
            t => (t.trim_end_matches('s'), 1),
        };
        number.parse::<u64>().unwrap() * factor
    };
    // What still runs has 20 seconds, a question on the socket 5, and log and index must be closed.
    assert!(seconds("TimeoutStopSec") >= 2 * 25);
    assert!(GUIDE.contains("Ending takes 20 seconds at most, and\nsystemd waits for 60."));
    assert!(GUIDE.contains("`WatchdogSec=` (two minutes)") && seconds("WatchdogSec") == 120);
    assert_eq!(said("RestartPreventExitStatus"), ["2"]);
}

#[test]
fn a_start_that_fails_is_tried_again_for_two_hours() {
    let [pause] = said("RestartSec")[..] else {
        panic!("one RestartSec")
    };
    let pause: u64 = pause.trim_end_matches('s').parse().unwrap();
    let tries: u64 = said("StartLimitBurst")[0].parse().unwrap();
    let hours = said("StartLimitIntervalSec")[0].trim_end_matches('h');
    let hours: u64 = hours.parse().unwrap();
    assert_eq!(pause * tries, 2 * 3600);
    assert!(pause * tries < hours * 3600, "some day it gives up");
    assert!(GUIDE.contains("every 30 seconds, for two hours"));
}
