//! How fast a backlog of replies goes its whole way: from Dovecot, through `quitus run`, into Postfix or into a bare sink.
//!
//! `cargo bench --bench way`, optionally `-- MESSAGES ROUNDS SESSIONS TOOLS` (10000 3 2 0), and `sink` to leave Postfix out. Each round delivers the backlog, starts the
//! daemon as a process of its own, and waits until every message is decided and every letter has left. Beside each round
//! the servers' own `smtp-source` sends as many letters of the same size on as many sessions, and `script.py` answers a thousand of the
//! same replies in a mailbox of its own, so that the figures are ratios of one machine at one time. CPU is the daemon's own, user and system, from its process table entry.

#[path = "../support/dovecot.rs"]
mod dovecot;
#[path = "../support/port.rs"]
mod port;
#[path = "../support/postfix.rs"]
mod postfix;
#[path = "../support/settings.rs"]
mod settings;
#[path = "../support/tls.rs"]
mod tls;
mod tools;
mod yardsticks;

use dovecot::Dovecot;
use postfix::Postfix;
use quitus::record::Timestamp;
use quitus::sandbox::samples;
use quitus::service::Clock;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tools::Tools;
use yardsticks::{Sink, script, source};

/// Ten answered, three that are not: about seven letters for ten messages.
const BACKLOG: [&str; 13] = [
    "01-stop-fr",
    "02-polite-en",
    "10-out-of-office-fr",
    "03-angry-fr",
    "04-source-fr",
    "20-stop-pt",
    "13-interested-fr",
    "21-stop-de",
    "22-stop-it",
    "12-list-post",
    "23-stop-nl",
    "24-stop-es",
    "10-out-of-office-fr",
];

/// What is switched off, so that the speed of the daemon is measured and not its restraint.
const CAPS: &str = "
[policy.caps]
person_day = 1000000
domain_day = 64
hour = 0

[review]
tell_owners = false
";

/// Messages that the script of the yardstick reads, from a mailbox that holds no others: each of its flags costs Dovecot a look at
/// the whole folder, so that among ten thousand it takes three times as long.
const SCRIPTED: usize = 1000;

/// The sender's address of a sample.
fn sender(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let line = text.lines().find(|l| l.starts_with("From:")).unwrap();
    let (_, address) = line.rsplit_once('<').unwrap();
    address.trim_end_matches('>').to_owned()
}

/// Message `n` of the backlog, from a firm of its own, and the row of its sender in the register.
fn message(n: usize, now: Timestamp) -> (Vec<u8>, Option<String>) {
    let sample = settings::sample(BACKLOG[n % BACKLOG.len()]);
    let (before, _) = sample.letter.written(now.to_jiff());
    // It arrives now; it was written up to a minute before.
    let later = now.to_jiff().duration_since(before) + jiff::SignedDuration::from_mins(1);
    let (_, raw) = sample.letter.written(now.to_jiff() + later);
    let address = sender(&raw);
    let (_, domain) = address.rsplit_once('@').unwrap();
    // Latin-1 bodies stay as they are: only ASCII is replaced.
    let text: String = raw.iter().map(|b| char::from(*b)).collect();
    let firm = format!("c{n}-{domain}");
    let text = text
        .replace(domain, &firm)
        .replace("Message-ID: <", &format!("Message-ID: <{n}."));
    let row = samples::register_csv()
        .lines()
        .find(|l| l.starts_with(&address));
    let row = row.map(|r| r.replacen(domain, &firm, 1));
    (text.chars().map(|c| c as u8).collect(), row)
}

fn quitus(file: &Path, words: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_quitus"))
        .arg("--config")
        .arg(file)
        .args(words)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(
        matches!(done.status.code(), Some(0 | 1)),
        "{words:?}: {told}"
    );
    String::from_utf8(done.stdout).unwrap()
}

fn status(file: &Path) -> Option<serde_json::Value> {
    serde_json::from_str(&quitus(file, &["status", "--json"])).ok()
}

fn sum(status: &serde_json::Value, of: &str, states: &[&str]) -> u64 {
    let states = states.iter();
    states.filter_map(|s| status[of][s].as_u64()).sum()
}

/// CPU of a process in milliseconds, in clock ticks of 10 ms.
fn cpu_ms(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    10.0 * (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap())
}

/// The most memory that a process ever had, in MB.
fn peak_mb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        / 1024
}

/// What one round gave.
struct Round {
    seconds: f64,
    read_seconds: f64,
    letters: u64,
    cpu_per_message: f64,
    memory: u64,
    /// How long it took until the last tool knew of a STOP that arrived meanwhile, shortest first.
    delays: Vec<Duration>,
    notices: usize,
    /// Messages a second of the script over the same mailbox, and its CPU a message in milliseconds.
    script: (f64, f64),
}

/// Delivers a backlog, runs the daemon over it, and ends it.
fn round(messages: usize, sessions: usize, port: u16, tools: &Tools) -> Round {
    let (folder, dovecot) = (tempfile::tempdir().unwrap(), Dovecot::start());
    let way = settings::Smtp {
        port,
        authority: None,
    };
    let file = settings::configuration(folder.path(), &dovecot, &way, 0);
    let speed = format!("[smtp]\nmax_sessions = {sessions}\nmessages_per_connection = 1000");
    let settings = std::fs::read_to_string(&file).unwrap() + CAPS + tools.blocks();
    std::fs::write(&file, settings.replace("[smtp]", &speed)).unwrap();
    // What is older than the activation is never answered.
    quitus(&file, &["activate", "live"]);
    std::thread::sleep(Duration::from_secs(1));
    let now = Clock::system().now();
    let mut register = samples::register_csv().lines().next().unwrap().to_owned();
    let mut backlog = Vec::with_capacity(messages);
    for n in 0..messages {
        let (raw, row) = message(n, now);
        backlog.push(raw);
        register.extend(row.map(|r| format!("\n{r}")));
    }
    let csv = folder.path().join("backlog.csv");
    std::fs::write(&csv, register).unwrap();
    quitus(&file, &["contacts", "import", csv.to_str().unwrap()]);
    for raw in &backlog {
        dovecot.deliver(samples::MAILBOX, "", raw);
    }
    // Dovecot has read its new mail, as it has when a delivery agent of its own brought it.
    let seen = dovecot.doveadm(&[
        "mailbox",
        "status",
        "-u",
        samples::MAILBOX,
        "messages",
        "INBOX",
    ]);
    assert!(seen.contains(&messages.to_string()), "{seen}");
    if !tools.is_empty() {
        // What arrived in the last five seconds is no backlog: each tool would be told of thousands of this moment at once.
        std::thread::sleep(Duration::from_secs(6));
    }
    let begun = Instant::now();
    let daemon = Running::start(&file);
    let done = AtomicBool::new(tools.is_empty());
    let (ended, stops) = std::thread::scope(|scope| {
        let stops = scope.spawn(|| tools::stops(&dovecot, now, &done));
        let ended = worked_off(&file, messages, begun);
        done.store(true, Ordering::Relaxed);
        (ended, stops.join().unwrap())
    });
    let (letters, seconds, read_seconds) = ended;
    let cpu_per_message = cpu_ms(daemon.0.id()) / messages as f64;
    let memory = peak_mb(daemon.0.id());
    drop(daemon);
    Round {
        seconds,
        read_seconds,
        letters,
        cpu_per_message,
        memory,
        delays: tools.delays(&stops),
        notices: tools.notices(),
        script: script(&dovecot, &backlog[..messages.min(SCRIPTED)], port),
    }
}

/// Waits for the end of the backlog: letters that left, seconds until then, and until every message was decided.
fn worked_off(file: &Path, messages: usize, begun: Instant) -> (u64, f64, f64) {
    let mut read_seconds = None;
    let mut pause = Duration::from_millis(500);
    loop {
        std::thread::sleep(pause);
        let Some(now) = status(file) else { continue };
        let ends = ["answered", "acted", "ignored", "held", "dead"];
        let read = sum(&now, "messages", &ends) as usize;
        let decided = read >= messages;
        if decided && read_seconds.is_none() {
            read_seconds = Some(begun.elapsed().as_secs_f64());
        }
        let open = ["queued", "sending", "deferred", "uncertain"];
        let left = messages.saturating_sub(read) + sum(&now, "letters", &open) as usize;
        // Asking costs the daemon something, so it is asked often only when the end is near.
        let share = left as f64 / (messages - left.min(messages - 1)) as f64;
        pause = begun.elapsed().mul_f64(share / 3.0);
        pause = pause.clamp(Duration::from_millis(50), Duration::from_millis(500));
        if decided && left == 0 {
            let seconds = begun.elapsed().as_secs_f64();
            let letters = sum(&now, "letters", &["sent"]);
            return (letters, seconds, read_seconds.unwrap_or(seconds));
        }
        assert!(begun.elapsed().as_secs() < 300, "no end in sight: {now:#}");
    }
}

/// The daemon, ended by its pid.
struct Running(Child);

impl Running {
    fn start(file: &Path) -> Self {
        let mut run = Command::new(env!("CARGO_BIN_EXE_quitus"));
        run.arg("--config").arg(file).arg("run");
        run.env(
            "QUITUS_BENCH_TOOL",
            "whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0",
        );
        Self(
            run.stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// Octets of a letter, in the mean, from the queue manager's lines.
fn size(log: &str) -> u64 {
    let sizes = log.lines().filter_map(|l| {
        let (_, rest) = l.split_once("size=")?;
        rest.split(',').next()?.parse::<u64>().ok()
    });
    let sizes: Vec<u64> = sizes.collect();
    sizes.iter().sum::<u64>() / sizes.len().max(1) as u64
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

fn told(name: &str, messages: usize, rounds: &[(Round, f64)]) {
    let middle =
        |f: &dyn Fn(&Round, f64) -> f64| median(rounds.iter().map(|(r, s)| f(r, *s)).collect());
    println!(
        "{name}: {:.0} messages/s ({:.0} decided/s), {:.0} letters/s = {:.0} % of smtp-source ({:.0}/s); {:.3} ms CPU a message; {:.0} MB at most",
        middle(&|r, _| messages as f64 / r.seconds),
        middle(&|r, _| messages as f64 / r.read_seconds),
        middle(&|r, _| r.letters as f64 / r.seconds),
        middle(&|r, s| 100.0 * r.letters as f64 / r.seconds / s),
        middle(&|_, s| s),
        middle(&|r, _| r.cpu_per_message),
        middle(&|r, _| r.memory as f64),
    );
    println!(
        "{name}, beside script.py ({:.0} messages/s at {:.2} ms CPU): {:.1} times as many messages a second, {:.1} times less CPU a message",
        middle(&|r, _| r.script.0),
        middle(&|r, _| r.script.1),
        middle(&|r, _| messages as f64 / r.seconds / r.script.0),
        middle(&|r, _| r.script.1 / r.cpu_per_message),
    );
}

fn main() {
    let asked: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let of = |n: usize, or: usize| asked.get(n).copied().unwrap_or(or);
    let (messages, times, sessions) = (of(0, 10_000), of(1, 3), of(2, 2));
    println!(
        "{messages} replies, {times} rounds, {sessions} sessions, no delay;{}",
        CAPS.replace('\n', " ")
    );
    let discard = "default_transport = discard\nrelay_transport = discard\n";
    let (mut octets, none) = (4000, Tools::start(0));
    let mut rounds = Vec::new();
    let only_sink = std::env::args().any(|a| a == "sink");
    for _ in 0..if only_sink { 0 } else { times } {
        let postfix = Postfix::start(None, discard);
        let one = round(messages, sessions, postfix.port(), &none);
        octets = size(&postfix.log());
        let yardstick = source(one.letters, sessions, octets, postfix.port());
        rounds.push((one, yardstick));
    }
    if !only_sink {
        told("into Postfix", messages, &rounds);
    }
    rounds.clear();
    for _ in 0..times {
        let sink = Sink::start();
        let one = round(messages, sessions, sink.port, &none);
        let yardstick = source(one.letters, sessions, octets, sink.port);
        rounds.push((one, yardstick));
    }
    told("into a sink", messages, &rounds);
    if of(3, 0) > 0 {
        with_tools(messages, times, sessions, of(3, 0));
    }
}

/// The same into a sink while so many tools are told of everybody, and STOPs arrive five times a second.
fn with_tools(messages: usize, times: usize, sessions: usize, many: usize) {
    let (mut rates, mut middle, mut late, mut notices) = (vec![], vec![], vec![], 0);
    for _ in 0..times {
        let (sink, tools) = (Sink::start(), Tools::start(many));
        let one = round(messages, sessions, sink.port, &tools);
        rates.push(messages as f64 / one.read_seconds);
        let at = |share: usize| one.delays[one.delays.len() * share / 100].as_secs_f64();
        middle.push(at(50));
        late.push(at(95));
        notices = one.notices;
    }
    println!(
        "with {many} tools: {:.0} decided/s, {notices} notices; a STOP that arrives meanwhile is obeyed by all in {:.2} s (median), {:.2} s (95 %)",
        median(rates),
        median(middle),
        median(late)
    );
}
