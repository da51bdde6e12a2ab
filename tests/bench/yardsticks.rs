//! What the way is measured beside: Postfix's own source and sink, and the script that somebody would write in an afternoon.

use crate::dovecot::Dovecot;
use crate::port;
use quitus::sandbox::samples;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Letters a second of `smtp-source`.
pub fn source(letters: u64, sessions: usize, octets: u64, port: u16) -> f64 {
    let begun = Instant::now();
    let done = Command::new("/usr/sbin/smtp-source")
        .args(["-s", &sessions.to_string(), "-m", &letters.to_string()])
        .args(["-l", &octets.to_string(), "-f", samples::MAILBOX])
        .args([
            "-t",
            "somebody@elsewhere.example",
            &format!("127.0.0.1:{port}"),
        ])
        .status()
        .unwrap();
    assert!(done.success(), "smtp-source: {done}, {octets} octets");
    letters as f64 / begun.elapsed().as_secs_f64()
}

/// Whose mailbox the script reads.
const SCRIPT: &str = "script@elsewhere.example";

/// Messages a second of `script.py`, and its CPU in milliseconds a message, over these in a mailbox of its own.
pub fn script(dovecot: &Dovecot, messages: &[Vec<u8>], port: u16) -> (f64, f64) {
    for raw in messages {
        dovecot.deliver(SCRIPT, "", raw);
    }
    let done = Command::new("python3")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/bench/script.py"
        ))
        .arg(dovecot.imaps.to_string())
        .arg(dovecot.ca_file())
        .args([SCRIPT, "secret", &port.to_string()])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "script.py: {told}");
    let figures = String::from_utf8(done.stdout).unwrap();
    let (rate, cpu) = figures.trim().split_once(' ').unwrap();
    (rate.parse().unwrap(), cpu.parse().unwrap())
}

/// Postfix's own sink, ended by its pid.
pub struct Sink {
    child: Child,
    pub port: u16,
}

impl Sink {
    pub fn start() -> Self {
        let port = port::free_port();
        let child = Command::new("/usr/sbin/smtp-sink")
            .args(["-u", "nobody", &format!("127.0.0.1:{port}"), "100"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed().as_secs() < 5, "smtp-sink does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { child, port }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
