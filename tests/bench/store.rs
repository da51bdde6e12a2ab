//! How fast the store commits, next to what the disk can do in the same run, and what a known message costs in memory.
//!
//! `cargo bench --bench store`; the number of messages known may be given: `-- 1000 50000 1000000`.

use quitus::record::*;
use quitus::store::{Options, Store};
use std::io::Write;
use std::time::Instant;

fn events(n: u64) -> Vec<Event> {
    let mut id = [0; 16];
    // Keyed ids are spread evenly; so are these.
    id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    id[8..].copy_from_slice(&n.to_be_bytes());
    let (message, rule, at) = (
        ContentKey(id),
        RuleId::of("A1"),
        Timestamp::from_seconds(1_790_000_000),
    );
    let location = Location {
        folder: FolderId(1),
        uidvalidity: 1,
        uid: n as u32 + 1,
    };
    vec![
        Event::Received {
            message,
            location,
            mail: Some(MailIdHash(id)),
            received: at,
            written: at,
            person: Some(PersonId(id)),
            verdict: Verdict::Answer,
            reading: Reading::Obey,
            rule: rule.clone(),
            kept: Some(Sealed {
                key: KeyId(1),
                bytes: vec![n as u8; 400],
            }),
        },
        Event::Recognised {
            person: PersonId(id),
            fingerprints: vec![Fingerprint([n as u8; 32])],
        },
        Event::Suppressed {
            person: PersonId(id),
            suppression: Suppression::Suppressed,
            reason: SuppressionReason::NotInterested,
            case: None,
        },
        Event::Decided {
            message,
            state: MessageState::Acted,
            rule,
            case: None,
        },
    ]
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        / 1024
}

fn cpu_ms() -> f64 {
    // Clock ticks of 10 ms: user and system.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    10.0 * (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap())
}

fn raw_syncs(dir: &std::path::Path) -> f64 {
    let mut file = std::fs::File::create(dir.join("raw")).unwrap();
    let begun = Instant::now();
    for _ in 0..1000 {
        file.write_all(&[7; 700]).unwrap();
        file.sync_data().unwrap();
    }
    1000.0 / begun.elapsed().as_secs_f64()
}

fn main() {
    let asked: Vec<u64> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    // Memory first: the rates are then those of a store that has a past.
    let known = if asked.is_empty() {
        vec![1000, 50_000]
    } else {
        asked
    };
    let dir = tempfile::tempdir_in(".").unwrap();
    let now = Timestamp::from_seconds(1_790_000_000);
    let (mut store, _) = Store::open(&dir.path().join("s"), &Options::at(now)).unwrap();
    let mut n = 0;
    for target in known {
        while n < target {
            let mut group = store.group(now);
            for _ in 0..100 {
                group.push(events(n)).unwrap();
                n += 1;
            }
            group.commit().unwrap();
        }
        println!(
            "{n:8} messages known: {} MB resident, index {} MB on disk",
            resident(),
            store.index_octets() >> 20
        );
    }
    for size in [1u64, 10, 100] {
        let mut rounds = Vec::new();
        for _ in 0..5 {
            let raw = raw_syncs(dir.path());
            let (begun, cpu, frames) = (Instant::now(), cpu_ms(), 200 * size.min(20));
            for _ in 0..frames / size {
                let mut group = store.group(now);
                for _ in 0..size {
                    group.push(events(n)).unwrap();
                    n += 1;
                }
                group.commit().unwrap();
            }
            let rate = frames as f64 / begun.elapsed().as_secs_f64();
            rounds.push((rate, rate / raw, (cpu_ms() - cpu) / frames as f64));
        }
        rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (rate, ratio, cpu) = rounds[2];
        println!(
            "groups of {size:3}: {rate:8.0} messages/s ({:.0} events/s), {ratio:5.2} of raw fdatasync/s, {cpu:.3} ms CPU a message",
            4.0 * rate
        );
    }
}
