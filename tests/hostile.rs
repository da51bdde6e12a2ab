//! Hostile mail: whatever bytes arrive, the whole core ends, in time, in little memory, and without a panic.
//!
//! A fixed number of messages is made from the samples by a seeded generator, so that every run is the same.
//! `QUITUS_FUZZ_SECONDS=600` goes on for so long, with new messages; `QUITUS_FUZZ_SEED=7` begins elsewhere. A message
//! that breaks a rule is written into the temporary folder, and its path is told.

#[path = "hostile/built.rs"]
mod built;
#[path = "hostile/mutate.rs"]
mod mutate;

use quitus::intent::eval::{Labelled, compose};
use quitus::intent::{Reader, Thresholds, builtin, outcome, understand};
use quitus::mail::{Circumstances, House, Limits, gate, read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// What a message may take. A debug build on a busy machine is slow; what users run is not.
const BOUND: Duration = if cfg!(debug_assertions) {
    Duration::from_secs(30)
} else {
    Duration::from_millis(250)
};
/// Memory that a message may take on top, in KiB.
const MEMORY: u64 = 64 << 10;
/// Messages of an ordinary run: about ten seconds in a debug build.
const MESSAGES: u64 = 2_000;

struct Core {
    reader: Reader,
    house: House,
}

impl Core {
    fn new() -> Self {
        Self {
            reader: builtin().unwrap_or_else(|f| panic!("{f:?}")),
            house: House::unknown(),
        }
    }

    /// Without the learned reader, which takes most of the time and does the same with every text.
    fn of_lexicons() -> Self {
        let Self { reader, house } = Self::new();
        let reader = reader.alone();
        Self { reader, house }
    }

    /// The way of a message through the pure rooms that any stranger can reach.
    fn read(&self, raw: &[u8]) {
        let Ok(message) = read(raw, &Limits::default(), Some(&self.house), &()) else {
            return;
        };
        let gate = gate(&message, &self.house, &Circumstances::default());
        let (gate, read) = understand(&self.reader, &message, gate);
        let (..) = outcome(&gate, &read, &Thresholds::default());
        let fresh = &message.fresh.text;
        for evidence in read.requests.iter().flat_map(|f| &f.evidence) {
            let start = evidence.start.unwrap_or(0);
            assert!(evidence.start.is_none() || fresh[start..].starts_with(&evidence.text));
        }
    }

    /// Reads it; the time it took, the least of three if it was too long, since others use the machine too.
    fn time(&self, name: &str, raw: &[u8]) -> Duration {
        let once = || {
            let begun = Instant::now();
            if catch_unwind(AssertUnwindSafe(|| self.read(raw))).is_err() {
                panic!("{name}: the core panics on {}", kept(raw));
            }
            begun.elapsed()
        };
        let took = once();
        if took > BOUND {
            took.min(once()).min(once())
        } else {
            took
        }
    }
}

/// Where a message lies that broke a rule.
fn kept(raw: &[u8]) -> String {
    let path = std::env::temp_dir().join(format!("quitus-hostile-{}.eml", std::process::id()));
    match std::fs::write(&path, raw) {
        Ok(()) => path.display().to_string(),
        Err(e) => format!("a message that could not be written down: {e}"),
    }
}

/// Every sample that there is: the cases of the mail room, and the corpus as it would be sent.
fn samples() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for area in ["mail", "gate"] {
        let mut cases: Vec<_> = std::fs::read_dir(format!("tests/cases/{area}"))
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        cases.sort();
        found.extend(
            cases
                .iter()
                .map(|c| std::fs::read(c.join("message.eml")).unwrap()),
        );
    }
    let corpus = include_str!("corpus/replies.jsonl").lines();
    found.extend(corpus.map(|line| {
        let reply: Labelled = serde_json::from_str(line).unwrap();
        compose(&reply, "us@quitus.example")
    }));
    assert!(found.len() > 250, "only {} samples", found.len());
    found
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|v| v.parse().unwrap())
}

#[test]
fn no_mutated_message_breaks_the_core() {
    let (both, lexicons, samples) = (Core::new(), Core::of_lexicons(), samples());
    let seconds = number("QUITUS_FUZZ_SECONDS");
    let mut generator = mutate::Generator::new(number("QUITUS_FUZZ_SEED").unwrap_or(1));
    let (begun, mut made, mut slowest) = (Instant::now(), 0, Duration::ZERO);
    loop {
        let goes_on = match seconds {
            Some(seconds) => begun.elapsed().as_secs() < seconds,
            None => made < MESSAGES,
        };
        if !goes_on {
            break;
        }
        let raw = generator.message(&samples);
        let core = if made % 8 == 0 { &both } else { &lexicons };
        let took = core.time(&format!("message {made}"), &raw);
        assert!(took <= BOUND, "message {made}: {took:?}: {}", kept(&raw));
        if took > slowest {
            slowest = took;
        }
        made += 1;
    }
    println!("{made} messages, the slowest {slowest:?}");
}

/// The most memory that this process had since the last call, in KiB; 0 where the system does not tell.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kib = line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok());
    // From now on the peak is counted anew (proc(5)).
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    kib.unwrap_or(0)
}

#[test]
fn no_message_built_to_be_slow_is_slow_or_large() {
    let core = Core::new();
    core.read(b"From: a@b.example\n\nwarm");
    let mut table = Vec::new();
    for (name, raw) in built::all() {
        peak();
        let before = peak();
        let took = core.time(name, &raw);
        let more = peak().saturating_sub(before);
        table.push((took, more, name));
    }
    table.sort();
    let row = |(took, more, name): &(Duration, u64, &str)| {
        format!("{took:>12.2?} {more:>7} KiB  {name}\n")
    };
    println!("{}", table.iter().rev().map(row).collect::<String>());
    table.retain(|(took, more, _)| *took > BOUND || *more > MEMORY);
    let over: String = table.iter().map(row).collect();
    assert!(
        table.is_empty(),
        "more than {BOUND:?} or {MEMORY} KiB on top:\n{over}"
    );
}
