//! Quitus as its operator has it: the real binary as a child process, its commands, its signals, its log lines.
//!
//! Nothing here knows how a message must end. Every child is ended by its own process id, even when a test fails.

use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// What a command printed, and its exit code.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// The binary with a configuration; nothing of this environment leads it elsewhere.
pub fn quitus(file: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quitus"));
    command.args(words).arg("--config").arg(file);
    command.env_remove("QUITUS_CONFIG").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn ask(file: &Path, words: &[&str]) -> Said {
    let output = quitus(file, words).output().unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// `quitus status --json`.
pub fn status(file: &Path) -> serde_json::Value {
    let said = ask(file, &["status", "--json"]);
    serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {said:?}"))
}

/// How many messages or letters are in a state.
pub fn count(status: &serde_json::Value, what: &str, state: &str) -> u64 {
    status[what][state].as_u64().unwrap()
}

/// How long somebody waits for what takes a second on a machine that has nothing else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the status is as wanted, and gives it; fails after a minute.
pub fn until(
    file: &Path,
    what: &str,
    done: impl Fn(&serde_json::Value) -> bool,
) -> serde_json::Value {
    within(PATIENCE, file, what, done)
}

/// The same with another patience.
pub fn within(
    patience: Duration,
    file: &Path,
    what: &str,
    done: impl Fn(&serde_json::Value) -> bool,
) -> serde_json::Value {
    let began = Instant::now();
    loop {
        let now = status(file);
        if done(&now) {
            return now;
        }
        let waited = began.elapsed() > patience;
        let log = || std::fs::read_to_string(file.with_file_name("daemon.log"));
        assert!(
            !waited,
            "waited in vain until {what}: {now:#}\n{}",
            log().unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A running `quitus run`.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts it and waits until it is ready. Its log lines are added to `daemon.log` beside the configuration.
    pub fn start(file: &Path) -> Self {
        Self::start_with(file, &[])
    }

    /// The same in this environment.
    pub fn start_with(file: &Path, environment: &[(&str, &str)]) -> Self {
        let log = file.with_file_name("daemon.log");
        let before = std::fs::read_to_string(&log).unwrap_or_default().len();
        let mut append = std::fs::File::options();
        let lines = append.append(true).create(true).open(&log).unwrap();
        let child = quitus(file, &["run"])
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(lines)
            .spawn();
        let child = child.unwrap();
        let mut running = Self { child, log };
        let began = Instant::now();
        // With the blank before it: "address already in use" is not the word.
        while !running.log()[before..].contains(" ready store=") {
            let ended = running.child.try_wait().unwrap();
            let late = began.elapsed() > PATIENCE;
            let waits = ended.is_none() && !late;
            assert!(waits, "it did not start ({ended:?}): {}", running.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        running
    }

    /// Waits until it has logged this.
    pub fn said(&self, words: &str) {
        let began = Instant::now();
        while !self.log().contains(words) {
            let late = began.elapsed() > PATIENCE;
            assert!(!late, "it never said {words}: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it logged, and what those before it did.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end.
    pub fn ended(mut self, within: Duration) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            let late = began.elapsed() > within;
            assert!(!late, "it did not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// SIGTERM; it must end well, and within seconds.
    pub fn end(self) {
        self.signal(Signal::TERM);
        let log = self.log.clone();
        let status = self.ended(Duration::from_secs(5));
        let log = std::fs::read_to_string(log).unwrap();
        assert_eq!(status.code(), Some(0), "{log}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended, and then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
