//! Runs a test of the same binary in a process of its own, so that it can be killed, or its disk made to fail.

use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// Runs the test `name` with `QUITUS_CHILD` set to `dir` and this environment, and waits for its end. What it
/// complains of is shown with the failure of the test that started it.
pub fn run_child(name: &str, dir: &Path, environment: &[(&str, &str)]) -> ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env("QUITUS_CHILD", dir)
        .envs(environment.iter().copied())
        .stdout(Stdio::null())
        .status()
        .unwrap()
}
