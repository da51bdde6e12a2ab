//! Every labelled set through the whole core, with the least that may be right and the most that may be wrong or missed.
//!
//! A number here is what was measured when it was last raised; whoever makes the reader better raises it. Single replies
//! of `apart.jsonl` are never printed: it only judges. `quitus eval` shows those of the others.

use super::reader;
use quitus::intent::eval::{Count, Done, Labelled, compose};
use quitus::intent::{Thresholds, outcome, understand};
use quitus::mail::{Circumstances, House, Limits, gate, read};
use quitus::record::Verdict;

/// Set; right at least; wrong at most; missed at most.
const FLOORS: &[(&str, usize, usize, usize)] = &[
    ("corpus/replies", 186, 0, 1),
    ("texts/lise", 269, 17, 94),
    ("texts/owen", 265, 27, 146),
    ("texts/nuria", 329, 33, 135),
    ("texts/marek", 252, 42, 140),
    ("texts/yves", 265, 31, 68),
    ("texts/greta", 306, 27, 85),
    ("texts/bruno", 282, 41, 121),
    ("texts/ilse", 297, 41, 121),
    ("texts/apart", 272, 35, 149),
];

fn count(set: &str) -> Count {
    let text = std::fs::read_to_string(format!("tests/{set}.jsonl")).unwrap();
    let (house, thresholds) = (House::unknown(), Thresholds::default());
    let mut count = Count::default();
    for line in text.lines() {
        let reply: Labelled = serde_json::from_str(line).unwrap();
        let raw = compose(&reply, "us@quitus.example");
        let message = read(&raw, &Limits::default(), Some(&house), &()).unwrap();
        let gate = gate(&message, &house, &Circumstances::default());
        let read = understand(reader(), &message, &gate);
        let done = Done {
            outcome: outcome(&gate, &read, &thresholds).0,
            kinds: read.requests.iter().map(|f| f.kind).collect(),
            may_answer: gate.verdict == Verdict::Answer,
        };
        count.add(reply.score(&done));
    }
    count
}

#[test]
fn every_labelled_set_is_read_at_least_as_well_as_it_was() {
    let mut worse = Vec::new();
    for (set, right, wrong, missed) in FLOORS {
        let count = count(set);
        println!("{set}: {count:?}");
        if count.right < *right || count.wrong > *wrong || count.missed > *missed {
            worse.push(format!(
                "{set}: {count:?}, where right ≥ {right}, wrong ≤ {wrong}, missed ≤ {missed}"
            ));
        }
        assert!(count.messages > 100, "{set}");
    }
    assert!(worse.is_empty(), "{}", worse.join("\n"));
}

#[test]
fn no_set_is_forgotten() {
    let files = std::fs::read_dir("tests/texts").unwrap();
    let names = files.map(|f| f.unwrap().file_name().into_string().unwrap());
    for name in names.filter(|n| n.ends_with(".jsonl")) {
        let known =
            |(set, ..): &(&str, usize, usize, usize)| name == format!("{}.jsonl", &set[6..]);
        assert!(FLOORS.iter().any(known), "{name} has no floor");
    }
}
