//! How quickly it is known whether somebody may be written to, in a store with very many who may not.
//!
//! `cargo bench --bench check [-- N [CACHE]]`, 100,000 suppressed people and an index cache of 32 MiB by default; they come in as one list through the
//! control router, in this process. Printed: the import, the octets on the disk, the checkpointed store opened again, one check (median), a batch
//! by the router, a CSV of 1,000,000 rows by the command's own path, and the most memory that was ever used.

use quitus::api::{Client, Desk, router};
use quitus::config::Config;
use quitus::register;
use quitus::service::{Clock, House, Office, Running, Sequencer};
use quitus::store::Store;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Addresses that are checked one by one.
const SINGLE: usize = 100_000;
/// Rows of the CSV.
const ROWS: usize = 1_000_000;

/// Person `n`.
fn person(n: usize) -> String {
    format!("first.last{n}@client{}.example", n % 50_011)
}

/// Numbers in an order without a pattern that a cache would like.
fn scattered(n: usize, of: usize) -> usize {
    let mixed = (n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 20) as usize % of
}

fn configuration(folder: &Path, cache: usize) -> Config {
    std::fs::write(folder.join("password"), "demo").unwrap();
    let text = include_str!("../../src/cli/demo/quitus.toml")
        .replace("@MAILBOX@", "ventes@ateliervauban.example")
        .replace("@PRIVACY@", "donnees@ateliervauban.example")
        .replace("@FIRM@", "Atelier Vauban")
        .replace("@AUTHSERV@", "mx.ateliervauban.example")
        .replace(
            "path = \"store\"",
            &format!("path = \"store\"\nindex_cache_mib = {cache}"),
        )
        .replace("@IMAP@", "1")
        .replace("@SMTP@", "1");
    let file = folder.join("quitus.toml");
    std::fs::write(&file, text).unwrap();
    Config::load(&file).unwrap_or_else(|f| panic!("{f:?}"))
}

fn office(config: &Config) -> (Office, Running) {
    let clock = Clock::system();
    let options = config.store.options(clock.now());
    let (store, _) = Store::open(&config.store.path, &options).unwrap();
    let house =
        House::load(config.clone(), store.fingerprinter()).unwrap_or_else(|f| panic!("{f:?}"));
    let (sequencer, running) = Sequencer::start(store, clock.clone()).unwrap();
    let house = Arc::new(arc_swap::ArcSwap::from_pointee(house));
    let office = Office {
        house,
        sequencer,
        clock,
    };
    (office, running)
}

fn memory(what: &str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let of = |name: &str| {
        let line = status.lines().find(|l| l.starts_with(name)).unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
            / 1024
    };
    println!(
        "{what}: {} MiB now, {} MiB at most",
        of("VmRSS"),
        of("VmHWM")
    );
}

fn per_second(n: usize, took: Duration) -> u64 {
    (n as f64 / took.as_secs_f64()) as u64
}

#[tokio::main]
async fn main() {
    let mut numbers = std::env::args().filter_map(|a| a.parse().ok());
    let people: usize = numbers.next().unwrap_or(100_000);
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(folder.path(), numbers.next().unwrap_or(32));
    fill(&config, people).await;
    let began = Instant::now();
    let (office, running) = office(&config);
    println!("open: {:?}", began.elapsed());
    memory("memory after opening");
    single(&office, people);
    batch(&office, people).await;
    memory("memory of a process that also imported");
    drop(office);
    drop(running.join().unwrap());
    list(folder.path(), people);
}

/// Everybody comes in as a list does.
async fn fill(config: &Config, people: usize) {
    let (office, running) = office(config);
    let client = Client::within(router(Desk::alone(office.clone())));
    let began = Instant::now();
    let list = Box::new(Everybody {
        next: 0,
        people,
        line: Vec::new(),
    });
    let answer = client.stream("/suppression/import", list).await.unwrap();
    assert!(!answer.wrong && answer.data["added"] == people);
    let took = began.elapsed();
    println!(
        "import of {people}: {took:?}, {} a second",
        per_second(people, took)
    );
    let began = Instant::now();
    office.sequencer.checkpoint().await.unwrap();
    println!("checkpoint: {:?}", began.elapsed());
    drop((client, office));
    drop(running.join().unwrap());
    memory("memory after the import");
    let store = &config.store.path;
    for part in ["lists", "log", "index", "checkpoints"] {
        println!("{part}: {} MiB", octets(&store.join(part)) >> 20);
    }
}

/// Octets of the files in a folder, and in its folders.
fn octets(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let of = |entry: std::fs::DirEntry| match entry.metadata().unwrap() {
        found if found.is_dir() => octets(&entry.path()),
        found => found.len(),
    };
    entries.map(|entry| of(entry.unwrap())).sum()
}

/// The list of everybody, made while it is read.
struct Everybody {
    next: usize,
    people: usize,
    line: Vec<u8>,
}

impl std::io::Read for Everybody {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        while self.line.len() < to.len() && self.next < self.people {
            self.line
                .extend_from_slice((person(self.next) + "\n").as_bytes());
            self.next += 1;
        }
        let octets = self.line.len().min(to.len());
        to[..octets].copy_from_slice(&self.line[..octets]);
        self.line.drain(..octets);
        Ok(octets)
    }
}

/// One after the other, half of them suppressed.
fn single(office: &Office, people: usize) {
    let reader = office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let asked: Vec<String> = (0..SINGLE)
        .map(|n| person(scattered(n, 2 * people)))
        .collect();
    let (mut times, mut free) = (Vec::with_capacity(SINGLE), 0);
    for address in &asked {
        let began = Instant::now();
        let found = register::clear(&state, keys, address).unwrap();
        times.push(began.elapsed());
        free += usize::from(found.is_free());
    }
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "one check: mean {:?}, median {:?}, 99 % {:?}, slowest {:?}; {free} of {SINGLE} free",
        times.iter().sum::<Duration>() / SINGLE as u32,
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

/// Ten thousand at a time, as the HTTP service and the command ask.
async fn batch(office: &Office, people: usize) {
    let client = Client::within(router(Desk::alone(office.clone())));
    let began = Instant::now();
    let rounds = 20;
    for round in 0..rounds {
        let asked = (0..10_000).map(|n| person(scattered(round * 10_000 + n, 2 * people)) + "\n");
        let list = asked.collect::<String>().into_bytes();
        let answer = client.hand_over("/suppression/check/list", list).await;
        assert_eq!(
            answer.unwrap().data["verdicts"].as_str().unwrap().len(),
            10_000
        );
    }
    let took = began.elapsed();
    let all = rounds * 10_000;
    println!(
        "batches of 10,000: {:?} each, {} addresses a second",
        took / 20,
        per_second(all, took)
    );
}

/// The command itself, in a process of its own, with its own memory.
fn list(folder: &Path, people: usize) {
    let mut text = String::from("name;email;firm\n");
    for n in 0..ROWS {
        writeln!(
            text,
            "Person {n};{};Client",
            person(scattered(n, 2 * people))
        )
        .unwrap();
    }
    let file = folder.join("list.csv");
    std::fs::write(&file, text).unwrap();
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_quitus"))
        .args(["suppression", "check"])
        .arg(&file)
        .arg("--output")
        .arg(folder.join("out.csv"))
        .arg("--config")
        .arg(folder.join("quitus.toml"))
        .spawn()
        .unwrap();
    let (mut most, mut cpu) = (0, 0);
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
        let line = status.unwrap_or_default();
        let peak = line.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|p| p.split_whitespace().next()?.parse::<u64>().ok());
        most = most.max(peak.unwrap_or(0) / 1024);
        // User and system time in hundredths of a second (proc(5), fields 14 and 15).
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id()));
        let stat = stat.unwrap_or_default();
        let ticks = stat.split_whitespace().skip(13).take(2);
        cpu = cpu.max(ticks.filter_map(|t| t.parse::<u64>().ok()).sum());
        std::thread::sleep(Duration::from_millis(20));
    }
    let took = began.elapsed();
    println!(
        "list of {ROWS} by the command, store opened by itself: {took:?} ({} s of CPU), {} rows a second, {most} MiB at most",
        cpu as f64 / 100.0,
        per_second(ROWS, took)
    );
}
