//! How long a page of a list takes with many cases, next to reading all of them, as lists were made before.
//!
//! `cargo bench --bench lists`; the number of cases may be given: `-- 100000`.

#[path = "../support/alone.rs"]
mod alone;

use quitus::api::{Client, Desk, router};
use quitus::record::*;
use quitus::store::Store;
use std::time::Instant;

/// A case of a year, open or closed, and its letter.
fn events(n: u64) -> Vec<Event> {
    // Spread evenly, as keyed ids are.
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let case = CaseId::from_bits(mixed >> 20);
    let at = Timestamp::from_seconds(1_764_000_000 + (mixed >> 40) as i64);
    let request = RequestKind::ALL[n as usize % 5];
    let mut events = vec![
        Event::CaseOpened {
            case,
            person: None,
            message: None,
            received: at,
            language: Some(Language::Fr),
            content_key: KeyId(1),
            proof_key: KeyId(2),
            previous: None,
            proof: None,
        },
        Event::RequestOpened {
            case,
            request,
            received: at,
            target: at,
            due: at.plus_days(28),
        },
    ];
    if !n.is_multiple_of(3) {
        events.push(Event::CaseClosed {
            case,
            by: "auto".into(),
        });
    }
    events
}

fn fill(config: &quitus::config::Config, cases: u64) {
    let options = config.store.options(Timestamp::from_seconds(1_795_000_000));
    let (mut store, _) = Store::open(&config.store.path, &options).unwrap();
    for group in 0..cases.div_ceil(1_000) {
        let mut frames = store.group(Timestamp::from_seconds(1_795_000_000 + group as i64));
        for n in group * 1_000..cases.min((group + 1) * 1_000) {
            frames.push(events(n)).unwrap();
        }
        frames.commit().unwrap();
    }
}

#[tokio::main]
async fn main() {
    let given = std::env::args().filter_map(|a| a.parse().ok()).next();
    let cases: u64 = given.unwrap_or(100_000);
    let folder = tempfile::tempdir().unwrap();
    let config = alone::config(folder.path());
    let began = Instant::now();
    fill(&config, cases);
    println!("{cases} cases written in {:.1?}", began.elapsed());
    let (office, _running) = alone::office(&config);
    let client = Client::within(router(Desk::alone(office.clone())));
    for path in [
        "/requests?limit=50",
        "/requests?limit=50&kind=erasure",
        "/requests?limit=50&state=closed",
        "/requests?limit=50&state=closed&language=de",
        "/requests?limit=50&state=held",
    ] {
        let mut all = Vec::new();
        let mut shown = 0;
        for _ in 0..50 {
            let began = Instant::now();
            let page = client.get(path).await.unwrap();
            all.push(began.elapsed());
            shown = page.data["requests"].as_array().unwrap().len();
        }
        all.sort();
        println!(
            "{path}: {shown} shown, half of them in {:.2?}, the slowest {:.2?}",
            all[25], all[49]
        );
    }
    let began = Instant::now();
    let read = office
        .sequencer
        .reader()
        .state()
        .cases(None, usize::MAX)
        .unwrap();
    println!("reading all {} rows: {:.1?}", read.len(), began.elapsed());
}
